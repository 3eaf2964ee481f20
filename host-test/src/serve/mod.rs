//! `bewit serve`: records that are posted over HTTP come back annotated, or go on to another server.
//!
//! A request is answered 2xx only when its records are in the answer, or were accepted by the target of
//! `--forward`. Until then they are its sender's, who tries again: bewit keeps nothing.
//!
//! [`server`] has the connections, [`service`] what is answered, [`workers`] the component, [`forward`] the way on.

mod args;
mod body;
mod forward;
mod metrics;
mod refusal;
mod server;
mod service;
mod shape;
mod tls;
mod token;
mod workers;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use http_body_util::Full;
use hyper::body::Bytes;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::Semaphore;

pub(crate) use args::Args;
pub(crate) use shape::Records;

use crate::annotate;
use crate::console::Console;
use crate::input::Bounds;
use crate::misuse::Misuse;
use crate::pipeline::Keep;
use forward::Forward;
use metrics::Metrics;
use server::Server;
use service::Service;
use token::Token;
use workers::{Shared, Workers};

/// Threads that move bytes. The component has threads of its own.
const THREADS: usize = 2;

/// The body of an answer.
type Reply = Full<Bytes>;

fn full(bytes: impl Into<Bytes>) -> Reply {
    Full::new(bytes.into())
}

/// `bewit serve`. Returns whether all requests that had begun were answered.
pub(crate) fn run(args: &Args, component: Option<&Path>) -> Result<bool> {
    refuse_strangers(args)?;
    let settings = annotate::settings(&args.how)?;
    let token = args.token_file.as_deref().map(Token::read).transpose()?;
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => Some(tls::acceptor(cert, key)?),
        _ => None,
    };
    let forward = Forward::new(args)?;
    let console = Console::new(None);
    if token.is_some() && tls.is_none() && !args.listen.ip().is_loopback() {
        console.say("tokens and records cross the network unencrypted: give --tls-cert and --tls-key");
    }
    let workers = annotate::workers(&args.how, &settings, Keep::All, component)?;
    let metrics = Arc::new(Metrics::new());
    let max_body = usize::try_from(args.max_body)?;
    let max_requests = usize::from(args.max_requests);
    let shared = Shared {
        bounds: Bounds::new(&settings.config.limits),
        max_body,
        metrics: Arc::clone(&metrics),
        console: console.clone(),
    };
    let service = Service {
        workers: Workers::start(workers, &shared),
        forward,
        token,
        metrics,
        places: Arc::new(Semaphore::new(max_requests)),
        max_requests,
        max_body,
        client_timeout: args.client_timeout,
        console: console.clone(),
    };
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let all = runtime.block_on(async {
        let listener = TcpListener::bind(args.listen)
            .await
            .with_context(|| format!("cannot listen on {}", args.listen))?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        console.say(format_args!("listening on {scheme}://{}/", listener.local_addr()?));
        let server = Server {
            listener,
            tls,
            max_connections: usize::from(args.max_connections),
            client_timeout: args.client_timeout,
            grace: args.grace,
        };
        server.run(service).await
    });
    // What is not finished by now was given up.
    runtime.shutdown_background();
    console.finish();
    all
}

/// Whoever reaches the address can put records into the pipeline.
fn refuse_strangers(args: &Args) -> Result<()> {
    if args.listen.ip().is_loopback() || args.token_file.is_some() || args.without_token {
        return Ok(());
    }
    let message = format!(
        "--listen {}: other machines reach this address, so requests need a token (--token-file), or say that they \
         need none (--without-token)",
        args.listen
    );
    Err(Misuse(message).into())
}
