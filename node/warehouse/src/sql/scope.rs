//! What all parts of one statement have in common: whose database it is for, the reference date, and the dialect.

use jiff::ToSpan as _;
use jiff::civil::Date;
use tvaers_definitions::feature::Feature;
use tvaers_definitions::window::Window;

use super::dialect::Dialect;
use super::{Holding, SqlError};

/// Whose database, which day, which dialect.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) holding: Holding<'a>,
    pub(super) as_of: Date,
    pub(super) dialect: Dialect,
}

impl Scope<'_> {
    /// The same from the day that a feature is seen from.
    pub(super) fn seen_by(&self, feature: &Feature) -> Result<Self, SqlError> {
        let Some(length) = feature.earlier else { return Ok(*self) };
        let as_of = length.before(self.as_of).ok_or_else(|| self.off_calendar(&feature.name))?;
        Ok(Self { as_of, ..*self })
    }

    /// The first day after a day. Comparing with it, rather than with the day itself, puts a time of day on the right
    /// side too.
    pub(super) fn after(&self, day: Date, feature: &str) -> Result<Date, SqlError> {
        day.checked_add(1.day()).map_err(|_| self.off_calendar(feature))
    }

    /// The last day before the feature's window; `None` where the window has no beginning.
    pub(super) fn opens(&self, feature: &Feature) -> Result<Option<Date>, SqlError> {
        match (feature.window, feature.window.opens(self.as_of)) {
            (Window::Ever, _) => Ok(None),
            (_, Some(day)) => Ok(Some(day)),
            (_, None) => Err(self.off_calendar(&feature.name)),
        }
    }

    /// The last day before a window that must have a beginning, as those of spells, stays and daily sums have.
    pub(super) fn opens_on(&self, feature: &Feature) -> Result<Date, SqlError> {
        self.opens(feature)?.ok_or_else(|| self.off_calendar(&feature.name))
    }

    pub(super) fn off_calendar(&self, feature: &str) -> SqlError {
        SqlError::Calendar { feature: feature.to_owned(), as_of: self.as_of }
    }
}
