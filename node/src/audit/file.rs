//! The running file, for one process at a time.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::retry_on_intr;
use tvaers_audit::{AuditError, files};

/// How often a process finds, when its turn has come, that the file was filled meanwhile. Each time another process
/// has written a whole file.
const TURNS_MAX: u32 = 100;

/// Opens the running file for this process alone; the lock is given up with the file.
pub(super) fn open(path: &Path) -> Result<File, AuditError> {
    let io = |source| AuditError::Io { path: path.to_owned(), source };
    for _ in 0..TURNS_MAX {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        let mode = metadata.mode() & 0o777;
        // Also for an administrator, whom the system lets write anything: a log made read-only is meant to be left
        // alone.
        if !metadata.is_file() || mode != 0o600 {
            return Err(AuditError::Mode { path: path.to_owned(), mode });
        }
        lock(&file).map_err(io)?;
        // Who waited may hold a file that is full by now.
        let now = std::fs::metadata(path).map_err(io)?;
        if files::identity(&file).map_err(io)? == (now.dev(), now.ino()) {
            return Ok(file);
        }
    }
    Err(io(io::Error::from(io::ErrorKind::ResourceBusy)))
}

/// Waits until no other process has a file locked.
pub(super) fn lock(file: &File) -> io::Result<()> {
    retry_on_intr(|| flock(file, FlockOperation::LockExclusive)).map_err(io::Error::from)
}

/// Waits until the disk has the names in the log's folder.
pub(super) fn sync_folder(path: &Path) -> Result<(), AuditError> {
    let folder = files::folder(path);
    let io = |source| AuditError::Io { path: folder.to_owned(), source };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
}
