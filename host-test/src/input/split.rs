//! Lines that a container runtime split, seen line by line.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// Whether the lines so far end inside a split line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Split {
    open: bool,
}

impl Split {
    /// Takes the next line, without its line break. Returns whether it goes on in the one after it.
    pub(crate) fn goes_on(&mut self, line: &[u8]) -> bool {
        self.open = bewit::is_partial(line) && (self.open || !is_whole(line));
        self.open
    }
}

/// Docker marks a piece by the line break that `log` lacks, but log shippers strip that from every line. So what
/// looks like a piece may be all there is: if it is a whole object, or does not begin like one.
fn is_whole(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Docker<'a> {
        #[serde(borrow)]
        log: Cow<'a, str>,
    }
    line.starts_with(b"{")
        && serde_json::from_slice::<Docker<'_>>(line)
            .is_ok_and(|docker| !docker.log.starts_with('{') || serde_json::from_str::<IgnoredAny>(&docker.log).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn docker(log: &str) -> String {
        let log = serde_json::to_string(log).unwrap();
        format!(r#"{{"log":{log},"stream":"stdout","time":"2026-04-13T17:57:43.728694426Z"}}"#)
    }

    #[test]
    fn pieces_go_on_and_whole_lines_do_not() {
        let mut split = Split::default();
        let mut goes_on = |line: &str| split.goes_on(line.as_bytes());
        // Docker's own form.
        assert!(goes_on(&docker("{\"rule\":")));
        assert!(goes_on(&docker("\"in the middle\"")));
        assert!(!goes_on(&docker("}\n")));
        // With the line breaks stripped.
        for line in ["{\"rule\":\"x\"}", "13:40:25.978642167: Warning x", "other"] {
            assert!(!goes_on(&docker(line)), "{line}");
        }
        assert!(goes_on("2026-04-13T17:57:43.728694426Z stdout P {"));
        assert!(!goes_on("2026-04-13T17:57:43.728694426Z stdout F }"));
        assert!(!goes_on("other"));
    }
}
