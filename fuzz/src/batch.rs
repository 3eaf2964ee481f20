//! Many lines at once, some of them pieces of one.

use bewit::{Annotator, Outcome, Split, Stats, annotate_batch};

use crate::annotators::Annotators;

thread_local! {
    static ANNOTATORS: Annotators = Annotators::new();
}

/// The body of the target.
pub fn check(batch: &[u8]) {
    ANNOTATORS.with(|annotators| {
        for annotator in annotators.of(batch) {
            annotated(annotator, batch);
        }
    });
}

fn annotated(annotator: &Annotator, batch: &[u8]) {
    let mut out = Vec::new();
    let stats = annotate_batch(annotator, batch, &mut out);
    let lines: Vec<&[u8]> = match batch.strip_suffix(b"\n").unwrap_or(batch) {
        [] if batch.is_empty() => Vec::new(),
        text => text.split(|byte| *byte == b'\n').collect(),
    };
    assert_eq!(stats.lines, lines.len() as u64);
    let left = stats.alerts + stats.passed + stats.failed;
    assert!(left + stats.dropped <= stats.lines);
    if stats.passed == stats.lines {
        assert_eq!(out, batch, "lines that are no alerts changed");
    }
    if left > 0 {
        let breaks = out.iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(breaks + u64::from(!batch.ends_with(b"\n")), left, "lines went or came");
    } else {
        assert!(out.is_empty());
    }

    let mut split = Split::default();
    if lines.iter().any(|line| split.goes_on(line)) {
        return;
    }
    // No piece of a line, so no line knows of another.
    let mut alone = (
        Stats {
            lines: stats.lines,
            ..Stats::default()
        },
        Vec::new(),
    );
    for line in &lines {
        let (stats, out) = &mut alone;
        let count = match annotator.annotate(line, out) {
            Outcome::Dropped => {
                stats.dropped += 1;
                continue;
            }
            Outcome::Alert => &mut stats.alerts,
            Outcome::Passed => &mut stats.passed,
            Outcome::Failed => &mut stats.failed,
        };
        *count += 1;
        out.push(b'\n');
    }
    if !batch.ends_with(b"\n") {
        alone.1.pop();
    }
    assert!((stats, out) == alone, "a batch is not its lines");
}
