//! Stress, anxiety and depression: each item's points, the total and the stratum, of one person.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{
    Citizen, Held,
    calendar::{Window, age, iso_week},
    read::{Person, SickLeave},
};

/// Cut-offs of the total, the model's defaults.
const MIDDLE_FROM: u16 = 5;
const HIGH_FROM: u16 = 9;

/// A spell counts as long when it is longer than two weeks.
const LONG_DAYS_MORE_THAN: i32 = 14;

/// The stratum of a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stratum {
    /// 0 to 4 points.
    Low,
    /// 5 to 8 points.
    Middle,
    /// 9 points or more.
    High,
}

impl Stratum {
    /// The stratum's name as in work lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Middle => "middle",
            Self::High => "high",
        }
    }
}

/// The points of one person, item by item. It names nobody, so it may be printed in a test's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The municipality of residence on the reference date, none for the dead, the moved away and the never resident.
    pub kommune: Option<u16>,
    /// Two municipalities both hold a residence that contains the reference date: the lowest code is `kommune`.
    pub several_residences: bool,
    /// Whether the person is in the model's population.
    pub eligible: bool,
    /// 0 or 3.
    pub known: u16,
    /// 0 or 5.
    pub repeat: u16,
    /// 0 or 1.
    pub last: u16,
    /// 0 or 1.
    pub labour: u16,
    /// 0 to 2.
    pub treatment: u16,
    /// 0 to 2.
    pub gp: u16,
    /// 0 to 2.
    pub civil: u16,
    /// 0 or 1.
    pub citizen: u16,
    /// 0 or 1.
    pub akasse: u16,
    /// The sum, 0 to 18.
    pub total: u16,
    /// The stratum of `total`.
    pub stratum: Stratum,
    /// Two or more municipalities hold a spell that reaches into the window or ends the day before it, so that none
    /// of them alone may know a spell's true length.
    pub spells_cross: bool,
    /// Two or more regions hold a contact with general practice in the window, so that neither alone may know the
    /// right band. Only regions in whose register the person lives in a member municipality count.
    pub gp_cross: bool,
}

/// Works out one person's answer.
#[must_use]
pub fn answer(citizen: &Citizen, members: &BTreeSet<u16>, window: &Window) -> Answer {
    let residences = residences(citizen, window.as_of);
    let kommune = residences.first().copied();
    // Those who live nowhere are outside every table; their personal data are those of their last municipality.
    let person = match kommune {
        Some(node) => citizen.persons.iter().find(|held| held.node == node),
        None => last_municipality(citizen),
    }
    .map(|held| &held.row);
    let regions = contributing_regions(citizen, members);
    let codes = codes_on(citizen, window.as_of);
    let spells = spells(&citizen.sick_leave, window.as_of);
    let (gp, gp_cross) = gp(citizen, &regions, window);

    let mut answer = Answer {
        kommune,
        several_residences: residences.len() > 1,
        eligible: kommune.is_some()
            && person.is_some_and(|p| (18..=65).contains(&age(p.birth_date, window.as_of)))
            && !codes.iter().any(|code| (781..=783).contains(code)),
        known: if known(citizen, &regions, window.as_of) { 3 } else { 0 },
        repeat: if repeat(&spells, window) { 5 } else { 0 },
        last: u16::from(last_is_long(&spells, window)),
        labour: u16::from(codes.iter().any(|code| (111..=113).contains(code))),
        treatment: treatment(citizen, &regions, window),
        gp,
        civil: person.map_or(0, civil),
        citizen: u16::from(person.and_then(|p| p.citizenship.as_deref()).is_some_and(|c| c != "DK")),
        akasse: u16::from(
            person
                .and_then(|p| p.a_kasse.as_deref())
                .is_some_and(|a| matches!(a, "FTF" | "BUPL" | "LAERERNES" | "DSA")),
        ),
        total: 0,
        stratum: Stratum::Low,
        spells_cross: spells_cross(citizen, window),
        gp_cross,
    };
    answer.total = answer.known
        + answer.repeat
        + answer.last
        + answer.labour
        + answer.treatment
        + answer.gp
        + answer.civil
        + answer.citizen
        + answer.akasse;
    answer.stratum = match answer.total {
        HIGH_FROM.. => Stratum::High,
        MIDDLE_FROM.. => Stratum::Middle,
        _ => Stratum::Low,
    };
    answer
}

/// The municipalities that hold the person as alive and resident on `as_of`, lowest code first.
fn residences(citizen: &Citizen, as_of: Date) -> Vec<u16> {
    let alive_at = |node| {
        citizen
            .persons
            .iter()
            .any(|held| held.node == node && held.row.death_date.is_none_or(|death| death > as_of))
    };
    let holding = citizen.residence.iter().filter(|held| {
        held.row.kommune == held.node
            && held.row.from_date <= as_of
            && held.row.to_date.is_none_or(|to| as_of <= to)
            && alive_at(held.node)
    });
    let nodes: BTreeSet<u16> = holding.map(|held| held.node).collect();
    nodes.into_iter().collect()
}

