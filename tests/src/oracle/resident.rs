//! Who a person is and where: municipalities of residence, personal data, the regions that may speak.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Citizen, Held, read::Person};

/// The municipalities that hold the person as alive and resident on `day`, lowest code first.
#[must_use]
pub fn homes(citizen: &Citizen, day: Date) -> Vec<u16> {
    let alive_at = |node| {
        citizen
            .persons
            .iter()
            .any(|held| held.node == node && held.row.death_date.is_none_or(|death| death > day))
    };
    let mut homes = registered(citizen, day);
    homes.retain(|node| alive_at(*node));
    homes
}

/// The municipalities that have a residence of the person that contains `day`, dead or alive, lowest code first.
#[must_use]
pub fn registered(citizen: &Citizen, day: Date) -> Vec<u16> {
    let holding = citizen.residence.iter().filter(|held| {
        held.row.kommune == held.node
            && held.row.from_date <= day
            && held.row.to_date.is_none_or(|to| day <= to)
    });
    let nodes: BTreeSet<u16> = holding.map(|held| held.node).collect();
    nodes.into_iter().collect()
}

/// The personal data that count: those of the municipality of residence. Those who live nowhere are outside every
/// table; theirs are those of their last municipality.
#[must_use]
pub fn master(citizen: &Citizen, kommune: Option<u16>) -> Option<&Person> {
    let held = match kommune {
        Some(node) => citizen.persons.iter().find(|held| held.node == node),
        None => last_municipality(citizen),
    };
    held.map(|held| &held.row)
}

fn last_municipality(citizen: &Citizen) -> Option<&Held<Person>> {
    let last = citizen.residence.iter().max_by_key(|held| held.row.from_date).map(|held| held.node);
    let there = citizen.persons.iter().find(|held| Some(held.node) == last);
    there.or(citizen.persons.first())
}

/// The regions that contribute: one speaks only for those who, by its own register, live in a member municipality.
#[must_use]
pub fn contributing_regions(citizen: &Citizen, members: &BTreeSet<u16>) -> BTreeSet<u16> {
    let member = |kommune: Option<u16>| kommune.is_some_and(|code| members.contains(&code));
    citizen.patients.iter().filter(|held| member(held.row.kommune)).map(|held| held.node).collect()
}
