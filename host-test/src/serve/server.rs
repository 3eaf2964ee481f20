//! Connections: as many as may be open, for as long as they may take, until the process is told to end.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;

use super::service::Service;

/// How long to wait when no connection can be accepted: most often the process has too many files open.
const PAUSE: Duration = Duration::from_millis(100);

/// Where connections come from, and what they may take.
pub(super) struct Server {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) max_connections: usize,
    pub(super) client_timeout: Duration,
    pub(super) grace: Duration,
}

impl Server {
    /// Serves until the process is told to end. Returns whether all requests that had begun were answered.
    pub(super) async fn run(self, service: Service) -> Result<bool> {
        let mut signals = Signals::new().context("cannot handle signals")?;
        let service = Arc::new(service);
        let slots = Arc::new(Semaphore::new(self.max_connections));
        let graceful = GracefulShutdown::new();
        loop {
            // Whoever is one too many waits in the system's queue.
            let next = async {
                let slot = Arc::clone(&slots).acquire_owned().await.map_err(io::Error::other)?;
                let (stream, _) = self.listener.accept().await?;
                Ok::<_, io::Error>((slot, stream))
            };
            let (slot, stream) = tokio::select! {
                next = next => match next {
                    Ok(next) => next,
                    Err(error) => {
                        service.console.say_once("accept", format_args!("cannot accept a connection: {error}"));
                        sleep(PAUSE).await;
                        continue;
                    }
                },
                () = signals.next() => break,
            };
            let (service, tls, watcher) = (Arc::clone(&service), self.tls.clone(), graceful.watcher());
            tokio::spawn(async move {
                connection(stream, tls, service, watcher, self.client_timeout).await;
                drop(slot);
            });
        }
        drop(self.listener);
        let unfinished = tokio::select! {
            () = graceful.shutdown() => false,
            () = sleep(self.grace) => true,
            () = signals.next() => true,
        };
        let held = service.max_requests - service.places.available_permits();
        if unfinished && held > 0 {
            let message = format_args!("{held} requests were not answered: their senders still have the records");
            service.console.say(message);
        }
        Ok(!unfinished || held == 0)
    }
}

/// Serves one connection to its end. What goes wrong on it concerns its client alone, who notices.
async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    service: Arc<Service>,
    watcher: Watcher,
    client_timeout: Duration,
) {
    // An answer is written at once, and waits for nothing.
    drop(stream.set_nodelay(true));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(client_timeout));
    let stream = Box::pin(stream);
    match tls {
        None => http(stream, service, watcher, client_timeout).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = timeout(client_timeout, tls.accept(stream)).await {
                http(Box::pin(stream), service, watcher, client_timeout).await;
            }
        }
    }
}

async fn http<S>(stream: Pin<Box<S>>, service: Arc<Service>, watcher: Watcher, client_timeout: Duration)
where
    S: AsyncRead + AsyncWrite + 'static,
{
    let service = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(service.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(client_timeout)
        .serve_connection(TokioIo::new(stream), service);
    drop(watcher.watch(connection).await);
}

/// SIGTERM and SIGINT.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        drop(tokio::signal::ctrl_c().await);
    }
}
