//! Requests that are not answered with records, and why.

use std::time::Duration;

use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Method, Response, StatusCode};
use thiserror::Error;

use super::{Reply, full};

/// Why a request has no records for an answer. Whoever sent it still has them.
#[derive(Debug, Error)]
pub(super) enum Refusal {
    #[error("the header Authorization has no bearer token that is right here (--token-file)")]
    Unauthorised,
    #[error("a request with the header Origin comes from a web page, and is not taken")]
    WebPage,
    #[error("there is nothing at {0}; records are posted to /")]
    NotFound(String),
    #[error("{method} is not for {path}, which takes {allowed}")]
    Method {
        method: Method,
        path: String,
        allowed: &'static str,
    },
    #[error("Content-Encoding {0} is not known here, only gzip is")]
    Encoding(String),
    #[error("the body is no gzip: {error} after {bytes} bytes of what is inside")]
    Gzip { error: String, bytes: usize },
    #[error("the body has more than {0} bytes (--max-body)")]
    TooLarge(usize),
    #[error("the body is gzip of more than {0} bytes (--max-body)")]
    Bomb(usize),
    #[error("the body broke off after {bytes} bytes: {error}")]
    BrokenOff { bytes: usize, error: String },
    #[error("of the body only {bytes} bytes came within {} s (--client-timeout)", .timeout.as_secs_f64())]
    Slow { bytes: usize, timeout: Duration },
    #[error("{0} requests are held already (--max-requests); try again")]
    Busy(usize),
    #[error("the annotated records were not accepted: {0} answered {1}")]
    NotAccepted(String, StatusCode),
    #[error("the annotated records were not accepted: {target} asks for patience with {status}")]
    Patience {
        target: String,
        status: StatusCode,
        retry_after: Option<HeaderValue>,
    },
    #[error("the annotated records could not be forwarded to {0}: {1}")]
    NotForwarded(String, String),
    #[error("the annotated records were forwarded, but {target} gave no answer within {} s (--forward-timeout)", .timeout.as_secs_f64())]
    NoAnswer { target: String, timeout: Duration },
    #[error("a thread of bewit ended before its work")]
    Lost,
}

impl Refusal {
    /// What a client makes of it decides whether records are lost: Vector tries again after 408, 429 and 5xx but
    /// 501, and drops the records after any other.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorised => StatusCode::UNAUTHORIZED,
            Self::WebPage => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Encoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Gzip { .. } | Self::BrokenOff { .. } => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) | Self::Bomb(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::Busy(_) | Self::Patience { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotAccepted(..) | Self::NotForwarded(..) => StatusCode::BAD_GATEWAY,
            Self::NoAnswer { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Lost => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        const SOON: HeaderValue = HeaderValue::from_static("1");
        match self {
            Self::Unauthorised => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::Method { allowed, .. } => Some((ALLOW, HeaderValue::from_static(allowed))),
            Self::Busy(_) => Some((RETRY_AFTER, SOON)),
            Self::Patience { retry_after, .. } => Some((RETRY_AFTER, retry_after.clone().unwrap_or(SOON))),
            _ => None,
        }
    }

    pub(super) fn response(&self) -> Response<Reply> {
        let mut response = Response::new(full(format!("bewit: {self}\n")));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.extend(self.header());
        response
    }
}
