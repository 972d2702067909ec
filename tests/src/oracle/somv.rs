//! Resource-demanding citizens (SOMV): problem areas, contact rules, and whom they include, of one person.

use std::collections::BTreeSet;

use anyhow::Context as _;
use jiff::{ToSpan as _, civil::Date};

use super::{
    Citizen,
    benefit::{codes_on, has_cash_benefit},
    calendar::{Window, age, days_between, twelve_months_to, two_years_to},
    diagnosis, resident, stay,
};

/// The municipalities of the project, the model's default.
pub const MUNICIPALITIES: [u16; 2] = [360, 376];

/// What SOMV says of one person. It names nobody, so it may be printed in a test's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The municipality of residence on the reference date, none for the dead, the moved away and the never resident.
    pub kommune: Option<u16>,
    /// Two municipalities both hold a residence that contains the reference date: the lowest code is `kommune`.
    pub several_residences: bool,
    /// Whether the person is in the model's population: resident of one of its municipalities, 18 to 70 years old.
    pub eligible: bool,
    /// Problem area: a diagnosis neither mental nor DZ, last 2 years.
    pub somatic: bool,
    /// Problem area: a mental diagnosis other than substance use, last 2 years.
    pub psychiatric: bool,
    /// Problem area: substance use other than tobacco, last 2 years.
    pub substance: bool,
    /// Problem area: a social service or cash benefit on the reference date.
    pub social: bool,
    /// Two acute admissions of the last 12 months whose start dates differ by at most 30 days.
    pub two_in_30: bool,
    /// Three acute admissions of the last 12 months, the third starting no later than six months after the first.
    pub three_in_6m: bool,
    /// A front-line flag dated up to the reference date.
    pub frontline: bool,
    /// Contact rules met, 0 to 2.
    pub total: u16,
    /// In the population, with a problem area, and a contact rule met.
    pub included: bool,
    /// Contact rules met where the front-line flag is one, 0 to 3.
    pub total_with_frontline: u16,
    /// `included` where the front-line flag is a contact rule.
    pub included_with_frontline: bool,
    /// Two or more regions hold a physical contact in the last 12 months or ending at most 4 hours before them, so
    /// that neither alone may know the stays. Only contributing regions count.
    pub stays_cross: bool,
}

impl Answer {
    /// Whether any problem area is met.
    #[must_use]
    pub fn has_area(&self) -> bool {
        self.somatic || self.psychiatric || self.substance || self.social
    }

    /// The criteria of a work list, in its order, 1 where met. The variant has [`Self::frontline`] after them.
    #[must_use]
    pub fn criteria(&self) -> [(&'static str, u16); 6] {
        [
            ("somatic", u16::from(self.somatic)),
            ("psychiatric", u16::from(self.psychiatric)),
            ("substance", u16::from(self.substance)),
            ("social", u16::from(self.social)),
            ("two_in_30", u16::from(self.two_in_30)),
            ("three_in_6m", u16::from(self.three_in_6m)),
        ]
    }
}

/// The windows of the rules.
pub struct Windows {
    two_years: Window,
    twelve_months: Window,
}

impl Windows {
    /// The windows up to `as_of`.
    ///
    /// # Errors
    /// Where the calendar does not reach that far back.
    pub fn to(as_of: Date) -> anyhow::Result<Self> {
        Ok(Self { two_years: two_years_to(as_of)?, twelve_months: twelve_months_to(as_of)? })
    }
}

/// Works out one person's answer; `municipalities` are those of the population.
///
/// # Errors
/// Where six months after an admission are no date.
pub fn answer(
    citizen: &Citizen,
    members: &BTreeSet<u16>,
    municipalities: &BTreeSet<u16>,
    windows: &Windows,
) -> anyhow::Result<Answer> {
    let as_of = windows.two_years.as_of;
    let homes = resident::homes(citizen, as_of);
    let kommune = homes.first().copied();
    let person = resident::master(citizen, kommune);
    let regions = resident::contributing_regions(citizen, members);
    let contacts = stay::contacts(citizen, &regions);
    let any_code = |is: fn(&str) -> bool| {
        contacts
            .iter()
            .filter(|contact| windows.two_years.holds(contact.start.date()))
            .flat_map(|contact| diagnosis::codes(contact))
            .any(is)
    };
    let starts: Vec<Date> = stay::admissions(&contacts, as_of)
        .into_iter()
        .filter(|admission| admission.acute)
        .map(|admission| admission.start.date())
        .filter(|start| windows.twelve_months.holds(*start))
        .collect();

    let mut answer = Answer {
        kommune,
        several_residences: homes.len() > 1,
        eligible: kommune.is_some_and(|code| municipalities.contains(&code))
            && person.is_some_and(|p| (18..=70).contains(&age(p.birth_date, as_of))),
        somatic: any_code(diagnosis::is_somatic),
        psychiatric: any_code(diagnosis::is_psychiatric),
        substance: any_code(diagnosis::is_substance),
        social: has_social_service(citizen, as_of) || has_cash_benefit(&codes_on(citizen, as_of)),
        two_in_30: two_in_30(&starts),
        three_in_6m: three_in_6m(&starts)?,
        frontline: is_flagged(citizen, as_of),
        total: 0,
        included: false,
        total_with_frontline: 0,
        included_with_frontline: false,
        stays_cross: stay::touching(citizen, &regions, &windows.twelve_months).len() > 1,
    };
    answer.total = u16::from(answer.two_in_30) + u16::from(answer.three_in_6m);
    answer.total_with_frontline = answer.total + u16::from(answer.frontline);
    let may = answer.eligible && answer.has_area();
    answer.included = may && answer.total > 0;
    answer.included_with_frontline = may && answer.total_with_frontline > 0;
    Ok(answer)
}

/// Whether the person has home help, social support or a contact person on `as_of`, in any municipality.
#[must_use]
pub fn has_social_service(citizen: &Citizen, as_of: Date) -> bool {
    citizen.services.iter().any(|held| {
        matches!(held.row.law.as_str(), "SEL_83" | "SEL_85" | "SEL_99")
            && held.row.from_date <= as_of
            && held.row.to_date.is_none_or(|to| as_of <= to)
    })
}

/// Whether a front-line worker has flagged the person up to `as_of`, in any municipality.
#[must_use]
pub fn is_flagged(citizen: &Citizen, as_of: Date) -> bool {
    citizen.flags.iter().any(|held| held.row.flag_date <= as_of)
}

/// Any two of the dates, which ascend.
fn two_in_30(starts: &[Date]) -> bool {
    starts
        .iter()
        .enumerate()
        .any(|(nth, first)| starts.iter().skip(nth + 1).any(|second| days_between(*first, *second) <= 30))
}

/// Any three of the dates, which ascend.
fn three_in_6m(starts: &[Date]) -> anyhow::Result<bool> {
    for (nth, first) in starts.iter().enumerate() {
        let latest = first.checked_add(6.months()).context("six months on the calendar ends")?;
        if starts.iter().skip(nth).filter(|start| **start <= latest).count() >= 3 {
            return Ok(true);
        }
    }
    Ok(false)
}
