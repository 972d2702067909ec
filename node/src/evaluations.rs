//! What a node keeps of its own evaluations when a study has closed, so that it can open a sample of them to an auditor
//! who asks: a private file a run (`evaluations-<run>.sqlite`), erased after `[evaluations] keep-days`.
//!
//! It holds the sealed seed, the persons in their order and the signed commitment. Whoever could open the seed and has
//! recorded what passed through the coordinator could tell whose the study's pseudonyms were, so it is kept for no longer
//! than audits take, and never in a backup.

pub(crate) mod kept;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use tvaers_host::private::{self, PrivateFileError};
use tvaers_protocol::study::Manifest;

use self::kept::Kept;
use crate::audit::event::{EvaluatedFor, Event};
use crate::home::Home;
use crate::node::Node;
use crate::work::account::Evaluations;
use crate::work::{Work, WorkError, file};

/// For how long what an opening needs is kept where the configuration does not say.
pub(crate) const KEEP_DAYS: u16 = 90;

/// What a name of these files begins with.
const PREFIX: &str = "evaluations-";

/// What is written is written aside, under this ending.
const ASIDE: &str = "part";

/// Takes leave of a study's file that is about to be erased: keeps what an opening needs, and gives what the audit log is to
/// tell of this node's evaluations for others. What fails is logged here, as the file goes all the same.
pub(crate) async fn leave(node: &Node, work: &Work, manifest: &Manifest) -> Vec<Event> {
    let run = manifest.run.to_string();
    let days = node.config().evaluations.keep_days;
    if let Err(error) = keep(node.home(), work, &run, days, node.clock().now()).await {
        tracing::error!(study.run = %run, error = %error, "a sample of the study's evaluations cannot be opened any more");
    }
    match work.evaluations().await {
        Ok(all) => all.into_iter().map(|of| told(manifest, of)).collect(),
        Err(error) => {
            tracing::error!(study.run = %run, error = %error, "what was evaluated in the study is not known any more");
            Vec::new()
        }
    }
}

async fn keep(home: &Home, work: &Work, run: &str, days: u16, now: Timestamp) -> Result<(), WorkError> {
    if days == 0 {
        return Ok(());
    }
    let path = home.evaluations(run);
    let aside = path.with_extension(ASIDE);
    file::erase(&aside)?;
    drop(private::create(&aside)?);
    let io = |source| PrivateFileError::Io { path: path.clone(), source };
    match work.keep_evaluations(&aside, now).await {
        Ok(true) => {
            std::fs::rename(&aside, &path).map_err(io)?;
            // The file's name must be on the disk before that of the study's goes.
            std::fs::File::open(home.dir()).and_then(|dir| dir.sync_all()).map_err(io)?;
            Ok(())
        }
        Ok(false) => Ok(file::erase(&aside)?),
        Err(error) => {
            file::erase(&aside)?;
            Err(error)
        }
    }
}

fn told(manifest: &Manifest, of: Evaluations) -> Event {
    Event::EvaluatedFor(EvaluatedFor {
        manifest: manifest.digest(),
        quota: manifest.participant(&of.requester).map_or(0, |participant| participant.quota),
        missing: missing(&of.batches),
        batches: u32::try_from(of.batches.len()).unwrap_or(u32::MAX),
        requester: of.requester,
        persons: of.persons,
        commitment: of.commitment,
        elements: of.elements,
        evaluations: of.evaluations,
    })
}

/// The first numbers below the last that are not among these rising ones.
fn missing(batches: &[u32]) -> Vec<u32> {
    let mut next = 0;
    let mut missing = Vec::new();
    for batch in batches {
        let room = EvaluatedFor::MISSING_MAX.saturating_sub(missing.len());
        missing.extend((next..*batch).take(room));
        next = batch.saturating_add(1);
    }
    missing
}

/// The files of a folder, by name, and what a copy that broke off has left.
pub(crate) fn list(dir: &Path) -> Result<Vec<PathBuf>, PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: dir.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let ends = path.extension().is_some_and(|ending| ending == "sqlite" || ending == ASIDE);
        if name.starts_with(PREFIX) && ends {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Until when a file that was closed then is kept.
pub(crate) fn kept_until(closed_at: Timestamp, days: u16) -> Timestamp {
    closed_at.checked_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX)
}

/// Erases the files whose time is over. Gives how many, and what could not be read: that is left.
pub(crate) async fn prune(
    dir: &Path,
    days: u16,
    now: Timestamp,
) -> Result<(usize, Vec<(PathBuf, WorkError)>), PrivateFileError> {
    let (mut erased, mut unread) = (0, Vec::new());
    for path in list(dir)? {
        let over = if path.extension().is_some_and(|ending| ending == ASIDE) {
            // It may be in the making.
            Ok(path
                .metadata()
                .and_then(|file| file.modified())
                .is_ok_and(|time| Timestamp::try_from(time).is_ok_and(|time| kept_until(time, 1) < now)))
        } else {
            closed_at(&path).await.map(|closed_at| kept_until(closed_at, days) <= now)
        };
        match over {
            Ok(true) => {
                file::erase(&path)?;
                erased += 1;
            }
            Ok(false) => {}
            Err(error) => unread.push((path, error)),
        }
    }
    Ok((erased, unread))
}

async fn closed_at(path: &Path) -> Result<Timestamp, WorkError> {
    let kept = Kept::open(path).await?;
    let closed_at = kept.closed_at().await;
    kept.close().await;
    closed_at
}

/// The same while a node serves; what goes wrong is logged, of a file that cannot be read once, which is `told` then.
pub(crate) async fn sweep(node: &Node, told: &mut BTreeSet<PathBuf>) {
    let days = node.config().evaluations.keep_days;
    match prune(node.home().dir(), days, node.clock().now()).await {
        Ok((erased, unread)) => {
            if erased > 0 {
                tracing::info!(erased, "what openings of old studies needed is erased");
            }
            for (path, error) in unread {
                if !told.insert(path.clone()) {
                    continue;
                }
                let name = path.file_name().unwrap_or_default().display();
                tracing::error!(file = %name, error = %error, "what an opening needs cannot be read; look at it, or delete it");
            }
        }
        Err(error) => {
            tracing::error!(error = %error, "what openings of old studies needed could not be erased")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_that_were_left_out_are_named_up_to_a_limit() {
        assert_eq!(missing(&[]), Vec::<u32>::new());
        assert_eq!(missing(&[0, 1, 2]), Vec::<u32>::new());
        assert_eq!(missing(&[0, 2, 5]), [1, 3, 4]);
        assert_eq!(missing(&[2]), [0, 1]);
        assert_eq!(missing(&[5, 430_000]).len(), EvaluatedFor::MISSING_MAX);
    }
}
