//! Why a source cannot be used, as it may be told: with the place and the mend, without a password or a row's value.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use tvaers_protocol::problem::{Exit, Problem};

use crate::import::{ImportError, What};

/// Why a source cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The server cannot be reached or does not let the node in.
    #[error("{place} does not let this node in: {reason}")]
    Connect {
        /// The server and database.
        place: String,
        /// What the server or the system said.
        reason: String,
    },
    /// A server of an old version.
    #[error("{place} is PostgreSQL {found}; expected {expected} or later")]
    Version {
        /// The server and database.
        place: String,
        /// The major version it has.
        found: i32,
        /// The oldest that serves.
        expected: i32,
    },
    /// A statement failed. What the server said of it may quote a row, so its code stands for it.
    #[error("{place} failed while {doing}: {reason}")]
    Statement {
        /// The server and database.
        place: String,
        /// What was being done.
        doing: &'static str,
        /// The kind of failure, with PostgreSQL's code for it.
        reason: String,
    },
    /// The server does not offer the tables as they are meant.
    #[error("{place} does not offer the canonical tables: {} of the things looked at need mending", .problems.len())]
    Views {
        /// The server and database.
        place: String,
        /// Every problem with its mend.
        problems: Vec<Problem>,
    },
    /// The rows are not what an import would accept.
    #[error("the content of {place} is not what an import accepts: {}", listed(counts))]
    Content {
        /// The server and database.
        place: String,
        /// The faults, counted by table and column.
        counts: Vec<Count>,
    },
    /// The rows are not those that were registered.
    #[error("the content of {place} has changed since it was registered; register it again")]
    Changed {
        /// The server and database.
        place: String,
    },
    /// What is known of the source cannot be written.
    #[error(transparent)]
    Unwritten(#[from] ImportError),
}

/// How many rows have one fault. No value is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The kind of fault.
    pub what: What,
    /// How many rows have it.
    pub rows: u64,
    /// What was expected.
    pub expected: String,
}

impl SourceError {
    /// A connection that was not made. What a server says then is of roles, databases and hosts.
    pub(super) fn connect(place: &str, error: &sqlx::Error) -> Self {
        let reason = match error {
            sqlx::Error::Database(error) => error.message().to_owned(),
            sqlx::Error::Io(error) => error.to_string(),
            sqlx::Error::Tls(error) => error.to_string(),
            // Of the URL, so it is not told.
            sqlx::Error::Configuration(_) => {
                "a file or a setting that its URL names cannot be used".to_owned()
            }
            _ => "it does not answer as a PostgreSQL server does".to_owned(),
        };
        Self::Connect { place: place.to_owned(), reason }
    }

    /// A server from which nothing came.
    pub(super) fn silent(place: &str, waited: Duration) -> Self {
        Self::Connect { place: place.to_owned(), reason: format!("no answer within {} s", waited.as_secs()) }
    }

    /// A statement that failed.
    pub(super) fn statement(place: &str, doing: &'static str, error: &sqlx::Error) -> Self {
        let reason = match error {
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                format!("{} (SQLSTATE {code})", meaning(&code))
            }
            sqlx::Error::Io(error) => format!("the connection broke ({})", error.kind()),
            _ => "the answer cannot be read".to_owned(),
        };
        Self::Statement { place: place.to_owned(), doing, reason }
    }
}

/// PostgreSQL's codes, by class or as a whole: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn meaning(code: &str) -> &'static str {
    match (code, code.get(..2).unwrap_or_default()) {
        ("42501", _) => "the role has no right to read it",
        ("42P01" | "42703", _) => "a table or column is no longer there",
        ("57014", _) => "it took too long and was cancelled",
        ("40001", _) => "the server, a copy of another, had to let go of what was being read",
        (_, "22") => "a value of a row cannot be worked with",
        (_, "42") => "the server does not understand the statement",
        (_, "53") => "the server has no room left on its disk or in its memory",
        (_, "57") => "the server is being stopped",
        _ => "the server refused",
    }
}

impl SourceError {
    /// As it is told to a person.
    #[must_use]
    pub fn to_problem(&self) -> Problem {
        let (exit, code, next) = match self {
            Self::Connect { .. } => (
                Exit::Failed,
                "source.connection",
                "look at the URL in the file that `[source]` names, at the server, and at the way to it",
            ),
            Self::Version { .. } => {
                (Exit::Failed, "source.version", "use a newer server, or import CSV files")
            }
            Self::Statement { .. } => (
                Exit::Failed,
                "source.statement",
                "run `tvaers-node check`, which looks at every table and column",
            ),
            Self::Views { .. } => {
                (Exit::BadInput, "source.views", "run `tvaers-node check`, which names each with its mend")
            }
            Self::Content { .. } => (
                Exit::BadInput,
                "source.content",
                "mend these rows or leave them out in the views; no value is shown here",
            ),
            Self::Changed { .. } => {
                (Exit::Failed, "source.changed", "run `tvaers-node import --source --extracted-on DATE`")
            }
            Self::Unwritten(_) => (Exit::Failed, "source.registration", "look at disk space and permissions"),
        };
        Problem::new(exit, code, self).next(next)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, column, what, rows, expected } = self;
        let noun = if *rows == 1 { "row" } else { "rows" };
        write!(f, "`{table}`.`{column}`: {what} ({rows} {noun}), expected {expected}")
    }
}

fn listed(counts: &[Count]) -> String {
    counts.iter().map(Count::to_string).collect::<Vec<_>>().join("; ")
}
