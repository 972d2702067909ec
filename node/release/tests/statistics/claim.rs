//! What is claimed of noise, and whether draws are of it: distribution, variance, independence and interval.

use tvaers_release::mechanism::{Family, Mechanism};
use tvaers_release::{clamp::Clamp, exact::Exact, measure::Measure};

use crate::ALARM;
use crate::bounds::Bounds;

/// The noise of one family and scale.
pub(crate) struct Claim {
    pub(crate) family: Family,
    pub(crate) scale: f64,
    /// For a small Gaussian P(Z ≤ x) for x from −reach on; empty for what has a formula.
    cumulative: Vec<f64>,
    reach: i64,
    variance: f64,
    fourth_moment: f64,
}

impl Claim {
    pub(crate) fn new(family: Family, scale: f64) -> Self {
        let formula = |variance, fourth_moment| Self {
            family,
            scale,
            cumulative: Vec::new(),
            reach: 0,
            variance,
            fourth_moment,
        };
        match family {
            Family::DiscreteLaplace => {
                // Of a difference of two geometric numbers with q = e^(−1/b).
                let (q, rest) = ((-1.0 / scale).exp(), -(-1.0 / scale).exp_m1());
                formula(2.0 * q / rest.powi(2), 2.0 * q * (1.0 + 10.0 * q + q * q) / rest.powi(4))
            }
            // The normal distribution at the half: off by less than 1e-8 here.
            Family::DiscreteGaussian if scale > 1_000.0 => formula(scale.powi(2), 3.0 * scale.powi(4)),
            Family::DiscreteGaussian => Self::small_gaussian(scale),
        }
    }

    fn small_gaussian(scale: f64) -> Self {
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
        let (cumulative, family) = (cumulative.collect(), Family::DiscreteGaussian);
        Self { family, scale, cumulative, reach, variance: moment(2), fourth_moment: moment(4) }
    }

    /// P(Z ≤ x).
    pub(crate) fn at_most(&self, x: i64) -> f64 {
        match self.family {
            Family::DiscreteLaplace => {
                let q = (-1.0 / self.scale).exp();
                let beyond = |x: i64| (-(x as f64) / self.scale).exp() / (1.0 + q);
                if x < 0 { beyond(-x) } else { 1.0 - beyond(x + 1) }
            }
            Family::DiscreteGaussian if self.cumulative.is_empty() => normal((x as f64 + 0.5) / self.scale),
            Family::DiscreteGaussian => {
                let index = (x + self.reach).clamp(-1, 2 * self.reach);
                usize::try_from(index).map_or(0.0, |index| self.cumulative[index])
            }
        }
    }

