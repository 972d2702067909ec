//! The noise is the noise that is claimed: 40,000 draws at each of several scales against the discrete Gaussian that the
//! mechanism states.
//!
//! Each comparison has a bound that holds for any number of draws, so that its false-alarm probability is a theorem, not
//! an approximation: [`ALARM`] in all for each scale.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic; clippy only knows the tests themselves")]

use tvaers_release::{clamp::Clamp, exact::Exact, measure::Measure, mechanism::Mechanism};

const DRAWS: usize = 40_000;

/// With what probability a right claim is refused, for one scale. The four comparisons have a quarter each.
const ALARM: f64 = 1e-6;

/// The draws of one release, less what is exact in each cell.
fn draws(clamp: Clamp, rho: &str) -> (f64, Vec<i64>) {
    const EXACT: i64 = 7;
    let measure = Measure::sum(DRAWS, 1, clamp, 1_000).unwrap();
    let mechanism = Mechanism::discrete_gaussian(measure, rho.parse().unwrap()).unwrap();
    let mut exact = Exact::gather(measure);
    (0..DRAWS).for_each(|cell| exact.group(cell, EXACT).unwrap());
    let released = exact.release(&mechanism).unwrap();
    (mechanism.scale().get(), released.iter().map(|cell| cell.value() - EXACT).collect())
}

/// The discrete Gaussian of a scale, as it is claimed.
struct Claim {
    scale: f64,
    /// P(Z ≤ x) for x from −reach on; empty for large scales.
    cumulative: Vec<f64>,
    reach: i64,
    variance: f64,
    fourth_moment: f64,
}

impl Claim {
    fn new(scale: f64) -> Self {
        if scale > 1_000.0 {
            // The normal distribution at the half: off by less than 1e-8 here.
            let (variance, fourth_moment) = (scale.powi(2), 3.0 * scale.powi(4));
            return Self { scale, cumulative: Vec::new(), reach: 0, variance, fourth_moment };
        }
        let reach = (12.0 * scale).ceil() as i64;
        let weight = |x: i64| (-0.5 * (x as f64 / scale).powi(2)).exp();
        let total: f64 = (-reach..=reach).map(weight).sum();
        let moment =
            |power| (-reach..=reach).map(|x| weight(x) * (x as f64).powi(power)).sum::<f64>() / total;
        let mut below = 0.0;
        let cumulative = (-reach..=reach).map(|x| {
            below += weight(x) / total;
            below
        });
        let cumulative = cumulative.collect();
        Self { scale, cumulative, reach, variance: moment(2), fourth_moment: moment(4) }
    }

    /// P(Z ≤ x).
    fn at_most(&self, x: i64) -> f64 {
        if self.cumulative.is_empty() {
            return normal((x as f64 + 0.5) / self.scale);
        }
        let index = (x + self.reach).clamp(-1, 2 * self.reach);
        usize::try_from(index).ok().and_then(|index| self.cumulative.get(index)).copied().unwrap_or(0.0)
    }

    /// Whether the empirical distribution function is nowhere further from the claim than chance allows: with
    /// probability 1 − a the greatest distance is at most √(ln(2/a) / 2n), also for whole numbers (Dvoretzky, Kiefer and
    /// Wolfowitz, with Massart's constant, 1990).
    fn fits(&self, sorted: &[i64]) -> bool {
        let n = sorted.len() as f64;
        let bound = ((2.0 / (ALARM / 4.0)).ln() / (2.0 * n)).sqrt();
        let greatest = sorted.iter().map(|&x| {
            // The function is flat between draws, so its greatest distance lies at a draw or right before one.
            let up_to = sorted.partition_point(|other| *other <= x) as f64 / n;
            let before = sorted.partition_point(|other| *other < x) as f64 / n;
            (up_to - self.at_most(x)).abs().max((before - self.at_most(x - 1)).abs())
        });
        greatest.fold(0.0, f64::max) <= bound
    }

