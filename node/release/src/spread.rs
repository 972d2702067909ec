//! What is known of noise without seeing it: how far a released value may be from the exact one.
//!
//! All of this covers the noise alone, neither sampling error nor what clamping took away, and whoever shows it says so.

use crate::mechanism::Family;
use crate::scale::Scale;

/// How sure the interval is.
pub const CONFIDENCE: f64 = 0.95;

/// The two-sided 95 % point of the normal distribution, rounded up.
const NORMAL_POINT: f64 = 1.959_963_984_540_055;

/// (z³ − 3z)/24 at that point, rounded up.
const CORNISH_FISHER: f64 = 0.068_72;

/// The excess kurtosis of a Laplace distribution. A discrete one of a small scale has more, but noise that is hardly
/// ever anything but 0 is within any interval.
const LAPLACE_KURTOSIS: f64 = 3.0;

/// Up to this scale the distribution is added up term by term; that takes time proportional to the scale.
const EXACT_SCALE_MAX: f64 = 1_000.0;

/// Beyond so many scales nothing is left of a discrete Gaussian that floating point could show: exp(−12²/2) is 5e-32.
const REACH: f64 = 12.0;

/// Scale, standard error and interval of the noise in one released value, a draw or a sum of draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    scale: f64,
    standard_error: f64,
    half_width: i64,
    /// The fourth cumulant, as far as it makes tails heavier than the normal distribution's.
    fourth: f64,
}

impl Spread {
    /// Of one draw of a family.
    #[must_use]
    pub fn of(family: Family, scale: Scale) -> Self {
        match family {
            Family::DiscreteGaussian => Self::discrete_gaussian(scale),
            Family::DiscreteLaplace => Self::discrete_laplace(scale),
        }
    }

    /// Of one discrete Laplace, P(x) ∝ exp(−|x|/b) with b = `scale`.
    #[must_use]
    pub fn discrete_laplace(scale: Scale) -> Self {
        // With q = e^(−1/b): the variance is 2q/(1−q)², and P(|X| > h) = 2q^(h+1)/(1+q).
        let b = scale.get();
        let (q, rest) = ((-1.0 / b).exp(), -(-1.0 / b).exp_m1());
        let standard_error = (2.0 * q).sqrt() / rest;
        let outside = |h: f64| 2.0 * (-(h + 1.0) / b).exp() / (1.0 + q);
        // Solved for h; rounding can be off by one step, and the last of three is always enough.
        let near = (b * (2.0 / ((1.0 - CONFIDENCE) * (1.0 + q))).ln()).ceil() - 2.0;
        let [least, next, last] = [0.0, 1.0, 2.0].map(|step| (near + step).max(0.0));
        let half_width = [least, next].into_iter().find(|h| outside(*h) <= 1.0 - CONFIDENCE);
        let half_width = half_width.unwrap_or(last) as i64;
        Self { scale: b, standard_error, half_width, fourth: LAPLACE_KURTOSIS * standard_error.powi(4) }
    }

    /// Of one discrete Gaussian, P(x) ∝ exp(−x²/2σ²) with σ = `scale`.
    #[must_use]
    pub fn discrete_gaussian(scale: Scale) -> Self {
        let sigma = scale.get();
        if sigma > EXACT_SCALE_MAX {
            // The continuous distribution, and one more for what rounding to whole numbers can do.
            let half_width = (NORMAL_POINT * sigma).ceil() as i64 + 1;
            return Self { scale: sigma, standard_error: sigma, half_width, fourth: 0.0 };
        }
        // From the tail inwards, so that small terms are not lost in large sums; `tails` is what lies beyond each x.
        let (mut tail, mut moment) = (0.0, 0.0);
        let mut tails = vec![0.0; (REACH * sigma).ceil() as usize + 1];
        for (x, beyond) in tails.iter_mut().enumerate().rev() {
            let x = x as f64;
            let weight = (-0.5 * (x / sigma) * (x / sigma)).exp();
            *beyond = tail;
            tail += weight;
            moment += weight * x * x;
        }
        let total = 2.0 * tail - 1.0;
        let outside = (1.0 - CONFIDENCE) * total;
        let half_width = tails.iter().position(|beyond| 2.0 * beyond <= outside).unwrap_or(tails.len());
        Self {
            scale: sigma,
            standard_error: (2.0 * moment / total).sqrt(),
            half_width: i64::try_from(half_width).unwrap_or(i64::MAX),
            fourth: 0.0,
        }
    }

    /// Of discrete Gaussian noise, one draw or a sum of draws, that was told with a result: its standard error, and how
    /// far an interval reached. Never for noise of other families, whose tails are heavier.
    #[must_use]
    pub const fn told(standard_error: f64, half_width: i64) -> Self {
        Self { scale: standard_error, standard_error, half_width, fourth: 0.0 }
    }

    /// Of the sum of independent noises, of whatever families. Exact in scale (root of the sum of squares) and standard
    /// error; the interval is that of the normal distribution, widened by what heavier tails need, and one more, which is
    /// never too narrow (see the tests).
    pub(crate) fn sum(parts: &[Self]) -> Self {
        if let [part] = parts {
            return *part;
        }
        let root = |of: fn(&Self) -> f64| parts.iter().map(|part| of(part) * of(part)).sum::<f64>().sqrt();
        let standard_error = root(|part| part.standard_error);
        let fourth = parts.iter().map(|part| part.fourth).sum();
        let half_width = if standard_error > 0.0 {
            ((point(fourth, standard_error.powi(2)) * standard_error).ceil() as i64).saturating_add(1)
        } else {
            0
        };
        Self { scale: root(|part| part.scale), standard_error, half_width, fourth }
    }

    /// The square of the standard error.
    pub(crate) fn variance(&self) -> f64 {
        self.standard_error * self.standard_error
    }

    /// The fourth cumulant, as far as it makes tails heavier; of a sum weighted by w it is the sum of w⁴ times this.
    pub(crate) fn fourth(&self) -> f64 {
        self.fourth
    }

    /// σ of a discrete Gaussian, b of a discrete Laplace; of a sum, the root of the sum of the squares.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The standard deviation of the noise. A little below the scale where that is small: noise is whole numbers.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        self.standard_error
    }

    /// With 95 % certainty or more, the noise is not further from 0 than this.
    #[must_use]
    pub fn half_width(&self) -> i64 {
        self.half_width
    }
}

/// How many standard errors 95 % lie within, for a sum of independent noises with this fourth cumulant and variance:
/// the normal distribution's point, and the first term of Cornish and Fisher (1938) for a symmetric distribution,
/// (z³ − 3z)/24 times the excess kurtosis.
pub(crate) fn point(fourth: f64, variance: f64) -> f64 {
    let kurtosis = fourth / (variance * variance);
    // No noise, or so little that its square is nothing.
    let kurtosis = if kurtosis.is_finite() { kurtosis.clamp(0.0, LAPLACE_KURTOSIS) } else { 0.0 };
    NORMAL_POINT + CORNISH_FISHER * kurtosis
}

#[cfg(test)]
mod tests;
