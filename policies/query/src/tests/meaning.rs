//! What a query that is right means.

use tvaers_definitions::feature::Holder;

use super::*;
use crate::budget::{Budget, Mechanism};
use crate::decimal::Decimal;
use crate::label::Label;
use crate::query::{Kind, Nodes, Test};

#[test]
fn the_example_of_the_documentation_is_right() {
    let query = parse(EXAMPLE).unwrap();
    assert_eq!(query.name(), "gp-contacts-by-age");
    assert_eq!((query.kind(), query.sector()), (&Kind::Count, Sector::Municipality));
    assert_eq!(query.as_of(), jiff::civil::date(2026, 2, 28));
    assert_eq!(query.nodes(), &Nodes::All);
    assert_eq!(query.privacy().mechanism, Mechanism::DiscreteGaussian);
    assert_eq!(query.privacy().budget, Some(Budget::Epsilon(Decimal::parse("0.5").unwrap())));
    let [condition] = query.conditions() else { panic!("one condition") };
    assert_eq!(
        (condition.feature.name.as_str(), &condition.test),
        ("age", &Test::Range { from: 65, to: 120 })
    );
    assert_eq!(query.cells_len(), 22);
    let names: Vec<_> = query.features().into_iter().map(|feature| feature.name.as_str()).collect();
    // The catalogue has the age band before the sex.
    assert_eq!(names, ["age_band", "sex", "age"]);
    assert_eq!(query.dimensions(), 3);
}

#[test]
fn a_file_may_say_as_little_as_what_is_counted_and_when() {
    let query = parse("name = \"all\"\nkind = \"count\"\nas_of = 2026-02-28\n").unwrap();
    assert_eq!(query.cells(), [Vec::new()]);
    assert_eq!((query.cells_len(), query.dimensions(), query.privacy().budget), (1, 0, None));
    assert!(query.features().is_empty());
    assert_eq!(query.cells_max(), 1);
}

#[test]
fn cells_are_every_combination_in_the_order_of_the_catalogue() {
    let text = "name = \"a\"\nkind = \"count\"\nby = [\"unemployed\", \"civil_status\", \"kommune\"]\nas_of = 2026-02-28\n";
    let query = parse(text).unwrap();
    let by: Vec<_> = query.by().iter().map(|grouping| grouping.category.name()).collect();
    assert_eq!(by, ["kommune", "civil_status", "unemployed"]);
    let cells: Vec<String> = query
        .cells()
        .iter()
        .map(|cell| cell.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(cells.len(), query.cells_len());
    assert_eq!(&cells[..4], ["360 gift 0", "360 gift 1", "360 samboende 0", "360 samboende 1"]);
    assert_eq!(&cells[16..], ["461 enlig 0", "461 enlig 1"]);
    // A municipality has its own residents only; a region may have anyone's.
    let [region, _, _, k360, k376] = &parties()[..] else { panic!("five") };
    assert_eq!(query.cells_of(k360), (0..6).collect::<Vec<_>>());
    assert_eq!(query.cells_of(k376), (6..12).collect::<Vec<_>>());
    assert_eq!(query.cells_of(region).len(), 18);
}

#[test]
fn bounds_become_inclusive_and_stay_within_the_clamp() {
    let cases = [
        ("from = 65", Test::Range { from: 65, to: 120 }),
        ("above = 64", Test::Range { from: 65, to: 120 }),
        ("to = 64", Test::Range { from: 0, to: 64 }),
        ("below = 65", Test::Range { from: 0, to: 64 }),
        ("above = 17\nbelow = 66", Test::Range { from: 18, to: 65 }),
        ("from = 18\nto = 999", Test::Range { from: 18, to: 120 }),
        ("from = -9223372036854775808\nbelow = 9223372036854775807", Test::Range { from: 0, to: 120 }),
        ("is = 65", Test::Range { from: 65, to: 65 }),
        ("any_of = [65]", Test::Range { from: 65, to: 65 }),
        ("any_of = [70, 65]", Test::Numbers(vec![65, 70])),
    ];
    for (text, test) in cases {
        let query = changed("from = 65", text).unwrap();
        assert_eq!(query.conditions()[0].test, test, "{text}");
    }
}

#[test]
fn labels_are_those_of_the_catalogue_and_of_the_roster() {
    let text = |label: &str| Label::Text(label.to_owned());
    let cases = [
        ("\"sex\"\nis = \"F\"", vec![text("F")]),
        ("\"age_band\"\nany_of = [\"85+\", \"0-17\"]", vec![text("0-17"), text("85+")]),
        ("\"unemployed\"\nis = 1", vec![Label::Flag(true)]),
        ("\"unemployed\"\nany_of = [1, 0]", vec![Label::Flag(false), Label::Flag(true)]),
        ("\"kommune\"\nis = 376", vec![Label::Kommune(376)]),
        ("\"kommune\"\nany_of = [\"461\", 360]", vec![Label::Kommune(360), Label::Kommune(461)]),
    ];
    for (condition, labels) in cases {
        let query = changed("\"age\"\nfrom = 65", condition).unwrap();
        assert_eq!(query.conditions()[0].test, Test::Labels(labels), "{condition}");
    }
}

#[test]
fn features_of_both_sectors_are_the_municipalitys_unless_the_query_names_regions() {
    let sector = |nodes: &str| changed("of = \"all\"", nodes).unwrap().sector();
    assert_eq!(sector("of = \"all\""), Sector::Municipality);
    assert_eq!(sector("sector = \"municipality\""), Sector::Municipality);
    assert_eq!(sector("sector = \"region\""), Sector::Region);
    assert_eq!(sector("of = [\"region_1085\", \"region_1083\"]"), Sector::Region);
    assert_eq!(sector("of = [\"k376\"]"), Sector::Municipality);
    // One feature of a sector settles it.
    let query = changed("\"sex\", ", "\"known_sad\", ").unwrap();
    assert_eq!(query.sector(), Sector::Region);
    assert!(query.features().iter().any(|feature| feature.holder == Holder::Both));
}

#[test]
fn those_are_asked_who_are_of_the_sector_are_named_and_can_have_anyone() {
    let asked = |query: &Query| {
        let parties = parties();
        let asked = parties.iter().filter(|party| query.asks(party));
        asked.map(|party| party.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(asked(&parse(EXAMPLE).unwrap()), ["k461", "k360", "k376"]);
    assert_eq!(asked(&changed("of = \"all\"", "of = [\"k376\", \"k360\"]").unwrap()), ["k360", "k376"]);
    assert_eq!(
        asked(&changed("of = \"all\"", "sector = \"region\"").unwrap()),
        ["region_1085", "region_1083"]
    );
    let one = "\"kommune\"\nis = 376";
    assert_eq!(asked(&changed("\"age\"\nfrom = 65", one).unwrap()), ["k376"]);
}

#[test]
fn a_budget_is_counted_in_nano_rho() {
    let half = |epsilon: Decimal| Some(epsilon.nano() / 2);
    let number = Decimal::parse("0.25").unwrap();
    assert_eq!(Budget::Rho(number).nano_rho(&half), Some(250_000_000));
    assert_eq!(Budget::Epsilon(number).nano_rho(&half), Some(125_000_000));
    assert_eq!(Budget::Epsilon(number).nano_rho(&|_| None), None);
    assert_eq!(Budget::Rho(number).to_string(), "rho = 0.25");
}
