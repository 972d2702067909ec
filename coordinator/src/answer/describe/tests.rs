//! The report has a Danish form of every word.

use jiff::civil::date;
use serde_json::json;
use tvaers_definitions::library::Library;
use tvaers_query::indicator::queries;
use tvaers_query::query::Party;

use super::*;
use crate::testing;

/// What a report tells in English to those who read Danish.
fn untold(notes: &[String], definitions: &[Definition]) -> Vec<String> {
    let object = json!({ "notes": notes, "definitions": definitions });
    tvaers_report::untold(&object.to_string()).unwrap()
}

fn of_query(query: &Query) -> Vec<String> {
    untold(&notes(query), &definitions(query))
}

#[test]
fn every_feature_is_told_in_danish() {
    let library = Library::embedded().unwrap();
    for feature in library.catalogue().features() {
        for sector in [Sector::Municipality, Sector::Region] {
            assert!(untold(&[], &[definition(feature, sector)]).is_empty(), "{}", feature.name);
        }
    }
}

#[test]
fn every_kind_of_query_is_told_in_danish() {
    let of = |body: &str| {
        let head = format!("name = \"q\"\nas_of = 2026-02-28\n{body}\n");
        testing::query(&format!("{head}[privacy]\nrho = 0.5\n[nodes]\nsector = \"municipality\"\n"))
    };
    for body in [
        "kind = \"count\"",
        "kind = \"count\"\nby = [\"kommune\"]",
        "kind = \"count\"\nby = [\"support\"]",
        "kind = \"sum\"\nfeature = \"age\"",
        "kind = \"mean\"\nfeature = \"age\"",
        "kind = \"histogram\"\nfeature = \"age\"\nbins = [0, 50, 100]",
        "kind = \"quantiles\"\nfeature = \"age\"\nbins = [0, 50, 100]\nprobabilities = [0.5]",
    ] {
        let query = of(body);
        assert!(!notes(&query).is_empty() && of_query(&query).is_empty(), "{body}: {:?}", of_query(&query));
    }
    assert_eq!(untold(&["A new note.".to_owned()], &[]), ["A new note."], "a test that can fail");
}

#[test]
fn every_query_of_an_indicator_is_told_in_danish() {
    let library = Library::embedded().unwrap();
    let roster = testing::roster();
    let parties: Vec<Party> = roster.roster().members_on(date(2026, 2, 28)).map(Party::from).collect();
    let mut asked = 0;
    for indicator in library.indicators() {
        let queries =
            queries(indicator, date(2026, 2, 28), 1_000_000, library.catalogue(), &parties).unwrap();
        for query in &queries {
            assert!(of_query(query).is_empty(), "{}: {:?}", indicator.name, of_query(query));
        }
        asked += queries.len();
    }
    assert!(asked > 0);
}
