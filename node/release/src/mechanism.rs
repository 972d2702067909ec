//! How much noise a measure needs for what is charged.
//!
//! Two families: the discrete Gaussian (Canonne, Kamath and Steinke, 2020) for zero-concentrated differential privacy
//! (Bun and Steinke, 2016), and the discrete Laplace, also known as two-sided geometric (Ghosh, Roughgarden and
//! Sundararajan, 2009), for pure epsilon, which costs ε²/2.

use crate::conversion::{pure_of, rho_of_pure};
use crate::error::{ReleaseError, require};
use crate::measure::Measure;
use crate::opendp;
use crate::rho::Rho;
use crate::scale::Scale;
use crate::spread::Spread;

/// The greatest charge: noise is then 0 in every cell of a count, and of any other measure too narrow to matter.
pub const CHARGE_MAX: Rho = Rho::from_nano(1_000_000_000_000_000_000);

/// Steps of the grid that the first guess can be off by. One makes up for rounding down to the grid and one for the
/// rounding of the guess.
const STEPS_MAX: usize = 4;

/// What noise is drawn from: the mechanism as query files, releases and results name it. Of the discrete Gaussian,
/// P(x) ∝ exp(−x²/2σ²), what counts is L2; of the discrete Laplace, P(x) ∝ exp(−|x|/b), it is L1.
pub use tvaers_protocol::release::Mechanism as Family;

/// A measure, what is charged for it, and the noise that follows. Made of public parameters alone: it is as good for
/// a preview as for a release.
///
/// ```
/// use tvaers_release::{measure::Measure, mechanism::Mechanism};
/// let residents = Measure::count(99, 1, 7_000_000).unwrap();
/// let mechanism = Mechanism::discrete_gaussian(residents, "0.5".parse().unwrap()).unwrap();
/// assert_eq!(mechanism.scale().get(), 1.0);
/// assert_eq!(mechanism.spread().half_width(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mechanism {
    family: Family,
    measure: Measure,
    charged: Rho,
    loss: Rho,
    /// Of a discrete Laplace, by OpenDP's map.
    epsilon: Option<f64>,
    scale: Scale,
    spread: Spread,
}

impl Mechanism {
    /// The noise of a family for `charged`: the least scale of the grid at which OpenDP's privacy map, asked for the
    /// measure's sensitivity, does not exceed it.
    ///
    /// # Errors
    /// `rho`, if it is 0 or more than [`CHARGE_MAX`]; `scale`, if so little rho needs more noise than there is room for,
    /// or so much that there is none.
    pub fn new(family: Family, measure: Measure, charged: Rho) -> Result<Self, ReleaseError> {
        usable(charged)?;
        match family {
            Family::DiscreteGaussian => Self::gaussian_within(measure, charged),
            Family::DiscreteLaplace => Self::laplace_within(measure, charged, pure_of(charged)),
        }
    }

    /// The discrete Gaussian for `charged`.
    ///
    /// # Errors
    /// As [`Mechanism::new`].
    pub fn discrete_gaussian(measure: Measure, charged: Rho) -> Result<Self, ReleaseError> {
        Self::new(Family::DiscreteGaussian, measure, charged)
    }

    /// The discrete Laplace for `charged`.
    ///
    /// # Errors
    /// As [`Mechanism::new`].
    pub fn discrete_laplace(measure: Measure, charged: Rho) -> Result<Self, ReleaseError> {
        Self::new(Family::DiscreteLaplace, measure, charged)
    }

    /// The discrete Laplace for a pure epsilon: one part of several whose epsilons add up, so it is charged for what it
    /// would cost alone.
    pub(crate) fn laplace_for(measure: Measure, epsilon: f64) -> Result<Self, ReleaseError> {
        let charged = rho_of_pure(epsilon)?;
        usable(charged)?;
        Self::laplace_within(measure, charged, epsilon)
    }

    fn gaussian_within(measure: Measure, charged: Rho) -> Result<Self, ReleaseError> {
        // rho = L2² / 2σ² (Bun and Steinke, 2016), solved for σ.
        let l2 = measure.sensitivity().l2();
        let guess = l2 / (2.0 * charged.nearest()).sqrt();
        let (scale, loss) = least_scale(guess, |scale| opendp::gaussian_loss(l2, scale), charged)?;
        let (family, spread) = (Family::DiscreteGaussian, Spread::discrete_gaussian(scale));
        Ok(Self { family, measure, charged, loss, epsilon: None, scale, spread })
    }

    fn laplace_within(measure: Measure, charged: Rho, most: f64) -> Result<Self, ReleaseError> {
        // ε = L1 / b, solved for b.
        let l1 = measure.sensitivity().l1_float();
        let (scale, epsilon) = least_scale(l1 / most, |scale| opendp::laplace_epsilon(l1, scale), most)?;
        let loss = rho_of_pure(epsilon)?;
        if loss > charged {
            return Err(ReleaseError::Loss);
        }
        let (family, spread) = (Family::DiscreteLaplace, Spread::discrete_laplace(scale));
        Ok(Self { family, measure, charged, loss, epsilon: Some(epsilon), scale, spread })
    }

    /// What the noise is drawn from.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// What it is for.
    #[must_use]
    pub fn measure(&self) -> &Measure {
        &self.measure
    }

    /// What the ledger charges.
    #[must_use]
    pub fn charged(&self) -> Rho {
        self.charged
    }

    /// What the release costs by OpenDP's map, rounded up; never more than what is charged.
    #[must_use]
    pub fn loss(&self) -> Rho {
        self.loss
    }

    /// The pure epsilon of a discrete Laplace by OpenDP's map, rounded up; a discrete Gaussian has none.
    #[must_use]
    pub fn epsilon(&self) -> Option<f64> {
        self.epsilon
    }

    /// How wide the noise is.
    #[must_use]
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// How far off each cell will be.
    #[must_use]
    pub fn spread(&self) -> &Spread {
        &self.spread
    }
}

/// Whether so much can be charged at all.
pub(crate) fn usable(charged: Rho) -> Result<(), ReleaseError> {
    let usable = charged > Rho::ZERO && charged <= CHARGE_MAX;
    require(usable, "rho", "must be more than 0 and at most 1000000000")
}

/// The least scale of the grid, from `guess` on, whose cost is not above `most`, and that cost.
fn least_scale<C: PartialOrd>(
    guess: f64,
    cost: impl Fn(Scale) -> Result<C, ReleaseError>,
    most: C,
) -> Result<(Scale, C), ReleaseError> {
    let mut scale = Scale::on_grid(guess)?;
    for _ in 0..STEPS_MAX {
        let found = cost(scale)?;
        if found <= most {
            return Ok((scale, found));
        }
        scale = scale.next()?;
    }
    Err(ReleaseError::Loss)
}

#[cfg(test)]
mod tests;
