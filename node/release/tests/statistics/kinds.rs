//! Each kind of statistic under each family of noise: 50,000 releases with a person and as many without.
//!
//! A kind is a way to read a release, so kinds that go through the door in the same way are read from the same draws: sum,
//! count and mean; histogram, cross table and quantiles. Scales are about one person's change, where the person stands
//! out clearly and a wrong claim has nowhere to hide.

use tvaers_release::clamp::Clamp;
use tvaers_release::consistent::consistent;
use tvaers_release::exact::Exact;
use tvaers_release::joint::Joint;
use tvaers_release::mean::mean;
use tvaers_release::measure::Measure;
use tvaers_release::mechanism::{Family, Mechanism};
use tvaers_release::postprocess::Presentation;
use tvaers_release::quantiles::{Bin, quantiles};
use tvaers_release::released::Released;
use tvaers_release::rho::Rho;

use crate::ALARM;
use crate::bounds::Bounds;
use crate::claim::Claim;
use crate::neighbours::{AtLeast, Cost, at_least};

const TRIALS: usize = 50_000;

/// A claim that noise has 10/9 of its scale: the noise is then 10 % too small for the claim.
const TOO_SMALL: f64 = 10.0 / 9.0;

/// The released cells of each part.
type Parts = [Vec<Released>];

/// What may come about, fixed in advance.
type Event = Box<dyn Fn(&Parts) -> bool>;

/// One kind of statistic, and the events that were fixed in advance.
struct Kind {
    name: &'static str,
    /// The parts of the release that it is read from.
    parts: Vec<usize>,
    events: Vec<Event>,
    /// What part of the claim the events show to be used: of a Laplace's epsilon, of a Gaussian's rho.
    shows: [f64; 2],
}

/// What is released together: for each part a measure, what is in its cells, and what the person adds.
struct Release {
    joint: Joint,
    others: Vec<Vec<i64>>,
    person: Vec<(usize, i64)>,
}

/// What was seen of a release.
struct Seen {
    /// For each kind and event, how often with the person and without.
    events: Vec<Vec<[usize; 2]>>,
    /// For each part, the draws of both sides.
    noise: Vec<Vec<i64>>,
}

impl Release {
    /// Rho 2 for a Gaussian; epsilon 1 for a Laplace, which is rho 0.5.
    fn charged(family: Family) -> Rho {
        let text = match family {
            Family::DiscreteGaussian => "2",
            Family::DiscreteLaplace => "0.5",
        };
        text.parse().unwrap()
    }

    fn seen(&self, kinds: &[Kind]) -> Seen {
        let mut events: Vec<Vec<[usize; 2]>> =
            kinds.iter().map(|kind| vec![[0; 2]; kind.events.len()]).collect();
        let mut noise = vec![Vec::new(); self.others.len()];
        for side in [0, 1] {
            for _ in 0..TRIALS {
                let released: Vec<Vec<Released>> = self
                    .joint
                    .parts()
                    .iter()
                    .zip(&self.others)
                    .zip(&mut noise)
                    .map(|((part, others), noise)| self.trial(part, others, side == 0, noise))
                    .collect();
                for (kind, counters) in kinds.iter().zip(&mut events) {
                    for (event, counter) in kind.events.iter().zip(counters) {
                        counter[side] += usize::from(event(&released));
                    }
                }
            }
        }
        Seen { events, noise }
    }

    /// Once through the door, with the person or without.
    fn trial(&self, part: &Mechanism, others: &[i64], with: bool, noise: &mut Vec<i64>) -> Vec<Released> {
        let mut exact = Exact::gather(*part.measure());
        let mut expected = others.to_vec();
        others.iter().enumerate().for_each(|(cell, sum)| exact.group(cell, *sum).unwrap());
        if with {
            exact.person(&self.person).unwrap();
            let cells = self.person.iter().take(part.measure().cells_per_person() as usize);
            cells.for_each(|(cell, value)| expected[*cell] += part.measure().clamp().apply(*value));
        }
        let released = exact.release(part).unwrap();
        noise.extend(released.iter().zip(&expected).map(|(cell, exact)| cell.value() - exact));
        released
    }

    /// What a kind costs, if its noise were `factor` times as wide as it is.
    fn cost(&self, kind: &Kind, factor: f64) -> Cost {
        let (rho, epsilon) = match kind.parts[..] {
            [part] => (self.joint.parts()[part].loss(), self.joint.parts()[part].epsilon()),
            _ => (self.joint.loss(), self.joint.epsilon()),
        };
        match epsilon {
            Some(epsilon) => Cost::Pure(epsilon / factor),
            None => Cost::Zcdp(Rho::from_nano((rho.nano() as f64 / factor.powi(2)) as u64)),
        }
    }

