//! The seam between a release and its noise. There is no seed: noise comes from OpenDP, whose generator is the operating
//! system's by way of OpenSSL, and only the tests of this crate can do without.

use crate::error::ReleaseError;
use crate::mechanism::Mechanism;
use crate::opendp;

/// Adds a mechanism's noise. Private, as the exact values pass through it.
pub(crate) trait Noise {
    /// As many values, each with noise of its own.
    fn noisy(&self, exact: &[i64], mechanism: &Mechanism) -> Result<Vec<i64>, ReleaseError>;
}

/// The noise that is claimed.
pub(crate) struct Claimed;

impl Noise for Claimed {
    fn noisy(&self, exact: &[i64], mechanism: &Mechanism) -> Result<Vec<i64>, ReleaseError> {
        let sensitivity = mechanism.measure().sensitivity();
        match mechanism.epsilon() {
            None => opendp::gaussian(exact, sensitivity.l2(), mechanism.scale(), mechanism.charged()),
            Some(epsilon) => opendp::laplace(exact, sensitivity.l1_float(), mechanism.scale(), epsilon),
        }
    }
}

/// No noise, to see what came to the door.
#[cfg(test)]
pub(crate) struct Zero;

#[cfg(test)]
impl Noise for Zero {
    fn noisy(&self, exact: &[i64], _: &Mechanism) -> Result<Vec<i64>, ReleaseError> {
        Ok(exact.to_vec())
    }
}
