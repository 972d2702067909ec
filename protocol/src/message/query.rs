//! Queries: what is asked of a node's own data, and what it releases.

use serde::{Deserialize, Serialize};

use super::{Message, Rule, Signed};
use crate::frame::Kind;
use crate::release::{BudgetLeft, Noise};
use crate::request::QueryRequest;

/// Asks a node a query; answered with [`Releases`] and [`ReleasesEnd`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskQuery {
    /// What is asked, signed by the person who asks.
    pub request: Signed<QueryRequest>,
}

impl Message for AskQuery {
    const KIND: Kind = Kind::AskQuery;
}

/// Part of a node's answers to a query.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Releases {
    /// Counts frames from 0.
    pub sequence: u32,
    /// Answers in order, each the stored bytes of a [`Release`](crate::release::Release) signed by the node.
    pub bodies: Vec<Vec<u8>>,
}

impl Message for Releases {
    const KIND: Kind = Kind::Releases;
}

/// The end of a node's answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasesEnd {
    /// How many there are.
    pub count: u32,
    /// Why there are no more, where more were asked for; empty if and only if there are all.
    pub refused: Vec<Rule>,
}

impl Message for ReleasesEnd {
    const KIND: Kind = Kind::ReleasesEnd;
}

/// Asks what a query would cost. Nothing is charged and no data is read; answered with [`Previewed`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewQuery {
    /// What would be asked, signed by the person who would ask.
    pub request: Signed<QueryRequest>,
}

impl Message for PreviewQuery {
    const KIND: Kind = Kind::PreviewQuery;
}

/// What a query would cost at a node.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Previewed {
    /// The rules that it would break; none where it would be answered.
    pub rules: Vec<Rule>,
    /// The noise of each cell and the price; none where the policy has no price for it.
    pub noise: Option<Noise>,
    /// What would be left then; none likewise.
    pub left: Option<BudgetLeft>,
}

impl Message for Previewed {
    const KIND: Kind = Kind::Previewed;
}
