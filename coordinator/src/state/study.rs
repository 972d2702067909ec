//! Studies: those under way, so that one can go on, and those whose end some node has yet to hear of.

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use tvaers_protocol::codec;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::study::Manifest;

use super::{State, StateError};
use crate::draft::Draft;
use crate::request::RequestId;
use crate::summary::Outcome;

/// A study that has begun and is not closed.
pub(crate) struct UnderWay {
    /// Its manifest, and what is told of the data.
    pub(crate) draft: Draft,
    /// Whether every participant has pinned its key, from where on it can go on.
    pub(crate) is_pinned: bool,
}

impl State {
    /// Remembers, before a study begins, what it is and that its nodes will have to be told of its end. Members that are
    /// left out are named for people.
    pub(crate) async fn begin(
        &self,
        request: &RequestId,
        draft: &Draft,
        missing: &[NodeId],
    ) -> Result<(), StateError> {
        let manifest = &draft.manifest;
        let (digest, series) = (manifest.digest(), manifest.request.content.series);
        let participants: Vec<NodeId> =
            manifest.participants.iter().map(|participant| participant.node.clone()).collect();
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "INSERT INTO study (manifest, run, request, model, as_of, grain, participants, missing, created, content, data,
             first, first_run, until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(digest.0.as_slice())
        .bind(manifest.run.to_string())
        .bind(request.as_str())
        .bind(&manifest.model)
        .bind(manifest.as_of.to_string())
        .bind(manifest.grain.to_string())
        .bind(super::request::names(&participants))
        .bind(super::request::names(missing))
        .bind(manifest.created.to_string())
        .bind(codec::canonical(manifest))
        .bind(super::request::json(&draft.data, "data")?)
        .bind(series.map(|_| manifest.persons_context().0.to_vec()))
        .bind(manifest.first_run().map(|run| run.to_string()))
        .bind(series.map(|series| series.until.to_string()))
        .execute(&mut *transaction)
        .await?;
        for node in &participants {
            sqlx::query("INSERT INTO unclosed (manifest, node) VALUES (?, ?)")
                .bind(digest.0.as_slice())
                .bind(node.as_str())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Remembers that every participant has pinned the study's key.
    pub(crate) async fn pinned(&self, study: Digest) -> Result<(), StateError> {
        sqlx::query("UPDATE study SET pinned = 1 WHERE manifest = ? AND closed IS NULL")
            .bind(study.0.as_slice())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Records how a study has ended, and with it, in one step, how its request has, where it has.
    pub(crate) async fn end(
        &self,
        study: Digest,
        told: &str,
        request: Option<(&RequestId, &Outcome)>,
        now: Timestamp,
    ) -> Result<(), StateError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "UPDATE study SET closed = ?, outcome = ?, content = NULL, data = NULL
             WHERE manifest = ? AND closed IS NULL",
        )
        .bind(now.to_string())
        .bind(told)
        .bind(study.0.as_slice())
        .execute(&mut *transaction)
        .await?;
        if let Some((id, outcome)) = request {
            super::request::end(&mut *transaction, id, outcome, now).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Whether a study has come to its end, and its series goes on, so that nodes are to keep what later runs need.
    pub(crate) async fn goes_on(&self, study: Digest) -> Result<bool, StateError> {
        let found = sqlx::query(
            "SELECT 1 FROM study WHERE manifest = ? AND outcome = ?
             AND first NOT IN (SELECT first FROM series_end)",
        )
        .bind(study.0.as_slice())
        .bind(crate::stratify::COMPLETE)
        .fetch_optional(&self.pool)
        .await?;
        Ok(found.is_some())
    }

    /// The study that is under way for a request, if there is one.
    pub(crate) async fn under_way(&self, request: &RequestId) -> Result<Option<UnderWay>, StateError> {
        let row = sqlx::query("SELECT content, data, pinned FROM study WHERE request = ? AND closed IS NULL")
            .bind(request.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(under_way).transpose()
    }

    /// The studies that can go on when they are taken up: their nodes are not to be told that they are closed.
    pub(crate) async fn resumable(&self) -> Result<Vec<Digest>, StateError> {
        let rows = sqlx::query("SELECT manifest FROM study WHERE pinned = 1 AND closed IS NULL")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(digest).collect()
    }

    /// The studies of whose end a node has not been told, those under way among them.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn unclosed(&self, node: &NodeId) -> Result<Vec<Digest>, StateError> {
        let rows = sqlx::query("SELECT manifest FROM unclosed WHERE node = ?")
            .bind(node.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(digest).collect()
    }

    /// Remembers that a node has been told of a study's end.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn told(&self, study: Digest, node: &NodeId) -> Result<(), StateError> {
        sqlx::query("DELETE FROM unclosed WHERE manifest = ? AND node = ?")
            .bind(study.0.as_slice())
            .bind(node.as_str())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn digest(row: &SqliteRow) -> Result<Digest, StateError> {
    let bytes: Vec<u8> = row.try_get("manifest")?;
    bytes.try_into().map(Digest).map_err(|_| StateError::Inconsistent { column: "manifest" })
}

fn under_way(row: &SqliteRow) -> Result<UnderWay, StateError> {
    let content: Vec<u8> = row.try_get("content")?;
    let data: String = row.try_get("data")?;
    let manifest: Manifest =
        codec::decode(&content).map_err(|_| StateError::Inconsistent { column: "content" })?;
    let data = serde_json::from_str(&data).map_err(|_| StateError::Inconsistent { column: "data" })?;
    Ok(UnderWay { draft: Draft { manifest, data }, is_pinned: row.try_get("pinned")? })
}
