//! The greeting: the first frames of every connection, by which two parties find out whether they can talk.
//!
//! A node says who it is, which versions it speaks and which roster it holds; the coordinator answers with the
//! version that both will speak, or with a refusal. That the certificates are the roster's is settled before.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::frame::Kind;
use crate::id::{Digest, NodeId};
use crate::limit::SOFTWARE_CHARACTERS_MAX;
use crate::message::Message;

/// What a node says first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The oldest version of the protocol that it speaks.
    pub version_min: u8,
    /// The newest version of the protocol that it speaks.
    pub version_max: u8,
    /// Who it is; its certificate must be the one that the roster gives this node.
    pub node: NodeId,
    /// The version of its roster.
    pub roster_version: u64,
    /// The digest of its roster.
    pub roster: Digest,
    /// What it runs.
    pub software: Software,
}

impl Message for Hello {
    const KIND: Kind = Kind::Hello;
}

/// What the coordinator answers where all is well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version that both will speak: the newest that both know.
    pub version: u8,
    /// What the coordinator runs.
    pub software: Software,
}

impl Message for Welcome {
    const KIND: Kind = Kind::Welcome;
}

/// The newest version in both ranges.
#[must_use]
pub fn common_version(ours: &RangeInclusive<u8>, theirs: &RangeInclusive<u8>) -> Option<u8> {
    let newest = *ours.end().min(theirs.end());
    (newest >= *ours.start().max(theirs.start())).then_some(newest)
}

/// Name and version of a program, such as `tvaers-node 0.1.0`: 1 to 64 printable ASCII characters, so that it can
/// stand in the other party's log as it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Software(String);

/// A text that cannot stand for a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a program's name and version has 1 to {SOFTWARE_CHARACTERS_MAX} printable ASCII characters")]
pub struct SoftwareError;

impl Software {
    /// Checks length and characters.
    ///
    /// # Errors
    /// [`SoftwareError`].
    pub fn new(text: impl Into<String>) -> Result<Self, SoftwareError> {
        let text = text.into();
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if (1..=SOFTWARE_CHARACTERS_MAX).contains(&text.len()) && printable {
            Ok(Self(text))
        } else {
            Err(SoftwareError)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Software {
    type Error = SoftwareError;
    fn try_from(text: String) -> Result<Self, SoftwareError> {
        Self::new(text)
    }
}

impl From<Software> for String {
    fn from(software: Software) -> Self {
        software.0
    }
}

impl fmt::Display for Software {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Software {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_that_both_speak_is_chosen() {
        for (ours, theirs, common) in [
            (1..=1, 1..=1, Some(1)),
            (1..=3, 2..=5, Some(3)),
            (2..=5, 1..=3, Some(3)),
            (1..=1, 2..=3, None),
            (2..=3, 1..=1, None),
        ] {
            assert_eq!(common_version(&ours, &theirs), common, "{ours:?} and {theirs:?}");
        }
    }

    #[test]
    fn software_cannot_write_a_second_line_into_a_log() {
        assert!(Software::new("tvaers-node 0.1.0").is_ok());
        for bad in ["", "a\nb", "\u{1b}[31m", "ø", &"x".repeat(65)] {
            assert_eq!(Software::new(bad), Err(SoftwareError));
        }
    }
}
