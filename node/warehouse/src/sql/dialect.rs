//! Where SQLite and PostgreSQL differ: what a date is, the number of a day or a minute, the same day some months
//! later, and finding a text in a text.
//!
//! In SQLite dates and times are text in ISO 8601, which compares as the calendar does. In PostgreSQL they are of
//! type `date` and `timestamp`. After [`Dialect::day`] and [`Dialect::minute`] both count from the beginning of 1970
//! and nothing differs.

use jiff::civil::{Date, DateTime, date};
use sea_query::{
    BinOper, Expr, ExprTrait as _, Func, PostgresQueryBuilder, SelectStatement, SqliteQueryBuilder, Values,
};

const EPOCH: Date = date(1970, 1, 1);
const SECONDS_PER_DAY: i64 = 86_400;
const SECONDS_PER_MINUTE: i64 = 60;
pub(super) const MINUTES_PER_HOUR: i64 = 60;
pub(super) const MINUTES_PER_DAY: i64 = 1_440;

/// More days than the calendar has before 1970, and so a number that makes all of its days positive.
const DAYS_BEFORE_EPOCH: i64 = 5_000_000;

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

    /// A minute to compare a time with.
    pub(super) fn time(self, time: DateTime) -> Expr {
        // As the import stores it: with seconds behind, the text would be greater than the column's.
        let text = Expr::val(time.strftime("%Y-%m-%dT%H:%M").to_string());
        match self {
            Self::Sqlite => text,
            Self::Postgres => text.cast_as("timestamp"),
        }
    }

    /// The number of a column's day since 1970-01-01. The column is of dates.
    pub(super) fn day(self, column: Expr) -> Expr {
        match self {
            Self::Sqlite => Expr::from(Func::cust("unixepoch").arg(column)).div(SECONDS_PER_DAY),
            // A time less a date would be an interval, a date less a date is a number of days.
            Self::Postgres => column.cast_as("date").sub(self.date(EPOCH)).cast_as("bigint"),
        }
    }

    /// The number of a column's minute since 1970-01-01T00:00. The column is of times.
    pub(super) fn minute(self, column: Expr) -> Expr {
        match self {
            Self::Sqlite => Expr::from(Func::cust("unixepoch").arg(column)).div(SECONDS_PER_MINUTE),
            Self::Postgres => {
                let seconds = Func::cust("date_part").arg("epoch").arg(column);
                // A server's times may have seconds, which no rule looks at.
                let minutes = Func::cust("floor").arg(Expr::from(seconds).div(SECONDS_PER_MINUTE));
                Expr::from(minutes).cast_as("bigint")
            }
        }
    }

    /// From the number of a day to that of the same day some calendar months later, or earlier where they are below 0,
    /// or of the month's last day where the month has no such day.
    pub(super) fn months_later(self, day: Expr, months: i32) -> Expr {
        match self {
            Self::Sqlite => {
                // Without `floor`, the 31st would run over into the month after.
                let later = Func::cust("unixepoch")
                    .arg(day.mul(SECONDS_PER_DAY))
                    .arg("unixepoch")
                    .arg(format!("{months:+} months"))
                    .arg("floor");
                Expr::from(later).div(SECONDS_PER_DAY)
            }
            Self::Postgres => {
                // A date and a `bigint` cannot be added up.
                let date = self.date(EPOCH).add(day.cast_as("integer"));
                let later = date.add(Expr::val(format!("{months} months")).cast_as("interval"));
                self.day(later)
            }
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

    /// A column of the answer as a whole number of 64 bits: in PostgreSQL a sum of such is a `numeric`, and a
    /// difference of days has 32 bits.
    pub(super) fn number(self, column: Expr) -> Expr {
        match self {
            Self::Sqlite => column,
            Self::Postgres => column.cast_as("bigint"),
        }
    }

    pub(super) fn build(self, query: &SelectStatement) -> (String, Values) {
        match self {
            Self::Sqlite => query.build(SqliteQueryBuilder),
            Self::Postgres => query.build(PostgresQueryBuilder),
        }
    }

    pub(super) fn explain(self, query: &SelectStatement) -> String {
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

/// From the number of a minute to that of its day. Division rounds towards 0, so it is done above 0.
pub(super) fn day_of_minute(minute: Expr) -> Expr {
    minute.add(DAYS_BEFORE_EPOCH * MINUTES_PER_DAY).div(MINUTES_PER_DAY).sub(DAYS_BEFORE_EPOCH)
}

/// One text after another.
pub(super) fn joined(left: Expr, right: Expr) -> Expr {
    left.binary(BinOper::Custom("||"), right)
}
