//! Indicators: their words in a result, and one result out of the answers to their queries.

mod combined;

use serde::{Deserialize, Serialize};
use tvaers_definitions::indicator::{Body, Indicator, KeyWords, MeasureWords, Words};

pub(crate) use self::combined::{Part, combined};

/// What an indicator is, in words: what a reader must know of its figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndicatorWords {
    /// Its name.
    pub name: String,
    /// The version of its file.
    pub version: u32,
    /// How it is answered.
    pub mode: Mode,
    /// What it is called.
    pub title: Words,
    /// What is asked.
    pub question: Words,
    /// What is counted.
    pub numerator: Words,
    /// Over whom.
    pub denominator: Words,
    /// Where the question comes from.
    pub source: String,
    /// What its measures are, in the order in which they are shown.
    pub measures: Vec<MeasureWords>,
    /// What its groups are called, beside the names that the catalogue has.
    pub keys: Vec<KeyWords>,
}

/// How an indicator is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// By tables that are released of a join.
    Joined,
    /// By queries of one sector's own data.
    Aggregate,
}

impl From<&Indicator> for IndicatorWords {
    fn from(indicator: &Indicator) -> Self {
        Self {
            name: indicator.name.clone(),
            version: indicator.version,
            mode: match indicator.body {
                Body::Joined(_) => Mode::Joined,
                Body::Aggregate(_) => Mode::Aggregate,
            },
            title: indicator.title.clone(),
            question: indicator.question.clone(),
            numerator: indicator.numerator.clone(),
            denominator: indicator.denominator.clone(),
            source: indicator.source.clone(),
            measures: indicator.measures.clone(),
            keys: indicator.keys.clone(),
        }
    }
}
