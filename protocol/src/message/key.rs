//! The generation of a run's key, and its use: evaluations of blinded elements.

use serde::{Deserialize, Serialize};

use super::{Message, Signed};
use crate::frame::Kind;
use crate::id::{Digest, NodeId};
use crate::population::Commitment;
use crate::reject::RejectCode;

/// A first-round package of the key generation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPackage {
    /// The sender's index, 1 for the first.
    pub holder: u16,
    /// The package as the key generation made it.
    pub bytes: Vec<u8>,
}

/// A second-round package, sealed to its recipient.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedKeyPackage {
    /// The sender's index.
    pub from: u16,
    /// The recipient's index.
    pub to: u16,
    /// The digest of all first-round packages, as the sender saw them.
    pub transcript: Digest,
    /// The sealed package.
    pub bytes: Vec<u8>,
}

/// A holder's word on the generated key: what it must say to the letter stands in the pseudonym crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyConfirmation {
    /// The sender's index.
    pub holder: u16,
    /// The canonical confirmation: study, threshold, transcript, group key, public shares.
    pub bytes: Vec<u8>,
}

/// Blinded elements of one batch.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Who asks.
    pub requester: NodeId,
    /// The index of the holder asked.
    pub holder: u16,
    /// The epoch of the key.
    pub epoch: u32,
    /// Counts the requester's batches from 0; a holder refuses one that it has seen.
    pub sequence: u32,
    /// Whom the requester has evaluated in this study: the same with every batch, to every holder.
    pub population: Signed<Commitment>,
    /// Blinded elements, 32 bytes each: those that the commitment has at this number, all of them.
    pub elements: Vec<u8>,
}

/// A holder's answer to a batch.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The digest of the batch that it answers.
    pub request: Digest,
    /// Evaluated elements, 32 bytes each, in the batch's order.
    pub elements: Vec<u8>,
    /// One DLEQ proof over the whole batch: challenge and response.
    #[serde(with = "crate::hex_bytes")]
    pub proof: [u8; 64],
}

/// Asks a holder to begin the key generation; answered with [`KeyRound1Package`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRound1 {}

impl Message for KeyRound1 {
    const KIND: Kind = Kind::KeyRound1;
}

/// A holder's first-round package, for all.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRound1Package {
    /// The package, signed by the holder.
    pub package: Signed<KeyPackage>,
}

impl Message for KeyRound1Package {
    const KIND: Kind = Kind::KeyRound1Package;
}

/// Gives a holder every first-round package; answered with [`KeyRound2Packages`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRound2 {
    /// One per holder, in order of index.
    pub packages: Vec<Signed<KeyPackage>>,
}

impl Message for KeyRound2 {
    const KIND: Kind = Kind::KeyRound2;
}

/// A holder's second-round packages, each sealed to its recipient.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRound2Packages {
    /// One per other holder.
    pub packages: Vec<Signed<SealedKeyPackage>>,
}

impl Message for KeyRound2Packages {
    const KIND: Kind = Kind::KeyRound2Packages;
}

/// Gives a holder the second-round packages sealed to it; answered with [`KeyConfirmed`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRound3 {
    /// One from each other holder.
    pub packages: Vec<Signed<SealedKeyPackage>>,
}

impl Message for KeyRound3 {
    const KIND: Kind = Kind::KeyRound3;
}

/// A holder's confirmation of the key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyConfirmed {
    /// The confirmation, signed by the holder.
    pub confirmation: Signed<KeyConfirmation>,
}

impl Message for KeyConfirmed {
    const KIND: Kind = Kind::KeyConfirmed;
}

/// Gives a node every holder's confirmation; answered with [`KeyPinned`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPin {
    /// One per holder, in order of index.
    pub confirmations: Vec<Signed<KeyConfirmation>>,
}

impl Message for KeyPin {
    const KIND: Kind = Kind::KeyPin;
}

/// The node has checked that all holders confirm one key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPinned {}

impl Message for KeyPinned {
    const KIND: Kind = Kind::KeyPinned;
}

/// Asks a node to have its persons evaluated; answered with [`super::Progress`] and [`Pseudonymised`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pseudonymise {}

impl Message for Pseudonymise {
    const KIND: Kind = Kind::Pseudonymise;
}

/// The node has a pseudonym for each of its persons.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pseudonymised {
    /// How many.
    pub persons: u32,
}

impl Message for Pseudonymised {
    const KIND: Kind = Kind::Pseudonymised;
}

/// What came from a holder is not what it must be: stands in place of any answer, where a refusal would not say whose
/// fault it is. It is the sender's word and no proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blames {
    /// From whom it came.
    pub holder: NodeId,
    /// What is wrong with it, or what the holder said in its place.
    pub code: RejectCode,
}

impl Message for Blames {
    const KIND: Kind = Kind::Blames;
}

/// Asks the coordinator to pass the stream's next frame to another node, a holder or a witness, and its answer back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relay {
    /// The other node.
    pub to: NodeId,
}

impl Message for Relay {
    const KIND: Kind = Kind::Relay;
}

/// Asks a holder to evaluate a batch of blinded elements; answered with [`Evaluated`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluate {
    /// The batch, signed by the requester.
    pub batch: Signed<Batch>,
}

impl Message for Evaluate {
    const KIND: Kind = Kind::Evaluate;
}

/// A holder's answer to one batch.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluated {
    /// The answer, signed by the holder.
    pub answer: Signed<Answer>,
}

impl Message for Evaluated {
    const KIND: Kind = Kind::Evaluated;
}