fn last_municipality(citizen: &Citizen) -> Option<&Held<Person>> {
    let last = citizen.residence.iter().max_by_key(|held| held.row.from_date).map(|held| held.node);
    let there = citizen.persons.iter().find(|held| Some(held.node) == last);
    there.or(citizen.persons.first())
}

/// A region speaks only for those who, by its own register, live in a member municipality.
fn contributing_regions(citizen: &Citizen, members: &BTreeSet<u16>) -> BTreeSet<u16> {
    let member = |kommune: Option<u16>| kommune.is_some_and(|code| members.contains(&code));
    citizen.patients.iter().filter(|held| member(held.row.kommune)).map(|held| held.node).collect()
}

/// The benefit codes of the week that contains `as_of`, from any municipality.
fn codes_on(citizen: &Citizen, as_of: Date) -> Vec<u16> {
    let week = iso_week(as_of);
    citizen
        .benefits
        .iter()
        .filter(|held| (held.row.iso_year, held.row.iso_week) == week)
        .filter_map(|held| held.row.dream_code.parse().ok())
        .collect()
}

/// First and last day of each spell over all municipalities, in order; none begins after `as_of` or ends after it.
fn spells(records: &[Held<SickLeave>], as_of: Date) -> Vec<(Date, Date)> {
    let mut records: Vec<(Date, Date)> = records
        .iter()
        .filter(|held| held.row.first_day <= as_of)
        .map(|held| (held.row.first_day, held.row.last_day.unwrap_or(as_of).min(as_of)))
        .collect();
    records.sort_unstable();
    let mut spells: Vec<(Date, Date)> = Vec::new();
    for (first, last) in records {
        match spells.last_mut() {
            Some((_, end)) if days_between(*end, first) <= 1 => *end = last.max(*end),
            _ => spells.push((first, last)),
        }
    }
    spells
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

fn is_long((first, last): (Date, Date)) -> bool {
    days_between(first, last) + 1 > LONG_DAYS_MORE_THAN
}

fn repeat(spells: &[(Date, Date)], window: &Window) -> bool {
    let long = spells.iter().filter(|spell| window.holds(spell.0) && is_long(**spell));
    long.count() > 3
}

fn last_is_long(spells: &[(Date, Date)], window: &Window) -> bool {
    let last = spells.iter().rev().find(|spell| window.holds(spell.0));
    last.is_some_and(|spell| is_long(*spell))
}

fn spells_cross(citizen: &Citizen, window: &Window) -> bool {
    let touching: BTreeSet<u16> = citizen
        .sick_leave
        .iter()
        .filter(|held| held.row.first_day <= window.as_of)
        .filter(|held| held.row.last_day.is_none_or(|last| last >= window.before))
        .map(|held| held.node)
        .collect();
    touching.len() > 1
}

fn known(citizen: &Citizen, regions: &BTreeSet<u16>, as_of: Date) -> bool {
    citizen
        .contacts
        .iter()
        .filter(|held| regions.contains(&held.node) && held.row.start.date() <= as_of)
        .flat_map(|held| {
            let secondary = held.row.dx_secondary.as_deref().unwrap_or_default();
            held.row.dx.as_deref().into_iter().chain(secondary.split('|'))
        })
        .any(|code| ["DF32", "DF33", "DF40", "DF41", "DF43"].iter().any(|dx| code.starts_with(dx)))
}

fn treatment(citizen: &Citizen, regions: &BTreeSet<u16>, window: &Window) -> u16 {
    let drug = citizen.prescriptions.iter().any(|held| {
        regions.contains(&held.node)
            && window.holds(held.row.date)
            && ["N05A", "N05B", "N05C", "N06A"].iter().any(|atc| held.row.atc.starts_with(atc))
    });
    let psychologist = citizen.gp_contacts.iter().any(|held| {
        regions.contains(&held.node)
            && window.holds(held.row.date)
            && held.row.speciale == "63"
            && held.row.kontakt == 1
    });
    u16::from(drug) + u16::from(psychologist)
}

/// Points for contacts with general practice, and whether more than one region holds some.
fn gp(citizen: &Citizen, regions: &BTreeSet<u16>, window: &Window) -> (u16, bool) {
    let contacts = citizen.gp_contacts.iter().filter(|held| {
        regions.contains(&held.node)
            && window.holds(held.row.date)
            && held.row.speciale == "80"
            && held.row.kontakt == 1
    });
    let nodes: Vec<u16> = contacts.map(|held| held.node).collect();
    let points = match nodes.len() {
        0..=14 => 0,
        15..=20 => 1,
        _ => 2,
    };
    (points, nodes.iter().collect::<BTreeSet<_>>().len() > 1)
}

fn civil(person: &Person) -> u16 {
    let single = person.civil_status.as_deref() == Some("enlig");
    let preschool = person.preschool_children.is_some_and(|n| n > 0);
    u16::from(single) + u16::from(preschool)
}
