//! What this node has answered others as a holder. It is written before anything is evaluated, so what is counted
//! stays counted, whatever becomes of the answer or of the node.

use sqlx::Row as _;
use tvaers_protocol::id::{Digest, NodeId};

use crate::study::account::{self, AccountError, Asked, Known};
use crate::work::{Work, WorkError, narrow};

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
                let digest: &[u8] = row.try_get("digest")?;
                let digest = Digest(digest.try_into().map_err(|_| WorkError::Inconsistent("digest"))?);
                Ok::<_, WorkError>(Known { digest, times: narrow(row.try_get("times")?, "times")? })
            })
            .transpose()?;
        let evaluated = sqlx::query("SELECT evaluated FROM account WHERE requester = ?")
            .bind(requester.as_str())
            .fetch_optional(&mut *write)
            .await?;
        let evaluated: u64 = match evaluated {
            Some(row) => narrow(row.try_get("evaluated")?, "evaluated")?,
            None => 0,
        };
        let (times, evaluated) = match account::judge(asked, known.as_ref(), evaluated, quota) {
            Ok(counted) => (counted.times, counted.evaluated),
            Err(error) => return Ok(Err(error)),
        };
        sqlx::query(
            "INSERT INTO batch (requester, sequence, digest, times) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET times = excluded.times",
        )
        .bind(requester.as_str())
        .bind(asked.sequence)
        .bind(asked.digest.0.as_slice())
        .bind(times)
        .execute(&mut *write)
        .await?;
        sqlx::query(
            "INSERT INTO account (requester, evaluated) VALUES (?, ?)
             ON CONFLICT DO UPDATE SET evaluated = excluded.evaluated",
        )
        .bind(requester.as_str())
        .bind(i64::try_from(evaluated).map_err(|_| WorkError::Inconsistent("evaluated"))?)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(Ok(()))
    }
}
