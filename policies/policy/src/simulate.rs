//! What a policy would say to a question, before anybody asks it: verdict, rules and price, without a row of data.
//!
//! Thin over [`Policy::admit_aggregate`], [`Policy::admit_contribution`] and [`Policy::admit_joined`]: what is added is
//! only who asks. Unless told otherwise it is the first person whom the permit names, for the permit's own purpose,
//! with a second signature where the permit wants one.

mod told;

use jiff::civil::Date;
use tvaers_definitions::model::Model;
use tvaers_definitions::tables::Tables;
use tvaers_protocol::id::{Digest, Sector};
use tvaers_protocol::roster::Role;
use tvaers_protocol::sign::VerifyingKey;
use tvaers_protocol::study::{Disclosure, Grain};
use tvaers_query::Query;

use crate::explain::Conversion;
use crate::permit::{Allowed, Mode, NamedPerson, Permit, Recipient};
use crate::policy::Policy;
use crate::refusal::Violation;
use crate::request::{AggregateRequest, Ask, ContributionRequest, JoinedRequest, Second, Spent, Study, Wish};
use crate::text::Text;
use crate::verdict::{GrantedComponent, Price, StudyGrant, Verdict};

pub use told::to_document;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// A query over the node's own data.
    Query {
        /// The query.
        query: &'a Query,
        /// What it asks to be charged ([`tvaers_query::Budget::nano_rho`], or of a pure epsilon its square by two), in
        /// thousand-millionths of rho; `None` where it leaves that to the policy.
        nano_rho: Option<u64>,
    },
    /// A work list by a model.
    List {
        /// The study.
        study: StudyAsked<'a>,
        /// What the list is to tell; less is granted where the policy has less.
        disclosure: Disclosure,
        /// Who is to get it.
        recipients: &'a [Recipient],
    },
    /// Noised tables by a model.
    Tables {
        /// The study.
        study: StudyAsked<'a>,
        /// The tables: [`Tables::new`] over the federation's municipalities.
        tables: &'a Tables<'a>,
        /// What all of them are to be charged; `None` leaves it to the policy.
        nano_rho: Option<u64>,
    },
}

/// What of a study is asked, before nodes have agreed on the rest.
#[derive(Clone, Copy, Debug)]
pub struct StudyAsked<'a> {
    /// The model.
    pub model: &'a Model,
    /// The node's sector: [`Policy::sector`] where the policy says it.
    pub sector: Sector,
    /// The finest grain asked for; a coarser one is granted where the policy has no finer.
    pub grain: Grain,
    /// The reference date.
    pub as_of: Date,
    /// The last day of the study, where it is known.
    pub until: Option<Date>,
    /// The persons that the node would have evaluated; 0 where nobody has counted.
    pub evaluations: u32,
}

/// Who asks, and with what a verdict is told.
#[derive(Clone, Copy, Default)]
pub struct Simulating<'a> {
    /// The permit; none tries each of the mode.
    pub permit: Option<&'a str>,
    /// The person, by the name in the permit; none is the first whom it names.
    pub asker: Option<&'a str>,
    /// The purpose; none is the permit's own.
    pub purpose: Option<&'a str>,
    /// That nobody signs beside who asks. Otherwise the first other person whom the permit names for it does.
    pub is_alone: bool,
    /// What rho is worth.
    pub conversion: Option<Conversion<'a>>,
    /// What noise an answer at a price has; it is another crate's to know.
    pub noise: Option<&'a NoiseOf<'a>>,
}

/// The noise of what is asked, at so many thousand-millionths of rho; `None` where it cannot be told.
pub type NoiseOf<'a> = dyn Fn(&Asked<'_>, u64) -> Option<Noise> + 'a;

/// How noisy an answer is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// The scale of the noise, in units of what is added up.
    pub scale: f64,
    /// The standard error of one cell, in the same units.
    pub standard_error: f64,
}

/// What the policy would say under one permit.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulated {
    /// The permit.
    pub permit: String,
    /// What was asked for.
    pub mode: Mode,
    /// Who would ask, by name; none where the permit names nobody.
    pub asker: Option<String>,
    /// Who would sign beside, by name.
    pub second: Option<String>,
    /// The rules that are broken; none where it is permitted.
    pub violations: Vec<Violation>,
    /// What it would cost, whether it is permitted or not; none for a list, and where neither the query nor the permit
    /// says.
    pub cost: Option<Cost>,
    /// The grain that is granted, for a study.
    pub grain: Option<Grain>,
    /// What the node would give of each of its components of the model, for a study.
    pub components: Vec<Contributed>,
    /// What a list may tell, of what was asked.
    pub disclosure: Option<Disclosure>,
    /// What to know beside the verdict.
    pub notes: Vec<Text>,
}

