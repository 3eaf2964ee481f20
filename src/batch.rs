//! Many lines at once: NDJSON in, NDJSON out.

use crate::annotator::{Annotator, Outcome};
use crate::envelope::{self, Fragment};

/// What became of a batch's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Lines that came in.
    pub lines: u64,
    /// Records that went out as annotated alerts.
    pub alerts: u64,
    /// Lines that went out as they came.
    pub passed: u64,
    /// Alerts that the configuration asked to drop.
    pub dropped: u64,
    /// Lines that went out with an error.
    pub failed: u64,
}

impl std::ops::AddAssign for Stats {
    fn add_assign(&mut self, other: Self) {
        self.lines += other.lines;
        self.alerts += other.alerts;
        self.passed += other.passed;
        self.dropped += other.dropped;
        self.failed += other.failed;
    }
}

/// A line that its runtime split, as far as it has come.
struct Pending<'b> {
    stream: String,
    joined: String,
    lines: Vec<Held<'b>>,
}

/// A piece that was held back, and the length that the output had then: where it goes if it is not joined.
#[derive(Clone, Copy)]
struct Held<'b> {
    at: usize,
    line: &'b [u8],
}

/// Annotates every line of a batch and appends the results to `out`, one a line, in order.
///
/// Lines that a container runtime split are joined, if all their pieces are in the batch and the whole is an
/// alert; else each piece goes out as it came. An empty line stays empty.
pub fn annotate_batch(annotator: &Annotator, batch: &[u8], out: &mut Vec<u8>) -> Stats {
    let mut stats = Stats::default();
    let mut pending: Vec<Pending<'_>> = Vec::new();
    let mut unjoined = Vec::new();
    let ends = batch.ends_with(b"\n");
    let text = batch.strip_suffix(b"\n").unwrap_or(batch);
    if batch.is_empty() {
        return stats;
    }
    for line in text.split(|byte| *byte == b'\n') {
        stats.lines += 1;
        let alone = pending.is_empty() && envelope::is_last(line);
        let fragment = if alone { None } else { envelope::fragment(line) };
        let waiting = fragment
            .as_ref()
            .and_then(|f| pending.iter().position(|p| p.stream == f.stream));
        let held = Held { at: out.len(), line };
        match (fragment, waiting) {
            (Some(fragment), Some(at)) => {
                pending[at].joined.push_str(fragment.piece());
                pending[at].lines.push(held);
                if fragment.last {
                    let whole = pending.swap_remove(at);
                    if !join(annotator, &whole, &fragment, out, &mut stats) {
                        unjoined.extend(whole.lines);
                    }
                }
            }
            (Some(fragment), None) if !fragment.last && begins_alert(fragment.piece()) => {
                if fragment.is_whole() {
                    one(annotator, line, out, &mut stats);
                } else {
                    pending.push(Pending {
                        joined: fragment.piece().to_owned(),
                        stream: fragment.stream,
                        lines: vec![held],
                    });
                }
            }
            _ => one(annotator, line, out, &mut stats),
        }
    }
    unjoined.extend(pending.into_iter().flat_map(|rest| rest.lines));
    stats.passed += unjoined.len() as u64;
    put_back(unjoined, out);
    if !ends && out.ends_with(b"\n") {
        out.pop();
    }
    stats
}

/// Puts pieces where they were, so that the order is that of the input.
fn put_back(mut pieces: Vec<Held<'_>>, out: &mut Vec<u8>) {
    // Where several go to one place, the one that came first is the one that begins first in the batch.
    pieces.sort_by_key(|held| (held.at, held.line.as_ptr()));
    let Some(first) = pieces.first() else {
        return;
    };
    let mut done = first.at;
    let rest = out.split_off(done);
    let begin = done;
    for Held { at, line } in pieces {
        out.extend_from_slice(rest.get(done - begin..at - begin).unwrap_or_default());
        out.extend_from_slice(line);
        out.push(b'\n');
        done = at;
    }
    out.extend_from_slice(rest.get(done - begin..).unwrap_or_default());
}

