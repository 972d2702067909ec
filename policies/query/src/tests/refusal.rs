//! Every way in which a file can be wrong: the code, the place, and that nothing else is blamed.

use proptest::prelude::*;

use super::*;

/// Code, line, column and key.
type Told<'a> = (&'static str, usize, usize, &'a str);

fn told(faults: &[Fault]) -> Vec<Told<'_>> {
    faults.iter().map(|fault| (fault.code, fault.line, fault.column, fault.key.as_str())).collect()
}

#[test]
fn one_wrong_place_is_one_fault_with_its_code_and_place() {
    // What is replaced in the example, by what, and the fault.
    let cases: &[(&str, &str, Told<'_>)] = &[
        ("name = \"gp-contacts-by-age\"", "name = \"Æ\"", ("query.name", 1, 8, "name")),
        ("gp-contacts-by-age", "../results", ("query.name", 1, 8, "name")),
        ("gp-contacts-by-age", "", ("query.name", 1, 8, "name")),
        ("name = \"gp-contacts-by-age\"\n", "", ("query.missing", 1, 1, "name")),
        ("kind = \"count\"\n", "", ("query.missing", 1, 1, "kind")),
        ("\"count\"", "\"average\"", ("query.kind", 2, 8, "kind")),
        ("\"count\"", "\"mean\"", ("query.feature-of-sum", 1, 1, "feature")),
        ("\"count\"", "\"mean\"\nfeature = \"sex\"", ("query.feature-of-sum", 3, 11, "feature")),
        ("\"count\"", "\"histogram\"\nfeature = \"age\"", ("query.missing", 1, 1, "bins")),
        ("\"count\"", "\"histogram\"\nbins = [0]", ("query.feature-of-sum", 1, 1, "feature")),
        ("\"count\"", "\"histogram\"\nfeature = \"age\"\nbins = []", ("query.bins", 4, 8, "bins")),
        ("\"count\"", "\"histogram\"\nfeature = \"age\"\nbins = [5, 5]", ("query.bins", 4, 12, "bins[2]")),
        ("\"count\"", "\"histogram\"\nfeature = \"age\"\nbins = [5, 121]", ("query.bins", 4, 12, "bins[2]")),
        ("\"count\"", "\"histogram\"\nfeature = \"age\"\nbins = [-1]", ("query.bins", 4, 9, "bins[1]")),
        ("\"count\"", "\"histogram\"\nfeature = \"age\"\nbins = [0.5]", ("query.type", 4, 9, "bins[1]")),
        (
            "\"count\"",
            "\"histogram\"\nfeature = \"age\"\nbins = [5]\nprobabilities = [0.5]",
            ("query.unneeded", 5, 17, "probabilities"),
        ),
        (
            "\"count\"",
            "\"quantiles\"\nfeature = \"age\"\nbins = [5]\nprobabilities = []",
            ("query.probabilities", 5, 17, "probabilities"),
        ),
        (
            "\"count\"",
            "\"quantiles\"\nfeature = \"age\"\nbins = [5]\nprobabilities = [0.5, 0.5]",
            ("query.probabilities", 5, 23, "probabilities[2]"),
        ),
        (
            "\"count\"",
            "\"quantiles\"\nfeature = \"age\"\nbins = [5]\nprobabilities = [1]",
            ("query.probabilities", 5, 18, "probabilities[1]"),
        ),
        (
            "\"count\"",
            "\"quantiles\"\nfeature = \"age\"\nbins = [5]\nprobabilities = [nan]",
            ("query.probabilities", 5, 18, "probabilities[1]"),
        ),
        (
            "from = 65",
            "is = 65\n[[where]]\nfeature = \"support\"\nis = 1",
            ("query.feature-set", 10, 11, "where[2].feature"),
        ),
        ("\"count\"", "1", ("query.type", 2, 8, "kind")),
        ("\"count\"", "\"count\"\nfeature = \"age\"", ("query.feature-of-count", 3, 11, "feature")),
        ("\"count\"", "\"count\"\nbins = [0, 5]", ("query.unneeded", 3, 8, "bins")),
        ("\"count\"", "\"count\"\nprobabilities = [0.5]", ("query.unneeded", 3, 17, "probabilities")),
        ("\"count\"", "\"count\"\nlimit = 3", ("query.unknown-key", 3, 1, "limit")),
        ("\"count\"", "\"sum\"", ("query.feature-of-sum", 1, 1, "feature")),
        ("\"count\"", "\"sum\"\nfeature = \"sex\"", ("query.feature-of-sum", 3, 11, "feature")),
        ("\"count\"", "\"sum\"\nfeature = \"unemployed\"", ("query.feature-of-sum", 3, 11, "feature")),
        ("\"count\"", "\"sum\"\nfeature = \"shoe_size\"", ("query.feature", 3, 11, "feature")),
        ("[\"sex\", \"age_band\"]", "\"sex\"", ("query.type", 3, 6, "by")),
        ("[\"sex\", \"age_band\"]", "[\"sex\", 1]", ("query.type", 3, 14, "by[2]")),
        ("[\"sex\", \"age_band\"]", "[\"sex\", \"age\"]", ("query.category", 3, 14, "by[2]")),
        ("[\"sex\", \"age_band\"]", "[\"sex\", \"sex\"]", ("query.twice", 3, 14, "by[2]")),
        ("[\"sex\", \"age_band\"]", "[\"hair\"]", ("query.feature", 3, 7, "by[1]")),
        ("as_of = 2026-02-28\n", "", ("query.missing", 1, 1, "as_of")),
        ("2026-02-28", "\"2026-02-28\"", ("query.type", 4, 9, "as_of")),
        ("2026-02-28", "2026-02-28T10:00:00", ("query.type", 4, 9, "as_of")),
        ("2026-02-28", "20260228", ("query.type", 4, 9, "as_of")),
        ("feature = \"age\"\n", "", ("query.missing", 6, 1, "where[1].feature")),
        ("from = 65", "from = 65.5", ("query.type", 8, 8, "where[1].from")),
        ("from = 65\n", "", ("query.condition-tests", 6, 1, "where[1]")),
        ("from = 65", "from = 65\nabove = 70", ("query.condition-tests", 9, 9, "where[1].above")),
        ("from = 65", "to = 65\nbelow = 70", ("query.condition-tests", 9, 9, "where[1].below")),
        ("from = 65", "is = 65\nfrom = 60", ("query.condition-tests", 8, 6, "where[1].is")),
        ("from = 65", "is = 65\nany_of = [66]", ("query.condition-tests", 9, 10, "where[1].any_of")),
        ("from = 65", "any_of = []", ("query.condition-tests", 8, 10, "where[1].any_of")),
        ("from = 65", "from = 65\nto = 64", ("query.condition-range", 6, 1, "where[1]")),
        ("from = 65", "above = 120", ("query.condition-range", 6, 1, "where[1]")),
        ("from = 65", "below = 0", ("query.condition-range", 6, 1, "where[1]")),
        ("from = 65", "is = 121", ("query.condition-value", 8, 6, "where[1].is")),
        ("from = 65", "is = \"65\"", ("query.type", 8, 6, "where[1].is")),
        ("from = 65", "any_of = [65, 65]", ("query.twice", 8, 15, "where[1].any_of[2]")),
        ("from = 65", "any_of = [65, -1]", ("query.condition-value", 8, 15, "where[1].any_of[2]")),
        ("from = 65", "from = 65\nlike = 1", ("query.unknown-key", 9, 1, "where[1].like")),
        ("\"age\"\nfrom = 65", "\"sex\"\nfrom = 65", ("query.condition-type", 6, 1, "where[1]")),
        ("\"age\"\nfrom = 65", "\"sex\"\nis = \"X\"", ("query.condition-value", 8, 6, "where[1].is")),
        ("\"age\"\nfrom = 65", "\"sex\"\nis = 1", ("query.type", 8, 6, "where[1].is")),
        ("\"age\"\nfrom = 65", "\"unemployed\"\nis = 2", ("query.condition-value", 8, 6, "where[1].is")),
        ("\"age\"\nfrom = 65", "\"unemployed\"\nis = true", ("query.type", 8, 6, "where[1].is")),
        ("\"age\"\nfrom = 65", "\"unemployed\"\nto = 1", ("query.condition-type", 6, 1, "where[1]")),
        ("\"age\"\nfrom = 65", "\"kommune\"\nis = 101", ("query.condition-value", 8, 6, "where[1].is")),
        ("\"age\"\nfrom = 65", "\"kommune\"\nfrom = 360", ("query.condition-type", 6, 1, "where[1]")),
        ("[[where]]", "[where]", ("query.type", 6, 1, "where")),
        ("epsilon = 0.5", "epsilon = 0.5\nrho = 0.1", ("query.budget", 11, 11, "privacy.epsilon")),
        ("epsilon = 0.5", "epsilon = \"0.5\"", ("query.type", 11, 11, "privacy.epsilon")),
        ("epsilon = 0.5", "delta = 1e-8", ("query.delta", 11, 9, "privacy.delta")),
        ("epsilon = 0.5", "sigma = 1.0", ("query.unknown-key", 11, 1, "privacy.sigma")),
        ("epsilon = 0.5", "mechanism = \"laplace\"", ("query.mechanism", 11, 13, "privacy.mechanism")),
        ("of = \"all\"", "of = \"some\"", ("query.nodes", 14, 6, "nodes.of")),
        ("of = \"all\"", "of = 1", ("query.nodes", 14, 6, "nodes.of")),
        ("of = \"all\"", "of = true", ("query.type", 14, 6, "nodes.of")),
        ("of = \"all\"", "of = []", ("query.nodes", 14, 6, "nodes.of")),
        ("of = \"all\"", "of = [\"k999\"]", ("query.node-unknown", 14, 7, "nodes.of[1]")),
        ("of = \"all\"", "of = [\"K360\"]", ("query.node-unknown", 14, 7, "nodes.of[1]")),
        ("of = \"all\"", "of = [\"k360\", \"k360\"]", ("query.twice", 14, 15, "nodes.of[2]")),
        ("of = \"all\"", "of = [\"k360\", \"region_1085\"]", ("query.node-sector", 14, 15, "nodes.of[2]")),
        ("of = \"all\"", "of = \"all\"\nsector = \"region\"", ("query.nodes", 15, 10, "nodes.sector")),
        ("of = \"all\"", "sector = \"state\"", ("query.nodes", 14, 10, "nodes.sector")),
        ("of = \"all\"", "", ("query.nodes", 13, 1, "nodes.of")),
        ("of = \"all\"", "of = \"all\"\nquorum = 1", ("query.unknown-key", 15, 1, "nodes.quorum")),
    ];
    for (from, to, expected) in cases {
        let faults = changed(from, to).unwrap_err();
        assert_eq!(told(&faults), [*expected], "`{to}` for `{from}`");
    }
}

#[test]
fn what_is_no_toml_is_refused_where_it_is_not() {
    for (from, to, line) in [
        ("kind = \"count\"", "kind = \"count", 2),
        ("kind = \"count\"", "kind = \"count\"\nkind = \"sum\"", 3),
        ("2026-02-28", "2026-02-30", 4),
        ("[privacy]", "[[privacy", 10),
        ("[nodes]", "[privacy]", 13),
    ] {
        let faults = changed(from, to).unwrap_err();
        assert_eq!((faults[0].code, faults[0].line), ("query.syntax", line), "{to}: {faults:?}");
    }
    let long = format!("#{}", "x".repeat(crate::limit::FILE_BYTES_MAX));
    assert_eq!(parse(&long).unwrap_err()[0].code, "query.too-large");
}

#[test]
fn a_budget_that_is_none_is_refused_by_the_name_of_its_field() {
    for field in ["rho", "epsilon"] {
        for number in ["0", "0.0", "-0.0", "-1", "nan", "-nan", "inf", "-inf", "1e308", "1e-10"] {
            let faults = changed("epsilon = 0.5", &format!("{field} = {number}")).unwrap_err();
            let key = format!("privacy.{field}");
            assert_eq!(told(&faults), [("query.number", 11, field.len() + 4, key.as_str())], "{number}");
            assert!(faults[0].what.contains(&key), "{}", faults[0].what);
        }
    }
    for number in ["0", "-1", "nan", "1e308", "2.5"] {
        let faults = changed("epsilon = 0.5", &format!("scale = {number}")).unwrap_err();
        assert_eq!(told(&faults), [("query.scale", 11, 9, "privacy.scale")]);
    }
}

#[test]
fn features_of_two_sectors_are_refused_and_all_faults_are_told_at_once() {
    let text = r#"name = "Mixed"
kind = "sum"
feature = "gp_contacts_2y"
by = ["civil_status", "sex"]
as_of = 2026-02-28
[[where]]
feature = "unemployed"
is = 3
[privacy]
rho = 0
delta = 1e-5
[nodes]
of = ["k360"]
[extra]
"#;
    assert_eq!(
        told(&parse(text).unwrap_err()),
        [
            ("query.name", 1, 8, "name"),
            ("query.sectors", 4, 7, "by[1]"),
            ("query.sectors", 7, 11, "where[1].feature"),
            ("query.condition-value", 8, 6, "where[1].is"),
            ("query.number", 10, 7, "privacy.rho"),
            ("query.delta", 11, 9, "privacy.delta"),
            ("query.node-sector", 13, 7, "nodes.of[1]"),
            ("query.unknown-key", 14, 2, "extra"),
        ]
    );
}

#[test]
fn a_query_of_too_much_is_refused() {
    let flags = [
        "sex",
        "unemployed",
        "cash_benefit",
        "social_service",
        "frontline_flag",
        "early_retirement",
        "akasse_listed",
        "foreign_citizen",
        "preschool_children",
    ];
    let by = |names: &[&str]| format!("{names:?}");
    let faults = changed("[\"sex\", \"age_band\"]", &by(&flags)).unwrap_err();
    assert_eq!(told(&faults), [("query.too-many", 3, 6, "by")]);
    let mut wide = flags[..7].to_vec();
    wide.push("age_band");
    assert!(changed("[\"sex\", \"age_band\"]", &by(&wide)).is_ok(), "1,408 cells");
    wide[6] = "civil_status";
    wide[5] = "kommune";
    assert!(changed("[\"sex\", \"age_band\"]", &by(&wide)).is_ok(), "3,168 cells");
    let mut many = parties();
    many.extend((500..560).map(|code| party(&format!("k{code}"), Sector::Municipality, code)));
    let text = EXAMPLE.replace("[\"sex\", \"age_band\"]", &by(&wide));
    let faults = Query::parse(&text, "q.toml", library().catalogue(), &many).unwrap_err();
    assert_eq!(told(&faults), [("query.cells", 3, 6, "by")]);
    assert!(faults[0].what.contains("66528 cells"), "{}", faults[0].what);
    let conditions = "[[where]]\nfeature = \"age\"\nfrom = 1\n".repeat(crate::limit::CONDITIONS_MAX + 1);
    let text = format!("name = \"a\"\nkind = \"count\"\nas_of = 2026-02-28\n{conditions}");
    assert_eq!(parse(&text).unwrap_err()[0].code, "query.too-many");
}

#[test]
fn a_federation_without_municipalities_has_nothing_to_group_by_there() {
    let text = EXAMPLE.replace("\"sex\", ", "\"kommune\", ");
    let faults = Query::parse(&text, "q.toml", library().catalogue(), &parties()[..2]).unwrap_err();
    assert_eq!(told(&faults), [("query.municipalities", 3, 7, "by[1]")]);
}

#[test]
fn a_fault_says_what_where_what_was_expected_and_what_to_do_next() {
    let fault = &changed("from = 65", "from = 65\nlike = 1").unwrap_err()[0];
    let problem = fault.problem();
    assert_eq!(problem.code, "query.unknown-key");
    assert_eq!(problem.place, "q.toml:9:1, `where[1].like`");
    assert!(problem.expected.contains("`any_of`") && !problem.next.is_empty());
    assert_eq!(problem.exit.code(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A file cut, doubled or scrambled anywhere is a query or refused with a place in it, and nothing else.
    #[test]
    fn no_text_is_too_much(cut in 0..EXAMPLE.len(), paste in 0..EXAMPLE.len(), noise in "[\\[\\]=\"'{}.#\n a-z0-9-]{0,12}") {
        let text = format!("{}{noise}{}", &EXAMPLE[..cut], &EXAMPLE[paste..]);
        if let Err(faults) = parse(&text) {
            prop_assert!(!faults.is_empty());
            for fault in faults {
                prop_assert!(fault.line >= 1 && fault.column >= 1);
                prop_assert!(fault.line <= text.lines().count().max(1) + 1, "{fault}");
            }
        }
    }
}
