//! `bewit serve`: real requests on loopback.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use common::hostile::hostile;
use common::http::{Answer, Serve, Target, request};
use common::{SEED, annotated, component, folder, run, stderr, text, wait_for};
use flate2::Compression;
use flate2::write::GzEncoder;

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

/// A component that works for as long as a batch may take on every record with a `!`.
const ENDLESS: &str = "(loop $ever (br $ever))";

/// Runs what needs the component.
fn serve(args: &[&str]) -> Option<Serve> {
    component().then(|| Serve::start(args))
}

#[test]
fn an_answer_has_the_form_of_its_request() {
    let Some(serve) = serve(&[]) else { return };
    let alert = annotated(SEED);

    let answer = serve.post(NDJSON, format!("{SEED}\nsome other line\n{{\"a\": 1}}\n"));
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(NDJSON)));
    assert_eq!(answer.text(), format!("{alert}\nsome other line\n{{\"a\": 1}}\n"));

    // Vector's `http` sink, with `encoding.codec: json` and no framing.
    let answer = serve.post(JSON, format!("[{SEED},{{\"a\": 1}},\"some other line\"]"));
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(JSON)));
    assert_eq!(answer.text(), format!("[{alert},{{\"a\": 1}},\"some other line\"]"));

    // Falco's `http_output` and falcosidekick's webhook: one object, whatever its white space.
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(SEED).unwrap()).unwrap();
    for body in [SEED, &pretty] {
        let answer = serve.post(JSON, body);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(JSON)));
        let record: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(record["bewit"]["schema"], "bewit.alert/1");
    }
    assert_eq!(serve.post(JSON, SEED).text(), alert);

    // Falco's `http_output` without `json_output`.
    let line = "13:40:25.978642167: Notice A shell was spawned in a container (user=root)";
    let answer = serve.post("text/plain", line);
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    assert_eq!(answer.text(), annotated(line));
}

#[test]
fn what_is_no_json_passes_line_by_line() {
    let Some(serve) = serve(&[]) else { return };
    for body in ["{\"a\":", "[1,2", "\u{0}\n\n", "text", "[2024] text"] {
        let answer = serve.post(JSON, body);
        assert_eq!((answer.status, answer.text()), (200, body.to_owned()));
    }
    let answer = serve.post(JSON, b"\xff\xfe[\n");
    assert_eq!(answer.body, b"\xff\xfe[\n");
    assert_eq!(serve.post(JSON, "").status, 204);
    assert_eq!(serve.post(JSON, "[]").text(), "[]");
}

#[test]
fn dropped_alerts_leave_the_form_as_it_is() {
    let Some(serve) = serve(&["--min-priority", "error"]) else {
        return;
    };
    for (content_type, body, status, left) in [
        (JSON, SEED.to_owned(), 204, ""),
        (JSON, format!("[{SEED}]"), 200, "[]"),
        (JSON, format!("[{SEED},1]"), 200, "[1]"),
        (NDJSON, format!("{SEED}\n"), 204, ""),
        (NDJSON, format!("{SEED}\nother\n"), 200, "other\n"),
    ] {
        let answer = serve.post(content_type, &body);
        assert_eq!((answer.status, &*answer.text()), (status, left), "{body}");
    }
    assert_eq!(serve.metric("bewit_dropped_total"), 5.0);
}

