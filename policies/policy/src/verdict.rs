//! What a policy says to a request.

use tvaers_protocol::id::Digest;
use tvaers_protocol::study::{Disclosure, Grain};

use crate::permit::{Mode, Persons, Population, Recipient};
use crate::policy::{Exclusions, Release, Retention};
use crate::refusal::Violation;

/// Permitted on these terms, or refused with every rule that is broken. A refusal is an answer, not an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<G> {
    /// Permitted: no more than this.
    Permitted(G),
    /// Refused: all of these would have to change.
    Refused(Vec<Violation>),
}

impl<G> Verdict<G> {
    /// What is granted; `None` where it is refused.
    #[must_use]
    pub fn granted(&self) -> Option<&G> {
        match self {
            Self::Permitted(grant) => Some(grant),
            Self::Refused(_) => None,
        }
    }

    /// The verdict as a result, for those who go on with `?`.
    ///
    /// # Errors
    /// The rules that are broken.
    pub fn into_result(self) -> Result<G, Vec<Violation>> {
        match self {
            Self::Permitted(grant) => Ok(grant),
            Self::Refused(violations) => Err(violations),
        }
    }

    /// The stable codes of the rules that are broken; none where it is permitted.
    #[must_use]
    pub fn codes(&self) -> Vec<&'static str> {
        match self {
            Self::Permitted(_) => Vec::new(),
            Self::Refused(violations) => violations.iter().map(|violation| violation.code).collect(),
        }
    }
}

/// What applies to every permitted request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The permit.
    pub permit: String,
    /// Its mode.
    pub mode: Mode,
    /// The digest of the policy.
    pub policy: Digest,
    /// Whether the result must say that it is of made-up data.
    pub laboratory: bool,
    /// Whom the permit is about: a condition beside those of what is asked.
    pub population: Population,
    /// Who is left out.
    pub exclusions: Exclusions,
    /// When and after what an answer leaves.
    pub release: Release,
    /// How long things are kept.
    pub retention: Retention,
}

/// What is charged before any data is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Thousand-millionths of rho.
    pub nano_rho: u64,
    /// What is left of the permit's budget afterwards.
    pub left_permit: u64,
    /// What is left of the period's.
    pub left_period: u64,
    /// What is left for life.
    pub left_life: u64,
}

/// What of an answer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Noisy values below it are hidden.
    pub smallest: u32,
    /// Shown values are multiples of it; 1 rounds nothing.
    pub rounding: u32,
    /// The most features that persons may be told apart by.
    pub dimensions_max: u32,
    /// The most cells.
    pub cells_max: u32,
}

/// A permitted query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateGrant {
    /// What applies.
    pub terms: Terms,
    /// What it costs.
    pub price: Price,
    /// What is shown.
    pub shown: Shown,
}

/// A component that this node may contribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedComponent {
    /// Its position in the model.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// The finest grain that the policy has for it.
    pub grain: Grain,
}

/// What a node may contribute to a study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudyGrant {
    /// The grain of the study: no finer than asked for, nor than the policy has for any component at that grain.
    pub grain: Grain,
    /// The node's components.
    pub components: Vec<GrantedComponent>,
    /// The name that keeps the permit's pseudonyms apart.
    pub domain: String,
    /// The most persons that the node has evaluated.
    pub evaluations_per_study: u32,
    /// The most persons that the node evaluates for one peer.
    pub evaluations_per_peer: u32,
}

/// A permitted study that ends in a work list. Nothing is charged: what it discloses is bounded by the list, not by
/// noise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContributionGrant {
    /// What applies.
    pub terms: Terms,
    /// What is contributed.
    pub study: StudyGrant,
    /// What the list tells.
    pub disclosure: Disclosure,
    /// Who stands in it.
    pub persons: Persons,
    /// Who may get it.
    pub recipients: Vec<Recipient>,
}

/// A permitted study that ends in noised tables. Nothing is handed back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedGrant {
    /// What applies.
    pub terms: Terms,
    /// What is contributed.
    pub study: StudyGrant,
    /// What it costs, in the ledger of every node that contributes.
    pub price: Price,
    /// What is shown.
    pub shown: Shown,
}
