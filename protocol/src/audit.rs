//! Heads of audit logs: what a node signs of its own log, and what the coordinator and other nodes sign of having seen
//! it. A head that a node signed itself and that its log does not contain proves that the log was rewritten, whoever
//! shows it; so nobody, the node least of all, can change the past alone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::frame::Kind;
use crate::id::{Digest, NodeId};
use crate::message::{Message, Signed};
use crate::sign::{BadSignature, Purpose, SigningKey, VerifyingKey};

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

/// Who saw a head.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seer {
    /// The federation's coordinator.
    Coordinator,
    /// Another node.
    Witness(NodeId),
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
}

/// Shows the coordinator, or over it another node, the head of one's log; answered with [`Countersigned`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskCountersign {
    /// The head, signed by the node whose log it is.
    pub head: Signed<LogHead>,
}

impl Message for AskCountersign {
    const KIND: Kind = Kind::AskCountersign;
}

/// What who was shown a head says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Countersigned {
    /// Its word; none where what it remembers does not go before what was shown: another log, more entries, or as many
    /// with another digest.
    pub countersignature: Option<Signed<Countersignature>>,
    /// What it remembered of the node before, as the node signed it; none where that is nothing. The node looks whether
    /// its log contains it.
    pub before: Option<Signed<LogHead>>,
}

impl Message for Countersigned {
    const KIND: Kind = Kind::Countersigned;
}
