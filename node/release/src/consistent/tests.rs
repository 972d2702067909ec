use proptest::prelude::*;

use super::*;
use crate::scale::Scale;
use crate::spread::Spread;

fn at(value: i64, scale: f64) -> Released {
    Released::restore(value, Spread::discrete_gaussian(Scale::new(scale).unwrap()))
}

fn counted(counts: &[i64], scale: f64) -> Vec<Released> {
    counts.iter().map(|count| at(*count, scale)).collect()
}

fn values(shown: &Consistent) -> Vec<Option<i64>> {
    shown.cells.iter().map(|cell| cell.value()).collect()
}

fn all(n: usize) -> Vec<usize> {
    (0..n).collect()
}

#[test]
fn clipping_is_taken_from_the_others_so_that_the_total_is_unbiased() {
    let shown = consistent(&counted(&[-6, 10, 20, 30], 2.0), &[all(4)], Presentation::PLAIN).unwrap();
    assert_eq!(values(&shown), [0, 8, 18, 28].map(Some));
    assert_eq!(shown.margins[0].shown, Shown::Value(54));
    assert_eq!(shown.margins[0].raw.value(), 54);
    // What falls below 0 by that is clipped in turn.
    let shown = consistent(&counted(&[-6, 1, 20, 30], 2.0), &[all(4)], Presentation::PLAIN).unwrap();
    assert_eq!(shown.margins[0].shown, Shown::Value(45));
    assert_eq!(values(&shown), [0, 0, 18, 27].map(Some));
    // The noisier cell gives more: 6 is taken by variances 1 and 4 (and a little less, as noise is whole numbers).
    let unlike = [at(-5, 3.0), at(40, 10.0), at(40, 20.0)];
    assert_eq!(values(&consistent(&unlike, &[], Presentation::PLAIN).unwrap()), [0, 39, 36].map(Some));
    // A total that is not above 0.
    let none = consistent(&counted(&[-6, 3, 1], 2.0), &[all(3)], Presentation::PLAIN).unwrap();
    assert_eq!((values(&none), none.margins[0].shown), ([0, 0, 0].map(Some).to_vec(), Shown::Value(0)));
    assert_eq!(none.margins[0].raw.value(), -2);
}

#[test]
fn rounding_keeps_the_rounded_total_and_gives_to_the_largest_remainders_first() {
    let fives = Presentation::new(0, 5).unwrap();
    let shown = |counts: &[i64]| consistent(&counted(counts, 2.0), &[all(counts.len())], fives).unwrap();
    let found = shown(&[12, 12, 12, 13]);
    assert_eq!(
        (values(&found), found.margins[0].shown),
        ([15, 10, 10, 15].map(Some).to_vec(), Shown::Value(50))
    );
    // Each alone would be rounded to 5, 30 in all.
    assert_eq!(values(&shown(&[3; 6])), [5, 5, 5, 5, 0, 0].map(Some));
    assert_eq!(values(&shown(&[i64::MAX])), [Some(i64::MAX - 2)]);
}

#[test]
fn margins_are_sums_of_shown_cells_and_hidden_with_any_of_them() {
    let strict = Presentation::new(5, 1).unwrap();
    // Two rows of two, their columns, and all.
    let margins = [vec![0, 1], vec![2, 3], vec![0, 2], vec![1, 3], all(4)];
    let shown = consistent(&counted(&[10, 4, 7, 9], 2.0), &margins, strict).unwrap();
    assert_eq!(values(&shown), [Some(10), None, Some(7), Some(9)]);
    let margins: Vec<Option<i64>> = shown.margins.iter().map(|margin| margin.shown.value()).collect();
    assert_eq!(margins, [None, Some(16), Some(17), None, None]);
    let raw: Vec<i64> = shown.margins.iter().map(|margin| margin.raw.value()).collect();
    assert_eq!(raw, [14, 16, 17, 13, 30]);
    assert!((shown.margins[4].raw.standard_error() - 4.0).abs() < 1e-6);
}

