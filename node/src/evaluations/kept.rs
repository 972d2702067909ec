//! One file of what an opening needs.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{ConnectOptions as _, Row as _, SqlitePool};
use tvaers_protocol::codec;
use tvaers_protocol::id::{Digest, PersonId};
use tvaers_protocol::limit;
use tvaers_protocol::message::Signed;
use tvaers_protocol::population::Commitment;
use tvaers_protocol::study::Manifest;
use tvaers_pseudonym::opening::{OpenError, Opener, Opening};
use tvaers_pseudonym::sealing::SealingKey;
use tvaers_pseudonym::seed::BlindSeed;

use crate::work::{WorkError, file};

/// Marks the file (`PRAGMA application_id`): "tvev".
const APPLICATION_ID: i64 = 0x7476_6576;

/// The version of the tables (`PRAGMA user_version`).
const SCHEMA_VERSION: i64 = 1;

/// The tables, in a database that is attached as `kept`.
pub(crate) const SCHEMA: &str = "
    PRAGMA kept.application_id = 1953916278;
    PRAGMA kept.user_version = 1;
    -- One row: the study, what this node committed to, and the seed of its blinds, sealed to the node's own key.
    CREATE TABLE kept.evaluation (
        manifest   BLOB NOT NULL,
        population BLOB NOT NULL,
        seed       BLOB NOT NULL,
        closed_at  TEXT NOT NULL
    ) STRICT;
    CREATE TABLE kept.person (
        row       INTEGER PRIMARY KEY,
        person_id TEXT NOT NULL
    ) STRICT;";

/// Why nothing can be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptError {
    #[error(transparent)]
    File(#[from] WorkError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the kept seed does not open with this node's sealing key")]
    Seed,
}

impl From<sqlx::Error> for KeptError {
    fn from(error: sqlx::Error) -> Self {
        Self::File(error.into())
    }
}

/// An open file, to be read alone.
pub(crate) struct Kept {
    pool: SqlitePool,
}

impl Kept {
    pub(crate) async fn open(path: &Path) -> Result<Self, WorkError> {
        file::check_private(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .busy_timeout(Duration::from_secs(5))
            .disable_statement_logging();
        let kept = Self { pool: SqlitePoolOptions::new().max_connections(1).connect_with(options).await? };
        match kept.check().await {
            Ok(()) => Ok(kept),
            Err(error) => {
                kept.close().await;
                Err(error)
            }
        }
    }

    async fn check(&self) -> Result<(), WorkError> {
        let marks = sqlx::query(
            "SELECT application_id, user_version FROM pragma_application_id(), pragma_user_version()",
        );
        let marks = marks.fetch_one(&self.pool).await?;
        let found: (i64, i64) = (marks.try_get(0)?, marks.try_get(1)?);
        if found == (APPLICATION_ID, SCHEMA_VERSION) { Ok(()) } else { Err(WorkError::Foreign) }
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    /// When the study closed.
    pub(crate) async fn closed_at(&self) -> Result<Timestamp, WorkError> {
        let row = sqlx::query("SELECT closed_at FROM evaluation").fetch_one(&self.pool).await?;
        let text: &str = row.try_get(0)?;
        text.parse().map_err(|_| WorkError::Inconsistent("closed_at"))
    }

    /// The study.
    pub(crate) async fn manifest(&self) -> Result<Manifest, WorkError> {
        let row = sqlx::query("SELECT manifest FROM evaluation").fetch_one(&self.pool).await?;
        codec::decode(row.try_get(0)?).map_err(|_| WorkError::Inconsistent("manifest"))
    }

    /// What this node committed to.
    pub(crate) async fn population(&self) -> Result<Signed<Commitment>, WorkError> {
        let row = sqlx::query("SELECT population FROM evaluation").fetch_one(&self.pool).await?;
        codec::decode(row.try_get(0)?).map_err(|_| WorkError::Inconsistent("population"))
    }

    /// The opening of the sample that a challenge draws. All of the population is blinded again: about half a minute a
    /// million on two cores.
    pub(crate) async fn opening(
        &self,
        key: &SealingKey,
        challenge: Digest,
        size: u32,
    ) -> Result<Opening, KeptError> {
        let manifest = self.manifest().await?;
        let row = sqlx::query("SELECT seed FROM evaluation").fetch_one(&self.pool).await?;
        let seed = BlindSeed::open(&manifest.digest(), key, row.try_get(0)?).map_err(|_| KeptError::Seed)?;
        let seed = std::sync::Arc::new(seed);
        let mut opener = Opener::new(manifest, self.population().await?, challenge, size);
        let mut last = 0;
        loop {
            let persons = self.persons_after(&mut last).await?;
            if persons.is_empty() {
                return Ok(opener.finish()?);
            }
            let seed = std::sync::Arc::clone(&seed);
            let added = move || opener.add(&seed, &persons).map(|()| opener);
            opener = tokio::task::spawn_blocking(added).await.map_err(|_| WorkError::Interrupted)??;
        }
    }

    /// The persons of the batch after a row, which moves on.
    async fn persons_after(&self, last: &mut i64) -> Result<Vec<PersonId>, WorkError> {
        let rows = sqlx::query("SELECT row, person_id FROM person WHERE row > ? ORDER BY row LIMIT ?")
            .bind(*last)
            .bind(i64::try_from(limit::BATCH_PERSONS).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        if let Some(row) = rows.last() {
            *last = row.try_get("row")?;
        }
        let person = |text| PersonId::parse(text).map_err(|_| WorkError::Inconsistent("person_id"));
        rows.iter().map(|row| person(row.try_get("person_id")?)).collect()
    }
}
