//! What is shown of released values. Every function here takes noisy values and public parameters only, so none of it
//! costs anything, and whoever shows a result marks it as post-processed.

use crate::error::{ReleaseError, require};
use crate::measure::{Aggregate, Measure};
use crate::released::Released;

/// How values are shown: public, from a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presentation {
    smallest_cell: u32,
    rounding: u32,
}

impl Presentation {
    /// Everything as it is, only never below 0 where nothing can be.
    pub const PLAIN: Self = Self { smallest_cell: 0, rounding: 1 };

    /// Cells below `smallest_cell` persons are hidden (0: none), counts are rounded to multiples of `rounding` (1: not).
    ///
    /// # Errors
    /// `rounding`, if it is 0.
    pub fn new(smallest_cell: u32, rounding: u32) -> Result<Self, ReleaseError> {
        require(rounding > 0, "rounding", "must be 1 or more")?;
        Ok(Self { smallest_cell, rounding })
    }

    /// Whether a cell with so many persons, as released, is hidden.
    #[must_use]
    pub fn hides(self, persons: &Released) -> bool {
        self.smallest_cell > 0 && persons.value() < i64::from(self.smallest_cell)
    }

    /// A count of persons as it is shown: clipped at 0 and rounded, unless it is hidden.
    #[must_use]
    pub fn shown(self, persons: &Released) -> Shown {
        if self.hides(persons) { Shown::Hidden } else { Shown::Value(self.round(persons.value().max(0))) }
    }

    /// The least noisy number of persons that is shown.
    #[must_use]
    pub fn smallest_cell(self) -> u32 {
        self.smallest_cell
    }

    /// What counts are shown as multiples of.
    pub(crate) fn rounding(self) -> u32 {
        self.rounding
    }

    /// To the nearest multiple, from 0 on; a half goes up.
    fn round(self, value: i64) -> i64 {
        let unit = i128::from(self.rounding);
        let rounded = (i128::from(value) + unit / 2).div_euclid(unit) * unit;
        // A multiple that does not fit: the greatest that does.
        i64::try_from(rounded).unwrap_or_else(|_| value - value.rem_euclid(i64::from(self.rounding)))
    }
}

/// A value as it is shown, after post-processing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The noisy number of persons is below the smallest cell.
    Hidden,
    /// Clipped and rounded.
    Value(i64),
}

impl Shown {
    /// The value, unless it is hidden.
    #[must_use]
    pub fn value(self) -> Option<i64> {
        match self {
            Self::Hidden => None,
            Self::Value(value) => Some(value),
        }
    }
}

/// Post-processing: a noisy cell of `measure` as it is shown. Hidden where the noisy number of its persons is below the
/// smallest cell, clipped at 0 where the clamp allows no negative value, and, for a count, rounded.
///
/// For a count the cell is itself that number; for a sum it is `persons`, a noisy count of the same cell, and without
/// one nothing is hidden.
#[must_use]
pub fn shown(
    measure: &Measure,
    cell: &Released,
    persons: Option<&Released>,
    presentation: Presentation,
) -> Shown {
    let persons = match measure.aggregate() {
        Aggregate::Count => Some(cell),
        Aggregate::Sum => persons,
    };
    if persons.is_some_and(|persons| presentation.hides(persons)) {
        return Shown::Hidden;
    }
    let clipped = if measure.clamp().from() >= 0 { cell.value().max(0) } else { cell.value() };
    Shown::Value(match measure.aggregate() {
        Aggregate::Count => presentation.round(clipped),
        Aggregate::Sum => clipped,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clamp::Clamp;
    use crate::scale::Scale;
    use crate::spread::Spread;

    fn noisy(value: i64) -> Released {
        Released::restore(value, Spread::discrete_gaussian(Scale::new(2.0).unwrap()))
    }

    #[test]
    fn a_count_is_clipped_rounded_and_hidden_by_its_noisy_value() {
        let count = Measure::count(3, 1, 1_000).unwrap();
        let strict = Presentation::new(5, 5).unwrap();
        let cases = [
            (-7, None),
            (4, None),
            (5, Some(5)),
            (7, Some(5)),
            (8, Some(10)),
            (i64::MAX, Some(i64::MAX - 2)),
        ];
        for (value, expected) in cases {
            assert_eq!(shown(&count, &noisy(value), None, strict).value(), expected, "{value}");
        }
        assert_eq!(shown(&count, &noisy(-7), None, Presentation::PLAIN), Shown::Value(0));
        assert_eq!(shown(&count, &noisy(4), None, Presentation::PLAIN), Shown::Value(4));
    }

    #[test]
    fn a_sum_is_hidden_by_the_noisy_number_of_its_persons() {
        let cost = Measure::sum(3, 1, Clamp::new(0, 1_000).unwrap(), 1_000).unwrap();
        let change = Measure::sum(3, 1, Clamp::new(-4, 4).unwrap(), 1_000).unwrap();
        let strict = Presentation::new(5, 5).unwrap();
        assert_eq!(shown(&cost, &noisy(12_347), Some(&noisy(4)), strict), Shown::Hidden);
        assert_eq!(shown(&cost, &noisy(12_347), Some(&noisy(5)), strict), Shown::Value(12_347));
        assert_eq!(shown(&cost, &noisy(3), None, strict), Shown::Value(3));
        assert_eq!(shown(&cost, &noisy(-3), None, strict), Shown::Value(0));
        assert_eq!(shown(&change, &noisy(-3), None, strict), Shown::Value(-3));
    }

    #[test]
    fn rounding_to_nothing_is_refused_by_name() {
        let refused = Presentation::new(5, 0);
        assert!(matches!(refused, Err(ReleaseError::Parameter { field: "rounding", .. })));
    }
}
