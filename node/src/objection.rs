//! Who is left out of everything, and who says so: the lists that the policy names, and objections (GDPR Art. 21) that
//! stand in the node's own memory, entered by its staff or received from another node in a study.
//!
//! An objection entered here, or on the policy's list, is told under pseudonym to the other nodes that hold the person;
//! one that was received is not told on. Opt-outs are told to nobody, and neither is anything of a person with a
//! protected address: that a node has something of a person says where the person is.

pub(crate) mod store;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Mutex;
use tvaers_policy::Policy;
use tvaers_protocol::id::PersonId;

use crate::policy::{Excluded, Listed};
use crate::state::{State, StateError};

/// In which way a person of the node's memory is known to object. It cannot be printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whence {
    /// The node's staff entered it.
    Own,
    /// Another node said so in a study.
    Received,
}

/// What the node's memory says, at one moment.
#[derive(Default)]
pub(crate) struct Known {
    changes: i64,
    persons: HashMap<PersonId, Whence>,
}

/// What the node's memory said last. It is read again when it has changed, by whichever process.
#[derive(Default)]
pub(crate) struct Objections(Mutex<Arc<Known>>);

impl Objections {
    /// What the memory says now.
    ///
    /// # Errors
    /// [`StateError`]: then nothing may be answered.
    pub(crate) async fn now(&self, state: &State) -> Result<Arc<Known>, StateError> {
        let mut known = self.0.lock().await;
        if known.changes != store::changes(state).await? {
            *known = Arc::new(store::read(state).await?);
        }
        Ok(Arc::clone(&known))
    }
}

/// What becomes of a person.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The person counts.
    Counts,
    /// Left out, and nobody is told.
    LeftOut,
    /// Left out, and in a study other nodes are told so.
    Objects,
}

/// Who is left out, at one moment. It cannot be printed.
#[derive(Clone)]
pub(crate) struct LeftOut {
    listed: Excluded,
    known: Arc<Known>,
}

impl LeftOut {
    /// Those on the lists of the policy in force, and those of the node's memory.
    pub(crate) const fn new(listed: Excluded, known: Arc<Known>) -> Self {
        Self { listed, known }
    }

    /// What becomes of a person.
    pub(crate) fn standing(&self, person: &PersonId) -> Standing {
        let listed = self.listed.of(person);
        match (listed, self.known.persons.get(person)) {
            (None, None) => Standing::Counts,
            (Some(Listed::Protected), _) => Standing::LeftOut,
            (Some(Listed::Objects), _) | (_, Some(Whence::Own)) => Standing::Objects,
            (Some(Listed::OptedOut), _) | (None, Some(Whence::Received)) => Standing::LeftOut,
        }
    }

    /// Whether a person is left out.
    pub(crate) fn holds(&self, person: &PersonId) -> bool {
        self.standing(person) != Standing::Counts
    }

    /// Whether a list or the node's memory names anybody.
    pub(crate) fn names_any(&self) -> bool {
        !self.listed.is_empty() || !self.known.persons.is_empty()
    }

    /// Whether a query reads a row a person, and not a row a cell: see [`by_person`].
    pub(crate) fn by_person(&self, policy: &Policy) -> bool {
        by_person(policy, self.known.changes)
    }
}

/// Whether queries under a policy read a row a person, after so many changes of the node's memory.
///
/// It takes longer, so it must not depend on who is left out: the first one would show in the time. An objection can be
/// entered or received under any policy, so under every one that is for real data; a laboratory's, over persons who are
/// made up, goes the quicker way as long as there never was one.
pub(crate) fn by_person(policy: &Policy, changes: i64) -> bool {
    policy.exclusions().any() || !policy.is_laboratory() || changes > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(n: u8) -> PersonId {
        PersonId::parse(&format!("610165300{n}")).unwrap()
    }

    #[test]
    fn an_objection_is_told_unless_it_was_received_or_the_address_is_protected() {
        let lists =
            [(0, Listed::OptedOut), (1, Listed::Objects), (2, Listed::Protected), (4, Listed::OptedOut)]
                .map(|(n, listed)| (person(n), listed));
        let persons = [
            (2, Whence::Own),
            (3, Whence::Received),
            (4, Whence::Own),
            (5, Whence::Own),
            (1, Whence::Received),
        ];
        let known = Known { changes: 5, persons: persons.map(|(n, whence)| (person(n), whence)).into() };
        let left_out = LeftOut::new(Excluded::of_lists(lists), Arc::new(known));
        let told = |n| left_out.standing(&person(n)) == Standing::Objects;
        assert!([1, 4, 5].into_iter().all(told) && ![0, 2, 3, 6].into_iter().any(told));
        assert!((0..6).all(|n| left_out.holds(&person(n))) && !left_out.holds(&person(6)));
        let nobody = LeftOut::new(Excluded::default(), Arc::default());
        assert!(!nobody.holds(&person(0)) && !nobody.names_any());
    }
}
