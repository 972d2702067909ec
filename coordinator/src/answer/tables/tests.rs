//! What one person can change in the tables of every model and indicator, and how noisy numbers are told.
#![expect(clippy::print_stdout, reason = "randomised tests print their seed")]

use std::collections::BTreeMap;

use jiff::civil::date;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tvaers_definitions::library::Library;
use tvaers_definitions::model::Model;
use tvaers_definitions::tables::{Part, Tables};
use tvaers_protocol::id::{Pseudonym, Sector};
use tvaers_protocol::record::{Contribution, NO_RECENCY};
use tvaers_protocol::study::Grain;
use tvaers_release::exact::Exact as Door;
use tvaers_release::joint::Joint;
use tvaers_release::measure::Measure;
use tvaers_release::mechanism::Family;
use tvaers_release::postprocess::Presentation;
use tvaers_release::rho::Rho;

use super::{definitions, measure, notes, present};
use crate::answer::Cell;
use crate::combine::{Combiner, Residence, Source};

const SOURCES: [Source; 5] = [
    Source { sector: Sector::Region, code: 1083 },
    Source { sector: Sector::Region, code: 1085 },
    Source { sector: Sector::Municipality, code: 360 },
    Source { sector: Sector::Municipality, code: 376 },
    Source { sector: Sector::Municipality, code: 461 },
];

/// What the nodes sent of one person.
type Person = Vec<(usize, Contribution)>;

fn contribution(model: &Model, grain: Grain, source: usize, random: &mut StdRng) -> Contribution {
    let layout = model.layout(SOURCES[source].sector, grain);
    let value = |index: &usize| {
        let component = &model.components[*index];
        // Often small, now and then extreme, also beyond what the clamp allows.
        match random.random_range(0..4) {
            0 => component.value_min,
            1 => random.random_range(0..=component.value_max.min(4)),
            2 => random.random_range(component.value_min..=component.value_max),
            _ => component.value_max.saturating_add(random.random_range(0..3)),
        }
    };
    let values: Vec<u32> = layout.components.iter().map(value).collect();
    Contribution {
        pseudonym: Pseudonym::from_bytes([7; 16]),
        resident: SOURCES[source].sector == Sector::Municipality && random.random_bool(0.6),
        eligible: random.random_bool(0.9),
        objects: false,
        touches: random.random::<u16>() & layout.touches,
        kommune: SOURCES[source].code,
        values,
        recencies: vec![NO_RECENCY; layout.recencies.len()],
    }
}

/// One who lives somewhere, known to some of the nodes.
fn person(model: &Model, grain: Grain, random: &mut StdRng) -> Person {
    let known = (0..SOURCES.len()).filter(|_| random.random_bool(0.6)).collect::<Vec<_>>();
    known.into_iter().map(|source| (source, contribution(model, grain, source, random))).collect()
}

/// The exact cells of all parts, which only a test may see.
type Exact = BTreeMap<(usize, usize), i64>;

fn tabulate(model: &Model, tables: &Tables<'_>, grain: Grain, persons: &[Person]) -> Exact {
    let combiner = Combiner::new(model, grain, &SOURCES);
    let mut exact = Exact::new();
    for group in persons {
        let combined = combiner.combine(group);
        let Residence::At { source, eligible: true } = combined.residence else { continue };
        let outcome = model.outcome(&combined.values, grain);
        if outcome.excluded {
            continue;
        }
        let adds = tables.of_person(SOURCES[source].code, &outcome, &combined.values, grain);
        for (part, added) in adds.into_iter().enumerate() {
            if let Some((cell, amount)) = added {
                *exact.entry((part, cell)).or_default() += i64::from(amount);
            }
        }
    }
    exact
}

/// What differs, cell by cell, for each part.
fn changes(parts: &[Part], one: &Exact, other: &Exact) -> Vec<Vec<u64>> {
    let of_part = |part: usize| {
        let cells = 0..parts[part].cells;
        let at = |exact: &Exact, cell| exact.get(&(part, cell)).copied().unwrap_or(0);
        cells.map(|cell| at(one, cell).abs_diff(at(other, cell))).filter(|change| *change > 0).collect()
    };
    (0..parts.len()).map(of_part).collect()
}

