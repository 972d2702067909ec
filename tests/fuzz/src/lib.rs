//! Hostile bytes for all that reads from outside. For each reader there is a property that holds for any bytes, the
//! seeds that fuzzing begins with, made from the repository's own examples, and for texts mutations that keep enough
//! of their form to come past the first line of a reader.
//!
//! A property is an assertion: libFuzzer keeps the bytes that break one.

pub mod audit;
pub mod frame;
pub mod policy;
pub mod query;
pub mod request;

mod repository;
mod text;

use std::alloc::System;
use std::path::PathBuf;

use cap::Cap;

/// What fuzzing begins with: a name for each, and the bytes.
pub type Seeds = Vec<(String, Vec<u8>)>;

/// A mutation of bytes, given their buffer, how many of it are used and how many may be, and how many are used then:
/// libFuzzer's own.
pub type Mutate = fn(&mut [u8], usize, usize) -> usize;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Writes the seeds into the folder that `TVAERS_FUZZ_SEEDS` names, if it does.
///
/// # Panics
/// Where they cannot be written: fuzzing without them would find little and say that all is well.
pub fn begin(seeds: Seeds) {
    let Some(folder) = std::env::var_os("TVAERS_FUZZ_SEEDS").map(PathBuf::from) else { return };
    for (name, bytes) in seeds {
        std::fs::write(folder.join(name), bytes).expect("the folder of seeds can be written to");
    }
}

/// Runs a check that may take so many bytes of memory beyond what is taken already; one more ends the process.
///
/// # Panics
/// Where the limit cannot be set.
pub fn within(bytes: usize, check: impl FnOnce()) {
    MEMORY.set_limit(MEMORY.allocated().saturating_add(bytes)).expect("the limit is above what is taken");
    check();
    MEMORY.set_limit(usize::MAX).expect("no limit is above what is taken");
}
