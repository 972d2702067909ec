//! Rows at a server, offered as an institution offers them: tables of its own, and views over them that a role of
//! the node's may read.

use tvaers_protocol::id::Sector;
use tvaers_warehouse::table::{Column, Kind, Table, tables};

use super::server::Database;

/// The schema of the views.
pub(crate) const SCHEMA: &str = "offered";

/// The role's password, which no message may hold.
pub(crate) const PASSWORD: &str = "kun-til-os";

/// Of which types the columns are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Types {
    /// The first that comes to mind.
    Plain,
    /// Others that can be used, with texts that are compared as Danish is.
    Other,
}

/// Fills the tables of a sector from the content of their files, and offers them; gives the URL of the role that may
/// read them. An import of files drops rows that stand twice under one key; here the view does.
pub(crate) async fn offer(
    database: &mut Database,
    sector: Sector,
    types: Types,
    file: impl Fn(&Table) -> String,
) -> String {
    database.run(format!("CREATE SCHEMA stored; CREATE SCHEMA {SCHEMA}; CREATE DOMAIN day AS date")).await;
    for table in tables(sector) {
        for column in table.columns {
            if let Kind::OneOf(words) = column.kind {
                let (name, words) = (enumeration(table, column), words.join("', '"));
                database.run(format!("CREATE TYPE {name} AS ENUM ('{words}')")).await;
            }
        }
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("\"{}\" {}", column.name, of_type(table, column, types)))
            .collect();
        let distinct = if table.key.is_some() { "DISTINCT" } else { "" };
        database
            .run(format!(
                "CREATE TABLE stored.\"{0}\" ({1}); \
                 CREATE VIEW {SCHEMA}.\"{0}\" AS SELECT {distinct} * FROM stored.\"{0}\"",
                table.name,
                columns.join(", ")
            ))
            .await;
        let text = file(table);
        let header = text.lines().next().unwrap_or_default().replace(',', "\",\"");
        let copy =
            format!("COPY stored.\"{}\" (\"{header}\") FROM STDIN WITH (FORMAT csv, HEADER)", table.name);
        let mut copy = database.owner.copy_in_raw(&copy).await.unwrap();
        copy.send(text.into_bytes()).await.unwrap();
        copy.finish().await.unwrap();
    }
    let usage = format!("GRANT USAGE ON SCHEMA {SCHEMA} TO READER");
    let select = format!("GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO READER");
    database.role(PASSWORD, &format!("{usage}; {select}")).await
}

fn enumeration(table: &Table, column: &Column) -> String {
    format!("\"{}_{}\"", table.name, column.name)
}

fn of_type(table: &Table, column: &Column, types: Types) -> String {
    let (plain, other) = match column.kind {
        Kind::Person => ("text", "character(10)".to_owned()),
        Kind::Date => ("date", "day".to_owned()),
        Kind::Time => ("timestamp", "timestamp(0)".to_owned()),
        Kind::Integer(..) => ("integer", "smallint".to_owned()),
        Kind::Kommune => ("integer", "bigint".to_owned()),
        Kind::Money => ("numeric", "numeric(12, 2)".to_owned()),
        Kind::Decimal => ("double precision", "numeric".to_owned()),
        Kind::OneOf(_) => ("text", enumeration(table, column)),
        Kind::Code(_) => ("text", "character varying(200)".to_owned()),
        Kind::Text(_) => ("text", "text COLLATE \"da-x-icu\"".to_owned()),
    };
    if types == Types::Plain { plain.to_owned() } else { other }
}
