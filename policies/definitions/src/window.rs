//! The days that a feature looks at, seen from a reference date.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan as _;
use jiff::civil::Date;

/// The days that a feature looks at. They never lie after the reference date.
///
/// ```
/// use jiff::civil::date;
/// use tvaers_definitions::window::Window;
/// let window: Window = "2 years".parse().unwrap();
/// // The window is half open: the day it opens on is outside, and calendar arithmetic clamps to the month's end.
/// assert_eq!(window.opens(date(2024, 2, 29)), Some(date(2022, 2, 28)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The reference date alone: `on-day`.
    OnDay,
    /// All days up to and including the reference date: `ever`.
    Ever,
    /// The days after the reference date less a length, up to and including the reference date: `2 years`.
    Last(Length),
}

/// How far a window reaches back, 1 to 999 of a calendar unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Calendar years.
    Years(u16),
    /// Calendar months.
    Months(u16),
    /// Days.
    Days(u16),
}

/// A text that names no window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a window is `on-day`, `ever`, or 1 to 999 days, months or years, such as `2 years`")]
pub struct WindowError;

impl Window {
    /// The last day outside the window, before it. `None` for a window that has no such day, or where the calendar
    /// ends first (before the year −9999).
    #[must_use]
    pub fn opens(self, as_of: Date) -> Option<Date> {
        match self {
            Self::OnDay => Length::Days(1).before(as_of),
            Self::Ever => None,
            Self::Last(length) => length.before(as_of),
        }
    }
}

impl Length {
    /// The day so long before a day, by the calendar and clamped to the end of the month. `None` where the calendar
    /// ends first (before the year −9999).
    #[must_use]
    pub fn before(self, day: Date) -> Option<Date> {
        let span = match self {
            Self::Years(n) => i64::from(n).years(),
            Self::Months(n) => i64::from(n).months(),
            Self::Days(n) => i64::from(n).days(),
        };
        day.checked_sub(span).ok()
    }
}

impl FromStr for Window {
    type Err = WindowError;
    fn from_str(text: &str) -> Result<Self, WindowError> {
        match text {
            "on-day" => Ok(Self::OnDay),
            "ever" => Ok(Self::Ever),
            length => Ok(Self::Last(length.parse()?)),
        }
    }
}

impl FromStr for Length {
    type Err = WindowError;
    fn from_str(text: &str) -> Result<Self, WindowError> {
        let (number, unit) = text.split_once(' ').ok_or(WindowError)?;
        let number: u16 = number.parse().map_err(|_| WindowError)?;
        if !(1..=999).contains(&number) {
            return Err(WindowError);
        }
        match unit {
            "year" | "years" => Ok(Self::Years(number)),
            "month" | "months" => Ok(Self::Months(number)),
            "day" | "days" => Ok(Self::Days(number)),
            _ => Err(WindowError),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnDay => f.write_str("on-day"),
            Self::Ever => f.write_str("ever"),
            Self::Last(length) => length.fmt(f),
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Years(n) => write!(f, "{n} years"),
            Self::Months(n) => write!(f, "{n} months"),
            Self::Days(n) => write!(f, "{n} days"),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_window_opens_by_the_calendar_and_clamps_to_the_end_of_the_month() {
        let cases = [
            ("2 years", date(2026, 2, 28), Some(date(2024, 2, 28))),
            ("2 years", date(2024, 2, 29), Some(date(2022, 2, 28))),
            ("1 months", date(2026, 3, 31), Some(date(2026, 2, 28))),
            ("12 months", date(2025, 2, 28), Some(date(2024, 2, 28))),
            ("30 days", date(2026, 3, 1), Some(date(2026, 1, 30))),
            ("on-day", date(2026, 1, 1), Some(date(2025, 12, 31))),
            ("ever", date(2026, 1, 1), None),
        ];
        for (text, as_of, opens) in cases {
            let window: Window = text.parse().unwrap();
            assert_eq!(window.opens(as_of), opens, "{text} before {as_of}");
            assert_eq!(window.to_string(), text);
        }
    }

    #[test]
    fn a_text_that_names_no_window_is_refused() {
        for text in ["", "2", "2years", "0 years", "1000 days", "2 weeks", "-1 days", "always", "2  years"] {
            assert_eq!(text.parse::<Window>(), Err(WindowError), "`{text}`");
        }
    }
}
