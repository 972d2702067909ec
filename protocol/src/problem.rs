//! What a program tells a person when something went wrong: what, where, what was expected, what to do next.
//!
//! It is built at the rim of each program and never from row values, keys or pseudonyms.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The exit codes that scripts may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: failed.
    Failed,
    /// 2: wrong usage or bad input.
    BadInput,
    /// 3: refused by policy or budget.
    Refused,
    /// 4: some nodes did not answer and the query required them.
    Incomplete,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::BadInput => 2,
            Self::Refused => 3,
            Self::Incomplete => 4,
        }
    }
}

/// One problem, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A stable code for scripts, such as `import.date`.
    pub code: String,
    /// What went wrong.
    pub what: String,
    /// Where: a file with line and column, a node, an address. Empty where there is no place.
    #[serde(rename = "where")]
    pub place: String,
    /// What was expected there.
    pub expected: String,
    /// What to do next.
    pub next: String,
    /// The exit code that goes with it.
    #[serde(skip, default = "failed")]
    pub exit: Exit,
}

const fn failed() -> Exit {
    Exit::Failed
}

impl Problem {
    /// A problem with its stable code and what went wrong.
    #[must_use]
    pub fn new(exit: Exit, code: &str, what: impl fmt::Display) -> Self {
        let empty = String::new;
        Self {
            code: code.to_owned(),
            what: what.to_string(),
            place: empty(),
            expected: empty(),
            next: empty(),
            exit,
        }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = place.to_string();
        self
    }

    /// Says what was expected.
    #[must_use]
    pub fn expected(mut self, expected: impl fmt::Display) -> Self {
        self.expected = expected.to_string();
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn next(mut self, next: impl fmt::Display) -> Self {
        self.next = next.to_string();
        self
    }

    /// An error with its causes, as one problem.
    #[must_use]
    pub fn from_error(exit: Exit, code: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut what = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !what.ends_with(&cause_text) {
                what.push_str(": ");
                what.push_str(&cause_text);
            }
            source = cause.source();
        }
        Self::new(exit, code, what)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code, self.what)?;
        for (label, text) in [("where", &self.place), ("expected", &self.expected), ("next", &self.next)] {
            if !text.is_empty() {
                write!(f, "\n  {label}: {text}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_as_text_and_as_json() {
        let problem = Problem::new(Exit::BadInput, "import.date", "an impossible date")
            .at("persons.csv:3, column birth_date")
            .next("mend the file");
        assert_eq!(
            problem.to_string(),
            "error[import.date]: an impossible date\n  where: persons.csv:3, column birth_date\n  next: mend the file"
        );
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["where"], "persons.csv:3, column birth_date");
        assert_eq!(json["expected"], "");
        assert_eq!(json.as_object().unwrap().len(), 5);
    }
}
