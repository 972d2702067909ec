//! CPU time: what a neighbour on the same machine does not count in, though it still cools the cache.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What this thread has run so far.
pub(crate) fn cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}

/// What one of `count` pieces of the work costs, in microseconds.
pub(crate) fn micros_each(count: usize, work: impl FnOnce()) -> f64 {
    let start = cpu();
    work();
    (cpu() - start).as_secs_f64() * 1e6 / count as f64
}
