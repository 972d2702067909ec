//! Who objects at another node, until it stands in the node's own memory.

use sqlx::{QueryBuilder, Row as _, Sqlite};
use tvaers_protocol::id::{Digest, NodeId, PersonId, Pseudonym};

use crate::work::record::{Fixed, fix};
use crate::work::{ROWS_A_STATEMENT, Work, WorkError};

impl Work {
    /// Forgets what a telling that broke off has left.
    pub(crate) async fn begin_objections(&self) -> Result<(), WorkError> {
        sqlx::query("DELETE FROM objecting").execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps those of one frame, with the nodes that say so.
    pub(crate) async fn store_objections(&self, objecting: &[(Pseudonym, &NodeId)]) -> Result<(), WorkError> {
        let mut write = self.write().await?;
        for chunk in objecting.chunks(ROWS_A_STATEMENT) {
            let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO objecting (pseudonym, node) ");
            insert.push_values(chunk, |mut values, (pseudonym, node)| {
                values.push_bind(pseudonym.as_bytes().as_slice()).push_bind(node.as_str());
            });
            insert.build().persistent(false).execute(&mut *write).await?;
        }
        Ok(write.commit().await?)
    }

    /// How many are told of whom this node did not contribute as persons who count: none, unless someone lies.
    pub(crate) async fn strangers_objecting(&self) -> Result<i64, WorkError> {
        let row = sqlx::query(
            "SELECT COUNT(*) FROM objecting AS o
             LEFT JOIN pseudonym AS p ON p.pseudonym = o.pseudonym
             LEFT JOIN component AS c ON c.row = p.row
             WHERE c.objects IS NOT 0",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get(0)?)
    }

    /// Makes what came in what counts, for good.
    pub(crate) async fn end_objections(&self, digest: Digest) -> Result<(), WorkError> {
        let mut write = self.write().await?;
        sqlx::query("INSERT INTO objection (pseudonym, node) SELECT pseudonym, node FROM objecting")
            .execute(&mut *write)
            .await?;
        sqlx::query("DELETE FROM objecting").execute(&mut *write).await?;
        fix(&mut write, Fixed::Objections, digest).await?;
        Ok(write.commit().await?)
    }

    /// The persons, with the nodes that say so.
    pub(crate) async fn objecting(&self) -> Result<Vec<(PersonId, NodeId)>, WorkError> {
        let rows = sqlx::query(
            "SELECT c.person_id, o.node FROM objection AS o
             JOIN pseudonym AS p ON p.pseudonym = o.pseudonym JOIN component AS c ON c.row = p.row",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let person = PersonId::parse(row.try_get("person_id")?);
                let node = NodeId::new(row.try_get::<&str, _>("node")?);
                Ok((
                    person.map_err(|_| WorkError::Inconsistent("person_id"))?,
                    node.map_err(|_| WorkError::Inconsistent("node"))?,
                ))
            })
            .collect()
    }
}
