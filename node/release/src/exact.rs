//! The exact values, and the one door out.
//!
//! What is in an [`Exact`] cannot be read: it has no `Debug`, `Display`, `PartialEq`, `Clone` or `Serialize`, its fields
//! are private, and [`Exact::release`] consumes it, so that the same values are not noised twice for one charge.
//!
//! ```
//! use tvaers_release::{exact::Exact, measure::Measure, mechanism::Mechanism};
//! let measure = Measure::count(2, 1, 1_000).unwrap();
//! let mechanism = Mechanism::discrete_gaussian(measure, "0.5".parse().unwrap()).unwrap();
//! // The ledger has charged 0.5 by now.
//! let mut exact = Exact::gather(measure);
//! exact.person(&[(0, 1)]).unwrap();
//! let released = exact.release(&mechanism).unwrap();
//! assert_eq!(released.len(), 2);
//! ```
//! It cannot be printed:
//! ```compile_fail,E0277
//! use tvaers_release::{exact::Exact, measure::Measure};
//! println!("{:?}", Exact::gather(Measure::count(2, 1, 1_000).unwrap()));
//! ```
//! ```compile_fail,E0277
//! use tvaers_release::{exact::Exact, measure::Measure};
//! println!("{}", Exact::gather(Measure::count(2, 1, 1_000).unwrap()));
//! ```
//! (what it was made for can:)
//! ```
//! use tvaers_release::{exact::Exact, measure::Measure};
//! println!("{:?}", Exact::gather(Measure::count(2, 1, 1_000).unwrap()).measure());
//! ```
//! It cannot be compared, copied or read:
//! ```compile_fail,E0369
//! use tvaers_release::{exact::Exact, measure::Measure};
//! let measure = Measure::count(2, 1, 1_000).unwrap();
//! let _ = Exact::gather(measure) == Exact::gather(measure);
//! ```
//! ```compile_fail,E0599
//! use tvaers_release::{exact::Exact, measure::Measure};
//! let _ = Exact::gather(Measure::count(2, 1, 1_000).unwrap()).clone();
//! ```
//! ```compile_fail,E0616
//! use tvaers_release::{exact::Exact, measure::Measure};
//! let _ = Exact::gather(Measure::count(2, 1, 1_000).unwrap()).cells;
//! ```
//! and goes through the door once:
//! ```compile_fail,E0382
//! use tvaers_release::{exact::Exact, measure::Measure, mechanism::Mechanism};
//! let measure = Measure::count(2, 1, 1_000).unwrap();
//! let mechanism = Mechanism::discrete_gaussian(measure, "0.5".parse().unwrap()).unwrap();
//! let exact = Exact::gather(measure);
//! let _ = (exact.release(&mechanism), exact.release(&mechanism));
//! ```

use zeroize::Zeroizing;

use crate::error::ReleaseError;
use crate::measure::Measure;
use crate::mechanism::Mechanism;
use crate::noise::{Claimed, Noise};
use crate::released::Released;

/// The exact cells of a [`Measure`], 0 until something is added. Cells are numbered from 0 in the order of the caller's
/// public categories.
pub struct Exact {
    measure: Measure,
    // Wiped when dropped. OpenDP's own copies, which live as long as one call, are not.
    cells: Zeroizing<Vec<i64>>,
}

impl Exact {
    /// Nothing in any cell, as yet.
    #[must_use]
    pub fn gather(measure: Measure) -> Self {
        Self { measure, cells: Zeroizing::new(vec![0; measure.cells()]) }
    }

    /// What it is made for; public parameters only.
    #[must_use]
    pub fn measure(&self) -> &Measure {
        &self.measure
    }

    /// Adds one person: cells, each with the person's value there (1 for a count). Called once a person.
    ///
    /// Whatever the values are, the person changes at most k cells by at most C: each value is clamped, and of more than
    /// k different cells the first k count, of one cell given twice the first. So nothing that a row can say makes a
    /// release fail or cost more.
    ///
    /// # Errors
    /// The caller's mistakes: [`ReleaseError::Cell`], and [`ReleaseError::Overflow`] after more persons than stated. A
    /// release must not go on after one.
    pub fn person(&mut self, values: &[(usize, i64)]) -> Result<(), ReleaseError> {
        let mut left = self.measure.cells_per_person();
        for (position, &(cell, value)) in values.iter().enumerate() {
            if left == 0 {
                break;
            }
            if values.iter().take(position).any(|&(earlier, _)| earlier == cell) {
                continue;
            }
            self.add(cell, self.measure.clamp().apply(value))?;
            left -= 1;
        }
        Ok(())
    }

    /// Adds what a database has added up for a cell: counts of persons, or sums of values that were clamped before they
    /// were added. The caller answers for the clamping and for k.
    ///
    /// # Errors
    /// The caller's mistakes: [`ReleaseError::Cell`], and [`ReleaseError::Overflow`] for a sum that no clamped values of
    /// the population could have. A release must not go on after one.
    pub fn group(&mut self, cell: usize, sum: i64) -> Result<(), ReleaseError> {
        self.add(cell, sum)
    }

    fn add(&mut self, cell: usize, value: i64) -> Result<(), ReleaseError> {
        let cell = self.cells.get_mut(cell).ok_or(ReleaseError::Cell)?;
        let sum = cell.checked_add(value).filter(|sum| self.measure.possible(*sum));
        *cell = sum.ok_or(ReleaseError::Overflow)?;
        Ok(())
    }

    /// The door: every cell with the mechanism's noise, in the same order. Blocks for about a tenth of a millisecond a
    /// cell; how long exactly depends on the noise, so replies must leave at times that do not.
    ///
    /// # Errors
    /// [`ReleaseError::OtherMeasure`], [`ReleaseError::Loss`] or [`ReleaseError::Noise`], none of which depends on the
    /// values. What was charged stays charged.
    pub fn release(self, mechanism: &Mechanism) -> Result<Vec<Released>, ReleaseError> {
        self.release_with(mechanism, &Claimed)
    }

    fn release_with(self, mechanism: &Mechanism, noise: &impl Noise) -> Result<Vec<Released>, ReleaseError> {
        if self.measure != *mechanism.measure() {
            return Err(ReleaseError::OtherMeasure);
        }
        let noisy = noise.noisy(&self.cells, mechanism)?;
        Ok(noisy.into_iter().map(|value| Released::new(value, *mechanism.spread())).collect())
    }
}

#[cfg(test)]
mod tests;
