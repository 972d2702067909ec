//! The statement itself: what it asks of the database, in which words, and when it cannot be made.

use tvaers_definitions::schema::{ColumnKind, TABLES};
use tvaers_definitions::source::Source;
use tvaers_protocol::id::Sector;

use super::*;
use crate::table::{self, Storage};

fn statement(holding: Holding<'_>, grain: Grain, dialect: Dialect) -> Statement {
    let library = Library::embedded().unwrap();
    let model = library.model("sad").unwrap();
    Extraction { model, holding, as_of: AS_OF, grain }.statement(dialect).unwrap()
}

const REGION: Holding<'static> = Holding::Region { members: &[360, 376] };
const MUNICIPALITY: Holding<'static> = Holding::Municipality { own: 360 };

#[test]
fn the_tables_that_rules_may_name_are_the_tables_of_the_database() {
    for known in TABLES {
        let table = table::table(known.name).unwrap();
        assert_eq!(table.sector, known.sector);
        let names = |name: &str| table.column(name).map(|column| column.kind.storage());
        for column in known.columns {
            let storage = match column.kind {
                ColumnKind::Text | ColumnKind::List | ColumnKind::Date | ColumnKind::Time => Storage::Text,
                ColumnKind::Integer | ColumnKind::Money => Storage::Integer,
                ColumnKind::Decimal => Storage::Real,
            };
            assert_eq!(names(column.name), Some(storage), "{}.{}", known.name, column.name);
        }
        assert_eq!(table.columns.len(), known.columns.len());
    }
}

/// Every statement that there is for the embedded models and features, with its parameters in place too.
fn all(holding: Holding<'_>, dialect: Dialect) -> Vec<(String, String, String)> {
    let library = Library::embedded().unwrap();
    let mut statements = Vec::new();
    for model in library.models() {
        for grain in [Grain::Points, Grain::Counts, Grain::Events] {
            let one = Extraction { model, holding, as_of: AS_OF, grain }.statement(dialect).unwrap();
            let name = format!("{} at {grain}", model.name);
            statements.push((name, one.sql().to_owned(), one.explain(dialect)));
        }
        let events = EventExtraction { model, holding, as_of: AS_OF, groups: u16::MAX };
        if let Some(one) = events.statement(dialect).unwrap() {
            let name = format!("events of {}", model.name);
            statements.push((name, one.sql().to_owned(), one.explain(dialect)));
        }
    }
    let feature = |name: &str| &**library.catalogue().feature(name).unwrap();
    let features: Vec<_> = library.catalogue().features().iter().map(|feature| &**feature).collect();
    let held: Vec<_> = features.into_iter().filter(|feature| feature.holder.is(holding.sector())).collect();
    let (resident, kommune) = (feature("resident"), feature("kommune"));
    let one = FeatureExtraction { features: &held, resident, kommune, holding, as_of: AS_OF };
    let one = one.statement(dialect).unwrap();
    statements.push(("features".to_owned(), one.sql().to_owned(), one.explain(dialect)));
    let conditions: Vec<_> = held.iter().map(|feature| (*feature, Test::Among(vec![1]))).collect();
    let (by, age) = ([feature("sex"), feature("age_band")], feature("age"));
    for sum in [None, Some(age)] {
        let one = CellExtraction {
            sum,
            counted: false,
            bins: None,
            by: &by,
            conditions: &conditions,
            resident,
            kommune,
            holding,
            as_of: AS_OF,
        };
        let one = one.statement(dialect).unwrap();
        statements.push(("cells".to_owned(), one.sql().to_owned(), one.explain(dialect)));
    }
    statements
}

#[test]
fn each_table_is_read_once_and_once_more_where_its_rows_are_merged() {
    for holding in [REGION, MUNICIPALITY] {
        for (name, sql, _) in all(holding, Dialect::Sqlite) {
            for table in table::tables(holding.sector()) {
                let reads = sql.matches(&format!("FROM \"{}\" ", table.name)).count();
                let reads_all = ["features", "cells"].contains(&name.as_str());
                let max = match table.name {
                    // Stays are merged for the window, from an earlier day, and with all that lies before it.
                    "hospital_contacts" if reads_all => 4,
                    "hospital_contacts" => 2,
                    // Residence on the day, and at death.
                    "residence" if reads_all => 2,
                    _ => 1,
                };
                assert!(reads <= max, "{reads} of {} in {name}", table.name);
                assert!(!reads_all || reads == max, "{reads} of {} in {name}", table.name);
            }
        }
    }
}

#[test]
fn no_value_stands_in_the_text_and_every_value_in_the_explanation() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        for (name, sql, _) in all(REGION, dialect).into_iter().chain(all(MUNICIPALITY, dialect)) {
            assert!(!sql.contains('\''), "{name}: {sql}");
        }
        let region = statement(REGION, Grain::Points, dialect);
        for value in ["DF43", "2024", "'80'", "360"] {
            assert!(!region.sql().contains(value), "{value}");
            assert!(region.explain(dialect).contains(value), "{value}");
        }
    }
}

#[test]
fn each_database_is_asked_in_its_own_words_only() {
    for (dialect, of_the_other) in [
        (Dialect::Sqlite, ["strpos(", "LEAST(", "date_part(", "interval", "COLLATE"]),
        (Dialect::Postgres, ["instr(", "unixepoch(", "'unixepoch'", "'floor'", " MAX(CAST"]),
    ] {
        for (name, _, explained) in all(REGION, dialect).into_iter().chain(all(MUNICIPALITY, dialect)) {
            for word in of_the_other {
                assert!(!explained.contains(word), "`{word}` in {name}");
            }
        }
    }
}

