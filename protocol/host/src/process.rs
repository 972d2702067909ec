//! Life and figures of a process: when to stop, what it has used, where it can be found.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use rustix::fs::{FlockOperation, flock};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::private::{self, PrivateFileError};

/// The operating system's random numbers, handed down to everything that needs secrets.
#[must_use]
pub fn system_rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// Keeps memory, which holds keys and rows, out of core files, and from other processes of the same user.
///
/// A limit of 0 is not enough: where cores are piped to a program the kernel does not look at it (core(5)). A process
/// that is not dumpable leaves none there either (`PR_SET_DUMPABLE` in prctl(2)).
///
/// # Errors
/// Where the system refuses.
pub fn leave_no_core() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// Waits until the process is asked to stop: interrupt, terminate, or, where `with_stdin`, the end of standard
/// input, which comes when the parent dies.
///
/// # Errors
/// Where signals cannot be watched.
pub async fn until_stopped(with_stdin: bool) -> io::Result<()> {
    use tokio::io::AsyncReadExt as _;
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let parent = async {
        if !with_stdin {
            return std::future::pending().await;
        }
        let mut stdin = tokio::io::stdin();
        let mut byte = [0; 64];
        // Whatever arrives is ignored; the end, or an error, means that nobody is there any more.
        while matches!(stdin.read(&mut byte).await, Ok(n) if n > 0) {}
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = parent => {}
    }
    Ok(())
}

/// The file with the id of the one process that serves a folder. It is locked while the process lives, so a file
/// that a killed process left behind holds nobody up.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    // Closing it gives up the lock.
    _file: File,
}

/// Why this process cannot serve a folder.
#[derive(Debug, thiserror::Error)]
pub enum PidError {
    /// Another one does.
    #[error("process {0} serves this folder already")]
    Taken(u32),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] PrivateFileError),
}

impl PidFile {
    /// Takes the folder for this process.
    ///
    /// # Errors
    /// [`PidError`].
    pub fn take(path: &Path) -> Result<Self, PidError> {
        let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
        let mut file = private::append(path)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(PidError::Taken(running(path).unwrap_or_default()));
        }
        let write = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        write.map_err(io)?;
        Ok(Self { path: path.to_owned(), _file: file })
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // The file of a process that has stopped would mislead; a missing one is no problem.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The process that serves a folder, by its pid file, if it is alive.
#[must_use]
pub fn running(path: &Path) -> Option<u32> {
    let file = File::open(path).ok()?;
    if flock(&file, FlockOperation::NonBlockingLockShared).is_ok() {
        return None;
    }
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// What a process has used, as the kernel counts it (proc(5)).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Processor time in seconds, user and system.
    pub cpu_s: f64,
    /// Processor time in seconds of children that have ended.
    pub children_cpu_s: f64,
    /// The most memory it ever held, in bytes.
    pub peak_rss_bytes: u64,
}

/// Reads what a process has used; none where it is gone.
#[must_use]
pub fn usage(pid: u32) -> Option<Usage> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the command in parentheses and may hold spaces; fields after it are counted from 3.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
    #[expect(clippy::cast_precision_loss, reason = "a clock frequency of about 100")]
    let per_second = rustix::param::clock_ticks_per_second() as f64;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let peak_kib: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(Usage {
        cpu_s: (field(14)? + field(15)?) / per_second,
        children_cpu_s: (field(16)? + field(17)?) / per_second,
        peak_rss_bytes: peak_kib * 1024,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_memory_and_a_process_that_is_not_there_has_no_figures() {
        let own = usage(std::process::id()).unwrap();
        assert!(own.peak_rss_bytes > 100_000 && own.cpu_s >= 0.0);
        assert_eq!(usage(u32::MAX), None);
    }

    #[test]
    fn a_folder_is_served_by_one_process_as_long_as_it_lives() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pid");
        assert_eq!(running(&path), None);
        let taken = PidFile::take(&path).unwrap();
        assert_eq!(running(&path), Some(std::process::id()));
        assert!(matches!(PidFile::take(&path), Err(PidError::Taken(pid)) if pid == std::process::id()));
        drop(taken);
        assert!(!path.exists());
        // What a killed process leaves behind is nobody's.
        private::replace(&path, b"1\n").unwrap();
        assert_eq!(running(&path), None);
        assert!(PidFile::take(&path).is_ok());
    }
}
