//! One question has one text and one digest, however it is written.

use proptest::prelude::*;

use super::*;

const PLAIN: &str = r#"name = "gp-contacts-by-age"
kind = "count"
by = ["age_band", "sex"]
as_of = 2026-02-28

[[where]]
feature = "age"
from = 65
to = 120

[privacy]
epsilon = 0.5
"#;

#[test]
fn the_text_of_a_query_is_pinned_and_reads_back_as_the_query() {
    let query = parse(EXAMPLE).unwrap();
    assert_eq!(query.text(), PLAIN);
    assert_eq!(parse(PLAIN).unwrap(), query);
}

#[test]
fn order_comments_and_ways_of_writing_leave_no_trace() {
    let other = r#"
# The same, by another hand.
as_of = 2026-02-28
by = ["sex",
      "age_band"]
nodes = { of = "all" }
privacy = { mechanism = "discrete_gaussian", epsilon = 5e-1 }
kind = 'count'
name = "gp-contacts-by-age"
[[where]]
above = 64
below = 1_000
feature = "age"
[[where]]
from = 0x41
feature = "age"
"#;
    let (query, other) = (parse(EXAMPLE).unwrap(), parse(other).unwrap());
    assert_eq!(other, query);
    assert_eq!(other.digest(), query.digest());
}

#[test]
fn what_is_asked_changes_both_digests_and_a_name_or_the_nodes_only_the_whole_ones() {
    let query = parse(EXAMPLE).unwrap();
    for (from, to) in [
        ("65", "66"),
        ("2026-02-28", "2026-02-27"),
        ("epsilon = 0.5", "rho = 0.5"),
        ("epsilon = 0.5", "epsilon = 0.6"),
        ("epsilon = 0.5", ""),
        ("\"sex\", ", ""),
        ("\"count\"", "\"sum\"\nfeature = \"last_spell_days\""),
        ("of = \"all\"", "sector = \"region\""),
    ] {
        let other = changed(from, to).unwrap();
        assert_ne!(other.digest(), query.digest(), "{to}");
        assert_ne!(other.question_digest(), query.question_digest(), "{to}");
    }
    for (from, to) in [("gp-contacts-by-age", "renamed"), ("of = \"all\"", "of = [\"k360\"]")] {
        let other = changed(from, to).unwrap();
        assert_ne!(other.digest(), query.digest(), "{to}");
        assert_eq!(other.question_digest(), query.question_digest(), "{to}");
    }
}

#[test]
fn the_cells_of_another_roster_or_catalogue_are_another_question() {
    let text = EXAMPLE.replace("\"sex\"", "\"kommune\"");
    let parse = |parties: &[Party]| Query::parse(&text, "q", library().catalogue(), parties).unwrap();
    assert_ne!(parse(&parties()).question_digest(), parse(&parties()[..4]).question_digest());
}

fn of(values: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(values)
}

prop_compose! {
    fn query()(
        kind in of(&["count\"", "sum\"\nfeature = \"last_spell_days\"", "sum\"\nfeature = \"coherence_change\""]),
        by in prop::sample::subsequence(vec!["unemployed", "sex", "kommune", "age_band", "civil_status"], 0..=3).prop_shuffle(),
        conditions in prop::collection::vec(of(&[
            "feature = \"age\"\nfrom = 18", "feature = \"age\"\nbelow = 66", "feature = \"coherence_change\"\nany_of = [-4, 4, 0]",
            "feature = \"kommune\"\nany_of = [461, 360]", "feature = \"sex\"\nis = \"M\"",
            "feature = \"civil_status\"\nany_of = [\"enlig\", \"gift\"]", "feature = \"unemployed\"\nis = 0",
        ]), 0..5),
        privacy in of(&["", "[privacy]\nrho = 0.001\n", "[privacy]\nepsilon = 1e6\n", "[privacy]\nmechanism = \"discrete_gaussian\"\n"]),
        nodes in of(&["", "[nodes]\nof = \"all\"\n", "[nodes]\nsector = \"municipality\"\n", "[nodes]\nof = [\"k461\", \"k360\"]\n"]),
    ) -> String {
        let conditions: String = conditions.iter().map(|c| format!("[[where]]\n{c}\n")).collect();
        format!("name = \"q\"\nkind = \"{kind}\nby = {by:?}\nas_of = 2026-02-28\n{conditions}{privacy}{nodes}")
    }
}

proptest! {
    #[test]
    fn every_query_reads_back_from_its_text(text in query()) {
        let query = parse(&text).map_err(|faults| TestCaseError::fail(format!("{faults:?}")))?;
        let again = parse(&query.text()).map_err(|faults| TestCaseError::fail(format!("{faults:?}")))?;
        prop_assert_eq!(&again.text(), &query.text());
        prop_assert_eq!(again.digest(), query.digest());
        prop_assert_eq!(again.question_digest(), query.question_digest());
        prop_assert_eq!(again.cells().len(), query.cells_len());
        for party in parties() {
            prop_assert_eq!(again.asks(&party), query.asks(&party));
        }
    }
}
