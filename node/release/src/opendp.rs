//! What OpenDP does for us, and the only file that knows it.
//!
//! Its objects are neither `Send` nor `Sync`, so each function makes, uses and drops them and returns plain numbers. Its
//! errors may hold parameters and are never shown: they become codes here.

use opendp::combinators::ConcentratedMeasure as _;
use opendp::core::Measurement;
use opendp::domains::{AtomDomain, VectorDomain};
use opendp::measurements::make_gaussian;
use opendp::measures::ZeroConcentratedDivergence;
use opendp::metrics::L2Distance;

use crate::error::ReleaseError;
use crate::rho::Rho;
use crate::scale::Scale;

type Integers = VectorDomain<AtomDomain<i64>>;
type Gaussian = Measurement<Integers, L2Distance<f64>, ZeroConcentratedDivergence, Vec<i64>>;

fn gaussian_measurement(scale: Scale) -> Result<Gaussian, ReleaseError> {
    let (domain, metric) = (VectorDomain::new(AtomDomain::default()), L2Distance::default());
    make_gaussian(domain, metric, scale.get(), None).map_err(|_| ReleaseError::Noise)
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

/// The delta at which `rho`-zCDP is within `epsilon`, rounded up, and 1 where OpenDP gives none: for a great rho and a
/// small epsilon its intermediate results overflow.
pub(crate) fn delta(rho: f64, epsilon: f64) -> f64 {
    let profile = ZeroConcentratedDivergence::convert(rho);
    profile.and_then(|profile| profile.delta(epsilon)).unwrap_or(1.0)
}

#[cfg(test)]
mod tests;
