use proptest::prelude::*;

use super::*;
use crate::clamp::Clamp;
use crate::noise::Zero;

/// What came to the door.
fn cells(exact: Exact) -> Vec<i64> {
    let mechanism = Mechanism::discrete_gaussian(*exact.measure(), "1".parse().unwrap()).unwrap();
    exact.release_with(&mechanism, &Zero).unwrap().iter().map(Released::value).collect()
}

fn sum(cells: usize, k: u32, from: i64, to: i64) -> Measure {
    Measure::sum(cells, k, Clamp::new(from, to).unwrap(), 100).unwrap()
}

type Person = Vec<(usize, i64)>;

fn of(measure: Measure, persons: &[Person]) -> Vec<i64> {
    let mut exact = Exact::gather(measure);
    persons.iter().for_each(|person| exact.person(person).unwrap());
    cells(exact)
}

/// L1, and the square of L2, of the difference of two vectors.
fn distances(a: &[i64], b: &[i64]) -> (u64, f64) {
    let steps: Vec<u64> = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).collect();
    (steps.iter().sum(), (steps.iter().map(|step| step * step).sum::<u64>() as f64).sqrt())
}

#[test]
fn values_are_clamped_and_added_up_by_cell() {
    let persons = [vec![(0, 3), (2, 99)], vec![(2, -99)], vec![], vec![(1, 5), (0, 1)]];
    assert_eq!(of(sum(4, 2, -10, 10), &persons), [4, 5, 0, 0]);
}

#[test]
fn the_first_cells_count_and_each_once() {
    let measure = Measure::count(5, 2, 100).unwrap();
    assert_eq!(of(measure, &[vec![(4, 1), (1, 1), (0, 1)]]), [0, 1, 0, 0, 1]);
    assert_eq!(of(measure, &[vec![(3, 1), (3, 1), (2, 1), (2, 1), (1, 1)]]), [0, 0, 1, 1, 0]);
    assert_eq!(of(measure, &[vec![(3, 1_000)]]), [0, 0, 0, 1, 0]);
}

#[test]
fn a_person_with_a_thousand_extreme_rows_changes_no_more_than_stated() {
    let measure = sum(5, 2, 0, 10);
    let planted: Person = (0..1_000).map(|row| (row % 5, i64::MAX)).collect();
    assert_eq!(distances(&of(measure, &[planted]), &of(measure, &[])), (20, 200_f64.sqrt()));
}

/// Everything that one person can be, for a few clamps and numbers of cells: the distance to the neighbour without is
/// never above the sensitivity, and reaches it, so that nothing is given away either.
#[test]
fn sensitivity_is_what_brute_force_finds() {
    let others = [vec![(0, 1), (1, -2)], vec![(2, 3)]];
    for (from, to) in [(0, 1), (-2, 1), (1, 3), (-3, -1)] {
        let entries: Vec<(usize, i64)> =
            (0..3).flat_map(|cell| [i64::MIN, from, 0, to, 9].map(|value| (cell, value))).collect();
        for k in 1..=3 {
            let measure = sum(3, k, from, to);
            let without = of(measure, &others);
            let mut greatest = (0, 0.0_f64);
            for a in &entries {
                for b in &entries {
                    for c in &entries {
                        let person = vec![*a, *b, *c];
                        let with = of(measure, &[&others[..], &[person]].concat());
                        let (l1, l2) = distances(&with, &without);
                        greatest = (greatest.0.max(l1), greatest.1.max(l2));
                    }
                }
            }
            assert_eq!(greatest.0, measure.sensitivity().l1(), "{from} to {to}, {k} cells");
            assert!(greatest.1 <= measure.sensitivity().l2(), "{from} to {to}, {k} cells");
            assert!(greatest.1 > measure.sensitivity().l2() - 1e-9, "{from} to {to}, {k} cells");
        }
    }
}

/// A mean's sum is centred: so is its sensitivity.
#[test]
fn a_centred_sum_changes_by_half_the_width_at_most() {
    for (from, to) in [(0, 10), (0, 11), (1, 5), (-4, 4)] {
        let clamp = Clamp::new(from, to).unwrap();
        let measure = Measure::sum(1, 1, clamp.centred().unwrap(), 100).unwrap();
        let change =
            |value: i64| of(measure, &[vec![(0, clamp.apply(value) - clamp.centre())]])[0].unsigned_abs();
        let greatest = (from - 3..=to + 3).map(change).max().unwrap();
        assert_eq!(greatest, measure.sensitivity().l1(), "{from} to {to}");
    }
}

