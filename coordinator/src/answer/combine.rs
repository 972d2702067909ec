//! Answers of several nodes as one: noisy values and variances add up, cell by cell. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tvaers_protocol::release::Release;
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_query::Query;
use tvaers_query::query::Kind;
use tvaers_release::clamp::Clamp;
use tvaers_release::conversion::{Delta, epsilon_of};
use tvaers_release::error::ReleaseError;
use tvaers_release::measure::Measure;
use tvaers_release::postprocess::{Presentation, shown};
use tvaers_release::released::Released;
use tvaers_release::rho::Rho;

use super::received::Received;
use super::{
    Answer, Cell, Coverage, Data, Definition, Left, NodePrivacy, PERSONS_MAX, Privacy, Sensitivity, describe,
    rho,
};

/// Makes results of one query. What all of them share is worked out once: there may be ten thousand.
pub(crate) struct Combiner<'q> {
    query: &'q Query,
    delta: Delta,
    measure: Measure,
    asked: Value,
    keys: Vec<Map<String, Value>>,
    definitions: Vec<Definition>,
    notes: Vec<String>,
    /// Epsilon by nano-rho, which is searched for numerically.
    epsilons: BTreeMap<u64, f64>,
}

impl<'q> Combiner<'q> {
    /// For a query under a roster.
    ///
    /// # Errors
    /// [`ReleaseError`] where the roster's delta is none, or the query cannot be noised.
    pub(crate) fn new(query: &'q Query, roster: &VerifiedRoster) -> Result<Self, ReleaseError> {
        Ok(Self {
            query,
            delta: roster.roster().delta.parse()?,
            measure: measure(query)?,
            asked: describe::as_asked(query),
            keys: describe::keys(query),
            definitions: describe::definitions(query),
            notes: describe::notes(query),
            epsilons: BTreeMap::new(),
        })
    }

    /// The result of one answer of each node.
    ///
    /// # Errors
    /// [`ReleaseError`] where values do not add up.
    pub(crate) fn combine(
        &mut self,
        coverage: Coverage,
        answers: &[&Received],
    ) -> Result<Answer, ReleaseError> {
        let releases = || answers.iter().map(|answer| &answer.release);
        let smallest = releases().map(|release| release.showing.smallest).max().unwrap_or(0);
        let rounding = releases().map(|release| release.showing.rounding).max().unwrap_or(1);
        let presentation = Presentation::new(smallest, rounding.max(1))?;
        let nodes = releases().map(|release| self.node_privacy(release)).collect();
        Ok(Answer {
            query: self.asked.clone(),
            as_of: self.query.as_of(),
            laboratory: releases().any(|release| release.laboratory),
            cells: self.cells(answers, presentation)?,
            privacy: privacy(self.query.privacy().mechanism.name(), nodes, self.delta),
            coverage,
            definitions: self.definitions.clone(),
            data: releases().map(data).collect(),
            notes: self.notes.clone(),
        })
    }

    fn cells(&self, answers: &[&Received], presentation: Presentation) -> Result<Vec<Cell>, ReleaseError> {
        let mut parts: Vec<Vec<Released>> = vec![Vec::new(); self.keys.len()];
        for answer in answers {
            for (&cell, &value) in answer.cells.iter().zip(&answer.release.cells) {
                if let Some(parts) = parts.get_mut(cell) {
                    parts.push(Released::restore(value, answer.spread));
                }
            }
        }
        let cells = self.keys.iter().cloned().zip(parts).map(|(key, parts)| {
            if parts.is_empty() {
                return Ok(nobody(key));
            }
            Ok(cell(key, &Released::sum(&parts)?, &self.measure, presentation))
        });
        cells.collect()
    }

    fn node_privacy(&mut self, release: &Release) -> NodePrivacy {
        let (noise, left) = (release.noise, release.left);
        let delta = self.delta;
        let epsilon = self.epsilons.entry(noise.nano_rho);
        let epsilon = *epsilon.or_insert_with(|| epsilon_of(Rho::from_nano(noise.nano_rho), delta));
        NodePrivacy {
            node: release.node.clone(),
            scale: noise.scale,
            sensitivity: Sensitivity { l1: noise.sensitivity_l1, l2: noise.sensitivity_l2 },
            charged_rho: rho(noise.nano_rho),
            charged_epsilon: epsilon,
            left: Left::from(left),
            smallest_cell: release.showing.smallest,
            rounding: release.showing.rounding,
            policy: Some(release.policy),
        }
    }
}

/// A cell with its noise.
pub(super) fn cell(
    key: Map<String, Value>,
    released: &Released,
    measure: &Measure,
    presentation: Presentation,
) -> Cell {
    Cell {
        key,
        value: Some(released.value()),
        shown: shown(measure, released, None, presentation).value(),
        standard_error: Some(released.standard_error()),
        ci95: Some(released.interval()),
    }
}

/// A cell that no node answered for.
fn nobody(key: Map<String, Value>) -> Cell {
    Cell { key, value: None, shown: None, standard_error: None, ci95: None }
}

fn measure(query: &Query) -> Result<Measure, ReleaseError> {
    let contribution = query.contribution();
    let cells = query.cells_len();
    match query.kind() {
        Kind::Count => Measure::count(cells, contribution.cells_max, PERSONS_MAX),
        Kind::Sum { .. } => {
            let clamp = Clamp::new(contribution.from, contribution.to)?;
            Measure::sum(cells, contribution.cells_max, clamp, PERSONS_MAX)
        }
    }
}

/// What an answer cost, from what it cost at each node.
pub(super) fn privacy(mechanism: &str, nodes: Vec<NodePrivacy>, delta: Delta) -> Privacy {
    let most = |value: fn(&NodePrivacy) -> f64| nodes.iter().map(value).fold(0.0, f64::max);
    Privacy {
        mechanism: mechanism.to_owned(),
        epsilon: most(|node| node.charged_epsilon),
        delta: delta.get(),
        rho: most(|node| node.charged_rho),
        rho_person_max: nodes.iter().map(|node| node.charged_rho).sum(),
        nodes,
    }
}

fn data(release: &Release) -> Data {
    Data {
        node: release.node.clone(),
        extracted_on: release.data.extracted_on,
        import: release.data.import,
        rejected_rows: release.data.rejected_rows,
        software: Some(release.software.clone()),
    }
}

#[cfg(test)]
mod tests;
