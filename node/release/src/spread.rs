//! What is known of noise without seeing it: how far a released value may be from the exact one.
//!
//! All of this covers the noise alone, neither sampling error nor what clamping took away, and whoever shows it says so.

use crate::scale::Scale;

/// How sure the interval is.
pub const CONFIDENCE: f64 = 0.95;

/// The two-sided 95 % point of the normal distribution, rounded up.
const NORMAL_POINT: f64 = 1.959_963_984_540_055;

/// Up to this scale the distribution is added up term by term; that takes time proportional to the scale.
const EXACT_SCALE_MAX: f64 = 1_000.0;

/// Beyond so many scales nothing is left of a discrete Gaussian that floating point could show: exp(−12²/2) is 5e-32.
const REACH: f64 = 12.0;

/// Scale, standard error and interval of the noise in one released value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    scale: f64,
    standard_error: f64,
    half_width: i64,
}

impl Spread {
    /// Of one discrete Gaussian, P(x) ∝ exp(−x²/2σ²) with σ = `scale`.
    #[must_use]
    pub fn discrete_gaussian(scale: Scale) -> Self {
        let sigma = scale.get();
        if sigma > EXACT_SCALE_MAX {
            // The continuous distribution, and one more for what rounding to whole numbers can do.
            let half_width = (NORMAL_POINT * sigma).ceil() as i64 + 1;
            return Self { scale: sigma, standard_error: sigma, half_width };
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
        }
    }

    /// Of the sum of independent noises. Exact in scale (root of the sum of squares) and standard error; the interval is
    /// that of the normal distribution and one more, which is never too narrow (see the tests).
    pub(crate) fn sum(parts: &[Self]) -> Self {
        if let [part] = parts {
            return *part;
        }
        let root = |of: fn(&Self) -> f64| parts.iter().map(|part| of(part) * of(part)).sum::<f64>().sqrt();
        let standard_error = root(|part| part.standard_error);
        let half_width =
            if standard_error > 0.0 { (NORMAL_POINT * standard_error).ceil() as i64 + 1 } else { 0 };
        Self { scale: root(|part| part.scale), standard_error, half_width }
    }

    /// Sigma of the discrete Gaussian; of a sum, the root of the sum of the squares.
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

#[cfg(test)]
mod tests;