proptest! {
    #[test]
    fn neighbours_are_never_further_apart_than_the_sensitivity(
        persons in prop::collection::vec(prop::collection::vec((0..6_usize, any::<i64>()), 0..8), 1..20),
        gone in any::<prop::sample::Index>(),
        k in 1..=6_u32,
        (from, to) in (-50..=0_i64, 1..=50_i64),
    ) {
        let measure = sum(6, k, from, to);
        let mut fewer = persons.clone();
        fewer.remove(gone.index(persons.len()));
        let (l1, l2) = distances(&of(measure, &persons), &of(measure, &fewer));
        prop_assert!(l1 <= measure.sensitivity().l1());
        prop_assert!(l2 <= measure.sensitivity().l2());
    }

    #[test]
    fn the_order_of_persons_does_not_matter(
        persons in prop::collection::vec(prop::collection::vec((0..4_usize, -9..9_i64), 0..5), 0..10),
    ) {
        let mut turned = persons.clone();
        turned.reverse();
        prop_assert_eq!(of(sum(4, 2, -5, 5), &persons), of(sum(4, 2, -5, 5), &turned));
    }
}

#[test]
fn groups_of_a_database_add_up_in_their_cells() {
    let mut exact = Exact::gather(sum(3, 1, 0, 10));
    for (cell, value) in [(2, 700), (0, 3), (2, 300)] {
        exact.group(cell, value).unwrap();
    }
    assert_eq!(cells(exact), [3, 0, 1_000]);
}

#[test]
fn a_callers_mistakes_are_errors_with_codes_and_no_values() {
    let mut exact = Exact::gather(sum(3, 1, 0, 10));
    assert_eq!(exact.person(&[(3, 1)]), Err(ReleaseError::Cell));
    assert_eq!(exact.group(usize::MAX, 1), Err(ReleaseError::Cell));
    // 100 persons with 10 at most.
    for impossible in [1_001, -1, i64::MIN, i64::MAX] {
        assert_eq!(exact.group(0, impossible), Err(ReleaseError::Overflow), "{impossible}");
    }
    assert_eq!(exact.group(0, 1_000), Ok(()));
    assert_eq!(exact.person(&[(0, 1)]), Err(ReleaseError::Overflow));
    let other = Mechanism::discrete_gaussian(sum(3, 1, 0, 9), "1".parse().unwrap()).unwrap();
    assert_eq!(exact.release(&other), Err(ReleaseError::OtherMeasure));
    let errors =
        [ReleaseError::Cell, ReleaseError::Overflow, ReleaseError::OtherMeasure, ReleaseError::Noise];
    for error in errors {
        assert!(!format!("{error} {error:?} {}", error.code()).contains(|c: char| c.is_ascii_digit()));
    }
}

#[test]
fn every_cell_has_noise_of_its_own_and_the_mechanisms_spread() {
    let measure = Measure::count(64, 1, 100).unwrap();
    let mechanism = Mechanism::discrete_gaussian(measure, "0.000000001".parse().unwrap()).unwrap();
    let release = || Exact::gather(measure).release(&mechanism).unwrap();
    let (a, b) = (release(), release());
    assert_eq!((a.len(), b.len()), (64, 64));
    assert!(a.iter().all(|cell| cell.spread() == mechanism.spread()));
    // Scale 22,361: two of 128 draws are equal with probability 0.1 each pair in ten thousand; all equal, never.
    let values: std::collections::BTreeSet<i64> = a.iter().chain(&b).map(Released::value).collect();
    assert!(values.len() > 100);
}

#[test]
fn a_release_may_be_worked_out_on_another_thread() {
    let measure = Measure::count(3, 1, 100).unwrap();
    let mechanism = Mechanism::discrete_gaussian(measure, "1".parse().unwrap()).unwrap();
    let exact = Exact::gather(measure);
    assert_eq!(std::thread::spawn(move || exact.release(&mechanism)).join().unwrap().unwrap().len(), 3);
}
