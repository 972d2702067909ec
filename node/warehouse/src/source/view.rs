//! Whether a server offers every table and column of the sector, of a type that can be used, to a role that reads.
//!
//! Asked of the system catalogue, not of `information_schema`: that hides what the role may not read, and a missing
//! right would be told as a missing table.

use futures_util::StreamExt as _;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use tvaers_protocol::id::Sector;
use tvaers_protocol::problem::{Exit, Problem};

use super::{Moment, Source, SourceError};
use crate::table::{Column, Kind, Table, tables};

const DOING: &str = "looking at the tables";

/// What was seen of a server's tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Every problem with its mend; the source can be used where there is none.
    pub problems: Vec<Problem>,
    /// Rights that the role has and does not need.
    pub writable: Writable,
}

/// What a role may write though it only needs to read. The node never does: its transactions are read-only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writable {
    /// Whether the role is a superuser.
    pub superuser: bool,
    /// The tables that it may change.
    pub tables: Vec<&'static str>,
}

/// One column as the server has it.
struct Offered {
    name: String,
    /// The type, of a domain the one below it.
    of_type: String,
    /// Its category, `S` for texts and `E` for enumerations.
    category: String,
    readable: bool,
}

impl Source {
    /// Looks at the tables of a sector.
    ///
    /// # Errors
    /// [`SourceError`] where the server cannot be asked. What is wrong with the tables is in the [`Look`].
    pub async fn look(&self, sector: Sector) -> Result<Look, SourceError> {
        let mut moment = self.moment().await?;
        let look = look(&mut moment, sector).await?;
        moment.end().await;
        Ok(look)
    }
}

/// The same within a moment.
pub(super) async fn look(moment: &mut Moment, sector: Sector) -> Result<Look, SourceError> {
    let superuser = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
    let superuser = moment.fetch_one(DOING, sqlx::query(superuser)).await?;
    let superuser = superuser.try_get(0).map_err(|error| moment.failed(DOING, &error))?;
    let mut look = Look { problems: Vec::new(), writable: Writable { superuser, tables: Vec::new() } };
    for table in tables(sector) {
        let offered = offered(moment, table).await?;
        let Some((columns, writable)) = offered else {
            look.problems.push(missing_table(moment.place(), table));
            continue;
        };
        let problems =
            table.columns.iter().filter_map(|column| problem(moment.place(), table, column, &columns));
        look.problems.extend(problems);
        if writable {
            look.writable.tables.push(table.name);
        }
    }
    Ok(look)
}

/// The columns of a table or view, and whether the role may write it; `None` where there is no such table.
async fn offered(moment: &mut Moment, table: &Table) -> Result<Option<(Vec<Offered>, bool)>, SourceError> {
    let sql = "
        SELECT CAST(a.attname AS text), format_type(b.oid, NULL), CAST(b.typcategory AS text),
            has_column_privilege(c.oid, a.attnum, 'SELECT'),
            c.relkind IN ('r', 'p', 'v', 'm', 'f'),
            has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
        FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_type AS t ON t.oid = a.atttypid
        JOIN pg_type AS b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
        WHERE c.oid = to_regclass($1)";
    let query = sqlx::query(sql).bind(format!("\"{}\"", table.name));
    let read = |row: &PgRow| {
        let offered = Offered {
            name: row.try_get(0)?,
            of_type: row.try_get(1)?,
            category: row.try_get(2)?,
            readable: row.try_get(3)?,
        };
        Ok((offered, row.try_get(4)?, row.try_get(5)?))
    };
    let place = moment.place().to_owned();
    let mut rows = moment.fetch(DOING, query);
    let (mut columns, mut is_table, mut is_writable) = (Vec::new(), false, false);
    while let Some(row) = rows.next().await {
        let row: Result<(Offered, bool, bool), sqlx::Error> = read(&row?);
        let (column, table, writable) = row.map_err(|error| SourceError::statement(&place, DOING, &error))?;
        columns.push(column);
        (is_table, is_writable) = (table, writable);
    }
    Ok(is_table.then_some((columns, is_writable)))
}

