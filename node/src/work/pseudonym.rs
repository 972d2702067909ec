//! The pseudonyms of this node's persons, with what shifts their events.

use std::collections::BTreeSet;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};
use tvaers_protocol::id::Pseudonym;
use tvaers_protocol::limit;

use crate::work::{ROWS_A_STATEMENT, Work, WorkError, narrow};

/// What a person of a batch is called.
pub(crate) struct Named {
    /// The person's row.
    pub(crate) row: i64,
    /// The pseudonym.
    pub(crate) pseudonym: Pseudonym,
    /// The event secret, hidden; at grain events only.
    pub(crate) secret: Option<[u8; 32]>,
}

impl Work {
    /// Keeps the pseudonyms of a whole batch, or none of them.
    pub(crate) async fn store_pseudonyms(&self, named: &[Named]) -> Result<(), WorkError> {
        let mut write = self.write().await?;
        for chunk in named.chunks(ROWS_A_STATEMENT) {
            let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO pseudonym (pseudonym, row, secret) ");
            insert.push_values(chunk, |mut values, named| {
                values
                    .push_bind(named.pseudonym.as_bytes().as_slice())
                    .push_bind(named.row)
                    .push_bind(named.secret.as_ref().map(<[u8; 32]>::as_slice));
            });
            // A try that was broken off may have ended all the same, and its pseudonyms are these.
            insert.push(" ON CONFLICT DO NOTHING");
            insert.build().persistent(false).execute(&mut *write).await?;
        }
        Ok(write.commit().await?)
    }

    /// The numbers of the batches whose persons have pseudonyms.
    pub(crate) async fn named_batches(&self) -> Result<BTreeSet<u32>, WorkError> {
        let rows = sqlx::query("SELECT DISTINCT (e.position - 1) / ? AS number FROM pseudonym AS p JOIN evaluated AS e ON e.row = p.row",
        )
            .bind(i64::try_from(limit::BATCH_PERSONS).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| narrow(row.try_get("number")?, "row")).collect()
    }

    /// How many of those who are evaluated have pseudonyms.
    pub(crate) async fn named_persons(&self) -> Result<u64, WorkError> {
        let count = "SELECT COUNT(*) FROM pseudonym WHERE row IN (SELECT row FROM evaluated)";
        let row = sqlx::query(count).fetch_one(&self.pool).await?;
        narrow(row.try_get(0)?, "pseudonym")
    }
}

/// The column `pseudonym` of a row.
pub(super) fn read(row: &SqliteRow) -> Result<Pseudonym, WorkError> {
    let bytes: &[u8] = row.try_get("pseudonym")?;
    bytes.try_into().map(Pseudonym::from_bytes).map_err(|_| WorkError::Inconsistent("pseudonym"))
}