    /// Everything that is claimed of a kind, if its noise were `factor` times as wide as it is: what it gives away, then
    /// the noise of each part.
    fn judged(&self, kind: &Kind, seen: &Seen, found: AtLeast, factor: f64) -> Result<(), String> {
        if !self.cost(kind, factor).allows(found) {
            return Err(format!("{}: {found:?} where {:?} is claimed", kind.name, self.cost(kind, factor)));
        }
        self.noise_judged(kind, seen, factor)
    }

    fn noise_judged(&self, kind: &Kind, seen: &Seen, factor: f64) -> Result<(), String> {
        let alarm = ALARM / 4.0 / kind.parts.len() as f64;
        let judged = |part: &usize| self.claim(*part, factor).judged(&seen.noise[*part], alarm);
        kind.parts.iter().try_for_each(judged).map_err(|what| format!("{}: {what}", kind.name))
    }

    /// What is claimed of the noise of a part, if it were `factor` times as wide as it is.
    fn claim(&self, part: usize, factor: f64) -> Claim {
        let mechanism = &self.joint.parts()[part];
        Claim::new(mechanism.family(), mechanism.scale().get() * factor)
    }

    /// Each value's interval covers as many exact values as it says, and 95 % or more.
    fn covers(&self, kind: &Kind, seen: &Seen) -> bool {
        let alarm = ALARM / 4.0 / kind.parts.len() as f64;
        kind.parts.iter().all(|&part| {
            let half_width = self.joint.parts()[part].spread().half_width();
            self.claim(part, 1.0).covered(&seen.noise[part], half_width, alarm)
        })
    }

    fn check(&self, kinds: &[Kind]) -> Seen {
        let seen = self.seen(kinds);
        for (kind, events) in kinds.iter().zip(&seen.events) {
            let found = at_least(events, TRIALS, ALARM / 2.0);
            eprintln!("{}: {found:?}, claimed {:?}", kind.name, self.cost(kind, 1.0));
            assert_eq!(self.judged(kind, &seen, found, 1.0), Ok(()));
            assert!(self.covers(kind, &seen), "{}: intervals", kind.name);
            // The same checks refuse noise that is 10 % too small: the distribution does, which is asked first, and the
            // variance would by itself (see `Claim` for how surely).
            assert!(self.judged(kind, &seen, found, TOO_SMALL).is_err(), "{}", kind.name);
            let distribution = Err(format!("{}: distribution", kind.name));
            assert_eq!(self.noise_judged(kind, &seen, TOO_SMALL), distribution);
            for &part in &kind.parts {
                assert!(!self.claim(part, TOO_SMALL).varies(&seen.noise[part], ALARM), "{}", kind.name);
            }
            // And the events are no idle ones: a claim of so much less would be refused, at seven standard errors or more.
            let shows = match self.cost(kind, 1.0) {
                Cost::Pure(epsilon) => found.pure / epsilon - kind.shows[0],
                Cost::Zcdp(rho) => found.rho / (rho.nano() as f64 / 1e9) - kind.shows[1],
            };
            assert!(shows > 0.0, "{}: {found:?}", kind.name);
        }
        seen
    }
}

fn event(holds: impl Fn(&Parts) -> bool + 'static) -> Event {
    Box::new(holds)
}

/// Money in øre, of which the person has far more than the clamp's end: with 20 others, all in the middle.
fn sum_count_and_mean(family: Family) {
    const OTHERS: i64 = 20;
    const HALF: i64 = 50_000_000;
    let clamp = Clamp::new(0, 2 * HALF).unwrap();
    let sum = Measure::sum(1, 1, clamp.centred().unwrap(), 1_000).unwrap();
    let persons = Measure::count(1, 1, 1_000).unwrap();
    let joint = Joint::new(family, &[(sum, 1), (persons, 1)], Release::charged(family)).unwrap();
    let release = Release { joint, others: vec![vec![0], vec![OTHERS]], person: vec![(0, i64::MAX)] };
    let sum_is = |least: i64| event(move |parts| parts[0][0].value() >= least);
    let count_is = |least: i64| event(move |parts| parts[1][0].value() >= least);
    let mean_is = |least: f64| event(move |parts| mean(clamp, &parts[0][0], &parts[1][0]).value >= least);
    let step = HALF as f64 / OTHERS as f64;
    // What tells the most of both parts: of Gaussians that their sum is great, of Laplaces that each is.
    let both_add_up = event(|parts| {
        parts[0][0].value() as f64 / HALF as f64 + (parts[1][0].value() - OTHERS) as f64 >= 1.0
    });
    let both_are = event(|parts| parts[0][0].value() >= HALF && parts[1][0].value() > OTHERS);
    release.check(&[
        Kind {
            name: "sum",
            parts: vec![0],
            events: vec![sum_is(0), sum_is(HALF / 2), sum_is(HALF)],
            shows: [0.5, 0.5],
        },
        Kind {
            name: "count",
            parts: vec![1],
            events: vec![count_is(OTHERS), count_is(OTHERS + 1), count_is(OTHERS + 2)],
            shows: [0.5, 0.5],
        },
        Kind {
            name: "mean",
            parts: vec![0, 1],
            events: vec![
                mean_is(HALF as f64 + step / 4.0),
                mean_is(HALF as f64 + step / 2.0),
                mean_is(HALF as f64 + step),
                both_add_up,
                both_are,
            ],
            shows: [0.5, 0.45],
        },
    ]);
}

