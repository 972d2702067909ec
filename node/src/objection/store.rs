//! Objections in the node's memory.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::{Row as _, Sqlite, Transaction};
use tvaers_protocol::id::{Digest, NodeId, PersonId};

use super::{Known, Whence};
use crate::state::{State, StateError};

/// One entry. It holds a CPR number and cannot be printed.
pub(crate) struct Entry {
    /// The citizen.
    pub(crate) person: PersonId,
    /// In which study it was received and from which node; none for one entered here.
    pub(crate) received: Option<(Digest, String)>,
    /// Since when this node knows.
    pub(crate) since: Timestamp,
}

/// A change that nobody sees before it is committed.
pub(crate) struct Change {
    transaction: Transaction<'static, Sqlite>,
}

/// How many entries of each kind a change concerns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Entered here.
    pub(crate) own: u64,
    /// Received in a study.
    pub(crate) received: u64,
}

impl Change {
    /// Begins a change.
    ///
    /// # Errors
    /// [`StateError`].
    pub(crate) async fn begin(state: &State) -> Result<Self, StateError> {
        Ok(Self { transaction: state.pool().begin_with("BEGIN IMMEDIATE").await? })
    }

    /// Enters objections of this node's own citizens. Gives how many were not entered before.
    ///
    /// # Errors
    /// [`StateError`].
    pub(crate) async fn enter(&mut self, persons: &[PersonId], now: Timestamp) -> Result<u64, StateError> {
        let mut entered = 0;
        for person in persons {
            let done = sqlx::query(
                "INSERT INTO objection (person_id, own, since) VALUES (?, 1, ?) ON CONFLICT DO NOTHING",
            )
            .bind(person.expose())
            .bind(now.to_string())
            .execute(&mut *self.transaction)
            .await?;
            entered += done.rows_affected();
        }
        Ok(entered)
    }