fn missing_table(place: &str, table: &Table) -> Problem {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    Problem::new(Exit::BadInput, "source.table", format_args!("there is no table or view `{}`", table.name))
        .at(place)
        .expected(format_args!("a view with the columns {}", columns.join(", ")))
        .next("create the view, and let the role use its schema; `schema` in the configuration names another one")
}

/// What is wrong with one column.
fn problem(place: &str, table: &Table, column: &Column, offered: &[Offered]) -> Option<Problem> {
    let at = format!("{place}, `{}`.`{}`", table.name, column.name);
    let types = types(column.kind);
    let Some(found) = offered.iter().find(|offered| offered.name == column.name) else {
        let what = format_args!("the view `{}` has no column `{}`", table.name, column.name);
        let null = if column.required { "" } else { ", NULL where it is not known" };
        let expected = format_args!("{} of type {types}{null}", column.kind.expected());
        return Some(
            Problem::new(Exit::BadInput, "source.column", what)
                .at(at)
                .expected(expected)
                .next("add the column to the view"),
        );
    };
    if !is_of(column.kind, found) {
        let what = format_args!("the column is of type {}", found.of_type);
        return Some(
            Problem::new(Exit::BadInput, "source.type", what)
                .at(at)
                .expected(types)
                .next(format_args!("write it in the view as {}", mend(column, &found.of_type))),
        );
    }
    (!found.readable).then(|| {
        Problem::new(Exit::Failed, "source.right", "the role may not read the column")
            .at(at)
            .expected("the right to SELECT")
            .next(format_args!("GRANT SELECT ON \"{}\" to the node's role", table.name))
    })
}

/// The types that a column may have, in words.
const fn types(kind: Kind) -> &'static str {
    match kind {
        Kind::Person | Kind::OneOf(_) | Kind::Code(_) | Kind::Text(_) => "text",
        Kind::Date => "date",
        Kind::Time => "timestamp without time zone (local time)",
        Kind::Integer(..) | Kind::Kommune => "smallint, integer or bigint",
        Kind::Money => "numeric, in kroner, or a whole number",
        Kind::Decimal => "numeric, double precision or real",
    }
}

/// Whether the statements can use the column as it is.
fn is_of(kind: Kind, offered: &Offered) -> bool {
    let whole = ["smallint", "integer", "bigint"];
    let of_type = &*offered.of_type;
    match kind {
        Kind::Person | Kind::OneOf(_) | Kind::Code(_) | Kind::Text(_) => {
            matches!(&*offered.category, "S" | "E")
        }
        Kind::Date => of_type == "date",
        Kind::Time => of_type == "timestamp without time zone",
        Kind::Integer(..) | Kind::Kommune => whole.contains(&of_type),
        // A binary fraction of kroner is not exact to the øre.
        Kind::Money => of_type == "numeric" || whole.contains(&of_type),
        Kind::Decimal => {
            matches!(of_type, "numeric" | "double precision" | "real") || whole.contains(&of_type)
        }
    }
}

/// How the view may write the column.
fn mend(column: &Column, found: &str) -> String {
    let name = column.name;
    match column.kind {
        Kind::Person | Kind::OneOf(_) | Kind::Code(_) | Kind::Text(_) => format!("CAST(\"{name}\" AS text)"),
        Kind::Date => format!("CAST(\"{name}\" AS date)"),
        Kind::Time if found == "timestamp with time zone" => {
            format!("date_trunc('minute', \"{name}\" AT TIME ZONE 'Europe/Copenhagen')")
        }
        Kind::Time => format!("date_trunc('minute', CAST(\"{name}\" AS timestamp))"),
        Kind::Integer(..) | Kind::Kommune => format!("CAST(\"{name}\" AS integer)"),
        Kind::Money => format!("CAST(\"{name}\" AS numeric(12, 2))"),
        Kind::Decimal => format!("CAST(\"{name}\" AS double precision)"),
    }
}
