use proptest::prelude::*;

use super::*;
use crate::mechanism::Family;
use crate::scale::Scale;
use crate::spread::Spread;

fn at(value: i64, scale: f64) -> Released {
    Released::restore(value, Spread::discrete_gaussian(Scale::new(scale).unwrap()))
}

#[test]
fn a_ratio_is_one_value_over_the_other_with_the_error_of_both() {
    let found = ratio(&at(2_000, 50.0), &at(1_000, 20.0), [0.0, 100.0]);
    assert_eq!(found.value, 2.0);
    // √(50² + 2²·20²)/1000, by the delta method.
    assert!((found.standard_error - 4_100_f64.sqrt() / 1_000.0).abs() < 1e-9);
    let [least, greatest] = found.interval;
    assert!((greatest - least - 2.0 * 1.96 * found.standard_error).abs() < 0.002, "{least} to {greatest}");
}

#[test]
fn of_a_part_in_its_whole_the_noise_is_counted_once() {
    // The part and the rest, each with σ of 5: 30 of 100.
    let (part, rest) = (at(30, 5.0), at(70, 5.0));
    let found = share(&part, &Released::sum(&[part, rest]).unwrap());
    assert_eq!(found.value, 0.3);
    // 0.7·S − 0.3·R has a variance of 0.49·25 + 0.09·25.
    assert!((found.standard_error - 14.5_f64.sqrt() / 100.0).abs() < 1e-9, "{}", found.standard_error);
    // All of the whole is 1, whatever the noise; the half step that an interval has more makes it no narrower.
    let all = share(&part, &part);
    assert_eq!((all.value, all.standard_error, all.interval[1]), (1.0, 0.0, 1.0));
    assert!(all.interval[0] > 0.85, "{all:?}");
}

/// The ends of the interval are where the test that it inverts is on the edge.
#[test]
fn fiellers_interval_inverts_the_test() {
    for (sum, n, sum_scale, n_scale, correlation) in [
        (2_000, 100, 5_000.0, 9.0, 0.0),
        (-700, 60, 900.0, 20.0, 0.0),
        (0, 30, 400.0, 3.0, 0.0),
        (30, 100, 5.0, 7.0, 5.0 / 7.0),
        (700, 60, 900.0, 20.0, -0.5),
    ] {
        let (z, covariance) = (1.96, correlation * sum_scale * n_scale);
        let ends = fieller([f64::from(sum), f64::from(n)], [sum_scale, n_scale], covariance, z);
        let [least, greatest] = ends.unwrap();
        for end in [least, greatest] {
            let distance = (f64::from(sum) - end * f64::from(n)).powi(2);
            let half_width: f64 = z * sum_scale + 0.5;
            let room = half_width.powi(2) - 2.0 * z * z * end * covariance + (z * end * n_scale).powi(2);
            assert!((distance / room - 1.0).abs() < 1e-9, "{sum} over {n}: {distance} and {room}");
        }
        let middle = f64::from(sum) / f64::from(n);
        assert!(least < middle && middle < greatest);
    }
}

#[test]
fn over_hardly_anyone_a_ratio_may_be_anywhere_in_its_bounds() {
    for (sum, n) in [(500, 0), (500, -30), (-20, 5), (i64::MAX, i64::MIN)] {
        assert_eq!(ratio(&at(sum, 100.0), &at(n, 10.0), [0.0, 1e8]).interval, [0.0, 1e8], "{n}");
    }
    // Raw: also outside of the bounds, whose end the interval keeps to.
    let outside = ratio(&at(150, 2.0), &at(100, 1.0), [0.0, 1.0]);
    assert_eq!((outside.value, outside.interval), (1.5, [1.0, 1.0]));
    // A denominator below 1 is taken as 1.
    assert_eq!(ratio(&at(12, 1.0), &at(-3, 1.0), [0.0, 1.0]).value, 12.0);
}

#[test]
fn without_noise_a_ratio_is_exact() {
    let exact = Estimate { value: 0.4, standard_error: 0.0, interval: [0.4, 0.4] };
    assert_eq!(ratio(&at(2, 7e-4), &at(5, 7e-4), [0.0, 1.0]), exact);
    assert_eq!(share(&at(2, 7e-4), &at(5, 7e-4)), exact);
}

proptest! {
    #[test]
    fn whatever_was_released_gives_finite_numbers_with_ends_in_order_and_within_the_bounds(
        sum in prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -99..99_i64],
        n in prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -99..99_i64],
        (sum_scale, n_scale) in (-20..=56_i32, -20..=56_i32),
        to in 1..1_000_000_000_000_i64,
        laplace in any::<bool>(),
    ) {
        let family = if laplace { Family::DiscreteLaplace } else { Family::DiscreteGaussian };
        let of = |value, power| Released::restore(value, Spread::of(family, Scale::new(2_f64.powi(power)).unwrap()));
        let (numerator, denominator) = (of(sum, sum_scale), of(n, n_scale));
        for (found, to) in [
            (ratio(&numerator, &denominator, [0.0, to as f64]), to as f64),
            (share(&numerator, &denominator), 1.0),
        ] {
            let [least, greatest] = found.interval;
            prop_assert!(found.value.is_finite() && found.standard_error.is_finite());
            prop_assert!(found.standard_error >= 0.0);
            prop_assert!(0.0 <= least && least <= greatest && greatest <= to, "{found:?}");
        }
    }
}
