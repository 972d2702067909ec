use proptest::prelude::*;

use super::*;
use crate::clamp::{CLAMP_MAX, Clamp};
use crate::scale::SCALE_MIN;

fn count(k: u32) -> Measure {
    Measure::count(5_000, k, 10_000_000).unwrap()
}

fn gaussian(measure: Measure, rho: &str) -> Mechanism {
    Mechanism::discrete_gaussian(measure, rho.parse().unwrap()).unwrap()
}

#[test]
fn known_scales() {
    assert_eq!(gaussian(count(1), "0.5").scale().get(), 1.0);
    assert_eq!(gaussian(count(1), "2").scale().get(), 0.5);
    let known = [(1, "0.02", 5.0), (3, "0.015", 10.0), (1, "1000000", 0.5e-6_f64.sqrt())];
    for (k, rho, scale) in known {
        let found = gaussian(count(k), rho).scale().get();
        assert!(found >= scale * (1.0 - 1e-12) && found < scale * (1.0 + 2e-6), "{found} for {scale}");
    }
    let money = Measure::sum(10, 1, Clamp::new(0, 100_000_000).unwrap(), 10_000_000).unwrap();
    assert_eq!(gaussian(money, "0.5").scale().get(), 1e8);
}

#[test]
fn no_budget_and_too_little_are_refused_by_name() {
    for odd in [Rho::ZERO, Rho::from_nano(CHARGE_MAX.nano() + 1), Rho::from_nano(u64::MAX)] {
        let mechanism = Mechanism::discrete_gaussian(count(1), odd);
        assert!(matches!(mechanism, Err(ReleaseError::Parameter { field: "rho", .. })), "{odd}");
    }
    let wide = Measure::sum(5_000, 4_000, Clamp::new(0, CLAMP_MAX).unwrap(), 1_000_000).unwrap();
    let little = Mechanism::discrete_gaussian(wide, Rho::from_nano(1));
    assert!(matches!(little, Err(ReleaseError::Parameter { field: "scale", .. })));
}

#[test]
fn the_greatest_budget_still_has_a_scale() {
    let most = Mechanism::discrete_gaussian(count(1), CHARGE_MAX).unwrap();
    assert!(most.scale().get() > SCALE_MIN);
}

proptest! {
    #[test]
    fn the_loss_is_what_the_noise_costs_and_never_more_than_charged(
        k in 1..=4_000_u32,
        to in prop_oneof![Just(1), 1..1_000_i64, 1..=1_000_000_000_i64],
        nano in prop_oneof![1_000..1_000_000_u64, 1_000_000..=1_000_000_000_000_000_u64],
    ) {
        let charged = Rho::from_nano(nano);
        let measure = Measure::sum(5_000, k, Clamp::new(0, to).unwrap(), 1_000).unwrap();
        let mechanism = Mechanism::discrete_gaussian(measure, charged).unwrap();
        prop_assert!(mechanism.loss() <= charged);
        // rho = k·C² / 2σ², worked out here without OpenDP.
        let sigma = mechanism.scale().get();
        let rho = f64::from(k) * (to as f64).powi(2) / (2.0 * sigma * sigma);
        prop_assert!(mechanism.loss().nearest() >= rho * (1.0 - 1e-12));
        // Nothing to speak of is given away: two steps of the grid, and one unit.
        prop_assert!(mechanism.loss().nano() as f64 >= nano as f64 * (1.0 - 4e-6) - 1.0);
    }
}

#[test]
fn known_laplaces() {
    // ε²/2 = 0.5 is ε = 1; L1 of three cells is 3.
    for (k, rho, scale) in [(1, "0.5", 1.0), (3, "0.5", 3.0), (1, "0.02", 5.0), (1, "8", 0.25)] {
        let found = Mechanism::discrete_laplace(count(k), rho.parse().unwrap()).unwrap();
        assert!((found.scale().get() / scale - 1.0).abs() < 2e-6, "{k} cells for {rho}");
        assert_eq!(found.spread(), &Spread::discrete_laplace(found.scale()));
        assert_eq!(found, Mechanism::new(Family::DiscreteLaplace, count(k), rho.parse().unwrap()).unwrap());
        assert!((found.epsilon().unwrap() - f64::from(k) / found.scale().get()).abs() < 1e-12);
    }
    assert_eq!(Mechanism::discrete_laplace(count(1), "0.5".parse().unwrap()).unwrap().scale().get(), 1.0);
    assert_eq!(gaussian(count(1), "0.5").epsilon(), None);
}

#[test]
fn a_laplace_without_budget_or_with_too_little_or_too_much_is_refused_by_name() {
    for odd in [Rho::ZERO, Rho::from_nano(CHARGE_MAX.nano() + 1), Rho::from_nano(u64::MAX)] {
        let mechanism = Mechanism::discrete_laplace(count(1), odd);
        assert!(matches!(mechanism, Err(ReleaseError::Parameter { field: "rho", .. })), "{odd}");
    }
    let wide = Measure::sum(5_000, 4_000, Clamp::new(0, CLAMP_MAX).unwrap(), 1_000_000).unwrap();
    let little = Mechanism::discrete_laplace(wide, Rho::from_nano(1));
    assert!(matches!(little, Err(ReleaseError::Parameter { field: "scale", .. })));
    assert!(Mechanism::discrete_laplace(count(1), CHARGE_MAX).unwrap().scale().get() > SCALE_MIN);
}

#[test]
fn names_are_those_of_query_files() {
    assert_eq!(Family::DiscreteGaussian.name(), "discrete_gaussian");
    assert_eq!(Family::DiscreteLaplace.name(), "discrete_laplace");
}

proptest! {
    #[test]
    fn a_laplaces_loss_is_what_the_noise_costs_and_never_more_than_charged(
        k in 1..=4_000_u32,
        to in prop_oneof![Just(1), 1..1_000_i64, 1..=1_000_000_000_i64],
        nano in prop_oneof![1_000..1_000_000_u64, 1_000_000..=1_000_000_000_000_000_u64],
    ) {
        let charged = Rho::from_nano(nano);
        let measure = Measure::sum(5_000, k, Clamp::new(0, to).unwrap(), 1_000).unwrap();
        let mechanism = Mechanism::discrete_laplace(measure, charged).unwrap();
        prop_assert!(mechanism.loss() <= charged);
        // (k·C/b)²/2, worked out here without OpenDP.
        let epsilon = f64::from(k) * to as f64 / mechanism.scale().get();
        prop_assert!(mechanism.epsilon().unwrap() >= epsilon * (1.0 - 1e-14));
        prop_assert!(mechanism.loss().nearest() >= epsilon * epsilon / 2.0 * (1.0 - 1e-12));
        prop_assert!(mechanism.loss().nano() as f64 >= nano as f64 * (1.0 - 4e-6) - 1.0);
    }
}
