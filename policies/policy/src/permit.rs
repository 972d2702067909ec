//! One permit: who may ask what, by which mode, for which purpose, until when, and at which price.

use std::collections::BTreeMap;

use jiff::civil::Date;
use tvaers_protocol::id::Digest;
use tvaers_protocol::roster::Role;
use tvaers_protocol::sign::VerifyingKey;
use tvaers_protocol::study::{Disclosure, Grain};
use tvaers_query::Budget;

use crate::text::Text;

/// What a permit is for. Nothing passes from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Differentially private statistics of one node's data.
    Aggregates,
    /// Tables over what several nodes know, noised before anything is stored or shown.
    JoinedStatistics,
    /// Points that come back as a work list for the care of named citizens.
    PersonContributions,
}

impl Mode {
    /// Every mode with its name in files.
    pub const NAMES: &[(&'static str, Self)] = &[
        ("aggregates", Self::Aggregates),
        ("joined-statistics", Self::JoinedStatistics),
        ("person-contributions", Self::PersonContributions),
    ];

    /// Its name, as in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aggregates => "aggregates",
            Self::JoinedStatistics => "joined-statistics",
            Self::PersonContributions => "person-contributions",
        }
    }

    /// Whether it is statistics, so that what is done with it can rest on a basis for statistics and research.
    #[must_use]
    pub const fn is_statistics(self) -> bool {
        matches!(self, Self::Aggregates | Self::JoinedStatistics)
    }

    /// Whether pseudonyms are worked out for it.
    #[must_use]
    pub const fn has_pseudonyms(self) -> bool {
        matches!(self, Self::JoinedStatistics | Self::PersonContributions)
    }
}

/// What is done with data, each with a legal basis of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The node works out numbers from its rows.
    Compute,
    /// They leave for the coordinator.
    Disclose,
    /// The points of each criterion reach the municipality of residence.
    DiscloseItems,
    /// A list is handed to a GP practice.
    HandToPractice,
}

impl Step {
    /// Its name, as in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Disclose => "disclose",
            Self::DiscloseItems => "disclose-items",
            Self::HandToPractice => "hand-to-practice",
        }
    }
}

/// The legal basis of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The letter of GDPR Article 6(1).
    pub article_6: char,
    /// The letter of GDPR Article 9(2).
    pub article_9: char,
    /// The national paragraph.
    pub national: String,
}

/// What a permit is for, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// The id that a request names.
    pub id: String,
    /// What it is.
    pub text: Text,
    /// The letter of Article 53(1) of the European Health Data Space regulation, for statistics alone.
    pub ehds_53: Option<char>,
}

/// Everything, or a list. Only a laboratory's policy can say everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed<T> {
    /// Everything.
    All,
    /// These.
    Only(Vec<T>),
}

impl<T: PartialEq> Allowed<T> {
    /// Whether it is allowed, by exact comparison.
    #[must_use]
    pub fn allows<U: ?Sized>(&self, wanted: &U) -> bool
    where
        T: PartialEq<U>,
    {
        match self {
            Self::All => true,
            Self::Only(list) => list.iter().any(|one| one == wanted),
        }
    }
}

/// Days from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

/// A person who may ask, or sign what another asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPerson {
    /// The name, for people.
    pub name: String,
    /// The person's own signing key, which is compared exactly.
    pub key: VerifyingKey,
    /// The role in which the person may do so.
    pub role: Role,
}

/// Who approved the permit, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The person.
    pub name: String,
    /// The day.
    pub date: Date,
}

/// Which data a permit is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// Canonical tables that may be read.
    pub tables: Allowed<String>,
    /// Features that may be worked out: for a measure, a condition or a component.
    pub features: Allowed<String>,
    /// Categories that tables may be grouped by. A category may also be a condition.
    pub categories: Allowed<String>,
    /// Features of sensitive columns that are approved by name.
    pub sensitive: Allowed<String>,
    /// The bounds within which numbers may be added up.
    pub clamps: Allowed<Clamp>,
}

/// A number that may be added up, and how far one person's may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clamp {
    /// The feature.
    pub feature: String,
    /// The least value.
    pub from: i64,
    /// The greatest value.
    pub to: i64,
}

/// Whose data a permit is about, beyond what is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Population {
    /// Residents of these municipalities only; none means all members.
    pub kommuner: Option<Vec<u16>>,
    /// The least age in completed years.
    pub age_from: Option<u32>,
    /// The greatest age in completed years.
    pub age_to: Option<u32>,
}

