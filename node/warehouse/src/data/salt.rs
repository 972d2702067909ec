//! What keeps the digest of an import from telling its rows.

use std::fmt;

use tvaers_protocol::id::Digest;

/// Random bytes of one import, drawn when it is made and kept in its file beside the rows.
///
/// The digest of an import leaves the node: in answers, manifests, status, logs. Of the rows alone it would let
/// whoever guesses a whole database confirm the guess, and two databases that differ in a person would differ in it.
/// Salted, it is a commitment: it tells nothing of the rows to one without the salt, and the node that opens the salt
/// can still show which rows it answered from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    /// The salt of these bytes, which are to be random and used for one import.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The name under which others hear of content with this digest.
    #[must_use]
    pub(crate) fn name(&self, content: Digest) -> Digest {
        Digest::of("tvaers import 1", &[&self.0, &content.0])
    }

    pub(super) fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_depends_on_salt_and_content_and_a_salt_prints_nothing_of_itself() {
        let (one, other) = (Salt::new([1; 32]), Salt::new([2; 32]));
        let (content, neighbour) = (Digest([7; 32]), Digest([8; 32]));
        assert_eq!(one.name(content), Salt::from_hex(&one.to_hex()).unwrap().name(content));
        assert_ne!(one.name(content), other.name(content));
        assert_ne!(one.name(content), one.name(neighbour));
        assert_ne!(one.name(content), content);
        assert_eq!(format!("{one:?}"), "<redacted>");
    }
}
