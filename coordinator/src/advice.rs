//! What to ask for: the error that a budget buys, and the budget that an error costs. Public parameters and the person's
//! own guesses alone; nothing here has seen an answer.

use serde::{Deserialize, Serialize};
use tvaers_protocol::release::{Mechanism, PartOf};
use tvaers_query::budget::Budget;
use tvaers_query::query::{Kind, Party};
use tvaers_query::{Decimal, Query};
use tvaers_release::conversion::{Delta, epsilon_of, pure_of};
use tvaers_release::error::ReleaseError;
use tvaers_release::mean::mean;
use tvaers_release::mechanism::CHARGE_MAX;
use tvaers_release::of_query;
use tvaers_release::quantiles::{Bin, quantiles};
use tvaers_release::released::Released;
use tvaers_release::rho::Rho;
use tvaers_release::spread::Spread;

/// Numbers of persons for which the error of a mean or a quantile is told where none is guessed.
pub const PERSONS: [u64; 3] = [100, 1_000, 10_000];

/// The error to expect in one cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// With so many persons in the cell; none where the error does not depend on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persons: Option<u64>,
    /// Of the quantile at this probability, if persons are spread evenly over the bins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// The standard error; of a mean the one between its least and its greatest.
    pub standard_error: f64,
    /// Of a mean in the middle of its bounds, and of one at a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
}

/// A budget that buys an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Advised {
    /// What to write in the query file.
    pub epsilon: Decimal,
    /// What it costs at each node.
    pub rho: Rho,
}

/// The error to expect in a cell, from the noise of its parts over all nodes that add to it. `persons` are guesses.
///
/// # Errors
/// [`ReleaseError`] where the query cannot be noised, or the parts are not its own.
pub fn expected(
    query: &Query,
    parts: &[(PartOf, Spread)],
    persons: &[u64],
) -> Result<Vec<Expected>, ReleaseError> {
    let other = ReleaseError::Parameter { field: "parts", expected: "must be those of the query" };
    let of = |wanted: &[PartOf]| {
        parts.iter().find(|(of, _)| wanted.contains(of)).map(|(_, spread)| *spread).ok_or(other)
    };
    let persons_part = || of(&[PartOf::Persons]);
    let plain = |spread: Spread| Expected {
        persons: None,
        probability: None,
        standard_error: spread.standard_error(),
        range: None,
    };
    match query.kind() {
        Kind::Count | Kind::Histogram { .. } => Ok(vec![plain(persons_part()?)]),
        Kind::Sum { .. } => Ok(vec![plain(of(&[PartOf::Sum])?)]),
        Kind::Mean { .. } => {
            let (sum, count) = (of(&[PartOf::CentredSum])?, persons_part()?);
            persons.iter().map(|n| of_mean(query, *n, sum, count)).collect()
        }
        Kind::Quantiles { bins, probabilities, .. } => {
            let count = persons_part()?;
            let bins: Vec<Bin> = bins.ranges().map(|(from, to)| Bin { from, to }).collect();
            let shares: Vec<f64> = probabilities.iter().map(|share| share.real()).collect();
            let mut expected = Vec::new();
            for &n in persons {
                // As evenly as whole persons can be spread.
                let up_to = |bin: usize| i128::from(n) * bin as i128 / bins.len() as i128;
                let each = |bin: usize| i64::try_from(up_to(bin + 1) - up_to(bin)).unwrap_or(i64::MAX);
                let counts: Vec<Released> =
                    (0..bins.len()).map(|bin| Released::restore(each(bin), count)).collect();
                let read = quantiles(&bins, &counts, &shares)?;
                expected.extend(shares.iter().zip(read).map(|(share, estimate)| Expected {
                    persons: Some(n),
                    probability: Some(*share),
                    standard_error: estimate.standard_error,
                    range: None,
                }));
            }
            Ok(expected)
        }
    }
}