#[test]
fn metrics_say_what_became_of_lines() {
    let Some(serve) = serve(&[]) else { return };
    let custom = SEED.replace("Detect Shell in Container", "Terminal shell in container");
    // An alert that was annotated before passes.
    serve.post(NDJSON, format!("{SEED}\n{custom}\n{}\nother\n", annotated(SEED)));
    serve.post(JSON, "[1,2]");
    assert_eq!(request(serve.address, "PUT", "/", &[], b"").unwrap().status, 405);
    for (name, value) in [
        ("bewit_lines_total", 6.0),
        ("bewit_alerts_total{matched_by=\"behaviour\"}", 1.0),
        ("bewit_alerts_total{matched_by=\"rule\"}", 1.0),
        ("bewit_passed_total", 4.0),
        ("bewit_failed_total", 0.0),
        ("bewit_dropped_total", 0.0),
        ("bewit_requests_total{status=\"200\"}", 2.0),
        ("bewit_request_seconds_count", 2.0),
        ("bewit_request_seconds_bucket{le=\"+Inf\"}", 2.0),
        ("bewit_requests_held", 0.0),
    ] {
        assert_eq!(serve.metric(name), value, "{name}: {}", serve.get("/metrics").text());
    }
    let metrics = serve.get("/metrics");
    assert!(
        metrics
            .header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    assert!(metrics.text().ends_with("# EOF\n"));
}

#[test]
fn places_and_methods_are_named() {
    let Some(serve) = serve(&[]) else { return };
    let ask = |method, path| request(serve.address, method, path, &[], b"").unwrap();
    assert_eq!(ask("GET", "/healthz").text(), "ok\n");
    // The health check of Vector's `http` sink.
    assert_eq!(ask("HEAD", "/").status, 200);
    let answer = ask("POST", "/metrics");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
    assert_eq!(
        answer.text(),
        "bewit: POST is not for /metrics, which takes GET, HEAD\n"
    );
    let answer = ask("DELETE", "/");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, POST")));
    let answer = ask("POST", "/bewit");
    assert_eq!(
        (answer.status, &*answer.text()),
        (404, "bewit: there is nothing at /bewit; records are posted to /\n")
    );
    // A web page that posts to this machine.
    let answer = request(
        serve.address,
        "POST",
        "/",
        &[("Origin", "https://evil.example")],
        SEED.as_bytes(),
    )
    .unwrap();
    assert_eq!(answer.status, 403);
    assert_eq!(serve.metric("bewit_lines_total"), 0.0);
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn bodies_may_be_gzip_within_the_limit() {
    let Some(serve) = serve(&["--max-body", "100000"]) else {
        return;
    };
    let post = |encoding, body: &[u8]| {
        let headers = [("Content-Encoding", encoding), ("Content-Type", NDJSON)];
        request(serve.address, "POST", "/", &headers, body).unwrap()
    };
    assert_eq!(post("gzip", &gzip(SEED.as_bytes())).text(), annotated(SEED));
    assert_eq!(post("identity", b"other\n").text(), "other\n");
    let answer = post("gzip", &gzip(&[b'a'; 100_001]));
    assert_eq!(
        (answer.status, &*answer.text()),
        (413, "bewit: the body is gzip of more than 100000 bytes (--max-body)\n")
    );
    assert_eq!(post("gzip", &gzip(&[b'a'; 100_000])).status, 200);
    let answer = post("gzip", SEED.as_bytes());
    assert_eq!(answer.status, 400);
    assert!(
        answer.text().starts_with("bewit: the body is no gzip: "),
        "{}",
        answer.text()
    );
    let answer = post("zstd", b"x");
    assert_eq!(
        (answer.status, &*answer.text()),
        (415, "bewit: Content-Encoding zstd is not known here, only gzip is\n")
    );
}

#[test]
fn a_body_that_is_too_long_is_refused_announced_or_not() {
    let Some(serve) = serve(&["--max-body", "1000"]) else {
        return;
    };
    assert_eq!(serve.post(NDJSON, [b'a'; 1000]).status, 200);
    let answer = serve.post(NDJSON, [b'a'; 1001]);
    assert_eq!(
        (answer.status, &*answer.text()),
        (413, "bewit: the body has more than 1000 bytes (--max-body)\n")
    );
    let mut stream = TcpStream::connect(serve.address).unwrap();
    let chunk = format!("400\r\n{}\r\n", "a".repeat(0x400));
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n"
    )
    .unwrap();
    assert_eq!(Answer::read(stream, false).unwrap().status, 413);
}

#[test]
fn a_client_that_stalls_is_let_go() {
    let Some(serve) = serve(&["--client-timeout", "0.3"]) else {
        return;
    };
    let mut stream = TcpStream::connect(serve.address).unwrap();
    write!(stream, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc").unwrap();
    let answer = Answer::read(&stream, false).unwrap();
    assert_eq!(
        (answer.status, &*answer.text()),
        (
            408,
            "bewit: of the body only 3 bytes came within 0.3 s (--client-timeout)\n"
        )
    );
    // Half a head, and no head at all: the connection ends.
    for begun in ["POST / HT", ""] {
        let mut stream = TcpStream::connect(serve.address).unwrap();
        stream.write_all(begun.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
    }
    // An answer that nobody reads holds its place only so long.
    let mut stream = TcpStream::connect(serve.address).unwrap();
    let body = format!("{SEED}\n").repeat(10_000);
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    wait_for("the request to be held", || serve.metric("bewit_requests_held") == 1.0);
    wait_for("the request to be given up", || {
        serve.metric("bewit_requests_held") == 0.0
    });
}

#[test]
fn one_request_too_many_is_told_to_come_again() {
    let component = hostile("serve-busy", ENDLESS);
    let serve = Serve::start(&[
        "--component",
        text(&component),
        "--batch-timeout",
        "2",
        "--max-requests",
        "1",
    ]);
    let address = serve.address;
    let slow =
        thread::spawn(move || request(address, "POST", "/", &[("Content-Type", NDJSON)], b"{\"a\":\"!\"}\n").unwrap());
    wait_for("the first to be held", || serve.metric("bewit_requests_held") == 1.0);
    let answer = serve.post(NDJSON, "x".repeat(1 << 20));
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    assert_eq!(
        answer.text(),
        "bewit: 1 requests are held already (--max-requests); try again\n"
    );
    assert_eq!(serve.get("/healthz").status, 200);
    // What the component could not do passes on with the reason.
    let answer = slow.join().unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("\"code\":\"timeout\""), "{}", answer.text());
    assert_eq!(serve.post(NDJSON, "x\n").text(), "x\n");
    assert_eq!(serve.metric("bewit_faults_total{code=\"timeout\"}"), 1.0);
    assert_eq!(serve.metric("bewit_failed_total"), 1.0);
}

#[test]
fn one_connection_too_many_waits() {
    let Some(serve) = serve(&["--max-connections", "1"]) else {
        return;
    };
    let first = TcpStream::connect(serve.address).unwrap();
    // Until the first one is known to be accepted.
    (&first).write_all(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert_eq!(Answer::read(&first, true).unwrap().status, 200);
    let mut second = TcpStream::connect(serve.address).unwrap();
    second.write_all(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    second.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(second.read(&mut [0]).is_err());
    drop(first);
    second.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    assert_eq!(Answer::read(second, true).unwrap().status, 200);
}

#[test]
fn only_who_brings_the_token_is_served() {
    let file = folder("serve-token").join("token");
    fs::write(&file, "s3cret-t0ken\n").unwrap();
    let Some(serve) = serve(&["--token-file", text(&file)]) else {
        return;
    };
    let post = |headers: &[(&str, &str)]| request(serve.address, "POST", "/", headers, SEED.as_bytes()).unwrap();
    for headers in [
        &[][..],
        &[("Authorization", "Bearer s3cret")],
        &[("Authorization", "Basic s3cret-t0ken")],
    ] {
        let answer = post(headers);
        assert_eq!(
            (answer.status, answer.header("www-authenticate")),
            (401, Some("Bearer")),
            "{headers:?}"
        );
        assert!(!answer.text().contains("s3cret"), "{}", answer.text());
    }
    assert_eq!(
        post(&[("Authorization", "Bearer s3cret-t0ken")]).text(),
        annotated(SEED)
    );
    assert_eq!(serve.get("/metrics").status, 401);
    assert_eq!(serve.get("/healthz").status, 200);
}

#[test]
fn mistakes_are_named_before_anything_listens() {
    let folder = folder("serve-mistakes");
    let (empty, pem) = (folder.join("empty"), folder.join("pem"));
    fs::write(&empty, "\n").unwrap();
    fs::write(&pem, "no PEM\n").unwrap();
    for (args, said) in [
        (
            &["--listen", "0.0.0.0:0"][..],
            "--listen 0.0.0.0:0: other machines reach this address, so requests need a token",
        ),
        (
            &["--listen", "here"],
            "invalid value 'here' for '--listen <ADDRESS:PORT>'",
        ),
        (
            &["--token-file", text(&empty)],
            "empty: expected a token of visible ASCII characters",
        ),
        (&["--token-file", "/nowhere"], "cannot read the token /nowhere: "),
        (&["--token-file", text(&pem), "--without-token"], "cannot be used with"),
        (&["--tls-cert", text(&pem)], "--tls-key"),
        (
            &["--tls-cert", text(&pem), "--tls-key", text(&pem)],
            "pem: there is no certificate in it",
        ),
        (&["--tls-cert", "/nowhere", "--tls-key", text(&pem)], "/nowhere: "),
        (&["--forward", "ftp://a/"], "expected a URL such as"),
        (&["--forward", "http://me:secret@a/"], "--forward-token-file"),
        (&["--forward-ca", text(&pem)], "--forward <URL>"),
        (&["--max-body", "0"], "--max-body"),
        (&["--client-timeout", "0"], "expected seconds"),
        (&["--config", "/nowhere"], "cannot read the configuration /nowhere: "),
    ] {
        let listen: &[&str] = match args.first() {
            Some(&"--listen") => &["serve"],
            _ => &["serve", "--listen", "127.0.0.1:0"],
        };
        let output = run(&[listen, args].concat(), "");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{args:?}: {}", stderr(&output));
    }
    if component() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let output = run(&["serve", "--listen", &address], "");
        assert_eq!(output.status.code(), Some(1));
        assert!(
            stderr(&output).contains(&format!("cannot listen on {address}: ")),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn records_are_posted_on_before_the_answer() {
    if !component() {
        return;
    }
    let file = folder("serve-forward").join("token");
    fs::write(&file, "t0ken").unwrap();
    let target = Target::start(&[]);
    let serve = Serve::start(&["--forward", &target.url(), "--forward-token-file", text(&file)]);
    for (content_type, body, posted) in [
        (
            NDJSON,
            format!("{SEED}\nother\n"),
            format!("{}\nother\n", annotated(SEED)),
        ),
        (JSON, format!("[{SEED}]"), format!("[{}]", annotated(SEED))),
        (JSON, SEED.to_owned(), annotated(SEED)),
    ] {
        let answer = serve.post(content_type, body);
        assert_eq!((answer.status, &*answer.text()), (204, ""));
        let received = target.received.lock().unwrap().pop().unwrap();
        assert_eq!(String::from_utf8(received.body).unwrap(), posted);
        let head = received.head.to_ascii_lowercase();
        assert!(head.starts_with("post / http/1.1\r\n"), "{head}");
        assert!(head.contains(&format!("content-type: {content_type}\r\n")), "{head}");
        assert!(head.contains("authorization: bearer t0ken\r\n"), "{head}");
    }
    // Nothing is left to post.
    assert_eq!(serve.post(JSON, "[]").status, 204);
    assert_eq!(target.bodies(), [""; 0]);
}

#[test]
fn records_that_are_not_accepted_stay_with_their_sender() {
    if !component() {
        return;
    }
    let target = Target::start(&[
        "500 Internal Server Error",
        "400 Bad Request",
        "429 Too Many Requests\r\nRetry-After: 7",
        "503 Service Unavailable",
        "301 Moved Permanently\r\nLocation: /",
        "",
    ]);
    let serve = Serve::start(&["--forward", &target.url(), "--forward-timeout", "20"]);
    for (status, retry_after, said) in [
        (502, None, "answered 500 Internal Server Error\n"),
        (502, None, "answered 400 Bad Request\n"),
        (503, Some("7"), "asks for patience with 429 Too Many Requests\n"),
        (503, Some("1"), "asks for patience with 503 Service Unavailable\n"),
        (502, None, "answered 301 Moved Permanently\n"),
        (502, None, "could not be forwarded to http://127.0.0.1:"),
    ] {
        let answer = serve.post(JSON, SEED);
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (status, retry_after),
            "{}",
            answer.text()
        );
        assert!(answer.text().contains(said), "{said}: {}", answer.text());
    }
    assert_eq!(target.bodies(), [""; 0]);
    assert_eq!(serve.post(JSON, SEED).status, 204);
    assert_eq!(target.bodies(), [annotated(SEED)]);
    assert!(
        serve.said().contains("the annotated records were not accepted: "),
        "{}",
        serve.said()
    );
}

#[test]
fn a_target_that_is_not_there_or_gives_no_answer_is_named() {
    if !component() {
        return;
    }
    // It listens, and never accepts.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let serve = Serve::start(&["--forward", &url, "--forward-timeout", "0.3"]);
    let answer = serve.post(JSON, SEED);
    assert_eq!(answer.status, 504);
    assert_eq!(
        answer.text(),
        format!(
            "bewit: the annotated records were forwarded, but {url} gave no answer within 0.3 s (--forward-timeout)\n"
        )
    );
    drop(silent);
    let answer = serve.post(JSON, SEED);
    assert_eq!(answer.status, 502);
    assert!(
        answer.text().contains(&format!("could not be forwarded to {url}: ")),
        "{}",
        answer.text()
    );
}

#[test]
fn tls_is_spoken_to_clients_and_targets() {
    if !component() {
        return;
    }
    let folder = folder("serve-tls");
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (cert_file, key_file) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&cert_file, cert.pem()).unwrap();
    fs::write(&key_file, signing_key.serialize_pem()).unwrap();
    let target = Target::start(&[]);
    let tls = ["--tls-cert", text(&cert_file), "--tls-key", text(&key_file)];
    let second = Serve::start(&[&tls[..], &["--forward", &target.url()]].concat());
    assert!(
        second.said().contains("listening on https://127.0.0.1:"),
        "{}",
        second.said()
    );
    let url = format!("https://{}/", second.address);

    let first = Serve::start(&["--forward", &url, "--forward-ca", text(&cert_file)]);
    assert_eq!(first.post(JSON, SEED).status, 204);
    assert_eq!(target.bodies(), [annotated(SEED)]);

    // Nobody vouches for it.
    let stranger = Serve::start(&["--forward", &url]);
    let answer = stranger.post(JSON, SEED);
    assert_eq!(answer.status, 502);
    assert!(answer.text().contains("certificate"), "{}", answer.text());
    // Without TLS there is no answer at all.
    assert!(request(second.address, "GET", "/healthz", &[], b"").is_err());
    assert_eq!(target.bodies().len(), 1);
}

#[test]
fn requests_that_have_begun_are_finished_after_sigterm() {
    let component = hostile("serve-stop", ENDLESS);
    for signal in ["-TERM", "-INT"] {
        let mut serve = Serve::start(&["--component", text(&component), "--batch-timeout", "1"]);
        let address = serve.address;
        let slow = thread::spawn(move || request(address, "POST", "/", &[], b"!\n").unwrap());
        // A connection without a request holds nothing up.
        let _idle = TcpStream::connect(address).unwrap();
        wait_for("the request to be held", || serve.metric("bewit_requests_held") == 1.0);
        serve.signal(signal);
        let answer = slow.join().unwrap();
        assert_eq!((answer.status, &*answer.text()), (200, "!\n"));
        let (code, said) = serve.wait();
        assert_eq!(code, Some(0), "{said}");
        assert!(TcpStream::connect(address).is_err());
    }
}

#[test]
fn what_does_not_finish_in_time_is_said() {
    let component = hostile("serve-grace", ENDLESS);
    let mut serve = Serve::start(&[
        "--component",
        text(&component),
        "--batch-timeout",
        "30",
        "--grace",
        "0.2",
    ]);
    let address = serve.address;
    let slow = thread::spawn(move || request(address, "POST", "/", &[], b"!\n"));
    wait_for("the request to be held", || serve.metric("bewit_requests_held") == 1.0);
    serve.signal("-TERM");
    let (code, said) = serve.wait();
    assert_eq!(code, Some(1));
    assert!(
        said.contains("1 requests were not answered: their senders still have the records"),
        "{said}"
    );
    assert!(slow.join().unwrap().is_err());
}
