//! What a query would cost and how good its answer would be, before it is asked: public parameters only.

use serde::{Deserialize, Serialize};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::{Previewed, Rule};
use tvaers_release::scale::Scale;
use tvaers_release::spread::Spread;

use crate::answer::{Left, Sensitivity, rho};

/// What a query would cost at one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodePreview {
    /// The node.
    pub node: NodeId,
    /// Whether it is connected and answered.
    pub connected: bool,
    /// The rules that the query would break there; none where it would be answered.
    pub rules: Vec<Rule>,
    /// What would be charged, in rho.
    pub rho: Option<f64>,
    /// What would be left then.
    pub left: Option<Left>,
    /// What one person can change.
    pub sensitivity: Option<Sensitivity>,
    /// The standard error of each of its cells.
    pub standard_error: Option<f64>,
    /// Half the width of each cell's 95 % interval.
    pub ci95_half_width: Option<i64>,
}

pub(crate) fn of_node(node: &NodeId, answer: Option<Previewed>) -> NodePreview {
    let (connected, previewed) = match answer {
        Some(previewed) => (true, previewed),
        None => (false, Previewed { rules: Vec::new(), noise: None, left: None }),
    };
    let noise = previewed.noise;
    let scale = noise.and_then(|noise| Scale::new(noise.scale).ok());
    let spread = scale.map(Spread::discrete_gaussian);
    NodePreview {
        node: node.clone(),
        connected,
        rules: previewed.rules,
        rho: noise.map(|noise| rho(noise.nano_rho)),
        left: previewed.left.map(Left::from),
        sensitivity: noise.map(|noise| Sensitivity { l1: noise.sensitivity_l1, l2: noise.sensitivity_l2 }),
        standard_error: spread.map(|spread| spread.standard_error()),
        ci95_half_width: spread.map(|spread| spread.half_width()),
    }
}
