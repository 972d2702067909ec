//! A result object: released values and all that a reader must know of them, in the form that `interface.md` fixes for
//! files and for `--format json`. Everything in it is noisy or public.

mod amount;
mod cells;
mod combine;
mod describe;
mod indicator;
mod received;
mod request;
mod tables;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::{Digest, NodeId, Sector};
use tvaers_protocol::message::Rule;
use tvaers_protocol::release::{BudgetLeft, PartNoise};

pub use self::amount::Amount;
pub(crate) use self::combine::Combiner;
pub use self::indicator::{IndicatorWords, Mode};
pub(crate) use self::indicator::{Part, combined};
pub(crate) use self::received::{Expected, Fault, Received};
pub use self::request::Requested;
pub(crate) use self::tables::{Gathered, gather, noise, of_tables, share};

/// What an interval covers, said in every result.
const NOTE_INTERVALS: &str =
    "Standard errors and intervals cover the noise that protects citizens, not sampling error or clamping.";
/// What `shown` is, said in every result.
const NOTE_SHOWN: &str = "`value` is the raw noisy number, which may be negative; `shown` is post-processed: clipped, rounded, of counts and sums made to add up with the totals, and hidden where the noisy number of persons is small.";

/// A result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The query as asked.
    pub query: Value,
    /// The reference date.
    pub as_of: Date,
    /// Whether it is of made-up data.
    pub laboratory: bool,
    /// The cells, empty ones included, in the order of the catalogue.
    pub cells: Vec<Cell>,
    /// Totals over cells, where persons are in one cell at most: of all, and of each label of each category. What is
    /// shown of one is the sum of what is shown of its cells; it is hidden where any of them is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub totals: Vec<Cell>,
    /// What it cost, and how it was noised.
    pub privacy: Privacy,
    /// Who answered.
    pub coverage: Coverage,
    /// Every feature that it uses, in words.
    pub definitions: Vec<Definition>,
    /// Which data each node answered from.
    pub data: Vec<Data>,
    /// How to read it.
    pub notes: Vec<String>,
    /// Of an indicator: what it is, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicator: Option<IndicatorWords>,
    /// Who asked for it, when, and under which permit; none in results of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Requested>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The categories' labels.
    pub key: Map<String, Value>,
    /// The raw noisy number; none where no node that could have anyone in it answered.
    pub value: Option<Amount>,
    /// What is shown of it; none where it is hidden.
    pub shown: Option<Amount>,
    /// The standard error of the noise.
    pub standard_error: Option<f64>,
    /// Where the exact number lies with 95 % certainty or more.
    pub ci95: Option<[Amount; 2]>,
    /// The raw noisy number of the persons that it is about, where that was released beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persons: Option<i64>,
}

/// What an answer cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Privacy {
    /// How noise was drawn.
    pub mechanism: String,
    /// The most that it can tell of anyone at one node, at delta.
    pub epsilon: f64,
    /// The roster's constant; 0 under the discrete Laplace, whose epsilon is pure.
    pub delta: f64,
    /// The same as rho.
    pub rho: f64,
    /// The most that it can tell of someone whom every node that answered holds: the sum over nodes.
    pub rho_person_max: f64,
    /// Each node's part.
    pub nodes: Vec<NodePrivacy>,
}

/// What an answer cost at one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodePrivacy {
    /// The node.
    pub node: NodeId,
    /// The width of its noise; of several parts, that of the first.
    pub scale: f64,
    /// What one person can change, in the same part.
    pub sensitivity: Sensitivity,
    /// What was released together, where that is more than one part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartPrivacy>,
    /// What was charged.
    pub charged_rho: f64,
    /// The same as epsilon at delta.
    pub charged_epsilon: f64,
    /// What was left of its budgets after it.
    pub left: Left,
    /// Noisy numbers of persons below it are hidden.
    pub smallest_cell: u32,
    /// Shown numbers are multiples of it.
    pub rounding: u32,
    /// Under which policy.
    pub policy: Option<Digest>,
}

/// The noise of one part of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartPrivacy {
    /// What it has in each cell.
    pub of: String,
    /// The width of its noise.
    pub scale: f64,
    /// What one person can change.
    pub sensitivity: Sensitivity,
}

impl From<&PartNoise> for PartPrivacy {
    fn from(noise: &PartNoise) -> Self {
        let sensitivity = Sensitivity { l1: noise.sensitivity_l1, l2: noise.sensitivity_l2 };
        Self { of: noise.of.name().to_owned(), scale: noise.scale, sensitivity }
    }
}

/// What one person can change in all cells together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// Added up.
    pub l1: u64,
    /// The root of the sum of squares.
    pub l2: f64,
}

/// What is left of a node's budgets, in rho.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Left {
    /// Of the permit's.
    pub permit_rho: f64,
    /// Of the period's.
    pub period_rho: f64,
    /// Of that for life.
    pub life_rho: f64,
}

impl From<BudgetLeft> for Left {
    fn from(left: BudgetLeft) -> Self {
        Self { permit_rho: rho(left.permit), period_rho: rho(left.period), life_rho: rho(left.life) }
    }
}

/// Who answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Who was asked.
    pub asked: Vec<NodeId>,
    /// Who answered.
    pub answered: Vec<NodeId>,
    /// Who refused, and under which rules.
    pub refused: Vec<Refused>,
    /// Who did not answer in time.
    pub missing: Vec<NodeId>,
    /// The share of the population whose nodes answered, by the persons whom the roster lets each have evaluated: a
    /// public number, and no count.
    pub population_share: f64,
}

/// A node that refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The node.
    pub node: NodeId,
    /// The rules that the request breaks there.
    pub rules: Vec<Rule>,
}

/// A feature in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Its name.
    pub feature: String,
    /// In Danish.
    pub da: String,
    /// In English.
    pub en: String,
    /// Its values: bounds or categories.
    pub values: String,
    /// Whom it is counted over.
    pub denominator: String,
}

/// The data that a node answered from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    /// The node.
    pub node: NodeId,
    /// The day on which its source systems were read.
    pub extracted_on: Date,
    /// Which of its imports.
    pub import: u32,
    /// Rows that the import set aside.
    pub rejected_rows: u64,
    /// What the node ran, where it says so.
    pub software: Option<Software>,
}

/// Nano-rho as a number that people read.
#[expect(clippy::cast_precision_loss, reason = "it is for people; the ledger counts whole numbers")]
pub(crate) fn rho(nano: u64) -> f64 {
    nano as f64 / 1e9
}

/// Whom the answers of a sector are about.
pub(crate) fn denominator(sector: Sector) -> String {
    match sector {
        Sector::Municipality => "persons alive and resident in the municipality on the reference date",
        Sector::Region => "living patients of the region whose municipality of residence is a member",
    }
    .to_owned()
}
