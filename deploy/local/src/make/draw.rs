//! Draws from the distributions that the generator needs, each from the generator that is passed in.
//!
//! They are written out here, not taken from a library, so that the bytes of a population depend on nothing but this
//! file, the seed and the platform's `ln`, `exp` and `cos`.

use rand::{RngExt as _, rngs::ChaCha8Rng};

/// The one kind of generator: a stream cipher's, seedable, the same on every platform.
pub(super) type Rng = ChaCha8Rng;

/// Whether an event of probability `p` happens; `p` outside 0 to 1 counts as the nearer end.
pub(super) fn chance(rng: &mut Rng, p: f64) -> bool {
    rng.random::<f64>() < p
}

/// A whole number from `from` to `to`, both included; `from` where the range is empty.
pub(super) fn between(rng: &mut Rng, from: i32, to: i32) -> i32 {
    if from >= to { from } else { rng.random_range(from..=to) }
}

/// A standard normal draw (Box and Muller 1958, one of the pair).
pub(super) fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

/// A log-normal draw with this median; its mean is `median * exp(sigma²/2)`.
pub(super) fn log_normal(rng: &mut Rng, median: f64, sigma: f64) -> f64 {
    median * (sigma * normal(rng)).exp()
}

/// A gamma draw of mean 1 and variance `1 / shape` (Marsaglia and Tsang 2000).
pub(super) fn frailty(rng: &mut Rng, shape: f64) -> f64 {
    // Shapes below 1 are drawn one higher and taken down by a power of a uniform draw.
    let lifted = if shape < 1.0 { shape + 1.0 } else { shape };
    let d = lifted - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    let gamma = loop {
        let x = normal(rng);
        let v = (1.0 + c * x).powi(3);
        let u = 1.0 - rng.random::<f64>();
        if v > 0.0 && u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            break d * v;
        }
    };
    let down = if shape < 1.0 { (1.0 - rng.random::<f64>()).powf(1.0 / shape) } else { 1.0 };
    gamma * down / shape
}

/// A Poisson draw: by Knuth's product for small means, by the rounded normal for large ones.
pub(super) fn poisson(rng: &mut Rng, mean: f64) -> u32 {
    if mean > 30.0 {
        return whole(mean + mean.sqrt() * normal(rng));
    }
    let limit = (-mean).exp();
    let mut product = rng.random::<f64>();
    let mut n = 0;
    while product > limit {
        product *= rng.random::<f64>();
        n += 1;
    }
    n
}

/// A whole number of periods of this mean, at least one (geometric, by inversion).
pub(super) fn periods(rng: &mut Rng, mean: f64) -> i32 {
    let draw = (1.0 - rng.random::<f64>()).ln() / (1.0 - 1.0 / mean.max(1.01)).ln();
    i32::try_from(whole(draw.floor())).unwrap_or(i32::MAX - 1).saturating_add(1)
}

/// The nearest whole number that is not negative.
pub(super) fn whole(value: f64) -> u32 {
    // A cast from f64 saturates, which is what is wanted here.
    value.round() as u32
}

/// One of a constant list, each as likely.
#[expect(
    clippy::indexing_slicing,
    reason = "the position is drawn below the length, which is checked to be above 0"
)]
pub(super) fn pick<T: Copy, const N: usize>(rng: &mut Rng, list: &[T; N]) -> T {
    const { assert!(N > 0) };
    list[rng.random_range(0..N)]
}

/// One of a constant list, by weight.
#[expect(
    clippy::indexing_slicing,
    reason = "the last position of a list whose length is checked to be above 0"
)]
pub(super) fn weighted<T: Copy, const N: usize>(rng: &mut Rng, list: &[(T, f64); N]) -> T {
    const { assert!(N > 0) };
    let total: f64 = list.iter().map(|entry| entry.1).sum();
    let mut left = rng.random::<f64>() * total;
    for (value, weight) in list {
        left -= weight;
        if left < 0.0 {
            return *value;
        }
    }
    list[N - 1].0
}

/// One of a list by weight that is only known at run time; none where the list is empty.
pub(super) fn weighted_position(rng: &mut Rng, weights: impl Iterator<Item = f64> + Clone) -> Option<usize> {
    let total: f64 = weights.clone().sum();
    let mut left = rng.random::<f64>() * total;
    let mut last = None;
    for (position, weight) in weights.enumerate() {
        left -= weight;
        last = Some(position);
        if left < 0.0 {
            break;
        }
    }
    last
}
