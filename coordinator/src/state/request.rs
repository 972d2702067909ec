//! Requests: what was asked for, what came of it, and which studies it took.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteExecutor};
use tvaers_protocol::id::NodeId;

use super::series::SeriesRow;
use super::{State, StateError};
use crate::request::{Asked, RequestId};
use crate::summary::Outcome;

/// One request, as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestRow {
    /// Its name; none for a study of a version that did not remember requests.
    pub id: Option<RequestId>,
    /// What was asked for; none likewise, or where it is in the words of an older version.
    pub request: Option<Asked>,
    /// When.
    pub asked: String,
    /// When it came to an end; none while it is under way.
    pub ended: Option<String>,
    /// What came of it, as the client was told; none while it is under way.
    pub outcome: Option<Outcome>,
    /// The studies that it took, oldest first: more than one where it had to be begun anew.
    pub studies: Vec<StudyRow>,
}

/// One study, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyRow {
    /// Its run.
    pub run: String,
    /// The model.
    pub model: String,
    /// The reference date.
    pub as_of: String,
    /// The grain.
    pub grain: String,
    /// Who took part.
    pub nodes: Vec<NodeId>,
    /// Members that did not.
    pub missing: Vec<NodeId>,
    /// When it was drafted.
    pub created: String,
    /// When it was closed; none while it is under way.
    pub closed: Option<String>,
    /// How it ended, in words; none while it is under way.
    pub outcome: Option<String>,
    /// The series that it is a run of; none where its key was its own alone.
    #[serde(default)]
    pub series: Option<SeriesRow>,
}

