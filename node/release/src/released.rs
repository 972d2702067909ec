//! Values that may be seen. All that is done to them is post-processing, which costs nothing.

use crate::error::ReleaseError;
use crate::spread::Spread;

/// A noisy value, raw and signed: a count may be negative. Totals are made of these, never of what is shown, because
/// clipping and rounding would bias them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Released {
    value: i64,
    spread: Spread,
}

impl Released {
    pub(crate) fn new(value: i64, spread: Spread) -> Self {
        Self { value, spread }
    }

    /// A value that was released before and came back from a database or from a node, with the spread that it was
    /// released with. Never for anything that comes out of rows: that passes through [`Exact`](crate::exact::Exact).
    #[must_use]
    pub fn restore(value: i64, spread: Spread) -> Self {
        Self { value, spread }
    }

    /// The noisy value.
    #[must_use]
    pub fn value(&self) -> i64 {
        self.value
    }

    /// What is known of its noise.
    #[must_use]
    pub fn spread(&self) -> &Spread {
        &self.spread
    }

    /// The standard error, of the noise alone.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        self.spread.standard_error()
    }

    /// Where the exact value lies with 95 % certainty or more, both ends included; covers the noise alone.
    #[must_use]
    pub fn interval(&self) -> [i64; 2] {
        let half = self.spread.half_width();
        [self.value.saturating_sub(half), self.value.saturating_add(half)]
    }

    /// The sum of values with independent noise, such as the same cell of several nodes, or several cells of one
    /// release: values and variances add up. Each part is given once.
    ///
    /// # Errors
    /// [`ReleaseError::Overflow`], if the sum does not fit; `cells`, if there is nothing to add up.
    pub fn sum(parts: &[Self]) -> Result<Self, ReleaseError> {
        crate::error::require(!parts.is_empty(), "cells", "must be 1 or more")?;
        let value = parts.iter().try_fold(0_i64, |sum, part| sum.checked_add(part.value));
        let spreads: Vec<Spread> = parts.iter().map(|part| part.spread).collect();
        Ok(Self { value: value.ok_or(ReleaseError::Overflow)?, spread: Spread::sum(&spreads) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale::Scale;

    fn at(value: i64, scale: f64) -> Released {
        Released::restore(value, Spread::discrete_gaussian(Scale::new(scale).unwrap()))
    }

    #[test]
    fn nodes_values_and_variances_add_up() {
        let sum = Released::sum(&[at(10, 3.0), at(-4, 4.0), at(1, 12.0)]).unwrap();
        assert_eq!(sum.value(), 7);
        assert!((sum.standard_error() - 13.0).abs() < 1e-9 && (sum.spread().scale() - 13.0).abs() < 1e-9);
        assert_eq!(sum.interval(), [7 - 27, 7 + 27]);
    }

    #[test]
    fn one_value_is_its_own_sum_and_none_is_refused() {
        assert_eq!(Released::sum(&[at(5, 0.7)]), Ok(at(5, 0.7)));
        assert!(matches!(Released::sum(&[]), Err(ReleaseError::Parameter { field: "cells", .. })));
    }

    #[test]
    fn a_sum_that_does_not_fit_is_an_error_and_an_interval_ends_where_numbers_do() {
        assert_eq!(Released::sum(&[at(i64::MAX, 1.0), at(1, 1.0)]), Err(ReleaseError::Overflow));
        assert_eq!(at(i64::MAX, 1.0).interval(), [i64::MAX - 2, i64::MAX]);
        assert_eq!(at(i64::MIN, 1.0).interval(), [i64::MIN, i64::MIN + 2]);
    }
}
