//! Where in a file something stands.

use std::ops::Range;

/// A place in a file, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    /// Where a file begins.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// A text with the offsets at which its lines begin.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { text, starts: std::iter::once(0).chain(newlines.map(|(offset, _)| offset + 1)).collect() }
    }

    pub(super) fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        Place { line, column: 1 + before.chars().count() }
    }

    /// How many characters of a part stand on the line on which it begins; one at least.
    pub(super) fn length(&self, span: Range<usize>) -> usize {
        let part = self.text.get(span).and_then(|part| part.lines().next()).unwrap_or_default();
        part.chars().count().max(1)
    }

    pub(super) fn text(&self, span: Range<usize>) -> &'t str {
        self.text.get(span).unwrap_or_default()
    }
}

/// A value with the key and the place that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// The path of its key, such as `where[2].from`; positions count from 1.
    pub key: String,
    /// Where the value begins.
    pub place: Place,
    /// How many characters of it stand on that line.
    pub length: usize,
}

impl<T> Placed<T> {
    /// The place and key with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Placed<U> {
        Placed { value: change(self.value), key: self.key, place: self.place, length: self.length }
    }

    /// The place and key without the value.
    #[must_use]
    pub fn at(&self) -> Placed<()> {
        Placed { value: (), key: self.key.clone(), place: self.place, length: self.length }
    }
}
