//! Who and what things are: parties, sectors, runs, and the one thing that must never be printed, a person.
//!
//! [`PersonId`] has no `Debug`, no `Display` and no `Serialize`: a CPR number leaves this type only through
//! [`PersonId::expose`], whose name makes every exit easy to find in review.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// Which part of the health service a node belongs to; it decides which tables the node holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sector {
    /// A region: hospitals, general practice, medicine, transport.
    Region,
    /// A municipality (kommune): residence, sick leave, benefits, social services.
    Municipality,
}

impl Sector {
    /// Whether a number is in the range of this sector's codes: four digits for regions, three for municipalities.
    #[must_use]
    pub fn has_code(self, code: u16) -> bool {
        match self {
            Self::Region => (1000..=1999).contains(&code),
            Self::Municipality => (100..=999).contains(&code),
        }
    }
}

impl fmt::Display for Sector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Region => "region",
            Self::Municipality => "municipality",
        })
    }
}

/// The name of a node: 1 to 32 characters of `a-z`, `0-9` and `_`, such as `k360` or `region_1085`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeId(String);

/// A text that is no node name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a node name has 1 to 32 characters of a-z, 0-9 and _, such as `k360` or `region_1085`")]
pub struct NodeIdError;

impl NodeId {
    /// Checks the form of a node's name.
    ///
    /// # Errors
    /// [`NodeIdError`] where the length or a character is outside what a name allows.
    pub fn new(text: impl Into<String>) -> Result<Self, NodeIdError> {
        let text = text.into();
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if (1..=32).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(NodeIdError)
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for NodeId {
    type Error = NodeIdError;
    fn try_from(text: String) -> Result<Self, NodeIdError> {
        Self::new(text)
    }
}

impl std::str::FromStr for NodeId {
    type Err = NodeIdError;
    fn from_str(text: &str) -> Result<Self, NodeIdError> {
        Self::new(text)
    }
}

impl From<NodeId> for String {
    fn from(id: NodeId) -> Self {
        id.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A SHA-256 digest that names a public document: a roster, a study manifest, a model, a catalogue, a data set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Digest(#[serde(with = "crate::hex_bytes")] pub [u8; 32]);

impl Digest {
    /// The digest that stands where there is no document yet, such as the study of a greeting.
    pub const NONE: Self = Self([0; 32]);

    /// Hashes `parts` one after the other, each preceded by its length, under a tag that separates uses.
    #[must_use]
    pub fn of(tag: &str, parts: &[&[u8]]) -> Self {
        use sha2::Digest as _;
        let mut hash = sha2::Sha256::new();
        for part in std::iter::once(tag.as_bytes()).chain(parts.iter().copied()) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.get(..6).unwrap_or_default()))
    }
}

/// A CPR number, ten digits. It cannot be printed or serialised, and its memory is cleared when dropped.
///
/// ```compile_fail
/// let id = tvaers_protocol::id::PersonId::parse("6101653000").unwrap();
/// println!("{id:?}"); // A person has no `Debug`.
/// ```
/// ```
/// let id = tvaers_protocol::id::PersonId::parse("6101653000").unwrap();
/// println!("{}", id.expose().len()); // The one way out is called by its name.
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Zeroize)]
#[zeroize(drop)]
pub struct PersonId([u8; 10]);

/// What is wrong with a text that should be a CPR number. Carries the shape, never the digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonIdError {
    /// Not ten digits with at most one hyphen after the sixth.
    #[error("not ten digits, with or without a hyphen after the sixth")]
    Form,
    /// The first six digits and the seventh are no day of the calendar.
    #[error("its first seven digits are no date")]
    Date,
}