fn check(model: &Model, grain: Grain, random: &mut StdRng) -> u32 {
    let tables = Tables::new(model, &[360, 376, 461], date(2026, 2, 28), None);
    let parts = tables.parts();
    let others: Vec<Person> = (0..6).map(|_| person(model, grain, random)).collect();
    let mut moved = 0;
    for _ in 0..60 {
        let one = person(model, grain, random);
        let with = |group: &Person| [others.clone(), vec![group.clone()]].concat();
        let whole = tabulate(model, &tables, grain, &with(&one));
        // Away everywhere, or at one node alone.
        let mut neighbours = vec![Person::new()];
        neighbours.extend((0..one.len()).map(|gone| {
            let kept = one.iter().enumerate().filter(|(at, _)| *at != gone);
            kept.map(|(_, contribution)| contribution.clone()).collect()
        }));
        for neighbour in neighbours {
            let without = tabulate(model, &tables, grain, &with(&neighbour));
            for (part, changed) in parts.iter().zip(changes(parts, &whole, &without)) {
                let sensitivity = measure(part).unwrap().sensitivity();
                let l1: u64 = changed.iter().sum();
                #[expect(clippy::cast_precision_loss, reason = "a test of numbers below 2^53")]
                let l2 = changed.iter().map(|change| (*change as f64).powi(2)).sum::<f64>().sqrt();
                let what = (model.name.as_str(), grain, tables.told_of(part));
                assert!(changed.len() <= part.per_person as usize, "{what:?}: {changed:?}");
                assert!(
                    changed.iter().all(|change| *change <= u64::from(part.most)),
                    "{what:?}: {changed:?}"
                );
                assert!(l1 <= sensitivity.l1() && l2 <= sensitivity.l2() + 1e-6, "{what:?}: {changed:?}");
                moved += u32::from(!changed.is_empty());
            }
        }
    }
    moved
}

#[test]
fn no_person_added_or_taken_away_anywhere_changes_more_than_noise_is_drawn_for() {
    let seed = 20_261_122;
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let library = Library::embedded().unwrap();
    let of_indicators = library.indicators().iter().filter_map(|indicator| indicator.model());
    let models: Vec<&Model> = library.models().iter().chain(of_indicators).collect();
    assert!(models.len() > 3, "the models of lists, and of indicators");
    for model in models {
        let grains = [Grain::Points, Grain::Counts, Grain::Events];
        for grain in grains.into_iter().filter(|grain| *grain >= model.least_grain()) {
            assert!(check(model, grain, &mut random) > 0, "{}: nothing was tried", model.name);
        }
    }
}

/// One release of exact tables.
fn release(tables: &Tables<'_>, exact: &Exact, charged: Rho) -> Vec<Cell> {
    let measures: Vec<(Measure, u32)> =
        tables.parts().iter().map(|part| (measure(part).unwrap(), 1)).collect();
    let joint = Joint::new(Family::DiscreteGaussian, &measures, charged).unwrap();
    let noisy = measures.iter().zip(joint.parts()).enumerate().map(|(part, ((measure, _), mechanism))| {
        let mut door = Door::gather(*measure);
        for ((_, cell), sum) in exact.range((part, 0)..(part + 1, 0)) {
            door.group(*cell, *sum).unwrap();
        }
        door.release(mechanism).unwrap()
    });
    present::cells(tables, &noisy.collect::<Vec<_>>(), &[], Presentation::PLAIN).unwrap()
}

