//! Posting on what was annotated.

use std::error::Error as _;
use std::time::Duration;

use anyhow::Result;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::args::Args;
use super::refusal::Refusal;
use super::tls;
use super::token::Token;

/// Bytes of the target's answer that are read, so that the connection can be used again.
const ANSWER: usize = 64 << 10;

/// Where annotated records go.
pub(super) struct Forward {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    target: Uri,
    authorization: Option<HeaderValue>,
    timeout: Duration,
}

impl Forward {
    /// The one that the options name, if they do.
    pub(super) fn new(args: &Args) -> Result<Option<Self>> {
        let Some(target) = args.forward.clone() else {
            return Ok(None);
        };
        let token = args.forward_token_file.as_deref().map(Token::read).transpose()?;
        let connector = tls::connector(args.forward_ca.as_deref())?;
        Ok(Some(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            target,
            authorization: token.map(|token| token.header()).transpose()?,
            timeout: args.forward_timeout,
        }))
    }

    /// Posts records. When this returns without an error the target has accepted them.
    pub(super) async fn post(&self, records: Bytes, content_type: HeaderValue) -> Result<(), Refusal> {
        let mut request = Request::new(Full::new(records));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.target.clone();
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        let target = || self.target.to_string();
        let answer = tokio::time::timeout(self.timeout, self.client.request(request)).await;
        let response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
                return Err(Refusal::NotForwarded(target(), why));
            }
            Err(_) => {
                return Err(Refusal::NoAnswer {
                    target: target(),
                    timeout: self.timeout,
                });
            }
        };
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER).cloned();
        let rest = Limited::new(response.into_body(), ANSWER).collect();
        // The status has said it already: what the body adds, or that it breaks off, changes nothing.
        drop(tokio::time::timeout(self.timeout, rest).await);
        match status {
            _ if status.is_success() => Ok(()),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Err(Refusal::Patience {
                target: target(),
                status,
                retry_after,
            }),
            _ => Err(Refusal::NotAccepted(target(), status)),
        }
    }
}
