//! The audit log: every request, permitted or refused, and what else a data-protection officer asks about. JSON Lines
//! in the node's folder, only ever added to, chained by SHA-256, on the disk before anything is answered. A request
//! whose entry cannot be written is not answered.
//!
//! It does not say who could be meant: no value, no person, no literal of a filter ([`event`] has no place for one).
//!
//! In reading order: [`event`] what is told, in [`code`]s; [`mod@line`] one entry and its digest; [`read`] reading and
//! verifying; here, writing; `file` whose turn it is to write; `rotate` and `prune` full files and old ones;
//! [`lookup`] what it says of one entry; [`unsaid`] what a start has to tell it.

mod file;
pub mod lookup;
mod prune;
mod rotate;
pub mod unsaid;

use std::fs::File;
use std::io::{BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sha2::Digest as _;
use tvaers_audit::files;
use tvaers_host::private;
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::Digest;

use crate::ledger::claim::Head;
use event::{Event, Truncated};
use line::{Entry, LINE_BYTES_MAX};
use read::{Entries, Said, Verified};

pub use self::prune::Pruning;
pub use tvaers_audit::{AuditError, code, event, line, read};

/// Bytes from which on a file of the log is full: about 70,000 entries, which an editor still opens and a mail server
/// may still take, and weeks of a busy node.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// The open audit log. Clones write to the same one, and so may other processes.
#[derive(Clone)]
pub struct Audit {
    log: Arc<Log>,
}

struct Log {
    path: PathBuf,
    software: Software,
    file_bytes_max: u64,
    tail: Mutex<Tail>,
}

/// What this process knows of the log's end.
struct Tail {
    /// The running file: see [`files::identity`].
    file: (u64, u64),
    /// The number of its first entry.
    first: u64,
    /// Its bytes.
    bytes: u64,
    head: Head,
    /// The digest of the log's first entry.
    log: Option<Digest>,
    said: Said,
    unsure: bool,
}

impl Audit {
    /// Opens a node's log, creating it where there is none, and verifies it from the first entry to the last. Half an
    /// entry at its end, as a power cut leaves it, is replaced by an entry that says so.
    ///
    /// # Errors
    /// [`AuditError`]: the node may not serve.
    pub fn open(path: &Path, software: Software, now: Timestamp) -> Result<Self, AuditError> {
        Self::open_with(path, software, now, FILE_BYTES_MAX)
    }

    fn open_with(
        path: &Path,
        software: Software,
        now: Timestamp,
        file_bytes_max: u64,
    ) -> Result<Self, AuditError> {
        let io = |source| AuditError::Io { path: path.to_owned(), source };
        // Full files without a running one are what is left of a log: it is not begun anew.
        if !path.try_exists().map_err(io)? && files::full_of(path)?.is_empty() {
            let made = private::append(path).map_err(|error| io(std::io::Error::other(error)))?;
            made.sync_all().map_err(io)?;
            // The file's name must survive a power cut as well.
            file::sync_folder(path)?;
        }
        let file = file::open(path)?;
        let mut verified = Verified::default();
        let mut entries = read::read(path)?;
        for entry in entries.by_ref() {
            verified.take(&entry?);
        }
        let bytes = file.metadata().map_err(io)?.len();
        let tail = Tail {
            file: files::identity(&file).map_err(io)?,
            first: files::first_number(path)?.unwrap_or(verified.head.entries + 1),
            bytes: bytes.saturating_sub(entries.torn_bytes() as u64),
            head: entries.head(),
            log: verified.log,
            said: verified.said,
            unsure: false,
        };
        let log = Log { path: path.to_owned(), software, file_bytes_max, tail: Mutex::new(tail) };
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

    /// What the newest entries say of the node, as far as this process has seen them.
    #[must_use]
    pub fn said(&self) -> Said {
        self.log.tail().said.clone()
    }

    /// The digest of the log's first entry, which names it, whether or not that entry is there still; none of a log
    /// without entries.
    #[must_use]
    pub fn log(&self) -> Option<Digest> {
        self.log.tail().log
    }
}

impl Log {
    fn tail(&self) -> MutexGuard<'_, Tail> {
        // A panic while it was held has written nothing that the next catching-up would not find.
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self, now: Timestamp, events: &[Event]) -> Result<Head, AuditError> {
        let mut tail = self.tail();
        let mut file = self.turn(&mut tail, now)?;
        if tail.bytes >= self.file_bytes_max {
            file = self.rotate(&mut tail, now)?;
        }
        self.write(&file, &mut tail, now, events)?;
        Ok(tail.head)
    }

    /// Waits for this process's turn, and takes note of all that others wrote.
    fn turn(&self, tail: &mut Tail, now: Timestamp) -> Result<File, AuditError> {
        if tail.unsure {
            return Err(AuditError::Unsure);
        }
        // Opened anew, so that a log that was moved, made read-only or deleted is noticed.
        let file = file::open(&self.path)?;
        let found = files::identity(&file).map_err(self.io())?;
        if found != tail.file {
            self.follow(tail, found)?;
        }
        self.catch_up(&file, tail, now)?;
        Ok(file)
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
            let entry = entry?;
            tail.log.get_or_insert(entry.digest);
            tail.said.take(&entry.event);
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
        let (mut head, mut log) = (tail.head, None);
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
            log.get_or_insert(digest);
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
        tail.log = tail.log.or(log);
        events.iter().for_each(|event| tail.said.take(event));
        Ok(())
    }

    fn io(&self) -> impl Fn(std::io::Error) -> AuditError {
        |source| AuditError::Io { path: self.path.clone(), source }
    }
}

#[cfg(test)]
mod tests;
