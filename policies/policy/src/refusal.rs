//! Why a request is refused: a stable code, a sentence and a mend in both languages, and what would be allowed.

mod words;

use jiff::civil::Date;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::study::{Disclosure, Grain};
use tvaers_query::Decimal;

use crate::permit::{Mode, Recipient};
use crate::text::Text;

/// One rule that a request breaks. It holds numbers and names of the policy, the ledger's sums and the request, never
/// anything of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// A stable code, such as `permit.expired`.
    pub code: &'static str,
    /// The rule and how it is broken.
    pub sentence: Text,
    /// What to do.
    pub mend: Text,
    /// What would be allowed, in the words of the policy file; empty where nothing would.
    pub allowed: String,
    /// The same in a Danish sentence.
    pub allowed_da: String,
}

impl Violation {
    /// With what would be allowed in Danish, where it is more than names.
    pub(crate) fn in_danish(mut self, allowed: impl Into<String>) -> Self {
        self.allowed_da = allowed.into();
        self
    }

    /// The violation as a program shows it, in English.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let problem = Problem::new(Exit::Refused, self.code, &self.sentence.en).next(&self.mend.en);
        if self.allowed.is_empty() { problem } else { problem.expected(&self.allowed) }
    }
}

impl From<Refusal> for Violation {
    fn from(refusal: Refusal) -> Self {
        refusal.violation()
    }
}

/// Every rule that can be broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    PolicyEarly { from: Date },
    PolicyExpired { to: Date },
    PolicyRevoked { on: Date },
    PolicyOfOther { node: String },
    PolicyOlder { version: u64, seen: u64 },
    PolicyReplaced { version: u64 },
    PolicyPredecessor { version: u64 },
    PolicyNotMadeUp,
    PolicyRaised { allowed: Vec<String> },
    PermitUnknown { permit: String, known: Vec<String> },
    PermitMode { mode: Mode, wanted: Mode },
    PermitEarly { from: Date },
    PermitExpired { to: Date },
    PermitRevoked { on: Date },
    PermitUnapproved,
    Asker,
    AskerRole,
    SecondMissing { allowed: Vec<String> },
    SecondSame { allowed: Vec<String> },
    SecondUnknown { allowed: Vec<String> },
    SecondRole,
    Purpose { allowed: String },
    AsOf { today: Date },
    Repeated,
    Feature { name: String },
    Category { name: String, allowed: Vec<String> },
    Table { name: String, feature: String },
    Sensitive { name: String },
    Sum { name: String },
    Clamp { name: String, from: i64, to: i64 },
    Dimensions { found: usize, max: u32 },
    Cells { found: usize, max: u32 },
    BudgetUnstated { allowed: String },
    BudgetNothing,
    BudgetQuery { allowed: String, most: Free },
    Budget { of: Part, left: u64, most: Free, more: Option<Date> },
    Model { name: String, allowed: Vec<String> },
    ModelVersion { allowed: Vec<u32> },
    ModelDigest { allowed: String },
    Component { name: String },
    Grain { allowed: Grain },
    Disclosure { allowed: Disclosure },
    Recipient { to: Recipient, allowed: Vec<Recipient> },
    Evaluations { max: u32 },
    PeerEvaluations { max: u32 },
    StudyDays { max: u32 },
    FollowUp,
    FollowUpUntil { until: Date },
    FollowUpOver { until: Date },
}

/// What a budget is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Permit,
    Period,
    Calendar,
    Life,
}

/// What one answer may cost now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Free {
    pub(crate) nano_rho: u64,
    /// The greatest epsilon of two digits that is worth no more, where the policy speaks of epsilon.
    pub(crate) epsilon: Option<Decimal>,
}
