//! From released values to the cells of a result, kind by kind. Every function here sees noisy values and public
//! parameters only, so nothing of it costs anything.

use serde_json::{Map, Value};
use tvaers_query::Query;
use tvaers_query::query::{Category, Kind};
use tvaers_release::clamp::Clamp;
use tvaers_release::consistent::consistent;
use tvaers_release::error::ReleaseError;
use tvaers_release::estimate::Estimate;
use tvaers_release::mean::mean;
use tvaers_release::measure::Measure;
use tvaers_release::of_query;
use tvaers_release::postprocess::{Presentation, Shown, shown};
use tvaers_release::quantiles::{Bin, quantiles};
use tvaers_release::released::Released;

use super::{Amount, Cell, describe};

/// The key of a cell.
type Key = Map<String, Value>;

/// The values of one cell over all nodes that answered for it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    /// The noisy number of persons; none where it was not released.
    pub(super) persons: Option<Released>,
    /// The noisy sum, centred or not; none where it was not released.
    pub(super) sum: Option<Released>,
}

/// How the cells of one query are made. What all of its results share is worked out once.
pub(super) struct Layout {
    kind: Shape,
    keys: Vec<Key>,
    margins: Vec<(Key, Vec<usize>)>,
}

/// What the cells are.
enum Shape {
    /// Persons, in groups or in bins, which add up where everyone is in one cell at most.
    Persons { measure: Measure, add_up: bool },
    /// Sums, which add up likewise.
    Sums { measure: Measure },
    /// Means of a number within a clamp.
    Means { clamp: Clamp },
    /// Quantiles of a number within a clamp, from as many bins a group.
    Quantiles { number: String, clamp: Clamp, bins: Vec<Bin>, probabilities: Vec<f64> },
}

impl Layout {
    /// Of a query.
    ///
    /// # Errors
    /// [`ReleaseError`] where its number has no bounds.
    pub(super) fn of(query: &Query) -> Result<Self, ReleaseError> {
        let several = query.by().iter().any(|by| matches!(by.category, Category::Several(_)));
        let measure = || {
            let parts = of_query::parts(query, query.cells_len(), false)?;
            let missing = ReleaseError::Parameter { field: "parts", expected: "must be 1 or more" };
            parts.first().map(|part| part.measure).ok_or(missing)
        };
        let kind = match query.kind() {
            Kind::Count | Kind::Histogram { .. } => Shape::Persons { measure: measure()?, add_up: !several },
            Kind::Sum { .. } => Shape::Sums { measure: measure()? },
            Kind::Mean { .. } => Shape::Means { clamp: of_query::clamp(query)? },
            Kind::Quantiles { feature, bins, probabilities } => Shape::Quantiles {
                number: feature.name.clone(),
                clamp: of_query::clamp(query)?,
                bins: bins.ranges().map(|(from, to)| Bin { from, to }).collect(),
                probabilities: probabilities.iter().map(|share| share.real()).collect(),
            },
        };
        // One who is in several cells would be in a total several times.
        let adds_up = matches!(kind, Shape::Persons { .. } | Shape::Sums { .. }) && !several;
        let keys = describe::keys(query);
        let margins = if adds_up { margins(&keys) } else { Vec::new() };
        Ok(Self { kind, keys, margins })
    }

