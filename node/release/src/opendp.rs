//! What OpenDP does for us, and the only file that knows it.
//!
//! Its objects are neither `Send` nor `Sync`, so each function makes, uses and drops them and returns plain numbers. Its
//! errors may hold parameters and are never shown: they become codes here.

use opendp::combinators::{CompositionMeasure as _, ConcentratedMeasure as _, make_pureDP_to_zCDP};
use opendp::core::Measurement;
use opendp::domains::{AtomDomain, VectorDomain};
use opendp::measurements::{make_gaussian, make_laplace};
use opendp::measures::{MaxDivergence, ZeroConcentratedDivergence};
use opendp::metrics::{L1Distance, L2Distance};

use crate::error::ReleaseError;
use crate::rho::Rho;
use crate::scale::Scale;

type Integers = VectorDomain<AtomDomain<i64>>;
type Gaussian = Measurement<Integers, L2Distance<f64>, ZeroConcentratedDivergence, Vec<i64>>;
type Laplace = Measurement<Integers, L1Distance<f64>, MaxDivergence, Vec<i64>>;

fn gaussian_measurement(scale: Scale) -> Result<Gaussian, ReleaseError> {
    let (domain, metric) = (VectorDomain::new(AtomDomain::default()), L2Distance::default());
    make_gaussian(domain, metric, scale.get(), None).map_err(|_| ReleaseError::Noise)
}

fn laplace_measurement(scale: f64) -> Result<Laplace, ReleaseError> {
    let (domain, metric) = (VectorDomain::new(AtomDomain::default()), L1Distance::default());
    make_laplace(domain, metric, scale, None).map_err(|_| ReleaseError::Noise)
}

fn loss(measurement: &Gaussian, l2: f64) -> Result<Rho, ReleaseError> {
    measurement.map(&l2).ok().and_then(Rho::at_least).ok_or(ReleaseError::Loss)
}

/// What a vector of discrete Gaussians costs, by OpenDP's privacy map, rounded up.
pub(crate) fn gaussian_loss(l2: f64, scale: Scale) -> Result<Rho, ReleaseError> {
    loss(&gaussian_measurement(scale)?, l2)
}

/// The values with exact discrete Gaussian noise, freshly drawn for each, at no more than `charged`.
pub(crate) fn gaussian(
    values: &[i64],
    l2: f64,
    scale: Scale,
    charged: Rho,
) -> Result<Vec<i64>, ReleaseError> {
    let measurement = gaussian_measurement(scale)?;
    // Once more, with the very object that adds the noise.
    if loss(&measurement, l2)? > charged {
        return Err(ReleaseError::Loss);
    }
    let noisy = measurement.invoke(&values.to_vec()).map_err(|_| ReleaseError::Noise)?;
    if noisy.len() == values.len() { Ok(noisy) } else { Err(ReleaseError::Noise) }
}

/// Epsilon of a vector of discrete Laplaces, by OpenDP's privacy map, rounded up.
pub(crate) fn laplace_epsilon(l1: f64, scale: Scale) -> Result<f64, ReleaseError> {
    laplace_measurement(scale.get())?.map(&l1).map_err(|_| ReleaseError::Loss)
}

/// The values with exact discrete Laplace noise, freshly drawn for each, within `epsilon`.
pub(crate) fn laplace(values: &[i64], l1: f64, scale: Scale, epsilon: f64) -> Result<Vec<i64>, ReleaseError> {
    let measurement = laplace_measurement(scale.get())?;
    // Once more, with the very object that adds the noise.
    if !measurement.map(&l1).is_ok_and(|cost| cost <= epsilon) {
        return Err(ReleaseError::Loss);
    }
    let noisy = measurement.invoke(&values.to_vec()).map_err(|_| ReleaseError::Noise)?;
    if noisy.len() == values.len() { Ok(noisy) } else { Err(ReleaseError::Noise) }
}

/// What an epsilon costs, by OpenDP's conversion (ε²/2), rounded up; `None` where that is beyond the unit's room.
pub(crate) fn rho_of_pure(epsilon: f64) -> Option<Rho> {
    // OpenDP converts measurements, not numbers. This one's epsilon is the distance itself.
    let measurement = make_pureDP_to_zCDP(laplace_measurement(1.0).ok()?).ok()?;
    measurement.map(&epsilon).ok().and_then(Rho::at_least)
}

/// The sum of epsilons that are spent on the same persons, by OpenDP's composition, rounded up.
pub(crate) fn compose_pure(epsilons: Vec<f64>) -> Result<f64, ReleaseError> {
    MaxDivergence.compose(epsilons).map_err(|_| ReleaseError::Loss)
}

/// The delta at which `rho`-zCDP is within `epsilon`, rounded up, and 1 where OpenDP gives none: for a great rho and a
/// small epsilon its intermediate results overflow.
pub(crate) fn delta(rho: f64, epsilon: f64) -> f64 {
    let profile = ZeroConcentratedDivergence::convert(rho);
    profile.and_then(|profile| profile.delta(epsilon)).unwrap_or(1.0)
}

#[cfg(test)]
mod tests;
