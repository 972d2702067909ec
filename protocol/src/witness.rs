//! Witnesses: what a node shows other nodes of its ledger and policy, and what they testify to. The coordinator passes
//! both on and can change neither: the node signs what it shows, the witness what it says.
//!
//! A witness moves from one standing to the next only where the node says which one it believes the witness remembers
//! (*compare and swap*), and a node says so only of one that its own ledger contains. So what a witness remembers of
//! honest software is one line of history, and a copy that has parted from it cannot move it on, not even by dying
//! halfway. What a witness remembers it keeps under the node's own signature, so that it can invent nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::frame::Kind;
use crate::id::{Digest, NodeId};
use crate::message::{Message, Signed};
use crate::sign::{BadSignature, Purpose, SigningKey, VerifyingKey};

/// Seconds by which the clocks of a node and its witness may differ, at most. Budgets of a period are counted by the
/// clock: one that runs ahead would free them too early, and a day's worth of a wrong clock is enough for that.
pub const CLOCKS_DIFFER_S_MAX: i64 = 3_600;

/// A node's ledger and policy at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// How many entries its ledger has.
    pub entries: u64,
    /// The digest that the last one leads to.
    pub head: Digest,
    /// What all charges add up to, in thousand-millionths of rho.
    pub life: u64,
    /// The highest version of its policy that was in force; 0 where none counted versions, as a laboratory's need not.
    pub policy_version: u64,
    /// SHA-256 of that policy.
    pub policy: Digest,
}

impl Standing {
    /// The standing of a node of which nothing has been seen.
    pub const NONE: Self =
        Self { entries: 0, head: Digest::NONE, life: 0, policy_version: 0, policy: Digest::NONE };

    /// Whether a node may come to it from `before`: nothing that was spent is forgotten, and no policy gives way to an
    /// older one. Only a ledger that makes up for what it lost (`recovers`) may have fewer entries.
    #[must_use]
    pub fn follows(&self, before: &Self, recovers: bool) -> bool {
        let grows = match self.entries.cmp(&before.entries) {
            std::cmp::Ordering::Less => recovers,
            std::cmp::Ordering::Equal => recovers || self.head == before.head,
            std::cmp::Ordering::Greater => true,
        };
        let policy = match self.policy_version {
            version if version == before.policy_version => version == 0 || self.policy == before.policy,
            // 0 follows 0 alone: a version that was seen once is not forgotten for a policy that counts none.
            version => version > before.policy_version,
        };
        grows && policy && self.life >= before.life
    }
}

/// What a node shows one witness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presentation {
    /// Whose ledger it is.
    pub node: NodeId,
    /// Whom it is shown to.
    pub witness: NodeId,
    /// Drawn at random for each, so that no old testimony answers it.
    pub nonce: Digest,
    /// When, by the node's clock.
    pub time: Timestamp,
    /// What the node believes that the witness remembers; its own ledger contains it, or makes up for it.
    pub seen: Standing,
    /// What the witness is to remember from now on.
    pub shows: Standing,
    /// Whether the ledger lost entries that the witness saw, and holds a charge that makes up for them.
    pub recovers: bool,
}

/// What a witness says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Testimony {
    /// Who says it.
    pub witness: NodeId,
    /// The digest of the signed presentation that it answers.
    pub presentation: Digest,
    /// When, by the witness's clock.
    pub time: Timestamp,
    /// Whether what was shown is what the witness remembers now, on its disk.
    pub kept: bool,
    /// What it remembers instead, where it does not: the presentation by which it came to it, as the node signed it.
    /// None where it remembers nothing of the node.
    pub remembers: Option<Signed<Presentation>>,
}

impl Signed<Presentation> {
    /// Signs what a node shows. It is bound to no roster: a witness keeps it for longer than one.
    #[must_use]
    pub fn presentation(content: Presentation, key: &SigningKey) -> Self {
        Self::new(content, Purpose::Presentation, Digest::NONE, key)
    }

    /// Whether a witness whose clock shows `now` may go along with when it is said to be made.
    #[must_use]
    pub fn is_timely(&self, now: Timestamp) -> bool {
        self.content.time.duration_since(now).unsigned_abs().as_secs() <= CLOCKS_DIFFER_S_MAX.unsigned_abs()
    }

    /// What is shown, if the node's key signed it.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn shown(&self, key: &VerifyingKey) -> Result<&Presentation, BadSignature> {
        self.verify(Purpose::Presentation, Digest::NONE, key)
    }

    /// The digest that a testimony names, signature included.
    #[must_use]
    pub fn presentation_digest(&self) -> Digest {
        Digest::of("tvaers/v1/presentation", &[&codec::canonical(self)])
    }
}

