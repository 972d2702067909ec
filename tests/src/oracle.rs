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
//! - [`calendar`] holds windows and ages.
//! - [`sad`] holds the stress, anxiety and depression model.
//!
//! Rules on hospital stays can be added as a module beside [`sad`]: [`read::Contact`] already carries all they need.

pub mod calendar;
pub mod read;
pub mod sad;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use tvaers_protocol::id::PersonId;

use read::{Benefit, Contact, GpContact, Patient, Person, Prescription, Residence, SickLeave};

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
    /// Regional master data, at most one row a region.
    pub patients: Vec<Held<Patient>>,
    /// Hospital contacts, each `contact_id` once in a region.
    pub contacts: Vec<Held<Contact>>,
    /// Contacts with practice.
    pub gp_contacts: Vec<Held<GpContact>>,
    /// Dispensed prescriptions.
    pub prescriptions: Vec<Held<Prescription>>,
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
}

#[cfg(test)]
mod tests;
