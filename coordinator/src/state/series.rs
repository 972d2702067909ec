//! Series: runs under one key, when each has ended, and which nodes have yet to hear of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use tvaers_protocol::id::{Digest, NodeId};

use super::{State, StateError};

/// The series that a study is a run of, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesRow {
    /// The name of its first run.
    pub first: String,
    /// The last day on which its nodes keep what later runs need.
    pub until: String,
    /// When it was closed; none where it is open until that day.
    pub closed: Option<String>,
}

impl State {
    /// The digest of a series' first manifest, by the name of its first run; none where no run of that name began one.
    pub(crate) async fn series(&self, first_run: &str) -> Result<Option<Digest>, StateError> {
        let found = sqlx::query("SELECT first FROM study WHERE run = ?1 AND first_run = ?1")
            .bind(first_run)
            .fetch_optional(&self.pool)
            .await?;
        found.as_ref().map(digest).transpose()
    }

    /// Whether a series has ended.
    pub(crate) async fn is_series_closed(&self, first: Digest) -> Result<bool, StateError> {
        let found = sqlx::query("SELECT 1 FROM series_end WHERE first = ?")
            .bind(first.0.as_slice())
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.is_some())
    }

    /// Records that the series of a run has ended, and that every node which took part in any of its runs will have to be
    /// told. Gives its name and these nodes; none where the run is of no series.
    pub(crate) async fn end_series(
        &self,
        run: &str,
        now: Timestamp,
    ) -> Result<Option<(Digest, Vec<NodeId>)>, StateError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let first = sqlx::query("SELECT first FROM study WHERE run = ? AND first IS NOT NULL")
            .bind(run)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(first) = first.as_ref().map(digest).transpose()? else { return Ok(None) };
        let ended =
            sqlx::query("INSERT INTO series_end (first, closed) VALUES (?, ?) ON CONFLICT DO NOTHING")
                .bind(first.0.as_slice())
                .bind(now.to_string())
                .execute(&mut *transaction)
                .await?;
        let rows = sqlx::query("SELECT participants FROM study WHERE first = ?")
            .bind(first.0.as_slice())
            .fetch_all(&mut *transaction)
            .await?;
        let mut nodes = Vec::new();
        for row in &rows {
            let names: String = row.try_get("participants")?;
            for name in names.split_whitespace() {
                let node =
                    NodeId::new(name).map_err(|_| StateError::Inconsistent { column: "participants" })?;
                if !nodes.contains(&node) {
                    nodes.push(node);
                }
            }
        }
        nodes.sort();
        // Asked again, those who have heard are not told again.
        if ended.rows_affected() > 0 {
            for node in &nodes {
                sqlx::query("INSERT INTO unclosed_series (first, node) VALUES (?, ?)")
                    .bind(first.0.as_slice())
                    .bind(node.as_str())
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
        Ok(Some((first, nodes)))
    }

    /// The series of whose end a node has not been told.
    pub(crate) async fn unclosed_series(&self, node: &NodeId) -> Result<Vec<Digest>, StateError> {
        let rows = sqlx::query("SELECT first FROM unclosed_series WHERE node = ?")
            .bind(node.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(digest).collect()
    }

    /// Remembers that a node has been told of a series' end.
    pub(crate) async fn told_series(&self, first: Digest, node: &NodeId) -> Result<(), StateError> {
        sqlx::query("DELETE FROM unclosed_series WHERE first = ? AND node = ?")
            .bind(first.0.as_slice())
            .bind(node.as_str())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn digest(row: &SqliteRow) -> Result<Digest, StateError> {
    let bytes: Vec<u8> = row.try_get("first")?;
    bytes.try_into().map(Digest).map_err(|_| StateError::Inconsistent { column: "first" })
}
