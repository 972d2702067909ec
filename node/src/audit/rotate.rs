//! When a file is full the log goes on in a new one.
//!
//! The full file gets its second name, and then the new one takes the first over, in one step of the file system: so
//! there is a running file at every moment, and wherever this is stopped the log is whole. What may be left is a new
//! file that nobody reads, and a full one that is still written to under both names.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tvaers_audit::{AuditError, files};

use super::event::{Event, Rotated};
use super::line::Entry;
use super::read::Entries;
use super::{Audit, Log, Tail, file};
use crate::ledger::claim::Head;

impl Audit {
    /// Ends the running file and begins a new one; false where it holds nothing. It blocks.
    ///
    /// # Errors
    /// [`AuditError`]: the log goes on in the file that it was in.
    pub fn rotate(&self, now: Timestamp) -> Result<bool, AuditError> {
        let mut tail = self.log.tail();
        let running = self.log.turn(&mut tail, now)?;
        if tail.bytes == 0 {
            return Ok(false);
        }
        // Held until the new file has taken its place.
        let _next = self.log.rotate(&mut tail, now)?;
        drop(running);
        Ok(true)
    }
}

impl Log {
    /// Begins a new file, and gives it, locked. The caller holds the lock of the one that is full.
    pub(super) fn rotate(&self, tail: &mut Tail, now: Timestamp) -> Result<File, AuditError> {
        let aside = aside(&self.path);
        match std::fs::remove_file(&aside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.io()(error)),
            _ => {}
        }
        let number = tail.head.entries + 1;
        // A log without entries has no file that is full.
        let log = tail.log.unwrap_or_default();
        let event = Event::Rotated(Rotated { through: tail.head, log });
        let (mut line, digest) =
            Entry::write(number, now, &self.software, &event, tail.head.digest).map_err(AuditError::Form)?;
        line.push('\n');
        let mut next = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&aside)
            .map_err(self.io())?;
        // Before anybody can find it, so that nobody writes to it before this process does.
        file::lock(&next).map_err(self.io())?;
        next.write_all(line.as_bytes()).and_then(|()| next.sync_all()).map_err(self.io())?;
        let found = files::identity(&next).map_err(self.io())?;
        second_name(&self.path, &files::full(&self.path, tail.first), tail.file).map_err(self.io())?;
        file::sync_folder(&self.path)?;
        std::fs::rename(&aside, &self.path).map_err(self.io())?;
        *tail = Tail {
            file: found,
            first: number,
            bytes: line.len() as u64,
            head: Head { entries: number, digest },
            log: tail.log,
            said: std::mem::take(&mut tail.said),
            unsure: false,
        };
        // The old name may come back after a power cut: what is written to the new file meanwhile would be gone.
        file::sync_folder(&self.path).inspect_err(|_| tail.unsure = true)?;
        Ok(next)
    }

    /// Goes on from a file that another process has filled since, to the one that runs now.
    pub(super) fn follow(&self, tail: &mut Tail, running: (u64, u64)) -> Result<(), AuditError> {
        let cut = AuditError::Cut { entry: tail.head.entries };
        let mut full = Vec::new();
        for path in files::full_of(&self.path)? {
            let file = File::open(&path).map_err(self.io())?;
            full.push((path, files::identity(&file).map_err(self.io())?));
        }
        let Some(from) = full.iter().position(|(_, found)| *found == tail.file) else { return Err(cut) };
        for (path, found) in full.into_iter().skip(from).filter(|(_, found)| *found != running) {
            let known = if found == tail.file { tail.bytes } else { 0 };
            self.read_on(tail, &path, known)?;
        }
        (tail.file, tail.first, tail.bytes) = (running, tail.head.entries + 1, 0);
        Ok(())
    }

    /// Reads what a full file holds after the bytes that are known.
    fn read_on(&self, tail: &mut Tail, path: &Path, known: u64) -> Result<(), AuditError> {
        let mut file = File::open(path).map_err(self.io())?;
        if file.metadata().map_err(self.io())?.len() < known {
            return Err(AuditError::Cut { entry: tail.head.entries });
        }
        file.seek(SeekFrom::Start(known)).map_err(self.io())?;
        let mut entries = Entries::after(BufReader::new(file), tail.head);
        for entry in entries.by_ref() {
            tail.said.take(&entry?.event);
        }
        tail.head = entries.head();
        if entries.torn_bytes() > 0 {
            let what = "a full file ends in half an entry";
            return Err(AuditError::Broken { entry: tail.head.entries + 1, what });
        }
        Ok(())
    }
}

/// Gives the running file its second name, which it may have already.
fn second_name(path: &Path, full: &Path, running: (u64, u64)) -> std::io::Result<()> {
    match std::fs::hard_link(path, full) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let there = std::fs::metadata(full)?;
            if (there.dev(), there.ino()) == running { Ok(()) } else { Err(error) }
        }
        other => other,
    }
}

/// Where a new file is written before it is the running one.
fn aside(path: &Path) -> PathBuf {
    let mut aside = OsString::from(path);
    aside.push(".next");
    aside.into()
}
