//! What of a study's file outlives it: enough to open a sample of this node's own evaluations to an auditor.

use std::path::Path;

use jiff::Timestamp;
use sqlx::Connection as _;

use crate::evaluations::kept::SCHEMA;
use crate::work::{Work, WorkError};

impl Work {
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
            sqlx::query("INSERT INTO kept.person SELECT row, person_id FROM component ORDER BY row")
                .execute(&mut *write)
                .await?;
            Ok::<_, WorkError>(write.commit().await?)
        };
        let copied = copied.await;
        connection.close().await?;
        copied.map(|()| true)
    }
}
