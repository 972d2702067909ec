//! The oracle: what one central database would answer, in the clear, from the folders of all nodes.
//!
//! It stands beside the way of the data, not in it: integration tests compare the federation's answers with these.
//! Therefore it shares no code with the nodes' SQL and reads no definition file. Its rules are written out by hand
//! here (codes, windows, cut-offs), on purpose: a mistake in a model file or in a generated statement cannot also be
//! a mistake of the oracle. It does share [`PersonId`], which only names a person.
//!
//! It is no import: it reads well-formed folders, and what an import would refuse it may refuse with less to say.
//!
//! - [`mod@read`] reads the folders into rows.
//! - [`calendar`] holds windows and ages; [`resident`], [`benefit`], [`spell`], [`stay`], [`diagnosis`] and [`survey`]
//!   what more than one rule is made of.
//! - [`sad`], [`somv`], [`readmission`] and [`cost`] answer over all nodes, [`feature`] for one node alone.

pub mod benefit;
pub mod calendar;
pub mod cost;
pub mod diagnosis;
pub mod feature;
pub mod read;
pub mod readmission;
pub mod resident;
pub mod sad;
pub mod somv;
pub mod spell;
pub mod stay;
pub mod survey;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use tvaers_protocol::id::PersonId;

use read::{
    Benefit, Contact, Flag, GpContact, Patient, Person, Prescription, Residence, Ride, Service, SickLeave,
    Survey,
};

/// A row, and the code of the region or municipality whose node holds it.
pub struct Held<T> {
    /// Four digits for a region, three for a municipality.
    pub node: u16,
    /// The row as it stands in that node's folder.
    pub row: T,
}

/// Everything that all nodes hold about one person. No `Debug`: these are rows.
#[derive(Default)]
pub struct Citizen {
    /// Municipal master data, at most one row a municipality.
    pub persons: Vec<Held<Person>>,
    /// Municipal residence periods.
    pub residence: Vec<Held<Residence>>,
    /// Municipal sick-leave records.
    pub sick_leave: Vec<Held<SickLeave>>,
    /// Municipal benefit weeks.
    pub benefits: Vec<Held<Benefit>>,
    /// Municipal social services.
    pub services: Vec<Held<Service>>,
    /// Answers to the survey.
    pub surveys: Vec<Held<Survey>>,
    /// Front-line workers' flags.
    pub flags: Vec<Held<Flag>>,
    /// Regional master data, at most one row a region.
    pub patients: Vec<Held<Patient>>,
    /// Hospital contacts, each `contact_id` once in a region.
    pub contacts: Vec<Held<Contact>>,
    /// Contacts with practice.
    pub gp_contacts: Vec<Held<GpContact>>,
    /// Dispensed prescriptions.
    pub prescriptions: Vec<Held<Prescription>>,
    /// Rides by ambulance and patient transport.
    pub rides: Vec<Held<Ride>>,
}

/// All nodes of a federation in one heap, which is what the federation itself never has.
pub struct Federation {
    /// The municipalities that are members, by code.
    pub members: BTreeSet<u16>,
    /// Every person of any node.
    pub citizens: BTreeMap<PersonId, Citizen>,
}

impl Federation {
    /// The SAD answer of every person, whether or not the model's population includes the person.
    ///
    /// # Errors
    /// Where `as_of` is so early that two years before it are no date.
    pub fn sad(&self, as_of: Date) -> anyhow::Result<BTreeMap<PersonId, sad::Answer>> {
        let window = calendar::two_years_to(as_of)?;
        Ok(self
            .citizens
            .iter()
            .map(|(id, citizen)| (id.clone(), sad::answer(citizen, &self.members, &window)))
            .collect())
    }

    /// The SOMV answer of every person, whether or not the model's population includes the person;
    /// `municipalities` are those whose residents it covers, by default [`somv::MUNICIPALITIES`].
    ///
    /// # Errors
    /// Where `as_of` lies at an end of the calendar.
    pub fn somv(
        &self,
        as_of: Date,
        municipalities: &BTreeSet<u16>,
    ) -> anyhow::Result<BTreeMap<PersonId, somv::Answer>> {
        let windows = somv::Windows::to(as_of)?;
        self.citizens
            .iter()
            .map(|(id, citizen)| {
                Ok((id.clone(), somv::answer(citizen, &self.members, municipalities, &windows)?))
            })
            .collect()
    }

    /// Every person's admissions, in order of their start, over all regions that may speak of the person.
    #[must_use]
    pub fn admissions(&self, as_of: Date) -> BTreeMap<PersonId, Vec<stay::Stay>> {
        self.citizens
            .iter()
            .map(|(id, citizen)| {
                let regions = resident::contributing_regions(citizen, &self.members);
                (id.clone(), stay::admissions(&stay::contacts(citizen, &regions), as_of))
            })
            .collect()
    }

    /// Every person's readmissions.
    ///
    /// # Errors
    /// Where `as_of` is so early that a year before it is no date.
    pub fn readmission(&self, as_of: Date) -> anyhow::Result<BTreeMap<PersonId, readmission::Answer>> {
        let discharges = readmission::discharges(as_of)?;
        Ok(self
            .citizens
            .iter()
            .map(|(id, citizen)| {
                (id.clone(), readmission::answer(citizen, &self.members, &discharges, as_of))
            })
            .collect())
    }

    /// Every person's cost of the last twelve months.
    ///
    /// # Errors
    /// Where `as_of` is so early that a year before it is no date.
    pub fn cost(&self, as_of: Date) -> anyhow::Result<BTreeMap<PersonId, cost::Cost>> {
        let window = calendar::twelve_months_to(as_of)?;
        Ok(self
            .citizens
            .iter()
            .map(|(id, citizen)| {
                let regions = resident::contributing_regions(citizen, &self.members);
                (id.clone(), cost::cost(citizen, &regions, &window))
            })
            .collect())
    }
}

#[cfg(test)]
mod tests;
