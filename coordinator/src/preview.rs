//! What a query would cost and how good its answer would be, before it is asked: public parameters only.

use serde::{Deserialize, Serialize};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::{Previewed, Rule};
use tvaers_protocol::release::{Mechanism, PartOf};
use tvaers_release::scale::Scale;
use tvaers_release::spread::Spread;

use crate::answer::{Left, PartPrivacy, rho};

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
    /// How often it could be asked again, as far as the budgets go that are left: the least of permit, period and life.
    pub more: Option<u64>,
    /// How its noise would be drawn.
    pub mechanism: Option<Mechanism>,
    /// The noise of each part of the answer.
    pub parts: Vec<PartPreview>,
}

/// The noise of one part of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartPreview {
    /// What it has in each cell, how wide its noise is, and what one person can change.
    #[serde(flatten)]
    pub noise: PartPrivacy,
    /// The standard error of each of its cells.
    pub standard_error: f64,
    /// Half the width of each cell's 95 % interval.
    pub ci95_half_width: i64,
}

impl NodePreview {
    /// The noise of each part, as far as this program can tell.
    #[must_use]
    pub fn spreads(&self) -> Vec<(PartOf, Spread)> {
        let spread = |part: &PartPreview| {
            let of = PartOf::ALL.into_iter().find(|of| of.name() == part.noise.of)?;
            Some((of, Spread::of(self.mechanism?, Scale::new(part.noise.scale).ok()?)))
        };
        self.parts.iter().filter_map(spread).collect()
    }
}

pub(crate) fn of_node(node: &NodeId, answer: Option<Previewed>) -> NodePreview {
    let (connected, previewed) = match answer {
        Some(previewed) => (true, previewed),
        None => (false, Previewed { rules: Vec::new(), noise: None, left: None }),
    };
    let noise = previewed.noise;
    let mechanism = noise.as_ref().map(|noise| noise.mechanism);
    let parts = noise.iter().flat_map(|noise| &noise.parts).filter_map(|part| {
        let spread = Spread::of(mechanism?, Scale::new(part.scale).ok()?);
        Some(PartPreview {
            noise: PartPrivacy::from(part),
            standard_error: spread.standard_error(),
            ci95_half_width: spread.half_width(),
        })
    });
    let left = previewed.left;
    let least = left.map(|left| left.permit.min(left.period).min(left.life));
    let cost = noise.as_ref().map(|noise| noise.nano_rho);
    NodePreview {
        node: node.clone(),
        connected,
        rules: previewed.rules,
        rho: cost.map(rho),
        left: left.map(Left::from),
        more: least.zip(cost).and_then(|(least, cost)| least.checked_div(cost)),
        mechanism,
        parts: parts.collect(),
    }
}
