//! Whether a policy may be loaded: it must be the node's own, fit the data, and follow the one that was in force.

use tvaers_protocol::id::{Digest, NodeId};

use crate::policy::Policy;
use crate::refusal::{Refusal, Violation};
use crate::verdict::Verdict;

/// The highest version of a node's policy that the node or any of its witnesses has seen in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its version.
    pub version: u64,
    /// SHA-256 of its file.
    pub digest: Digest,
}

impl Policy {
    /// Whether the node loads the policy. `is_made_up` is the mark that its database was created with; `seen` is the
    /// highest version in force so far, none for a node's first policy. Whether it is signed is for the caller.
    #[must_use]
    pub fn admit_load(&self, node: &NodeId, is_made_up: bool, seen: Option<Seen>) -> Verdict<()> {
        let mut refusals = Vec::new();
        if self.laboratory && !is_made_up {
            refusals.push(Refusal::PolicyNotMadeUp);
        }
        if let Some(edition) = self.edition.as_ref().filter(|edition| edition.node != *node) {
            refusals.push(Refusal::PolicyOfOther { node: edition.node.to_string() });
        }
        refusals.extend(seen.and_then(|seen| self.follow(seen)));
        match refusals.is_empty() {
            true => Verdict::Permitted(()),
            false => Verdict::Refused(refusals.into_iter().map(Violation::from).collect()),
        }
    }

    /// What is wrong with loading it after the one that was seen.
    fn follow(&self, seen: Seen) -> Option<Refusal> {
        // A laboratory's policy may count no versions; made-up data needs no history.
        let (version, predecessor) = match &self.edition {
            Some(edition) => (edition.version, edition.predecessor),
            None => return None,
        };
        if version < seen.version {
            return Some(Refusal::PolicyOlder { version, seen: seen.version });
        }
        if version == seen.version && self.digest != seen.digest {
            return Some(Refusal::PolicyReplaced { version });
        }
        // Of versions in between nobody here knows the digests.
        let is_next = version == seen.version.saturating_add(1);
        (is_next && predecessor != Some(seen.digest))
            .then_some(Refusal::PolicyPredecessor { version: seen.version })
    }
}
