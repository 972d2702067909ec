//! How a wrong policy file is refused: a stable code, the place, a sentence in both languages and what mends it, for
//! each of its faults.

mod words;

use std::fmt;

use tvaers_protocol::problem::{Exit, Problem};
use tvaers_query::decimal::DecimalError;
use tvaers_query::strict::{Faults, Form, Wrong};

use crate::permit::Mode;
use crate::text::Text;

/// One thing wrong with a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A stable code, such as `policy.budget-order`.
    pub code: &'static str,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// How many characters of what is wrong stand on that line, from 1.
    pub length: usize,
    /// The path of the key, such as `permit[2].budget.in-all`; empty where there is none.
    pub key: String,
    /// What is wrong.
    pub sentence: Text,
    /// What mends it.
    pub mend: Text,
}

impl Fault {
    /// All that is wrong with a file, in its order. What is wrong with a day that is none of the calendar is told once.
    pub(crate) fn all(file: &str, faults: Faults<Reason>) -> Vec<Self> {
        let mut no_day = None;
        let wrong = faults.into_sorted().into_iter().filter(|wrong| {
            let follows = no_day == Some(wrong.place);
            if matches!(wrong.reason, Reason::Form(Form::Date(_))) {
                no_day = Some(wrong.place);
            }
            !follows
        });
        wrong.map(|wrong| Self::new(file, wrong)).collect()
    }

    fn new(file: &str, wrong: Wrong<Reason>) -> Self {
        let (code, sentence, mend) = wrong.reason.words(&wrong.key, wrong.place.line);
        Self {
            code,
            file: file.to_owned(),
            line: wrong.place.line,
            column: wrong.place.column,
            length: wrong.length,
            key: wrong.key,
            sentence,
            mend,
        }
    }

    /// Whether it kept the reader from the rest of the file, so that there may be more.
    #[must_use]
    pub fn hides_more(&self) -> bool {
        matches!(self.code, "policy.syntax" | "policy.too-large")
    }

    /// The place in one text: file, line, column and key.
    #[must_use]
    pub fn place(&self) -> String {
        let place = format!("{}:{}:{}", self.file, self.line, self.column);
        if self.key.is_empty() { place } else { format!("{place}, `{}`", self.key) }
    }

    /// The fault as a program shows it, in English.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem::new(Exit::BadInput, self.code, &self.sentence.en).at(self.place()).next(&self.mend.en)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.place(), self.sentence.en, self.code)
    }
}

impl std::error::Error for Fault {}

/// What a name in a policy can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    Table,
    Feature,
    Category,
    Component,
    Model,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Form(Form),
    /// A text that is empty or too long.
    Text,
    Id,
    NodeId,
    Cvr,
    Hex,
    File,
    Word {
        found: String,
        known: Vec<&'static str>,
    },
    Twice {
        name: String,
    },
    Empty,
    TooMany {
        max: usize,
    },
    Unknown {
        thing: Thing,
        name: String,
    },
    /// A number outside its bounds.
    Bounds {
        found: i64,
        from: i64,
        to: i64,
    },
    /// A number outside the bounds of policies over real data.
    Floor {
        found: i64,
        from: i64,
    },
    Number {
        found: String,
        error: DecimalError,
    },
    /// Neither rho nor epsilon, or both.
    Budget,
    /// An epsilon that is worth no rho.
    Convert,
    /// A budget larger than one that it is part of.
    Order {
        larger: &'static str,
    },
    /// A budget for life that promises nothing.
    Life,
    Unlimited,
    /// Days in the wrong order.
    Dates,
    /// A day after the permit's last.
    Ended,
    /// A day that comes after the first day of validity.
    Late,
    First,
    NotFirst,
    /// What only a laboratory may say.
    Laboratory,
    /// What has no place in a permit of this mode.
    Unneeded {
        mode: Mode,
    },
    Persons {
        needed: usize,
    },
    Ehds,
    StatisticsOnly,
    Agreement,
    Sensitive {
        name: String,
    },
    NoTable {
        feature: String,
        tables: String,
    },
    Clamp {
        from: i64,
        to: i64,
    },
    ClampWide {
        from: i64,
        to: i64,
    },
    Clamped {
        name: String,
    },
    Ages,
    Version {
        installed: u32,
    },
    Digest,
    Grain,
}

impl From<Form> for Reason {
    fn from(form: Form) -> Self {
        Self::Form(form)
    }
}
