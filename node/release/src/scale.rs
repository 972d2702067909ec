//! How wide noise is: σ of a discrete Gaussian, b of a discrete Laplace.

use crate::error::{ReleaseError, require};

/// The least scale: noise is 0 for all practical purposes far above it.
pub const SCALE_MIN: f64 = 1.0 / (1_u64 << 20) as f64;

/// The greatest scale: 64 times as much is still within the room that [`EXACT_MAX`](crate::clamp::EXACT_MAX) leaves. A
/// discrete Laplace goes further once in 10^27 draws, and then the value is the greatest that there is.
pub const SCALE_MAX: f64 = (1_u64 << 56) as f64;

/// Bits of a scale's fraction that are left 0. What remains are 21 significant bits: a dyadic number with short
/// numerator and denominator is drawn faster, and at most a millionth wider than needed.
const FREE_BITS: u32 = 32;

/// The scale of a discrete Gaussian or Laplace: finite, within [`SCALE_MIN`] and [`SCALE_MAX`]. (OpenDP takes 0, and then adds
/// no noise at all.)
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Scale(f64);

impl Scale {
    /// A scale.
    ///
    /// # Errors
    /// `scale`, if it is out of bounds or not a number.
    pub fn new(scale: f64) -> Result<Self, ReleaseError> {
        require((SCALE_MIN..=SCALE_MAX).contains(&scale), "scale", "must be 2^-20 to 2^56")?;
        Ok(Self(scale))
    }

    /// As a number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// The greatest scale of the grid that is not above `scale`.
    pub(crate) fn on_grid(scale: f64) -> Result<Self, ReleaseError> {
        Self::new(f64::from_bits(scale.to_bits() >> FREE_BITS << FREE_BITS))
    }

    /// The next greater scale of the grid.
    pub(crate) fn next(self) -> Result<Self, ReleaseError> {
        Self::new(f64::from_bits(self.0.to_bits() + (1 << FREE_BITS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_that_would_add_no_noise_or_endless_noise_is_refused_by_name() {
        let odd = [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e308, 1e-308, 5e-324];
        for scale in odd.into_iter().chain([i64::MAX as f64, SCALE_MAX.next_up(), SCALE_MIN.next_down()]) {
            assert!(
                matches!(Scale::new(scale), Err(ReleaseError::Parameter { field: "scale", .. })),
                "{scale}"
            );
        }
        for scale in [SCALE_MIN, 0.5, 1.0, 1e12, SCALE_MAX] {
            assert_eq!(Scale::new(scale).unwrap().get(), scale);
        }
    }

    #[test]
    fn the_grid_is_dyadic_and_a_millionth_wide() {
        for scale in [7.1e-4, 0.3, 1.0, 5.0, 1.9999999, 1.5e10 / 3.0, 1e15] {
            let below = Scale::on_grid(scale).unwrap();
            let above = below.next().unwrap();
            assert!(below.get() <= scale && scale < above.get(), "{scale}");
            assert!(above.get() / below.get() - 1.0 < 1e-6, "{scale}");
            assert_eq!(Scale::on_grid(above.get()).unwrap(), above);
        }
    }
}
