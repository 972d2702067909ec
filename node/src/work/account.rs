//! What this node has answered others as a holder. It is written before anything is evaluated, so what is counted
//! stays counted, whatever becomes of the answer or of the node.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::population;

use crate::study::account::{self, Account, AccountError, Asked, Known};
use crate::work::{Work, WorkError, narrow};

/// What this node has evaluated for one other.
pub(crate) struct Evaluations {
    /// For whom.
    pub(crate) requester: NodeId,
    /// The persons to whom it committed.
    pub(crate) persons: u32,
    /// The digest of that commitment.
    pub(crate) commitment: Digest,
    /// Elements.
    pub(crate) elements: u32,
    /// The numbers of the batches counted, rising.
    pub(crate) batches: Vec<u32>,
    /// The digest over the elements of all of them.
    pub(crate) evaluations: Digest,
}

impl Work {
    /// Counts a batch of a requester, or says why it may not be answered and counts nothing.
    pub(crate) async fn count(
        &self,
        requester: &NodeId,
        asked: &Asked,
        quota: u32,
    ) -> Result<Result<(), AccountError>, WorkError> {
        let mut write = self.write().await?;
        let known = sqlx::query("SELECT digest, times FROM batch WHERE requester = ? AND sequence = ?")
            .bind(requester.as_str())
            .bind(asked.sequence)
            .fetch_optional(&mut *write)
            .await?;
        let known = known
            .map(|row| {
                let digest = digest(&row, "digest")?;
                Ok::<_, WorkError>(Known { digest, times: narrow(row.try_get("times")?, "times")? })
            })
            .transpose()?;
        let account = sqlx::query("SELECT evaluated, commitment FROM account WHERE requester = ?")
            .bind(requester.as_str())
            .fetch_optional(&mut *write)
            .await?;
        let account = account
            .map(|row| {
                let evaluated = narrow(row.try_get("evaluated")?, "evaluated")?;
                Ok::<_, WorkError>(Account { evaluated, commitment: digest(&row, "commitment")? })
            })
            .transpose()?;
        let (times, evaluated) = match account::judge(asked, known.as_ref(), account.as_ref(), quota) {
            Ok(counted) => (counted.times, counted.evaluated),
            Err(error) => return Ok(Err(error)),
        };
        sqlx::query(
            "INSERT INTO batch (requester, sequence, digest, root, times) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET times = excluded.times",
        )
        .bind(requester.as_str())
        .bind(asked.sequence)
        .bind(asked.digest.0.as_slice())
        .bind(asked.root.0.as_slice())
        .bind(times)
        .execute(&mut *write)
        .await?;
        sqlx::query(
            "INSERT INTO account (requester, commitment, persons, evaluated) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET evaluated = excluded.evaluated",
        )
        .bind(requester.as_str())
        .bind(asked.commitment.0.as_slice())
        .bind(asked.persons)
        .bind(i64::try_from(evaluated).map_err(|_| WorkError::Inconsistent("evaluated"))?)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(Ok(()))
    }

    /// What was evaluated, for whom, by name.
    pub(crate) async fn evaluations(&self) -> Result<Vec<Evaluations>, WorkError> {
        let accounts = "SELECT requester, commitment, persons, evaluated FROM account ORDER BY requester";
        let accounts = sqlx::query(accounts).fetch_all(&self.pool).await?;
        let mut all = Vec::with_capacity(accounts.len());
        for row in &accounts {
            let requester: &str = row.try_get("requester")?;
            let batches =
                sqlx::query("SELECT sequence, root FROM batch WHERE requester = ? ORDER BY sequence")
                    .bind(requester)
                    .fetch_all(&self.pool)
                    .await?;
            let batches = batches
                .iter()
                .map(|row| Ok((narrow(row.try_get("sequence")?, "sequence")?, digest(row, "root")?)))
                .collect::<Result<Vec<(u32, Digest)>, WorkError>>()?;
            all.push(Evaluations {
                requester: NodeId::new(requester).map_err(|_| WorkError::Inconsistent("requester"))?,
                persons: narrow(row.try_get("persons")?, "persons")?,
                commitment: digest(row, "commitment")?,
                elements: narrow(row.try_get("evaluated")?, "evaluated")?,
                batches: batches.iter().map(|(sequence, _)| *sequence).collect(),
                evaluations: population::evaluations(batches),
            });
        }
        Ok(all)
    }
}

fn digest(row: &SqliteRow, column: &'static str) -> Result<Digest, WorkError> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map(Digest).map_err(|_| WorkError::Inconsistent(column))
}
