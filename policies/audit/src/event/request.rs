//! Requests: what was asked, how it was decided, and what it cost.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tvaers_protocol::id::Digest;

use crate::code::Code;
use crate::head::Head;
use crate::name::{Name, Requester};
use crate::rho::NanoRho;

/// What a permit is for; they are legally apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Differentially private statistics of this node's data.
    Aggregates,
    /// Noised tables over a joined stratification.
    JoinedStatistics,
    /// Contributions that come back as a work list for care.
    PersonContributions,
}

/// What a query computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statistic {
    /// Persons.
    Count,
    /// The sum of a feature.
    Sum,
    /// The mean of a feature.
    Mean,
    /// Persons by bins of a feature.
    Histogram,
    /// Quantiles of a feature.
    Quantiles,
    /// An indicator, by its name.
    Indicator,
}

/// A query without its literals: which features it reads, not what it compares them with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The digest of the canonical query, literals included.
    pub digest: Digest,
    /// What it computes.
    pub statistic: Statistic,
    /// Of which feature or indicator; none for a count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Name>,
    /// Grouped by which features.
    pub by: Vec<Name>,
    /// Filtered by which features. The values are left out: one could single out a citizen.
    #[serde(rename = "where")]
    pub filtered_by: Vec<Name>,
    /// The reference date.
    pub as_of: Date,
}

/// Canonical text, such as `mean of gp_contacts_2y by sex, age_band where age, kommune as of 2026-02-28`.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.statistic {
            Statistic::Count => "count",
            Statistic::Sum => "sum",
            Statistic::Mean => "mean",
            Statistic::Histogram => "histogram",
            Statistic::Quantiles => "quantiles",
            Statistic::Indicator => "indicator",
        })?;
        if let Some(of) = &self.of {
            write!(f, " of {of}")?;
        }
        for (word, names) in [("by", &self.by), ("where", &self.filtered_by)] {
            for (index, name) in names.iter().enumerate() {
                let lead = if index == 0 { format!(" {word}") } else { ",".to_owned() };
                write!(f, "{lead} {name}")?;
            }
        }
        write!(f, " as of {}", self.as_of)
    }
}

/// What was asked, as far as it could be read and believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The digest of the signed request.
    pub request: Digest,
    /// Who asked; none where no key of the roster signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<Requester>,
    /// Under which permit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit: Option<Name>,
    /// For which purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Code>,
    /// In which mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Under which policy.
    pub policy: Digest,
    /// Which query; none where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
}

/// What is left of each budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Left {
    /// Of the permit's.
    pub permit: NanoRho,
    /// Of the period's; none where the policy has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<NanoRho>,
    /// Of that for life.
    pub life: NanoRho,
}

/// A charge, as the log tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charged {
    /// Its number in the ledger.
    pub number: u64,
    /// How much.
    pub nano_rho: NanoRho,
    /// What is left after it.
    pub left: Left,
    /// The ledger's head with it: a ledger that does not contain it is older than this entry.
    pub ledger: Head,
}

/// A request that was permitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permitted {
    /// What was asked.
    pub asked: Asked,
    /// The rules that permitted it.
    pub rules: Vec<Code>,
    /// What it cost.
    pub charge: Charged,
    /// How many cells were hidden, judged on noisy values.
    pub hidden_cells: u32,
    /// The digest of the release.
    pub result: Digest,
}

/// A request that was answered from the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// What was asked.
    pub asked: Asked,
    /// The charge under which it was released.
    pub charge: u64,
    /// The digest of the release.
    pub result: Digest,
}

/// A request that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// What was asked.
    pub asked: Asked,
    /// All rules that refused it.
    pub rules: Vec<Code>,
    /// What is left, where it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Left>,
}
