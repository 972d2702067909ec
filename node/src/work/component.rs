//! The components of this node's persons, and the contributions made of them.

use crate::node::Node;
use crate::objection::{LeftOut, Standing};
use crate::policy::InForce;
use crate::study::{Stage, Study, population};
use crate::work::record::reach;
use crate::work::source::Own;
use crate::work::{
    ROWS_A_STATEMENT, ROWS_A_TRANSACTION, Work, WorkError, bytes_of, numbers, source, wide_bytes_of,
    wide_numbers,
};
use futures_util::{StreamExt as _, TryStreamExt as _};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};
use tvaers_definitions::layout::Layout;
use tvaers_protocol::codec;
use tvaers_protocol::id::{PersonId, Pseudonym};
use tvaers_protocol::record::{Contribution, NO_RECENCY};

impl Work {
    /// Works out the components of all persons of this node, keeps one row a person, knows those of a run before, and commits to the
    /// others. Gives how many there are in all.
    pub(crate) async fn compute(
        &self,
        node: &Node,
        in_force: &InForce,
        study: &Study,
    ) -> Result<u64, WorkError> {
        // What a try that broke off has left.
        sqlx::raw_sql("DELETE FROM newcomer; DELETE FROM pseudonym; DELETE FROM component;")
            .execute(&self.pool)
            .await?;
        let warehouse = source::open(node, &study.import).await?;
        let mut reading = warehouse.reading().await?;
        let permitted = source::permitted(node, in_force, study, &warehouse, &mut reading).await?;
        let persons = source::persons(node, study, permitted, &warehouse, &mut reading)?;
        let mut chunks = persons.try_chunks(ROWS_A_TRANSACTION);
        let mut persons = 0;
        while let Some(chunk) = chunks.next().await {
            let rows = chunk.map_err(|error| error.1)?;
            self.store_components(&rows).await?;
            persons += rows.len() as u64;
        }
        drop(chunks);
        reading.end().await;
        warehouse.close().await;
        let persons = u32::try_from(persons).map_err(|_| WorkError::Inconsistent("persons"))?;
        let evaluated = match study.manifest.follows {
            None => persons,
            Some(_) => self.know(study).await?,
        };
        let population = population::commit(node, study, self, evaluated).await?;
        let mut write = self.write().await?;
        sqlx::query("UPDATE study SET persons = ?, evaluated = ?, population = ?")
            .bind(persons)
            .bind(evaluated)
            .bind(codec::canonical(&population))
            .execute(&mut *write)
            .await?;
        reach(&mut write, Stage::Computed).await?;
        write.commit().await?;
        Ok(u64::from(persons))
    }

    pub(super) async fn store_components(&self, persons: &[Own]) -> Result<(), WorkError> {
        let mut write = self.write().await?;
        for chunk in persons.chunks(ROWS_A_STATEMENT) {
            let mut insert = QueryBuilder::<Sqlite>::new(
                "INSERT INTO component (person_id, resident, eligible, objects, kommune, touches, vals, recencies) ",
            );
            insert.push_values(chunk, |mut values, Own { row, objects }| {
                values
                    .push_bind(row.person.expose())
                    .push_bind(row.resident)
                    .push_bind(row.eligible)
                    .push_bind(*objects)
                    .push_bind(row.kommune)
                    .push_bind(row.touches)
                    .push_bind(wide_bytes_of(&row.values))
                    .push_bind(bytes_of(&row.recencies));
            });
            insert.build().persistent(false).execute(&mut *write).await?;
        }
        Ok(write.commit().await?)
    }

    /// The persons of up to `limit` rows after row `last`, by rising row. Rows are counted from 1 without gaps.
    pub(crate) async fn persons_after(
        &self,
        last: i64,
        limit: usize,
    ) -> Result<Vec<(i64, PersonId)>, WorkError> {
        let rows = sqlx::query("SELECT row, person_id FROM component WHERE row > ? ORDER BY row LIMIT ?")
            .bind(last)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                let person = PersonId::parse(row.try_get("person_id")?);
                Ok((row.try_get("row")?, person.map_err(|_| WorkError::Inconsistent("person_id"))?))
            })
            .collect()
    }

    /// Brings what is yet to be contributed up to date with who is left out now. Who objects says that and nothing else;
    /// who is left out for another reason has no pseudonym any more, and so no record.
    pub(crate) async fn leave_out(&self, left_out: &LeftOut, layout: &Layout) -> Result<(), WorkError> {
        let mut last = 0;
        loop {
            let persons = self.persons_after(last, ROWS_A_TRANSACTION).await?;
            let Some((end, _)) = persons.last() else { return Ok(()) };
            last = *end;
            let changed = persons.iter().map(|(row, person)| (*row, left_out.standing(person)));
            let changed: Vec<_> = changed.filter(|(_, standing)| *standing != Standing::Counts).collect();
            if changed.is_empty() {
                continue;
            }
            let mut write = self.write().await?;
            for (row, standing) in changed {
                if standing == Standing::Objects {
                    sqlx::query(
                        "UPDATE component SET resident = 0, eligible = 0, objects = 1, kommune = 0, touches = 0,
                         vals = ?, recencies = ? WHERE row = ? AND objects = 0",
                    )
                    .bind(wide_bytes_of(&vec![0; layout.components.len()]))
                    .bind(bytes_of(&vec![NO_RECENCY; layout.recencies.len()]))
                    .bind(row)
                    .execute(&mut *write)
                    .await?;
                } else {
                    sqlx::query("DELETE FROM pseudonym WHERE row = ?").bind(row).execute(&mut *write).await?;
                }
            }
            write.commit().await?;
        }
    }

    /// Up to `limit` contributions after a pseudonym, ascending; from the first one where there is none.
    pub(crate) async fn contributions_after(
        &self,
        last: Option<Pseudonym>,
        limit: usize,
        layout: &Layout,
    ) -> Result<Vec<Contribution>, WorkError> {
        let rows = sqlx::query(
            "SELECT p.pseudonym, c.resident, c.eligible, c.objects, c.kommune, c.touches, c.vals, c.recencies
             FROM pseudonym AS p JOIN component AS c ON c.row = p.row
             WHERE p.pseudonym > ? ORDER BY p.pseudonym LIMIT ?",
        )
        // No bytes at all come before every pseudonym.
        .bind(last.as_ref().map_or(&[][..], |last| last.as_bytes().as_slice()))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| contribution(row, layout)).collect()
    }
}

fn contribution(row: &SqliteRow, layout: &Layout) -> Result<Contribution, WorkError> {
    let values = wide_numbers(row.try_get("vals")?, "vals")?;
    let recencies = numbers(row.try_get("recencies")?, "recencies")?;
    if values.len() != layout.components.len() || recencies.len() != layout.recencies.len() {
        return Err(WorkError::Inconsistent("vals"));
    }
    Ok(Contribution {
        pseudonym: super::pseudonym::read(row)?,
        resident: row.try_get("resident")?,
        eligible: row.try_get("eligible")?,
        objects: row.try_get("objects")?,
        touches: row.try_get("touches")?,
        kommune: row.try_get("kommune")?,
        values,
        recencies,
    })
}
