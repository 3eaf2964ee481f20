//! The options of `bewit serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, value_parser};
use hyper::Uri;

use crate::cli::{Annotating, seconds};

/// Where requests come from, where records go, and within which limits.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) how: Annotating,
    /// Listen here.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:2802")]
    pub(super) listen: SocketAddr,
    /// Post what was annotated on to this URL, and answer only when it was accepted there.
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(super) forward: Option<Uri>,
    /// Send the token in this file along, as `Authorization: Bearer`.
    #[arg(long, value_name = "FILE", requires = "forward")]
    pub(super) forward_token_file: Option<PathBuf>,
    /// Trust the certificates in this PEM file when forwarding, and not those of the system.
    #[arg(long, value_name = "FILE", requires = "forward")]
    pub(super) forward_ca: Option<PathBuf>,
    /// Seconds that the target of `--forward` has for an answer.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(super) forward_timeout: Duration,
    /// Take only requests that bring the token in this file, as `Authorization: Bearer`.
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// Listen on an address that other machines reach, and ask nobody for a token.
    #[arg(long, action = ArgAction::SetTrue, conflicts_with = "token_file")]
    pub(super) without_token: bool,
    /// Speak TLS, with the certificates in this PEM file, the server's own first.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(super) tls_cert: Option<PathBuf>,
    /// The private key of `--tls-cert`, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(super) tls_key: Option<PathBuf>,
    /// Bytes that a body may have, compressed or not. A longer one is answered 413.
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20, value_parser = value_parser!(u32).range(1..))]
    pub(super) max_body: u32,
    /// Requests that are held at once, from the first byte of the body to the last of the answer. Others are
    /// answered 503.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = value_parser!(u16).range(1..))]
    pub(super) max_requests: u16,
    /// Connections that are open at once. Others wait.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = value_parser!(u16).range(1..))]
    pub(super) max_connections: u16,
    /// Seconds that a client has to send the head of a request, seconds for its body, and seconds without taking
    /// any of the answer.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(super) client_timeout: Duration,
    /// Seconds that requests have to finish after SIGTERM or SIGINT.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(super) grace: Duration,
}

fn url(text: &str) -> Result<Uri, String> {
    let expected = "expected a URL such as http://127.0.0.1:2803/";
    let url: Uri = text.parse().map_err(|error| format!("{error}; {expected}"))?;
    match (url.scheme_str(), url.authority()) {
        (Some("http" | "https"), Some(authority)) if !authority.as_str().contains('@') => Ok(url),
        (Some("http" | "https"), Some(_)) => Err("a URL must not hold a password: use --forward-token-file".to_owned()),
        _ => Err(expected.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_whole_url() {
        assert!(url("http://127.0.0.1:2803/").is_ok());
        assert!(url("https://logs.example/x?y=z").is_ok());
        for (text, said) in [
            ("127.0.0.1:2803", "expected a URL"),
            ("/path", "expected a URL"),
            ("ftp://a/", "expected a URL"),
            ("http://", "expected a URL"),
            ("http://me:secret@a/", "--forward-token-file"),
        ] {
            let mistake = url(text).unwrap_err();
            assert!(mistake.contains(said), "{text}: {mistake}");
        }
    }
}
