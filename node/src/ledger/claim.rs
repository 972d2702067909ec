//! What is asked of the ledger, and what it answers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tvaers_protocol::id::Digest;

use super::name::{Name, Requester};
use super::rho::NanoRho;

pub use tvaers_audit::head::Head;

/// What a charge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A statistic of this node's data, released by this node.
    Query,
    /// A table over a joined stratification, to which this node contributed; released at the coordinator.
    Joined,
}

impl Source {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Joined => "joined",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::Query, Self::Joined].into_iter().find(|source| source.name() == name)
    }
}

/// What a charge is asked for: all but its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub(super) request: Digest,
    pub(super) source: Source,
    pub(super) permit: Name,
    pub(super) requester: Requester,
    pub(super) query: Digest,
    pub(super) import: u32,
    pub(super) repetition: u32,
}

impl Claim {
    /// A query. `request` is the digest of the signed request; `query` that of the canonical query, with all that its
    /// answer depends on but the data; `import` the number of the import that it is answered from; `repetition` counts
    /// from 0 and is always 0 but where a laboratory policy permits that a query is asked several times.
    #[must_use]
    pub const fn query(
        request: Digest,
        permit: Name,
        requester: Requester,
        query: Digest,
        import: u32,
        repetition: u32,
    ) -> Self {
        Self { request, source: Source::Query, permit, requester, query, import, repetition }
    }

    /// A joined release: one charge a study and model, however often its steps are repeated. Another study is charged
    /// again, because its table is noised again.
    #[must_use]
    pub fn joined(study: Digest, model: &Name, permit: Name, requester: Requester, import: u32) -> Self {
        let id = Digest::of("tvaers/v1/ledger-joined", &[&study.0, model.as_str().as_bytes()]);
        Self { request: id, source: Source::Joined, permit, requester, query: id, import, repetition: 0 }
    }

    /// The id under which a retry finds the charge again.
    #[must_use]
    pub const fn request(&self) -> Digest {
        self.request
    }

    /// Which answer to the same question it asks for, from 0.
    #[must_use]
    pub const fn repetition(&self) -> u32 {
        self.repetition
    }

    /// Whether another claim asks for the same, whatever the data has become since.
    pub(super) fn is_same_question(&self, other: &Self) -> bool {
        self.source == other.source
            && self.permit == other.permit
            && self.query == other.query
            && self.repetition == other.repetition
    }
}

/// Which charges a sum is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of the permit that asks.
    Permit,
    /// Those of all permits.
    Life,
}

/// A stretch of time over which a policy wants to know what was spent: `from` belongs to it, `to` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Over which charges.
    pub scope: Scope,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

impl Window {
    /// A window that reaches to the charge being asked for: sliding or from the beginning of a calendar period, as
    /// `from` is worked out.
    #[must_use]
    pub const fn since(scope: Scope, from: Timestamp) -> Self {
        Self { scope, from, to: Timestamp::MAX }
    }
}

/// What is spent before the charge being asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The time that the charge would have.
    pub at: Timestamp,
    /// By the permit.
    pub permit: NanoRho,
    /// By all permits, ever.
    pub life: NanoRho,
    /// In each window that was asked for, in that order.
    pub windows: Vec<NanoRho>,
    /// When the first charge in each of them was made; none where there is none.
    pub oldest: Vec<Option<Timestamp>>,
}

/// A charge that stands: data may now be read for it, with noise worth exactly `nano_rho`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Its number in the ledger.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// The import that was asked about when it was charged.
    pub import: u32,
    /// How much.
    pub nano_rho: NanoRho,
    /// The head with it.
    pub head: Head,
}

/// A stored answer: the only bytes that ever leave for its charge. It has no `Debug`: answers do not belong in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Release {
    /// The charge that it belongs to.
    pub charge: u64,
    /// The SHA-256 of the body.
    pub result: Digest,
    /// The answer.
    pub body: Vec<u8>,
}

/// What became of a claim.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome<R> {
    /// It was answered earlier: send these bytes.
    Stored(Release),
    /// It is charged, now or earlier, and not yet answered: read, release, store, then answer.
    Charged(Charge),
    /// The policy said no; nothing was charged.
    Refused(R),
}
