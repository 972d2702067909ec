//! Readmission of elderly medical patients: how many admissions of one person are an index, and how many of them
//! are followed by an acute one within 30 days.

use std::collections::BTreeSet;

use anyhow::Context as _;
use jiff::{ToSpan as _, civil::Date};

use super::{
    Citizen,
    calendar::{Window, age, days_between, twelve_months_to},
    resident,
    stay::{self, Stay},
};

/// Counts of admissions of one person. It names nobody, so it may be printed in a test's message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Whether the person lives in a member municipality on the reference date, or died resident there.
    pub resident: bool,
    /// Medical admissions, at 65 years or more, that ended alive in the twelve months up to 30 days ago.
    pub index: u16,
    /// Those followed by a next admission that is acute and starts at most 30 days after the discharge date.
    pub readmitted: u16,
}

/// The discharges that can be an index on `as_of`.
///
/// # Errors
/// Where the calendar does not reach that far back.
pub fn discharges(as_of: Date) -> anyhow::Result<Window> {
    let last = as_of.checked_sub(30.days()).context("the window begins before the calendar")?;
    Ok(Window { before: twelve_months_to(as_of)?.before, as_of: last })
}

/// Works out one person's answer; `discharges` is made by [`fn@discharges`] of the same `as_of`.
#[must_use]
pub fn answer(citizen: &Citizen, members: &BTreeSet<u16>, discharges: &Window, as_of: Date) -> Answer {
    let home = resident::homes(citizen, as_of).first().copied();
    let died = citizen.persons.iter().filter_map(|held| held.row.death_date).find(|death| *death <= as_of);
    let home = home.or_else(|| resident::registered(citizen, died?).first().copied());
    let Some(person) = resident::master(citizen, home) else { return Answer::default() };
    let regions = resident::contributing_regions(citizen, members);
    let admissions = stay::admissions(&stay::contacts(citizen, &regions), as_of);
    let (index, readmitted) = counts(&admissions, person.birth_date, person.death_date, discharges);
    Answer { resident: home.is_some(), index, readmitted }
}

/// How many of the admissions, in order of their start, of one born and dead on these days are an index, and how many
/// of those are followed by a readmission.
#[must_use]
pub fn counts(admissions: &[Stay], birth: Date, death: Option<Date>, discharges: &Window) -> (u16, u16) {
    let (mut index, mut readmitted) = (0, 0);
    for (nth, admission) in admissions.iter().enumerate() {
        let discharge = admission.end.date();
        let is_index = admission.sector == "somatik"
            && admission.specialty_group == "medicin"
            && age(birth, admission.start.date()) >= 65
            && death.is_none_or(|death| death > discharge)
            && discharges.holds(discharge);
        let is_readmitted = admissions
            .get(nth + 1)
            .is_some_and(|next| next.acute && days_between(discharge, next.start.date()) <= 30);
        index += u16::from(is_index);
        readmitted += u16::from(is_index && is_readmitted);
    }
    (index, readmitted)
}
