//! How probable an event is at least and at most, by how often it came about: Clopper and Pearson (1934).

use statrs::distribution::{Beta, ContinuousCDF};

/// Bounds that hold together, each missed with the probability `alarm` at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Bounds {
    /// Of what came about `seen` times in `n` trials.
    pub(crate) fn new(seen: usize, n: usize, alarm: f64) -> Self {
        Self { least: 1.0 - upper(n - seen, n, alarm), most: upper(seen, n, alarm) }
    }

    /// Of the event that it does not come about.
    pub(crate) fn not(self) -> Self {
        Self { least: 1.0 - self.most, most: 1.0 - self.least }
    }

    pub(crate) fn holds(self, probability: f64) -> bool {
        (self.least..=self.most).contains(&probability)
    }
}

/// The probability at which `seen` or fewer of `n` come about with probability `alarm`.
fn upper(seen: usize, n: usize, alarm: f64) -> f64 {
    if seen == n {
        return 1.0;
    }
    Beta::new(seen as f64 + 1.0, (n - seen) as f64).unwrap().inverse_cdf(1.0 - alarm)
}

#[test]
fn bounds_are_those_of_clopper_and_pearson() {
    // No event in n trials: 1 − a^(1/n). All: 1.
    assert!((upper(0, 100, 0.05) - (1.0 - 0.05_f64.powf(0.01))).abs() < 1e-9);
    assert!((upper(10, 10, 0.05) - 1.0).abs() < 1e-9);
    // 95 % one-sided for 5 of 10, from tables: 0.7776.
    assert!((upper(5, 10, 0.05) - 0.777_558).abs() < 1e-5);
}

/// Where the bounds are used: as far out as here, with as many trials. The binomial sum is worked out term by term.
#[test]
fn bounds_are_right_far_out_and_for_many_trials() {
    let ln_factorial: Vec<f64> = (0..=50_000_usize)
        .scan(0.0, |sum, i| {
            *sum += (i.max(1) as f64).ln();
            Some(*sum)
        })
        .collect();
    for (seen, n) in
        [(0, 50_000), (40, 50_000), (13_400, 50_000), (49_990, 50_000), (250, 5_000), (9_500, 10_000)]
    {
        for alarm in [1e-6, 1e-8] {
            let p: f64 = upper(seen, n, alarm);
            let term = |k: usize| {
                let ways = ln_factorial[n] - ln_factorial[k] - ln_factorial[n - k];
                (ways + k as f64 * p.ln() + (n - k) as f64 * (-p).ln_1p()).exp()
            };
            let found = (0..=seen).map(term).sum::<f64>() / alarm;
            assert!((found - 1.0).abs() < 1e-3, "{seen} of {n} at {alarm}: {found}");
        }
    }
}