#[test]
fn tables_of_the_same_persons_have_one_total() {
    let (first, second) = (counted(&[50, 30, 20], 1.0), counted(&[40, 51], 1.0));
    let of = |cells| Table { cells, margins: &[] };
    let tables = [of(&first[..]), of(&second[..])];
    let shown = consistent_tables(&tables, Presentation::PLAIN).unwrap();
    // 100 with variance 3 and 91 with variance 2: (100/3 + 91/2)/(1/3 + 1/2) = 94.6.
    let sum = |table: &Consistent| values(table).into_iter().map(Option::unwrap).sum::<i64>();
    assert_eq!((sum(&shown[0]), sum(&shown[1])), (95, 95));
    assert_eq!(values(&shown[1]), [42, 53].map(Some));
    // What is already alike stays what it is, and so does a table alone.
    let alike = consistent_tables(&[of(&first[..]), of(&first[..])], Presentation::PLAIN).unwrap();
    assert_eq!(values(&alike[1]), [50, 30, 20].map(Some));
    let alone = consistent_tables(&[of(&first[..])], Presentation::PLAIN).unwrap();
    assert_eq!(alone[0], consistent(&first, &[], Presentation::PLAIN).unwrap());
}

#[test]
fn a_table_with_a_hidden_cell_takes_no_part_in_a_common_total() {
    let strict = Presentation::new(5, 1).unwrap();
    let (first, second) = (counted(&[50, 3, 20], 1.0), counted(&[40, 51], 1.0));
    let whole = [all(2)];
    let tables = [Table { cells: &first, margins: &[] }, Table { cells: &second, margins: &whole }];
    let shown = consistent_tables(&tables, strict).unwrap();
    assert_eq!(values(&shown[0]), [Some(50), None, Some(20)]);
    assert_eq!(
        (values(&shown[1]), shown[1].margins[0].shown),
        ([40, 51].map(Some).to_vec(), Shown::Value(91))
    );
}

#[test]
fn what_is_no_table_is_refused_by_name() {
    let cells = counted(&[1, 2], 1.0);
    let field = |result: Result<Consistent, ReleaseError>| match result.err().unwrap() {
        ReleaseError::Parameter { field, .. } => field,
        other => panic!("{other}"),
    };
    assert_eq!(field(consistent(&[], &[], Presentation::PLAIN)), "cells");
    for odd in [vec![], vec![2], vec![0, 0], vec![usize::MAX]] {
        assert_eq!(
            field(consistent(&cells, std::slice::from_ref(&odd), Presentation::PLAIN)),
            "margins",
            "{odd:?}"
        );
    }
    let none = consistent_tables(&[], Presentation::PLAIN);
    assert!(matches!(none, Err(ReleaseError::Parameter { field: "tables", .. })));
    let great = counted(&[i64::MAX, 1], 1.0);
    assert_eq!(consistent(&great, &[], Presentation::PLAIN), Err(ReleaseError::Overflow));
}

/// Cells with noise of a few scales.
fn cells(values: impl Strategy<Value = i64>) -> impl Strategy<Value = Vec<Released>> {
    let cell = (values, prop_oneof![Just(0.01), Just(0.5), Just(3.0), Just(1e6)]);
    prop::collection::vec(cell.prop_map(|(value, scale)| at(value, scale)), 1..12)
}

