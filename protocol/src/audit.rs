//! Heads of audit logs: what a node signs of its own log, and what the coordinator and other nodes sign of having seen
//! it. A head that a node signed itself and that its log does not contain proves that the log was rewritten, whoever
//! shows it; so nobody, the node least of all, can change the past alone.
//!
//! A seer moves from one head to the next only where the node says which one it believes the seer remembers (*compare
//! and swap*), and a node says so only of one that its own log contains. So a log that was cut, replaced or copied moves
//! nobody on before its own node has found out.

use std::cmp::Ordering;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::frame::Kind;
use crate::id::{Digest, NodeId};
use crate::message::{Message, Signed};
use crate::sign::{BadSignature, Purpose, SigningKey, VerifyingKey};
use crate::witness::CLOCKS_DIFFER_S_MAX;

/// The end of a node's audit log at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogHead {
    /// Whose log it is.
    pub node: NodeId,
    /// The digest of the log's first entry: a log that was begun again has another.
    pub log: Digest,
    /// How many entries it has.
    pub entries: u64,
    /// The digest of the last one.
    pub head: Digest,
    /// When, by the node's clock.
    pub time: Timestamp,
}

impl LogHead {
    /// Whether a log that is only ever added to may come to this head from `before`.
    #[must_use]
    pub fn follows(&self, before: &Self) -> bool {
        let grows = match self.entries.cmp(&before.entries) {
            Ordering::Less => false,
            Ordering::Equal => self.head == before.head,
            Ordering::Greater => true,
        };
        self.node == before.node && self.log == before.log && grows
    }
}

/// Who saw a head.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seer {
    /// The federation's coordinator.
    Coordinator,
    /// Another node.
    Witness(NodeId),
}

impl fmt::Display for Seer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coordinator => f.write_str("the coordinator"),
            Self::Witness(node) => write!(f, "`{node}`"),
        }
    }
}

/// Somebody's word that they saw a head, and remember it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Countersignature {
    /// Who saw it.
    pub by: Seer,
    /// The digest of the signed head.
    pub head: Digest,
    /// When, by the clock of who saw it.
    pub time: Timestamp,
}

impl Signed<LogHead> {
    /// Signs a head with the node's own key. It is bound to no roster: it is kept for longer than one.
    #[must_use]
    pub fn log_head(content: LogHead, key: &SigningKey) -> Self {
        Self::new(content, Purpose::LogHead, Digest::NONE, key)
    }

    /// The head, if the node's key signed it.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn of_log(&self, key: &VerifyingKey) -> Result<&LogHead, BadSignature> {
        self.verify(Purpose::LogHead, Digest::NONE, key)
    }

    /// Whether one whose clock shows `now` may go along with when it is said to be signed.
    #[must_use]
    pub fn is_timely(&self, now: Timestamp) -> bool {
        is_near(self.content.time, now)
    }

    /// The digest that a countersignature names, signature included.
    #[must_use]
    pub fn log_head_digest(&self) -> Digest {
        Digest::of("tvaers/v1/log-head", &[&codec::canonical(self)])
    }
}

impl Signed<Countersignature> {
    /// Signs that a head was seen.
    #[must_use]
    pub fn countersignature(content: Countersignature, key: &SigningKey) -> Self {
        let of = content.head;
        Self::new(content, Purpose::Countersignature, of, key)
    }

    /// What is said of a head, if the key signed it of that very one.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn seen(&self, of: Digest, key: &VerifyingKey) -> Result<&Countersignature, BadSignature> {
        let seen = self.verify(Purpose::Countersignature, of, key)?;
        if seen.head == of { Ok(seen) } else { Err(BadSignature) }
    }

    /// Whether one whose clock shows `now` may go along with when it is said to be signed.
    #[must_use]
    pub fn is_timely(&self, now: Timestamp) -> bool {
        is_near(self.content.time, now)
    }
}

fn is_near(time: Timestamp, now: Timestamp) -> bool {
    time.duration_since(now).unsigned_abs().as_secs() <= CLOCKS_DIFFER_S_MAX.unsigned_abs()
}

/// Shows the coordinator, or over it another node, the head of one's log; answered with [`Countersigned`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskCountersign {
    /// The head, signed by the node whose log it is.
    pub head: Signed<LogHead>,
    /// The digest of the signed head that the node believes to be remembered, which its own log contains or makes up
    /// for; [`Digest::NONE`] where it believes that is nothing.
    pub seen: Digest,
    /// Whether the log lost entries that were seen, and holds an entry by which two persons answer for that.
    pub recovers: bool,
}

