//! Cuts what arrives into batches of whole lines.

use bewit::Split;
use memchr::memchr;

/// How much of the input is held at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Lines of a batch.
    lines: usize,
    /// Bytes of a batch, unless one line has more.
    bytes: usize,
    /// Bytes of a line that is held in whole. A longer one passes in pieces.
    line: usize,
}

impl Bounds {
    /// The limits of a configuration. A line over `limits.line_bytes` that fits in a batch is still handed
    /// over: the component can say in the record that it was too long, as in any other host.
    pub(crate) fn new(limits: &bewit::Limits) -> Self {
        Self {
            lines: limits.batch_lines,
            bytes: limits.batch_bytes,
            line: limits.line_bytes.max(limits.batch_bytes),
        }
    }

    /// Bytes from which on a line passes unread.
    pub(crate) fn line(&self) -> usize {
        self.line
    }
}

/// Something to work on, in the order of the input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Batch {
    /// Whole lines. Only the last of an input may lack its line break.
    Lines(Vec<u8>),
    /// Part of a line that is too long to be held.
    Piece {
        bytes: Vec<u8>,
        /// The line begins here.
        first: bool,
    },
}

impl Batch {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Lines(bytes) | Self::Piece { bytes, .. } => bytes,
        }
    }

    pub(super) fn ends_line(&self) -> bool {
        self.bytes().ends_with(b"\n")
    }
}

/// What to cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Full batches: more is there to be read.
    Full,
    /// Whole lines, but no pieces of a split line that has not ended: more may come.
    Settled,
    /// Whole lines: nothing came for a while.
    Lines,
    /// Everything: nothing will come.
    All,
}

/// Holds what was read until it makes a batch.
pub(super) struct Cutter {
    bounds: Bounds,
    buffer: Vec<u8>,
    /// Whole lines at the beginning of the buffer that are known, and where they end.
    lines: usize,
    end: usize,
    /// Where the last of them ends that does not go on in the next one.
    settled: usize,
    split: Split,
    /// No line break stands before this.
    searched: usize,
    /// In the middle of a line that passes in pieces.
    in_pieces: bool,
}