/// Two categories of two each, or a category of two by two bins: a person is in one of the four cells.
fn histogram_quantiles_and_cross_table(family: Family) {
    const OTHERS: i64 = 2;
    let measure = Measure::count(4, 1, 1_000).unwrap();
    let joint = Joint::new(family, &[(measure, 1)], Release::charged(family)).unwrap();
    let release = Release { joint, others: vec![vec![OTHERS; 4]], person: vec![(3, 1)] };
    let bin_is = |least: i64| event(move |parts| parts[0][3].value() >= least);
    let quantile_is = |p: f64, least: f64| {
        let bins: Vec<Bin> = (0..4).map(|bin| Bin { from: bin * 10, to: bin * 10 + 9 }).collect();
        event(move |parts| quantiles(&bins, &parts[0], &[p]).unwrap()[0].value >= least)
    };
    let shown =
        |parts: &Parts| consistent(&parts[0], &[vec![2, 3], vec![1, 3]], Presentation::PLAIN).unwrap();
    let row_is = |least: i64| {
        event(move |parts| shown(parts).margins.iter().all(|margin| margin.shown.value() >= Some(least)))
    };
    let cell_is = |least: i64| event(move |parts| shown(parts).cells[3].value() >= Some(least));
    let kinds = [
        Kind {
            name: "histogram",
            parts: vec![0],
            events: vec![bin_is(OTHERS), bin_is(OTHERS + 1), bin_is(OTHERS + 2)],
            shows: [0.5, 0.5],
        },
        Kind {
            name: "quantiles",
            parts: vec![0],
            events: vec![quantile_is(0.5, 20.0), quantile_is(0.5, 22.0), quantile_is(0.9, 37.0)],
            shows: [0.4, 0.35],
        },
        Kind {
            name: "cross table",
            parts: vec![0],
            events: vec![cell_is(OTHERS + 1), row_is(2 * OTHERS + 1), row_is(2 * OTHERS + 2)],
            shows: [0.5, 0.5],
        },
    ];
    let seen = release.check(&kinds);
    // The interval of a margin is none that is known exactly: it covers 95 % or more.
    let rows: Vec<&[i64]> = seen.noise[0].chunks_exact(2).collect();
    let spread = *release.joint.parts()[0].spread();
    let half_width = Released::sum(&[Released::restore(0, spread); 2]).unwrap().spread().half_width();
    let covered = rows.iter().filter(|row| row.iter().sum::<i64>().abs() <= half_width).count();
    assert!(Bounds::new(covered, rows.len(), ALARM).most >= 0.95, "{covered} of {}", rows.len());
}

/// A feature of which a person can have two values, and this one has: both cells change, and a third value is too many.
fn multi_valued(family: Family) {
    const OTHERS: i64 = 5;
    let measure = Measure::count(2, 2, 1_000).unwrap();
    let joint = Joint::new(family, &[(measure, 1)], Release::charged(family)).unwrap();
    let release = Release { joint, others: vec![vec![OTHERS; 2]], person: vec![(0, 7), (1, 1), (0, 1)] };
    let total_is = |least: i64| {
        event(move |parts| parts[0].iter().map(Released::value).sum::<i64>() >= 2 * OTHERS + least)
    };
    let both_are =
        |least: i64| event(move |parts| parts[0].iter().all(|cell| cell.value() >= OTHERS + least));
    release.check(&[Kind {
        name: "multi-valued",
        parts: vec![0],
        events: vec![total_is(1), total_is(2), total_is(3), both_are(1), both_are(2)],
        shows: [0.5, 0.5],
    }]);
}

#[test]
fn gaussian_sum_count_and_mean_are_as_claimed() {
    sum_count_and_mean(Family::DiscreteGaussian);
}

#[test]
fn laplace_sum_count_and_mean_are_as_claimed() {
    sum_count_and_mean(Family::DiscreteLaplace);
}

#[test]
fn gaussian_histogram_quantiles_and_cross_table_are_as_claimed() {
    histogram_quantiles_and_cross_table(Family::DiscreteGaussian);
}

#[test]
fn laplace_histogram_quantiles_and_cross_table_are_as_claimed() {
    histogram_quantiles_and_cross_table(Family::DiscreteLaplace);
}

#[test]
fn gaussian_multi_valued_counts_are_as_claimed() {
    multi_valued(Family::DiscreteGaussian);
}

#[test]
fn laplace_multi_valued_counts_are_as_claimed() {
    multi_valued(Family::DiscreteLaplace);
}
