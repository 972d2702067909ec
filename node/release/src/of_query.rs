//! What is released for a query: its measures, and what it asks to be charged. The node that draws the noise and the
//! coordinator that reads it work both out here, from public parameters alone.

use tvaers_definitions::feature::Kind as FeatureKind;
use tvaers_protocol::release::{PartNoise, PartOf};
use tvaers_query::budget::Budget;
use tvaers_query::query::Kind;
use tvaers_query::{Decimal, Query};

use crate::clamp::Clamp;
use crate::conversion::{Delta, Epsilon, rho_of_pure, rho_within};
use crate::error::{ReleaseError, require};
use crate::joint::Joint;
use crate::measure::Measure;
use crate::mechanism::{Family, Mechanism};
use crate::rho::Rho;

/// A public number that the persons of an answer are never more than: more than live in Denmark.
pub const PERSONS_MAX: u64 = 10_000_000;

/// The share of a sum's budget that tells how many persons are in each cell, where few persons hide it: one part of
/// so many. The sum's noise becomes 5 % wider under the discrete Gaussian (1/√0.9) and 11 % under the discrete Laplace.
const HIDING: u32 = 10;

/// One part of what is released for a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// What it has in each cell.
    pub of: PartOf,
    /// Its public parameters.
    pub measure: Measure,
    /// Its share of the budget.
    pub weight: u32,
}

/// The bounds of the number that a query is about.
///
/// # Errors
/// `feature`, if it is about none.
pub fn clamp(query: &Query) -> Result<Clamp, ReleaseError> {
    match query.kind().feature().map(|feature| &feature.kind) {
        Some(FeatureKind::Integer { from, to, .. }) => Clamp::new(*from, *to),
        _ => Err(ReleaseError::Parameter { field: "feature", expected: "must be a number with bounds" }),
    }
}

/// The parts that are released together for a query over `cells` of its cells. `hides` says that the policy hides cells
/// of few persons: then a sum comes with the noisy number of those who are in it.
///
/// A mean is a centred sum and the number of persons who have the number, each for half of the budget: for a mean at a
/// bound that is where its error is least, and in the middle the number of persons has no part in it.
///
/// # Errors
/// [`ReleaseError`], naming the parameter that is out of bounds.
pub fn parts(query: &Query, cells: usize, hides: bool) -> Result<Vec<Part>, ReleaseError> {
    let k = query.cells_max();
    let persons = |weight| -> Result<Part, ReleaseError> {
        Ok(Part { of: PartOf::Persons, measure: Measure::count(cells, k, PERSONS_MAX)?, weight })
    };
    match query.kind() {
        Kind::Count | Kind::Histogram { .. } | Kind::Quantiles { .. } => Ok(vec![persons(1)?]),
        Kind::Sum { feature } => {
            let is_missing = matches!(feature.kind, FeatureKind::Integer { missing: true, .. });
            let clamp = clamp(query)?;
            // One who has no value adds 0, which may lie outside the clamp.
            let clamp = if is_missing { Clamp::new(clamp.from().min(0), clamp.to().max(0))? } else { clamp };
            let measure = Measure::sum(cells, k, clamp, PERSONS_MAX)?;
            let sum = |weight| Part { of: PartOf::Sum, measure, weight };
            Ok(if hides { vec![sum(HIDING - 1), persons(1)?] } else { vec![sum(1)] })
        }
        Kind::Mean { .. } => {
            let measure = Measure::sum(cells, k, clamp(query)?.centred()?, PERSONS_MAX)?;
            Ok(vec![Part { of: PartOf::CentredSum, measure, weight: 1 }, persons(1)?])
        }
    }
}

/// The mechanisms of parts, for what is charged.
///
/// # Errors
/// As [`Joint::new`].
pub fn joint(family: Family, parts: &[Part], charged: Rho) -> Result<Joint, ReleaseError> {
    let parts: Vec<(Measure, u32)> = parts.iter().map(|part| (part.measure, part.weight)).collect();
    Joint::new(family, &parts, charged)
}

/// The public parameters of each part's noise, as they are told.
///
/// # Errors
/// `parts`, if the mechanisms are not those of the parts.
pub fn told(parts: &[Part], joint: &Joint) -> Result<Vec<PartNoise>, ReleaseError> {
    let is_theirs = |(part, mechanism): (&Part, &Mechanism)| part.measure == *mechanism.measure();
    let pairs = parts.iter().zip(joint.parts());
    let fits = parts.len() == joint.parts().len() && pairs.clone().all(is_theirs);
    require(fits, "parts", "must be those of the mechanisms")?;
    let told = pairs.map(|(part, mechanism)| PartNoise {
        of: part.of,
        scale: mechanism.scale().get(),
        sensitivity_l1: part.measure.sensitivity().l1(),
        sensitivity_l2: part.measure.sensitivity().l2(),
    });
    Ok(told.collect())
}

/// What a query asks to be charged: its rho; for an epsilon the greatest rho that keeps its promise at `delta`, under
/// the discrete Laplace ε²/2. None where it leaves that to the policy.
///
/// # Errors
/// `epsilon`, if it is out of bounds.
pub fn asked(query: &Query, delta: Delta) -> Result<Option<Rho>, ReleaseError> {
    let worth = |epsilon: Decimal| {
        let rho = match query.privacy().mechanism {
            Family::DiscreteGaussian => rho_within(Epsilon::new(epsilon.real()).ok()?, delta),
            Family::DiscreteLaplace => rho_of_pure(epsilon.real()),
        };
        rho.ok().map(Rho::nano)
    };
    let outside = ReleaseError::Parameter { field: "epsilon", expected: "must be worth an amount of rho" };
    let charge = |budget: Budget| budget.nano_rho(&worth).map(Rho::from_nano).ok_or(outside);
    query.privacy().budget.map(charge).transpose()
}

#[cfg(test)]
mod tests;