/// For every number of every indicator: the mean of 200 releases is within 6 of its standard errors, which noise exceeds
/// with a probability below 2·10⁻⁹, and 165 or more of the 200 intervals cover, which 95 % miss with a probability below
/// 10⁻¹⁰; some thousand numbers are looked at. Of numbers that are divided only those are looked at whose denominator is
/// clear of the noise: the mean of a ratio of noisy numbers is not the ratio.
#[test]
fn two_hundred_releases_lie_around_the_truth_and_intervals_cover() {
    const RELEASES: u32 = 200;
    let seed = 1_085;
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let library = Library::embedded().unwrap();
    for model in library.indicators().iter().filter_map(|indicator| indicator.model()) {
        let tables = Tables::new(model, &[360, 376, 461], date(2026, 2, 28), None);
        let persons: Vec<Person> = (0..3_000).map(|_| person(model, Grain::Counts, &mut random)).collect();
        let exact = tabulate(model, &tables, Grain::Counts, &persons);
        let truth = release(&tables, &exact, "1000000".parse().unwrap());
        let charged: Rho = "2".parse().unwrap();
        let (mut sums, mut covered) = (vec![0.0; truth.len()], vec![0_u32; truth.len()]);
        let mut errors = vec![0.0; truth.len()];
        for _ in 0..RELEASES {
            let cells = release(&tables, &exact, charged);
            for (at, (cell, truth)) in cells.iter().zip(&truth).enumerate() {
                let (Some(value), Some(truth)) = (cell.value, truth.value) else { continue };
                let Some([low, high]) = cell.ci95.map(|ends| ends.map(crate::answer::Amount::real)) else {
                    continue;
                };
                sums[at] += value.real();
                errors[at] += cell.standard_error.unwrap();
                covered[at] += u32::from((low - 1e-9..=high + 1e-9).contains(&truth.real()));
            }
        }
        let mut looked_at = 0;
        for (at, cell) in truth.iter().enumerate() {
            let Some(value) = cell.value.filter(|_| cell.standard_error.is_some()) else { continue };
            let (mean, error) = (sums[at] / f64::from(RELEASES), errors[at] / f64::from(RELEASES));
            // Made-up persons can have a change without a baseline, and then more changes than baselines.
            let [low, high] = cell.ci95.unwrap().map(crate::answer::Amount::real);
            let is_possible = (low..=high).contains(&value.real());
            if value.whole().is_none() && (error > 0.02 * value.real().abs() || !is_possible) {
                continue;
            }
            looked_at += 1;
            let what = (model.name.as_str(), &cell.key, value.real(), mean, error, covered[at]);
            assert!(
                (mean - value.real()).abs() <= 6.0 * error / f64::from(RELEASES).sqrt() + 1e-6,
                "{what:?}"
            );
            assert!(covered[at] >= 165, "{what:?}");
        }
        println!("{}: {looked_at} of {} numbers", model.name, truth.len());
        assert!(looked_at > 0, "{}", model.name);
    }
}

/// What is shown of a table with small cells says nothing of them: two tables that differ in hidden cells alone, and in
/// nothing that is shown, look alike.
#[test]
fn what_is_shown_says_nothing_of_a_hidden_cell() {
    let library = Library::embedded().unwrap();
    let strict = Presentation::new(5, 5).unwrap();
    let noise =
        tvaers_release::spread::Spread::discrete_gaussian(tvaers_release::scale::Scale::new(2.0).unwrap());
    let seed = 46;
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut hidden = 0;
    for model in library.indicators().iter().filter_map(|indicator| indicator.model()) {
        let tables = Tables::new(model, &[360, 376, 461], date(2026, 2, 28), None);
        for _ in 0..20 {
            let mut value = |part: &Part| match random.random_range(0..6) {
                0 if !part.quantity.is_sum() => random.random_range(-6..5),
                _ => random.random_range(5..2_000),
            };
            let drawn: Vec<Vec<i64>> =
                tables.parts().iter().map(|part| (0..part.cells).map(|_| value(part)).collect()).collect();
            // Every small number of persons becomes another small one.
            let other = |part: &Part, value: i64| {
                if part.quantity.is_sum() || value >= 5 { value } else { (value + 9).rem_euclid(11) - 6 }
            };
            let released = |moved: bool| -> Vec<Vec<tvaers_release::released::Released>> {
                let of_part = |(part, values): (&Part, &Vec<i64>)| {
                    let one = |value: &i64| if moved { other(part, *value) } else { *value };
                    let restore = |value| tvaers_release::released::Released::restore(value, noise);
                    values.iter().map(one).map(restore).collect()
                };
                tables.parts().iter().zip(&drawn).map(of_part).collect()
            };
            let shown =
                |cells: Vec<Cell>| cells.into_iter().map(|cell| (cell.key, cell.shown)).collect::<Vec<_>>();
            let one = shown(present::cells(&tables, &released(false), &[], strict).unwrap());
            let two = shown(present::cells(&tables, &released(true), &[], strict).unwrap());
            let differing: Vec<_> = one.iter().zip(&two).filter(|(one, two)| one != two).collect();
            // A contrast is of matched strata, which small cells are not.
            assert!(differing.is_empty(), "{}: {differing:?}", model.name);
            hidden += one.iter().filter(|(_, shown)| shown.is_none()).count();
        }
    }
    assert!(hidden > 0);
}

#[test]
fn every_word_of_a_join_is_told_in_danish() {
    let library = Library::embedded().unwrap();
    let of_indicators = library.indicators().iter().filter_map(|indicator| indicator.model());
    for model in library.models().iter().chain(of_indicators) {
        let tables = Tables::new(model, &[360, 376, 461], date(2026, 2, 28), None);
        let object = serde_json::json!({ "notes": notes(model, &[Sector::Region, Sector::Municipality]), "definitions": definitions(model, &tables) });
        let untold = tvaers_report::untold(&object.to_string()).unwrap();
        assert!(untold.is_empty(), "{}: {untold:?}", model.name);
    }
}
