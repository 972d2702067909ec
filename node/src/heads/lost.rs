//! What others saw of this node's own audit log and what it does not contain: noted for good, so that a node that found
//! out stays stopped over a restart.

use std::path::Path;

use jiff::Timestamp;
use sqlx::{Row as _, SqlitePool};
use tvaers_protocol::audit::{LogHead, Seer};
use tvaers_protocol::codec;
use tvaers_protocol::message::Signed;
use tvaers_protocol::sign::VerifyingKey;

use crate::audit::AuditError;
use crate::audit::lookup::{self, Found};
use crate::state::StateError;

/// A head that the log does not contain.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    /// As this node signed it.
    pub(crate) head: Signed<LogHead>,
    /// Who showed it.
    pub(crate) seer: Seer,
    /// Whether two persons have answered for it.
    pub(crate) answered: bool,
}

/// Notes a head.
pub(crate) async fn note(
    pool: &SqlitePool,
    head: &Signed<LogHead>,
    seer: &Seer,
    now: Timestamp,
) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO log_lost (digest, head, seer, at) VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING",
    )
    .bind(head.log_head_digest().0.as_slice())
    .bind(codec::canonical(head))
    .bind(serde_json::to_string(seer).map_err(|_| broken("seer"))?)
    .bind(now.as_millisecond())
    .execute(pool)
    .await?;
    Ok(())
}

/// All that were noted, the oldest first.
pub(crate) async fn all(pool: &SqlitePool) -> Result<Vec<Lost>, StateError> {
    let rows =
        sqlx::query("SELECT head, seer, answered FROM log_lost ORDER BY at, digest").fetch_all(pool).await?;
    rows.iter()
        .map(|row| {
            let (head, seer): (Vec<u8>, String) = (row.try_get("head")?, row.try_get("seer")?);
            Ok(Lost {
                head: codec::decode(&head).map_err(|_| broken("head"))?,
                seer: serde_json::from_str(&seer).map_err(|_| broken("seer"))?,
                answered: row.try_get::<Option<i64>, _>("answered")?.is_some(),
            })
        })
        .collect()
}

/// Notes that an entry of the log answers for a head.
pub(crate) async fn answer(pool: &SqlitePool, head: &Signed<LogHead>, entry: u64) -> Result<(), StateError> {
    sqlx::query("UPDATE log_lost SET answered = ? WHERE digest = ?")
        .bind(i64::try_from(entry).map_err(|_| broken("answered"))?)
        .bind(head.log_head_digest().0.as_slice())
        .execute(pool)
        .await?;
    Ok(())
}

/// Whether a head is part of what was answered for: of the same log, and no longer.
pub(crate) async fn is_answered(pool: &SqlitePool, head: &LogHead) -> Result<bool, StateError> {
    let covers = |lost: &Lost| lost.head.content.log == head.log && lost.head.content.entries >= head.entries;
    Ok(all(pool).await?.iter().any(|lost| lost.answered && covers(lost)))
}

/// What the log lacks now that nobody has answered for, of what this node's own key signed. It reads the log, and blocks.
pub(crate) fn lacking(lost: Vec<Lost>, log: &Path, key: &VerifyingKey) -> Result<Vec<Lost>, AuditError> {
    let mut lacking = Vec::new();
    for lost in lost.into_iter().filter(|lost| !lost.answered) {
        if let Ok(head) = lost.head.of_log(key) {
            let is_held = match lookup::find(log, head.entries)? {
                Found::Digest(digest) => digest == head.head,
                Found::None => false,
                // The newest log is back, and its oldest entries are deleted by now.
                Found::Before => head.entries > 0,
            };
            let is_held = is_held && lookup::identity(log)? == Some(head.log);
            if !is_held {
                lacking.push(lost);
            }
        }
    }
    Ok(lacking)
}

const fn broken(column: &'static str) -> StateError {
    StateError::Inconsistent { table: "log_lost", column }
}
