//! What goes wrong with the audit log. Whatever it is, nothing may be answered.

use std::io;
use std::path::PathBuf;

use crate::line::LINE_BYTES_MAX;

/// Why the audit log could not be written or believed.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The system refused.
    #[error("cannot use the audit log {path}")]
    Io {
        /// The log.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The log could not be read to its end.
    #[error("cannot read entry {entry} of the audit log")]
    Read {
        /// The entry.
        entry: u64,
        /// What the system said.
        source: io::Error,
    },
    /// Something that is not a log for its owner only.
    #[error(
        "the audit log {path} is no file that only its owner reads and writes (mode {mode:03o}, not 600)"
    )]
    Mode {
        /// The log.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// An entry that was not written so.
    #[error("the audit log is broken at entry {entry}: {what}")]
    Broken {
        /// The first broken entry.
        entry: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The log lost entries or was replaced while this process had it open.
    #[error("the audit log no longer holds entry {entry}, which it held before: it was cut or replaced")]
    Cut {
        /// The last entry that this process saw.
        entry: u64,
    },
    /// The disk did not confirm an entry, and what it holds is unknown until the log is opened again.
    #[error("the disk did not confirm an earlier entry of the audit log; restart the node")]
    Unsure,
    /// An entry that does not fit a line.
    #[error("an entry of the audit log has more than {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// An entry that cannot be written as JSON.
    #[error("an entry of the audit log cannot be written")]
    Form(#[source] serde_json::Error),
    /// The writing task did not end.
    #[error("writing the audit log was interrupted")]
    Interrupted,
}

impl AuditError {
    /// A stable code for scripts and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } | Self::Read { .. } | Self::Unsure | Self::Interrupted => "audit.file",
            Self::Mode { .. } => "audit.mode",
            Self::Broken { .. } => "audit.broken",
            Self::Cut { .. } => "audit.cut",
            Self::TooLong | Self::Form(_) => "audit.entry",
        }
    }
}