impl State {
    /// Remembers what is asked for; again under the same name changes nothing. Gives when it was asked first, and whether
    /// that is now.
    pub(crate) async fn ask(
        &self,
        id: &RequestId,
        request: &Asked,
        now: Timestamp,
    ) -> Result<(Timestamp, bool), StateError> {
        let inserted = sqlx::query(
            "INSERT INTO request (id, content, asked) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id.as_str())
        .bind(json(request, "content")?)
        .bind(now.to_string())
        .execute(&self.pool)
        .await?;
        let asked: String = sqlx::query_scalar("SELECT asked FROM request WHERE id = ?")
            .bind(id.as_str())
            .fetch_one(&self.pool)
            .await?;
        let asked = time(&asked).ok_or(StateError::Inconsistent { column: "asked" })?;
        Ok((asked, inserted.rows_affected() == 1))
    }

    /// Records what came of a request whose last study, if there was any, has ended before.
    pub(crate) async fn answer(
        &self,
        id: &RequestId,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), StateError> {
        end(&self.pool, id, outcome, now).await
    }

    /// What came of a request: nothing yet, where it is under way.
    pub(crate) async fn outcome(&self, id: &RequestId) -> Result<Option<Outcome>, StateError> {
        let row = sqlx::query("SELECT outcome FROM request WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        let text: Option<String> = row.map(|row| row.try_get("outcome")).transpose()?.flatten();
        text.map(|text| parsed(&text, "outcome")).transpose()
    }

    /// Requests that are under way, in the order in which they were asked.
    pub(crate) async fn unanswered(&self) -> Result<Vec<(RequestId, Asked)>, StateError> {
        let mut rows = sqlx::query("SELECT id, content, asked FROM request WHERE ended IS NULL")
            .fetch_all(&self.pool)
            .await?;
        rows.sort_by_cached_key(|row| time(row.try_get("asked").unwrap_or_default()));
        let one = |row: &SqliteRow| {
            let (id, content): (String, String) = (row.try_get("id")?, row.try_get("content")?);
            let id = id_of(id)?;
            match parsed(&content, "content") {
                Ok(asked) => Ok(Some((id, asked))),
                // In the words of an older version, which nobody waits for any more.
                Err(_) => {
                    tracing::warn!(request.id = %id, "a request of an older version is not taken up");
                    Ok(None)
                }
            }
        };
        rows.iter().filter_map(|row| one(row).transpose()).collect()
    }

    /// Everything that was asked for, newest first; only the one of this name, or of this run, where one is given.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn requests(&self, only: Option<&RequestId>) -> Result<Vec<RequestRow>, StateError> {
        let only = only.map(RequestId::as_str);
        let requests = sqlx::query(
            "SELECT id, content, asked, ended, outcome FROM request
             WHERE ?1 IS NULL OR id = ?1 OR id IN (SELECT request FROM study WHERE run = ?1)",
        )
        .bind(only)
        .fetch_all(&self.pool)
        .await?;
        let mut rows = Vec::new();
        for request in &requests {
            let row = request_row(request)?;
            let studies = sqlx::query(
                "SELECT study.*, series_end.closed AS series_closed FROM study
                 LEFT JOIN series_end ON series_end.first = study.first
                 WHERE request = ? ORDER BY created",
            )
            .bind(row.id.as_ref().map(RequestId::as_str))
            .fetch_all(&self.pool)
            .await?;
            rows.push(RequestRow {
                studies: studies.iter().map(study_row).collect::<Result<_, _>>()?,
                ..row
            });
        }
        let alone = sqlx::query(
            "SELECT *, NULL AS series_closed FROM study WHERE request IS NULL AND (?1 IS NULL OR run = ?1)",
        )
        .bind(only)
        .fetch_all(&self.pool)
        .await?;
        for study in &alone {
            let study = study_row(study)?;
            let (asked, ended) = (study.created.clone(), study.closed.clone());
            rows.push(RequestRow {
                id: None,
                request: None,
                asked,
                ended,
                outcome: None,
                studies: vec![study],
            });
        }
        rows.sort_by_cached_key(|row| std::cmp::Reverse(time(&row.asked)));
        Ok(rows)
    }
}

pub(super) async fn end(
    to: impl SqliteExecutor<'_>,
    id: &RequestId,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), StateError> {
    // The first answer stands.
    sqlx::query("UPDATE request SET ended = ?, outcome = ? WHERE id = ? AND ended IS NULL")
        .bind(now.to_string())
        .bind(json(outcome, "outcome")?)
        .bind(id.as_str())
        .execute(to)
        .await?;
    Ok(())
}

pub(super) fn json<T: Serialize>(value: &T, column: &'static str) -> Result<String, StateError> {
    serde_json::to_string(value).map_err(|_| StateError::Inconsistent { column })
}

pub(super) fn names(nodes: &[NodeId]) -> String {
    nodes.iter().map(NodeId::as_str).collect::<Vec<_>>().join(" ")
}

pub(super) fn parsed<T: serde::de::DeserializeOwned>(
    text: &str,
    column: &'static str,
) -> Result<T, StateError> {
    serde_json::from_str(text).map_err(|_| StateError::Inconsistent { column })
}

/// Fractions of a second have no fixed length, so times are not compared as texts.
fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn id_of(text: String) -> Result<RequestId, StateError> {
    RequestId::try_from(text).map_err(|_| StateError::Inconsistent { column: "id" })
}

fn request_row(row: &SqliteRow) -> Result<RequestRow, StateError> {
    let (id, content): (String, String) = (row.try_get("id")?, row.try_get("content")?);
    let outcome: Option<String> = row.try_get("outcome")?;
    Ok(RequestRow {
        id: Some(id_of(id)?),
        request: parsed(&content, "content").ok(),
        asked: row.try_get("asked")?,
        ended: row.try_get("ended")?,
        outcome: outcome.map(|text| parsed(&text, "outcome")).transpose()?,
        studies: Vec::new(),
    })
}

fn study_row(row: &SqliteRow) -> Result<StudyRow, StateError> {
    let nodes = |column: &'static str| {
        let names: String = row.try_get(column)?;
        let parse = |name: &str| NodeId::new(name).map_err(|_| StateError::Inconsistent { column });
        names.split_whitespace().map(parse).collect::<Result<Vec<_>, StateError>>()
    };
    Ok(StudyRow {
        run: row.try_get("run")?,
        model: row.try_get("model")?,
        as_of: row.try_get("as_of")?,
        grain: row.try_get("grain")?,
        nodes: nodes("participants")?,
        missing: nodes("missing")?,
        created: row.try_get("created")?,
        closed: row.try_get("closed")?,
        outcome: row.try_get("outcome")?,
        series: series_row(row)?,
    })
}

fn series_row(row: &SqliteRow) -> Result<Option<SeriesRow>, StateError> {
    let (first, until): (Option<String>, Option<String>) = (row.try_get("first_run")?, row.try_get("until")?);
    let (Some(first), Some(until)) = (first, until) else { return Ok(None) };
    Ok(Some(SeriesRow { first, until, closed: row.try_get("series_closed")? }))
}
