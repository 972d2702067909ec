//! Life and figures of a process: when to stop, what it has used, where it can be found.

use std::io;
use std::path::Path;

use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

use crate::private::{self, PrivateFileError};

/// The operating system's random numbers, handed down to everything that needs secrets.
#[must_use]
pub fn system_rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
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

/// Writes this process's id to a file.
///
/// # Errors
/// [`PrivateFileError`].
pub fn write_pid(path: &Path) -> Result<(), PrivateFileError> {
    private::replace(path, format!("{}\n", std::process::id()).as_bytes())
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
}
