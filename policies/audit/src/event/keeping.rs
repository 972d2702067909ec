//! The log and the ledger themselves, and what was copied out of the node.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tvaers_protocol::audit::{Countersignature, LogHead, Seer};
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::Signed;

use crate::code::Code;
use crate::head::Head;
use crate::name::Name;
use crate::rho::NanoRho;

/// A ledger that went on without entries that a witness had seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerRecovered {
    /// The head that the witness saw.
    pub lost: Head,
    /// The witness.
    pub witness: Name,
    /// Who answers for it.
    pub approved_by: Vec<Name>,
    /// The charge's number in the ledger.
    pub number: u64,
    /// What was charged.
    pub nano_rho: NanoRho,
    /// The ledger's head with it.
    pub ledger: Head,
}

/// A head of this log that somebody else saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadCountersigned {
    /// The head, as the node signed it.
    pub head: Signed<LogHead>,
    /// The word of who saw it.
    pub by: Signed<Countersignature>,
}

/// A log that went on without entries that somebody had seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogRecovered {
    /// The head that was seen, as the node signed it.
    pub lost: Signed<LogHead>,
    /// Who saw it.
    pub seer: Seer,
    /// Who answers for it.
    pub approved_by: Vec<Name>,
}

/// Half an entry at the end of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Truncated {
    /// How many bytes of it there were.
    pub bytes: u64,
    /// Their SHA-256. They themselves are not kept: nobody checked what they say.
    pub digest: Digest,
}

/// A file of the log that is full; the next one begins with this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotated {
    /// The end of the file before.
    pub through: Head,
    /// The digest of the log's first entry, which may be deleted one day: it names the log.
    pub log: Digest,
}

/// Entries that were deleted when the policy no longer asked for them. Of several files there is one such entry each,
/// so that a log proves itself whichever of them are gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pruned {
    /// The last of them: the first entry that is left follows it.
    pub through: Head,
    /// The digest of the log's first entry: it names the log.
    pub log: Digest,
    /// The newest head of the ledger that they named. A ledger that does not contain it is older.
    pub ledger: Head,
}

/// What was copied out of the node's keeping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exported {
    /// What it was, such as `audit`.
    pub what: Code,
    /// The number of its first entry or row.
    pub first: u64,
    /// That of its last.
    pub last: u64,
    /// The SHA-256 of the copy.
    pub digest: Digest,
}

/// What was put together about a breach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreachPack {
    /// The beginning of the time that it is about.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// The SHA-256 of the pack's list of files, which has the SHA-256 of each.
    pub digest: Digest,
}
