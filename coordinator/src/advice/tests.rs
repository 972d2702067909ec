use tvaers_protocol::roster::Member;

use super::*;
use crate::testing::{member, query};

fn text(kind: &str, privacy: &str) -> String {
    format!(
        "name = \"a\"\n{kind}\nas_of = 2026-02-28\n[privacy]\n{privacy}\n[nodes]\nsector = \"municipality\"\n"
    )
}

fn parties() -> Vec<Party> {
    ["k360", "k376"].map(|name| Party::from(&member(name) as &Member)).to_vec()
}

fn delta() -> Delta {
    "1e-8".parse().unwrap()
}

/// The errors of a query at its own budget, in a cell that so many nodes add to.
fn errors(query: &Query, nodes: usize, persons: &[u64]) -> Vec<Expected> {
    let parts = of_query::parts(query, query.cells_len(), true).unwrap();
    let rho = of_query::asked(query, delta()).unwrap().unwrap();
    let joint = of_query::joint(query.privacy().mechanism, &parts, rho).unwrap();
    let spreads: Vec<_> =
        parts.iter().zip(joint.parts()).map(|(part, noise)| (part.of, *noise.spread())).collect();
    expected(query, &added_up(&vec![spreads; nodes]).unwrap(), persons).unwrap()
}

const KINDS: [&str; 5] = [
    "kind = \"count\"",
    "kind = \"sum\"\nfeature = \"last_spell_days\"",
    "kind = \"mean\"\nfeature = \"age\"",
    "kind = \"histogram\"\nfeature = \"age\"\nbins = [0, 18, 65]",
    "kind = \"quantiles\"\nfeature = \"age\"\nbins = [0, 18, 40, 65, 80]",
];

#[test]
fn the_advised_epsilon_buys_the_error_and_one_digit_less_does_not() {
    for kind in KINDS {
        for mechanism in Mechanism::ALL {
            let asked = query(&text(kind, &format!("mechanism = \"{}\"", mechanism.name())));
            let worst = |epsilon: Decimal| {
                let asked = asked.clone().with_budget(Budget::Epsilon(epsilon));
                errors(&asked, 2, &[1_000]).iter().map(|e| e.standard_error).fold(0.0, f64::max)
            };
            // An error that takes noise of a few persons, in the unit of the kind.
            let target = worst(Decimal::parse("0.37").unwrap());
            let advised = budget_for(&asked, 2, target, 1_000, delta()).unwrap().unwrap();
            assert!(worst(advised.epsilon) <= target, "{kind} {mechanism:?}: {}", advised.epsilon);
            let less = Decimal::from_nano(advised.epsilon.nano() / 100 * 98).unwrap();
            assert!(worst(less) > target, "{kind} {mechanism:?}: {less} is enough");
        }
    }
}

#[test]
fn a_mean_is_expected_between_the_middle_and_a_bound() {
    let [expected] = errors(&query(&text(KINDS[2], "rho = 0.5")), 1, &[1_000])[..] else { panic!("one") };
    let [middle, bound] = expected.range.unwrap();
    // Half of the budget each: 60 years of half the clamp, σ = 60, over 1,000 persons.
    assert!((middle - 60.0 * 2_f64.sqrt() / 2_f64.sqrt() / 1e3).abs() < 0.026, "{middle}");
    assert!((bound / middle - 2_f64.sqrt()).abs() < 1e-3, "{middle} {bound}");
    let (low, high) = (middle / expected.standard_error, bound / expected.standard_error);
    assert!((0.8..1.0).contains(&low) && (1.0..1.2).contains(&high), "{low} {high}");
}

#[test]
fn a_cell_of_a_municipality_has_its_own_noise_alone() {
    let by_kommune = query(&text("kind = \"count\"\nby = [\"kommune\"]", "rho = 1"));
    assert_eq!(nodes_a_cell(&by_kommune, &parties()), 1);
    assert_eq!(nodes_a_cell(&query(&text(KINDS[0], "rho = 1")), &parties()), 2);
    let (one, two) = (errors(&by_kommune, 1, &[]), errors(&by_kommune, 2, &[]));
    assert!((two[0].standard_error / one[0].standard_error - 2_f64.sqrt()).abs() < 1e-9);
}

#[test]
fn more_persons_make_means_and_quantiles_better_and_counts_not() {
    for (kind, depends) in KINDS.into_iter().zip([false, false, true, false, true]) {
        let found = errors(&query(&text(kind, "rho = 1")), 1, &PERSONS);
        assert_eq!(found.iter().all(|expected| expected.persons.is_some()), depends, "{kind}");
        if depends {
            let of = |n| found.iter().find(|expected| expected.persons == Some(n)).unwrap().standard_error;
            assert!(of(100) > of(1_000) && of(1_000) > of(10_000), "{kind}");
        }
    }
}

#[test]
fn an_error_that_no_budget_buys_is_told() {
    // Noise is drawn in whole numbers, but any error above 0 can be bought; none below can.
    assert_eq!(budget_for(&query(&text(KINDS[0], "rho = 1")), 1, -1.0, 100, delta()).unwrap(), None);
}

#[test]
fn few_persons_are_spread_over_many_bins() {
    let bins: Vec<String> = (0..=100).map(|age| age.to_string()).collect();
    let text =
        text(&format!("kind = \"quantiles\"\nfeature = \"age\"\nbins = [{}]", bins.join(", ")), "rho = 1e6");
    let found = errors(&query(&text), 1, &[100]);
    assert!(found.iter().all(|expected| expected.standard_error < 1.0), "{found:?}");
}
