//! Over which stretches of time budgets are counted: runs of days and periods of the calendar, by Danish days. Pure.
//!
//! A charge belongs to the day that Danes have when it is made. Clocks are changed on the last Sundays of March and
//! October, so a day has 23, 24 or 25 hours; a boundary is always a midnight.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use tvaers_policy::policy::{Calendar, LifeBudget};

use crate::ledger::claim::{Scope, Window};

/// Danish time, by the rule of the European Union (Directive 2000/84/EC) as POSIX writes it: no table of the machine
/// has a say in what a budget is. Where the rule cannot be read, UTC.
pub(crate) fn danish() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC)
}

/// The day that Danes have.
pub(crate) fn day(at: Timestamp) -> Date {
    danish().to_datetime(at).date()
}

/// When a day begins in Denmark.
pub(crate) fn midnight(day: Date) -> Timestamp {
    danish().to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MIN)
}

/// The windows of a budget at a moment: the run of days up to and including this one, and the running period of the
/// calendar, where there is one.
pub(crate) fn windows(budget: &LifeBudget, at: Timestamp) -> Vec<Window> {
    let today = day(at);
    let first = today.checked_sub((i64::from(budget.period_days) - 1).days()).unwrap_or(Date::MIN);
    let since = |day| Window::since(Scope::Life, midnight(day));
    let calendar = budget.calendar.map(|calendar| since(calendar.each.around(today).0));
    std::iter::once(since(first)).chain(calendar).collect()
}

/// The day on which a charge falls out of a run of so many days.
pub(crate) fn falls_out(charged: Timestamp, period_days: u32) -> Date {
    day(charged).checked_add(i64::from(period_days).days()).unwrap_or(Date::MAX)
}

/// The day on which the next period of the calendar begins.
pub(crate) fn next(each: Calendar, at: Timestamp) -> Date {
    each.around(day(at)).1
}

#[cfg(test)]
mod tests;
