//! What a chain of entries leads to.

use serde::{Deserialize, Serialize};
use tvaers_protocol::id::Digest;

/// The end of an append-only chain, of the ledger's entries or of the audit log's: how many there are, and the digest
/// over all of them. A chain that does not contain a head seen earlier is older than it was then, or another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The number of entries.
    pub entries: u64,
    /// The chained digest.
    pub digest: Digest,
}

impl Head {
    /// The head of what has no entries.
    pub const EMPTY: Self = Self { entries: 0, digest: Digest::NONE };
}
