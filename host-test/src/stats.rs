//! What became of the input.

use std::fmt;
use std::time::Duration;

/// Counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// What the component says of its lines, and the host of those it could not hand over.
    pub(crate) lines: bewit::Stats,
    /// Of the lines that passed, those that `--only-alerts` does not write.
    pub(crate) withheld: u64,
    /// Bytes that came in.
    pub(crate) read: u64,
    /// Bytes that went out.
    pub(crate) written: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.lines += other.lines;
        self.withheld += other.withheld;
        self.read += other.read;
        self.written += other.written;
    }
}

/// Counts and the time they took, for people and for `awk`.
pub(crate) struct Report {
    pub(crate) counts: Counts,
    pub(crate) reloads: Reloads,
    pub(crate) time: Duration,
}

/// Times that the configuration was read again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reloads {
    /// And is in force.
    pub(crate) taken: u64,
    /// And was wrong, so that the one before stayed.
    pub(crate) refused: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts {
            lines,
            withheld,
            read,
            written,
        } = self.counts;
        let seconds = self.time.as_secs_f64();
        let rate = if seconds > 0.0 {
            lines.lines as f64 / seconds
        } else {
            0.0
        };
        writeln!(f, "lines     {}", lines.lines)?;
        writeln!(f, "alerts    {}", lines.alerts)?;
        writeln!(f, "passed    {}", lines.passed)?;
        if withheld > 0 {
            writeln!(f, "withheld  {withheld}")?;
        }
        writeln!(f, "dropped   {}", lines.dropped)?;
        writeln!(f, "failed    {}", lines.failed)?;
        let Reloads { taken, refused } = self.reloads;
        if taken + refused > 0 {
            writeln!(f, "reloads   {taken} taken, {refused} refused")?;
        }
        writeln!(f, "bytes     {read} in, {written} out")?;
        writeln!(f, "seconds   {seconds:.3}")?;
        write!(f, "lines/s   {rate:.0}")
    }
}