proptest! {
    /// Nearest: no step towards other numbers that are possible leads downwards (as for isotonic numbers).
    #[test]
    fn numbers_that_are_not_negative_are_the_nearest_with_their_total(
        cells in prop::collection::vec((-50.0..50.0_f64, 0.1..9.0_f64, 0.0..9.0_f64), 1..30),
        total in 0.0..200.0_f64,
    ) {
        let (values, variances): (Vec<f64>, Vec<f64>) = cells.iter().map(|(y, v, _)| (*y, *v)).unzip();
        let fitted = fit::nonnegative(&values, &variances, total);
        prop_assert!(fitted.iter().all(|x| *x >= 0.0));
        prop_assert!((fitted.iter().sum::<f64>() - total).abs() < 1e-9);
        let shares: f64 = cells.iter().map(|(_, _, share)| share + 1e-9).sum();
        let downwards: f64 = cells
            .iter()
            .zip(&fitted)
            .map(|((y, v, share), x)| (y - x) / v * (total * (share + 1e-9) / shares - x))
            .sum();
        prop_assert!(downwards <= 1e-6, "{downwards}");
    }

    #[test]
    fn shown_cells_are_possible_add_up_and_are_near(
        cells in cells(-40..200_i64),
        (smallest, rounding) in (prop_oneof![Just(0_u32), 1..20_u32], 1..12_u32),
    ) {
        let presentation = Presentation::new(smallest, rounding).unwrap();
        let shown = consistent(&cells, &[all(cells.len())], presentation).unwrap();
        let unit = i64::from(rounding);
        let visible: Vec<(i64, i64)> = cells.iter().zip(&shown.cells)
            .filter_map(|(cell, shown)| Some((cell.value(), shown.value()?)))
            .collect();
        prop_assert!(visible.iter().all(|(_, shown)| *shown >= 0 && shown % unit == 0));
        for (cell, shown) in cells.iter().zip(&shown.cells) {
            prop_assert_eq!(*shown == Shown::Hidden, smallest > 0 && cell.value() < i64::from(smallest));
        }
        let (raw, sum): (i64, i64) = visible.iter().fold((0, 0), |(raw, sum), (r, s)| (raw + r, sum + s));
        prop_assert_eq!(sum, (raw.max(0) + unit / 2).div_euclid(unit) * unit);
        if visible.iter().all(|(raw, _)| *raw >= 0) {
            prop_assert!(visible.iter().all(|(raw, shown)| (raw - shown).abs() < unit));
        }
        let hidden = visible.len() < cells.len();
        prop_assert_eq!(shown.margins[0].shown, if hidden { Shown::Hidden } else { Shown::Value(sum) });
    }

    /// The promise of the module: other values of hidden cells, as long as they are hidden, change nothing that is shown.
    #[test]
    fn nothing_that_is_shown_depends_on_what_is_hidden(
        first in cells(-40..60_i64),
        second in cells(-40..200_i64),
        others in prop::collection::vec(-1_000_000..1_000_000_i64, 24),
        (smallest, rounding) in (1..20_u32, 1..12_u32),
        over in prop::collection::vec(prop::sample::subsequence(vec![0_usize, 1, 2, 3, 4, 5], 1..6), 0..4),
    ) {
        let presentation = Presentation::new(smallest, rounding).unwrap();
        let mut others = others.into_iter();
        let mut changed = |cells: &[Released]| -> Vec<Released> {
            cells.iter().map(|cell| {
                let other = others.next().unwrap().min(i64::from(smallest) - 1);
                let hidden = cell.value() < i64::from(smallest);
                Released::restore(if hidden { other } else { cell.value() }, *cell.spread())
            }).collect()
        };
        let (first_changed, second_changed) = (changed(&first), changed(&second));
        let within = |cells: usize| -> Vec<Vec<usize>> {
            let some = over.iter().map(|margin| margin.iter().copied().filter(|cell| *cell < cells).collect());
            some.filter(|margin: &Vec<usize>| !margin.is_empty()).chain([all(cells)]).collect()
        };
        let (of_first, of_second) = (within(first.len()), within(second.len()));
        let shown = |first: &[Released], second: &[Released]| -> Vec<Shown> {
            let tables = [
                Table { cells: first, margins: &of_first },
                Table { cells: second, margins: &of_second },
            ];
            let shown = consistent_tables(&tables, presentation).unwrap();
            let margins = shown.iter().flat_map(|table| table.margins.iter().map(|margin| margin.shown));
            shown.iter().flat_map(|table| table.cells.iter().copied()).chain(margins).collect()
        };
        prop_assert_eq!(shown(&first, &second), shown(&first_changed, &second_changed));
    }

    #[test]
    fn shown_tables_have_one_total(
        first in cells(-40..200_i64), second in cells(-40..200_i64), third in cells(-40..200_i64),
        rounding in 1..12_u32,
    ) {
        let tables = [&first, &second, &third].map(|cells| Table { cells, margins: &[] });
        let shown = consistent_tables(&tables, Presentation::new(0, rounding).unwrap()).unwrap();
        let sums: Vec<i64> =
            shown.iter().map(|table| table.cells.iter().filter_map(|cell| cell.value()).sum()).collect();
        prop_assert!(sums.iter().all(|sum| *sum == sums[0]), "{sums:?}");
    }

    #[test]
    fn whatever_was_released_is_shown_or_refused(
        first in cells(prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -9..9_i64]),
        second in cells(prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -9..9_i64]),
        (smallest, rounding) in (prop_oneof![Just(0), any::<u32>()], 1..=u32::MAX),
    ) {
        let presentation = Presentation::new(smallest, rounding).unwrap();
        let tables = [&first, &second].map(|cells| Table { cells, margins: &[] });
        match consistent_tables(&tables, presentation) {
            Ok(shown) => prop_assert!(shown.iter().all(|table| values(table).into_iter().flatten().all(|v| v >= 0))),
            Err(error) => prop_assert_eq!(error, ReleaseError::Overflow),
        }
    }
}
