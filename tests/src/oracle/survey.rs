//! Answers to the survey: one person's baseline, follow-up and change, item by item.

use jiff::civil::Date;

use super::{Citizen, read::Survey};

/// Reads an item off a row.
pub type Item = fn(&Survey) -> Option<i64>;

/// The items by name.
pub const ITEMS: [(&str, Item); 4] = [
    ("self_rated_health", |row| row.self_rated_health),
    ("life_satisfaction", |row| row.life_satisfaction),
    ("satisfaction", |row| row.satisfaction),
    ("coherence", |row| row.coherence),
];

/// One person's answers to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The first value at the start; of several on that day the lowest.
    pub baseline: Option<i64>,
    /// The last value at follow-up; of several on that day the lowest.
    pub followup: Option<i64>,
}

impl Pair {
    /// From baseline to follow-up, whatever their order in time, where there are both.
    #[must_use]
    pub fn change(&self) -> Option<i64> {
        Some(self.followup? - self.baseline?)
    }
}

/// One person's answers to an item up to `as_of`.
#[must_use]
pub fn pair(citizen: &Citizen, item: Item, as_of: Date) -> Pair {
    let baseline = answers(citizen, "baseline", item, as_of);
    let followup = answers(citizen, "followup", item, as_of);
    let first_day = baseline.iter().map(|answer| answer.0).min();
    let last_day = followup.iter().map(|answer| answer.0).max();
    Pair { baseline: lowest_on(first_day, &baseline), followup: lowest_on(last_day, &followup) }
}

fn lowest_on(day: Option<Date>, answers: &[(Date, i64)]) -> Option<i64> {
    answers.iter().filter(|answer| Some(answer.0) == day).map(|answer| answer.1).min()
}

/// Days and values of a round's answers.
fn answers(citizen: &Citizen, round: &str, item: Item, as_of: Date) -> Vec<(Date, i64)> {
    citizen
        .surveys
        .iter()
        .filter(|held| held.row.round == round && held.row.survey_date <= as_of)
        .filter_map(|held| Some((held.row.survey_date, item(&held.row)?)))
        .collect()
}
