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

/// Notes a head. One that was answered for before is to be answered for once more: whoever shows it has accepted another
/// since.
pub(crate) async fn note(
    pool: &SqlitePool,
    head: &Signed<LogHead>,
    seer: &Seer,
    now: Timestamp,
) -> Result<(), StateError> {
    let digest = head.log_head_digest();
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("DELETE FROM log_accepted WHERE digest = ?")
        .bind(digest.0.as_slice())
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "INSERT INTO log_lost (digest, head, seer, at) VALUES (?, ?, ?, ?)
         ON CONFLICT (digest) DO UPDATE SET seer = excluded.seer, at = excluded.at, answered = NULL",
    )
    .bind(digest.0.as_slice())
    .bind(codec::canonical(head))
    .bind(name(seer)?)
    .bind(now.as_millisecond())
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

/// Notes that somebody has accepted a head: what was answered for by then is settled between them and this node.
pub(crate) async fn accepted(pool: &SqlitePool, seer: &Seer) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO log_accepted (digest, seer) SELECT digest, ? FROM log_lost WHERE answered IS NOT NULL
         ON CONFLICT DO NOTHING",
    )
    .bind(name(seer)?)
    .execute(pool)
    .await?;
    Ok(())
}

fn name(seer: &Seer) -> Result<String, StateError> {
    serde_json::to_string(seer).map_err(|_| broken("seer"))
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

/// Whether a head that somebody shows is part of what was answered for: of the same log, no longer, and shown by one who
/// has accepted no other head since.
pub(crate) async fn is_answered(pool: &SqlitePool, head: &LogHead, seer: &Seer) -> Result<bool, StateError> {
    let rows = sqlx::query(
        "SELECT head FROM log_lost WHERE answered IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM log_accepted AS a WHERE a.digest = log_lost.digest AND a.seer = ?)",
    )
    .bind(name(seer)?)
    .fetch_all(pool)
    .await?;
    for row in &rows {
        let bytes: Vec<u8> = row.try_get("head")?;
        let lost: Signed<LogHead> = codec::decode(&bytes).map_err(|_| broken("head"))?;
        if lost.content.log == head.log && lost.content.entries >= head.entries {
            return Ok(true);
        }
    }
    Ok(false)
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

#[cfg(test)]
mod tests {
    use tvaers_protocol::id::{Digest, NodeId};
    use tvaers_protocol::sign::SigningKey;

    use super::*;
    use crate::state::State;

    fn head(log: u8, entries: u64) -> Signed<LogHead> {
        let content = LogHead {
            node: NodeId::new("k360").unwrap(),
            log: Digest([log; 32]),
            entries,
            head: Digest([u8::try_from(entries).unwrap(); 32]),
            time: Timestamp::UNIX_EPOCH,
        };
        Signed::log_head(content, &SigningKey::from_seed(&[1; 32]))
    }

    #[tokio::test]
    async fn a_loss_that_was_answered_for_is_forgiven_once_by_each_who_saw_it_and_no_later_one() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(&dir.path().join("state.sqlite")).await.unwrap();
        let (pool, now) = (state.pool(), Timestamp::UNIX_EPOCH);
        let other = Seer::Witness(NodeId::new("k376").unwrap());
        let of = |seer: &Seer, log, entries| {
            let (pool, seer) = (pool.clone(), seer.clone());
            async move { is_answered(&pool, &head(log, entries).content, &seer).await.unwrap() }
        };
        note(&pool, &head(1, 100), &Seer::Coordinator, now).await.unwrap();
        // Accepted before anybody answered: that settles nothing.
        accepted(&pool, &other).await.unwrap();
        assert!(!of(&Seer::Coordinator, 1, 100).await);
        answer(&pool, &head(1, 100), 61).await.unwrap();
        for (log, entries, forgiven) in [(1, 100, true), (1, 80, true), (1, 101, false), (2, 80, false)] {
            assert_eq!(of(&Seer::Coordinator, log, entries).await, forgiven, "{log} {entries}");
        }
        accepted(&pool, &Seer::Coordinator).await.unwrap();
        // The log that went on is cut again, to fewer entries than before: the coordinator saw 70 of it.
        assert!(!of(&Seer::Coordinator, 1, 70).await);
        assert!(of(&other, 1, 100).await, "who was away has yet to accept");
        accepted(&pool, &other).await.unwrap();
        assert!(!of(&other, 1, 100).await);

        // The later loss is one of its own, and is forgiven once it is answered for as well.
        note(&pool, &head(1, 70), &Seer::Coordinator, now).await.unwrap();
        let open: Vec<bool> = all(&pool).await.unwrap().iter().map(|lost| lost.answered).collect();
        assert_eq!(open.iter().filter(|answered| !**answered).count(), 1);
        answer(&pool, &head(1, 70), 62).await.unwrap();
        assert!(of(&Seer::Coordinator, 1, 70).await && !of(&Seer::Coordinator, 1, 71).await);
        // One whose memory went back shows what was answered for: that has to be done again, and can be.
        note(&pool, &head(1, 100), &other, now).await.unwrap();
        assert!(!of(&other, 1, 100).await);
        answer(&pool, &head(1, 100), 63).await.unwrap();
        assert!(of(&other, 1, 100).await);
    }
}
