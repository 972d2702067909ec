//! Who objects in the node's memory, entered by its staff or received from another node, and since when.
//!
//! Queries and contributions leave out whoever is in that memory when they look, which is after they began. So whoever
//! objected before a use began was left out of it; of whoever objected later nobody can tell. One that was lifted is
//! gone: what came before it was lifted counts as used.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use sqlx::Row as _;
use tvaers_protocol::id::PersonId;

use super::uses::Begun;
use crate::objection::store;
use crate::state::{State, StateError};

/// Since when a person objects, as far as the node knows. It names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Objects {
    /// Since when.
    pub(crate) since: Timestamp,
    /// Whether the node's own staff entered it; another node said so where not.
    pub(crate) own: bool,
    place: usize,
}

/// Those who object, and when what the ledger charged was charged. It cannot be printed.
#[derive(Default)]
pub(crate) struct Objectors {
    persons: HashMap<PersonId, Objects>,
    /// When each objection was entered, the oldest first.
    times: Vec<Timestamp>,
    charges: BTreeMap<u64, Timestamp>,
}

impl Objectors {
    /// Reads them.
    ///
    /// # Errors
    /// [`StateError`].
    pub(crate) async fn read(state: &State) -> Result<Self, StateError> {
        let mut entries = store::entries(state).await?;
        // As text, in which the database sorts them, a whole second comes after its parts.
        entries.sort_by_key(|entry| entry.since);
        let mut read = Self { charges: charges(state).await?, ..Self::default() };
        for (place, entry) in entries.into_iter().enumerate() {
            read.times.push(entry.since);
            let objects = Objects { since: entry.since, own: entry.received.is_none(), place };
            // The first of two counts, and that staff entered one is said.
            let first = read.persons.entry(entry.person).or_insert(objects);
            first.own |= objects.own;
        }
        Ok(read)
    }

    /// Since when a person objects.
    pub(crate) fn of(&self, person: &PersonId) -> Option<Objects> {
        self.persons.get(person).copied()
    }

    /// From when on a use can have looked at who is left out; none where nobody knows.
    pub(crate) fn begun(&self, begun: Begun) -> Option<Timestamp> {
        match begun {
            Begun::Charge(number) => self.charges.get(&number).copied(),
            Begun::At(at) => Some(at),
            Begun::Unknown => None,
        }
    }

    /// How many objections were entered before a moment.
    pub(crate) fn before(&self, at: Option<Timestamp>) -> usize {
        at.map_or(0, |at| self.times.partition_point(|since| *since < at))
    }

    /// Whether a person's is among the first so many.
    pub(crate) fn any_holds(&self, first: usize, person: &PersonId) -> bool {
        self.of(person).is_some_and(|objects| objects.place < first)
    }
}

/// When each charge was made.
async fn charges(state: &State) -> Result<BTreeMap<u64, Timestamp>, StateError> {
    let rows =
        sqlx::query("SELECT number, at FROM ledger WHERE kind = 'charge'").fetch_all(&state.pool()).await?;
    let broken = |column| StateError::Inconsistent { table: "ledger", column };
    let charge = |row: &sqlx::sqlite::SqliteRow| {
        let number = u64::try_from(row.try_get::<i64, _>("number")?).map_err(|_| broken("number"))?;
        let at = Timestamp::from_millisecond(row.try_get("at")?).map_err(|_| broken("at"))?;
        Ok((number, at))
    };
    rows.iter().map(charge).collect()
}