/// Of a mean of `n` persons. It depends on where the mean lies: in the middle of the bounds the number of persons has
/// no part in the error, at a bound half of the variance. Between them, where it has a third, is told as the one to
/// expect: it is never further than 19 % from either.
fn of_mean(query: &Query, n: u64, sum: Spread, count: Spread) -> Result<Expected, ReleaseError> {
    let clamp = of_query::clamp(query)?;
    #[expect(clippy::cast_precision_loss, reason = "a width in whole units, for an error of three digits")]
    let half = clamp.centred()?.magnitude() as f64;
    let at = |offset: f64| {
        #[expect(clippy::cast_precision_loss, reason = "persons, for an error of three digits")]
        let centred = (n as f64 * offset).round();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "saturates, far beyond what there are persons for"
        )]
        let centred = Released::restore(centred as i64, sum);
        mean(clamp, &centred, &Released::restore(whole(n), count)).standard_error
    };
    Ok(Expected {
        persons: Some(n),
        probability: None,
        standard_error: at(half * std::f64::consts::FRAC_1_SQRT_2),
        range: Some([at(0.0), at(half)]),
    })
}

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The noise of parts in a cell that several nodes add to.
///
/// # Errors
/// [`ReleaseError`] where there is none.
pub fn added_up(nodes: &[Vec<(PartOf, Spread)>]) -> Result<Vec<(PartOf, Spread)>, ReleaseError> {
    let mut found: Vec<(PartOf, Vec<Released>)> = Vec::new();
    for (of, spread) in nodes.iter().flatten() {
        let value = Released::restore(0, *spread);
        match found.iter_mut().find(|(known, _)| known == of) {
            Some((_, values)) => values.push(value),
            None => found.push((*of, vec![value])),
        }
    }
    found.into_iter().map(|(of, values)| Ok((of, *Released::sum(&values)?.spread()))).collect()
}

/// How many of the parties add to one cell, at most: each municipality has its own residents only.
#[must_use]
pub fn nodes_a_cell(query: &Query, parties: &[Party]) -> usize {
    let mut nodes = vec![0_usize; query.cells_len()];
    for party in parties.iter().filter(|party| query.asks(party)) {
        for cell in query.cells_of(party) {
            if let Some(nodes) = nodes.get_mut(cell) {
                *nodes += 1;
            }
        }
    }
    nodes.into_iter().max().unwrap_or(0)
}

/// The least epsilon, in three digits, at which no error of [`expected`] is more than `target` in a cell that so many
/// nodes add to. None where no budget is enough.
///
/// # Errors
/// [`ReleaseError`] where the query cannot be noised.
pub fn budget_for(
    query: &Query,
    nodes: usize,
    target: f64,
    persons: u64,
    delta: Delta,
) -> Result<Option<Advised>, ReleaseError> {
    let mechanism = query.privacy().mechanism;
    // As if cells were hidden: then a sum has a little less of the budget, and what is advised is enough either way.
    let parts = of_query::parts(query, query.cells_len(), true)?;
    let is_enough = |rho: Rho| -> Result<bool, ReleaseError> {
        let Ok(joint) = of_query::joint(mechanism, &parts, rho) else { return Ok(false) };
        let spreads: Vec<(PartOf, Spread)> =
            parts.iter().zip(joint.parts()).map(|(part, noise)| (part.of, *noise.spread())).collect();
        let all = added_up(&vec![spreads; nodes.max(1)])?;
        let errors = expected(query, &all, &[persons])?;
        Ok(errors.iter().all(|expected| expected.standard_error <= target))
    };
    if !is_enough(CHARGE_MAX)? {
        return Ok(None);
    }
    // The error falls as rho grows: halved on a logarithmic scale, nine digits deep.
    let (mut short, mut enough) = (0_u64, CHARGE_MAX.nano());
    while enough - short > 1 && enough - short > enough / 10_000 {
        let middle = if short == 0 { enough.isqrt().max(1) } else { short.midpoint(enough) };
        let middle = if middle >= enough { enough - 1 } else { middle };
        if middle <= short {
            break;
        }
        if is_enough(Rho::from_nano(middle))? { enough = middle } else { short = middle }
    }
    Ok(in_three_digits(query, Rho::from_nano(enough), delta))
}

/// The least epsilon in three digits that is charged at least `rho`.
fn in_three_digits(query: &Query, rho: Rho, delta: Delta) -> Option<Advised> {
    let epsilon = match query.privacy().mechanism {
        Mechanism::DiscreteGaussian => epsilon_of(rho, delta),
        Mechanism::DiscreteLaplace => pure_of(rho),
    };
    // In nano, rounded up to three digits, and up again where the conversion back is a little less.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, and is bounded below"
    )]
    let mut nano = (epsilon * 1e9).ceil() as u64;
    for _ in 0..4 {
        let unit = 10_u64.pow(nano.max(1).ilog10().saturating_sub(2));
        nano = nano.div_ceil(unit) * unit;
        let epsilon = Decimal::from_nano(nano)?;
        let charged = of_query::asked(&query.clone().with_budget(Budget::Epsilon(epsilon)), delta).ok()??;
        if charged >= rho {
            return Some(Advised { epsilon, rho: charged });
        }
        nano += 1;
    }
    None
}

#[cfg(test)]
mod tests;
