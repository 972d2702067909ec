//! The memory of a witness, in the state database with full sync: what each other node showed it last.

use jiff::Timestamp;
use sqlx::{Row as _, SqliteConnection, SqlitePool};
use tvaers_protocol::codec;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::Signed;
use tvaers_protocol::witness::{Presentation, Standing};

/// The memory could not be read or written. Never carries what it holds.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptError {
    /// The database could not do it.
    #[error("the memory of a witness could not be read or written")]
    Database(#[from] sqlx::Error),
    /// What is stored is no presentation.
    #[error("what is remembered of `{0}` cannot be read")]
    Inconsistent(NodeId),
}

/// What became of a presentation.
pub(crate) enum Kept {
    /// It is what is remembered now, and on the disk.
    Yes,
    /// Another one is, and stays.
    No(Box<Signed<Presentation>>),
    /// Nothing is, and the presentation says that something should be.
    Nothing,
}

/// Remembers a presentation whose signature was checked, if it follows from what is remembered and says so.
pub(crate) async fn keep(
    pool: &SqlitePool,
    presentation: &Signed<Presentation>,
    now: Timestamp,
) -> Result<Kept, KeptError> {
    let shown = &presentation.content;
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let before = remembered(&mut transaction, &shown.node).await?;
    let standing = before.as_ref().map_or(Standing::NONE, |before| before.content.shows);
    if before.is_some() && standing == shown.shows {
        // Asked again, because the answer was lost.
        return Ok(Kept::Yes);
    }
    if standing != shown.seen || !shown.shows.follows(&standing, shown.recovers) {
        return Ok(before.map_or(Kept::Nothing, |before| Kept::No(Box::new(before))));
    }
    sqlx::query(
        "INSERT INTO witnessed (node, chain, presentation, at) VALUES (?, 'ledger', ?, ?)
         ON CONFLICT (node, chain) DO UPDATE SET presentation = excluded.presentation, at = excluded.at",
    )
    .bind(shown.node.as_str())
    .bind(codec::canonical(presentation))
    .bind(now.as_millisecond())
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Kept::Yes)
}

async fn remembered(
    connection: &mut SqliteConnection,
    node: &NodeId,
) -> Result<Option<Signed<Presentation>>, KeptError> {
    let row = sqlx::query("SELECT presentation FROM witnessed WHERE node = ? AND chain = 'ledger'")
        .bind(node.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        let bytes: Vec<u8> = row.try_get("presentation")?;
        codec::decode(&bytes).map_err(|_| KeptError::Inconsistent(node.clone()))
    })
    .transpose()
}

/// Notes that a witness remembers what this node's own ledger does not hold.
pub(crate) async fn note_lost(
    pool: &SqlitePool,
    presentation: &Signed<Presentation>,
    now: Timestamp,
) -> Result<(), KeptError> {
    sqlx::query(
        "INSERT INTO ledger_lost (head, presentation, at) VALUES (?, ?, ?) ON CONFLICT (head) DO NOTHING",
    )
    .bind(presentation.content.shows.head.0.as_slice())
    .bind(codec::canonical(presentation))
    .bind(now.as_millisecond())
    .execute(pool)
    .await?;
    Ok(())
}

/// All that witnesses showed this node's ledger not to hold, the oldest first.
pub(crate) async fn lost(pool: &SqlitePool) -> Result<Vec<Signed<Presentation>>, sqlx::Error> {
    let rows = sqlx::query("SELECT presentation FROM ledger_lost ORDER BY at, head").fetch_all(pool).await?;
    // What cannot be read proves nothing.
    let decoded = |row: &sqlx::sqlite::SqliteRow| {
        let bytes: Vec<u8> = row.try_get("presentation")?;
        Ok::<_, sqlx::Error>(codec::decode(&bytes).ok())
    };
    rows.iter().filter_map(|row| decoded(row).transpose()).collect()
}

#[cfg(test)]
mod tests;
