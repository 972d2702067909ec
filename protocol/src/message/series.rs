//! Runs under one key: what a node has kept, shares that are made again, and the end.

use serde::{Deserialize, Serialize};

use super::{Message, Signed};
use crate::frame::Kind;
use crate::id::{Digest, NodeId};

/// What a node has kept of a series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesHeld {
    /// The digest of the first run's manifest.
    pub first: Digest,
    /// The holders of the first run; a holder's index is its position + 1.
    pub holders: Vec<NodeId>,
    /// The epochs that it has kept, the newest first: two at most.
    pub epochs: Vec<EpochHeld>,
}

/// One epoch of a series' key at a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochHeld {
    /// Counts the refreshes from 0.
    pub epoch: u32,
    /// The digest of the public keys.
    pub keys: Digest,
    /// The indices of their holders, ascending.
    pub holders: Vec<u16>,
    /// Whether the node can open its share of it; false at one that holds none.
    pub has_share: bool,
}

/// A helper's parts of a lost share, times the generator: for all helpers and the lost holder to check by.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairPackage {
    /// The helper's index.
    pub helper: u16,
    /// The index of the holder that has lost its share.
    pub lost: u16,
    /// 32 bytes a helper, by rising index.
    pub bytes: Vec<u8>,
}

/// A part of a lost share, or a sum of parts, sealed to its recipient.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedRepair {
    /// The helper's index.
    pub from: u16,
    /// The recipient's index: another helper, or the holder that has lost its share.
    pub to: u16,
    /// The index of the holder that has lost its share.
    pub lost: u16,
    /// The sealed part or sum.
    pub bytes: Vec<u8>,
}

/// Asks a helper to part its share for every holder that has lost its own; answered with [`RepairDealt`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairDeal {}

impl Message for RepairDeal {
    const KIND: Kind = Kind::RepairDeal;
}

/// A helper's parts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairDealt {
    /// One a lost share, for all, signed by the helper.
    pub packages: Vec<Signed<RepairPackage>>,
    /// One a lost share and other helper, signed by the helper.
    pub parts: Vec<Signed<SealedRepair>>,
}

impl Message for RepairDealt {
    const KIND: Kind = Kind::RepairDealt;
}

/// Gives a helper all packages and the parts that are sealed to it; answered with [`RepairAdded`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairAdd {
    /// One a helper and lost share.
    pub packages: Vec<Signed<RepairPackage>>,
    /// One an other helper and lost share.
    pub parts: Vec<Signed<SealedRepair>>,
}

impl Message for RepairAdd {
    const KIND: Kind = Kind::RepairAdd;
}

/// A helper's sums.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairAdded {
    /// One a lost share, sealed to its holder, signed by the helper.
    pub sums: Vec<Signed<SealedRepair>>,
}

impl Message for RepairAdded {
    const KIND: Kind = Kind::RepairAdded;
}

/// Gives a holder what it takes to make its lost share; answered with [`RepairRecovered`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairRecover {
    /// One a helper, of this lost share.
    pub packages: Vec<Signed<RepairPackage>>,
    /// One a helper.
    pub sums: Vec<Signed<SealedRepair>>,
}

impl Message for RepairRecover {
    const KIND: Kind = Kind::RepairRecover;
}

/// The holder has its share again. Whether it is the right one, the refresh shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairRecovered {}

impl Message for RepairRecovered {
    const KIND: Kind = Kind::RepairRecovered;
}

/// Ends a series: shares and pseudonyms that were kept for its later runs are erased. Answered with [`SeriesClosed`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseSeries {
    /// The digest of the first run's manifest.
    pub first: Digest,
}

impl Message for CloseSeries {
    const KIND: Kind = Kind::CloseSeries;
}

/// The node has nothing of the series any more.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesClosed {
    /// Whether it had kept something until now.
    pub was_kept: bool,
}

impl Message for SeriesClosed {
    const KIND: Kind = Kind::SeriesClosed;
}
