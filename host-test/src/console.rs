//! Messages and progress on standard error.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{IsTerminal as _, stderr, stdout};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

/// Standard error, shared by all threads: messages do not tear the progress bar.
#[derive(Clone)]
pub(crate) struct Console {
    bar: Option<ProgressBar>,
    said: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl Console {
    /// Shows progress if `total` bytes are known and somebody looks at standard error and at nothing else.
    pub(crate) fn new(total: Option<u64>) -> Self {
        let bar = total
            .filter(|total| *total > 0 && stderr().is_terminal() && !stdout().is_terminal())
            .map(ProgressBar::new);
        if let Some(bar) = &bar {
            let style = "{bar:32} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
        }
        Self {
            bar,
            said: Arc::default(),
        }
    }

    /// Bytes that were read.
    pub(crate) fn read(&self, bytes: usize) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes as u64);
        }
    }

    /// Says something.
    pub(crate) fn say(&self, message: impl Display) {
        let say = || eprintln!("bewit: {message}");
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    /// Says something of a kind once; later ones are only counted.
    pub(crate) fn say_once(&self, kind: &'static str, message: impl Display) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let times = said.entry(kind).or_default();
        *times += 1;
        if *times == 1 {
            self.say(message);
        }
    }

    /// Takes the progress bar away and sums up what was said once and happened again.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        for (kind, times) in said.iter().filter(|(_, times)| **times > 1) {
            eprintln!("bewit: {kind}: {times} in all");
        }
    }
}
