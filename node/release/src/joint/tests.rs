use proptest::prelude::*;

use super::*;
use crate::clamp::Clamp;
use crate::exact::Exact;

const FAMILIES: [Family; 2] = [Family::DiscreteGaussian, Family::DiscreteLaplace];

fn rho(text: &str) -> Rho {
    text.parse().unwrap()
}

fn count(k: u32) -> Measure {
    Measure::count(100, k, 1_000_000).unwrap()
}

fn money() -> Measure {
    Measure::sum(100, 1, Clamp::new(0, 1_000_000).unwrap(), 1_000_000).unwrap()
}

fn field(result: Result<Joint, ReleaseError>) -> &'static str {
    match result.err().unwrap() {
        ReleaseError::Parameter { field, .. } => field,
        other => panic!("{other}"),
    }
}

#[test]
fn one_part_is_exactly_the_single_mechanism() {
    for family in FAMILIES {
        for charged in ["0.000000001", "0.02", "0.5", "3.7"] {
            for weight in [1, 7, u32::MAX] {
                let joint = Joint::new(family, &[(count(2), weight)], rho(charged)).unwrap();
                let single = Mechanism::new(family, count(2), rho(charged)).unwrap();
                assert_eq!(joint.parts(), &[single]);
                assert_eq!((joint.charged(), joint.loss()), (single.charged(), single.loss()));
                assert_eq!((joint.epsilon(), joint.family()), (single.epsilon(), family));
            }
        }
    }
}

#[test]
fn a_gaussians_parts_share_rho_and_a_laplaces_share_epsilon() {
    let parts = [(count(1), 3), (money(), 1)];
    let gaussian = Joint::new(Family::DiscreteGaussian, &parts, rho("0.02")).unwrap();
    assert_eq!(gaussian.parts()[0], Mechanism::discrete_gaussian(count(1), rho("0.015")).unwrap());
    assert_eq!(gaussian.parts()[1], Mechanism::discrete_gaussian(money(), rho("0.005")).unwrap());
    // ε is 0.2: 0.15 and 0.05.
    let laplace = Joint::new(Family::DiscreteLaplace, &parts, rho("0.02")).unwrap();
    for (part, scale) in laplace.parts().iter().zip([1.0 / 0.15, 1e6 / 0.05]) {
        assert!((part.scale().get() / scale - 1.0).abs() < 3e-6, "{}", part.scale().get());
    }
    let epsilon = laplace.epsilon().unwrap();
    assert!((0.199_999..=0.2).contains(&epsilon), "{epsilon}");
    assert_eq!(laplace.loss(), rho_of_pure(epsilon).unwrap());
    // Parts that stood alone would cost less than they do together.
    assert!(laplace.parts().iter().map(|part| part.loss().nano()).sum::<u64>() < laplace.loss().nano());
}

#[test]
fn what_cannot_be_shared_is_refused_by_name() {
    for family in FAMILIES {
        let of = |parts: &[(Measure, u32)], charged: Rho| field(Joint::new(family, parts, charged));
        let two = [(count(1), 1), (money(), 1)];
        assert_eq!(of(&[], rho("1")), "parts");
        assert_eq!(of(&[(count(1), 1); PARTS_MAX + 1], rho("1")), "parts");
        assert_eq!(of(&[(count(1), 0)], rho("1")), "weights");
        assert_eq!(of(&[(count(1), 1), (money(), 0)], rho("1")), "weights");
        for odd in [Rho::ZERO, Rho::from_nano(u64::MAX), Rho::from_nano(i64::MAX.unsigned_abs())] {
            assert_eq!(of(&two, odd), "rho", "{odd}");
        }
        assert_eq!(of(&[(count(1), 1)], Rho::ZERO), "rho");
    }
    // A share of nothing.
    let crumbs = [(count(1), 1), (money(), u32::MAX)];
    assert_eq!(field(Joint::new(Family::DiscreteGaussian, &crumbs, rho("1"))), "rho");
}

#[test]
fn each_part_goes_through_the_door_at_its_own_scale() {
    for family in FAMILIES {
        let joint = Joint::new(family, &[(count(1), 1), (money(), 1)], rho("0.1")).unwrap();
        for part in joint.parts() {
            let released = Exact::gather(*part.measure()).release(part).unwrap();
            assert_eq!(released.len(), 100);
            assert!(released.iter().all(|cell| cell.spread() == part.spread()));
        }
        let [persons, _] = joint.parts() else { panic!("two parts") };
        assert_eq!(Exact::gather(money()).release(persons), Err(ReleaseError::OtherMeasure));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// One person comes or goes, with whatever values in whatever cells of each part: how far all parts together move,
    /// on the scale of their noise, costs no more than is charged.
    #[test]
    fn a_person_never_moves_all_parts_further_than_is_charged(
        parts in prop::collection::vec((1..=4_u32, 0..=1_000_i64, 1..=1_000_i64, 1..=9_u32), 1..6),
        person in prop::collection::vec(prop::collection::vec((0..6_usize, any::<i64>()), 0..8), 6),
        nano in 1_000..2_000_000_000_u64,
    ) {
        let measures: Vec<(Measure, u32)> = parts
            .iter()
            .map(|(k, below, above, weight)| {
                let clamp = Clamp::new(-below, *above).unwrap();
                (Measure::sum(6, *k, clamp, 1_000).unwrap(), *weight)
            })
            .collect();
        let charged = Rho::from_nano(nano);
        for family in FAMILIES {
            let joint = Joint::new(family, &measures, charged).unwrap();
            prop_assert!(joint.loss() <= charged);
            prop_assert_eq!(joint.charged(), charged);
            // Twice rho, or epsilon.
            let mut moved = 0.0;
            let mut greatest = 0.0;
            for (part, values) in joint.parts().iter().zip(&person) {
                let cells = changed(part.measure(), values);
                let (scale, sensitivity) = (part.scale().get(), part.measure().sensitivity());
                match family {
                    Family::DiscreteGaussian => {
                        let square: f64 = cells.iter().map(|change| (*change as f64).powi(2)).sum();
                        moved += square / scale.powi(2);
                        greatest += (sensitivity.l2() / scale).powi(2);
                    }
                    Family::DiscreteLaplace => {
                        moved += cells.iter().map(|change| change.unsigned_abs() as f64).sum::<f64>() / scale;
                        greatest += sensitivity.l1() as f64 / scale;
                    }
                }
            }
            if family == Family::DiscreteLaplace {
                (moved, greatest) = (moved * moved, greatest * greatest);
            }
            prop_assert!(moved <= greatest * (1.0 + 1e-12));
            prop_assert!(greatest / 2.0 <= joint.loss().nearest() * (1.0 + 1e-12));
            // And little is given away.
            prop_assert!(joint.loss().nano() as f64 >= nano as f64 * (1.0 - 5e-6) - 8.0);
        }
    }
}

/// What a person adds to each cell, by the rules of [`Exact::person`], worked out here.
fn changed(measure: &Measure, values: &[(usize, i64)]) -> Vec<i64> {
    let mut cells = vec![None; measure.cells()];
    for &(cell, value) in values {
        let used = cells.iter().flatten().count();
        if cells[cell].is_none() && used < measure.cells_per_person() as usize {
            cells[cell] = Some(measure.clamp().apply(value));
        }
    }
    cells.into_iter().map(Option::unwrap_or_default).collect()
}