    /// How many cells are noised.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The cells of a result, and totals over them.
    ///
    /// # Errors
    /// [`ReleaseError`] where values do not add up.
    pub(super) fn cells(
        &self,
        sums: &[Sums],
        presentation: Presentation,
    ) -> Result<(Vec<Cell>, Vec<Cell>), ReleaseError> {
        match &self.kind {
            Shape::Persons { measure, add_up } => self.persons(sums, measure, *add_up, presentation),
            Shape::Sums { measure } => self.sums(sums, measure, presentation),
            Shape::Means { clamp } => {
                let cells = self.keys.iter().zip(sums).map(|(key, sums)| match (sums.sum, sums.persons) {
                    (Some(sum), Some(persons)) => {
                        let estimate = mean(*clamp, &sum, &persons);
                        estimated(key.clone(), estimate, persons, *clamp, presentation)
                    }
                    _ => nobody(key.clone()),
                });
                Ok((cells.collect(), Vec::new()))
            }
            Shape::Quantiles { number, clamp, bins, probabilities } => {
                let mut cells = Vec::new();
                for (keys, sums) in self.keys.chunks(bins.len()).zip(sums.chunks(bins.len())) {
                    let counts: Option<Vec<Released>> = sums.iter().map(|sums| sums.persons).collect();
                    let mut group = keys.first().cloned().unwrap_or_default();
                    group.remove(number);
                    let key = |share: f64| {
                        let mut key = group.clone();
                        key.insert("probability".to_owned(), Value::from(share));
                        key
                    };
                    let Some(counts) = counts else {
                        cells.extend(probabilities.iter().map(|share| nobody(key(*share))));
                        continue;
                    };
                    // Counts that only a node that makes them up can have spoil their own group alone.
                    let Ok(persons) = Released::sum(&counts) else {
                        cells.extend(probabilities.iter().map(|share| nobody(key(*share))));
                        continue;
                    };
                    let read = quantiles(bins, &counts, probabilities)?;
                    cells.extend(probabilities.iter().zip(read).map(|(share, estimate)| {
                        estimated(key(*share), estimate, persons, *clamp, presentation)
                    }));
                }
                Ok((cells, Vec::new()))
            }
        }
    }

    fn persons(
        &self,
        sums: &[Sums],
        measure: &Measure,
        add_up: bool,
        presentation: Presentation,
    ) -> Result<(Vec<Cell>, Vec<Cell>), ReleaseError> {
        let answered: Vec<Released> = sums.iter().filter_map(|sums| sums.persons).collect();
        if answered.is_empty() {
            return Ok((self.keys.iter().cloned().map(nobody).collect(), Vec::new()));
        }
        let margins = self.margins_of(sums.iter().map(|sums| sums.persons.is_some()));
        let (totalled, over): (Vec<Key>, Vec<Vec<usize>>) = margins.into_iter().unzip();
        let plain = || answered.iter().map(|cell| shown(measure, cell, None, presentation)).collect();
        let (cells, totals): (Vec<Shown>, Vec<Cell>) = if add_up {
            match consistent(&answered, &over, presentation) {
                Ok(table) => {
                    let totals = totalled.into_iter().zip(table.margins);
                    let totals = totals.map(|(key, margin)| counted(key, &margin.raw, margin.shown));
                    (table.cells, totals.collect())
                }
                // Values that only a node that makes them up can have: each cell still stands for itself.
                Err(ReleaseError::Overflow) => (plain(), Vec::new()),
                Err(error) => return Err(error),
            }
        } else {
            (plain(), Vec::new())
        };
        let mut cells = cells.into_iter();
        let cells = self.keys.iter().zip(sums).map(|(key, sums)| match sums.persons {
            None => nobody(key.clone()),
            Some(persons) => counted(key.clone(), &persons, cells.next().unwrap_or(Shown::Hidden)),
        });
        Ok((cells.collect(), totals))
    }

    fn sums(
        &self,
        sums: &[Sums],
        measure: &Measure,
        presentation: Presentation,
    ) -> Result<(Vec<Cell>, Vec<Cell>), ReleaseError> {
        let answered: Vec<(Released, Option<Released>)> =
            sums.iter().filter_map(|sums| Some((sums.sum?, sums.persons))).collect();
        let margins = self.margins_of(sums.iter().map(|sums| sums.sum.is_some()));
        let shown = shown_sums(&answered, measure, presentation);
        let mut totals = Vec::new();
        for (key, over) in margins {
            let raw: Vec<Released> =
                over.iter().filter_map(|place| answered.get(*place)).map(|(sum, _)| *sum).collect();
            let Ok(raw) = Released::sum(&raw) else { continue };
            // Of what is shown, so that no hidden cell can be worked out from a total.
            let whole = |place: &usize| shown.get(*place).copied().and_then(Shown::value);
            let total = over.iter().map(whole).try_fold(0_i64, |sum, part| sum.checked_add(part?));
            totals.push(counted(key, &raw, total.map_or(Shown::Hidden, Shown::Value)));
        }
        let mut shown = shown.into_iter();
        let cells = self.keys.iter().zip(sums).map(|(key, sums)| {
            let Some(sum) = sums.sum else { return nobody(key.clone()) };
            let persons = sums.persons.map(|persons| persons.value());
            Cell { persons, ..counted(key.clone(), &sum, shown.next().unwrap_or(Shown::Hidden)) }
        });
        Ok((cells.collect(), totals))
    }

