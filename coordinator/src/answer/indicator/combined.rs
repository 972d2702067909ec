//! One result out of the answers to an indicator's queries: their cells under the names of measures, and ratios of them.
//! Pure, and over released numbers alone, so that nothing of it costs anything.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use tvaers_definitions::indicator::{Aggregate, AskedQuery, Indicator, PerMeasure, Ratio, Unit};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::release::Mechanism;
use tvaers_release::conversion::Delta;
use tvaers_release::error::ReleaseError;
use tvaers_release::estimate::Estimate;
use tvaers_release::ratio::{ratio, share};
use tvaers_release::released::Released;
use tvaers_release::rho::Rho;
use tvaers_release::spread::Spread;

use super::super::combine::{epsilon, privacy};
use super::super::{Amount, Answer, Cell, Coverage, NodePrivacy, PartPrivacy, Privacy};
use super::IndicatorWords;

/// What a ratio is, said in results that have one.
const NOTE_RATIO: &str =
    "A share or a number per person is a noisy number over a noisy number; its interval is Fieller's (1954).";

type Key = Map<String, Value>;

/// The answer to one query of an indicator; none where no node answered.
pub(crate) struct Part<'a> {
    pub(crate) query: &'a AskedQuery,
    pub(crate) answer: Option<Answer>,
}

/// The result of an indicator, from the answers to its queries in the order of its file. None where no query was
/// answered by any node.
///
/// # Errors
/// [`ReleaseError`] where values do not add up.
pub(crate) fn combined(
    indicator: &Indicator,
    aggregate: &Aggregate,
    parts: &[Part<'_>],
    coverage: Coverage,
    delta: Delta,
) -> Result<Option<Answer>, ReleaseError> {
    let answers: Vec<&Answer> = parts.iter().filter_map(|part| part.answer.as_ref()).collect();
    let Some(first) = answers.first() else { return Ok(None) };
    let mut cells = Vec::new();
    let mut totals = Vec::new();
    for part in parts {
        let Some(answer) = &part.answer else { continue };
        cells.extend(answer.cells.iter().map(|cell| measured(cell, part.query)));
        totals.extend(answer.totals.iter().map(|cell| measured(cell, part.query)));
        for of in aggregate.ratios.iter().filter(|ratio| ratio.of == part.query.measure) {
            let over = Over { indicator, ratio: of, part, parts };
            cells.extend(over.cells(&answer.cells, |answer| &answer.cells)?);
            totals.extend(over.cells(&answer.totals, |answer| &answer.totals)?);
        }
    }
    let mut notes = distinct(&answers, |answer| &answer.notes, |one, other| one == other);
    if !aggregate.ratios.is_empty() {
        notes.push(NOTE_RATIO.to_owned());
    }
    let mut data = BTreeMap::new();
    for one in answers.iter().flat_map(|answer| &answer.data) {
        data.insert(one.node.clone(), one.clone());
    }
    let queries: Vec<&Value> = answers.iter().map(|answer| &answer.query).collect();
    Ok(Some(Answer {
        query: json!({
            "name": indicator.name,
            "kind": "indicator",
            "version": indicator.version,
            "as_of": first.as_of.to_string(),
            "queries": queries,
        }),
        as_of: first.as_of,
        laboratory: answers.iter().any(|answer| answer.laboratory),
        cells,
        totals,
        privacy: together(parts, delta),
        coverage,
        definitions: distinct(
            &answers,
            |answer| &answer.definitions,
            |one, other| one.feature == other.feature,
        ),
        data: data.into_values().collect(),
        notes,
        indicator: Some(IndicatorWords::from(indicator)),
        request: first.request.clone(),
    }))
}

/// What stands in several answers, each once, in the order in which it is met.
fn distinct<T: Clone>(answers: &[&Answer], of: fn(&Answer) -> &Vec<T>, same: fn(&T, &T) -> bool) -> Vec<T> {
    let mut found: Vec<T> = Vec::new();
    for one in answers.iter().flat_map(|answer| of(answer)) {
        if !found.iter().any(|other| same(one, other)) {
            found.push(one.clone());
        }
    }
    found
}

/// The key of a cell of a measure.
fn key(of: &Key, query: &AskedQuery, measure: &str) -> Key {
    let mut key = of.clone();
    key.extend(query.key.iter().map(|(name, label)| (name.clone(), Value::from(label.as_str()))));
    key.insert("measure".to_owned(), Value::from(measure));
    key
}

/// A cell of an answer as one of the indicator: with the measure in its key, and in the measure's unit.
fn measured(cell: &Cell, query: &AskedQuery) -> Cell {
    let unit = |amount: Amount| match query.scale {
        1 => amount,
        scale => Amount::Real(amount.real() / f64::from(scale)),
    };
    Cell {
        key: key(&cell.key, query, &query.measure),
        value: cell.value.map(unit),
        shown: cell.shown.map(unit),
        standard_error: cell.standard_error.map(|error| error / f64::from(query.scale)),
        ci95: cell.ci95.map(|ends| ends.map(unit)),
        persons: cell.persons,
    }
}

/// A ratio of the cells of one query.
struct Over<'a> {
    indicator: &'a Indicator,
    ratio: &'a Ratio,
    part: &'a Part<'a>,
    parts: &'a [Part<'a>],
}

