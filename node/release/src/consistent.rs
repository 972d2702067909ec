//! Shown counts that add up.
//!
//! Clipping and rounding each cell for itself makes totals of what is shown too great, and margins that do not fit. Here
//! the cells of a table are brought to numbers that are not negative and have the noisy total, by the least change (in
//! L2, each cell's change weighed by its variance), and then rounded so that they add up to the rounded total.
//! Raw values stay what they are.
//!
//! # Hidden cells
//! A cell is hidden where its raw noisy value is below the smallest cell, and nowhere else is that value used for anything
//! shown: cells that are shown are brought together among themselves only, towards their own total; a margin over a
//! hidden cell is hidden; a table with a hidden cell takes no part in a common total. So what is shown is a function of
//! the values of shown cells and of which cells are hidden. It says nothing about a hidden cell but that it is below the
//! smallest, and no difference of a margin and its cells does. (Another table's total, where nothing is hidden in that
//! one, still tells how many persons there are, with noise of its own; that is a released number like any other.)

use crate::error::{ReleaseError, require};
use crate::postprocess::{Presentation, Shown};
use crate::released::Released;

mod fit;

/// Noisy counts of one table, each person in one cell at most, and sums over some of its cells.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// The cells, as released.
    pub cells: &'a [Released],
    /// For each margin the cells it is over, by number; the grand total is the margin over all.
    pub margins: &'a [Vec<usize>],
}

/// A table as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Consistent {
    /// The cells, in their order.
    pub cells: Vec<Shown>,
    /// The margins, in their order.
    pub margins: Vec<Margin>,
}

/// A sum over cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margin {
    /// The sum of the released values, hidden cells too, with its spread. Not biased by what is done to what is shown; who
    /// shows it where `shown` is hidden shows what is hidden.
    pub raw: Released,
    /// The sum of the shown cells; hidden where any of them is.
    pub shown: Shown,
}

/// One table of counts as it is shown: cells that are not negative, multiples of the rounding, with margins that are
/// their sums.
///
/// # Errors
/// `cells`, if there are none; `margins`, if one is empty, names a cell twice or one that is not there;
/// [`ReleaseError::Overflow`], if the released values do not add up within an `i64`.
pub fn consistent(
    cells: &[Released],
    margins: &[Vec<usize>],
    presentation: Presentation,
) -> Result<Consistent, ReleaseError> {
    let table = Table { cells, margins };
    table.checked()?;
    table.shown(presentation)
}

/// Several tables over the same persons, everyone in exactly one cell of each: as [`consistent()`], and the tables in
/// which nothing is hidden have one total. It is the mean of their noisy totals, each weighed by the inverse of its
/// variance; what each table's own is off by is spread over its cells by their variances.
///
/// # Errors
/// As [`consistent()`]; `tables`, if there are none.
pub fn consistent_tables(
    tables: &[Table<'_>],
    presentation: Presentation,
) -> Result<Vec<Consistent>, ReleaseError> {
    require(!tables.is_empty(), "tables", "must be 1 or more")?;
    let totals = tables.iter().map(Table::checked).collect::<Result<Vec<_>, _>>()?;
    let whole = |table: &Table<'_>| !table.cells.iter().any(|cell| presentation.hides(cell));
    let complete = tables.iter().zip(totals).filter(|(table, _)| whole(table));
    let complete: Vec<Released> = complete.map(|(_, total)| total).collect();
    let common = common_total(&complete);
    let shown = tables.iter().map(|table| {
        let in_common = complete.len() > 1 && whole(table);
        if in_common { table.shown_at(common, presentation) } else { table.shown(presentation) }
    });
    shown.collect()
}

impl Table<'_> {
    /// The noisy total of all cells, and that margins are sums of them.
    fn checked(&self) -> Result<Released, ReleaseError> {
        for margin in self.margins {
            let mut seen = vec![false; self.cells.len()];
            let new = |cell: &usize| seen.get_mut(*cell).is_some_and(|seen| !std::mem::replace(seen, true));
            let sound = !margin.is_empty() && margin.iter().all(new);
            require(sound, "margins", "must each name cells that are there, once each")?;
        }
        Released::sum(self.cells)
    }

    /// With the total that the shown cells have themselves.
    fn shown(&self, presentation: Presentation) -> Result<Consistent, ReleaseError> {
        let shown = self.visible(presentation);
        let values: Vec<i64> = shown.iter().map(|cell| cell.value()).collect();
        let units = if values.iter().all(|value| *value >= 0) {
            fit::units_of(&values, presentation.rounding())
        } else {
            let total = values.iter().map(|value| i128::from(*value)).sum::<i128>();
            self.fitted(&shown, total as f64, presentation)
        };
        self.dressed(&units, presentation)
    }

    /// With a total that other tables have too. No cell is hidden.
    fn shown_at(&self, total: f64, presentation: Presentation) -> Result<Consistent, ReleaseError> {
        let units = self.fitted(&self.visible(presentation), total, presentation);
        self.dressed(&units, presentation)
    }

    fn visible(&self, presentation: Presentation) -> Vec<&Released> {
        self.cells.iter().filter(|cell| !presentation.hides(cell)).collect()
    }

    fn fitted(&self, cells: &[&Released], total: f64, presentation: Presentation) -> Vec<i64> {
        let values: Vec<f64> = cells.iter().map(|cell| cell.value() as f64).collect();
        let variances: Vec<f64> = cells.iter().map(|cell| cell.spread().variance()).collect();
        let total = total.max(0.0);
        let fitted = fit::nonnegative(&values, &fit::usable(&variances), total);
        fit::rounded(&fitted, total, presentation.rounding())
    }

    /// The values of shown cells in the places of all cells, and the margins over them.
    fn dressed(&self, values: &[i64], presentation: Presentation) -> Result<Consistent, ReleaseError> {
        let mut values = values.iter();
        let cells: Vec<Shown> = self
            .cells
            .iter()
            .map(|cell| match presentation.hides(cell) {
                true => Shown::Hidden,
                false => values.next().map_or(Shown::Hidden, |value| Shown::Value(*value)),
            })
            .collect();
        let margin = |over: &Vec<usize>| -> Result<Margin, ReleaseError> {
            let released: Vec<Released> =
                over.iter().filter_map(|cell| self.cells.get(*cell)).copied().collect();
            let parts = over.iter().map(|cell| cells.get(*cell).copied().and_then(Shown::value));
            let sum = parts.map(|part| part.map(i128::from)).sum::<Option<i128>>();
            let sum = sum.map(|sum| i64::try_from(sum).map_err(|_| ReleaseError::Overflow)).transpose()?;
            Ok(Margin { raw: Released::sum(&released)?, shown: sum.map_or(Shown::Hidden, Shown::Value) })
        };
        let margins = self.margins.iter().map(margin).collect::<Result<Vec<_>, _>>()?;
        Ok(Consistent { cells, margins })
    }
}

/// The mean of totals, each weighed by the inverse of its variance.
fn common_total(totals: &[Released]) -> f64 {
    let variances: Vec<f64> = totals.iter().map(|total| total.spread().variance()).collect();
    let weights: Vec<f64> = fit::usable(&variances).iter().map(|variance| 1.0 / variance).collect();
    let weighed = totals.iter().zip(&weights).map(|(total, weight)| total.value() as f64 * weight);
    weighed.sum::<f64>() / weights.iter().sum::<f64>()
}

#[cfg(test)]
mod tests;