    /// Everything that draws must be, at a false-alarm probability of `alarm` in all; the name of what they are not.
    pub(crate) fn judged(&self, draws: &[i64], alarm: f64) -> Result<(), &'static str> {
        let mut sorted = draws.to_vec();
        sorted.sort_unstable();
        let holds = [
            ("distribution", self.fits(&sorted, alarm / 3.0)),
            ("variance", self.varies(draws, alarm / 3.0)),
            ("independence", self.independent(draws, alarm / 3.0)),
        ];
        holds.into_iter().find(|(_, holds)| !holds).map_or(Ok(()), |(what, _)| Err(what))
    }

    /// Whether the empirical distribution function is nowhere further from the claim than chance allows: with
    /// probability 1 − a the greatest distance is at most √(ln(2/a) / 2n), also for whole numbers (Dvoretzky, Kiefer and
    /// Wolfowitz, with Massart's constant, 1990).
    ///
    /// A scale of 10/9 moves it by 0.024 (Gaussian) or 0.019 (Laplace), and more for a scale below 1. With the
    /// 100,000 draws or more of each kind chance allows 0.009 and errs by 0.0016, so such a claim is missed with
    /// probability 10⁻⁹ at most.
    pub(crate) fn fits(&self, sorted: &[i64], alarm: f64) -> bool {
        let n = sorted.len() as f64;
        let bound = ((2.0 / alarm).ln() / (2.0 * n)).sqrt();
        let greatest = sorted.chunk_by(|a, b| a == b).scan(0, |before, equal| {
            // The function is flat between draws, so its greatest distance lies at a draw or right before one.
            let (x, up_to) = (equal[0], *before + equal.len());
            let at = (up_to as f64 / n - self.at_most(x)).abs();
            let right_before = (*before as f64 / n - self.at_most(x - 1)).abs();
            *before = up_to;
            Some(at.max(right_before))
        });
        greatest.fold(0.0, f64::max) <= bound
    }

    /// Whether the mean square is as far from the claimed variance as chance allows, with t = ln(3/a) and m the fourth
    /// moment.
    ///
    /// Above: none of n draws is beyond R with probability 1 − a/3, R from the claimed tails; squares cut at R² exceed
    /// their expectation by √(2·n·m·t) + R²·t/3 with probability e^−t at most (Bernstein).
    ///
    /// Below: a sum of n independent numbers that are not negative, with second moment m, falls short of its expectation
    /// by √(2·n·m·t) with probability e^−t at most (Maurer, 2003).
    ///
    /// With 100,000 draws chance allows 3 % (Gaussian) or 4.5 % (Laplace), and a scale of 10/9 makes the mean square 19 %
    /// less than claimed: more than 20 standard errors.
    pub(crate) fn varies(&self, draws: &[i64], alarm: f64) -> bool {
        let n = draws.len() as f64;
        let t = (3.0 / alarm).ln();
        let far = n.ln() + (2.0_f64).ln() + t;
        // P(|Z| > R) ≤ 2·exp(−R²/2σ²) (sub-Gaussian: Canonne, Kamath and Steinke, 2020), or ≤ 2·exp(−R/b).
        let cut = match self.family {
            Family::DiscreteGaussian => self.scale * (2.0 * far).sqrt(),
            Family::DiscreteLaplace => self.scale * far,
        };
        let squares: f64 = draws.iter().map(|&x| (x as f64).powi(2)).sum();
        let room = (2.0 * n * self.fourth_moment * t).sqrt();
        let expected = n * self.variance;
        draws.iter().all(|&x| (x as f64).abs() <= cut)
            && (expected - room..=expected + room + cut.powi(2) * t / 3.0).contains(&squares)
    }

    /// Whether neighbouring cells know nothing of each other: how often both of a pair are above 0 is binomial, and off
    /// by √(ln(2/a) / 2n) with probability a at most (Hoeffding, 1963).
    pub(crate) fn independent(&self, draws: &[i64], alarm: f64) -> bool {
        let pairs = draws.chunks_exact(2);
        let n = pairs.clone().count() as f64;
        let both = pairs.filter(|pair| pair.iter().all(|&x| x > 0)).count() as f64;
        let bound = ((2.0 / alarm).ln() / (2.0 * n)).sqrt();
        (both / n - (1.0 - self.at_most(0)).powi(2)).abs() <= bound
    }

    /// Whether an interval of `half_width` to either side covers 95 % or more, and as many draws as it claims to.
    pub(crate) fn covered(&self, draws: &[i64], half_width: i64, alarm: f64) -> bool {
        let exact = self.at_most(half_width) - self.at_most(-half_width - 1);
        let seen = draws.iter().filter(|draw| draw.abs() <= half_width).count();
        exact >= 0.95 - 1e-9 && Bounds::new(seen, draws.len(), alarm / 2.0).holds(exact)
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

const DRAWS: usize = 40_000;

/// A scale that is no short fraction, and so takes another way through the sampler than those of the other tests. Claims
/// that are off are refused by each comparison for itself: by 10 % by the mean square, which is then off by 19 or
/// 21 % where chance allows 5 to 8; by 20 % by the distribution function; one value over and over is not independent.
fn judged(family: Family, expected: f64) {
    const EXACT: i64 = 7;
    let measure = Measure::sum(DRAWS, 1, Clamp::new(0, 3).unwrap(), 1_000).unwrap();
    let mechanism = Mechanism::new(family, measure, "0.0014".parse().unwrap()).unwrap();
    let scale = mechanism.scale().get();
    assert!((scale / expected - 1.0).abs() < 3e-6, "{scale}");
    let mut exact = Exact::gather(measure);
    (0..DRAWS).for_each(|cell| exact.group(cell, EXACT).unwrap());
    let draws = exact.release(&mechanism).unwrap();
    let draws: Vec<i64> = draws.iter().map(|cell| cell.value() - EXACT).collect();

    let claim = Claim::new(family, scale);
    assert_eq!(claim.judged(&draws, ALARM / 2.0), Ok(()), "{family:?}");
    assert!(claim.covered(&draws, mechanism.spread().half_width(), ALARM / 2.0), "{family:?}");
    let mut sorted = draws.clone();
    sorted.sort_unstable();
    for off in [0.9, 1.1] {
        assert!(!Claim::new(family, scale * off).varies(&draws, ALARM), "a claim of {off} is not refused");
    }
    for off in [0.8, 1.2] {
        assert!(!Claim::new(family, scale * off).fits(&sorted, ALARM), "a claim of {off} is not refused");
    }
    let twice: Vec<i64> = draws.iter().take(DRAWS / 2).flat_map(|&x| [x, x]).collect();
    assert!(!claim.independent(&twice, ALARM), "cells that share their noise are not refused");
}

#[test]
fn gaussian_noise_of_an_odd_scale_is_as_claimed() {
    judged(Family::DiscreteGaussian, 3.0 / 0.0028_f64.sqrt());
}

#[test]
fn laplace_noise_of_an_odd_scale_is_as_claimed() {
    judged(Family::DiscreteLaplace, 3.0 / 0.0028_f64.sqrt());
}
