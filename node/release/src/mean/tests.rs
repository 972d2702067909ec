use proptest::prelude::*;

use super::*;
use crate::mechanism::Family;
use crate::scale::Scale;
use crate::spread::Spread;

fn at(value: i64, scale: f64) -> Released {
    Released::restore(value, Spread::discrete_gaussian(Scale::new(scale).unwrap()))
}

fn clamp(from: i64, to: i64) -> Clamp {
    Clamp::new(from, to).unwrap()
}

#[test]
fn a_mean_is_the_centre_and_the_sum_over_the_count() {
    let found = mean(clamp(0, 100), &at(2_000, 50.0), &at(100, 1.0));
    assert_eq!(found.value, 70.0);
    // √(50² + 20²)/100, by the delta method.
    assert!((found.standard_error - 2_900_f64.sqrt() / 100.0).abs() < 1e-6);
    let [least, greatest] = found.interval;
    assert!(least < 70.0 && greatest > 70.0);
    assert!((greatest - least - 2.0 * 1.96 * found.standard_error).abs() < 0.05, "{least} to {greatest}");
}

#[test]
fn a_mean_of_hardly_anyone_may_be_anywhere_in_the_clamp() {
    for (sum, n) in [(500, 0), (500, -30), (-20, 5), (i64::MAX, i64::MIN)] {
        assert_eq!(mean(clamp(18, 65), &at(sum, 100.0), &at(n, 10.0)).interval, [18.0, 65.0], "{n}");
    }
    // Raw: also outside of the clamp, whose end the interval keeps to.
    let outside = mean(clamp(18, 65), &at(4_000, 24.0), &at(100, 1.0));
    assert_eq!(outside.value, 81.0);
    assert_eq!(outside.interval, [65.0, 65.0]);
    // A count below 1 is taken as 1.
    assert_eq!(mean(clamp(18, 65), &at(12, 24.0), &at(-3, 1.0)).value, 53.0);
}

#[test]
fn without_noise_a_mean_is_exact() {
    let exact = mean(clamp(0, 10), &at(10, 7e-4), &at(5, 7e-4));
    assert_eq!(exact, Estimate { value: 7.0, standard_error: 0.0, interval: [7.0, 7.0] });
}

proptest! {
    #[test]
    fn whatever_was_released_gives_a_mean_with_ends_in_order_and_within_the_clamp(
        sum in prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -99..99_i64],
        n in prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -99..99_i64],
        (sum_scale, n_scale) in (-20..=56_i32, -20..=56_i32),
        (from, to) in (-1_000_000_000_000..0_i64, 1..1_000_000_000_000_i64),
        laplace in any::<bool>(),
    ) {
        let family = if laplace { Family::DiscreteLaplace } else { Family::DiscreteGaussian };
        let of = |value, power| Released::restore(value, Spread::of(family, Scale::new(2_f64.powi(power)).unwrap()));
        let found = mean(clamp(from, to), &of(sum, sum_scale), &of(n, n_scale));
        let [least, greatest] = found.interval;
        prop_assert!(found.value.is_finite() && found.standard_error.is_finite() && found.standard_error >= 0.0);
        prop_assert!(from as f64 <= least && least <= greatest && greatest <= to as f64);
    }
}
