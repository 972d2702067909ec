//! The audit log: every request, permitted or refused, and what else a data-protection officer asks about. One file
//! of JSON Lines in the node's folder, only ever added to, chained by SHA-256, on the disk before anything is
//! answered. A request whose entry cannot be written is not answered.
//!
//! It does not say who could be meant: no value, no person, no literal of a filter ([`event`] has no place for one).
//! It is not signed or witnessed yet: whoever can write the file can write another history. [`mod@line`] says where
//! signatures go.
//!
//! In reading order: [`event`] what is told, in [`code`]s; [`mod@line`] one entry and its digest; [`read`] reading and
//! verifying; here, writing.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use rustix::io::retry_on_intr;
use sha2::Digest as _;
use tvaers_host::private;
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::Digest;

use crate::ledger::claim::Head;
use event::{Event, Truncated};
use line::{Entry, LINE_BYTES_MAX};
use read::Entries;

pub use tvaers_audit::{AuditError, code, event, line, read};

pub mod lookup;

/// The open audit log. Clones write to the same one, and so may other processes.
#[derive(Clone)]
pub struct Audit {
    log: Arc<Log>,
}

struct Log {
    path: PathBuf,
    software: Software,
    tail: Mutex<Tail>,
}

/// What this process knows of the log's end.
struct Tail {
    /// Device and inode: a file of the same name is not the same log.
    file: (u64, u64),
    bytes: u64,
    head: Head,
    unsure: bool,
}

impl Audit {
    /// Opens a node's log, creating it where there is none, and verifies it from the first entry to the last. Half an
    /// entry at its end, as a power cut leaves it, is replaced by an entry that says so.
    ///
    /// # Errors
    /// [`AuditError`]: the node may not serve.
    pub fn open(path: &Path, software: Software, now: Timestamp) -> Result<Self, AuditError> {
        let io = |source| AuditError::Io { path: path.to_owned(), source };
        if !path.try_exists().map_err(io)? {
            let made = private::append(path).map_err(|error| io(std::io::Error::other(error)))?;
            made.sync_all().map_err(io)?;
            // The file's name must survive a power cut as well.
            path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all()).map_err(io)?;
        }
        let file = open(path)?;
        let tail = Tail { file: identity(&file).map_err(io)?, bytes: 0, head: Head::EMPTY, unsure: false };
        let log = Log { path: path.to_owned(), software, tail: Mutex::new(tail) };
        log.catch_up(&file, &mut log.tail(), now)?;
        Ok(Self { log: Arc::new(log) })
    }

    /// Writes entries and waits until the disk has them; gives the head with the last. It blocks.
    ///
    /// # Errors
    /// [`AuditError`]: what the entries tell of must not happen, and nothing may be answered.
    pub fn append(&self, now: Timestamp, events: &[Event]) -> Result<Head, AuditError> {
        self.log.append(now, events)
    }

    /// As [`Audit::append`], from asynchronous code. Once begun it is done, whether or not anybody waits for it.
    ///
    /// # Errors
    /// As [`Audit::append`].
    pub async fn record(&self, now: Timestamp, events: Vec<Event>) -> Result<Head, AuditError> {
        let log = Arc::clone(&self.log);
        tokio::task::spawn_blocking(move || log.append(now, &events))
            .await
            .map_err(|_| AuditError::Interrupted)?
    }

    /// The head with the last entry that this process has seen.
    #[must_use]
    pub fn head(&self) -> Head {
        self.log.tail().head
    }
}

impl Log {
    fn tail(&self) -> MutexGuard<'_, Tail> {
        // A panic while it was held has written nothing that the next catching-up would not find.
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self, now: Timestamp, events: &[Event]) -> Result<Head, AuditError> {
        let mut tail = self.tail();
        if tail.unsure {
            return Err(AuditError::Unsure);
        }
        // Opened anew, so that a log that was moved, made read-only or deleted is noticed.
        let file = open(&self.path)?;
        if identity(&file).map_err(self.io())? != tail.file {
            return Err(AuditError::Cut { entry: tail.head.entries });
        }
        self.catch_up(&file, &mut tail, now)?;
        self.write(&file, &mut tail, now, events)?;
        Ok(tail.head)
    }

    /// Reads what other processes have added since, and mends a torn end.
    fn catch_up(&self, file: &File, tail: &mut Tail, now: Timestamp) -> Result<(), AuditError> {
        let mut file = file;
        let bytes = file.metadata().map_err(self.io())?.len();
        if bytes < tail.bytes {
            return Err(AuditError::Cut { entry: tail.head.entries });
        }
        if bytes == tail.bytes {
            return Ok(());
        }
        file.seek(SeekFrom::Start(tail.bytes)).map_err(self.io())?;
        let mut entries = Entries::after(BufReader::new(file), tail.head);
        for entry in entries.by_ref() {
            entry?;
        }
        tail.bytes += entries.bytes();
        tail.head = entries.head();
        let torn = entries.torn();
        if torn.is_empty() {
            return Ok(());
        }
        let event = Event::Truncated(Truncated {
            bytes: torn.len() as u64,
            digest: Digest(sha2::Sha256::digest(torn).into()),
        });
        self.write(file, tail, now, &[event])
    }

    /// Writes entries over what is torn, if anything is. Where that fails half way, what it leaves is torn again, and
    /// told of by the next entry.
    fn write(
        &self,
        mut file: &File,
        tail: &mut Tail,
        now: Timestamp,
        events: &[Event],
    ) -> Result<(), AuditError> {
        let mut text = String::new();
        let mut head = tail.head;
        for event in events {
            let number = head.entries + 1;
            let (line, digest) =
                Entry::write(number, now, &self.software, event, head.digest).map_err(AuditError::Form)?;
            // The end of the line counts.
            if line.len() >= LINE_BYTES_MAX {
                return Err(AuditError::TooLong);
            }
            text.push_str(&line);
            text.push('\n');
            head = Head { entries: number, digest };
        }
        let end = tail.bytes + text.len() as u64;
        file.seek(SeekFrom::Start(tail.bytes))
            .and_then(|_| file.write_all(text.as_bytes()))
            .and_then(|()| file.set_len(end))
            .map_err(self.io())?;
        if let Err(source) = file.sync_data() {
            // After a failed sync a system may forget what it had not written, and confirm the next one all the same.
            tail.unsure = true;
            return Err(self.io()(source));
        }
        tail.bytes = end;
        tail.head = head;
        Ok(())
    }

    fn io(&self) -> impl Fn(std::io::Error) -> AuditError {
        |source| AuditError::Io { path: self.path.clone(), source }
    }
}

/// Opens an existing log for this process alone; the lock is given up with the file.
fn open(path: &Path) -> Result<File, AuditError> {
    let io = |source| AuditError::Io { path: path.to_owned(), source };
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    let mode = metadata.mode() & 0o777;
    // Also for an administrator, whom the system lets write anything: a log made read-only is meant to be left alone.
    if !metadata.is_file() || mode != 0o600 {
        return Err(AuditError::Mode { path: path.to_owned(), mode });
    }
    retry_on_intr(|| flock(&file, FlockOperation::LockExclusive)).map_err(|error| io(error.into()))?;
    Ok(file)
}

fn identity(file: &File) -> std::io::Result<(u64, u64)> {
    file.metadata().map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests;
