//! What a node says of itself.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{DataStatement, Message};
use crate::frame::Kind;
use crate::hello::Software;
use crate::id::Digest;

/// Asks a node how it is; answered with [`NodeStatus`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {}

impl Message for Status {
    const KIND: Kind = Kind::Status;
}

/// How a node is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// What it runs.
    pub software: Software,
    /// Whether its database is marked as made up.
    pub made_up: bool,
    /// Which data it would answer from; none before the first import.
    pub data: Option<DataStatement>,
    /// Under which policy it answers; none where it has none and refuses everything.
    pub policy: Option<PolicyStatement>,
    /// When its certificate runs out.
    pub certificate_to: Timestamp,
}

/// The policy in force at a node, and what is left of its budgets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyStatement {
    /// SHA-256 of its file.
    pub digest: Digest,
    /// Its version; 0 for a laboratory's that counts none.
    pub version: u64,
    /// Whether it is for made-up data.
    pub laboratory: bool,
    /// Its last day; none for a laboratory's without one.
    pub valid_to: Option<Date>,
    /// What is left of the budget over all permits in the running period, in thousand-millionths of rho.
    pub left_period: u64,
    /// What is left of that for life.
    pub left_life: u64,
}

impl Message for NodeStatus {
    const KIND: Kind = Kind::NodeStatus;
}

/// How far a long request has come.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// Units in all.
    pub total: u64,
}

impl Message for Progress {
    const KIND: Kind = Kind::Progress;
}