impl Signed<Testimony> {
    /// Signs what a witness says.
    #[must_use]
    pub fn testimony(content: Testimony, key: &SigningKey) -> Self {
        let of = content.presentation;
        Self::new(content, Purpose::Testimony, of, key)
    }

    /// What is said of a presentation, if the witness's key signed it of that very one.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn said(&self, of: Digest, key: &VerifyingKey) -> Result<&Testimony, BadSignature> {
        let said = self.verify(Purpose::Testimony, of, key)?;
        if said.presentation == of { Ok(said) } else { Err(BadSignature) }
    }
}

/// Asks a node to witness; answered with [`Witnessed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskWitness {
    /// What is shown, signed by the node that asks.
    pub presentation: Signed<Presentation>,
}

impl Message for AskWitness {
    const KIND: Kind = Kind::AskWitness;
}

/// A witness's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witnessed {
    /// What it says, signed by the witness.
    pub testimony: Signed<Testimony>,
}

impl Message for Witnessed {
    const KIND: Kind = Kind::Witnessed;
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Standing =
        Standing { entries: 5, head: Digest([1; 32]), life: 100, policy_version: 2, policy: Digest([2; 32]) };

    #[test]
    fn a_standing_follows_one_that_it_may_have_grown_from() {
        let follows = |to: Standing| to.follows(&BEFORE, false);
        assert!(BEFORE.follows(&Standing::NONE, false) && follows(BEFORE));
        assert!(follows(Standing { entries: 6, head: Digest([3; 32]), life: 100, ..BEFORE }));
        assert!(follows(Standing { policy_version: 3, policy: Digest([4; 32]), ..BEFORE }));
        // Policies that count no versions follow each other, and one that does follows them.
        let laboratory = Standing { policy_version: 0, policy: Digest([4; 32]), ..BEFORE };
        assert!(Standing { policy: Digest([5; 32]), ..laboratory }.follows(&laboratory, false));
        assert!(BEFORE.follows(&laboratory, false));
    }

    #[test]
    fn nothing_spent_is_forgotten_and_no_policy_gives_way_to_an_older_one() {
        for wrong in [
            Standing { entries: 4, ..BEFORE },
            Standing { head: Digest([3; 32]), ..BEFORE },
            Standing { entries: 6, life: 99, ..BEFORE },
            Standing { policy_version: 1, ..BEFORE },
            Standing { policy: Digest([4; 32]), ..BEFORE },
            // Or whoever shows a laboratory's could show an older one after it.
            Standing { policy_version: 0, policy: Digest([4; 32]), ..BEFORE },
            Standing { policy_version: 0, policy: Digest::NONE, ..BEFORE },
        ] {
            assert!(!wrong.follows(&BEFORE, false), "{wrong:?}");
        }
        // A ledger that makes up for its loss is shorter, and has spent no less.
        assert!(Standing { entries: 4, head: Digest([3; 32]), life: 100, ..BEFORE }.follows(&BEFORE, true));
        assert!(!Standing { entries: 4, life: 99, ..BEFORE }.follows(&BEFORE, true));
        assert!(!Standing { entries: 9, policy_version: 1, ..BEFORE }.follows(&BEFORE, true));
    }

    #[test]
    fn a_testimony_is_of_one_presentation_by_one_witness() {
        let (node, witness) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
        let id = |name: &str| NodeId::new(name).unwrap();
        let presentation = |nonce: u8| {
            let content = Presentation {
                node: id("k360"),
                witness: id("k376"),
                nonce: Digest([nonce; 32]),
                time: Timestamp::UNIX_EPOCH,
                seen: Standing::NONE,
                shows: BEFORE,
                recovers: false,
            };
            Signed::presentation(content, &node)
        };
        let (one, other) = (presentation(1), presentation(2));
        assert!(one.shown(&node.verifying_key()).is_ok() && one.shown(&witness.verifying_key()).is_err());
        let content = Testimony {
            witness: id("k376"),
            presentation: one.presentation_digest(),
            time: Timestamp::UNIX_EPOCH,
            kept: true,
            remembers: None,
        };
        let said = Signed::testimony(content, &witness);
        assert!(said.said(one.presentation_digest(), &witness.verifying_key()).is_ok());
        assert!(said.said(other.presentation_digest(), &witness.verifying_key()).is_err());
        assert!(said.said(one.presentation_digest(), &node.verifying_key()).is_err());
    }
}
