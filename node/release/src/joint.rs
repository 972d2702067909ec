//! Several measures of the same persons, released together under one charge: the sum and the count of a mean, or a
//! statistic and the number of persons in each of its cells.
//!
//! A Gaussian's parts share rho, which adds up (Bun and Steinke, 2016, lemma 1.7). A Laplace's parts share epsilon,
//! which adds up as well, and it is the sum that is converted: (Σε)²/2 is more than Σε²/2.

use crate::conversion::{pure_of, rho_of_pure};
use crate::error::{ReleaseError, require};
use crate::measure::Measure;
use crate::mechanism::{Family, Mechanism, usable};
use crate::opendp;
use crate::rho::Rho;

/// Parts of one release, at most.
pub const PARTS_MAX: usize = 64;

/// What is left of epsilon for several parts: a billionth less, a fraction of a step of the grid of scales, makes up for
/// adding up being rounded up.
const SHARED: f64 = 1.0 - 1e-9;

/// The mechanisms of several measures, each with its share of one charge. One part alone is exactly that mechanism.
///
/// ```
/// use tvaers_release::{clamp::Clamp, joint::Joint, measure::Measure, mechanism::Family};
/// let age = Clamp::new(18, 100).unwrap();
/// let sum = Measure::sum(99, 1, age.centred().unwrap(), 7_000_000).unwrap();
/// let persons = Measure::count(99, 1, 7_000_000).unwrap();
/// let charged = "0.02".parse().unwrap();
/// let mean = Joint::new(Family::DiscreteGaussian, &[(sum, 1), (persons, 1)], charged).unwrap();
/// assert!(mean.loss() <= charged);
/// assert_eq!(mean.parts().len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Joint {
    family: Family,
    parts: Vec<Mechanism>,
    charged: Rho,
    loss: Rho,
    epsilon: Option<f64>,
}

impl Joint {
    /// The mechanisms of `parts`, each a measure and the weight of its share of what is `charged`. All parts are released,
    /// each once, or less is spent than charged.
    ///
    /// # Errors
    /// `parts`, if there are none or more than [`PARTS_MAX`]; `weights`, if one is 0; and as [`Mechanism::new`], also
    /// where it is a share that is too small.
    pub fn new(family: Family, parts: &[(Measure, u32)], charged: Rho) -> Result<Self, ReleaseError> {
        require((1..=PARTS_MAX).contains(&parts.len()), "parts", "must be 1 to 64")?;
        require(parts.iter().all(|(_, weight)| *weight > 0), "weights", "must be 1 or more")?;
        usable(charged)?;
        if let [(measure, _)] = parts {
            return Ok(Self::alone(Mechanism::new(family, *measure, charged)?));
        }
        match family {
            Family::DiscreteGaussian => Self::gaussian(parts, charged),
            Family::DiscreteLaplace => Self::laplace(parts, charged),
        }
    }

    fn alone(mechanism: Mechanism) -> Self {
        let (family, charged) = (mechanism.family(), mechanism.charged());
        let (loss, epsilon) = (mechanism.loss(), mechanism.epsilon());
        Self { family, parts: vec![mechanism], charged, loss, epsilon }
    }

    fn gaussian(parts: &[(Measure, u32)], charged: Rho) -> Result<Self, ReleaseError> {
        let all: u64 = parts.iter().map(|(_, weight)| u64::from(*weight)).sum();
        // Rounded down, so the shares are never more than the whole.
        let share = |weight: u32| u128::from(charged.nano()) * u128::from(weight) / u128::from(all);
        let share = |weight: u32| u64::try_from(share(weight)).map(Rho::from_nano).unwrap_or(Rho::ZERO);
        let parts =
            parts.iter().map(|(measure, weight)| Mechanism::discrete_gaussian(*measure, share(*weight)));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        let loss = parts.iter().try_fold(Rho::ZERO, |sum, part| sum.checked_add(part.loss()));
        Self::within(Family::DiscreteGaussian, parts, charged, loss.ok_or(ReleaseError::Loss)?, None)
    }

    fn laplace(parts: &[(Measure, u32)], charged: Rho) -> Result<Self, ReleaseError> {
        let all: f64 = parts.iter().map(|(_, weight)| f64::from(*weight)).sum();
        let epsilon = pure_of(charged) * SHARED;
        let share = |weight: u32| epsilon * (f64::from(weight) / all);
        let parts = parts.iter().map(|(measure, weight)| Mechanism::laplace_for(*measure, share(*weight)));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        let epsilon = opendp::compose_pure(parts.iter().filter_map(Mechanism::epsilon).collect())?;
        Self::within(Family::DiscreteLaplace, parts, charged, rho_of_pure(epsilon)?, Some(epsilon))
    }

    fn within(
        family: Family,
        parts: Vec<Mechanism>,
        charged: Rho,
        loss: Rho,
        epsilon: Option<f64>,
    ) -> Result<Self, ReleaseError> {
        if loss > charged {
            Err(ReleaseError::Loss)
        } else {
            Ok(Self { family, parts, charged, loss, epsilon })
        }
    }

    /// The mechanisms, in the order of the measures. What each states as charged is what it would be charged alone.
    #[must_use]
    pub fn parts(&self) -> &[Mechanism] {
        &self.parts
    }

    /// What the ledger charges, for all parts together.
    #[must_use]
    pub fn charged(&self) -> Rho {
        self.charged
    }

    /// What all parts cost together by OpenDP's maps, rounded up; never more than what is charged.
    #[must_use]
    pub fn loss(&self) -> Rho {
        self.loss
    }

    /// What the noise is drawn from, in all parts.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// The pure epsilon of all parts together, for discrete Laplaces.
    #[must_use]
    pub fn epsilon(&self) -> Option<f64> {
        self.epsilon
    }
}

#[cfg(test)]
mod tests;