    /// Whether the mean square is as far from the claimed variance as chance allows.
    ///
    /// Above: a discrete Gaussian is sub-Gaussian with its scale (Canonne, Kamath and Steinke, 2020), so the
    /// sum of n squares over σ² is in the sense of its moment-generating function no greater than a chi-square variable
    /// with n degrees of freedom, which exceeds n + 2√(n·t) + 2t with probability e^−t at most (Laurent and Massart,
    /// 2000, lemma 1).
    ///
    /// Below: a sum of n independent numbers that are not negative, with second moment m, falls short of its expectation
    /// by √(2·n·m·t) with probability e^−t at most (Maurer, 2003).
    fn varies(&self, draws: &[i64]) -> bool {
        let n = draws.len() as f64;
        let t = (1.0 / (ALARM / 4.0)).ln();
        let squares: f64 = draws.iter().map(|&x| (x as f64).powi(2)).sum();
        let above = self.scale.powi(2) * (n + 2.0 * (n * t).sqrt() + 2.0 * t);
        let below = n * self.variance - (2.0 * n * self.fourth_moment * t).sqrt();
        (below..=above).contains(&squares)
    }

    /// Whether neighbouring cells know nothing of each other: how often both of a pair are above 0 is binomial, and off
    /// by √(ln(2/a) / 2n) with probability a at most (Hoeffding, 1963).
    fn independent(&self, draws: &[i64]) -> bool {
        let pairs = draws.chunks_exact(2).filter(|pair| pair.len() == 2);
        let n = pairs.clone().count() as f64;
        let both = pairs.filter(|pair| pair.iter().all(|&x| x > 0)).count() as f64;
        let bound = ((2.0 / (ALARM / 4.0)).ln() / (2.0 * n)).sqrt();
        (both / n - (1.0 - self.at_most(0)).powi(2)).abs() <= bound
    }
}

/// Φ(x), by the series φ(x)·(x + x³/3 + x⁵/15 + …).
fn normal(x: f64) -> f64 {
    if x.abs() > 8.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum) = (x, x);
    for odd in (3..400).step_by(2) {
        term *= x * x / f64::from(odd);
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()
}

/// The claim holds, and the same draws refuse claims that are 10 % off: the mean square is then off by 19 or 21 % where
/// chance allows 5, which is more than 15 standard errors; the distribution function is compared at 20 %, where
/// it is off by 0.04 where chance allows 0.014, more than ten standard errors.
fn judged(clamp: Clamp, rho: &str, expected: f64) {
    let (scale, draws) = draws(clamp, rho);
    assert!((scale / expected - 1.0).abs() < 2e-6, "{scale}");
    let mut sorted = draws.clone();
    sorted.sort_unstable();
    let claim = Claim::new(scale);
    assert!(claim.fits(&sorted), "distribution at scale {scale}");
    assert!(claim.varies(&draws), "variance at scale {scale}");
    assert!(claim.independent(&draws), "dependence at scale {scale}");
    for off in [0.9, 1.1] {
        assert!(!Claim::new(scale * off).varies(&draws), "a claim of {off} times {scale} is not refused");
    }
    for off in [0.8, 1.2] {
        assert!(!Claim::new(scale * off).fits(&sorted), "a claim of {off} times {scale} is not refused");
    }
    // One value over and over is not independent.
    let twice: Vec<i64> = draws.iter().take(DRAWS / 2).flat_map(|&x| [x, x]).collect();
    assert!(!claim.independent(&twice), "cells that share their noise are not refused");
}

#[test]
fn noise_of_half_a_person_is_as_claimed() {
    judged(Clamp::new(0, 1).unwrap(), "2", 0.5);
}

#[test]
fn noise_of_a_few_persons_is_as_claimed() {
    judged(Clamp::new(0, 1).unwrap(), "0.02", 5.0);
}

#[test]
fn noise_of_an_odd_scale_is_as_claimed() {
    judged(Clamp::new(0, 3).unwrap(), "0.0014", 3.0 / 0.0028_f64.sqrt());
}

#[test]
fn noise_of_money_is_as_claimed() {
    judged(Clamp::new(0, 100_000_000).unwrap(), "0.05", 1e8 / 0.1_f64.sqrt());
}
