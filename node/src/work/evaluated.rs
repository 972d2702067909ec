//! Which of this node's persons a study evaluates, and what of that outlives it: enough to open a sample of them to an
//! auditor.

use std::path::Path;

use jiff::Timestamp;
use sqlx::{Connection as _, Row as _};
use tvaers_protocol::id::PersonId;

use crate::evaluations::kept::SCHEMA;
use crate::study::Study;
use crate::work::{Work, WorkError};

impl Work {
    /// Takes the pseudonyms of persons who are known from a run before, and numbers the others. Gives how many these are.
    pub(super) async fn know(&self, study: &Study) -> Result<u32, WorkError> {
        let count = |rows: u64| u32::try_from(rows).map_err(|_| WorkError::Inconsistent("persons"));
        // Whose event secret is needed and was not kept, or does not open any more, is evaluated again.
        let with_secrets = study.joined_groups() != 0;
        let is_hidden = study.base.hiding.is_none();
        let newcomers = "INSERT INTO newcomer (row) SELECT row FROM component
             WHERE row NOT IN (SELECT row FROM pseudonym) ORDER BY row";
        let Some(file) = study.base.file.as_ref().filter(|_| !(with_secrets && is_hidden)) else {
            return count(sqlx::query(newcomers).execute(&self.pool).await?.rows_affected());
        };
        self.with_kept(file, async |write| {
            sqlx::query(
                "INSERT INTO pseudonym (pseudonym, row, secret)
                 SELECT k.pseudonym, c.row, k.secret FROM component AS c
                 JOIN kept.known AS k ON k.person_id = c.person_id
                 WHERE k.secret IS NOT NULL OR NOT ? ORDER BY k.pseudonym",
            )
            .bind(with_secrets)
            .execute(&mut *write)
            .await?;
            count(sqlx::query(newcomers).execute(&mut *write).await?.rows_affected())
        })
        .await
    }

    /// Up to `limit` of those who are evaluated after the first `before`, in their order, by row.
    pub(crate) async fn evaluated_after(
        &self,
        before: u64,
        limit: usize,
    ) -> Result<Vec<(i64, PersonId)>, WorkError> {
        let rows =
            sqlx::query("SELECT row, person_id FROM evaluated WHERE position > ? ORDER BY position LIMIT ?")
                .bind(i64::try_from(before).unwrap_or(i64::MAX))
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

    /// Copies the sealed seed, the persons in their order and the commitment to another file, which is there and empty.
    /// No pseudonym and no share goes along. False, and nothing is copied, where this node has committed to nobody.
    pub(crate) async fn keep_evaluations(&self, to: &Path, now: Timestamp) -> Result<bool, WorkError> {
        let committed = sqlx::query("SELECT 1 FROM study WHERE population IS NOT NULL");
        if committed.fetch_optional(&self.pool).await?.is_none() {
            return Ok(false);
        }
        // A connection of its own, which is closed whatever becomes of the copy.
        let mut connection = self.pool.acquire().await?.detach();
        let copied = async {
            let path = to.to_str().ok_or(WorkError::Inconsistent("path"))?;
            sqlx::query("ATTACH DATABASE ? AS kept").bind(path).execute(&mut connection).await?;
            let mut write = connection.begin().await?;
            sqlx::raw_sql(SCHEMA).execute(&mut *write).await?;
            sqlx::query("INSERT INTO kept.evaluation SELECT manifest, population, seed, ? FROM study")
                .bind(now.to_string())
                .execute(&mut *write)
                .await?;
            sqlx::query(
                "INSERT INTO kept.person SELECT position, person_id FROM evaluated ORDER BY position",
            )
            .execute(&mut *write)
            .await?;
            Ok::<_, WorkError>(write.commit().await?)
        };
        let copied = copied.await;
        connection.close().await?;
        copied.map(|()| true)
    }
}