impl AskCountersign {
    /// Whether who remembers this head, or none, may countersign: it is the one that the node believes, and goes before
    /// what is shown or is made up for.
    #[must_use]
    pub fn follows(&self, remembered: Option<&Signed<LogHead>>) -> bool {
        let Some(before) = remembered else { return self.seen == Digest::NONE };
        let (head, before_digest) = (&self.head.content, before.log_head_digest());
        // The same again: the answer was lost.
        before_digest == self.head.log_head_digest()
            || (before_digest == self.seen && (self.recovers || head.follows(&before.content)))
    }
}

impl Message for AskCountersign {
    const KIND: Kind = Kind::AskCountersign;
}

/// What who was shown a head says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Countersigned {
    /// Its word, where the head is what it remembers now, on its disk; none where what it remembers is not what the node
    /// believes, or does not go before what was shown: another log, more entries, or as many with another digest.
    pub countersignature: Option<Signed<Countersignature>>,
    /// Without its word: what it remembers of the node, as the node signed it; none where that is nothing. The node looks
    /// whether its log contains it.
    pub before: Option<Signed<LogHead>>,
}

impl Message for Countersigned {
    const KIND: Kind = Kind::Countersigned;
}

/// A head and the word of one who saw it, as seers hand them to who verifies a log: one object of JSON a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenHead {
    /// The head, as the node signed it.
    pub head: Signed<LogHead>,
    /// The word of who saw it.
    pub by: Signed<Countersignature>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(log: u8, entries: u64, digest: u8) -> Signed<LogHead> {
        let content = LogHead {
            node: NodeId::new("k360").unwrap(),
            log: Digest([log; 32]),
            entries,
            head: Digest([digest; 32]),
            time: Timestamp::UNIX_EPOCH,
        };
        Signed::log_head(content, &SigningKey::from_seed(&[1; 32]))
    }

    fn follows(
        shown: &Signed<LogHead>,
        seen: Digest,
        recovers: bool,
        before: Option<&Signed<LogHead>>,
    ) -> bool {
        AskCountersign { head: shown.clone(), seen, recovers }.follows(before)
    }

    #[test]
    fn a_head_is_countersigned_where_it_goes_on_from_what_is_remembered_and_the_node_says_so() {
        let before = head(1, 5, 5);
        let seen = before.log_head_digest();
        for (shown, may) in [
            (head(1, 6, 6), true),
            (head(1, 5, 5), true),
            (head(1, 5, 6), false),
            (head(1, 4, 4), false),
            (head(2, 6, 6), false),
        ] {
            assert_eq!(follows(&shown, seen, false, Some(&before)), may, "{shown:?}");
            // What is made up for may be shorter, and another log.
            assert!(follows(&shown, seen, true, Some(&before)), "{shown:?}");
        }
        let next = head(1, 6, 6);
        assert!(!follows(&next, Digest::NONE, false, Some(&before)), "the node knows of nothing");
        assert!(!follows(&next, head(1, 5, 4).log_head_digest(), true, Some(&before)), "nor of another");
        assert!(follows(&before, Digest::NONE, false, Some(&before)), "the same again");
        assert!(follows(&next, Digest::NONE, false, None));
        assert!(!follows(&next, seen, false, None), "what is remembered was lost");
    }

    #[test]
    fn a_countersignature_is_of_one_head_by_one_key() {
        let (one, other) = (head(1, 5, 5).log_head_digest(), head(1, 6, 6).log_head_digest());
        let (key, wrong) = (SigningKey::from_seed(&[2; 32]), SigningKey::from_seed(&[3; 32]));
        let content = Countersignature { by: Seer::Coordinator, head: one, time: Timestamp::UNIX_EPOCH };
        let word = Signed::countersignature(content, &key);
        assert!(word.seen(one, &key.verifying_key()).is_ok());
        assert!(word.seen(other, &key.verifying_key()).is_err());
        assert!(word.seen(one, &wrong.verifying_key()).is_err());
        let late = Timestamp::from_second(CLOCKS_DIFFER_S_MAX + 1).unwrap();
        assert!(word.is_timely(Timestamp::UNIX_EPOCH) && !word.is_timely(late));
    }
}
