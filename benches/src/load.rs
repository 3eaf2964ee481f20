//! The records that everything is measured on.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

#[path = "../../tests/common/again.rs"]
mod again;

use again::{again, another};

/// How often an alert comes again, each time at another time; how often a line of the corpus does; and how many alerts
/// there are of which each has a container and a command of its own.
const AGAIN: usize = 256;
const CORPUS: usize = 4;
const NEW: usize = 8192;

/// Records of one sort; each is one JSON object, as Fluent Bit hands over.
pub(crate) struct Load {
    pub(crate) name: &'static str,
    pub(crate) records: Vec<Vec<u8>>,
}

impl Load {
    /// Bytes of a record, on average.
    pub(crate) fn bytes(&self) -> usize {
        self.records.iter().map(Vec::len).sum::<usize>() / self.records.len()
    }

    /// The records as lines.
    pub(crate) fn lines(&self) -> Vec<u8> {
        let mut lines = self.records.join(&b'\n');
        lines.push(b'\n');
        lines
    }
}

/// An alert that comes again and again, parsed and as text in `log`; the same with alerts that are all new; the corpus, and
/// records that are no alerts.
pub(crate) fn all() -> Result<Vec<Load>> {
    let seed = seed()?;
    let log = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        json!({"time": "2026-04-13T17:57:43.728694426Z", "stream": "stdout", "_p": "F", "log": line,
            "kubernetes": {"pod_name": "falco-7x2kp", "namespace_name": "falco", "container_name": "falco",
                "host": "k8s-worker-03", "labels": {"app.kubernetes.io/name": "falco"}}})
        .to_string()
        .into_bytes()
    };
    let other = |at| another(&String::from_utf8_lossy(&seed), at);
    let corpus = corpus()?;
    Ok(vec![
        Load { name: "alert", records: (0..AGAIN).map(|round| again(&seed, round)).collect() },
        Load { name: "alert in `log`", records: (0..AGAIN).map(|round| again(&log(&seed), round)).collect() },
        Load { name: "new alert", records: (0..NEW).map(|at| again(other(at).as_bytes(), at)).collect() },
        Load { name: "new alert in `log`", records: (0..NEW).map(|at| again(&log(other(at).as_bytes()), at)).collect() },
        Load {
            name: "corpus",
            records: (0..CORPUS).flat_map(|round| corpus.iter().map(move |line| again(&record(line), round))).collect(),
        },
        Load { name: "no alert", records: others().iter().map(|line| log(line.as_bytes())).collect() },
    ])
}

/// The event this project began with: 602 bytes, a rule that upstream does not have.
fn seed() -> Result<Vec<u8>> {
    let lines = fs::read_to_string("examples/falco.log").context("cannot read examples/falco.log")?;
    let seed = lines.lines().find(|line| line.contains("calico_tmp_A") && line.starts_with('{'));
    Ok(seed.context("examples/falco.log has lost its seed")?.into())
}

/// All lines of the corpus that are not the pieces of a split line.
fn corpus() -> Result<Vec<Vec<u8>>> {
    let mut lines = Vec::new();
    for folder in fs::read_dir("tests/corpus").context("cannot read tests/corpus")? {
        let folder = folder?.path();
        if !folder.is_dir() {
            continue;
        }
        for file in fs::read_dir(&folder)? {
            let file = file?.path();
            let is = |end: &str| file.extension().is_some_and(|e| e == end);
            if (is("log") || is("jsonl")) && !is_split(&file) {
                let text = fs::read(&file)?;
                lines.extend(text.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(<[u8]>::to_vec));
            }
        }
    }
    lines.sort();
    ensure!(lines.len() > 300, "the corpus has only {} lines", lines.len());
    Ok(lines)
}

fn is_split(file: &Path) -> bool {
    file.to_string_lossy().contains("partial")
}

/// A line as `tail` hands it over: an object stays one, anything else stands in `log`.
fn record(line: &[u8]) -> Vec<u8> {
    match serde_json::from_slice::<Value>(line) {
        Ok(Value::Object(_)) => line.to_vec(),
        _ => json!({"log": String::from_utf8_lossy(line)}).to_string().into_bytes(),
    }
}

/// What else a cluster logs.
fn others() -> [&'static str; 4] {
    [
        r#"10.244.1.17 - - [13/Apr/2026:17:57:43 +0000] "GET /api/v1/carts/4711/items?page=2&size=50 HTTP/1.1" 200 5316 "https://shop.example.com/cart" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36" rt=0.031 uct=0.000 urt=0.031"#,
        r#"{"level":"info","ts":"2026-04-13T17:57:43.120Z","logger":"cart","caller":"cart/handler.go:118","msg":"order placed","order":"a3f1c7","user":"u-58213","items":4,"total":"129.90","currency":"EUR","duration_ms":42,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}"#,
        r#"I0413 17:57:43.401122       1 controller.go:615] "Finished syncing" key="shop-eu/cart-7f9c6d5b8" duration="3.2ms" queue="deployment" retries=0"#,
        r"2026-04-13 17:57:43.512 UTC [8812] LOG:  checkpoint complete: wrote 312 buffers (1.9%); 0 WAL file(s) added, 0 removed, 1 recycled; write=31.204 s, sync=0.004 s, total=31.215 s; sync files=58, longest=0.002 s, average=0.001 s; distance=4311 kB",
    ]
}
