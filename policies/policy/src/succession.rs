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

/// Persons who raise a budget together, at least.
const RAISERS_LEAST: usize = 2;

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

    /// Whether the policy may spend what it does after the one before it: whoever raises a budget is one of two or more
    /// persons whom the policy before named for it. `before` is none where that policy is not at hand, and then this
    /// one's own word for who may counts. `signers` are the names of those who signed this one.
    #[must_use]
    pub fn admit_raise(&self, before: Option<&Self>, signers: &[&str]) -> Verdict<()> {
        if before.is_some_and(|before| !self.raises(before)) {
            return Verdict::Permitted(());
        }
        let may = &before.unwrap_or(self).budget.raised_by;
        let count = may.iter().filter(|name| signers.contains(&name.as_str())).count();
        if count >= RAISERS_LEAST {
            return Verdict::Permitted(());
        }
        Verdict::Refused(vec![Refusal::PolicyRaised { allowed: may.clone() }.into()])
    }

    /// Whether any budget is larger than before, or of fewer days: of a permit that was there, or over all.
    fn raises(&self, before: &Self) -> bool {
        let (now, then) = (&self.budget, &before.budget);
        let calendar = match (now.calendar, then.calendar) {
            (None, Some(_)) => true,
            (Some(now), Some(then)) => now.each != then.each || now.limit.nano_rho > then.limit.nano_rho,
            (_, None) => false,
        };
        let over_all = now.per_period.nano_rho > then.per_period.nano_rho
            || now.period_days < then.period_days
            || now.for_life.nano_rho > then.for_life.nano_rho;
        let of_permits = self.permits.iter().any(|permit| {
            let earlier = before.permit(&permit.id).and_then(|permit| permit.budget.as_ref());
            let (Some(now), Some(then)) = (&permit.budget, earlier) else { return false };
            now.per_query.nano_rho > then.per_query.nano_rho || now.in_all.nano_rho > then.in_all.nano_rho
        });
        calendar || over_all || of_permits
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
