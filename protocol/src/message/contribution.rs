//! What leaves nodes in a run, and what comes back: contributions, events, objections, hand-backs.

use serde::{Deserialize, Serialize};

use super::{Message, Signed};
use crate::frame::Kind;
use crate::id::{Digest, NodeId};
use crate::sign::Signature;

/// What a stream of records held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamTotal {
    /// Whose stream it is: the node that contributes, or the one that is handed back to.
    pub node: NodeId,
    /// How many records.
    pub records: u64,
    /// SHA-256 over all records.
    pub digest: Digest,
}

/// What a hand-back held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandBackTotal {
    /// Its records.
    pub stream: StreamTotal,
    /// What the join saw, for the node's staff.
    pub counts: JoinCounts,
    /// Members of the federation that did not take part.
    pub missing: Vec<NodeId>,
}

/// What the join saw about one node's residents. Counts for the node alone, nothing about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinCounts {
    /// Pseudonyms that the node claims as residents.
    pub residents: u64,
    /// Records handed back to it.
    pub handed_back: u64,
    /// Residents whom another municipality claims too: set aside, an alarm.
    pub claimed_twice: u64,
    /// Residents whom a region's register places elsewhere.
    pub kommune_differs: u64,
    /// Residents in the population for whom the fall-back was used, one count per touch group of the model.
    pub fell_back: Vec<u64>,
    /// Those for whom events were put together from several nodes, one count per touch group of the model.
    pub joined_events: Vec<u64>,
}

/// Asks a node to work out the model's components; answered with [`Computed`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compute {}

impl Message for Compute {
    const KIND: Kind = Kind::Compute;
}

/// The node's components are ready.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computed {
    /// How many persons have a row.
    pub persons: u32,
}

impl Message for Computed {
    const KIND: Kind = Kind::Computed;
}

/// Asks a node for its contributions; answered with [`Contributions`] and [`ContributionsEnd`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribute {}

impl Message for Contribute {
    const KIND: Kind = Kind::Contribute;
}

/// Part of a node's contributions.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contributions {
    /// Counts frames from 0.
    pub sequence: u32,
    /// Records of the study's shape, ascending by pseudonym.
    pub records: Vec<u8>,
    /// For each record that objects, in order, what the node signs of it: see [`crate::objection::sign`].
    pub objections: Vec<Signature>,
}

impl Message for Contributions {
    const KIND: Kind = Kind::Contributions;
}

/// The end of a node's contributions.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContributionsEnd {
    /// Count and digest of all records, signed by the node.
    pub total: Signed<StreamTotal>,
}

impl Message for ContributionsEnd {
    const KIND: Kind = Kind::ContributionsEnd;
}

/// Part of the list of those whose events a node is asked for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRequests {
    /// Counts frames from 0.
    pub sequence: u32,
    /// Records of [`crate::event::EventRequest`], ascending by pseudonym.
    pub records: Vec<u8>,
}

impl Message for EventRequests {
    const KIND: Kind = Kind::EventRequests;
}

/// The end of that list, signed by the coordinator; answered with [`EventsAsked`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRequestsEnd {
    /// Count and digest of all records, of the node that is asked.
    pub total: Signed<StreamTotal>,
}

impl Message for EventRequestsEnd {
    const KIND: Kind = Kind::EventRequestsEnd;
}

/// The node has the list, and everyone on it is one whom it contributed as touched.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsAsked {}

impl Message for EventsAsked {
    const KIND: Kind = Kind::EventsAsked;
}

/// Asks a node for the events of those on the list; answered with [`Events`] and [`EventsEnd`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmitEvents {}

impl Message for SubmitEvents {
    const KIND: Kind = Kind::SubmitEvents;
}

/// Part of a node's events.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// Counts frames from 0.
    pub sequence: u32,
    /// Records of [`crate::event::EventRecord`], by rising pseudonym, the events of one in rising group.
    pub records: Vec<u8>,
}

impl Message for Events {
    const KIND: Kind = Kind::Events;
}

/// The end of a node's events.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsEnd {
    /// Count and digest of all records, signed by the node.
    pub total: Signed<StreamTotal>,
}

impl Message for EventsEnd {
    const KIND: Kind = Kind::EventsEnd;
}

/// Part of what a node is told of persons whom it contributed and who object at another node.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objections {
    /// Counts frames from 0. There is at least one.
    pub sequence: u32,
    /// Records of [`crate::objection::Objection`], ascending by pseudonym, filled up with zeros.
    pub records: Vec<u8>,
}

impl Message for Objections {
    const KIND: Kind = Kind::Objections;
}

/// The end of that, signed by the coordinator; answered with [`ObjectionsTaken`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectionsEnd {
    /// The count of records and the digest of all frames' bytes, of the node that is told.
    pub total: Signed<StreamTotal>,
}

impl Message for ObjectionsEnd {
    const KIND: Kind = Kind::ObjectionsEnd;
}

/// The node leaves those persons out from now on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectionsTaken {}

impl Message for ObjectionsTaken {
    const KIND: Kind = Kind::ObjectionsTaken;
}

/// Part of what the coordinator hands back to the responsible node.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandBacks {
    /// Counts frames from 0.
    pub sequence: u32,
    /// Records of the study's shape, ascending by pseudonym.
    pub records: Vec<u8>,
}

impl Message for HandBacks {
    const KIND: Kind = Kind::HandBacks;
}

/// The end of a hand-back, signed by the coordinator; answered with [`HandedBack`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandBackEnd {
    /// What was handed back, signed by the coordinator.
    pub total: Signed<HandBackTotal>,
}

impl Message for HandBackEnd {
    const KIND: Kind = Kind::HandBackEnd;
}

/// The node has written its work list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedBack {
    /// How many rows it has.
    pub persons: u32,
}

impl Message for HandedBack {
    const KIND: Kind = Kind::HandedBack;
}
