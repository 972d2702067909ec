//! Sick-leave spells: records that overlap or follow day on day, whoever holds them.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{
    Held,
    calendar::{Window, days_between},
    read::SickLeave,
};

/// A spell counts as long when it is longer than two weeks.
const LONG_DAYS_MORE_THAN: i32 = 14;

/// A merged spell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    /// First day.
    pub first: Date,
    /// Last day, itself included.
    pub last: Date,
}

impl Spell {
    /// Its length, both ends counted.
    #[must_use]
    pub fn days(&self) -> i32 {
        days_between(self.first, self.last) + 1
    }

    /// Whether it is longer than 14 days.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.days() > LONG_DAYS_MORE_THAN
    }
}

/// The spells over all given records, in order; none begins after `as_of` or ends after it.
#[must_use]
pub fn spells(records: &[Held<SickLeave>], as_of: Date) -> Vec<Spell> {
    let mut records: Vec<(Date, Date)> = records
        .iter()
        .filter(|held| held.row.first_day <= as_of)
        .map(|held| (held.row.first_day, held.row.last_day.unwrap_or(as_of).min(as_of)))
        .collect();
    records.sort_unstable();
    let mut spells: Vec<Spell> = Vec::new();
    for (first, last) in records {
        match spells.last_mut() {
            Some(spell) if days_between(spell.last, first) <= 1 => spell.last = last.max(spell.last),
            _ => spells.push(Spell { first, last }),
        }
    }
    spells
}

/// Those whose first day lies in the window.
#[must_use]
pub fn in_window(records: &[Held<SickLeave>], window: &Window) -> Vec<Spell> {
    spells(records, window.as_of).into_iter().filter(|spell| window.holds(spell.first)).collect()
}

/// The municipalities that hold a spell that reaches into the window or ends the day before it.
#[must_use]
pub fn touching(records: &[Held<SickLeave>], window: &Window) -> BTreeSet<u16> {
    records
        .iter()
        .filter(|held| held.row.first_day <= window.as_of)
        .filter(|held| held.row.last_day.is_none_or(|last| last >= window.before))
        .map(|held| held.node)
        .collect()
}