impl Cutter {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            buffer: Vec::new(),
            lines: 0,
            end: 0,
            settled: 0,
            split: Split::default(),
            searched: 0,
            in_pieces: false,
        }
    }

    /// Sets other bounds for what follows.
    pub(super) fn bound(&mut self, bounds: Bounds) {
        self.bounds = bounds;
    }

    /// Where to append what was read.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Whether pieces of a split line wait for the last one.
    pub(super) fn waits(&self) -> bool {
        self.end > 0
    }

    /// The next batch, if there is one.
    pub(super) fn next(&mut self, cut: Cut) -> Option<Batch> {
        if self.in_pieces {
            return self.piece();
        }
        loop {
            let full = self.lines >= self.bounds.lines || self.end >= self.bounds.bytes;
            // A split line is never cut, unless its pieces have no end.
            let endless = self.end - self.settled > self.bounds.line;
            if full && self.settled > 0 {
                return self.lines(self.settled);
            }
            if full && endless {
                return self.lines(self.end);
            }
            let found = memchr(b'\n', &self.buffer[self.searched..]).map(|at| self.searched + at);
            let line_end = found.unwrap_or(self.buffer.len());
            if line_end - self.end > self.bounds.line {
                if self.end > 0 {
                    return self.lines(self.end);
                }
                return self.piece();
            }
            let Some(at) = found else {
                self.searched = self.buffer.len();
                return match cut {
                    Cut::Full => None,
                    Cut::Settled => self.lines(self.settled),
                    Cut::Lines => self.lines(self.end),
                    Cut::All => self.lines(self.buffer.len()),
                };
            };
            if at + 1 > self.bounds.bytes && self.settled > 0 {
                return self.lines(self.settled);
            }
            let goes_on = self.split.goes_on(&self.buffer[self.end..at]);
            self.lines += 1;
            self.end = at + 1;
            self.searched = self.end;
            if !goes_on {
                self.settled = self.end;
            }
        }
    }

    fn lines(&mut self, end: usize) -> Option<Batch> {
        (end > 0).then(|| Batch::Lines(self.take(end)))
    }

    /// What is there of a line that is too long.
    fn piece(&mut self) -> Option<Batch> {
        let break_at = memchr(b'\n', &self.buffer);
        let end = break_at.map_or(self.buffer.len(), |at| at + 1);
        if end == 0 {
            return None;
        }
        let first = !self.in_pieces;
        self.in_pieces = break_at.is_none();
        Some(Batch::Piece {
            bytes: self.take(end),
            first,
        })
    }

    fn take(&mut self, end: usize) -> Vec<u8> {
        let rest = self.buffer.split_off(end);
        (self.lines, self.end, self.settled, self.searched) = (0, 0, 0, 0);
        // What is left is looked at again, and what was taken is a batch of its own.
        self.split = Split::default();
        std::mem::replace(&mut self.buffer, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: &str = "2026-04-13T17:57:43.728694426Z stdout P x\n";
    const LAST: &str = "2026-04-13T17:57:43.728694426Z stdout F x\n";

    fn cutter(lines: usize, bytes: usize, line: usize) -> Cutter {
        Cutter::new(Bounds { lines, bytes, line })
    }

    fn all(cutter: &mut Cutter, cut: Cut) -> Vec<Batch> {
        std::iter::from_fn(|| cutter.next(cut)).collect()
    }

    fn lines(text: &str) -> Batch {
        Batch::Lines(text.as_bytes().to_vec())
    }

    fn piece(text: &str, first: bool) -> Batch {
        Batch::Piece {
            bytes: text.as_bytes().to_vec(),
            first,
        }
    }

    #[test]
    fn batches_end_at_lines_and_bytes() {
        let mut cutter = cutter(2, 8, 100);
        cutter.buffer().extend(b"a\nb\nc\nlonger\nlonger than a batch\nd");
        assert_eq!(
            all(&mut cutter, Cut::Full),
            [
                lines("a\nb\n"),
                lines("c\n"),
                lines("longer\n"),
                lines("longer than a batch\n")
            ]
        );
        assert_eq!(all(&mut cutter, Cut::All), [lines("d")]);
    }

    #[test]
    fn what_has_arrived_is_not_held_back() {
        let mut cutter = cutter(100, 1000, 100);
        cutter.buffer().extend(b"a\nb\nc");
        assert_eq!(all(&mut cutter, Cut::Full), []);
        assert_eq!(all(&mut cutter, Cut::Settled), [lines("a\nb\n")]);
        cutter.buffer().extend(b"d\n");
        assert_eq!(all(&mut cutter, Cut::Settled), [lines("cd\n")]);
    }

    #[test]
    fn split_lines_stay_together() {
        let split = [PIECE, PIECE, LAST].concat();
        let mut cutter = cutter(2, 1000, 1000);
        cutter.buffer().extend(format!("a\n{split}b\n").bytes());
        assert_eq!(all(&mut cutter, Cut::Full), [lines("a\n"), lines(&split)]);
        assert_eq!(all(&mut cutter, Cut::All), [lines("b\n")]);

        cutter.buffer().extend(format!("a\n{PIECE}").bytes());
        assert_eq!(all(&mut cutter, Cut::Settled), [lines("a\n")]);
        assert!(cutter.waits());
        assert_eq!(all(&mut cutter, Cut::Lines), [lines(PIECE)]);
        assert!(!cutter.waits());
    }

    #[test]
    fn a_split_line_without_end_is_cut_at_a_bound() {
        let mut cutter = cutter(2, 100, 200);
        for _ in 0..100 {
            cutter.buffer().extend(PIECE.bytes());
        }
        let batches = all(&mut cutter, Cut::Full);
        assert!(batches.len() > 10, "{}", batches.len());
    }

    #[test]
    fn a_line_that_is_too_long_passes_in_pieces() {
        let mut cutter = cutter(10, 8, 8);
        cutter.buffer().extend(b"a\n0123456789");
        assert_eq!(all(&mut cutter, Cut::Full), [lines("a\n"), piece("0123456789", true)]);
        assert_eq!(all(&mut cutter, Cut::Full), []);
        cutter.buffer().extend(b"0123\nb\n");
        assert_eq!(all(&mut cutter, Cut::Full), [piece("0123\n", false)]);
        assert_eq!(all(&mut cutter, Cut::All), [lines("b\n")]);
        cutter.buffer().extend(b"0123456789\nb\n");
        assert_eq!(all(&mut cutter, Cut::All), [piece("0123456789\n", true), lines("b\n")]);
    }
}
