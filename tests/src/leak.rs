//! Looks for what must not be there: persons' numbers and pseudonyms, in every form in which a program would write
//! them by accident.

#![expect(clippy::panic, reason = "a test cannot go on without its search")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use tvaers_protocol::id::{PersonId, Pseudonym};

/// What is looked for. No `Debug`.
pub struct Needles(AhoCorasick);

impl Needles {
    /// Looks for these persons' numbers, with and without the hyphen.
    #[must_use]
    pub fn persons<'a>(persons: impl IntoIterator<Item = &'a PersonId>) -> Self {
        let mut needles = BTreeSet::new();
        for person in persons {
            let number = person.expose();
            needles.insert(number.as_bytes().to_vec());
            if let Some((day, serial)) = number.split_at_checked(6) {
                needles.insert(format!("{day}-{serial}").into_bytes());
            }
        }
        Self::any_of(needles)
    }

    /// Looks for these pseudonyms: raw, hexadecimal, base 64, and as a list of numbers.
    #[must_use]
    pub fn pseudonyms<'a>(pseudonyms: impl IntoIterator<Item = &'a Pseudonym>) -> Self {
        let mut needles = BTreeSet::new();
        for pseudonym in pseudonyms {
            let bytes = pseudonym.as_bytes();
            needles.extend(forms(bytes).into_iter().map(String::into_bytes));
            needles.insert(bytes.to_vec());
        }
        Self::any_of(needles)
    }

    fn any_of(needles: BTreeSet<Vec<u8>>) -> Self {
        match AhoCorasick::new(needles) {
            Ok(search) => Self(search),
            Err(error) => panic!("{error}"),
        }
    }

    /// How many of them stand in `content`, counting each place.
    #[must_use]
    pub fn count(&self, content: &[u8]) -> usize {
        self.0.find_overlapping_iter(content).count()
    }

    /// The files under `dir` that hold any of them, without those that `may`.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn files(&self, dir: &Path, may: impl Fn(&Path) -> bool) -> std::io::Result<Vec<PathBuf>> {
        holding(dir, may, |content| self.count(content) > 0)
    }
}

/// Totals that are looked for: as a number by itself in text, and as eight bytes with either end first.
pub struct Totals(AhoCorasick);

impl Totals {
    /// Looks for these.
    #[must_use]
    pub fn of(totals: &[i64]) -> Self {
        let forms = |total: &i64| {
            [total.to_string().into_bytes(), total.to_le_bytes().to_vec(), total.to_be_bytes().to_vec()]
        };
        match AhoCorasick::new(totals.iter().flat_map(forms)) {
            Ok(search) => Self(search),
            Err(error) => panic!("{error}"),
        }
    }

    /// How many of them stand in `content`, counting each place. Digits within a longer number, a digest in
    /// hexadecimal or the part of a second are no total.
    #[must_use]
    pub fn count(&self, content: &[u8]) -> usize {
        let is_whole = |found: &aho_corasick::Match| {
            let is_text = found.pattern().as_usize().is_multiple_of(3);
            let before = found.start().checked_sub(1).and_then(|at| content.get(at));
            let goes_on = |byte: &u8| byte.is_ascii_hexdigit();
            !is_text
                || !(before.is_some_and(|byte| goes_on(byte) || *byte == b'.')
                    || content.get(found.end()).is_some_and(goes_on))
        };
        self.0.find_overlapping_iter(content).filter(is_whole).count()
    }

    /// The files under `dir` that hold any of them, without those that `may`.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn files(&self, dir: &Path, may: impl Fn(&Path) -> bool) -> std::io::Result<Vec<PathBuf>> {
        holding(dir, may, |content| self.count(content) > 0)
    }
}

/// The files under `dir` that hold something, without those that `may`.
fn holding(
    dir: &Path,
    may: impl Fn(&Path) -> bool,
    holds: impl Fn(&[u8]) -> bool,
) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in files(dir)? {
        if !may(&path) && holds(&std::fs::read(&path)?) {
            found.push(path);
        }
    }
    Ok(found)
}

/// The texts that a program might write sixteen bytes as.
#[must_use]
pub fn forms(bytes: &[u8; 16]) -> Vec<String> {
    let hex = |upper: bool| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = if upper { write!(text, "{byte:02X}") } else { write!(text, "{byte:02x}") };
            text
        })
    };
    let list = |separator: &str| bytes.map(|byte| byte.to_string()).join(separator);
    vec![hex(false), hex(true), base64(bytes, *b"+/"), base64(bytes, *b"-_"), list(", "), list(",")]
}

/// The first twenty characters in base 64 (RFC 4648 §4 and §5): those of the first fifteen bytes, whatever follows.
fn base64(bytes: &[u8; 16], last_two: [u8; 2]) -> String {
    let digits = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(last_two);
    let digits: Vec<char> = digits.map(char::from).collect();
    let (groups, _) = bytes.as_chunks::<3>();
    let sextets = groups.iter().flat_map(|[a, b, c]| {
        let bits = u32::from_be_bytes([0, *a, *b, *c]);
        [18, 12, 6, 0].map(|shift| usize::try_from(bits >> shift & 63).unwrap_or_default())
    });
    sextets.filter_map(|sextet| digits.get(sextet)).collect()
}

/// Every file under `dir`.
///
/// # Errors
/// Where a folder cannot be listed.
pub fn files(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        match entry.file_type()? {
            kind if kind.is_dir() => found.extend(files(&entry.path())?),
            kind if kind.is_file() => found.push(entry.path()),
            // Sockets hold nothing.
            _ => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_is_found_in_every_form_and_another_is_not() {
        let bytes: [u8; 16] = std::array::from_fn(|at| u8::try_from(250 - at * 13).unwrap());
        let (this, other) = (Pseudonym::from_bytes(bytes), Pseudonym::from_bytes([7; 16]));
        let (needles, others) = (Needles::pseudonyms([&this]), Needles::pseudonyms([&other]));
        let written = [
            bytes.to_vec(),
            b"faeddac...".to_vec(),
            format!("{bytes:?}").into_bytes(),
            serde_json::to_vec(&bytes).unwrap(),
            format!("{:032x}", u128::from_be_bytes(bytes)).into_bytes(),
            format!("{:032X}", u128::from_be_bytes(bytes)).into_bytes(),
            // From another implementation: `printf … | base64`.
            b"+u3g08a5rJ+ShXhrXlFENw==".to_vec(),
        ];
        let found =
            written.each_ref().map(|text| needles.count(&[b"log: ", text.as_slice(), b" end"].concat()) > 0);
        assert_eq!(found, [true, false, true, true, true, true, true]);
        assert!(written.iter().all(|text| others.count(text) == 0));
    }

    #[test]
    fn a_total_is_found_in_text_and_as_bytes_and_not_within_another_number() {
        let totals = Totals::of(&[20_345, 812_347]);
        let bytes = [b"a".as_slice(), &20_345_i64.to_le_bytes(), &812_347_i64.to_be_bytes()].concat();
        assert_eq!(totals.count(&bytes), 2);
        assert_eq!(totals.count(b"20345 persons={812347} 20345"), 3);
        assert_eq!(totals.count(b"120345 203450 ab20345 20345f 07.20345Z 20344"), 0);
    }

    #[test]
    fn a_person_is_found_with_and_without_the_hyphen() {
        let person = PersonId::parse("6101653000").unwrap();
        let needles = Needles::persons([&person]);
        assert_eq!(needles.count(b"x6101653000, 610165-3000"), 2);
        assert_eq!(needles.count(b"610165 3000 or 6101653001"), 0);
    }
}
