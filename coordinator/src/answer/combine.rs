//! Answers of several nodes as one: noisy values and variances add up, cell by cell. Pure.

use std::collections::BTreeMap;

use serde_json::Value;
use tvaers_protocol::release::{Mechanism, PartOf, Release};
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_query::Query;
use tvaers_release::conversion::{Delta, epsilon_of, pure_of};
use tvaers_release::error::ReleaseError;
use tvaers_release::postprocess::Presentation;
use tvaers_release::released::Released;
use tvaers_release::rho::Rho;

use super::cells::{Layout, Sums};
use super::received::Received;
use super::{
    Answer, Coverage, Data, Definition, Left, NodePrivacy, PartPrivacy, Privacy, Requested, Sensitivity,
    describe, rho,
};

/// Makes results of one query. What all of them share is worked out once: there may be ten thousand.
pub(crate) struct Combiner<'q> {
    query: &'q Query,
    delta: Delta,
    layout: Layout,
    asked: Value,
    definitions: Vec<Definition>,
    notes: Vec<String>,
    request: Option<Requested>,
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
            layout: Layout::of(query)?,
            asked: describe::as_asked(query),
            definitions: describe::definitions(query),
            notes: describe::notes(query),
            request: None,
            epsilons: BTreeMap::new(),
        })
    }

    /// The same, saying who asked.
    pub(crate) fn requested(self, request: Requested) -> Self {
        Self { request: Some(request), ..self }
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
        let (cells, totals) = self.layout.cells(&self.sums(answers)?, presentation)?;
        Ok(Answer {
            query: self.asked.clone(),
            as_of: self.query.as_of(),
            laboratory: releases().any(|release| release.laboratory),
            cells,
            totals,
            privacy: privacy(self.query.privacy().mechanism, nodes, self.delta),
            coverage,
            definitions: self.definitions.clone(),
            data: releases().map(data).collect(),
            notes: self.notes.clone(),
            indicator: None,
            request: self.request.clone(),
        })
    }

    /// Each cell over all nodes, part by part.
    fn sums(&self, answers: &[&Received]) -> Result<Vec<Sums>, ReleaseError> {
        let mut persons: Vec<Vec<Released>> = vec![Vec::new(); self.layout.len()];
        let mut sums = persons.clone();
        for answer in answers {
            let parts = answer.release.noise.parts.iter().zip(&answer.release.cells).zip(&answer.spreads);
            for ((part, values), spread) in parts {
                let into = match part.of {
                    PartOf::Persons => &mut persons,
                    PartOf::Sum | PartOf::CentredSum => &mut sums,
                };
                for (&cell, &value) in answer.cells.iter().zip(values) {
                    if let Some(into) = into.get_mut(cell) {
                        into.push(Released::restore(value, *spread));
                    }
                }
            }
        }
        let sum = |parts: &Vec<Released>| -> Result<Option<Released>, ReleaseError> {
            if parts.is_empty() { Ok(None) } else { Released::sum(parts).map(Some) }
        };
        let both = persons.iter().zip(&sums);
        both.map(|(persons, sums)| Ok(Sums { persons: sum(persons)?, sum: sum(sums)? })).collect()
    }

    fn node_privacy(&mut self, release: &Release) -> NodePrivacy {
        let (noise, left) = (&release.noise, release.left);
        let (delta, mechanism) = (self.delta, noise.mechanism);
        let known = self.epsilons.entry(noise.nano_rho);
        let charged_epsilon =
            *known.or_insert_with(|| epsilon(mechanism, Rho::from_nano(noise.nano_rho), delta));
        let parts: Vec<PartPrivacy> = noise.parts.iter().map(PartPrivacy::from).collect();
        let first = noise.parts.first();
        NodePrivacy {
            node: release.node.clone(),
            scale: first.map_or(0.0, |part| part.scale),
            sensitivity: Sensitivity {
                l1: first.map_or(0, |part| part.sensitivity_l1),
                l2: first.map_or(0.0, |part| part.sensitivity_l2),
            },
            parts: if parts.len() > 1 { parts } else { Vec::new() },
            charged_rho: rho(noise.nano_rho),
            charged_epsilon,
            left: Left::from(left),
            smallest_cell: release.showing.smallest,
            rounding: release.showing.rounding,
            policy: Some(release.policy),
        }
    }
}

/// What an amount of rho is in epsilon: pure under the discrete Laplace, else at delta.
pub(super) fn epsilon(mechanism: Mechanism, charged: Rho, delta: Delta) -> f64 {
    match mechanism {
        Mechanism::DiscreteGaussian => epsilon_of(charged, delta),
        Mechanism::DiscreteLaplace => pure_of(charged),
    }
}

/// What an answer cost, from what it cost at each node.
pub(super) fn privacy(mechanism: Mechanism, nodes: Vec<NodePrivacy>, delta: Delta) -> Privacy {
    let most = |value: fn(&NodePrivacy) -> f64| nodes.iter().map(value).fold(0.0, f64::max);
    Privacy {
        mechanism: mechanism.name().to_owned(),
        epsilon: most(|node| node.charged_epsilon),
        delta: match mechanism {
            Mechanism::DiscreteGaussian => delta.get(),
            Mechanism::DiscreteLaplace => 0.0,
        },
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