/// A component that the node contributes to a study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contributed {
    /// Its name.
    pub name: String,
    /// The finest that the permit has for it.
    pub granted: Grain,
    /// How fine it is in a study of the grain that is granted.
    pub told: Grain,
}

impl Simulated {
    /// Whether it would be answered.
    #[must_use]
    pub fn is_permitted(&self) -> bool {
        self.violations.is_empty()
    }
}

/// What an answer costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Thousand-millionths of rho.
    pub nano_rho: u64,
    /// What that is worth.
    pub epsilon: Option<f64>,
    /// What would be left; none where it is refused.
    pub left: Option<Left>,
    /// The noise that it buys.
    pub noise: Option<Noise>,
}

/// What would be left after an answer, in thousand-millionths of rho. A budget without limit is left as `u64::MAX` less
/// what is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Under the permit.
    pub permit: u64,
    /// In the period.
    pub period: u64,
    /// For life.
    pub life: u64,
}

/// What the policy would say today to what is asked, of a node whose ledger has `spent` so much: under the permit that
/// is named, or under each of the mode, in the order of the file. Empty where none is named and the policy has none of
/// the mode.
#[must_use]
pub fn simulate(
    policy: &Policy,
    asked: &Asked<'_>,
    today: Date,
    spent: &Spent,
    with: &Simulating<'_>,
) -> Vec<Simulated> {
    let mode = asked.mode();
    match with.permit {
        Some(id) => vec![under(policy, id, asked, today, spent, with)],
        None => {
            let of_mode = policy.permits().iter().filter(|permit| permit.mode == mode);
            of_mode.map(|permit| under(policy, &permit.id, asked, today, spent, with)).collect()
        }
    }
}

impl Asked<'_> {
    /// The mode that it needs.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        match self {
            Self::Query { .. } => Mode::Aggregates,
            Self::List { .. } => Mode::PersonContributions,
            Self::Tables { .. } => Mode::JoinedStatistics,
        }
    }

    /// What it asks to be charged; none where it leaves that to the policy, or costs nothing.
    const fn nano_rho(&self) -> Option<u64> {
        match self {
            Self::Query { nano_rho, .. } | Self::Tables { nano_rho, .. } => *nano_rho,
            Self::List { .. } => None,
        }
    }
}

fn under(
    policy: &Policy,
    id: &str,
    asked: &Asked<'_>,
    today: Date,
    spent: &Spent,
    with: &Simulating<'_>,
) -> Simulated {
    let permit = policy.permit(id);
    let person = permit.and_then(|permit| asker(permit, with.asker));
    let second = permit.filter(|_| !with.is_alone).and_then(|permit| second(permit, person));
    let own = permit.and_then(|permit| permit.purpose.as_ref()).map_or("", |purpose| purpose.id.as_str());
    let ask = Ask {
        key: person.map_or_else(nobody, |person| person.key),
        role: person.map_or(Role::Analyst, |person| person.role),
        permit: id,
        purpose: with.purpose.unwrap_or(own),
        second: second.map(|person| Second { key: person.key, role: person.role }),
    };
    let found = verdict(policy, ask, asked, today, spent);
    let default = || permit?.budget?.default_query.map(|limit| limit.nano_rho);
    let is_priced = permit.is_some_and(|permit| permit.mode == asked.mode() && permit.budget.is_some());
    let nano_rho = asked.nano_rho().or_else(default).filter(|_| is_priced);
    let cost = nano_rho.map(|nano_rho| Cost {
        nano_rho,
        epsilon: with.conversion.and_then(|one| crate::explain::number::epsilon(nano_rho, &one)),
        left: found.price.filter(|_| found.violations.is_empty()).map(|price| Left {
            permit: price.left_permit,
            period: price.left_period,
            life: price.left_life,
        }),
        noise: with.noise.and_then(|noise| noise(asked, nano_rho)),
    });
    Simulated {
        permit: id.to_owned(),
        mode: asked.mode(),
        asker: person.map(|person| person.name.clone()),
        second: second.map(|person| person.name.clone()),
        violations: found.violations,
        cost,
        grain: found.grain,
        components: found.components,
        disclosure: found.disclosure,
        notes: notes(policy, asked),
    }
}

