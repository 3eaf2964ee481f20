//! A file that is read from a place on, and told from another one.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

use super::decode::Decoder;
use crate::identity::Identity;
use crate::state::{HEAD, Head, Position, head};

/// Bytes read of one file before the others have their turn.
const BLOCK: u64 = 256 << 10;

/// An open file and how far it has come.
pub(super) struct Open {
    file: File,
    identity: Option<Identity>,
    decoder: Decoder,
    /// How it begins, as far as it was looked at.
    head: Vec<u8>,
    /// Bytes that it had when it was looked at last.
    length: u64,
    /// Bytes that were read.
    read: u64,
    /// Bytes of them that were handed over, without a byte order mark.
    handed: u64,
}

impl Open {
    /// At its beginning.
    ///
    /// # Errors
    /// When it is no regular file: only those have places to go back to.
    pub(super) fn new(mut file: File) -> io::Result<Self> {
        let data = file.metadata()?;
        if !data.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "only regular files can be followed",
            ));
        }
        Ok(Self {
            identity: Identity::of(&data),
            // It may be some time until it is read, and others before it.
            head: head(&mut file, HEAD as u64)?,
            length: data.len(),
            file,
            decoder: Decoder::default(),
            read: 0,
            handed: 0,
        })
    }

    /// At a position that fits the file.
    pub(super) fn at(mut file: File, position: &Position) -> io::Result<Self> {
        file.seek(SeekFrom::Start(position.offset))?;
        let mut open = Self::new(file)?;
        if position.offset > 0 {
            open.decoder = Decoder::within(&open.head);
        }
        open.handed = position.offset.saturating_sub(open.decoder.mark());
        open.read = position.offset;
        Ok(open)
    }

    pub(super) fn identity(&self) -> Option<Identity> {
        self.identity
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Whether what has been read is no longer there: the file was truncated, and may have grown again.
    pub(super) fn is_truncated(&mut self) -> io::Result<bool> {
        let length = self.file.metadata()?.len();
        let before = std::mem::replace(&mut self.length, length);
        if length < before.max(self.read) {
            return Ok(true);
        }
        Ok(length > before && head(&mut self.file, self.head.len() as u64)? != self.head)
    }

    /// Goes on in a copy of the file, which has all that was read and what was not.
    pub(super) fn go_on_in(&mut self, mut copy: File) -> io::Result<()> {
        copy.seek(SeekFrom::Start(self.read))?;
        let data = copy.metadata()?;
        self.identity = Identity::of(&data);
        self.length = data.len();
        self.file = copy;
        Ok(())
    }

    /// Appends the text of the next block. Returns how many bytes it had; 0 at the end of what is there.
    pub(super) fn read(&mut self, text: &mut Vec<u8>) -> io::Result<usize> {
        let mut block = Vec::new();
        let read = (&mut self.file).take(BLOCK).read_to_end(&mut block)?;
        // What is already known of the beginning, and how much of it is missing.
        let known = (self.head.len() as u64).saturating_sub(self.read);
        let missing = HEAD.saturating_sub(self.head.len());
        let news = block.get(usize::try_from(known).unwrap_or(usize::MAX)..);
        self.head.extend(news.unwrap_or_default().iter().take(missing));
        self.read += read as u64;
        self.decoder.decode(&block, text);
        Ok(read)
    }

    /// Appends what was held back: nothing follows.
    pub(super) fn end(&mut self, text: &mut Vec<u8>) {
        self.decoder.end(text);
    }

    /// Counts a text as handed over.
    pub(super) fn hand_over(&mut self, text: &[u8]) {
        self.handed += self.decoder.length(text);
    }

    /// Bytes that were read and not handed over.
    pub(super) fn held(&self) -> u64 {
        self.read - self.offset()
    }

    fn offset(&self) -> u64 {
        let mark = if self.handed > 0 { self.decoder.mark() } else { 0 };
        // Half a character at the end is replaced by a whole one.
        (mark + self.handed).min(self.read)
    }

    /// Behind all that was handed over.
    pub(super) fn position(&self) -> Position {
        Position {
            file: self.identity,
            offset: self.offset(),
            head: Head::of(&self.head),
        }
    }

    /// Behind all that was read.
    pub(super) fn end_position(&self) -> Position {
        Position {
            offset: self.read,
            ..self.position()
        }
    }
}
