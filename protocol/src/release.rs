//! What a node releases for a query: noisy values and all that a reader must know of them. Its size follows from the
//! query and public names alone, never from a value.

use serde::{Deserialize, Serialize};

use crate::hello::Software;
use crate::id::{Digest, NodeId};
use crate::message::DataStatement;

/// How noise was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mechanism {
    /// The exact discrete Gaussian (Canonne, Kamath and Steinke, 2020), counted in rho.
    DiscreteGaussian,
    /// The exact discrete Laplace (Ghosh, Roughgarden and Sundararajan, 2009): pure epsilon, charged as ε²/2 of rho.
    DiscreteLaplace,
}

impl Mechanism {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::DiscreteGaussian, Self::DiscreteLaplace];

    /// Its name, as in query files and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DiscreteGaussian => "discrete_gaussian",
            Self::DiscreteLaplace => "discrete_laplace",
        }
    }
}

/// What a part of a release has in each cell, before noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartOf {
    /// Persons; where a number is added up beside, those who have one.
    Persons,
    /// A number of each person, added up.
    Sum,
    /// The same, each less the middle of the number's bounds.
    CentredSum,
}

impl PartOf {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Persons, Self::Sum, Self::CentredSum];

    /// Its name, as in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Persons => "persons",
            Self::Sum => "sum",
            Self::CentredSum => "centred_sum",
        }
    }
}

/// The noise of a release: public parameters only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// How it was drawn.
    pub mechanism: Mechanism,
    /// What was charged, in thousand-millionths of rho.
    pub nano_rho: u64,
    /// The parts that are released together, at least one.
    pub parts: Vec<PartNoise>,
}

/// The noise in each value of a part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartNoise {
    /// What is noised.
    pub of: PartOf,
    /// The width: sigma of a discrete Gaussian, the scale of a discrete Laplace.
    pub scale: f64,
    /// What one person can change in all cells together, added up.
    pub sensitivity_l1: u64,
    /// The same as the root of the sum of squares, rounded up.
    pub sensitivity_l2: f64,
}

/// What is left of the node's budgets after a charge, in thousand-millionths of rho.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetLeft {
    /// Of the permit's.
    pub permit: u64,
    /// Of the period's, over all permits.
    pub period: u64,
    /// Of that for life, over all permits.
    pub life: u64,
}

/// What the node's policy wants shown of its values. It hides and rounds; the values here are as they were drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Showing {
    /// Cells with fewer persons, judged on noisy values, are hidden.
    pub smallest: u32,
    /// Shown values are multiples of it; 1 rounds nothing.
    pub rounding: u32,
}

/// One answer of one node. It has no `Debug`: answers do not belong in logs.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Whose it is.
    pub node: NodeId,
    /// The digest of the request for which it was made; a later one of the same question gets the same bytes.
    pub request: Digest,
    /// The digest of the question that it answers.
    pub question: Digest,
    /// The digest of the policy under which it was made.
    pub policy: Digest,
    /// Whether it is of made-up data.
    pub laboratory: bool,
    /// Which data it was made from.
    pub data: DataStatement,
    /// The noisy values of each part, signed, in the order of the query's cells, those left out in which the node can
    /// have nobody.
    pub cells: Vec<Vec<i64>>,
    /// Their noise, part by part.
    pub noise: Noise,
    /// What is left of the node's budgets.
    pub left: BudgetLeft,
    /// What is shown.
    pub showing: Showing,
    /// What the node ran.
    pub software: Software,
}
