//! CPU time: what a neighbour on the same machine does not count in, though it still cools the cache.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What this thread has run so far.
pub(crate) fn cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}
