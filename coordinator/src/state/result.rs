//! Results: what was released, kept until the secretariat removes it.

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use sqlx::Row as _;
use tvaers_protocol::study::RunId;

use super::request::json;
use super::{State, StateError};
use crate::answer::Answer;
use crate::request::RequestId;

/// Bytes of a page of results, at most but for the last of them: it is held in memory and told in one line.
const PAGE_BYTES: usize = 8 << 20;

impl State {
    /// Keeps results of a request, the first of which has the number `from`. Those that are kept already stand.
    pub(crate) async fn keep_results(
        &self,
        request: &RequestId,
        name: &str,
        from: u32,
        results: &[Answer],
        now: Timestamp,
    ) -> Result<(), StateError> {
        let mut transaction = self.pool.begin().await?;
        for (number, result) in (i64::from(from)..).zip(results) {
            sqlx::query(
                "INSERT INTO result (request, number, name, made, content) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT (request, number) DO NOTHING",
            )
            .bind(request.as_str())
            .bind(number)
            .bind(name)
            .bind(now.to_string())
            .bind(json(result, "content")?)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Keeps the tables that a run released, in place of those of an earlier run of the same request, which came to no
    /// end. Those of the same run stand.
    pub(crate) async fn keep_tables(
        &self,
        request: &RequestId,
        run: RunId,
        tables: &Answer,
        now: Timestamp,
    ) -> Result<(), StateError> {
        let mut transaction = self.pool.begin().await?;
        // Removed and added, not changed in place: results are newest in the order in which they were added.
        sqlx::query("DELETE FROM result WHERE request = ? AND number = 0 AND run <> ?")
            .bind(request.as_str())
            .bind(run.to_string())
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO result (request, number, name, run, made, content) VALUES (?, 0, ?, ?, ?, ?)
             ON CONFLICT (request, number) DO NOTHING",
        )
        .bind(request.as_str())
        .bind(tables.query.get("name").and_then(serde_json::Value::as_str).unwrap_or_default())
        .bind(run.to_string())
        .bind(now.to_string())
        .bind(json(tables, "content")?)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The tables that a run has released, if it has.
    pub(crate) async fn tables(&self, request: &RequestId, run: RunId) -> Result<Option<Answer>, StateError> {
        let content: Option<String> =
            sqlx::query_scalar("SELECT content FROM result WHERE request = ? AND number = 0 AND run = ?")
                .bind(request.as_str())
                .bind(run.to_string())
                .fetch_optional(&self.pool)
                .await?;
        content.map(|text| super::request::parsed(&text, "content")).transpose()
    }

    /// The results of a request, as JSON, from the number `from` on and at most `count` of them, fewer where they are
    /// long; by the request's own name, or the newest of a query's name.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn results(&self, of: &str, from: u32, count: u32) -> Result<Vec<String>, StateError> {
        let mut rows = sqlx::query_scalar(
            "SELECT content FROM result WHERE request = coalesce(
                 (SELECT request FROM result WHERE request = ?1 LIMIT 1),
                 (SELECT request FROM result WHERE name = ?1 ORDER BY rowid DESC LIMIT 1)
             ) AND number >= ?2 ORDER BY number LIMIT ?3",
        )
        .bind(of)
        .bind(from)
        .bind(count)
        .fetch(&self.pool);
        let (mut page, mut bytes) = (Vec::new(), 0_usize);
        while bytes < PAGE_BYTES
            && let Some(content) = rows.try_next().await?
        {
            let content: String = content;
            bytes += content.len();
            page.push(content);
        }
        Ok(page)
    }

    /// The names of all results, newest first, with the request and the time of each.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn result_names(&self) -> Result<Vec<ResultName>, StateError> {
        let rows = sqlx::query(
            "SELECT name, request, made, COUNT(*) AS results FROM result GROUP BY request ORDER BY max(rowid) DESC",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(ResultName {
                    name: row.try_get("name")?,
                    request: row.try_get("request")?,
                    made: row.try_get("made")?,
                    results: row.try_get("results")?,
                })
            })
            .collect()
    }
}

/// One request that has results.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ResultName {
    /// The query's name, or the model's.
    pub name: String,
    /// The request.
    pub request: String,
    /// When it was answered.
    pub made: String,
    /// How many answers there are.
    pub results: i64,
}
