use proptest::prelude::*;

use super::*;
use crate::mechanism::Family;
use crate::scale::Scale;
use crate::spread::Spread;

fn at(value: i64, scale: f64) -> Released {
    Released::restore(value, Spread::discrete_gaussian(Scale::new(scale).unwrap()))
}

/// Bins of one width from 0 on.
fn bins(n: i64, width: i64) -> Vec<Bin> {
    (0..n).map(|bin| Bin { from: bin * width, to: (bin + 1) * width - 1 }).collect()
}

fn counted(counts: &[i64], scale: f64) -> Vec<Released> {
    counts.iter().map(|count| at(*count, scale)).collect()
}

fn values(bins: &[Bin], counts: &[i64], probabilities: &[f64]) -> Vec<f64> {
    let found = quantiles(bins, &counted(counts, 1.0), probabilities).unwrap();
    found.iter().map(|estimate| estimate.value).collect()
}

#[test]
fn persons_are_spread_evenly_over_a_bin_and_one_number_is_itself() {
    assert_eq!(values(&bins(4, 10), &[100, 100, 100, 100], &[0.25, 0.5, 0.6, 0.9]), [10.0, 20.0, 24.0, 36.0]);
    assert_eq!(values(&bins(5, 1), &[100, 100, 100, 100, 100], &[0.1, 0.2, 0.3, 0.99]), [0.0, 0.0, 1.0, 4.0]);
    let unlike = [Bin { from: -5, to: -5 }, Bin { from: -4, to: 5 }, Bin { from: 6, to: 6 }];
    assert_eq!(values(&unlike, &[50, 100, 50], &[0.2, 0.5, 0.8]), [-5.0, 1.0, 6.0]);
}

#[test]
fn counts_that_fall_are_made_monotone_first() {
    // Cumulative 10, 5, 25, nearest monotone 7.5, 7.5, 25; a quarter of them is 6.25, five sixths of the first bin.
    let found = values(&bins(3, 10), &[10, -5, 20], &[0.25]);
    assert!((found[0] - 10.0 * 6.25 / 7.5).abs() < 1e-12);
    // Never below 0.
    assert_eq!(values(&bins(3, 10), &[-40, 100, 0], &[0.5]), [15.0]);
}

#[test]
fn the_interval_inverts_the_test_and_agrees_with_the_error_where_there_are_many() {
    // 40 bins of 1,000 with σ = 10: at the median s = 10·√10 and 100 persons per unit.
    let found = quantiles(&bins(40, 10), &counted(&[1_000; 40], 10.0), &[0.5]).unwrap()[0];
    let expected = 10.0 * 10_f64.sqrt() / 100.0;
    assert_eq!(found.value, 200.0);
    assert!((found.standard_error / expected - 1.0).abs() < 0.03, "{}", found.standard_error);
    let [least, greatest] = found.interval;
    assert!((greatest - 200.0 - (200.0 - least)).abs() < 1e-9);
    assert!(((greatest - least) / (2.0 * 1.96) / found.standard_error - 1.0).abs() < 0.02);
}

#[test]
fn unlike_variances_count_where_they_are() {
    // Only the last bin is noisy: it weighs p, and the wanted number moves by that.
    let counts = [at(1_000, 7e-4), at(1_000, 7e-4), at(1_000, 7e-4), at(1_000, 20.0)];
    let found = quantiles(&bins(4, 100), &counts, &[0.25, 0.5]).unwrap();
    for (estimate, p) in found.iter().zip([0.25, 0.5]) {
        let expected = 20.0 * p / 10.0;
        let room = 0.5 / 10.0;
        assert!((estimate.standard_error - expected).abs() <= room, "{p}: {}", estimate.standard_error);
    }
}

#[test]
fn nobody_is_spread_evenly_and_known_nowhere() {
    for counts in [[0, 0, 0, 0], [-3, 1, 0, -2], [-9, -9, -9, -9]] {
        let found = quantiles(&bins(4, 10), &counted(&counts, 10.0), &[0.5]).unwrap()[0];
        assert_eq!(found.value, 20.0);
        assert_eq!(found.interval, [0.0, 40.0], "{counts:?}");
    }
}

#[test]
fn what_is_no_histogram_or_no_probability_is_refused_by_name() {
    let field = |bins: &[Bin], counts: usize, probabilities: &[f64]| match quantiles(
        bins,
        &vec![at(1, 1.0); counts],
        probabilities,
    )
    .err()
    .unwrap()
    {
        ReleaseError::Parameter { field, .. } => field,
        other => panic!("{other}"),
    };
    let of = |ends: &[(i64, i64)]| ends.iter().map(|&(from, to)| Bin { from, to }).collect::<Vec<_>>();
    assert_eq!(field(&[], 0, &[0.5]), "bins");
    let whole = (i64::MIN, i64::MAX);
    for odd in [&[(1, 0)][..], &[(0, 1), (3, 4)], &[(0, 1), (1, 4)], &[(2, 3), (0, 1)], &[whole, whole]] {
        assert_eq!(field(&of(odd), odd.len(), &[0.5]), "bins", "{odd:?}");
    }
    for counts in [0, 2, 4] {
        assert_eq!(field(&bins(3, 1), counts, &[0.5]), "counts");
    }
    assert_eq!(field(&bins(3, 1), 3, &[]), "probabilities");
    assert_eq!(field(&bins(3, 1), 3, &[0.5; PROBABILITIES_MAX + 1]), "probabilities");
    for odd in [0.0, -0.0, 1.0, -1.0, f64::NAN, f64::INFINITY, 1e308, i64::MAX as f64] {
        assert_eq!(field(&bins(3, 1), 3, &[0.5, odd]), "probabilities", "{odd}");
    }
}

