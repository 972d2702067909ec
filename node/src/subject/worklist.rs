//! Who stands on a work list now.

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use jiff::civil::Date;
use sqlx::Row as _;
use tvaers_protocol::id::{Digest, PersonId};

use crate::state::{State, StateError};

/// A work list on which somebody stands.
pub(crate) struct Listed {
    /// The model's name.
    pub(crate) model: String,
    /// The day that it looked at.
    pub(crate) as_of: Date,
    /// The moment at which the study ended, or began where it has not: as the node wrote it.
    pub(crate) at: String,
    /// Whether the model selects the person; a laboratory's list names everyone.
    pub(crate) included: bool,
}

/// The lists on which a person stands.
///
/// # Errors
/// [`StateError`].
pub(crate) async fn of_person(state: &State, person: &PersonId) -> Result<Vec<Listed>, StateError> {
    let rows = sqlx::query(
        "SELECT study.model, study.as_of, coalesce(study.closed_at, study.opened_at) AS at, worklist.included
         FROM worklist JOIN study ON study.manifest = worklist.manifest
         WHERE worklist.person_id = ? ORDER BY study.model, at",
    )
    .bind(person.expose())
    .fetch_all(&state.pool())
    .await?;
    let listed = rows.iter().map(|row| {
        let as_of: String = row.try_get("as_of")?;
        let as_of =
            as_of.parse().map_err(|_| StateError::Inconsistent { table: "study", column: "as_of" })?;
        let (model, at) = (row.try_get("model")?, row.try_get("at")?);
        Ok(Listed { model, as_of, at, included: row.try_get("included")? })
    });
    listed.collect()
}

/// Everyone on the lists of some studies, each handed to `take`; gives the studies whose lists are there.
///
/// # Errors
/// [`StateError`].
pub(crate) async fn of_studies(
    state: &State,
    studies: &BTreeSet<Digest>,
    mut take: impl FnMut(PersonId),
) -> Result<BTreeSet<Digest>, StateError> {
    let broken = |column| StateError::Inconsistent { table: "worklist", column };
    let pool = state.pool();
    let mut rows = sqlx::query("SELECT manifest, person_id FROM worklist").fetch(&pool);
    let mut there = BTreeSet::new();
    while let Some(row) = rows.try_next().await? {
        let manifest: Vec<u8> = row.try_get("manifest")?;
        let manifest = Digest(manifest.try_into().map_err(|_| broken("manifest"))?);
        if studies.contains(&manifest) {
            let person: String = row.try_get("person_id")?;
            take(PersonId::parse(&person).map_err(|_| broken("person_id"))?);
            there.insert(manifest);
        }
    }
    Ok(there)
}
