//! What one person has cost in a window, component by component, in øre.

use std::collections::BTreeSet;

use jiff::ToSpan as _;

use super::{
    Citizen,
    calendar::{Window, days_between},
    read::Service,
    stay,
};

/// Øre by component. It names nobody, so it may be printed in a test's message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Somatic hospital contacts of all types, by start date.
    pub hospital_somatic: i64,
    /// Psychiatric hospital contacts of all types, by start date.
    pub hospital_psychiatric: i64,
    /// General practice, supplements and laboratory included.
    pub gp: i64,
    /// Other practice, supplements and laboratory included.
    pub specialist: i64,
    /// Subsidies to medicine.
    pub medicine: i64,
    /// Acute transport.
    pub transport_acute: i64,
    /// Planned transport.
    pub transport_planned: i64,
    /// Social support and contact persons (SEL_85, SEL_99).
    pub municipal_social: i64,
    /// Home help and home nursing (SEL_83, SUL_138).
    pub municipal_health: i64,
}

impl Cost {
    /// Every component with its name.
    #[must_use]
    pub fn components(&self) -> [(&'static str, i64); 9] {
        [
            ("hospital_somatic", self.hospital_somatic),
            ("hospital_psychiatric", self.hospital_psychiatric),
            ("gp", self.gp),
            ("specialist", self.specialist),
            ("medicine", self.medicine),
            ("transport_acute", self.transport_acute),
            ("transport_planned", self.transport_planned),
            ("municipal_social", self.municipal_social),
            ("municipal_health", self.municipal_health),
        ]
    }

    /// The sum.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.components().iter().map(|component| component.1).sum()
    }
}

/// Works out one person's cost from the rows of all municipalities and of the given regions.
#[must_use]
pub fn cost(citizen: &Citizen, regions: &BTreeSet<u16>, window: &Window) -> Cost {
    let mut cost = Cost::default();
    for contact in stay::contacts(citizen, regions) {
        match contact.sector.as_str() {
            _ if !window.holds(contact.start.date()) => {}
            "psykiatri" => cost.hospital_psychiatric += contact.drg_oere,
            _ => cost.hospital_somatic += contact.drg_oere,
        }
    }
    for held in citizen.gp_contacts.iter().filter(|held| regions.contains(&held.node)) {
        match held.row.speciale.as_str() {
            _ if !window.holds(held.row.date) => {}
            "80" => cost.gp += held.row.honorar_oere,
            _ => cost.specialist += held.row.honorar_oere,
        }
    }
    for held in citizen.prescriptions.iter().filter(|held| regions.contains(&held.node)) {
        if window.holds(held.row.date) {
            cost.medicine += held.row.tilskud_oere;
        }
    }
    for held in citizen.rides.iter().filter(|held| regions.contains(&held.node)) {
        match held.row.kind.as_str() {
            _ if !window.holds(held.row.date) => {}
            "akut" => cost.transport_acute += held.row.cost_oere,
            _ => cost.transport_planned += held.row.cost_oere,
        }
    }
    for held in &citizen.services {
        let oere = days(&held.row, window) * held.row.cost_per_day_oere;
        match held.row.law.as_str() {
            "SEL_85" | "SEL_99" => cost.municipal_social += oere,
            "SEL_83" | "SUL_138" => cost.municipal_health += oere,
            _ => {}
        }
    }
    cost
}

/// The days of a service that lie in the window, both ends counted.
fn days(service: &Service, window: &Window) -> i64 {
    let first = service.from_date.max(window.before.saturating_add(1.day()));
    let last = service.to_date.unwrap_or(window.as_of).min(window.as_of);
    i64::from(days_between(first, last) + 1).max(0)
}
