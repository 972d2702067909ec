//! What a study that ends leaves to the later runs of its series.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tvaers_host::private::{self, PrivateFileError};
use tvaers_protocol::codec;
use tvaers_protocol::id::Digest;
use tvaers_protocol::study::Manifest;
use tvaers_pseudonym::key::{KeyShare, PublicKeys};
use tvaers_pseudonym::seed::BlindSeed;
use tvaers_warehouse::data::temp_store;

use super::ASIDE;
use super::kept::SCHEMA;
use crate::audit::event::Event;
use crate::node::Node;
use crate::study::{Stage, Study, told};
use crate::work::{BUSY_TIME, Work, WorkError, file, narrow};

/// What the next run needs of this one.
struct Epoch<'a> {
    /// The digest of the first run's manifest.
    first: Digest,
    /// The digest of the keys that this run's were refreshed from.
    before: Option<Digest>,
    keys: &'a PublicKeys,
    share: Option<Vec<u8>>,
    hiding: Vec<u8>,
    /// This run's manifest, and its digest.
    content: Vec<u8>,
    manifest: Digest,
    until: String,
}

/// Keeps what later runs of the study's series need, if it is of one: all of it where the study came to its end, and of
/// another what was evaluated, as that is under the series' key too. A second time changes nothing. Gives what the log is
/// told.
pub(crate) async fn leave(
    node: &Node,
    study: &Study,
    share: Option<&KeyShare>,
    is_complete: bool,
) -> Result<Option<Event>, WorkError> {
    let (Some(series), Some(first)) = (study.manifest.request.content.series, study.manifest.first_run())
    else {
        return Ok(None);
    };
    let is_complete = is_complete && study.work.stage().await? >= Stage::Submitted;
    let path = node.home().series(&first.to_string());
    let is_there = path.try_exists().map_err(|source| PrivateFileError::Io { path: path.clone(), source })?;
    let is_later = study.manifest.follows.is_some();
    // A series that was closed meanwhile does not come back by a run that was under way.
    if !is_there && (study.base.file.is_some() || !is_complete && !is_later) {
        return Ok(None);
    }
    if !is_complete && is_there {
        // Secrets that are hidden by another seed than the series' would open as others.
        study.work.keep_named(&path, study.digest, study.base.hiding.is_some()).await?;
        return Ok(None);
    }
    // A node that is new to the series keeps what it is called also where the run came to no end: holders count it, and
    // would count it once more in the next run.
    if !is_complete && study.work.named_persons().await? == 0 {
        return Ok(None);
    }
    let (Ok(keys), Ok(hiding)) = (study.pinned(), study.hiding().await) else { return Ok(None) };
    let first = study.manifest.persons_context();
    let unsealed = |_| WorkError::Inconsistent("share");
    let share = share.map(|share| share.seal(&first, node.sealing(), &mut node.rng())).transpose();
    let epoch = Epoch {
        first,
        before: study.manifest.follows.as_ref().map(|follows| follows.before),
        keys,
        share: share.map_err(unsealed)?,
        hiding: hiding.seal(&first, node.sealing(), &mut node.rng()).map_err(unsealed)?,
        content: codec::canonical(&study.manifest),
        manifest: study.digest,
        until: series.until.to_string(),
    };
    let persons = if is_there {
        study.work.keep_series(&path, &epoch, false).await?
    } else {
        make(node, &study.work, &path, &epoch).await?
    };
    Ok(Some(told::series_kept(&study.manifest, keys.epoch(), series.until, persons)))
}

/// Keeps what was evaluated in a later run whose file is about to be erased without its study having been taken up: what
/// holders have counted, and whom it was of.
pub(crate) async fn abandon(node: &Node, work: &Work, manifest: &Manifest) -> Result<(), WorkError> {
    let (Some(_), Some(first)) = (&manifest.follows, manifest.first_run()) else { return Ok(()) };
    let path = node.home().series(&first.to_string());
    let Some(kept) = super::open(&path).await? else { return Ok(()) };
    let head = kept.head().await;
    kept.close().await;
    let head = head?;
    if head.first != manifest.persons_context() {
        return Ok(());
    }
    let is_hidden_alike = BlindSeed::open(&head.first, node.sealing(), &head.hiding).is_ok();
    work.keep_named(&path, manifest.digest(), is_hidden_alike).await
}

/// Makes the file aside, and gives it its name once it is whole.
async fn make(node: &Node, work: &Work, path: &Path, epoch: &Epoch<'_>) -> Result<u32, WorkError> {
    let aside = path.with_extension(ASIDE);
    file::erase(&aside)?;
    drop(private::create(&aside)?);
    let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
    match work.keep_series(&aside, epoch, true).await {
        Ok(persons) => {
            std::fs::rename(&aside, path).map_err(io)?;
            // The file's name must be on the disk before that of the study's goes.
            std::fs::File::open(node.home().dir()).and_then(|dir| dir.sync_all()).map_err(io)?;
            Ok(persons)
        }
        Err(error) => {
            file::erase(&aside)?;
            Err(error)
        }
    }
}

