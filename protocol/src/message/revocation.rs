//! Revocations on their way to a node. Who signs policies signs them; the coordinator hands out what it was given and is
//! believed in nothing: it can withhold one, which the node's staff is told of after a day, and make none.

use serde::{Deserialize, Serialize};

use super::Message;
use crate::frame::Kind;

/// Revocations in one answer, at most: all that there are for one node, one for each signature.
pub const ITEMS_MAX: usize = 64;

/// Bytes of one revocation's text, at most.
pub const TEXT_BYTES_MAX: usize = 16 << 10;

/// Bytes of one signature's text, at most: minisign's own comments can have some nine thousand.
pub const SIGNATURE_BYTES_MAX: usize = 16 << 10;

/// Characters of a role, at most: it becomes part of a file's name.
pub const ROLE_CHARACTERS_MAX: usize = 32;

/// Bytes of all items together, at most: three quarters of a frame, so that lengths always fit beside them.
pub const ALL_BYTES_MAX: usize = 768 << 10;

/// A node asks for the revocations of its policies; answered with [`Revocations`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskRevocations {}

impl Message for AskRevocations {
    const KIND: Kind = Kind::AskRevocations;
}

/// A revocation as its signer wrote it, with one signature. It does not print itself: what it says is for those it is
/// about.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationFile {
    /// The file's text.
    pub text: String,
    /// The role in which it is signed: 1–32 of a–z, 0–9 and -.
    pub role: String,
    /// The signature's file, as minisign makes it.
    pub signature: String,
}

impl RevocationFile {
    /// Whether each part has a size and form that both ends take. Whether it is signed is for the node.
    #[must_use]
    pub fn has_form(&self) -> bool {
        is_role(&self.role)
            && (1..=TEXT_BYTES_MAX).contains(&self.text.len())
            && (1..=SIGNATURE_BYTES_MAX).contains(&self.signature.len())
    }

    /// Bytes of its parts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len().saturating_add(self.role.len()).saturating_add(self.signature.len())
    }
}

/// Whether a text names a role: 1–32 of a–z, 0–9 and -.
#[must_use]
pub fn is_role(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=ROLE_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

/// All revocations that the coordinator has for the node that asks.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocations {
    /// One for each signature, by the digest of the text and then the role.
    pub items: Vec<RevocationFile>,
}

impl Message for Revocations {
    const KIND: Kind = Kind::Revocations;
}

impl Revocations {
    /// Whether the whole is of a size that both ends take.
    #[must_use]
    pub fn fits(&self) -> bool {
        let bytes = self.items.iter().fold(0_usize, |sum, item| sum.saturating_add(item.bytes()));
        self.items.len() <= ITEMS_MAX && bytes <= ALL_BYTES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    fn item(text: usize, role: &str, signature: usize) -> RevocationFile {
        RevocationFile { text: "t".repeat(text), role: role.to_owned(), signature: "s".repeat(signature) }
    }

    #[test]
    fn each_part_has_its_bounds() {
        assert!(item(1, "d", 1).has_form());
        assert!(item(TEXT_BYTES_MAX, &"a".repeat(32), SIGNATURE_BYTES_MAX).has_form());
        for wrong in [
            item(0, "dpo", 1),
            item(TEXT_BYTES_MAX + 1, "dpo", 1),
            item(1, "dpo", 0),
            item(1, "dpo", SIGNATURE_BYTES_MAX + 1),
            item(1, "", 1),
            item(1, &"a".repeat(33), 1),
            item(1, "../dpo", 1),
            item(1, "Dpo", 1),
        ] {
            assert!(!wrong.has_form(), "{} bytes, role {}", wrong.bytes(), wrong.role);
        }
    }

    #[test]
    fn whatever_fits_is_one_frame() {
        // 64 texts of 12,288 bytes, all of them parts of one item each: exactly the bound.
        let full = Revocations { items: vec![item(8 << 10, "", 4 << 10); ITEMS_MAX] };
        assert!(full.fits() && codec::encode(&full).is_ok());
        let more = Revocations { items: vec![item((8 << 10) + 1, "", 4 << 10); ITEMS_MAX] };
        assert!(!more.fits());
        assert!(!Revocations { items: vec![item(1, "a", 1); ITEMS_MAX + 1] }.fits());
        assert!(Revocations { items: Vec::new() }.fits());
    }
}
