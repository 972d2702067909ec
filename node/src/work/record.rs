//! The study itself: its manifest, how far it has come, its sealed secrets, and what must not change any more.

use sqlx::{Row as _, Sqlite, Transaction};
use tvaers_protocol::codec;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{KeyConfirmation, Signed};
use tvaers_protocol::population::Commitment;
use tvaers_protocol::study::Manifest;

use crate::study::Stage;
use crate::work::{Work, WorkError, narrow};

/// What is fixed by its digest once it has left, or come in: it can be repeated, and nothing can take its place.
#[derive(Clone, Copy)]
pub(crate) enum Fixed {
    /// The records of the contributions.
    Contributions,
    /// The signed total of the list of those whose events are asked for.
    EventRequests,
    /// The records of the events.
    Events,
    /// The signed total of what other nodes' objections were.
    Objections,
    /// The same, once this node leaves those persons out.
    ObjectionsTaken,
    /// The signed total of the hand-back.
    HandBack,
}

impl Fixed {
    const fn name(self) -> &'static str {
        match self {
            Self::Contributions => "contributions",
            Self::EventRequests => "event-requests",
            Self::Events => "events",
            Self::Objections => "objections",
            Self::ObjectionsTaken => "objections-taken",
            Self::HandBack => "hand-back",
        }
    }
}

/// The secrets of a pinned study as they lie in the file.
pub(crate) struct Sealed {
    /// The key share; none at a node that holds none.
    pub(crate) share: Option<Vec<u8>>,
    /// The seed of the blinds.
    pub(crate) seed: Vec<u8>,
}

impl Work {
    /// The study's manifest.
    pub(crate) async fn manifest(&self) -> Result<Manifest, WorkError> {
        let row = sqlx::query("SELECT manifest FROM study").fetch_one(&self.pool).await?;
        codec::decode(row.try_get("manifest")?).map_err(|_| WorkError::Inconsistent("manifest"))
    }

    /// How far the study has come.
    pub(crate) async fn stage(&self) -> Result<Stage, WorkError> {
        let row = sqlx::query("SELECT stage FROM study").fetch_one(&self.pool).await?;
        Stage::named(row.try_get("stage")?).ok_or(WorkError::Inconsistent("stage"))
    }

    /// Moves the study on.
    pub(crate) async fn reach(&self, stage: Stage) -> Result<(), WorkError> {
        let mut write = self.write().await?;
        reach(&mut write, stage).await?;
        Ok(write.commit().await?)
    }

    /// Pins the key that these confirmations agree on, with the secrets that go with it.
    pub(crate) async fn pin(
        &self,
        confirmations: &[Signed<KeyConfirmation>],
        sealed: &Sealed,
    ) -> Result<(), WorkError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE study SET confirmations = ?, share = ?, seed = ?")
            .bind(codec::canonical(&confirmations))
            .bind(&sealed.share)
            .bind(&sealed.seed)
            .execute(&mut *write)
            .await?;
        reach(&mut write, Stage::Pinned).await?;
        Ok(write.commit().await?)
    }

    /// What [`Work::pin`] kept.
    pub(crate) async fn pinned(&self) -> Result<(Vec<Signed<KeyConfirmation>>, Sealed), WorkError> {
        let row = sqlx::query("SELECT confirmations, share, seed FROM study").fetch_one(&self.pool).await?;
        let confirmations: Option<&[u8]> = row.try_get("confirmations")?;
        let confirmations = confirmations.and_then(|bytes| codec::decode(bytes).ok());
        let seed: Option<Vec<u8>> = row.try_get("seed")?;
        let sealed =
            Sealed { share: row.try_get("share")?, seed: seed.ok_or(WorkError::Inconsistent("seed"))? };
        Ok((confirmations.ok_or(WorkError::Inconsistent("confirmations"))?, sealed))
    }

    /// How many persons have components.
    pub(crate) async fn persons(&self) -> Result<u64, WorkError> {
        let row = sqlx::query("SELECT persons FROM study").fetch_one(&self.pool).await?;
        narrow::<u32>(row.try_get("persons")?, "persons").map(u64::from)
    }

    /// How many of them are evaluated: all but those who are known from a run before.
    pub(crate) async fn evaluated(&self) -> Result<u64, WorkError> {
        let row = sqlx::query("SELECT evaluated FROM study").fetch_one(&self.pool).await?;
        narrow::<u32>(row.try_get("evaluated")?, "evaluated").map(u64::from)
    }

    /// The commitment to those.
    pub(crate) async fn population(&self) -> Result<Signed<Commitment>, WorkError> {
        let row = sqlx::query("SELECT population FROM study").fetch_one(&self.pool).await?;
        let bytes: Option<&[u8]> = row.try_get("population")?;
        bytes.and_then(|bytes| codec::decode(bytes).ok()).ok_or(WorkError::Inconsistent("population"))
    }

    /// The digest by which something is fixed; none before it is.
    pub(crate) async fn fixed(&self, what: Fixed) -> Result<Option<Digest>, WorkError> {
        let found = sqlx::query("SELECT digest FROM frozen WHERE what = ?")
            .bind(what.name())
            .fetch_optional(&self.pool)
            .await?;
        let digest =
            |bytes: &[u8]| bytes.try_into().map(Digest).map_err(|_| WorkError::Inconsistent("digest"));
        found.map(|row| digest(row.try_get("digest")?)).transpose()
    }

    /// Fixes something for good, unless it is already. Gives the digest by which it is fixed now.
    pub(crate) async fn fix(&self, what: Fixed, digest: Digest) -> Result<Digest, WorkError> {
        let mut write = self.write().await?;
        fix(&mut write, what, digest).await?;
        write.commit().await?;
        self.fixed(what).await?.ok_or(WorkError::Inconsistent("digest"))
    }
}

pub(super) async fn reach(write: &mut Transaction<'_, Sqlite>, stage: Stage) -> Result<(), WorkError> {
    sqlx::query("UPDATE study SET stage = ?").bind(stage.name()).execute(&mut **write).await?;
    Ok(())
}

pub(super) async fn fix(
    write: &mut Transaction<'_, Sqlite>,
    what: Fixed,
    digest: Digest,
) -> Result<(), WorkError> {
    sqlx::query("INSERT INTO frozen (what, digest) VALUES (?, ?) ON CONFLICT DO NOTHING")
        .bind(what.name())
        .bind(digest.0.as_slice())
        .execute(&mut **write)
        .await?;
    Ok(())
}
