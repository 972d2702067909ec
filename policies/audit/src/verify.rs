//! Verifying a log that somebody else wrote: what holds, what was tampered with and where, and whose word confirms it.
//!
//! [`crate::read`] stops at the first entry that is not as it was written; that is for the node, which then answers
//! nothing. This goes on, names every tampering that it can tell apart, and says to where the log can be relied on. It
//! takes any bytes: it never panics, and its memory does not grow with the log.
//!
//! In reading order: `evidence` whose keys and which heads the log is held against; `lines` bytes cut into lines;
//! `alone` a line by itself, on all cores; `chain` its place among the others; `heads` what was signed and seen;
//! `finding` and `verdict` what is said in the end.

mod alone;
mod chain;
mod evidence;
mod finding;
mod heads;
mod lines;
mod verdict;
mod words;

use std::io::{self, BufRead};

use rayon::prelude::*;

use crate::line::Entry;

pub use self::evidence::Evidence;
pub use self::finding::{Finding, Tampering};
pub use self::verdict::{Confirmed, Mark, Verdict};
pub(crate) use self::words::{seer_da, seer_en};

use self::chain::Chain;
use self::lines::Lines;

/// Lines that one core reads in a row: a head and its countersignatures mostly stand together, and are checked once.
const RUN: usize = 64;

/// Verifies a log, given as its files from the oldest to the newest, and shows every entry that is as it was written
/// to `visit`.
///
/// # Errors
/// Where a file cannot be read; what the file holds is never an error.
pub fn verify<R: BufRead>(
    files: impl IntoIterator<Item = io::Result<R>>,
    evidence: &Evidence,
    visit: &mut dyn FnMut(&Entry),
) -> io::Result<Verdict> {
    let mut chain = Chain::new(evidence);
    for file in files {
        let mut lines = Lines::of(file?);
        while let Some(batch) = lines.fill()? {
            let runs = batch.lines().par_chunks(RUN);
            let read: Vec<_> = runs.flat_map_iter(|run| alone::read(run, batch, evidence)).collect();
            for line in read {
                chain.take(line, visit);
            }
        }
        chain.file_ends(lines.torn_bytes());
    }
    Ok(chain.verdict())
}

/// Verifies a log that is in memory.
#[must_use]
pub fn verify_bytes(log: &[u8], evidence: &Evidence) -> Verdict {
    // Bytes in memory can always be read.
    verify([Ok(log)], evidence, &mut |_| ()).unwrap_or_else(|_| Chain::new(evidence).verdict())
}
