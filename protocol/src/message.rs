//! Every message, those of a study in the order of a run. PROTOCOL.md tells the same in prose.
//!
//! The coordinator opens a stream per request and the node answers on it; for a batch of evaluations the node opens
//! the stream and the coordinator relays it to the holder. Messages between nodes are signed by nodes, so that the
//! coordinator in the middle can delay them and nothing else.

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::frame::Kind;
use crate::id::{Digest, NodeId};
use crate::release::{BudgetLeft, Showing};
use crate::request::{Approval, StudyRequest};
use crate::sign::{BadSignature, Purpose, Signature, SigningKey, VerifyingKey};
use crate::study::{Disclosure, Grain, Manifest};

mod query;
pub mod revocation;
mod status;

pub use self::query::{AskQuery, PreviewQuery, Previewed, Releases, ReleasesEnd};
pub use self::revocation::{AskRevocations, RevocationFile, Revocations};
pub use self::status::{NodeStatus, PolicyStatement, Progress, Status};

/// A message that travels as the body of one frame.
pub trait Message: Serialize + DeserializeOwned {
    /// The number that its frame carries.
    const KIND: Kind;
}

/// Content with its author's signature, bound to one context: a study by its manifest's digest, or outside of one what
/// the content is about, such as the roster under which a person asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed<T> {
    /// The content.
    pub content: T,
    /// The author's signature over context and content.
    pub signature: Signature,
}

impl<T: Serialize> Signed<T> {
    /// Signs `content` within a context.
    #[must_use]
    pub fn new(content: T, purpose: Purpose, context: Digest, key: &SigningKey) -> Self {
        let signature = key.sign(purpose, &signed_bytes(context, &content));
        Self { content, signature }
    }

    /// The content, if `key` signed it within the context.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, purpose: Purpose, context: Digest, key: &VerifyingKey) -> Result<&T, BadSignature> {
        key.verify(purpose, &signed_bytes(context, &self.content), &self.signature)?;
        Ok(&self.content)
    }
}

fn signed_bytes<T: Serialize>(context: Digest, content: &T) -> Vec<u8> {
    let mut bytes = context.0.to_vec();
    bytes.extend_from_slice(&codec::canonical(content));
    bytes
}

/// Which data a node answers from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataStatement {
    /// Counts the node's imports from 1.
    pub import: u32,
    /// Names the imported content, under a salt that stays in the node: nobody else can compare it with rows. The same
    /// import always has the same; a further import of the same rows has another.
    pub digest: Digest,
    /// The day on which the source systems were read.
    pub extracted_on: Date,
    /// Rows that the import set aside.
    pub rejected_rows: u64,
}

/// A node's agreement to a study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Who agrees.
    pub node: NodeId,
    /// The manifest's digest.
    pub manifest: Digest,
}

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
    /// Blinded elements, 32 bytes each.
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

/// Asks a node what it could contribute to a study; answered with [`Prepared`], or with [`Declined`] where its policy
/// does not allow it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepare {
    /// What is asked for, signed by the person who asks.
    pub request: Signed<StudyRequest>,
    /// What a second person signed of it; none where nobody did.
    pub approval: Option<Signed<Approval>>,
}

impl Message for Prepare {
    const KIND: Kind = Kind::Prepare;
}

/// What a node could contribute.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// How many evaluations it would need, at most: its persons, rounded up so that the exact number is not told.
    pub evaluations: u32,
    /// The finest grain that its policy grants, at most the one asked for.
    pub grain: Grain,
    /// What its policy lets work lists show.
    pub disclosure: Disclosure,
    /// Whether its policy lets them show everyone in the population, and not those alone whom the model includes.
    pub everyone: bool,
    /// On what terms its policy lets tables be released; none where none are asked for.
    pub tables: Option<TablesTerms>,
    /// Whether its policy is for made-up data, so that every result says so.
    pub laboratory: bool,
    /// Which data it would answer from.
    pub data: DataStatement,
}

impl Message for Prepared {
    const KIND: Kind = Kind::Prepared;
}

/// On what terms a node's policy lets the tables of a study be released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablesTerms {
    /// What they would be charged, in thousand-millionths of rho.
    pub nano_rho: u64,
    /// What would be left then.
    pub left: BudgetLeft,
    /// What may be shown of them.
    pub showing: Showing,
}

/// One rule that a request breaks, in the words of the node's policy. It holds nothing of any person's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// A stable code, such as `permit.expired`.
    pub code: String,
    /// The rule and how it is broken.
    pub what: String,
    /// What would be allowed; empty where nothing would.
    pub allowed: String,
    /// What to do.
    pub next: String,
}

/// The node's policy does not allow what was asked: every rule that it breaks.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    /// The rules, at least one.
    pub rules: Vec<Rule>,
}

impl Message for Declined {
    const KIND: Kind = Kind::Declined;
}

/// Proposes a study, signed by the coordinator; answered with [`Accepted`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Propose {
    /// The study.
    pub manifest: Signed<Manifest>,
}

impl Message for Propose {
    const KIND: Kind = Kind::Propose;
}

/// A node agrees to a study.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The node's name and the manifest's digest, signed by the node.
    pub acceptance: Signed<Acceptance>,
}

impl Message for Accepted {
    const KIND: Kind = Kind::Accepted;
}

/// Opens a study with every participant's agreement; answered with [`Opened`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// One per participant.
    pub acceptances: Vec<Signed<Acceptance>>,
}

impl Message for Open {
    const KIND: Kind = Kind::Open;
}

/// The node has checked every agreement.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {}

impl Message for Opened {
    const KIND: Kind = Kind::Opened;
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

/// Asks a node to have its persons evaluated; answered with [`Progress`] and [`Pseudonymised`].
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

/// Closes a study: shares and pseudonyms are erased; answered with [`Closed`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {}

impl Message for Close {
    const KIND: Kind = Kind::Close;
}

/// The node has erased the study's shares and pseudonyms.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {}

impl Message for Closed {
    const KIND: Kind = Kind::Closed;
}
