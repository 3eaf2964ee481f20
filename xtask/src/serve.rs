//! A server of a folder, for a browser on this machine.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// What browsers must be told of a file, by the end of its name: they start no module and no WebAssembly of another type.
const TYPES: [(&str, &str); 7] = [
    ("css", "text/css; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("log", "text/plain; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("wasm", "application/wasm"),
];

/// Headers of every answer.
const HEADERS: &str = "\
X-Content-Type-Options: nosniff\r\n\
Referrer-Policy: no-referrer\r\n\
Cross-Origin-Opener-Policy: same-origin\r\n\
Cross-Origin-Resource-Policy: same-origin\r\n\
Cache-Control: no-cache\r\n\
Connection: close\r\n";

/// Bytes of a request's head; a browser's have some hundred.
const LONGEST_REQUEST: u64 = 16 << 10;
/// How long somebody may be silent.
const PATIENCE: Duration = Duration::from_secs(10);

/// A folder that is served on the loopback interface.
pub(crate) struct Server {
    listener: TcpListener,
    site: Arc<Site>,
}

/// What is served.
struct Site {
    folder: PathBuf,
    /// The content security policy of every answer.
    policy: String,
}

impl Server {
    /// Listens on a port, a free one for 0. What `policy` says is in every answer.
    ///
    /// # Errors
    /// The port is taken.
    pub(crate) fn bind(folder: &Path, policy: &str, port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .with_context(|| format!("cannot listen on port {port}; --port takes another"))?;
        Ok(Self {
            listener,
            site: Arc::new(Site {
                folder: folder.to_owned(),
                // A page cannot say this of itself.
                policy: format!("{policy}; frame-ancestors 'none'"),
            }),
        })
    }

    /// Where it is.
    ///
    /// # Errors
    /// The system does not tell the port.
    pub(crate) fn url(&self) -> Result<String> {
        Ok(format!("http://{}/", self.listener.local_addr()?))
    }

    /// Answers for ever.
    pub(crate) fn run(self) {
        for stream in self.listener.incoming().flatten() {
            let site = Arc::clone(&self.site);
            // Who hangs up early gets no answer.
            std::thread::spawn(move || site.answer(&stream));
        }
    }
}

impl Site {
    fn answer(&self, mut stream: &TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut lines = BufReader::new(stream.take(LONGEST_REQUEST)).lines();
        let request = lines.next().transpose()?.unwrap_or_default();
        // All of it has to be read, or closing the connection resets it.
        for line in lines {
            if line?.is_empty() {
                break;
            }
        }
        let mut words = request.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (status, kind, body) = match (method, self.file(target)) {
            ("GET" | "HEAD", Some((kind, body))) => ("200 OK", kind, body),
            ("GET" | "HEAD", None) => ("404 Not Found", "text/plain", b"There is no such file.\n".to_vec()),
            _ => ("405 Method Not Allowed", "text/plain", b"Only GET and HEAD.\n".to_vec()),
        };
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nContent-Security-Policy: {}\r\n{HEADERS}\r\n",
            body.len(),
            self.policy,
        )?;
        if method != "HEAD" {
            stream.write_all(&body)?;
        }
        stream.flush()
    }

    /// Type and content of a file in the folder. Names are taken as they are, so nothing in one can lead out of it.
    fn file(&self, target: &str) -> Option<(&'static str, Vec<u8>)> {
        let name = target.split(['?', '#']).next()?.strip_prefix('/')?;
        let name = Path::new(if name.is_empty() { "index.html" } else { name });
        if !name.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let extension = name.extension()?.to_str()?;
        let (_, kind) = TYPES.iter().find(|(end, _)| *end == extension)?;
        Some((kind, fs::read(self.folder.join(name)).ok()?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn ask(request: &str) -> String {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/playground"));
        let server = Server::bind(folder, "default-src 'none'", 0).unwrap();
        let address = server.listener.local_addr().unwrap();
        std::thread::spawn(|| server.run());
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn a_file_comes_with_its_type_and_the_policy() {
        let answer = ask("GET /style.css?v=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(
            answer.contains("\r\nContent-Type: text/css; charset=utf-8\r\n"),
            "{answer}"
        );
        let policy = "\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";
        assert!(answer.contains(policy), "{answer}");
        assert!(answer.ends_with(include_str!("../../examples/playground/style.css")));
    }

    #[test]
    fn the_folder_itself_is_its_page() {
        assert!(ask("GET / HTTP/1.1\r\n\r\n").contains("<!doctype html>"));
    }

    #[test]
    fn nothing_outside_of_the_folder_is_served() {
        for target in [
            "/../README.md",
            "/..%2fREADME.md",
            "//etc/hosts.log",
            "/a/../../falco.log",
            "README.md",
            "",
        ] {
            let answer = ask(&format!("GET {target} HTTP/1.1\r\n\r\n"));
            assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{target}: {answer}");
        }
    }

    #[test]
    fn nothing_is_taken() {
        assert!(ask("POST / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
    }
}
