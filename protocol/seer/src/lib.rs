//! The memory of a seer, which the coordinator and every node are: the newest head of each other node's audit log, by
//! which it judges the next, and those before it, which tell whether a log was rewritten that only ever grew.
//!
//! It stands in the table `log_head` of the seer's own state database, which each makes by a migration of its own; one
//! piece judges for both, so that both judge alike.

use futures_util::{Stream, TryStreamExt as _};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection, SqlitePool};
use tvaers_protocol::audit::{AskCountersign, Countersignature, LogHead, SeenHead};
use tvaers_protocol::codec;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::Signed;

/// Heads of one node of which every one is kept: about a month of hours. Of those before, the first of each day is.
const NEWEST: i64 = 1_000;

/// Heads of one node that are kept as evidence: so many of the first, and as many of the newest. Each proves as much as
/// all, and none is pushed out by a node that shows many.
const EVIDENCE: i64 = 32;

const DAY_MS: i64 = 86_400_000;

/// The memory could not be read or written. Never carries what it holds.
#[derive(Debug, thiserror::Error)]
pub enum SeerError {
    /// The database could not do it.
    #[error("the memory of heads could not be read or written")]
    Database(#[from] sqlx::Error),
    /// What is stored is none.
    #[error("the memory of heads holds an unreadable `{0}`")]
    Inconsistent(&'static str),
}

/// What became of a head.
pub enum Kept {
    /// It is what is remembered now, and on the disk.
    Yes(Box<Signed<Countersignature>>),
    /// Another one is, or none.
    No(Option<Box<Signed<LogHead>>>),
}

/// Remembers a head whose signature was checked, with one's own word for it, if it goes on from what is remembered; else
/// keeps it as evidence.
///
/// # Errors
/// [`SeerError`]: nothing is remembered, and nothing may be said.
pub async fn keep(
    pool: &SqlitePool,
    ask: &AskCountersign,
    word: Signed<Countersignature>,
    now: Timestamp,
) -> Result<Kept, SeerError> {
    let node = &ask.head.content.node;
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let remembered = remembered(&mut transaction, node).await?;
    if let Some(before) = remembered.as_ref().filter(|before| before.head == ask.head) {
        // Asked again, because the answer was lost.
        return Ok(Kept::Yes(Box::new(before.by.clone())));
    }
    let before = remembered.map(|before| before.head);
    // One from before what is remembered goes on from nothing, whatever is said of it.
    let stands = ask.follows(before.as_ref()) && !stood(&mut transaction, ask).await?;
    insert(&mut transaction, ask, &word, stands, now).await?;
    thin(&mut transaction, node).await?;
    transaction.commit().await?;
    Ok(if stands { Kept::Yes(Box::new(word)) } else { Kept::No(before.map(Box::new)) })
}

/// Every head that is kept, of one node or of all, the oldest first; [`SeerError`] where one cannot be read.
pub fn all<'a>(
    pool: &'a SqlitePool,
    of: Option<&NodeId>,
) -> impl Stream<Item = Result<SeenHead, SeerError>> + use<'a> {
    sqlx::query("SELECT head, word FROM log_head WHERE ? IS NULL OR node = ?1 ORDER BY node, number")
        .bind(of.map(ToString::to_string))
        .fetch(pool)
        .map_err(SeerError::Database)
        .and_then(|row| async move { seen(&row) })
}

async fn remembered(connection: &mut SqliteConnection, node: &NodeId) -> Result<Option<SeenHead>, SeerError> {
    let row = sqlx::query(
        "SELECT head, word FROM log_head WHERE node = ? AND stands = 1 ORDER BY number DESC LIMIT 1",
    )
    .bind(node.as_str())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(seen).transpose()
}

async fn stood(connection: &mut SqliteConnection, ask: &AskCountersign) -> Result<bool, SeerError> {
    let row = sqlx::query("SELECT 1 FROM log_head WHERE node = ? AND digest = ? AND stands = 1")
        .bind(ask.head.content.node.as_str())
        .bind(ask.head.log_head_digest().0.as_slice())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

fn seen(row: &SqliteRow) -> Result<SeenHead, SeerError> {
    let (head, word): (Vec<u8>, Vec<u8>) = (row.try_get("head")?, row.try_get("word")?);
    Ok(SeenHead {
        head: codec::decode(&head).map_err(|_| SeerError::Inconsistent("head"))?,
        by: codec::decode(&word).map_err(|_| SeerError::Inconsistent("word"))?,
    })
}

/// Evidence that goes on after all takes a number of its own, so that the greatest is the newest.
async fn insert(
    connection: &mut SqliteConnection,
    ask: &AskCountersign,
    word: &Signed<Countersignature>,
    stands: bool,
    now: Timestamp,
) -> Result<(), SeerError> {
    let (node, digest) = (ask.head.content.node.as_str(), ask.head.log_head_digest());
    if stands {
        sqlx::query("DELETE FROM log_head WHERE node = ? AND digest = ? AND stands = 0")
            .bind(node)
            .bind(digest.0.as_slice())
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query(
        "INSERT INTO log_head (node, digest, head, word, stands, at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (node, digest) DO NOTHING",
    )
    .bind(node)
    .bind(digest.0.as_slice())
    .bind(codec::canonical(&ask.head))
    .bind(codec::canonical(word))
    .bind(stands)
    .bind(now.as_millisecond())
    .execute(connection)
    .await?;
    Ok(())
}

async fn thin(connection: &mut SqliteConnection, node: &NodeId) -> Result<(), SeerError> {
    sqlx::query(
        "DELETE FROM log_head WHERE node = ?1 AND stands = 1
         AND number NOT IN (SELECT number FROM log_head WHERE node = ?1 AND stands = 1 ORDER BY number DESC LIMIT ?2)
         AND number NOT IN (SELECT min(number) FROM log_head WHERE node = ?1 AND stands = 1 GROUP BY at / ?3)",
    )
    .bind(node.as_str())
    .bind(NEWEST)
    .bind(DAY_MS)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM log_head WHERE node = ?1 AND stands = 0
         AND number NOT IN (SELECT number FROM log_head WHERE node = ?1 AND stands = 0 ORDER BY number LIMIT ?2)
         AND number NOT IN (SELECT number FROM log_head WHERE node = ?1 AND stands = 0 ORDER BY number DESC LIMIT ?2)",
    )
    .bind(node.as_str())
    .bind(EVIDENCE)
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
