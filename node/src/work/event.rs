//! Whose events this node is asked for, and those events as they leave.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row as _, Sqlite};
use tvaers_protocol::event::{EventRecord, EventRequest};
use tvaers_protocol::id::{Digest, PersonId, Pseudonym};
use tvaers_protocol::limit;

use crate::study::Stage;
use crate::work::record::{Fixed, fix, reach};
use crate::work::{ROWS_A_STATEMENT, Work, WorkError, narrow};

/// A person whose events are asked for. It holds a secret and cannot be printed.
pub(crate) struct Asked {
    /// What the coordinator calls the person.
    pub(crate) pseudonym: Pseudonym,
    /// The touch groups asked for, one bit each.
    pub(crate) groups: u16,
    /// The event secret, hidden.
    pub(crate) secret: [u8; 32],
}

/// An event as it is kept until it leaves.
pub(crate) struct Told {
    /// Whose.
    pub(crate) pseudonym: Pseudonym,
    /// The touch group.
    pub(crate) group: u8,
    /// Orders the events of one person and group.
    pub(crate) place: i64,
    /// The record, as [`EventRecord`] writes it.
    pub(crate) record: Vec<u8>,
}

impl Work {
    /// Forgets what a list that broke off has left.
    pub(crate) async fn begin_list(&self) -> Result<(), WorkError> {
        sqlx::query("DELETE FROM asking").execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps the requests of one frame.
    pub(crate) async fn store_requests(&self, requests: &[EventRequest]) -> Result<(), WorkError> {
        let mut write = self.write().await?;
        for chunk in requests.chunks(ROWS_A_STATEMENT) {
            let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO asking (pseudonym, groups) ");
            insert.push_values(chunk, |mut values, request| {
                values.push_bind(request.pseudonym.as_bytes().as_slice()).push_bind(request.groups);
            });
            insert.build().persistent(false).execute(&mut *write).await?;
        }
        Ok(write.commit().await?)
    }

    /// How many of the list are asked for whom this node did not contribute with those very bits, or for groups that
    /// are not `joined` from events: none, unless someone lies.
    pub(crate) async fn strangers_asked(&self, joined: u16) -> Result<i64, WorkError> {
        let row = sqlx::query(
            "SELECT COUNT(*) FROM asking AS a
             LEFT JOIN pseudonym AS p ON p.pseudonym = a.pseudonym
             LEFT JOIN component AS c ON c.row = p.row
             WHERE c.row IS NULL OR a.groups & ~(c.touches & ?) <> 0",
        )
        .bind(joined)
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get(0)?)
    }

    /// Makes the list the one that counts, for good.
    pub(crate) async fn end_list(&self, digest: Digest) -> Result<(), WorkError> {
        let mut write = self.write().await?;
        sqlx::query("INSERT INTO asked (pseudonym, groups) SELECT pseudonym, groups FROM asking")
            .execute(&mut *write)
            .await?;
        sqlx::query("DELETE FROM asking").execute(&mut *write).await?;
        fix(&mut write, Fixed::EventRequests, digest).await?;
        reach(&mut write, Stage::EventsAsked).await?;
        Ok(write.commit().await?)
    }

    /// The persons on the list.
    pub(crate) async fn asked(&self) -> Result<HashMap<PersonId, Asked>, WorkError> {
        let rows = sqlx::query(
            "SELECT c.person_id, a.pseudonym, a.groups, p.secret FROM asked AS a
             JOIN pseudonym AS p ON p.pseudonym = a.pseudonym JOIN component AS c ON c.row = p.row",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let person = PersonId::parse(row.try_get("person_id")?);
                let secret: Option<&[u8]> = row.try_get("secret")?;
                let secret = secret.and_then(|bytes| bytes.try_into().ok());
                let asked = Asked {
                    pseudonym: super::pseudonym::read(row)?,
                    groups: row.try_get("groups")?,
                    secret: secret.ok_or(WorkError::Inconsistent("secret"))?,
                };
                Ok((person.map_err(|_| WorkError::Inconsistent("person_id"))?, asked))
            })
            .collect()
    }

    /// Forgets what was told before a try broke off.
    pub(crate) async fn begin_events(&self) -> Result<(), WorkError> {
        sqlx::query("DELETE FROM event").execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps some events.
    pub(crate) async fn store_events(&self, told: &[Told]) -> Result<(), WorkError> {
        let mut write = self.write().await?;
        for chunk in told.chunks(ROWS_A_STATEMENT) {
            let mut insert =
                QueryBuilder::<Sqlite>::new("INSERT INTO event (pseudonym, touch, place, record) ");
            insert.push_values(chunk, |mut values, event| {
                values
                    .push_bind(event.pseudonym.as_bytes().as_slice())
                    .push_bind(event.group)
                    .push_bind(event.place)
                    .push_bind(&event.record);
            });
            insert.build().persistent(false).execute(&mut *write).await?;
        }
        Ok(write.commit().await?)
    }

    /// Checks that each request has an event, and none has more than one who puts them together holds.
    pub(crate) async fn check_events(&self) -> Result<(), WorkError> {
        for group in 0..u16::BITS {
            let row = sqlx::query(
                "SELECT COUNT(*) FROM asked AS a WHERE a.groups & ? <> 0
                 AND NOT EXISTS (SELECT 1 FROM event AS e WHERE e.pseudonym = a.pseudonym AND e.touch = ?)",
            )
            .bind(1_i64 << group)
            .bind(group)
            .fetch_one(&self.pool)
            .await?;
            if row.try_get::<i64, _>(0)? != 0 {
                return Err(WorkError::NoEvent);
            }
        }
        let row = sqlx::query(
            "SELECT COALESCE(MAX(n), 0) FROM (SELECT COUNT(*) AS n FROM event GROUP BY pseudonym, touch)",
        )
        .fetch_one(&self.pool)
        .await?;
        let most: u64 = narrow(row.try_get(0)?, "event")?;
        if most > limit::EVENTS_MAX as u64 { Err(WorkError::ManyEvents) } else { Ok(()) }
    }

    /// The records of up to one frame after a place, by rising pseudonym and group, and the place of the last; from
    /// the first one where there is none.
    pub(crate) async fn events_after(&self, last: Option<&Told>) -> Result<Vec<Told>, WorkError> {
        // No bytes at all come before every pseudonym.
        let (pseudonym, group, place) = last
            .map_or((&[][..], 0, 0), |last| (last.pseudonym.as_bytes().as_slice(), last.group, last.place));
        let rows = sqlx::query(
            "SELECT pseudonym, touch, place, record FROM event
             WHERE (pseudonym, touch, place) > (?, ?, ?) ORDER BY pseudonym, touch, place LIMIT ?",
        )
        .bind(pseudonym)
        .bind(group)
        .bind(place)
        .bind(i64::try_from(EventRecord::PER_FRAME).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Told {
                    pseudonym: super::pseudonym::read(row)?,
                    group: row.try_get("touch")?,
                    place: row.try_get("place")?,
                    record: row.try_get("record")?,
                })
            })
            .collect()
    }
}
