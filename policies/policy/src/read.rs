//! From a file to a checked policy. Every part is read whatever is wrong with the others, so that all faults are told
//! at once; a policy comes out only where there is none.
//!
//! What a laboratory may leave out it may also state, and what it states is checked like any other.

mod budget;
mod data;
mod model;
mod part;
mod permit;
pub(crate) mod value;

use sha2::{Digest as _, Sha256};
use tvaers_definitions::library::Library;
use tvaers_protocol::id::Digest;
use tvaers_query::Decimal;
use tvaers_query::strict::{Document, Faults, Table};

use crate::fault::{Fault, Reason};
use crate::limit;
use crate::permit::{Mode, Permit};
use crate::policy::{LifeBudget, Policy};

/// A table of a policy file.
pub(crate) type PolicyTable<'d> = Table<'d, Reason>;

/// What every part is read with.
#[derive(Clone, Copy)]
struct Reader<'r> {
    library: &'r Library,
    rho_of_epsilon: &'r dyn Fn(Decimal) -> Option<u64>,
    laboratory: bool,
}

impl Policy {
    /// Reads and checks a policy file, and counts its budgets.
    ///
    /// `file` is its name, for messages. `library` holds the features and models that it may name. `rho_of_epsilon`
    /// gives the greatest rho, in thousand-millionths, that keeps the promise of an epsilon at the federation's
    /// constant delta; it rises with the epsilon.
    ///
    /// # Errors
    /// Every [`Fault`] of the file, in its order.
    pub fn read(
        text: &str,
        file: &str,
        library: &Library,
        rho_of_epsilon: &dyn Fn(Decimal) -> Option<u64>,
    ) -> Result<Self, Vec<Fault>> {
        let faults = Faults::new(limit::FAULTS_MAX);
        let policy = read(text, library, rho_of_epsilon, &faults);
        match policy {
            Some(policy) if faults.is_empty() => Ok(policy),
            _ => Err(Fault::all(file, faults)),
        }
    }
}

pub(crate) fn read(
    text: &str,
    library: &Library,
    rho_of_epsilon: &dyn Fn(Decimal) -> Option<u64>,
    faults: &Faults<Reason>,
) -> Option<Policy> {
    let document = Document::parse_past_slips(text, limit::FILE_BYTES_MAX, faults)?;
    let root = document.root(faults);
    let laboratory = root.optional::<bool>("laboratory").is_some_and(|laboratory| laboratory.value);
    let reader = Reader { library, rho_of_epsilon, laboratory };
    // All parts first and then the question marks, so that no fault hides another.
    let edition = reader.part(&root, "policy").map(|table| reader.edition(&table));
    let controller = reader.part(&root, "controller").map(|table| reader.controller(&table));
    let assessment = reader.part(&root, "dpia").map(|table| {
        let from = edition.as_ref().and_then(Option::as_ref).map(|edition| edition.validity.from);
        reader.assessment(&table, from)
    });
    let exclusions = root.required_table("population").map(|table| reader.exclusions(&table));
    let cells = root.required_table("cells").map(|table| reader.cells(&table));
    let budget = root.required_table("budget").map(|table| reader.life_budget(&table));
    let release = root.required_table("release").map(|table| reader.release(&table));
    let retention = root.required_table("retention").map(|table| reader.retention(&table));
    let permits = reader.permits(&root, budget.as_ref().and_then(Option::as_ref));
    root.close();
    let epsilons = reader.epsilons(budget.as_ref().and_then(Option::as_ref), &permits);
    Some(Policy {
        laboratory,
        edition: stated(edition)?,
        controller: stated(controller)?,
        assessment: stated(assessment)?,
        exclusions: exclusions??,
        cells: cells??,
        budget: budget??,
        release: release??,
        retention: retention??,
        permits,
        epsilons,
        digest: Digest(Sha256::digest(text.as_bytes()).into()),
        revoked: None,
    })
}

/// A part that may be left out, and if not must be right.
fn stated<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(part) => part.map(Some),
    }
}

impl Reader<'_> {
    /// A part that only a laboratory may leave out.
    fn part<'d>(&self, table: &PolicyTable<'d>, key: &'static str) -> Option<PolicyTable<'d>> {
        if self.laboratory { table.optional_table(key) } else { table.required_table(key) }
    }

    fn permits(&self, root: &PolicyTable<'_>, budget: Option<&LifeBudget>) -> Vec<Permit> {
        let tables = root.tables("permit");
        if tables.len() > limit::PERMITS_MAX {
            root.refuse("permit", Reason::TooMany { max: limit::PERMITS_MAX });
        }
        let mut permits: Vec<Permit> = Vec::new();
        for table in tables.iter().take(limit::PERMITS_MAX) {
            let Some(permit) = self.permit(table, budget) else { continue };
            if permits.iter().any(|other| other.id == permit.id) {
                table.refuse("id", Reason::Twice { name: permit.id.clone() });
            }
            // Two permits under one name would give one person the same pseudonym in both.
            let domain = |permit: &Permit| permit.pseudonyms.as_ref().map(|p| p.domain.clone());
            if let Some(name) = domain(&permit)
                .filter(|name| permits.iter().any(|other| domain(other).as_ref() == Some(name)))
                && let Some(pseudonyms) = table.table_if_any("pseudonyms")
            {
                pseudonyms.refuse("domain", Reason::Twice { name });
            }
            permits.push(permit);
        }
        permits
    }
}

/// What has no place in a permit of this mode.
fn refuse_unneeded(table: &PolicyTable<'_>, keys: &[&'static str], mode: Mode) {
    for key in keys {
        if table.has(key) {
            table.refuse(key, Reason::Unneeded { mode });
        }
    }
}