    /// The margins of which every cell was answered, by the cells' places among those that were: a total without some
    /// of its nodes would read as one with them.
    fn margins_of(&self, is_answered: impl Iterator<Item = bool>) -> Vec<(Key, Vec<usize>)> {
        let mut next = 0;
        let place = |is_answered: bool| {
            let place = next;
            next += usize::from(is_answered);
            is_answered.then_some(place)
        };
        let places: Vec<Option<usize>> = is_answered.map(place).collect();
        let of_answered = |(key, over): &(Key, Vec<usize>)| {
            let over: Option<Vec<usize>> =
                over.iter().map(|cell| places.get(*cell).copied().flatten()).collect();
            Some((key.clone(), over?))
        };
        self.margins.iter().filter_map(of_answered).collect()
    }
}

/// What is shown of sums, each with the noisy number of its persons: hidden by that number; where nobody adds less than
/// 0, brought to numbers that are not negative and have the total that the visible sums have, as counts are.
fn shown_sums(
    answered: &[(Released, Option<Released>)],
    measure: &Measure,
    presentation: Presentation,
) -> Vec<Shown> {
    let plain = answered.iter().map(|(sum, persons)| shown(measure, sum, persons.as_ref(), presentation));
    let mut plain: Vec<Shown> = plain.collect();
    if measure.clamp().from() < 0 {
        return plain;
    }
    let visible: Vec<usize> = (0..plain.len())
        .filter(|place| plain.get(*place).is_some_and(|cell| cell.value().is_some()))
        .collect();
    let values: Vec<Released> =
        visible.iter().filter_map(|place| answered.get(*place)).map(|(sum, _)| *sum).collect();
    // Values that do not add up, as only a node that makes them up can have, stand for themselves.
    if let Ok(table) = consistent(&values, &[], Presentation::PLAIN) {
        for (place, fitted) in visible.iter().zip(table.cells) {
            if let Some(cell) = plain.get_mut(*place) {
                *cell = fitted;
            }
        }
    }
    plain
}

/// Totals: of all cells, and, where there are several categories, of the cells of each label of each.
fn margins(keys: &[Key]) -> Vec<(Key, Vec<usize>)> {
    let names: Vec<&String> = keys.first().map(|key| key.keys().collect()).unwrap_or_default();
    if names.is_empty() {
        return Vec::new();
    }
    let mut margins = vec![(Key::new(), (0..keys.len()).collect())];
    if names.len() == 1 {
        return margins;
    }
    for name in names {
        let mut of_name: Vec<(Key, Vec<usize>)> = Vec::new();
        for (place, key) in keys.iter().enumerate() {
            let label = key.get(name).cloned().unwrap_or_default();
            match of_name.iter_mut().find(|(own, _)| own.get(name) == Some(&label)) {
                Some((_, over)) => over.push(place),
                None => of_name.push((Key::from_iter([(name.clone(), label)]), vec![place])),
            }
        }
        margins.extend(of_name);
    }
    margins
}

/// A cell with a whole number and its noise.
pub(super) fn counted(key: Key, released: &Released, shown: Shown) -> Cell {
    Cell {
        key,
        value: Some(released.value().into()),
        shown: shown.value().map(Amount::from),
        standard_error: Some(released.standard_error()),
        ci95: Some(released.interval().map(Amount::from)),
        persons: None,
    }
}

/// A cell with a number that is read from released values.
fn estimated(
    key: Key,
    estimate: Estimate,
    persons: Released,
    clamp: Clamp,
    presentation: Presentation,
) -> Cell {
    #[expect(
        clippy::cast_precision_loss,
        reason = "bounds within 2^53, or so far apart that it does not matter"
    )]
    let within = estimate.value.clamp(clamp.from() as f64, clamp.to() as f64);
    Cell {
        key,
        value: Some(estimate.value.into()),
        shown: (!presentation.hides(&persons)).then(|| within.into()),
        standard_error: Some(estimate.standard_error),
        ci95: Some(estimate.interval.map(Amount::from)),
        persons: Some(persons.value()),
    }
}

/// A cell that no node answered for.
pub(super) fn nobody(key: Key) -> Cell {
    Cell { key, value: None, shown: None, standard_error: None, ci95: None, persons: None }
}
