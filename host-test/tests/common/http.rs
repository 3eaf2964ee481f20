//! HTTP as clients and targets of `bewit serve` speak it, on loopback.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::{bewit, wait_for};

/// A running `bewit serve`.
pub(crate) struct Serve {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    said: Arc<Mutex<String>>,
    reader: Option<thread::JoinHandle<()>>,
}

impl Serve {
    /// On a free port.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_on("127.0.0.1:0", args)
    }

    pub(crate) fn start_on(address: &str, args: &[&str]) -> Self {
        let mut child = bewit()
            .args(["serve", "--listen", address])
            .args(args)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let seen = Arc::clone(&said);
        let reader = thread::spawn(move || {
            for line in stderr.lines() {
                *seen.lock().unwrap() += &(line.unwrap() + "\n");
            }
        });
        let mut address = None;
        wait_for("the address", || {
            let said = said.lock().unwrap();
            address = said
                .split_once("://")
                .and_then(|(_, rest)| rest.split_once("/\n"))
                .map(|(address, _)| address.parse().unwrap());
            address.is_some()
        });
        Self {
            child,
            address: address.unwrap(),
            said,
            reader: Some(reader),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// What it has said on standard error.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn post(&self, content_type: &str, body: impl AsRef<[u8]>) -> Answer {
        request(
            self.address,
            "POST",
            "/",
            &[("Content-Type", content_type)],
            body.as_ref(),
        )
        .unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        request(self.address, "GET", path, &[], b"").unwrap()
    }

    /// The value of a metric, with its labels as they are written; 0 if it is not there.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let metrics = self.get("/metrics").text();
        let value = metrics
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Waits for its end. Returns the exit code, and what it said.
    pub(crate) fn wait(&mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        (code, self.said())
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// Reads an answer that has a length, or ends with its connection.
    pub(crate) fn read(stream: impl Read, head_only: bool) -> std::io::Result<Self> {
        let mut stream = BufReader::new(stream);
        let head = head(&mut stream)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let mut answer = Self {
            status,
            head,
            body: Vec::new(),
        };
        match answer.header("content-length") {
            _ if head_only => {}
            Some(length) => {
                answer.body = vec![0; length.parse().unwrap()];
                stream.read_exact(&mut answer.body)?;
            }
            None => {
                stream.read_to_end(&mut answer.body)?;
            }
        }
        Ok(answer)
    }
}

fn head(stream: &mut impl std::io::BufRead) -> std::io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

/// One request on a connection of its own.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all((head + "\r\n").as_bytes())?;
    stream.write_all(body)?;
    Answer::read(stream, method == "HEAD")
}

/// A request as a target received it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// A server that takes what is posted, as Vector's `http_server` source does.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) received: Arc<Mutex<Vec<Received>>>,
}

impl Target {
    /// Gives these answers in turn, then `200 OK` for ever. An answer is all that stands between the version and the
    /// empty line; none at all is a connection that is closed without one.
    pub(crate) fn start(answers: &[&str]) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        let address = Self::with(answers, move |request| kept.lock().unwrap().push(request));
        Self { address, received }
    }

    /// Gives what was accepted to `take`.
    pub(crate) fn with(answers: &[&str], take: impl Fn(Received) + Send + Sync + 'static) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answers: VecDeque<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
        let (answers, take) = (Arc::new(Mutex::new(answers)), Arc::new(take));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (answers, take) = (Arc::clone(&answers), Arc::clone(&take));
                thread::spawn(move || drop(target(&stream.unwrap(), &answers, &*take)));
            }
        });
        address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        let received = self.received.lock().unwrap();
        received
            .iter()
            .map(|request| String::from_utf8(request.body.clone()).unwrap())
            .collect()
    }
}

/// Answers the requests of a connection.
fn target(
    stream: &TcpStream,
    answers: &Mutex<VecDeque<String>>,
    take: &(impl Fn(Received) + ?Sized),
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let head = head(&mut reader)?;
        let length = head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse().unwrap())
        });
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;
        let answer = answers
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or_else(|| "200 OK".to_owned());
        if answer.is_empty() {
            return Ok(());
        }
        if answer.starts_with('2') {
            take(Received { head, body });
        }
        let mut stream = stream;
        write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n")?;
    }
}
