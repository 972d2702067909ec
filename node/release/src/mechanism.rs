//! How much noise a measure needs for what is charged.

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
    measure: Measure,
    charged: Rho,
    loss: Rho,
    scale: Scale,
    spread: Spread,
}

impl Mechanism {
    /// The discrete Gaussian for `charged`: the least scale of the grid at which OpenDP's privacy map, asked for the
    /// measure's L2 sensitivity, does not exceed it.
    ///
    /// # Errors
    /// `rho`, if it is 0 or more than [`CHARGE_MAX`]; `scale`, if so little rho needs more noise than there is room for.
    pub fn discrete_gaussian(measure: Measure, charged: Rho) -> Result<Self, ReleaseError> {
        let usable = charged > Rho::ZERO && charged <= CHARGE_MAX;
        require(usable, "rho", "must be more than 0 and at most 1000000000")?;
        // rho = L2² / 2σ² (Bun and Steinke, 2016), solved for σ.
        let l2 = measure.sensitivity().l2();
        let mut scale = Scale::on_grid(l2 / (2.0 * charged.nearest()).sqrt())?;
        for _ in 0..STEPS_MAX {
            let loss = opendp::gaussian_loss(l2, scale)?;
            if loss <= charged {
                return Ok(Self { measure, charged, loss, scale, spread: Spread::discrete_gaussian(scale) });
            }
            scale = scale.next()?;
        }
        Err(ReleaseError::Loss)
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

#[cfg(test)]
mod tests;
