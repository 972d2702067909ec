//! What can be said of a log in the end.

use jiff::Timestamp;
use serde::Serialize;
use tvaers_protocol::audit::Seer;
use tvaers_protocol::id::{Digest, NodeId};

use super::finding::Finding;
use crate::text::Text;

/// A place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// The number of the entry.
    pub entry: u64,
    /// Its digest.
    pub digest: Digest,
    /// Its time, by the node's clock.
    pub at: Timestamp,
}

/// Somebody's word for a part of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confirmed {
    /// Whose.
    pub by: Seer,
    /// The newest entry that they countersigned.
    pub entry: u64,
    /// When they did, by their clock.
    pub time: Timestamp,
}

/// What can be said of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whose log it is; none where nobody says so.
    pub node: Option<NodeId>,
    /// The digest of its first entry, which names it; none where it is not known.
    pub log: Option<Digest>,
    /// The number of the first entry that is there.
    pub first: Option<u64>,
    /// The last entry that is there and right in itself.
    pub last: Option<Mark>,
    /// The last entry up to which it is complete and unchanged, from the first that is there; none where not even that
    /// one is.
    pub complete: Option<Mark>,
    /// When entries before the first were deleted, as the log itself proves.
    pub pruned: Option<Timestamp>,
    /// Who confirms how much of it.
    pub confirmed: Vec<Confirmed>,
    /// Signatures that were not looked at, because no key was at hand.
    pub unchecked: u64,
    /// Heads that others saw and that could be held against the log.
    pub compared: u64,
    /// Everything that is wrong, by entry.
    pub findings: Vec<Finding>,
    /// Findings beyond those that are listed.
    pub more: u64,
}

impl Verdict {
    /// Whether nothing is wrong with it.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.more == 0
    }

    /// The first entry that is wrong.
    #[must_use]
    pub fn first_bad(&self) -> Option<u64> {
        self.findings.first().map(|finding| finding.entry)
    }

    /// The verdict in sentences: to where the log is whole, who confirms it, and what cannot be said.
    #[must_use]
    pub fn sentences(&self) -> Vec<Text> {
        super::words::verdict(self)
    }
}