/// A budget as it is stated and as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// As it is stated; `None` is unlimited, in a laboratory alone.
    pub stated: Option<Budget>,
    /// In thousand-millionths of rho.
    pub nano_rho: u64,
}

impl Limit {
    /// As it is stated, in words of the file.
    #[must_use]
    pub fn words(&self) -> String {
        self.stated.map_or_else(|| "unlimited".to_owned(), |budget| budget.to_string())
    }
}

/// What answers under a permit may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermitBudget {
    /// One answer, at most.
    pub per_query: Limit,
    /// An answer whose query states no budget; none where such a query is refused.
    pub default_query: Option<Limit>,
    /// All answers under the permit, at most.
    pub in_all: Limit,
}

/// A model that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermittedModel {
    /// Its name; `None` is every model, in a laboratory alone.
    pub of: Option<ModelOf>,
    /// The finest grain of components that are not named; none where only named ones are granted.
    pub grain: Option<Grain>,
    /// The finest grain of each named component.
    pub components: BTreeMap<String, Grain>,
}

/// Which model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelOf {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// The digest of its file.
    pub digest: Digest,
}

/// Who gets a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    /// The municipality of residence.
    Municipality,
    /// The citizen's GP practice, through the region.
    GpPractice,
}

impl Recipient {
    /// Every recipient with its name in files.
    pub const NAMES: &[(&'static str, Self)] =
        &[("municipality", Self::Municipality), ("gp-practice", Self::GpPractice)];

    /// Its name, as in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Municipality => "municipality",
            Self::GpPractice => "gp-practice",
        }
    }
}

/// Who stands in a list; the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Persons {
    /// Those whom the model selects.
    Selected,
    /// Everyone in the model's population: in a laboratory alone.
    All,
}

/// What a work list tells, of whom and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkList {
    /// How much it tells of a person.
    pub disclosure: Disclosure,
    /// Who stands in it.
    pub persons: Persons,
    /// Who gets it.
    pub to: Vec<Recipient>,
}

/// Under which key persons get pseudonyms, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pseudonyms {
    /// The name that keeps the permit's pseudonyms apart from any other's.
    pub domain: String,
    /// The most persons that this node has evaluated in one study.
    pub evaluations_per_study: u32,
    /// The most persons that this node evaluates for one peer in one study.
    pub evaluations_per_peer: u32,
}

/// That runs may go on under the key of the first, so that their pseudonyms can be linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowUp {
    /// The last day on which a key may still be kept; `None` is without end, in a laboratory alone.
    pub until: Option<Date>,
    /// Why, in words.
    pub reason: String,
}

/// What protects the citizens on a work list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Safeguards {
    /// Who looks at each listed citizen before anything is done (GDPR Article 22).
    pub human_review: String,
    /// The arrangement between joint controllers (Article 26), by reference.
    pub joint_controllers: Option<String>,
    /// The agreement with the processor (Article 28), by reference.
    pub processor_agreement: Option<String>,
    /// How citizens are informed (Articles 13 and 14), by reference.
    pub notice: String,
}

/// One permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// Its id, as requests and the ledger name it.
    pub id: String,
    /// What it is for.
    pub mode: Mode,
    /// Who issued it. This and what follows up to the approvals may be left out in a laboratory.
    pub issuer: Option<String>,
    /// When it holds.
    pub validity: Option<Validity>,
    /// The day from which it no longer holds.
    pub revoked: Option<Date>,
    /// What for.
    pub purpose: Option<Purpose>,
    /// The legal basis of each step.
    pub basis: BTreeMap<Step, Basis>,
    /// Who may ask.
    pub askers: Allowed<NamedPerson>,
    /// Who approved it: two persons, or one where it says why.
    pub approvals: Vec<Approval>,
    /// Why one approval is enough.
    pub single_approval: Option<String>,
    /// Who may sign a stratification beside who asks; empty where nobody needs to.
    pub second_signatures: Vec<NamedPerson>,
    /// Which data.
    pub data: Data,
    /// Whose data.
    pub population: Population,
    /// At which price; none for person contributions, which are not charged.
    pub budget: Option<PermitBudget>,
    /// Which models; none for aggregates.
    pub models: Vec<PermittedModel>,
    /// What a work list tells; for person contributions alone.
    pub work_list: Option<WorkList>,
    /// Pseudonyms; none for aggregates.
    pub pseudonyms: Option<Pseudonyms>,
    /// Follow-up under one key, for person contributions alone; none where each run has a key of its own.
    pub follow_up: Option<FollowUp>,
    /// What protects listed citizens; for person contributions alone.
    pub safeguards: Option<Safeguards>,
}
