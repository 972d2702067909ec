//! The public parameters of a statistic. All that a release costs and how good it will be follows from these.

use crate::clamp::Clamp;
use crate::error::{ReleaseError, require};
use crate::sensitivity::Sensitivity;

/// Cells of one release, at most: each takes about a tenth of a millisecond to noise.
pub const CELLS_MAX: usize = 100_000;

/// What is added up in each cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// Persons.
    Count,
    /// One clamped value of each person.
    Sum,
}

/// A statistic: what is added up, over how many cells, and in how many of them one person can be.
///
/// The cells are those of public categories, in the caller's order, empty ones included. Several tables that are
/// released together are one measure, with their cells one after another and a person in as many of them as there are
/// tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    aggregate: Aggregate,
    cells: usize,
    cells_per_person: u32,
    clamp: Clamp,
    population_max: u64,
    sensitivity: Sensitivity,
}

impl Measure {
    /// A count of persons in each of `cells` cells, with each person in at most `cells_per_person` of them.
    /// `population_max` is a public number that the persons are never more than.
    ///
    /// # Errors
    /// The parameter that is 0 or too large: `cells`, `cells_per_person` or `population`.
    pub fn count(cells: usize, cells_per_person: u32, population_max: u64) -> Result<Self, ReleaseError> {
        Self::new(Aggregate::Count, cells, cells_per_person, Clamp::COUNT, population_max)
    }

    /// A sum of `clamp`ed values in each cell, with the other parameters of [`Measure::count`].
    ///
    /// # Errors
    /// As [`Measure::count`]; `population` also where it times the clamp would not fit.
    pub fn sum(
        cells: usize,
        cells_per_person: u32,
        clamp: Clamp,
        population_max: u64,
    ) -> Result<Self, ReleaseError> {
        Self::new(Aggregate::Sum, cells, cells_per_person, clamp, population_max)
    }

    fn new(
        aggregate: Aggregate,
        cells: usize,
        cells_per_person: u32,
        clamp: Clamp,
        population_max: u64,
    ) -> Result<Self, ReleaseError> {
        require((1..=CELLS_MAX).contains(&cells), "cells", "must be 1 to 100000")?;
        let sensitivity = Sensitivity::new(cells_per_person, clamp)?;
        let has_room = usize::try_from(cells_per_person).is_ok_and(|k| k <= cells);
        require(has_room, "cells_per_person", "must not be more than the cells")?;
        clamp.fits(population_max)?;
        Ok(Self { aggregate, cells, cells_per_person, clamp, population_max, sensitivity })
    }

    /// What is added up.
    #[must_use]
    pub fn aggregate(&self) -> Aggregate {
        self.aggregate
    }

    /// How many cells there are.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// k: in how many of them a person can be.
    #[must_use]
    pub fn cells_per_person(&self) -> u32 {
        self.cells_per_person
    }

    /// What a person can add to a cell: 0 to 1 for a count.
    #[must_use]
    pub fn clamp(&self) -> Clamp {
        self.clamp
    }

    /// The persons are never more than this, a public number.
    #[must_use]
    pub fn population_max(&self) -> u64 {
        self.population_max
    }

    /// Whether clamped values of the population can add up to `sum`.
    pub(crate) fn possible(&self, sum: i64) -> bool {
        let population = i128::from(self.population_max);
        let least = i128::from(self.clamp.from().min(0)) * population;
        let greatest = i128::from(self.clamp.to().max(0)) * population;
        (least..=greatest).contains(&i128::from(sum))
    }

    /// What a person can change in all cells together.
    #[must_use]
    pub fn sensitivity(&self) -> Sensitivity {
        self.sensitivity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(result: Result<Measure, ReleaseError>) -> &'static str {
        match result.err().unwrap() {
            ReleaseError::Parameter { field, .. } => field,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_measure_that_cannot_be_is_refused_by_the_name_of_its_parameter() {
        let wide = Clamp::new(0, crate::clamp::CLAMP_MAX).unwrap();
        assert_eq!(field(Measure::count(0, 1, 10)), "cells");
        assert_eq!(field(Measure::count(CELLS_MAX + 1, 1, 10)), "cells");
        assert_eq!(field(Measure::count(usize::MAX, 1, 10)), "cells");
        assert_eq!(field(Measure::count(10, 0, 10)), "cells_per_person");
        assert_eq!(field(Measure::count(10, 11, 10)), "cells_per_person");
        assert_eq!(field(Measure::count(10_000, 4_097, 10)), "cells_per_person");
        assert_eq!(field(Measure::count(10, 1, 0)), "population");
        assert_eq!(field(Measure::count(10, 1, u64::MAX)), "population");
        assert_eq!(field(Measure::sum(10, 1, wide, 10_000_000)), "population");
        assert!(Measure::sum(10, 10, wide, 4_000_000).is_ok());
    }
}
