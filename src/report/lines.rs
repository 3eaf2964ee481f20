//! Alerts out of annotated lines.

use crate::is_annotated;
use crate::schema::Alert;

/// The alerts for a report. It looks at all of them together, so there is a bound on how many.
#[derive(Debug, Default)]
pub struct Alerts {
    most: usize,
    /// Alerts that were annotated elsewhere may not have been masked.
    mask: bool,
    /// The first ones that came.
    pub kept: Vec<Alert>,
    /// Alerts that came when there were enough.
    pub left_out: u64,
    /// Annotated records that are no alerts of this version, or that failed.
    pub unreadable: u64,
}

impl Alerts {
    /// For so many alerts; `mask` masks what looks like a credential in them.
    pub fn new(most: usize, mask: bool) -> Self {
        Self {
            most,
            mask,
            ..Self::default()
        }
    }

    /// Takes the alerts among lines: JSON of the native schema, as bewit writes it. Other lines are none.
    pub fn take(&mut self, lines: &[u8]) {
        for line in lines.split(|byte| *byte == b'\n').filter(|line| is_annotated(line)) {
            if self.kept.len() >= self.most {
                self.left_out += 1;
                continue;
            }
            let alert = match std::str::from_utf8(line) {
                Ok(line) if self.mask => crate::mask(line),
                _ => serde_json::from_slice(line),
            };
            match alert {
                Ok(alert) => self.kept.push(alert),
                Err(_) => self.unreadable += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_annotated_records_are_alerts() {
        let alert = br#"{"rule":"x","bewit":{"schema":"bewit.alert/1","id":"1"}}"#;
        assert!(is_annotated(alert));
        for line in [
            &br#"{"rule":"x"}"#[..],
            br#"{"log":"\"bewit\":{\"schema\":\"bewit.alert/1\"}"}"#,
            br#"text "bewit":{"schema":"bewit.alert/1"}"#,
            br#"{"bewit":"bewit.alert/1"}"#,
            b"",
        ] {
            assert!(!is_annotated(line), "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn a_report_is_on_so_many_alerts_and_says_what_it_leaves_out() {
        let mut lines = Vec::new();
        let annotator = crate::Annotator::default();
        crate::annotate_batch(
            &annotator,
            br#"{"rule":"x","priority":"Notice","output":"x"}
noise
{"rule":"y","priority":"Notice","output":"y"}
"#,
            &mut lines,
        );
        lines.extend(br#"{"bewit":{"schema":"bewit.alert/1","error":{}}}"#);
        for (most, kept, left_out, unreadable) in [(5, 2, 0, 1), (1, 1, 2, 0)] {
            let mut alerts = Alerts::new(most, true);
            alerts.take(&lines);
            assert_eq!(
                (alerts.kept.len(), alerts.left_out, alerts.unreadable),
                (kept, left_out, unreadable)
            );
        }
    }
}