impl Over<'_> {
    /// One for each of these cells; `of` says where its denominator stands in the answer to another query.
    fn cells(&self, cells: &[Cell], of: fn(&Answer) -> &Vec<Cell>) -> Result<Vec<Cell>, ReleaseError> {
        cells.iter().map(|cell| self.cell(cell, of)).collect()
    }

    fn cell(&self, cell: &Cell, of: fn(&Answer) -> &Vec<Cell>) -> Result<Cell, ReleaseError> {
        let own = key(&cell.key, self.part.query, &self.ratio.name);
        let whole;
        let per = match &self.ratio.per {
            PerMeasure::All => {
                whole = self.whole()?;
                // Shares of all tell the number of all, and so of the one that is hidden.
                whole.map(|whole| (whole, self.are_all_shown(), self.part.query.scale))
            }
            PerMeasure::Measure(measure) => {
                let is_denominator =
                    |part: &&Part<'_>| part.query.measure == *measure && self.part.query.is_over(part.query);
                let denominator = self.parts.iter().find(is_denominator);
                let denominator = denominator.filter(|other| self.is_of_the_same_nodes(other));
                let labels = without_bin(&cell.key, self.part.query);
                denominator.and_then(|part| {
                    let cells = of(part.answer.as_ref()?);
                    let at = cells.iter().find(|other| other.key == labels)?;
                    Some((released(at)?, at.shown.is_some(), part.query.scale))
                })
            }
        };
        let (Some(numerator), Some((denominator, is_shown, per_scale))) = (released(cell), per) else {
            return Ok(Cell {
                key: own,
                value: None,
                shown: None,
                standard_error: None,
                ci95: None,
                persons: None,
            });
        };
        let bounds = match self.indicator.measure(&self.ratio.name).map(|words| words.unit) {
            Some(Unit::Share) => [0.0, 1.0],
            _ => self.part.query.bounds.map(real),
        };
        let estimate = match self.ratio.per {
            PerMeasure::All => share(&numerator, &denominator),
            PerMeasure::Measure(_) => ratio(&numerator, &denominator, bounds),
        };
        // A denominator that cannot be told from nobody says nothing.
        let is_told = estimate.interval != bounds;
        let is_shown = is_shown && is_told && cell.shown.is_some();
        // Of money over money nothing is left to be told in kroner.
        let scale = f64::from(self.part.query.scale) / f64::from(per_scale);
        Ok(estimated(own, estimate, bounds, scale, is_shown))
    }

    /// Whether the same nodes answered both: one that answers the denominator alone would make every ratio too small.
    fn is_of_the_same_nodes(&self, other: &Part<'_>) -> bool {
        let answered = |part: &Part<'_>| {
            let answered = part.answer.as_ref().map(|answer| &answer.coverage.answered);
            answered.map(|nodes| nodes.iter().cloned().collect::<BTreeSet<_>>())
        };
        answered(self.part) == answered(other)
    }

    fn are_all_shown(&self) -> bool {
        self.part.answer.as_ref().is_some_and(|answer| answer.cells.iter().all(|cell| cell.shown.is_some()))
    }

    /// The sum over all cells of the numerator's query; none where one of them was not answered.
    fn whole(&self) -> Result<Option<Released>, ReleaseError> {
        let cells = self.part.answer.as_ref().map_or(&[][..], |answer| &answer.cells);
        let cells: Option<Vec<Released>> = cells.iter().map(released).collect();
        cells.filter(|cells| !cells.is_empty()).map(|cells| Released::sum(&cells)).transpose()
    }
}

