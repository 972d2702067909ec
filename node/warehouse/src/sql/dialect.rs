//! Where SQLite and PostgreSQL differ: what a date is, the number of a day, and finding a text in a text.
//!
//! In SQLite dates and times are text in ISO 8601, which compares as the calendar does. In PostgreSQL they are of
//! type `date` and `timestamp`. After [`Dialect::day`] both count days since 1970-01-01 and nothing differs.

use jiff::civil::{Date, date};
use sea_query::{
    BinOper, Expr, ExprTrait as _, Func, PostgresQueryBuilder, SqliteQueryBuilder, Values, WithQuery,
};

const EPOCH: Date = date(1970, 1, 1);
const SECONDS_PER_DAY: i64 = 86_400;

/// The database that a statement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The embedded default.
    Sqlite,
    /// An institution's own server.
    Postgres,
}

impl Dialect {
    /// A day to compare a date or a time with; a time of that day is not before it.
    pub(super) fn date(self, day: Date) -> Expr {
        let text = Expr::val(day.to_string());
        match self {
            Self::Sqlite => text,
            Self::Postgres => text.cast_as("date"),
        }
    }

    /// The number of a column's day since 1970-01-01.
    pub(super) fn day(self, column: Expr) -> Expr {
        match self {
            Self::Sqlite => Expr::from(Func::cust("unixepoch").arg(column)).div(SECONDS_PER_DAY),
            Self::Postgres => column.sub(self.date(EPOCH)),
        }
    }

    /// A column's day as the text `YYYY-MM-DD`.
    pub(super) fn text(self, column: Expr) -> Expr {
        match self {
            Self::Sqlite => column,
            Self::Postgres => column.cast_as("text"),
        }
    }

    /// Whether `needle` stands in `haystack`, letter by letter: `LIKE` would ignore case and honour wildcards.
    pub(super) fn contains(self, haystack: Expr, needle: String) -> Expr {
        let function = match self {
            Self::Sqlite => "instr",
            Self::Postgres => "strpos",
        };
        Expr::from(Func::cust(function).arg(haystack).arg(needle)).gt(0_i64)
    }

    pub(super) fn build(self, query: &WithQuery) -> (String, Values) {
        match self {
            Self::Sqlite => query.build(SqliteQueryBuilder),
            Self::Postgres => query.build(PostgresQueryBuilder),
        }
    }

    pub(super) fn explain(self, query: &WithQuery) -> String {
        match self {
            Self::Sqlite => query.to_string(SqliteQueryBuilder),
            Self::Postgres => query.to_string(PostgresQueryBuilder),
        }
    }
}

/// The number of a day since 1970-01-01, as [`Dialect::day`] counts.
pub(super) fn day_number(day: Date) -> i64 {
    day.duration_since(EPOCH).as_secs() / SECONDS_PER_DAY
}

/// One text after another.
pub(super) fn joined(left: Expr, right: Expr) -> Expr {
    left.binary(BinOper::Custom("||"), right)
}
