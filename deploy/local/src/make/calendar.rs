//! Days as whole numbers counted from the reference date, which is day 0, and their texts.
//!
//! The texts of a century are worked out once: a population of a hundred thousand writes some ten million dates.

use jiff::{ToSpan as _, civil::Date};

use super::MakeError;

/// Births go back this far; nobody made up is older.
pub(super) const AGE_MAX: i32 = 105;

/// Days after the reference date that a planned end may lie.
const AHEAD: i32 = 400;

struct Entry {
    date: Date,
    text: [u8; 10],
}

/// Every day from the oldest birth to a year after the reference date.
pub(super) struct Calendar {
    first: i32,
    days: Vec<Entry>,
}

impl Calendar {
    pub(super) fn new(as_of: Date) -> Result<Self, MakeError> {
        // Numbers can be made for births from 1900 to 2036.
        if !(2010..=2036).contains(&as_of.year()) {
            return Err(MakeError::AsOf { as_of });
        }
        let first = -(AGE_MAX * 366);
        let mut days = Vec::new();
        for day in first..=AHEAD {
            let date = as_of.checked_add(day.days()).map_err(|_| MakeError::AsOf { as_of })?;
            days.push(Entry { date, text: text(date) });
        }
        Ok(Self { first, days })
    }

    pub(super) fn date(&self, day: i32) -> Date {
        self.entry(day).date
    }

    /// `YYYY-MM-DD`.
    pub(super) fn text(&self, day: i32) -> &str {
        std::str::from_utf8(&self.entry(day).text).unwrap_or_default()
    }

    /// How many days the calendar reaches back, and the position of `day` counted from there.
    pub(super) fn position(&self, day: i32) -> usize {
        usize::try_from(day - self.first).unwrap_or(0).min(self.days.len().saturating_sub(1))
    }

    pub(super) fn n_days(&self) -> usize {
        self.days.len()
    }

    /// Completed years on `day`.
    pub(super) fn age(&self, birth: i32, day: i32) -> i32 {
        let (birth, on) = (self.date(birth), self.date(day));
        let not_yet = (on.month(), on.day()) < (birth.month(), birth.day());
        i32::from(on.year() - birth.year()) - i32::from(not_yet)
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "`position` stays below the length, and there is at least one day"
    )]
    fn entry(&self, day: i32) -> &Entry {
        &self.days[self.position(day)]
    }
}

fn text(date: Date) -> [u8; 10] {
    let digit = |value: i32| u8::try_from(value % 10).unwrap_or(0) + b'0';
    let (y, m, d) = (i32::from(date.year()), i32::from(date.month()), i32::from(date.day()));
    let year = [digit(y / 1000), digit(y / 100), digit(y / 10), digit(y)];
    let [a, b, c, e] = year;
    [a, b, c, e, b'-', digit(m / 10), digit(m), b'-', digit(d / 10), digit(d)]
}
