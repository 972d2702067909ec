//! How long to wait before dialling again: longer each time, and never the same as another node.

use std::time::Duration;

use rand::{Rng, RngExt};

use crate::limit::{BACKOFF_FIRST, BACKOFF_MAX};

/// Doubles the wait from attempt to attempt up to a limit, and takes a random part between half and all of it, so
/// that nodes which lost the coordinator together do not come back together.
#[derive(Clone, Debug)]
pub struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: BACKOFF_FIRST }
    }
}

impl Backoff {
    /// The next wait: at most [`BACKOFF_MAX`].
    pub fn next_wait<R: Rng + ?Sized>(&mut self, rng: &mut R) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(BACKOFF_MAX);
        rng.random_range(wait / 2..=wait)
    }

    /// The wait after a failure that only a person can mend: at once as long as it gets.
    pub fn longest_wait<R: Rng + ?Sized>(&mut self, rng: &mut R) -> Duration {
        self.next = BACKOFF_MAX;
        self.next_wait(rng)
    }

    /// Begins anew after a success.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_differ_between_nodes() {
        let seed = 7;
        let mut rng = StdRng::seed_from_u64(seed);
        let (mut one, mut other) = (Backoff::default(), Backoff::default());
        let mut full = BACKOFF_FIRST;
        for attempt in 0..12 {
            let (a, b) = (one.next_wait(&mut rng), other.next_wait(&mut rng));
            assert!((full / 2..=full).contains(&a), "attempt {attempt}, seed {seed}: {a:?} of {full:?}");
            assert_ne!(a, b, "attempt {attempt}, seed {seed}");
            full = (full * 2).min(BACKOFF_MAX);
        }
        one.reset();
        assert!(one.next_wait(&mut rng) <= BACKOFF_FIRST, "seed {seed}");
        assert!(one.longest_wait(&mut rng) >= BACKOFF_MAX / 2, "seed {seed}");
    }
}
