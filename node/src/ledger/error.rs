//! What goes wrong with the ledger. In every case nothing was charged, and nothing may be answered.

use std::sync::Arc;

use jiff::Timestamp;

use super::{GROUP_MAX, RELEASE_BYTES_MAX, WINDOWS_MAX};

/// Why the ledger did not do it. Never carries a value of a row or of an answer.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The database could not do it: full, busy, gone.
    #[error("the ledger could not be read or written")]
    Database(#[from] sqlx::Error),
    /// The database could not do it for a group of requests at once.
    #[error("the ledger could not be written")]
    Commit(#[source] Arc<sqlx::Error>),
    /// The group of requests that this one belonged to was given up.
    #[error("the ledger's transaction was given up")]
    Undone,
    /// The database does not wait until the disk has what it was given.
    #[error("the ledger's database does not write with full sync")]
    NotDurable,
    /// An entry that was not written so.
    #[error("the ledger is broken at entry {entry}: {what}")]
    Broken {
        /// The first broken entry.
        entry: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The database lost entries while this process had it open.
    #[error(
        "the ledger no longer holds entry {entry}, which it held before: an older copy was put in its place"
    )]
    Older {
        /// The last entry that this process saw.
        entry: u64,
    },
    /// The clock was set back.
    #[error("the clock shows {now}, more than a day before the ledger's last entry of {last}")]
    Clock {
        /// What the clock shows.
        now: Timestamp,
        /// The time of the last entry.
        last: Timestamp,
    },
    /// A price of nothing.
    #[error("a charge of nothing is none")]
    Zero,
    /// A sum beyond what the ledger can hold.
    #[error("the sum of all charges would not fit the ledger")]
    Overflow,
    /// A request id that stands for another question already.
    #[error("the request's id belongs to another query already, charged as entry {charge}")]
    Reused {
        /// The charge.
        charge: u64,
    },
    /// An answer without a charge.
    #[error("the ledger has no charge {0}")]
    NoCharge(u64),
    /// An answer that cannot be stored.
    #[error("an answer has 1 to {RELEASE_BYTES_MAX} bytes, not {0}")]
    Size(usize),
    /// More at once than the ledger does.
    #[error("at most {GROUP_MAX} claims and {WINDOWS_MAX} windows at once")]
    TooMany,
}

impl LedgerError {
    /// A stable code for scripts and for the audit log.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Database(_) | Self::Commit(_) | Self::Undone | Self::NotDurable => "ledger.database",
            Self::Broken { .. } => "ledger.broken",
            Self::Older { .. } => "ledger.older",
            Self::Clock { .. } => "ledger.clock",
            Self::Zero => "ledger.zero",
            Self::Overflow => "ledger.overflow",
            Self::Reused { .. } => "ledger.reused",
            Self::NoCharge(_) => "ledger.no-charge",
            Self::Size(_) | Self::TooMany => "ledger.limit",
        }
    }
}
