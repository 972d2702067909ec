use proptest::prelude::*;

use super::*;

fn rho(text: &str) -> Rho {
    text.parse().unwrap()
}

#[test]
fn epsilons_that_are_known() {
    // Worked out with OpenDP 0.16.0 when it was chosen, to three decimals.
    let known = [("0.01", 0.622, 0.810), ("0.1", 2.142, 2.716), ("0.5", 5.222, 6.474), ("1", 7.766, 9.522)];
    for (text, at_1e6, at_1e9) in known {
        for (delta, epsilon) in [(1e-6, at_1e6), (1e-9, at_1e9)] {
            let found = epsilon_of(rho(text), Delta::new(delta).unwrap());
            assert!((found - epsilon).abs() < 0.001, "{text} at {delta}: {found}");
        }
    }
}

#[test]
fn an_epsilon_is_never_above_the_classic_bound() {
    // rho + 2√(rho ln(1/delta)): Bun and Steinke, 2016, proposition 1.3. OpenDP's conversion is tighter, but tries no
    // order below 1.01, which for a rho that protects nobody costs up to a hundredth.
    let rhos = [1, 1_000, 1_000_000, 20_000_000, 1_000_000_000, 1_000_000_000_000];
    let great = [1_000_000_000_000_000, 1_000_000_000_000_000_000, u64::MAX];
    for (nano, room) in rhos.map(|nano| (nano, 1e-9)).into_iter().chain(great.map(|nano| (nano, 0.01))) {
        for delta in [DELTA_MIN, 1e-8, DELTA_MAX] {
            let rho = Rho::from_nano(nano);
            let epsilon = epsilon_of(rho, Delta::new(delta).unwrap());
            let classic = rho.nearest() + 2.0 * (rho.nearest() * (1.0 / delta).ln()).sqrt();
            assert!(
                epsilon > 0.0 && epsilon <= classic * (1.0 + room),
                "{rho} at {delta}: {epsilon}, {classic}"
            );
        }
    }
    assert_eq!(epsilon_of(Rho::ZERO, Delta::new(1e-8).unwrap()), 0.0);
}

#[test]
fn an_epsilon_or_delta_that_means_nothing_is_refused_by_name() {
    for odd in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, 1e308, i64::MAX as f64] {
        let epsilon = Epsilon::new(odd);
        assert!(matches!(epsilon, Err(ReleaseError::Parameter { field: "epsilon", .. })), "{odd}");
        let delta = Delta::new(odd);
        assert!(matches!(delta, Err(ReleaseError::Parameter { field: "delta", .. })), "{odd}");
    }
    for text in ["", "0", "-1", "NaN", "1e308", "1", "1e-4", "1e-16", "one"] {
        let delta = text.parse::<Delta>();
        assert!(matches!(delta, Err(ReleaseError::Parameter { field: "delta", .. })), "`{text}`");
    }
    assert_eq!("1e-8".parse(), Delta::new(1e-8));
    assert_eq!("0.00000001".parse(), Delta::new(1e-8));
}

#[test]
fn an_epsilon_below_the_unit_is_refused_and_the_greatest_is_converted() {
    let delta = Delta::new(1e-8).unwrap();
    let tiny = rho_within(Epsilon::new(1e-9).unwrap(), delta);
    assert!(matches!(tiny, Err(ReleaseError::Parameter { field: "epsilon", .. })));
    let most = rho_within(Epsilon::new(EPSILON_MAX).unwrap(), delta).unwrap();
    assert!(most > rho("900000000") && most < rho("1000000000"), "{most}");
}

#[test]
fn a_pure_epsilon_costs_half_its_square() {
    for (epsilon, cost) in
        [(1.0, "0.5"), (2.0, "2"), (0.2, "0.020000001"), (1e-5, "0.000000001"), (1e-300, "0.000000001")]
    {
        assert_eq!(rho_of_pure(epsilon), Ok(rho(cost)), "{epsilon}");
    }
    for odd in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e308, i64::MAX as f64, 2e5] {
        let refused = rho_of_pure(odd);
        assert!(matches!(refused, Err(ReleaseError::Parameter { field: "epsilon", .. })), "{odd}");
    }
    assert_eq!(pure_of(Rho::ZERO), 0.0);
    assert_eq!(pure_of(rho("0.5")), 1.0);
    assert_eq!(pure_of(rho("2")), 2.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_charge_for_an_epsilon_is_the_greatest_within_it(
        exponent in -3.0..6.0_f64,
        delta in prop::sample::select(vec![DELTA_MIN, 1e-9, 1e-8, DELTA_MAX]),
    ) {
        let (epsilon, delta) = (Epsilon::new(10_f64.powf(exponent)).unwrap(), Delta::new(delta).unwrap());
        let charge = rho_within(epsilon, delta).unwrap();
        prop_assert!(epsilon_of(charge, delta) <= epsilon.get());
        let more = charge.checked_add(Rho::from_nano(1 + charge.nano() / 1_000_000_000)).unwrap();
        prop_assert!(epsilon_of(more, delta) > epsilon.get());
    }

    #[test]
    fn the_pure_epsilon_of_a_rho_is_the_greatest_it_pays_for(
        nano in prop_oneof![1..1_000_u64, 1..1_000_000_000_u64, 1..=u64::MAX],
    ) {
        let rho = Rho::from_nano(nano);
        let epsilon = pure_of(rho);
        prop_assert!(rho_of_pure(epsilon).unwrap() <= rho);
        prop_assert!(rho_of_pure(epsilon.next_up()).map_or(true, |more| more > rho));
    }
}
