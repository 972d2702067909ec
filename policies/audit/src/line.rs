//! An entry as a line of JSON, and its digest. Pure.
//!
//! A line ends in `,"digest":"<64 hexadecimal digits>"}`. The digest is the SHA-256 of the line's bytes before that
//! comma, so that it can be checked with `sed` and `sha256sum`; the line begins with what it is, and holds the digest
//! of the line before it. Signed heads, and heads that others countersign, are events of their own.

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::Digest;

use crate::event::Event;

/// Bytes of one line, at most: the longest list of features fits, and a reader's memory is bounded.
pub const LINE_BYTES_MAX: usize = 16 << 10;

/// What every line begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Log {
    #[serde(rename = "tvaers/v1/audit")]
    V1,
}

/// One entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    log: Log,
    /// Counts from 1.
    pub number: u64,
    /// The node's clock.
    pub at: Timestamp,
    /// What the node ran.
    pub software: Software,
    /// What happened.
    pub event: Event,
    /// The digest of the entry before; [`Digest::NONE`] for the first.
    pub previous: Digest,
    /// The digest of this one.
    pub digest: Digest,
}

/// All that the digest covers, in the order in which it is written.
#[derive(Serialize)]
struct Covered<'a> {
    log: Log,
    number: u64,
    at: Timestamp,
    software: &'a Software,
    event: &'a Event,
    previous: Digest,
}

/// Why a line is not the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNext(pub &'static str);

/// What a line says of its place in the chain, whether or not the rest of it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) number: u64,
    pub(crate) previous: Digest,
    pub(crate) digest: Digest,
}

/// Why a line by itself, without those around it, is no entry as a node writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineFault {
    /// It does not have the outer form of an entry.
    NoEntry,
    /// Its own digest is not that of its bytes.
    Digest(Place),
    /// Its digest is right, and its content is none that this version knows, or is written in another way.
    Content(Place),
}

/// A line cut at its fixed places; nothing of it is believed.
struct Frame<'a> {
    covered: &'a [u8],
    place: Place,
    at: &'a str,
    software: &'a [u8],
    event: &'a [u8],
}

/// What separates the digest of a line from what it covers.
const DIGEST: &[u8] = b",\"digest\":\"";
const DIGITS: usize = 64;

impl<'a> Frame<'a> {
    fn cut(line: &'a [u8]) -> Option<Self> {
        let rest = line.strip_suffix(b"\"}")?;
        let (rest, digest) = rest.split_at_checked(rest.len().checked_sub(DIGITS)?)?;
        let covered = rest.strip_suffix(DIGEST)?;
        let rest = covered.strip_suffix(b"\"")?;
        let (rest, previous) = rest.split_at_checked(rest.len().checked_sub(DIGITS)?)?;
        let rest = rest.strip_suffix(b",\"previous\":\"")?;
        let rest = rest.strip_prefix(b"{\"log\":\"tvaers/v1/audit\",\"number\":")?;
        let (number, rest) = cut_at(rest, b",\"at\":\"")?;
        let (at, rest) = cut_at(rest, b"\",\"software\":")?;
        // No text in JSON holds a bare quotation mark, so the first of these ends the software's name.
        let end = find(rest, b"\",\"event\":")?.checked_add(1)?;
        let (software, rest) = rest.split_at_checked(end)?;
        let event = rest.strip_prefix(b",\"event\":")?;
        let number = std::str::from_utf8(number).ok()?.parse().ok()?;
        let place = Place { number, previous: hexadecimal(previous)?, digest: hexadecimal(digest)? };
        Some(Self { covered, place, at: std::str::from_utf8(at).ok()?, software, event })
    }
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

fn cut_at<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = find(bytes, mark)?;
    Some((bytes.get(..at)?, bytes.get(at + mark.len()..)?))
}

/// A digest as it is written: in small letters, so that not even its own digits can be written in two ways.
fn hexadecimal(digits: &[u8]) -> Option<Digest> {
    let mut bytes = [0; DIGITS / 2];
    (digits.len() == DIGITS).then_some(())?;
    HEXLOWER.decode_mut(digits, &mut bytes).ok()?;
    Some(Digest(bytes))
}

/// All of a line that its digest covers.
fn covered(
    number: u64,
    at: Timestamp,
    software: &Software,
    event: &Event,
    previous: Digest,
) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string(&Covered { log: Log::V1, number, at, software, event, previous })?;
    // The closing brace comes after the digest.
    text.pop();
    Ok(text)
}

impl Entry {
    /// Writes an entry as its line, without the end of the line, and gives its digest.
    ///
    /// # Errors
    /// Where the event cannot be written as JSON.
    pub fn write(
        number: u64,
        at: Timestamp,
        software: &Software,
        event: &Event,
        previous: Digest,
    ) -> Result<(String, Digest), serde_json::Error> {
        let mut line = covered(number, at, software, event, previous)?;
        let digest = Digest(sha2::Sha256::digest(line.as_bytes()).into());
        line.push_str(",\"digest\":\"");
        line.push_str(&digest.to_string());
        line.push_str("\"}");
        Ok((line, digest))
    }

    /// Reads the line that should be entry `number` after `previous`. Written again it must be the same, byte for
    /// byte: so there is one way to write an entry, and nothing can hide in a line.
    ///
    /// # Errors
    /// [`NotNext`].
    pub fn read(line: &[u8], number: u64, previous: Digest) -> Result<Self, NotNext> {
        let (place, read) = match Self::alone(line) {
            Ok(entry) => (entry.place(), Ok(entry)),
            Err(LineFault::NoEntry) => return Err(NotNext("it is not an entry that this version knows")),
            Err(LineFault::Digest(place)) => (place, Err(NotNext("it was changed after it was written"))),
            Err(LineFault::Content(place)) => {
                (place, Err(NotNext("it is not an entry that this version knows")))
            }
        };
        if place.number != number {
            return Err(NotNext("it has another number: entries are missing or moved"));
        }
        if place.previous != previous {
            return Err(NotNext("it does not follow the entry before it"));
        }
        read
    }

    /// Reads a line by itself: its form, its digest, and that it is written in the one way.
    pub(crate) fn alone(line: &[u8]) -> Result<Self, LineFault> {
        let frame = Frame::cut(line).ok_or(LineFault::NoEntry)?;
        let place = frame.place;
        if Digest(sha2::Sha256::digest(frame.covered).into()) != place.digest {
            return Err(LineFault::Digest(place));
        }
        frame.content().ok_or(LineFault::Content(place))
    }

    /// What a line says of its place; nothing of it is checked.
    pub(crate) fn place_of(line: &[u8]) -> Option<Place> {
        Frame::cut(line).map(|frame| frame.place)
    }

    pub(crate) const fn place(&self) -> Place {
        Place { number: self.number, previous: self.previous, digest: self.digest }
    }
}

impl Frame<'_> {
    fn content(&self) -> Option<Entry> {
        let Place { number, previous, digest } = self.place;
        let at = self.at.parse().ok()?;
        let software = serde_json::from_slice(self.software).ok()?;
        let event = Event::read(self.event)?;
        let again = covered(number, at, &software, &event, previous).ok()?;
        let entry = Entry { log: Log::V1, number, at, software, event, previous, digest };
        (again.as_bytes() == self.covered).then_some(entry)
    }
}