proptest! {
    /// The nearest monotone numbers: monotone, and no other monotone numbers are nearer. What is convex has one least
    /// point, which is where no step towards other monotone numbers leads downwards.
    #[test]
    fn isotonic_numbers_are_the_nearest(
        values in prop::collection::vec(-50.0..50.0_f64, 1..30),
        steps in prop::collection::vec(0.0..9.0_f64, 30),
        start in -60.0..60.0_f64,
    ) {
        let fitted = isotonic(&values);
        prop_assert_eq!(fitted.len(), values.len());
        prop_assert!(fitted.windows(2).all(|pair| pair[0] <= pair[1] + 1e-9));
        let other = steps.iter().scan(start, |sum, step| { *sum += step; Some(*sum) });
        let downwards: f64 =
            values.iter().zip(&fitted).zip(other).map(|((y, x), other)| (y - x) * (other - x)).sum();
        prop_assert!(downwards <= 1e-6, "{downwards}");
    }

    #[test]
    fn whatever_was_released_gives_quantiles_in_order_within_their_intervals_and_the_bins(
        counts in prop::collection::vec(
            prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -99..99_i64, Just(0)], 1..20),
        power in -20..=56_i32,
        (from, width) in (prop_oneof![Just(i64::MIN), -9..9_i64], 1..30_i64),
        laplace in any::<bool>(),
        p in 0.001..0.998_f64,
    ) {
        let family = if laplace { Family::DiscreteLaplace } else { Family::DiscreteGaussian };
        let spread = Spread::of(family, Scale::new(2_f64.powi(power)).unwrap());
        let released: Vec<Released> = counts.iter().map(|count| Released::restore(*count, spread)).collect();
        let bins: Vec<Bin> = (0..).zip(&counts)
            .map(|(bin, _)| Bin { from: from + bin * width, to: from + (bin + 1) * width - 1 })
            .collect();
        let (least, greatest) = (from as f64, bins.last().unwrap().to as f64 + 1.0);
        let found = quantiles(&bins, &released, &[p, p + 0.001]).unwrap();
        prop_assert!(found[0].value <= found[1].value);
        for estimate in found {
            let [below, above] = estimate.interval;
            prop_assert!(estimate.standard_error.is_finite() && estimate.standard_error >= 0.0);
            prop_assert!(least <= below && below <= estimate.value);
            prop_assert!(estimate.value <= above && above <= greatest);
        }
    }

    /// The interval by brute force: the test at two hundred places of each bin, every weight written out.
    #[test]
    fn the_interval_is_from_the_first_place_that_passes_to_the_last(
        counts in prop::collection::vec((-20..100_i64, prop_oneof![Just(2.0), Just(5.0), Just(11.0)]), 1..8),
        p in 0.01..0.99_f64,
    ) {
        const PLACES: usize = 200;
        let bins = bins(counts.len() as i64, 10);
        let released: Vec<Released> = counts.iter().map(|(count, scale)| at(*count, *scale)).collect();
        let found = quantiles(&bins, &released, &[p]).unwrap()[0];
        let passes = |bin: usize, t: f64| {
            let below = |other: usize| match other.cmp(&bin) {
                std::cmp::Ordering::Less => 1.0,
                std::cmp::Ordering::Equal => t,
                std::cmp::Ordering::Greater => 0.0,
            };
            let mut sum = 0.0;
            let (mut own, mut others) = (0.0, 0.0);
            for (other, cell) in released.iter().enumerate() {
                let weight = below(other) - p;
                sum += weight * cell.value() as f64;
                let part = (weight * cell.standard_error()).powi(2);
                if other == bin { own = part } else { others += part }
            }
            let z = 1.959_963_985;
            let others = z * others.sqrt() + p.max(1.0 - p) / 2.0;
            sum * sum <= others * others + z * z * own
        };
        let places = (0..bins.len()).flat_map(|bin| (0..=PLACES).map(move |t| (bin, t as f64 / PLACES as f64)));
        let passing: Vec<f64> = places
            .filter(|(bin, t)| passes(*bin, *t))
            .map(|(bin, t)| 10.0 * (bin as f64 + t))
            .chain([found.value])
            .collect();
        let least = passing.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = passing.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let [from, to] = found.interval;
        let step = 10.0 / PLACES as f64;
        prop_assert!(from <= least + 1e-6 && least <= from + step, "{from}, {least}");
        prop_assert!(to >= greatest - 1e-6 && greatest >= to - step, "{to}, {greatest}");
    }
}