    /// Keeps what was received in a study. Who is known to have objected that way stays as it was.
    ///
    /// # Errors
    /// [`StateError`].
    pub(crate) async fn receive(
        &mut self,
        study: Digest,
        persons: &[(PersonId, NodeId)],
        now: Timestamp,
    ) -> Result<(), StateError> {
        for (person, node) in persons {
            sqlx::query(
                "INSERT INTO objection (person_id, own, study, node, since) VALUES (?, 0, ?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )
            .bind(person.expose())
            .bind(study.0.as_slice())
            .bind(node.as_str())
            .bind(now.to_string())
            .execute(&mut *self.transaction)
            .await?;
        }
        Ok(())
    }

    /// Lifts all objections of these persons.
    ///
    /// # Errors
    /// [`StateError`].
    pub(crate) async fn lift(&mut self, persons: &[PersonId]) -> Result<Counts, StateError> {
        let mut lifted = Counts::default();
        for person in persons {
            let rows = sqlx::query("DELETE FROM objection WHERE person_id = ? RETURNING own")
                .bind(person.expose())
                .fetch_all(&mut *self.transaction)
                .await?;
            for row in rows {
                let own: bool = row.try_get("own")?;
                lifted.own += u64::from(own);
                lifted.received += u64::from(!own);
            }
        }
        Ok(lifted)
    }

    /// Makes it hold, at once and for the serving node too.
    ///
    /// # Errors
    /// [`StateError`].
    pub(crate) async fn commit(self) -> Result<(), StateError> {
        Ok(self.transaction.commit().await?)
    }
}

/// How often the entries have changed.
///
/// # Errors
/// [`StateError`].
pub(crate) async fn changes(state: &State) -> Result<i64, StateError> {
    let row = sqlx::query("SELECT changes FROM objection_change").fetch_one(&state.pool()).await?;
    Ok(row.try_get("changes")?)
}

/// Who is known to object.
///
/// # Errors
/// [`StateError`].
pub(super) async fn read(state: &State) -> Result<Known, StateError> {
    // One statement is one moment. Own entries come last, and so take the place of those received.
    let rows = sqlx::query(
        "SELECT c.changes, o.person_id, o.own FROM objection_change AS c LEFT JOIN objection AS o ORDER BY o.own",
    )
    .fetch_all(&state.pool())
    .await?;
    let mut known = Known { changes: 0, persons: HashMap::with_capacity(rows.len()) };
    for row in &rows {
        known.changes = row.try_get("changes")?;
        let Some(person) = row.try_get::<Option<&str>, _>("person_id")? else { continue };
        let whence = if row.try_get("own")? { Whence::Own } else { Whence::Received };
        known.persons.insert(parse(person)?, whence);
    }
    Ok(known)
}

/// All entries, the oldest first.
///
/// # Errors
/// [`StateError`].
pub(crate) async fn entries(state: &State) -> Result<Vec<Entry>, StateError> {
    let rows =
        sqlx::query("SELECT person_id, study, node, since FROM objection ORDER BY since, person_id, own")
            .fetch_all(&state.pool())
            .await?;
    rows.iter()
        .map(|row| {
            let study: Option<&[u8]> = row.try_get("study")?;
            let study = study.map(|bytes| bytes.try_into().map(Digest)).transpose();
            let node: Option<String> = row.try_get("node")?;
            let since = row.try_get::<&str, _>("since")?.parse();
            Ok(Entry {
                person: parse(row.try_get("person_id")?)?,
                received: study.map_err(|_| broken("study"))?.zip(node),
                since: since.map_err(|_| broken("since"))?,
            })
        })
        .collect()
}

fn parse(person: &str) -> Result<PersonId, StateError> {
    PersonId::parse(person).map_err(|_| broken("person_id"))
}

const fn broken(column: &'static str) -> StateError {
    StateError::Inconsistent { table: "objection", column }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objection::Objections;

    fn person(n: u8) -> PersonId {
        PersonId::parse(&format!("610165300{n}")).unwrap()
    }

    const STUDY: Digest = Digest([4; 32]);

    async fn state(dir: &tempfile::TempDir) -> State {
        State::open(&dir.path().join("state.sqlite")).await.unwrap()
    }

    async fn change(state: &State, work: impl AsyncFnOnce(&mut Change)) {
        let mut change = Change::begin(state).await.unwrap();
        work(&mut change).await;
        change.commit().await.unwrap();
    }

    #[tokio::test]
    async fn entries_are_kept_once_in_each_way_and_lifted_in_both() {
        let (dir, now) = (tempfile::tempdir().unwrap(), Timestamp::UNIX_EPOCH);
        let state = state(&dir).await;
        let node = NodeId::new("k376").unwrap();
        change(&state, async |change| {
            assert_eq!(change.enter(&[person(1), person(2), person(1)], now).await.unwrap(), 2);
            change
                .receive(STUDY, &[(person(2), node.clone()), (person(3), node.clone())], now)
                .await
                .unwrap();
        })
        .await;
        change(&state, async |change| {
            change.receive(Digest([5; 32]), &[(person(3), node.clone())], now).await.unwrap();
        })
        .await;
        let entries = entries(&state).await.unwrap();
        assert_eq!(entries.len(), 4);
        assert!(entries.iter().filter_map(|entry| entry.received.as_ref()).all(|(study, _)| *study == STUDY));
        change(&state, async |change| {
            let lifted = change.lift(&[person(2), person(7)]).await.unwrap();
            assert_eq!(lifted, Counts { own: 1, received: 1 });
        })
        .await;
        let known = Objections::default().now(&state).await.unwrap();
        assert!(known.persons.len() == 2 && known.persons.get(&person(1)) == Some(&Whence::Own));
    }

    #[tokio::test]
    async fn a_change_is_seen_when_it_is_committed_and_not_before_by_another_connection_too() {
        let dir = tempfile::tempdir().unwrap();
        let (serving, staff) = (state(&dir).await, state(&dir).await);
        let objections = Objections::default();
        assert!(objections.now(&serving).await.unwrap().persons.is_empty());
        let mut change = Change::begin(&staff).await.unwrap();
        change.enter(&[person(1)], Timestamp::UNIX_EPOCH).await.unwrap();
        assert!(objections.now(&serving).await.unwrap().persons.is_empty());
        change.commit().await.unwrap();
        let known = objections.now(&serving).await.unwrap();
        assert!(known.persons.contains_key(&person(1)));
        assert!(std::sync::Arc::ptr_eq(&known, &objections.now(&serving).await.unwrap()), "read once");
    }
}
