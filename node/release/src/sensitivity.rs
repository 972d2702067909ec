//! What one person can change: the one place where sensitivity is worked out.

use crate::clamp::Clamp;
use crate::error::{ReleaseError, require};

/// Cells that one person can be in, at most. A person is in one cell of each table that is released together, or in
/// as many as a multi-valued feature has; more than this would drown everything in noise.
pub const CELLS_PER_PERSON_MAX: u32 = 4_096;

/// How far the vector of all cells, of all measures that are released together, can be from that of a neighbour:
/// the same persons, and one more with all rows ("add or remove one person").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sensitivity {
    l1: u64,
    /// Of L2. The square is a whole number, where L2 is not.
    l2_squared: u128,
}

impl Sensitivity {
    /// For a person who adds a value of `clamp` to at most `cells_per_person` (k) cells: with C =
    /// [`Clamp::magnitude`], each of k cells changes by at most C, so L1 = k·C and L2 = C·√k.
    ///
    /// # Errors
    /// `cells_per_person`, if it is 0 or more than [`CELLS_PER_PERSON_MAX`].
    pub fn new(cells_per_person: u32, clamp: Clamp) -> Result<Self, ReleaseError> {
        let k = cells_per_person;
        require((1..=CELLS_PER_PERSON_MAX).contains(&k), "cells_per_person", "must be 1 to 4096")?;
        // At most 2^12 · 10^24, which is well within 128 bits, and 2^12 · 10^12 within 64.
        let c = clamp.magnitude();
        Ok(Self { l1: u64::from(k) * c, l2_squared: u128::from(k) * u128::from(c) * u128::from(c) })
    }

    /// The sum of the changes: what counts for a discrete Laplace.
    #[must_use]
    pub fn l1(self) -> u64 {
        self.l1
    }

    /// The same in floating point, exactly: at most 2^12 · 10^12, which is below 2^53.
    pub(crate) fn l1_float(self) -> f64 {
        self.l1 as f64
    }

    /// The root of the sum of their squares, rounded up: what counts for a discrete Gaussian.
    #[must_use]
    pub fn l2(self) -> f64 {
        let root = self.l2_squared.isqrt();
        // Exact where it can be: at most 2^53.
        if root * root == self.l2_squared && root <= 1 << f64::MANTISSA_DIGITS {
            return root as f64;
        }
        // Conversion and root each err by half a unit in the last place at most, and each is then one unit up.
        (self.l2_squared as f64).next_up().sqrt().next_up()
    }
}

#[cfg(test)]
mod tests;
