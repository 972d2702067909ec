//! What a log is held against: public keys, and heads that others saw. None of it comes from the log.

use std::collections::BTreeMap;

use tvaers_protocol::audit::{Countersignature, LogHead, SeenHead, Seer};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::Signed;
use tvaers_protocol::roster::Roster;
use tvaers_protocol::sign::VerifyingKey;

/// Keys and heads. Without keys, signatures are not looked at and confirm nothing; without heads of others, a log that
/// was cut short or written anew as a whole cannot be told from one that was not.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    node: Option<NodeId>,
    own: Vec<VerifyingKey>,
    coordinator: Vec<VerifyingKey>,
    members: BTreeMap<NodeId, Vec<VerifyingKey>>,
    seen: Vec<SeenHead>,
}

/// How a signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// A key of whom it should be from made it.
    Good,
    /// None of those keys did.
    Bad,
    /// No key was at hand.
    Unchecked,
}

impl Evidence {
    /// Says whose log it is. Otherwise the log's own signed heads do.
    #[must_use]
    pub fn of_node(mut self, node: NodeId) -> Self {
        self.node = Some(node);
        self
    }

    /// Adds a key of the node whose log it is.
    #[must_use]
    pub fn with_key(mut self, key: VerifyingKey) -> Self {
        self.own.push(key);
        self
    }

    /// Adds the keys of a roster; of several, a party has all the keys that they name, since keys are renewed.
    #[must_use]
    pub fn with_roster(mut self, roster: &Roster) -> Self {
        self.coordinator.push(roster.coordinator.signing);
        for member in &roster.members {
            self.members.entry(member.id.clone()).or_default().push(member.signing);
        }
        self
    }

    /// Adds heads that others saw.
    #[must_use]
    pub fn with_heads(mut self, heads: impl IntoIterator<Item = SeenHead>) -> Self {
        self.seen.extend(heads);
        self
    }

    /// Whose log it is said to be.
    pub(super) const fn node(&self) -> Option<&NodeId> {
        self.node.as_ref()
    }

    /// The heads that others saw.
    pub(super) fn seen(&self) -> &[SeenHead] {
        &self.seen
    }

    /// Whether the node whose log it is signed a head.
    pub(super) fn of_head(&self, head: &Signed<LogHead>) -> Signature {
        let of_node = self.members.get(&head.content.node);
        judge(self.own.iter().chain(of_node.into_iter().flatten()), |key| head.of_log(key).is_ok())
    }

    /// Whether who says so countersigned a head.
    pub(super) fn of_countersignature(
        &self,
        head: &Signed<LogHead>,
        by: &Signed<Countersignature>,
    ) -> Signature {
        let of = head.log_head_digest();
        let good = |key: &VerifyingKey| by.seen(of, key).is_ok();
        match &by.content.by {
            Seer::Coordinator => judge(self.coordinator.iter(), good),
            Seer::Witness(node) if *node == head.content.node => Signature::Bad,
            Seer::Witness(node) => judge(self.members.get(node).into_iter().flatten(), good),
        }
    }
}

fn judge<'a>(
    keys: impl Iterator<Item = &'a VerifyingKey>,
    good: impl Fn(&VerifyingKey) -> bool,
) -> Signature {
    let mut any = false;
    for key in keys {
        any = true;
        if good(key) {
            return Signature::Good;
        }
    }
    if any { Signature::Bad } else { Signature::Unchecked }
}
