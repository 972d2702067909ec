//! What is asked of a node, and what its ledger has spent: all that a verdict rests on beside the policy and the day.
//!
//! The node has checked before that the request is signed by the key that it names and that the roster has that
//! person in that role.

use jiff::civil::Date;
use tvaers_definitions::model::Model;
use tvaers_protocol::id::Sector;
use tvaers_protocol::roster::Role;
use tvaers_protocol::sign::VerifyingKey;
use tvaers_protocol::study::{Disclosure, Grain};
use tvaers_query::Query;

use crate::permit::Recipient;

/// Who asks, under which permit and for which purpose.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The key that signed the request.
    pub key: VerifyingKey,
    /// The role of that person in the roster.
    pub role: Role,
    /// The permit's id.
    pub permit: &'a str,
    /// The purpose's id.
    pub purpose: &'a str,
    /// Who signed the request beside who asks; none where nobody did.
    pub second: Option<Second>,
}

/// Who signed a request beside who asks. The node has checked the signature, and that the roster has that person in
/// that role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Second {
    /// The key that signed.
    pub key: VerifyingKey,
    /// The role of that person in the roster.
    pub role: Role,
}

/// What a node's ledger has charged, in thousand-millionths of rho.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Under the permit, ever.
    pub permit: u64,
    /// Under all permits, on the last days up to and including today: as many as the policy's period has.
    pub period: u64,
    /// Under all permits, ever.
    pub life: u64,
    /// Under all permits, in the running calendar period; 0 where the policy has none.
    pub calendar: u64,
    /// The day on which the period's oldest charge falls out of it; none where nothing was charged in it.
    pub period_frees: Option<Date>,
    /// The first day of the next calendar period; none where the policy has none.
    pub calendar_begins: Option<Date>,
}

/// How much is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish<T> {
    /// At most this; less is granted where the policy has no more.
    UpTo(T),
    /// This, as agreed between all nodes; refused where the policy has less.
    Exactly(T),
}

impl<T: Copy> Wish<T> {
    /// What is asked for.
    #[must_use]
    pub const fn wanted(self) -> T {
        match self {
            Self::UpTo(wanted) | Self::Exactly(wanted) => wanted,
        }
    }
}

/// A query over one node's data.
#[derive(Clone, Copy, Debug)]
pub struct AggregateRequest<'a> {
    /// Who asks.
    pub ask: Ask<'a>,
    /// The query.
    pub query: &'a Query,
    /// What the query asks to be charged ([`tvaers_query::Budget::nano_rho`]); `None` where it leaves that to the
    /// policy.
    pub nano_rho: Option<u64>,
    /// How many answers to this very question over the same import the ledger has already; an answer beside them
    /// would be noised afresh. 0 where the stored one is wanted.
    pub repetition: u32,
}

/// What a study needs of one node.
#[derive(Clone, Copy, Debug)]
pub struct Study<'a> {
    /// The model, as this node has it: name, version and digest are compared with the permit's.
    pub model: &'a Model,
    /// The node's sector: only its components are contributed.
    pub sector: Sector,
    /// How fine.
    pub grain: Wish<Grain>,
    /// The reference date.
    pub as_of: Date,
    /// The last day of the study, by which pseudonyms are erased; `None` while that is not agreed.
    pub until: Option<Date>,
    /// Until when the key and the pseudonyms are to be kept, so that later runs go on under them; `None` for a usual
    /// run, whose key nothing outlives.
    pub follow_up: Option<Date>,
    /// The persons that this node has evaluated.
    pub evaluations: u32,
    /// The most persons that this node evaluates for one peer; 0 for one that holds no key share, or while that is
    /// not agreed.
    pub peer_evaluations: u32,
}

/// A study that ends in a work list.
#[derive(Clone, Copy, Debug)]
pub struct ContributionRequest<'a> {
    /// Who asks.
    pub ask: Ask<'a>,
    /// The study.
    pub study: Study<'a>,
    /// What the list tells.
    pub disclosure: Wish<Disclosure>,
    /// Who gets it.
    pub recipients: &'a [Recipient],
}

/// A study that ends in noised tables.
#[derive(Clone, Copy, Debug)]
pub struct JoinedRequest<'a> {
    /// Who asks.
    pub ask: Ask<'a>,
    /// The study.
    pub study: Study<'a>,
    /// The categories that any of its tables is grouped by, each once: features by name, and `stratum`, `included` or
    /// `total`.
    pub categories: &'a [&'a str],
    /// The most categories that one of its tables has.
    pub dimensions: usize,
    /// The noised numbers of all its tables together.
    pub cells: usize,
    /// What all its tables together are to be charged; `None` leaves that to the policy.
    pub nano_rho: Option<u64>,
    /// As of [`AggregateRequest::repetition`].
    pub repetition: u32,
}
