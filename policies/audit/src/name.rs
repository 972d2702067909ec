//! Names that may stand in the ledger and in the audit log: of permits, of those who ask, of features and models.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use tvaers_protocol::id::{Digest, PersonId};
use tvaers_protocol::sign::VerifyingKey;

/// Characters of a name, at most: it stands in every line of the log.
pub const NAME_CHARACTERS_MAX: usize = 96;

/// A name from the roster, a policy, the catalogue or a model: 1 to [`NAME_CHARACTERS_MAX`] letters, digits, single
/// blanks and `._:/'()@&,+-`, with nothing in it that reads as a CPR number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// A text that is no name. It is not quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, too long, or with characters that a name does not have.
    #[error(
        "a name has 1 to {NAME_CHARACTERS_MAX} letters, digits, single blanks and . _ : / ' ( ) @ & , + -"
    )]
    Form,
    /// Something in it could be a citizen.
    #[error("a name may not hold ten digits that read as a CPR number")]
    Person,
}

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        let allowed = |c: char| c.is_alphanumeric() || " ._:/'()@&,+-".contains(c);
        let spaced = text.trim() == text && !text.contains("  ");
        if !(1..=NAME_CHARACTERS_MAX).contains(&text.chars().count()) || !spaced || !text.chars().all(allowed)
        {
            return Err(NameError::Form);
        }
        if holds_person(&text) { Err(NameError::Person) } else { Ok(Self(text)) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether ten digits in a row, with or without a hyphen or blank after the sixth, read as a CPR number.
fn holds_person(text: &str) -> bool {
    if text.bytes().filter(u8::is_ascii_digit).count() < 10 {
        return false;
    }
    let text = text.replace(' ', "-");
    text.char_indices().any(|(start, _)| {
        [10, 11]
            .iter()
            .any(|length| text.get(start..start + length).is_some_and(|part| PersonId::parse(part).is_ok()))
    })
}

impl TryFrom<String> for Name {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::new(text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who asked: the name in the roster, and the key that signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    /// The name in the roster.
    pub name: Name,
    /// The SHA-256 of the 32 bytes of the key that signed the request.
    pub key: Digest,
}

impl Requester {
    /// Who asked, with the fingerprint of their key.
    #[must_use]
    pub fn new(name: Name, key: &VerifyingKey) -> Self {
        Self { name, key: Digest(sha2::Sha256::digest(key.0).into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rosters_policies_and_models_are_names() {
        for text in ["laboratory", "SAD 1.0", "Åse Østergård-Nørby", "2026/001234", "gp_contacts_2y", "k360"]
        {
            assert!(Name::new(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_could_be_a_person_a_line_or_a_page_is_not() {
        for text in ["", " x", "x  y", "a\nb", "{\"a\":1}", "\u{1b}[31m", &"x".repeat(97)] {
            assert_eq!(Name::new(text), Err(NameError::Form));
        }
        for text in
            ["6101653000", "for 610165-3000", "610165 3000", "x6101653000y", "æ6101653000", "16101653000"]
        {
            assert_eq!(Name::new(text), Err(NameError::Person), "{text}");
        }
    }

    #[test]
    fn a_fingerprint_is_what_a_public_tool_says() {
        let requester = Requester::new(Name::new("a").unwrap(), &VerifyingKey([0; 32]));
        let zeroes = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
        assert_eq!(requester.key.to_string(), zeroes);
    }
}
