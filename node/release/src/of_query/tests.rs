//! What one person can put into each kind of answer, and what an epsilon is charged.

use tvaers_definitions::library::Library;
use tvaers_protocol::id::{NodeId, Sector};
use tvaers_query::query::Party;

use super::*;

fn query(kind: &str, privacy: &str) -> Query {
    let text = format!("name = \"a\"\n{kind}\nas_of = 2026-02-28\n[privacy]\n{privacy}\n");
    let library = Library::embedded().unwrap();
    let party = |id, sector, code| Party { id: NodeId::new(id).unwrap(), sector, code };
    let parties = [party("region_1085", Sector::Region, 1085), party("k360", Sector::Municipality, 360)];
    Query::parse(&text, "q", library.catalogue(), &parties).unwrap()
}

/// Part, L1, L2 squared and weight.
fn shape(kind: &str, hides: bool) -> Vec<(PartOf, u64, f64, u32)> {
    let query = query(kind, "rho = 1");
    let parts = parts(&query, query.cells_len(), hides).unwrap();
    let of = |part: &Part| {
        let sensitivity = part.measure.sensitivity();
        (part.of, sensitivity.l1(), sensitivity.l2().powi(2).round(), part.weight)
    };
    parts.iter().map(of).collect()
}

#[test]
fn one_person_puts_the_clamp_into_k_cells() {
    use PartOf::{CentredSum, Persons, Sum};
    let sum = |feature: &str| format!("kind = \"sum\"\nfeature = \"{feature}\"");
    assert_eq!(shape("kind = \"count\"", true), [(Persons, 1, 1.0, 1)]);
    assert_eq!(shape("kind = \"count\"\nby = [\"support\"]", false), [(Persons, 2, 2.0, 1)]);
    assert_eq!(shape(&sum("cost_gp_1y"), false), [(Sum, 100_000_000, 1e16, 1)]);
    assert_eq!(shape(&sum("cost_gp_1y"), true), [(Sum, 100_000_000, 1e16, 9), (Persons, 1, 1.0, 1)]);
    assert_eq!(shape(&sum("life_satisfaction_change"), false), [(Sum, 10, 100.0, 1)]);
    // One who did not answer adds 0, and 0 is below the least answer.
    assert_eq!(shape(&sum("self_rated_health_baseline"), false), [(Sum, 5, 25.0, 1)]);
    let mean = |feature: &str| format!("kind = \"mean\"\nfeature = \"{feature}\"");
    // 1 to 5 is 2 on either side of the middle: who did not answer is in neither part.
    assert_eq!(
        shape(&mean("self_rated_health_baseline"), true),
        [(CentredSum, 2, 4.0, 1), (Persons, 1, 1.0, 1)]
    );
    assert_eq!(
        shape(&format!("{}\nby = [\"problem_areas_2y\", \"sex\"]", mean("gp_contacts_2y")), false),
        [(CentredSum, 150, 7_500.0, 1), (Persons, 3, 3.0, 1)]
    );
    let bins = "feature = \"gp_contacts_2y\"\nbins = [0, 5, 10]";
    for kind in ["histogram", "quantiles"] {
        assert_eq!(shape(&format!("kind = \"{kind}\"\n{bins}"), true), [(Persons, 1, 1.0, 1)]);
    }
}

#[test]
fn an_epsilon_is_charged_by_its_mechanism() {
    let delta: Delta = "1e-8".parse().unwrap();
    let nano = |privacy: &str| asked(&query("kind = \"count\"", privacy), delta).unwrap().unwrap().nano();
    assert_eq!(nano("rho = 0.25"), 250_000_000);
    assert_eq!(nano("rho = 0.25\nmechanism = \"discrete_laplace\""), 250_000_000);
    assert_eq!(nano("epsilon = 0.5\nmechanism = \"discrete_laplace\""), 125_000_000);
    // Under a delta the same epsilon buys less rho.
    assert!((1..10_000_000).contains(&nano("epsilon = 0.5")), "{}", nano("epsilon = 0.5"));
    let none = query("kind = \"count\"", "mechanism = \"discrete_laplace\"");
    assert_eq!(asked(&none, delta), Ok(None));
    for epsilon in ["0.000000001", "1000000000"] {
        for mechanism in Family::ALL {
            let privacy = format!("epsilon = {epsilon}\nmechanism = \"{}\"", mechanism.name());
            // Whatever is said, it is said without a panic, and never an amount of 0.
            assert!(!matches!(
                asked(&query("kind = \"count\"", &privacy), delta),
                Ok(None) | Ok(Some(Rho::ZERO))
            ));
        }
    }
}

#[test]
fn what_is_told_is_what_is_drawn() {
    for mechanism in Family::ALL {
        let query = query("kind = \"mean\"\nfeature = \"age\"\nby = [\"sex\"]", "rho = 0.5");
        let parts = parts(&query, 2, false).unwrap();
        let joint = joint(mechanism, &parts, "0.5".parse().unwrap()).unwrap();
        let told = told(&parts, &joint).unwrap();
        assert_eq!(
            told.iter().map(|part| part.of).collect::<Vec<_>>(),
            [PartOf::CentredSum, PartOf::Persons]
        );
        assert_eq!(told[0].scale, joint.parts()[0].scale().get());
        assert!(super::told(&parts[..1], &joint).is_err());
    }
}
