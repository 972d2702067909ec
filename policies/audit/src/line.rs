//! An entry as a line of JSON, and its digest. Pure.
//!
//! A line ends in `,"digest":"<64 hexadecimal digits>"}`. The digest is the SHA-256 of the line's bytes before that
//! comma, so that it can be checked with `sed` and `sha256sum`; the line begins with what it is, and holds the digest
//! of the line before it. A signature of the digest would follow it in the line, and heads that others countersign
//! would be events of their own: nothing that is written now would change.

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

impl Entry {
    /// Writes an entry as its line, without the end of the line, and gives its digest.
    pub fn write(
        number: u64,
        at: Timestamp,
        software: &Software,
        event: &Event,
        previous: Digest,
    ) -> Result<(String, Digest), serde_json::Error> {
        let covered = Covered { log: Log::V1, number, at, software, event, previous };
        let mut line = serde_json::to_string(&covered)?;
        // The closing brace comes after the digest.
        line.pop();
        let digest = Digest(sha2::Sha256::digest(line.as_bytes()).into());
        line.push_str(",\"digest\":\"");
        line.push_str(&digest.to_string());
        line.push_str("\"}");
        Ok((line, digest))
    }

    /// Reads the line that should be entry `number` after `previous`. Written again it must be the same, byte for
    /// byte: so there is one way to write an entry, and nothing can hide in a line.
    pub fn read(line: &[u8], number: u64, previous: Digest) -> Result<Self, NotNext> {
        let entry: Self = serde_json::from_slice(line)
            .map_err(|_| NotNext("it is not an entry that this version knows"))?;
        if entry.number != number {
            return Err(NotNext("it has another number: entries are missing or moved"));
        }
        if entry.previous != previous {
            return Err(NotNext("it does not follow the entry before it"));
        }
        let again = Self::write(number, entry.at, &entry.software, &entry.event, previous);
        match again {
            Ok((written, _)) if written.as_bytes() == line => Ok(entry),
            _ => Err(NotNext("it was changed after it was written")),
        }
    }
}