/// Notes what this run's requesters have had evaluated: a second time, as after a crash, changes nothing.
const COUNT: &str = "INSERT INTO kept.account (run, requester, evaluated)
    SELECT ?, requester, evaluated FROM main.account WHERE true
    ON CONFLICT DO UPDATE SET evaluated = MAX(evaluated, excluded.evaluated)";

/// This run's persons with their pseudonyms, but for those who object: they are evaluated anew where that is to be said.
const KNOW: &str = "INSERT INTO kept.known (person_id, pseudonym, secret)
    SELECT c.person_id, p.pseudonym, p.secret FROM pseudonym AS p JOIN component AS c ON c.row = p.row
    WHERE c.objects = 0 ORDER BY c.person_id
    ON CONFLICT DO UPDATE SET pseudonym = excluded.pseudonym, secret = excluded.secret";

impl Work {
    /// Keeps what was evaluated in a run that came to no end: the counts, and whom they were of.
    async fn keep_named(&self, path: &Path, manifest: Digest, with_persons: bool) -> Result<(), WorkError> {
        self.with_kept(path, async |write| {
            sqlx::query(COUNT).bind(manifest.0.as_slice()).execute(&mut *write).await?;
            if with_persons {
                sqlx::query(KNOW).execute(&mut *write).await?;
            }
            Ok(())
        })
        .await
    }

    /// Keeps a run that came to its end. Gives how many persons are known then.
    async fn keep_series(&self, path: &Path, epoch: &Epoch<'_>, is_new: bool) -> Result<u32, WorkError> {
        self.with_kept(path, async |write| {
            if is_new {
                sqlx::raw_sql(SCHEMA).execute(&mut *write).await?;
                sqlx::query("INSERT INTO kept.series (first, manifest, until, hiding) VALUES (?, ?, ?, ?)")
                    .bind(epoch.first.0.as_slice())
                    .bind(&epoch.content)
                    .bind(&epoch.until)
                    .bind(&epoch.hiding)
                    .execute(&mut *write)
                    .await?;
            } else {
                sqlx::query("UPDATE kept.series SET until = ?, hiding = ?")
                    .bind(&epoch.until)
                    .bind(&epoch.hiding)
                    .execute(&mut *write)
                    .await?;
            }
            // What is older than the epoch that was refreshed is of no use to anybody any more.
            sqlx::query("DELETE FROM kept.epoch WHERE keys IS NOT ? AND keys <> ?")
                .bind(epoch.before.as_ref().map(|before| before.0.as_slice()))
                .bind(epoch.keys.digest().0.as_slice())
                .execute(&mut *write)
                .await?;
            // A close that is tried again finds its share cleared from memory, and kept by the first try.
            sqlx::query(
                "INSERT INTO kept.epoch (keys, epoch, content, share) VALUES (?, ?, ?, ?)
                 ON CONFLICT DO UPDATE SET share = coalesce(excluded.share, share)",
            )
            .bind(epoch.keys.digest().0.as_slice())
            .bind(epoch.keys.epoch())
            .bind(codec::canonical(epoch.keys))
            .bind(&epoch.share)
            .execute(&mut *write)
            .await?;
            sqlx::query(COUNT).bind(epoch.manifest.0.as_slice()).execute(&mut *write).await?;
            // Whoever is not in the data any more is forgotten.
            sqlx::query("DELETE FROM kept.known").execute(&mut *write).await?;
            let known = sqlx::query(KNOW).execute(&mut *write).await?.rows_affected();
            narrow(i64::try_from(known).unwrap_or(i64::MAX), "known")
        })
        .await
    }

    /// Works in one transaction over the study's file and a kept one, on a connection of its own, which is closed whatever
    /// becomes of the work.
    pub(crate) async fn with_kept<T>(
        &self,
        path: &Path,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, WorkError>,
    ) -> Result<T, WorkError> {
        let options = SqliteConnectOptions::new()
            .filename(self.path())
            .create_if_missing(false)
            .busy_timeout(BUSY_TIME)
            .pragma("secure_delete", "ON")
            .pragma("temp_store", temp_store())
            .disable_statement_logging();
        let mut connection = options.connect().await?;
        let done = async {
            let path = path.to_str().ok_or(WorkError::Inconsistent("path"))?;
            sqlx::query("ATTACH DATABASE ? AS kept").bind(path).execute(&mut connection).await?;
            // EXTRA, as a rollback journal that a power cut brings back would undo what the study's file was erased for.
            sqlx::raw_sql("PRAGMA kept.secure_delete = ON; PRAGMA kept.synchronous = EXTRA;")
                .execute(&mut connection)
                .await?;
            let mut write = connection.begin_with("BEGIN IMMEDIATE").await?;
            let done = work(&mut write).await?;
            write.commit().await?;
            Ok(done)
        };
        let done = done.await;
        connection.close().await?;
        done
    }
}

#[cfg(test)]
mod tests;
