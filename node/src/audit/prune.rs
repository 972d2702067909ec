//! Deleting files whose entries are all older than the policy asks for, so that what is left proves itself.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use tvaers_audit::{AuditError, files};

use super::event::{Event, Pruned};
use super::read::{self, Verified};
use super::{Audit, Log, file};
use crate::ledger::claim::Head;

/// What was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruning {
    /// How many files.
    pub files: usize,
    /// The last entry that is gone; none where nothing was deleted.
    pub through: Option<Head>,
}

/// A full file, and what stands at its end.
struct Full {
    path: PathBuf,
    last_at: Timestamp,
    event: Pruned,
}

impl Audit {
    /// Deletes full files whose last entry is older than so many days, after verifying the whole log and writing down
    /// where each of them ended. The running file stays. It blocks.
    ///
    /// # Errors
    /// [`AuditError`]; nothing is deleted from a log that is broken, or that cannot be written.
    pub fn prune(&self, now: Timestamp, days: u32) -> Result<Pruning, AuditError> {
        let log = &self.log;
        let mut tail = log.tail();
        let running = log.turn(&mut tail, now)?;
        let (full, newest) = log.full()?;
        // By a clock that was set forward everything is old; what was logged before it is not.
        let now = newest.map_or(now, |newest| newest.min(now));
        let earliest =
            now.checked_sub(SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or(Timestamp::MIN);
        let old: Vec<_> = full.into_iter().take_while(|full| full.last_at < earliest).collect();
        let Some(last) = old.last() else { return Ok(Pruning { files: 0, through: None }) };
        let through = Some(last.event.through);
        // Before the files go, and for each of them: stopped half way, the log proves itself all the same.
        let events: Vec<_> = old.iter().map(|full| Event::Pruned(full.event.clone())).collect();
        log.write(&running, &mut tail, now, &events)?;
        for full in &old {
            std::fs::remove_file(&full.path)
                .map_err(|source| AuditError::Io { path: full.path.clone(), source })?;
        }
        file::sync_folder(&log.path)?;
        Ok(Pruning { files: old.len(), through })
    }
}

impl Log {
    /// The full files of a log that was verified to its end, and the time of its last entry.
    fn full(&self) -> Result<(Vec<Full>, Option<Timestamp>), AuditError> {
        let mut files = Vec::new();
        for path in files::of_log(&self.path)? {
            files.push((files::first_number(&path)?, path));
        }
        let mut files = files.into_iter().peekable();
        let (mut full, mut verified) = (Vec::new(), Verified::default());
        let mut now = files.next();
        for entry in read::read(&self.path)? {
            let entry = entry?;
            verified.take(&entry);
            let Some(next) = files.next_if(|(first, _)| *first == Some(entry.number + 1)) else { continue };
            let through = Head { entries: entry.number, digest: entry.digest };
            let event =
                Pruned { through, log: verified.log.unwrap_or_default(), ledger: verified.said.ledger };
            full.extend(now.replace(next).map(|(_, path)| Full { path, last_at: entry.at, event }));
        }
        Ok((full, verified.last_at))
    }
}