#[test]
fn the_two_databases_are_asked_for_days_in_their_own_words() {
    let sqlite = statement(MUNICIPALITY, Grain::Counts, Dialect::Sqlite).explain(Dialect::Sqlite);
    assert!(sqlite.contains("unixepoch(\"first_day\") / 86400"));
    assert!(sqlite.contains("\"first_day\" < '2026-03-01'"));
    let postgres = statement(MUNICIPALITY, Grain::Counts, Dialect::Postgres).explain(Dialect::Postgres);
    assert!(postgres.contains("CAST(\"first_day\" AS date) - CAST('1970-01-01' AS date)"));
    assert!(postgres.contains("\"first_day\" < CAST('2026-03-01' AS date)"));
    assert!(postgres.contains("LEAST(") && !postgres.contains("unixepoch"));
    let postgres = statement(REGION, Grain::Counts, Dialect::Postgres).explain(Dialect::Postgres);
    assert!(postgres.contains("strpos(") && !postgres.contains("instr("));
}

#[test]
fn a_reference_date_at_the_end_of_the_calendar_is_refused() {
    let library = Library::embedded().unwrap();
    let feature = |name: &str| &**library.catalogue().feature(name).unwrap();
    let (resident, kommune) = (feature("resident"), feature("kommune"));
    for as_of in [Date::MAX, Date::MIN] {
        for holding in [REGION, MUNICIPALITY] {
            let mut errors = Vec::new();
            for model in library.models() {
                let extraction = Extraction { model, holding, as_of, grain: Grain::Counts };
                errors.push(extraction.statement(Dialect::Sqlite).unwrap_err());
                let extraction = EventExtraction { model, holding, as_of, groups: u16::MAX };
                errors.extend(extraction.statement(Dialect::Sqlite).err());
            }
            let name = match holding.sector() {
                Sector::Region => "bed_days_1y",
                Sector::Municipality => "cost_municipal_social_1y",
            };
            let features = [feature(name)];
            let extraction = FeatureExtraction { features: &features, resident, kommune, holding, as_of };
            errors.push(extraction.statement(Dialect::Sqlite).unwrap_err());
            for error in errors {
                assert!(matches!(error, SqlError::Calendar { .. }), "{error}");
            }
        }
    }
}

/// Rules that SAD does not use: age as a component, two windows over one table, lists compared as wholes.
#[tokio::test]
async fn rules_that_sad_does_not_use_are_compiled_too() {
    let feature = |name: &str, window: &str, kind: &str, rule: &str| {
        format!(
            "[[feature]]\nname = \"{name}\"\nsector = \"region\"\nwindow = \"{window}\"\nkind = {kind}\n\
             da = \"x\"\nen = \"x\"\n{rule}\n"
        )
    };
    let count = "[feature.rule.count-rows]\ntable = \"hospital_contacts\"\ndate = \"start\"";
    let listed = format!(
        "{count}\n[[feature.rule.count-rows.where]]\ncolumns = [\"dx_secondary\"]\nany-of = [\"DE119\"]"
    );
    let many = "{ integer = { from = 1, to = 9 } }";
    let extra = [
        feature("all", "ever", many, count),
        feature("month", "1 month", many, count),
        feature("listed", "ever", many, &listed),
        feature(
            "old",
            "on-day",
            "{ integer = { from = 0, to = 120 } }",
            "[feature.rule.age]\nbirth = \"birth_date\"",
        ),
        feature(
            "not_women",
            "on-day",
            "\"flag\"",
            "[feature.rule.person]\ncolumn = \"sex\"\nnone-of = [\"F\"]",
        ),
    ]
    .concat();
    let names = ["all", "month", "listed", "old", "not_women"];
    let components: String = names
        .map(|name| {
            format!(
                "[[component]]\nname = \"{name}\"\nfeature = \"{name}\"\ncombine = \"max\"\n\
                 bands = [{{ from = 1, points = 1 }}]\n[[criterion]]\nname = \"{name}\"\ncomponents = [\"{name}\"]\n"
            )
        })
        .concat();
    let model = format!(
        "name = \"other\"\nversion = 1\nda = \"x\"\nen = \"x\"\n[population]\nresident = \"resident\"\n\
         kommune = \"kommune\"\nage = \"age\"\nfrom = 0\nto = 120\n{components}\
         [result]\ntotal = \"sum-of-criteria\"\nincluded = {{ strata = [\"any\"] }}\n[[stratum]]\nname = \"any\"\nfrom = 0\nto = 5\n"
    );
    let mut catalogue = tvaers_definitions::library::CATALOGUE.to_vec();
    catalogue.push(Source { file: "extra.toml", text: &extra });
    let library = Library::read(&catalogue, &[Source { file: "other.toml", text: &model }], &[]).unwrap();

    let mut region = Database::of(Sector::Region).await;
    region.patient(1, "1980-02-28", None, Some(360)).await;
    region.patient(2, "1980-03-01", None, Some(360)).await;
    region.hospital(1, "2026-01-28T10:00", Some("DI10"), Some("DE1190|DF32")).await;
    region.hospital(1, "2026-01-29T00:00", Some("DI10"), Some("DF32|DE119")).await;
    region.hospital(1, "2026-02-28T23:59", Some("DI10"), None).await;
    let rows = region.rows(library.model("other").unwrap(), AS_OF, Grain::Counts).await;
    let values: Vec<Vec<u32>> = rows.into_iter().map(|row| row.values).collect();
    // The least value of a clamp holds for one who has nothing.
    assert_eq!(values, [[3, 2, 1, 46, 0], [1, 1, 1, 45, 0]]);
}