impl PersonId {
    /// Reads ten digits, with or without one hyphen after the sixth.
    ///
    /// Modulus 11 is not asked for (numbers that fail it have been issued since 2007), and a day raised by 60,
    /// which the national register never issues, is accepted: see [`PersonId::is_made_up`].
    ///
    /// # Errors
    /// [`PersonIdError`] where the form is wrong or the digits hold no date.
    pub fn parse(text: &str) -> Result<Self, PersonIdError> {
        let bytes = text.as_bytes();
        let digits: [u8; 10] = match bytes {
            [a @ .., b'-', _, _, _, _] if a.len() == 6 => {
                let mut digits = [0; 10];
                for (to, from) in digits.iter_mut().zip(a.iter().chain(bytes.iter().skip(7))) {
                    *to = *from;
                }
                digits
            }
            _ => bytes.try_into().map_err(|_| PersonIdError::Form)?,
        };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(PersonIdError::Form);
        }
        let id = Self(digits);
        id.birth_date().map(|_| id).ok_or(PersonIdError::Date)
    }

    /// The ten digits. Call it only where the number must stand: the database, a work list, the blinding.
    #[must_use]
    pub fn expose(&self) -> &str {
        // The constructor admits ASCII digits only.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether the day is raised by 60: a made-up person here, a replacement number in a local system.
    #[must_use]
    pub fn is_made_up(&self) -> bool {
        self.pair(0) > 60
    }

    /// The birth date that the number states: the seventh digit and the year give the century (CPR office's table).
    #[must_use]
    pub fn birth_date(&self) -> Option<Date> {
        let (day, month, year) = (self.pair(0), self.pair(2), self.pair(4));
        let century = match (self.digit(6), year) {
            (0..=3, _) | (4 | 9, 37..) => 1900,
            (4 | 9, _) | (5..=8, 0..=57) => 2000,
            _ => 1800,
        };
        let day = if day > 60 { day - 60 } else { day };
        Date::new(century + year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    fn digit(&self, index: usize) -> i16 {
        self.0.get(index).map_or(0, |b| i16::from(b - b'0'))
    }

    fn pair(&self, index: usize) -> i16 {
        self.digit(index) * 10 + self.digit(index + 1)
    }
}

/// A person's name within one study run: 16 bytes derived from the threshold OPRF's output.
///
/// It cannot be printed: a log that held pseudonyms could be joined with a contribution. Equal persons have equal
/// pseudonyms in one run at every node, and unrelated ones in another run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pseudonym([u8; 16]);

impl Pseudonym {
    /// Wraps 16 derived bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes, for the wire and the node's own table.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_vector_of_the_cpr_register_is_judged_as_it_says() {
        // number, hyphenated, birth date or none, made up
        let vectors = [
            ("0101605000", "010160-5000", Some("1860-01-01"), false),
            ("3112998003", "311299-8003", Some("1899-12-31"), false),
            ("0101585018", "010158-5018", Some("1858-01-01"), false),
            ("0101575004", "010157-5004", Some("2057-01-01"), false),
            ("2902565003", "290256-5003", Some("2056-02-29"), false),
            ("2902605048", "290260-5048", Some("1860-02-29"), false),
            ("0101364038", "010136-4038", Some("2036-01-01"), false),
            ("6101374007", "610137-4007", Some("1937-01-01"), true),
            ("6101369038", "610136-9038", Some("2036-01-01"), true),
            ("6101379068", "610137-9068", Some("1937-01-01"), true),
            ("6101003009", "610100-3009", Some("1900-01-01"), true),
            ("9106804000", "910680-4000", None, false),
            ("6101653000", "610165-3000", Some("1965-01-01"), true),
            ("6101600001", "610160-0001", Some("1960-01-01"), true),
            ("8902043048", "890204-3048", Some("1904-02-29"), true),
            ("8902004018", "890200-4018", Some("2000-02-29"), true),
            ("8902014000", "890201-4000", None, false),
            ("0000000000", "0000000000", None, false),
            ("320180123", "320180123", None, false),
            ("01018O1234", "01018O1234", None, false),
        ];
        for (plain, hyphenated, birth, made_up) in vectors {
            let parsed = PersonId::parse(plain);
            assert!(parsed == PersonId::parse(hyphenated), "the hyphen changes nothing");
            let found = parsed.as_ref().ok().and_then(PersonId::birth_date).map(|d| d.to_string());
            assert_eq!(found.as_deref(), birth);
            assert_eq!(parsed.is_ok_and(|id| id.is_made_up()), made_up);
        }
    }

    #[test]
    fn a_hyphen_elsewhere_or_a_second_one_is_refused() {
        for text in ["6101-653000", "610165--3000", "610165-300", "610165-30000", "", "610165 3000"] {
            assert_eq!(PersonId::parse(text).err(), Some(PersonIdError::Form));
        }
    }

    #[test]
    fn a_node_name_is_short_and_plain() {
        assert!(NodeId::new("region_1085").is_ok());
        for bad in ["", "K360", "k-360", "k360/..", &"k".repeat(33)] {
            assert_eq!(NodeId::new(bad), Err(NodeIdError));
        }
    }
}