/// Whether a first piece may be the beginning of an alert: only such pieces are held back.
fn begins_alert(piece: &str) -> bool {
    piece.starts_with('{') || piece.starts_with(|c: char| c.is_ascii_digit())
}

fn one(annotator: &Annotator, line: &[u8], out: &mut Vec<u8>, stats: &mut Stats) {
    let outcome = annotator.annotate(line, out);
    count(outcome, stats);
    if outcome != Outcome::Dropped {
        out.push(b'\n');
    }
}

fn count(outcome: Outcome, stats: &mut Stats) {
    match outcome {
        Outcome::Alert => stats.alerts += 1,
        Outcome::Passed => stats.passed += 1,
        Outcome::Dropped => stats.dropped += 1,
        Outcome::Failed => stats.failed += 1,
    }
}

/// Annotates a line of which all pieces are there. Returns whether it stands for them.
fn join(annotator: &Annotator, whole: &Pending<'_>, last: &Fragment<'_>, out: &mut Vec<u8>, stats: &mut Stats) -> bool {
    let before = out.len();
    let line = last.wrap(&whole.joined);
    match annotator.annotate(line.as_bytes(), out) {
        outcome @ (Outcome::Alert | Outcome::Dropped) => {
            count(outcome, stats);
            if outcome == Outcome::Alert {
                out.push(b'\n');
            }
            true
        }
        Outcome::Passed | Outcome::Failed => {
            out.truncate(before);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALERT: &str = r#"{"rule":"x","priority":"Notice","time":"2024-10-29T13:40:25.978642167Z"}"#;

    fn run(batch: &str) -> (String, Stats) {
        let mut out = Vec::new();
        let stats = annotate_batch(&Annotator::default(), batch.as_bytes(), &mut out);
        (String::from_utf8(out).unwrap(), stats)
    }

    fn cri(stream: &str, tag: &str, piece: &str) -> String {
        format!("2026-04-13T17:57:43.728694426Z {stream} {tag} {piece}\n")
    }

    #[test]
    fn lines_that_are_no_alerts_pass_byte_for_byte() {
        for batch in ["", "\n", "a\n\nb", "a\r\nb\r\n", "{\"a\":1}\n", "\u{0}\n"] {
            let (out, stats) = run(batch);
            assert_eq!(out, batch);
            assert_eq!(stats.passed, stats.lines);
        }
    }

    #[test]
    fn pieces_are_joined_even_between_lines_of_another_stream() {
        let (head, tail) = ALERT.split_at(20);
        let batch = cri("stdout", "P", head) + &cri("stderr", "F", "log line") + &cri("stdout", "F", tail);
        let (out, stats) = run(&batch);
        assert_eq!((stats.lines, stats.alerts, stats.passed), (3, 1, 1), "{out}");
        assert!(out.contains(r#""envelope":["cri"]"#), "{out}");
    }

    #[test]
    fn pieces_that_are_no_alert_or_have_no_end_go_out_as_they_came() {
        let batch = cri("stdout", "P", "{\"a\"") + &cri("stdout", "F", ":1}") + &cri("stdout", "P", "{\"b\"");
        let (out, stats) = run(&batch);
        assert_eq!(out, batch);
        assert_eq!(stats.passed, 3);
    }

    #[test]
    fn pieces_that_are_not_joined_keep_their_place_among_other_lines() {
        let piece = |stream: &str, tag: &str, n: u8| cri(stream, tag, &format!("{{\"n\":{n}"));
        let batch = piece("stdout", "P", 1)
            + &piece("stderr", "P", 2)
            + "between\n"
            + &cri("stdout", "F", &ALERT.replace("\"x\"", "\"y\""))
            + &cri("stderr", "P", "more")
            + ALERT
            + "\n"
            + &piece("stdout", "P", 3)
            + "last";
        let (out, stats) = run(&batch);
        assert_eq!((stats.lines, stats.alerts, stats.passed), (8, 1, 7), "{out}");
        for (line, came) in out.lines().zip(batch.lines()) {
            assert!(line == came || line.starts_with(ALERT.trim_end_matches('}')), "{out}");
        }
        assert_eq!(out.lines().count(), 8);
    }
}
