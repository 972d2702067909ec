//! The views of an institution's PostgreSQL server, brought to the form that the embedded database has.
//!
//! A statement for PostgreSQL begins with a common table for each view, under the view's own name. Whatever type a
//! view may have for a column (`table::accepts`), the rules then see one: text compared letter by letter, whatever
//! the server's language; days as `date`; times as `timestamp`; whole numbers as `bigint`; money in øre.

use sea_query::{CommonTableExpression, Expr, Query};
use tvaers_protocol::id::Sector;

use crate::table::{Column, Kind, Table, tables};

/// The common tables of a sector. One that a statement does not read costs nothing: the server leaves it out.
pub(super) fn all(sector: Sector) -> impl Iterator<Item = CommonTableExpression> {
    tables(sector).iter().map(view)
}

/// The reference within the common table is to the view, for only a recursive one could mean itself.
fn view(table: &'static Table) -> CommonTableExpression {
    let mut select = Query::select();
    for column in table.columns {
        select.expr_as(Expr::cust(canonical(column)), column.name);
    }
    let mut view = CommonTableExpression::new();
    // Worked out where it is read, so that conditions and indices of the view are used.
    view.table_name(table.name).query(select.from(table.name).take()).materialized(false);
    view
}

/// A column of a view in its canonical form. The name is a constant of the description of the tables.
pub(crate) fn canonical(column: &Column) -> String {
    let name = column.name;
    match column.kind {
        Kind::Person | Kind::OneOf(_) | Kind::Code(_) | Kind::Text(_) => {
            format!("CAST(\"{name}\" AS text) COLLATE \"C\"")
        }
        Kind::Date => format!("CAST(\"{name}\" AS date)"),
        Kind::Time => format!("CAST(\"{name}\" AS timestamp)"),
        Kind::Integer(..) | Kind::Kommune => format!("CAST(\"{name}\" AS bigint)"),
        Kind::Money => format!("CAST(CAST(\"{name}\" AS numeric) * 100 AS bigint)"),
        Kind::Decimal => format!("CAST(\"{name}\" AS double precision)"),
    }
}
