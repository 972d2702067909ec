//! Hospital stays: physical contacts of a person at all hospitals of all regions, at most four hours apart.

use std::collections::BTreeSet;

use jiff::{
    SignedDuration,
    civil::{Date, DateTime, Time},
};

use super::{Citizen, calendar::Window, read::Contact};

/// From the latest end so far to the next start, at most.
const GAP_MAX: SignedDuration = SignedDuration::from_hours(4);

/// A stay that lasts so long is an admission.
const ADMISSION_MIN: SignedDuration = SignedDuration::from_hours(12);

/// A missing end is taken for this time of the reference date.
const STILL_THERE: Time = Time::constant(23, 59, 0, 0);

/// A stay. It names nobody, so it may be printed in a test's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// Start of the first contact.
    pub start: DateTime,
    /// The latest end of any of its contacts.
    pub end: DateTime,
    /// Whether the first contact is acute.
    pub acute: bool,
    /// The first contact's sector.
    pub sector: String,
    /// The first contact's specialty group.
    pub specialty_group: String,
}

impl Stay {
    /// Whether the stay is an admission: it lasts twelve hours or more.
    #[must_use]
    pub fn is_admission(&self) -> bool {
        self.end.duration_since(self.start) >= ADMISSION_MIN
    }
}

/// The person's contacts of all types at the given regions, each `contact_id` once.
///
/// Two regions that tell of one contact differently are outside the rules; the lower region code is believed.
#[must_use]
pub fn contacts<'a>(citizen: &'a Citizen, regions: &BTreeSet<u16>) -> Vec<&'a Contact> {
    let mut seen = BTreeSet::new();
    let mut held: Vec<_> = citizen.contacts.iter().filter(|held| regions.contains(&held.node)).collect();
    held.sort_by_key(|held| held.node);
    held.retain(|held| seen.insert(&held.row.contact_id));
    held.into_iter().map(|held| &held.row).collect()
}

/// The stays that `contacts` form, in order of their start.
///
/// The first contact of a stay is the one with the earliest start, then the earliest end, then the lowest
/// `contact_id`, as bytes.
#[must_use]
pub fn stays(contacts: &[&Contact], as_of: Date) -> Vec<Stay> {
    let mut contacts: Vec<_> = contacts
        .iter()
        .filter(|contact| contact.contact_type == "ALCA00" && contact.start.date() <= as_of)
        .map(|contact| (contact.start, contact.end.unwrap_or(as_of.to_datetime(STILL_THERE)), *contact))
        .collect();
    contacts.sort_by_key(|(start, end, contact)| (*start, *end, contact.contact_id.as_bytes()));
    let mut stays: Vec<Stay> = Vec::new();
    for (start, end, contact) in contacts {
        match stays.last_mut() {
            Some(stay) if start.duration_since(stay.end) <= GAP_MAX => stay.end = end.max(stay.end),
            _ => stays.push(Stay {
                start,
                end,
                acute: contact.priority == "ATA1",
                sector: contact.sector.clone(),
                specialty_group: contact.specialty_group.clone(),
            }),
        }
    }
    stays
}

/// The admissions among the stays that `contacts` form, in order of their start.
#[must_use]
pub fn admissions(contacts: &[&Contact], as_of: Date) -> Vec<Stay> {
    stays(contacts, as_of).into_iter().filter(Stay::is_admission).collect()
}

/// The regions, of those given, that hold a physical contact that lies in the window or ends at most four hours
/// before it, so that a stay with its start in the window may need it.
#[must_use]
pub fn touching(citizen: &Citizen, regions: &BTreeSet<u16>, window: &Window) -> BTreeSet<u16> {
    // The window opens at midnight after its last day outside.
    let reach = window.before.at(20, 0, 0, 0);
    citizen
        .contacts
        .iter()
        .filter(|held| regions.contains(&held.node) && held.row.contact_type == "ALCA00")
        .filter(|held| held.row.start.date() <= window.as_of)
        .filter(|held| held.row.end.is_none_or(|end| end >= reach))
        .map(|held| held.node)
        .collect()
}