/// The labels of a numerator's cell that its denominator has too: the bins of a histogram have none of their own.
fn without_bin(key: &Key, query: &AskedQuery) -> Key {
    let text = |name: &str| query.query.get(name).and_then(toml::Value::as_str);
    let binned = text("feature").filter(|_| text("kind") == Some("histogram"));
    let kept = key.iter().filter(|(name, _)| Some(name.as_str()) != binned);
    kept.map(|(name, label)| (name.clone(), label.clone())).collect()
}

/// The whole number of a cell with its noise, which is discrete Gaussian: an indicator cannot ask for another.
fn released(cell: &Cell) -> Option<Released> {
    let value = cell.value?.whole()?;
    let [_, high] = cell.ci95?;
    Some(Released::restore(value, Spread::told(cell.standard_error?, high.whole()?.saturating_sub(value))))
}

fn estimated(key: Key, estimate: Estimate, [least, greatest]: [f64; 2], scale: f64, is_shown: bool) -> Cell {
    let unit = |number: f64| Amount::Real(number / scale);
    Cell {
        key,
        value: Some(unit(estimate.value)),
        shown: is_shown.then(|| unit(estimate.value.clamp(least, greatest))),
        standard_error: Some(estimate.standard_error / scale),
        ci95: Some(estimate.interval.map(unit)),
        persons: None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "the bounds of a clamp, within 2^53")]
fn real(whole: i64) -> f64 {
    whole as f64
}

/// What all queries cost together, at each node.
fn together(parts: &[Part<'_>], delta: Delta) -> Privacy {
    let mut nodes: BTreeMap<NodeId, NodePrivacy> = BTreeMap::new();
    for part in parts {
        let Some(answer) = &part.answer else { continue };
        for node in &answer.privacy.nodes {
            let named = |of: &str| {
                let labels = part.query.key.iter().map(|(_, label)| label.as_str());
                let words: Vec<&str> = [part.query.measure.as_str()].into_iter().chain(labels).collect();
                format!("{}: {of}", words.join(", "))
            };
            let noised: Vec<PartPrivacy> = match node.parts.as_slice() {
                [] => vec![PartPrivacy {
                    of: named("numbers"),
                    scale: node.scale,
                    sensitivity: node.sensitivity,
                }],
                parts => {
                    parts.iter().map(|part| PartPrivacy { of: named(&part.of), ..part.clone() }).collect()
                }
            };
            match nodes.get_mut(&node.node) {
                None => {
                    nodes.insert(node.node.clone(), NodePrivacy { parts: noised, ..node.clone() });
                }
                Some(known) => {
                    known.parts.extend(noised);
                    known.charged_rho += node.charged_rho;
                    // The last that was asked left the least.
                    known.left = node.left;
                    known.smallest_cell = known.smallest_cell.max(node.smallest_cell);
                    known.rounding = known.rounding.max(node.rounding);
                    known.policy = node.policy;
                }
            }
        }
    }
    let mut nodes: Vec<NodePrivacy> = nodes.into_values().collect();
    for node in &mut nodes {
        let charged = nano(node.charged_rho);
        node.charged_rho = super::super::rho(charged);
        node.charged_epsilon = epsilon(Mechanism::DiscreteGaussian, Rho::from_nano(charged), delta);
        if node.parts.len() == 1 {
            node.parts.clear();
        }
    }
    privacy(Mechanism::DiscreteGaussian, nodes, delta)
}

/// A charge as the ledger counts it: sums of a few such numbers are off by far less than half a billionth.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "charges are positive, and within what a budget can be"
)]
fn nano(rho: f64) -> u64 {
    (rho * 1e9).round() as u64
}

#[cfg(test)]
mod tests;
