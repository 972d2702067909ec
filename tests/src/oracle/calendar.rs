//! Windows and ages as the oracle counts them.

use anyhow::Context as _;
use jiff::{ToSpan as _, civil::Date};

/// A look-back, open on the left: a day lies in it if it is after `before` and not after `as_of`.
pub struct Window {
    /// The last day that no longer counts.
    pub before: Date,
    /// The reference date, the last day that counts.
    pub as_of: Date,
}

impl Window {
    /// Whether `day` counts.
    #[must_use]
    pub fn holds(&self, day: Date) -> bool {
        self.before < day && day <= self.as_of
    }
}

/// The two calendar years up to `as_of`; 29 February goes back to 28 February.
///
/// # Errors
/// Where the calendar does not reach that far back.
pub fn two_years_to(as_of: Date) -> anyhow::Result<Window> {
    let before = as_of.checked_sub(2.years()).context("the window begins before the calendar")?;
    Ok(Window { before, as_of })
}

/// The twelve calendar months up to `as_of`; 29 February goes back to 28 February.
///
/// # Errors
/// Where the calendar does not reach that far back.
pub fn twelve_months_to(as_of: Date) -> anyhow::Result<Window> {
    let before = as_of.checked_sub(12.months()).context("the window begins before the calendar")?;
    Ok(Window { before, as_of })
}

/// The six calendar months up to `as_of`; the 31st of a month goes back to the end of a shorter one.
///
/// # Errors
/// Where the calendar does not reach that far back.
pub fn six_months_to(as_of: Date) -> anyhow::Result<Window> {
    let before = as_of.checked_sub(6.months()).context("the window begins before the calendar")?;
    Ok(Window { before, as_of })
}

/// Days from `from` to `to`, below zero where `to` is earlier.
#[must_use]
pub fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

/// Completed years on `day`; below zero before birth. One born on 29 February turns a year older on 1 March in
/// years without that day, which comparing month and day as numbers gives by itself.
#[must_use]
pub fn age(birth: Date, day: Date) -> i16 {
    let not_yet = (day.month(), day.day()) < (birth.month(), birth.day());
    day.year() - birth.year() - i16::from(not_yet)
}

/// The ISO year and week of `day`.
#[must_use]
pub fn iso_week(day: Date) -> (i16, i8) {
    let week = day.iso_week_date();
    (week.year(), week.week())
}
