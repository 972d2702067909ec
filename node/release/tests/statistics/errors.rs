//! How far off means and quantiles are: their intervals cover 95 %, and their errors are what the same functions say
//! when they are given expected values, as a preview does.

use tvaers_release::clamp::Clamp;
use tvaers_release::estimate::Estimate;
use tvaers_release::exact::Exact;
use tvaers_release::joint::Joint;
use tvaers_release::mean::mean;
use tvaers_release::measure::Measure;
use tvaers_release::mechanism::{Family, Mechanism};
use tvaers_release::quantiles::{Bin, quantiles};
use tvaers_release::released::Released;

use crate::ALARM;
use crate::bounds::Bounds;

const FAMILIES: [Family; 2] = [Family::DiscreteGaussian, Family::DiscreteLaplace];

/// How far a root-mean-square error may be from the preview's. A preview takes the histogram to be straight for a
/// standard error to either side, which was seen to be off by up to 10 % at n/σ = 20 and 2 % at 200; the standard error
/// of what chance adds is 1.6 % with 2,500 releases, and 10 % is six of these.
const AGREEMENT: f64 = 0.2;

/// Estimates of `truth`, over and over.
struct Repeated {
    name: String,
    truth: f64,
    found: Vec<Estimate>,
    preview: Estimate,
}

impl Repeated {
    fn covered(&self) -> Bounds {
        // What a rounding of the last place does to an end of an interval is not meant.
        let room = 1e-9 * self.truth.abs().max(1.0);
        let holds = |estimate: &&Estimate| {
            let [least, greatest] = estimate.interval;
            (least - room..=greatest + room).contains(&self.truth)
        };
        let seen = self.found.iter().filter(holds).count();
        eprintln!("{}: {} of {} covered", self.name, seen, self.found.len());
        Bounds::new(seen, self.found.len(), ALARM / 2.0)
    }

    /// 95 % or more.
    fn covers(&self) {
        let covered = self.covered();
        assert!(covered.most >= 0.95, "{}: {covered:?}", self.name);
    }

    /// 95 % or more, and not far more.
    fn covers_closely(&self) {
        let covered = self.covered();
        assert!(covered.most >= 0.95 && covered.least <= 0.96, "{}: {covered:?}", self.name);
    }

    fn errs_as_previewed(&self) {
        let squares: f64 = self.found.iter().map(|estimate| (estimate.value - self.truth).powi(2)).sum();
        let error = (squares / self.found.len() as f64).sqrt();
        let previewed = self.preview.standard_error;
        eprintln!("{}: error {error}, previewed {previewed}", self.name);
        assert!((error / previewed - 1.0).abs() < AGREEMENT, "{}: {error}, {previewed}", self.name);
    }
}

/// The cells of `part` through the door, all at once.
fn released(part: &Mechanism, cells: &[i64]) -> Vec<Released> {
    let mut exact = Exact::gather(*part.measure());
    cells.iter().enumerate().for_each(|(cell, sum)| exact.group(cell, *sum).unwrap());
    exact.release(part).unwrap()
}

/// Means of `n` persons, each a cell of its own: 7/10 of the clamp.
fn means(family: Family, n: i64) -> Repeated {
    const TRIALS: usize = 10_000;
    let clamp = Clamp::new(0, 1_000).unwrap();
    let sum = Measure::sum(TRIALS, 1, clamp.centred().unwrap(), 1_000_000).unwrap();
    let persons = Measure::count(TRIALS, 1, 1_000_000).unwrap();
    let joint = Joint::new(family, &[(sum, 1), (persons, 1)], "0.04".parse().unwrap()).unwrap();
    let [sums, counts] = joint.parts() else { panic!("two parts") };
    let truth = 700 - clamp.centre();
    let found = released(sums, &[truth * n; TRIALS])
        .iter()
        .zip(released(counts, &[n; TRIALS]))
        .map(|(sum, count)| mean(clamp, sum, &count))
        .collect();
    let preview =
        mean(clamp, &Released::restore(truth * n, *sums.spread()), &Released::restore(n, *counts.spread()));
    let sigmas = n as f64 / counts.spread().standard_error();
    Repeated { name: format!("{family:?} mean, n/σ {sigmas:.1}"), truth: 700.0, found, preview }
}

const TENTHS: [f64; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];

/// Quantiles of persons in ten bins, each of so many numbers.
fn spread_out(family: Family, persons: [i64; 10], width: i64) -> Vec<Repeated> {
    const TRIALS: usize = 2_500;
    let bins: Vec<Bin> = (0..10).map(|bin| Bin { from: bin * width, to: (bin + 1) * width - 1 }).collect();
    let measure = Measure::count(TRIALS * bins.len(), 1, 1_000_000).unwrap();
    let mechanism = Mechanism::new(family, measure, "0.02".parse().unwrap()).unwrap();
    let expected = persons.map(|count| Released::restore(count, *mechanism.spread()));
    let previews = quantiles(&bins, &expected, &TENTHS).unwrap();
    let all = released(&mechanism, &persons.repeat(TRIALS));
    let found: Vec<Vec<Estimate>> =
        all.chunks_exact(bins.len()).map(|counts| quantiles(&bins, counts, &TENTHS).unwrap()).collect();
    let sigmas = persons.iter().sum::<i64>() as f64 / mechanism.spread().standard_error();
    let of = |(position, preview): (usize, &Estimate)| Repeated {
        name: format!("{family:?} quantile {}, width {width}, n/σ {sigmas:.1}", TENTHS[position]),
        // Counts without noise give the quantile itself.
        truth: preview.value,
        found: found.iter().map(|estimates| estimates[position]).collect(),
        preview: *preview,
    };
    previews.iter().enumerate().map(of).collect()
}

#[test]
fn means_cover_and_err_as_previewed() {
    for family in FAMILIES {
        for n in [200, 2_000] {
            let means = means(family, n);
            means.covers_closely();
            means.errs_as_previewed();
        }
        for n in [3, 20, 60] {
            means(family, n).covers();
        }
    }
}

/// Persons of a hundred, in ten bins.
const PER_CENT: [i64; 10] = [5, 10, 15, 20, 15, 12, 10, 6, 4, 3];

#[test]
fn quantiles_cover_and_err_as_previewed() {
    // A Laplace of the same rho errs by √2 as much: n/σ is 20 and 400, or 28 and 283.
    for (family, times) in [(FAMILIES[0], [1, 20]), (FAMILIES[1], [2, 20])] {
        for times in times {
            for quantile in spread_out(family, PER_CENT.map(|persons| persons * times), 10) {
                quantile.covers();
                quantile.errs_as_previewed();
            }
        }
    }
}

/// Few persons, empty bins at the ends, and bins of one number.
#[test]
fn quantiles_of_few_persons_and_of_single_numbers_cover() {
    for family in FAMILIES {
        for (persons, width) in [([0, 1, 0, 2, 3, 2, 1, 1, 0, 0], 10), (PER_CENT, 1)] {
            for quantile in spread_out(family, persons, width) {
                quantile.covers();
            }
        }
    }
}
