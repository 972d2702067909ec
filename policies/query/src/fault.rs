//! How a wrong query file is refused: a stable code, the place, and what to do, for each of its faults.

mod words;

use std::fmt;

use tvaers_protocol::problem::{Exit, Problem};

use crate::bins::BinsError;
use crate::decimal::DecimalError;
use crate::strict::{Form, Wrong};

/// One thing wrong with a query file.
///
/// The texts quote what stands in the file. They are for the person who wrote it; a node's log takes the code alone,
/// for a literal of a filter could single out a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A stable code, such as `query.condition-type`.
    pub code: &'static str,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The path of the key, such as `where[2].from`; empty where there is none.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What to do next.
    pub next: String,
}

impl Fault {
    pub(crate) fn new(file: &str, wrong: Wrong<Reason>) -> Self {
        let words::Words { code, what, expected, next } = wrong.reason.words(&wrong.key);
        Self {
            code,
            file: file.to_owned(),
            line: wrong.place.line,
            column: wrong.place.column,
            key: wrong.key,
            what,
            expected,
            next,
        }
    }

    /// The place in one text: file, line, column and key.
    #[must_use]
    pub fn place(&self) -> String {
        let place = format!("{}:{}:{}", self.file, self.line, self.column);
        if self.key.is_empty() { place } else { format!("{place}, `{}`", self.key) }
    }

    /// The fault as a program shows it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem::new(Exit::BadInput, self.code, &self.what)
            .at(self.place())
            .expected(&self.expected)
            .next(&self.next)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.place(), self.what, self.code)
    }
}

impl std::error::Error for Fault {}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Form(Form),
    Name,
    Kind { found: String },
    FeatureUnknown { name: String, meant: Option<String> },
    FeatureIsSet { name: String },
    FeatureUnneeded,
    FeatureMissing { kind: String },
    Bins { error: BinsError, from: i64, to: i64 },
    NoProbability,
    Probability { found: String },
    NotANumber { name: String },
    Unneeded { needed_by: &'static str },
    NotACategory { name: String },
    Twice { what: &'static str, name: String },
    TooMany { what: &'static str, max: usize },
    Cells { found: usize },
    NoMunicipality,
    NoTest,
    Tests { first: &'static str, second: &'static str },
    TestOfKind { feature: String, kind: String, expected: &'static str },
    Value { feature: String, found: String, known: String },
    Nobody { feature: String, from: i64, to: i64 },
    EmptyList,
    Sectors { feature: String, sector: String, other: String },
    NodeSector { found: String, sector: String },
    NodeUnknown { name: String },
    NodesMixed,
    NodesBoth,
    NodesOf { found: String },
    SectorUnknown { found: String },
    BudgetBoth,
    Number { found: String, error: DecimalError },
    Delta,
    Scale,
    Mechanism { found: String },
}

impl From<Form> for Reason {
    fn from(form: Form) -> Self {
        Self::Form(form)
    }
}
