//! Fingerprints: what two people read to each other over the telephone to know that they look at the same thing.
//!
//! The first 80 bits of a SHA-256 digest, in five groups of four digits. Making another thing with the fingerprint of a
//! given one takes 2⁸⁰ trials. Two things of one maker with the same fingerprint take 2⁴⁰, but whoever makes an entry
//! of their own twice deceives nobody: the roster holds one of them, and its whole digest is what everyone signs.

use std::fmt;

use serde::Serialize;

use crate::id::Digest;

/// Digits of a fingerprint, and the fewest of a digest that count as naming it.
pub const DIGITS: usize = 20;

/// The first 80 bits of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint([u8; DIGITS / 2]);

impl Digest {
    /// What people compare.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut short = [0; DIGITS / 2];
        for (to, from) in short.iter_mut().zip(self.0) {
            *to = from;
        }
        Fingerprint(short)
    }

    /// Whether what somebody typed names this digest: its fingerprint, or more of its digits, with or without hyphens
    /// and spaces.
    #[must_use]
    pub fn is_named_by(&self, typed: &str) -> bool {
        let digits: String =
            typed.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_lowercase()).collect();
        digits.len() >= DIGITS && self.to_string().starts_with(&digits)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, pair) in self.0.chunks(2).enumerate() {
            if index > 0 {
                f.write_str("-")?;
            }
            f.write_str(&hex::encode(pair))?;
        }
        Ok(())
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_five_groups_and_names_its_digest_alone() {
        let digest = Digest::of("tvaers/v1/test", &[b"a"]);
        let shown = digest.fingerprint().to_string();
        assert_eq!(shown.len(), 24);
        assert!(shown.split('-').all(|group| group.len() == 4));
        assert!(digest.is_named_by(&shown) && digest.is_named_by(&shown.to_uppercase().replace('-', " ")));
        assert!(digest.is_named_by(&digest.to_string()));
        assert!(!digest.is_named_by(&shown[..20]), "too short");
        assert!(!digest.is_named_by(&format!("{digest}00")), "too long");
        assert!(!Digest::of("tvaers/v1/test", &[b"b"]).is_named_by(&shown));
    }
}
