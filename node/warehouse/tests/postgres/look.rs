//! Every table, column, type and right that is not as it should be is named, with a mend that mends it.

use jiff::civil::date;
use tvaers_protocol::id::Sector;
use tvaers_protocol::problem::Problem;
use tvaers_warehouse::source::Writable;
use tvaers_warehouse::table::{Kind, tables};

use super::offer::{SCHEMA, Types};
use super::sample::Sample;
use super::served::{Served, told};

async fn served(sector: Sector) -> Served {
    Served::of(&Sample::draw(sector, 5, date(2026, 2, 28), 20), Types::Plain).await
}

async fn problems(served: &Served) -> Vec<Problem> {
    served.source.look(served.sector).await.unwrap().problems
}

/// Writes a view anew, with an expression in place of one column; an empty one leaves the column out.
async fn rewrite(served: &mut Served, table: &str, column: &str, expression: &str) {
    let described = tables(served.sector).iter().find(|known| known.name == table).unwrap();
    let columns: Vec<String> = described
        .columns
        .iter()
        .filter_map(|other| match (other.name == column, expression) {
            (false, _) => Some(format!("\"{}\"", other.name)),
            (true, "") => None,
            (true, _) => Some(format!("{expression} AS \"{column}\"")),
        })
        .collect();
    served
        .run(format!(
            "DROP VIEW IF EXISTS {SCHEMA}.{table}; CREATE VIEW {SCHEMA}.{table} AS SELECT {} FROM stored.{table}; \
             GRANT SELECT ON {SCHEMA}.{table} TO {}_reader",
            columns.join(", "),
            served.database.name
        ))
        .await;
}

#[tokio::test]
async fn tables_as_they_are_meant_have_no_problem() {
    for sector in [Sector::Region, Sector::Municipality] {
        let look = served(sector).await.source.look(sector).await.unwrap();
        assert_eq!(look.problems, []);
        assert_eq!(look.writable, Writable::default());
    }
}

#[tokio::test]
async fn a_missing_table_and_a_missing_column_are_named() {
    let mut served = served(Sector::Region).await;
    served.run(format!("DROP VIEW {SCHEMA}.transport")).await;
    rewrite(&mut served, "prescriptions", "atc", "").await;
    let found = problems(&served).await;
    assert_eq!(found.len(), 2);
    assert!(found[0].what.contains("no column `atc`") && found[0].place.contains("`prescriptions`.`atc`"));
    assert!(found[0].expected.contains("an ATC code"));
    assert!(
        found[1].what.contains("`transport`")
            && found[1].expected.contains("person_id, date, kind, cost_dkk")
    );
    // A registration says the same, all at once.
    let error = told(served.register().await.unwrap_err());
    assert!(error.contains("`atc`") && error.contains("`transport`"), "{error}");
    assert_eq!(std::fs::read_dir(served.home.path()).unwrap().count(), 0, "nothing is kept");
}

#[tokio::test]
async fn a_type_that_cannot_be_used_is_named_and_its_mend_mends_it() {
    for sector in [Sector::Region, Sector::Municipality] {
        let mut served = served(sector).await;
        for table in tables(sector) {
            for column in table.columns {
                // As other systems store such values.
                let stored = match column.kind {
                    Kind::Date => "timestamp",
                    Kind::Time => "timestamptz",
                    Kind::Integer(..) | Kind::Kommune => "numeric",
                    Kind::Money => "double precision",
                    Kind::Decimal | Kind::Person => "text",
                    Kind::OneOf(_) | Kind::Code(_) | Kind::Text(_) => "bytea",
                };
                if matches!(column.kind, Kind::Person) || stored == "bytea" {
                    continue;
                }
                rewrite(
                    &mut served,
                    table.name,
                    column.name,
                    &format!("CAST(\"{}\" AS {stored})", column.name),
                )
                .await;
                let found = problems(&served).await;
                assert_eq!(found.len(), 1, "{}.{}: {found:?}", table.name, column.name);
                assert!(found[0].place.contains(&format!("`{}`.`{}`", table.name, column.name)));
                let mend = found[0].next.strip_prefix("write it in the view as ").unwrap();
                let mended = mend.replace(
                    &format!("\"{}\"", column.name),
                    &format!("CAST(\"{}\" AS {stored})", column.name),
                );
                rewrite(&mut served, table.name, column.name, &mended).await;
                assert_eq!(problems(&served).await, [], "{mended}");
            }
        }
        served.register().await.unwrap();
    }
    let mut served = served(Sector::Municipality).await;
    rewrite(&mut served, "persons", "a_kasse", "CAST(\"a_kasse\" AS bytea)").await;
    rewrite(&mut served, "sick_leave", "person_id", "CAST(\"person_id\" AS bigint)").await;
    let found = problems(&served).await;
    assert!(found[0].what.contains("of type bytea") && found[1].what.contains("of type bigint"), "{found:?}");
}

#[tokio::test]
async fn a_right_that_is_missing_and_one_too_many_are_named() {
    let mut served = served(Sector::Region).await;
    let role = format!("{}_reader", served.database.name);
    served.run(format!("REVOKE SELECT ON {SCHEMA}.patients FROM {role}")).await;
    let found = problems(&served).await;
    assert_eq!(found.len(), tables(Sector::Region)[0].columns.len());
    assert!(found.iter().all(|problem| problem.next.contains("GRANT SELECT ON \"patients\"")), "{found:?}");
    served.run(format!("GRANT SELECT, DELETE ON {SCHEMA}.patients TO {role}")).await;
    let look = served.source.look(Sector::Region).await.unwrap();
    assert_eq!(look.problems, []);
    assert_eq!(look.writable, Writable { superuser: false, tables: vec!["patients"] });
    served.run(format!("REVOKE USAGE ON SCHEMA {SCHEMA} FROM {role}")).await;
    let found = problems(&served).await;
    assert_eq!(found.len(), tables(Sector::Region).len(), "what the role may not see is not there for it");
    assert!(found[0].next.contains("let the role use its schema"));
}
