//! One definition file as text, and the place in it where something is wrong.

use std::ops::Range;

use serde::de::DeserializeOwned;
use tvaers_protocol::id::Digest;

use crate::error::{DefinitionError, Reason};

/// The largest file that is read. The embedded ones have a few kilobytes; a large one is a mistake.
pub const FILE_BYTES_MAX: usize = 256 * 1024;

/// A definition file: its name, for messages, and its text.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The name to say in messages.
    pub file: &'a str,
    /// TOML.
    pub text: &'a str,
}

impl Source<'_> {
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, DefinitionError> {
        if self.text.len() > FILE_BYTES_MAX {
            return Err(self.refuse(0..0, Reason::TooLarge { max: FILE_BYTES_MAX }));
        }
        toml::from_str(self.text).map_err(|error| {
            let words = error.message().trim().replace('\n', ", ");
            self.refuse(error.span().unwrap_or_default(), Reason::Syntax(words))
        })
    }

    /// The error for a place in the file.
    pub(crate) fn refuse(&self, span: Range<usize>, reason: Reason) -> DefinitionError {
        let (file, line) = (self.file.to_owned(), self.line(span.start));
        DefinitionError { file, line, reason, known: Vec::new() }
    }

    /// The line of a place in the file, from 1.
    pub(crate) fn line(&self, place: usize) -> usize {
        1 + self.text.bytes().take(place).filter(|byte| *byte == b'\n').count()
    }

    /// The line and the column, in characters, of a place in the file, both from 1.
    pub(crate) fn place(&self, place: usize) -> (usize, usize) {
        let before = self.text.get(..place).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        (self.line(place), 1 + line.chars().count())
    }

    /// The text that a digest covers: line ends as in the repository, whatever a checkout made of them.
    pub(crate) fn canonical(&self) -> String {
        self.text.replace("\r\n", "\n")
    }

    pub(crate) fn digest(&self, tag: &str) -> Digest {
        Digest::of(tag, &[self.canonical().as_bytes()])
    }
}

/// Refuses a name outside `[a-z][a-z0-9_]{0,63}`: names become column aliases, file names and JSON keys.
pub(crate) fn check_name(
    source: &Source<'_>,
    name: &toml::Spanned<String>,
) -> Result<String, DefinitionError> {
    let text = name.get_ref();
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    let rest = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if first && rest && text.len() <= 64 {
        Ok(text.clone())
    } else {
        Err(source.refuse(name.span(), Reason::Name { name: text.clone() }))
    }
}
