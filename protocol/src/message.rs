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

mod contribution;
mod key;
mod query;
pub mod revocation;
mod series;
mod status;

pub use self::contribution::{
    Compute, Computed, Contribute, Contributions, ContributionsEnd, EventRequests, EventRequestsEnd, Events,
    EventsAsked, EventsEnd, HandBackEnd, HandBackTotal, HandBacks, HandedBack, JoinCounts, Objections,
    ObjectionsEnd, ObjectionsTaken, StreamTotal, SubmitEvents,
};
pub use self::key::{
    Answer, Batch, Blames, Evaluate, Evaluated, KeyConfirmation, KeyConfirmed, KeyPackage, KeyPin, KeyPinned,
    KeyRound1, KeyRound1Package, KeyRound2, KeyRound2Packages, KeyRound3, Pseudonymise, Pseudonymised, Relay,
    SealedKeyPackage,
};
pub use self::query::{AskQuery, PreviewQuery, Previewed, Releases, ReleasesEnd};
pub use self::revocation::{AskRevocations, RevocationFile, Revocations};
pub use self::series::{
    CloseSeries, EpochHeld, RepairAdd, RepairAdded, RepairDeal, RepairDealt, RepairPackage, RepairRecover,
    RepairRecovered, SealedRepair, SeriesClosed, SeriesHeld,
};
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
    /// What it has of the series that the request goes on with; none where it has nothing, or the request begins one.
    pub series: Option<SeriesHeld>,
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

/// Closes a study: shares and pseudonyms are erased; answered with [`Closed`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// Whether it came to its end, so that a node keeps what later runs of its series need, if it is of one.
    pub is_complete: bool,
}

impl Message for Close {
    const KIND: Kind = Kind::Close;
}

/// The node has erased the study's shares and pseudonyms, but for what it keeps for later runs of its series.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Whether it keeps that.
    pub is_kept: bool,
}

impl Message for Closed {
    const KIND: Kind = Kind::Closed;
}