/// The person of that name, or the first; none where the permit names nobody, or nobody of that name.
fn asker<'p>(permit: &'p Permit, name: Option<&str>) -> Option<&'p NamedPerson> {
    let Allowed::Only(askers) = &permit.askers else { return None };
    askers.iter().find(|asker| name.is_none_or(|name| asker.name == name))
}

/// Another person where there is one; who asks where there is none, so that the verdict says so.
fn second<'p>(permit: &'p Permit, asker: Option<&NamedPerson>) -> Option<&'p NamedPerson> {
    let is_asker = |person: &&NamedPerson| asker.is_some_and(|asker| asker.key == person.key);
    let other = permit.second_signatures.iter().find(|person| !is_asker(person));
    other.or_else(|| permit.second_signatures.first())
}

/// A key that no policy names, for nobody has its other half.
fn nobody() -> VerifyingKey {
    VerifyingKey(Digest::of("tvaers simulate: nobody", &[]).0)
}

/// What of a verdict is told, of whatever mode.
#[derive(Default)]
struct Found {
    violations: Vec<Violation>,
    price: Option<Price>,
    grain: Option<Grain>,
    components: Vec<Contributed>,
    disclosure: Option<Disclosure>,
}

/// What each component is told as, in a study that is granted.
fn contributed(model: &Model, study: &StudyGrant) -> Vec<Contributed> {
    let told = |granted: &GrantedComponent| {
        let component = model.components.get(granted.index)?;
        let told = crate::admit::told(model, component, study.grain);
        Some(Contributed { name: granted.name.clone(), granted: granted.grain, told })
    };
    study.components.iter().filter_map(told).collect()
}

fn verdict(policy: &Policy, ask: Ask<'_>, asked: &Asked<'_>, today: Date, spent: &Spent) -> Found {
    let refused = |violations| Found { violations, ..Found::default() };
    match asked {
        Asked::Query { query, nano_rho } => {
            let request = AggregateRequest { ask, query, nano_rho: *nano_rho, repetition: 0 };
            match policy.admit_aggregate(&request, spent, today) {
                Verdict::Permitted(grant) => Found { price: Some(grant.price), ..Found::default() },
                Verdict::Refused(violations) => refused(violations),
            }
        }
        Asked::List { study, disclosure, recipients } => {
            let disclosure = Wish::UpTo(*disclosure);
            let request = ContributionRequest { ask, study: study.needed(), disclosure, recipients };
            let mut found = match policy.admit_contribution(&request, today) {
                Verdict::Permitted(grant) => Found {
                    grain: Some(grant.study.grain),
                    components: contributed(study.model, &grant.study),
                    disclosure: Some(grant.disclosure),
                    ..Found::default()
                },
                Verdict::Refused(violations) => refused(violations),
            };
            if !study.model.tables.is_empty() {
                found.violations.push(told::list_of_indicator());
            }
            found
        }
        Asked::Tables { study, tables, nano_rho } => {
            let request = JoinedRequest {
                ask,
                study: study.needed(),
                categories: &tables.categories(),
                dimensions: tables.dimensions(),
                cells: tables.cells_len(),
                nano_rho: *nano_rho,
                repetition: 0,
            };
            let mut found = match policy.admit_joined(&request, spent, today) {
                Verdict::Permitted(grant) => Found {
                    price: Some(grant.price),
                    grain: Some(grant.study.grain),
                    components: contributed(study.model, &grant.study),
                    ..Found::default()
                },
                Verdict::Refused(violations) => refused(violations),
            };
            let least = study.model.least_grain();
            if let Some(granted) = found.grain.filter(|granted| *granted < least) {
                found.violations.push(told::grain_of_indicator(least, granted));
            }
            found
        }
    }
}

impl<'a> StudyAsked<'a> {
    /// As a node asks its policy about a study before all have agreed.
    const fn needed(&self) -> Study<'a> {
        Study {
            model: self.model,
            sector: self.sector,
            grain: Wish::UpTo(self.grain),
            as_of: self.as_of,
            until: self.until,
            follow_up: None,
            evaluations: self.evaluations,
            peer_evaluations: 0,
        }
    }
}

/// What the verdict leaves out: whether the node would be asked at all.
fn notes(policy: &Policy, asked: &Asked<'_>) -> Vec<Text> {
    let sector = match asked {
        Asked::Query { query, .. } => query.sector(),
        Asked::List { study, .. } | Asked::Tables { study, .. } => study.sector,
    };
    let mut notes = Vec::new();
    if policy.sector().is_some_and(|own| own != sector) {
        notes.push(told::other_sector(sector));
    }
    if policy.is_laboratory() {
        notes.push(told::laboratory());
    }
    notes
}
