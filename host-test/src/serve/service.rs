//! What is answered to a request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue, ORIGIN};
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::body::{self, Encoding};
use super::forward::Forward;
use super::metrics::{self, Held, Metrics};
use super::refusal::Refusal;
use super::token::Token;
use super::workers::Workers;
use super::{Reply, full};
use crate::console::Console;

/// What all requests share.
pub(super) struct Service {
    pub(super) workers: Workers,
    pub(super) forward: Option<Forward>,
    pub(super) token: Option<Token>,
    pub(super) metrics: Arc<Metrics>,
    /// One for each request with records that is held.
    pub(super) places: Arc<Semaphore>,
    pub(super) max_requests: usize,
    pub(super) max_body: usize,
    pub(super) client_timeout: Duration,
    pub(super) console: Console,
}

/// What a request holds until its answer has been sent.
struct Place {
    _permit: OwnedSemaphorePermit,
    _held: Held,
}

impl Service {
    /// Answers a request.
    pub(super) async fn answer(&self, mut request: Request<Incoming>) -> Response<Reply> {
        match self.route(&mut request).await {
            Ok(response) => response,
            Err(refusal) => {
                let mut response = refusal.response();
                if let Refusal::Slow { .. } = refusal {
                    response
                        .headers_mut()
                        .insert(CONNECTION, HeaderValue::from_static("close"));
                } else {
                    body::discard(request.body_mut(), self.max_body, self.client_timeout).await;
                }
                response
            }
        }
    }

    async fn route(&self, request: &mut Request<Incoming>) -> Result<Response<Reply>, Refusal> {
        let read = matches!(*request.method(), Method::GET | Method::HEAD);
        let path = request.uri().path();
        // Whoever asks whether this process lives knows no token.
        if read && path == "/healthz" {
            return Ok(text("ok\n"));
        }
        if self.token.as_ref().is_some_and(|token| !token.is_in(request.headers())) {
            return Err(Refusal::Unauthorised);
        }
        // A browser lets every page post to this machine.
        if request.headers().contains_key(ORIGIN) {
            return Err(Refusal::WebPage);
        }
        let allowed = match path {
            "/" if *request.method() == Method::POST => return self.records(request).await,
            // Vector looks here, with HEAD, whether it may begin.
            "/" if read => return Ok(text("bewit: POST Falco's records here\n")),
            "/metrics" if read => return self.metrics(),
            "/" => "GET, HEAD, POST",
            "/healthz" | "/metrics" => "GET, HEAD",
            _ => return Err(Refusal::NotFound(path.to_owned())),
        };
        Err(Refusal::Method {
            method: request.method().clone(),
            path: path.to_owned(),
            allowed,
        })
    }

    fn metrics(&self) -> Result<Response<Reply>, Refusal> {
        let mut response = text(self.metrics.text().map_err(|_| Refusal::Lost)?);
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE));
        Ok(response)
    }

    async fn records(&self, request: &mut Request<Incoming>) -> Result<Response<Reply>, Refusal> {
        let began = Instant::now();
        let result = self.annotated(request).await;
        let status = match &result {
            Ok(response) => response.status(),
            Err(refusal) => {
                self.complain(refusal);
                refusal.status()
            }
        };
        self.metrics.answered(status, began.elapsed());
        result
    }

    async fn annotated(&self, request: &mut Request<Incoming>) -> Result<Response<Reply>, Refusal> {
        let permit = Arc::clone(&self.places).try_acquire_owned();
        let place = Place {
            _permit: permit.map_err(|_| Refusal::Busy(self.max_requests))?,
            _held: self.metrics.hold(),
        };
        let encoding = Encoding::of(request.headers())?;
        let body = body::read(request.body_mut(), self.max_body, self.client_timeout).await?;
        let records = self.workers.annotate(body, encoding, request.headers().clone()).await?;
        if let Some(forward) = &self.forward {
            if !records.none {
                forward.post(records.bytes.into(), records.content_type).await?;
            }
            return Ok(no_content());
        }
        if records.bytes.is_empty() {
            return Ok(no_content());
        }
        let mut response = Response::new(full(held(records.bytes, place)));
        response.headers_mut().insert(CONTENT_TYPE, records.content_type);
        Ok(response)
    }

    /// Says on standard error what an operator can do something about.
    fn complain(&self, refusal: &Refusal) {
        let kind = match refusal {
            Refusal::NotAccepted(..) | Refusal::NotForwarded(..) | Refusal::NoAnswer { .. } => "not-forwarded",
            Refusal::Lost => "lost",
            _ => return,
        };
        self.console.say_once(kind, refusal);
    }
}

/// Bytes that keep their place as long as there is one who has to send them.
fn held(bytes: Vec<u8>, place: Place) -> Bytes {
    struct Answer(Vec<u8>, #[allow(dead_code)] Place); // held, never read
    impl AsRef<[u8]> for Answer {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    Bytes::from_owner(Answer(bytes, place))
}

fn text(text: impl Into<Bytes>) -> Response<Reply> {
    let mut response = Response::new(full(text));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn no_content() -> Response<Reply> {
    let mut response = Response::new(full(""));
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
