//! Cutting bytes into lines, a batch at a time, with bounded memory whatever the bytes.

use std::io::{self, BufRead};
use std::ops::Range;

use crate::line::LINE_BYTES_MAX;

/// Bytes of a batch, beyond which it is not added to.
const BATCH_BYTES: usize = 4 << 20;
/// Lines of a batch, at most: an empty one is a line too.
const BATCH_LINES: usize = 8_192;

/// A line in the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Where it stands, without its end.
    Whole(Range<usize>),
    /// One longer than an entry; it was passed over.
    TooLong,
}

/// Some lines in a row.
#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    lines: Vec<Line>,
}

impl Batch {
    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The bytes of a line; none of one that was too long.
    pub(super) fn bytes(&self, line: &Line) -> Option<&[u8]> {
        match line {
            Line::Whole(range) => self.bytes.get(range.clone()),
            Line::TooLong => None,
        }
    }
}

/// The lines of one file.
pub(super) struct Lines<R> {
    from: R,
    batch: Batch,
    torn: u64,
    done: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn of(from: R) -> Self {
        Self { from, batch: Batch { bytes: Vec::new(), lines: Vec::new() }, torn: 0, done: false }
    }

    /// Reads the next batch; none at the end.
    pub(super) fn fill(&mut self) -> io::Result<Option<&Batch>> {
        self.batch.bytes.clear();
        self.batch.lines.clear();
        while !self.done && self.batch.bytes.len() < BATCH_BYTES && self.batch.lines.len() < BATCH_LINES {
            self.line()?;
        }
        Ok((!self.batch.lines.is_empty()).then_some(&self.batch))
    }

    /// Reads to the end of a line, and keeps no more of it than an entry may have.
    fn line(&mut self) -> io::Result<()> {
        let start = self.batch.bytes.len();
        let mut length: u64 = 0;
        loop {
            let part = match self.from.fill_buf() {
                Ok(part) => part,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if part.is_empty() {
                self.batch.bytes.truncate(start);
                self.torn = length;
                self.done = true;
                return Ok(());
            }
            let end = memchr::memchr(b'\n', part);
            let of_line = part.get(..end.unwrap_or(part.len())).unwrap_or_default();
            length = length.saturating_add(of_line.len() as u64);
            let room = LINE_BYTES_MAX.saturating_sub(self.batch.bytes.len() - start);
            self.batch.bytes.extend_from_slice(of_line.get(..room.min(of_line.len())).unwrap_or_default());
            let used = end.map_or(part.len(), |end| end + 1);
            self.from.consume(used);
            if end.is_none() {
                continue;
            }
            // The end of the line counts, as it does for who writes one.
            let line = if length < LINE_BYTES_MAX as u64 {
                Line::Whole(start..self.batch.bytes.len())
            } else {
                self.batch.bytes.truncate(start);
                Line::TooLong
            };
            self.batch.lines.push(line);
            return Ok(());
        }
    }

    /// Bytes after the last whole line of the file, once all are read.
    pub(super) const fn torn_bytes(&self) -> u64 {
        self.torn
    }
}
