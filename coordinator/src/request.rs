//! What a client asks for, and the name under which it is known until it is answered: the same name, the same answer.

use std::fmt;

use jiff::civil::Date;
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use tvaers_host::process::system_rng;
use tvaers_protocol::message::Signed;
use tvaers_protocol::request::{Approval, QueryRequest, StudyRequest};
use tvaers_protocol::study::{Grain, RunId};

/// A stratification that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What is asked for, signed by the person who asks.
    pub study: Signed<StudyRequest>,
    /// What a second person signed of it; none where nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Box<Signed<Approval>>>,
    /// Seconds that a node may be away before the study is carried out without it.
    pub deadline_s: u64,
}

impl Request {
    /// The model's name.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.study.content.model
    }

    /// The reference date.
    #[must_use]
    pub const fn as_of(&self) -> Date {
        self.study.content.as_of
    }

    /// The finest grain asked for.
    #[must_use]
    pub const fn grain(&self) -> Grain {
        self.study.content.grain
    }
}

/// A query that is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryAsked {
    /// What is asked, signed by the person who asks.
    pub query: Signed<QueryRequest>,
    /// Seconds that a node may be away before the answer is made without it.
    pub deadline_s: u64,
}

/// An indicator that is asked, and answered by queries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndicatorAsked {
    /// Its name.
    pub indicator: String,
    /// Its queries in the order of its file, each signed by the person who asks.
    pub queries: Vec<Signed<QueryRequest>>,
    /// Seconds that a node may be away before the answer is made without it.
    pub deadline_s: u64,
}

/// Anything that is asked for, as it is remembered until it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// A stratification.
    Stratify(Request),
    /// A query.
    Query(QueryAsked),
    /// An indicator that is answered by queries.
    Indicator(IndicatorAsked),
}

impl Asked {
    /// Seconds that a node may be away.
    #[must_use]
    pub const fn deadline_s(&self) -> u64 {
        match self {
            Self::Stratify(request) => request.deadline_s,
            Self::Query(query) => query.deadline_s,
            Self::Indicator(asked) => asked.deadline_s,
        }
    }

    /// The reference date; of a query it stands in its text.
    #[must_use]
    pub const fn as_of(&self) -> Option<Date> {
        match self {
            Self::Stratify(request) => Some(request.as_of()),
            Self::Query(_) | Self::Indicator(_) => None,
        }
    }

    /// What it is called: the model, or the name of the query or indicator.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Stratify(request) => request.model().to_owned(),
            Self::Indicator(asked) => asked.indicator.clone(),
            // The query's one form begins with its name.
            Self::Query(query) => {
                let line = query.query.content.query.lines().next().unwrap_or_default();
                line.trim_start_matches("name = ").trim_matches('"').to_owned()
            }
        }
    }
}

/// The random name of a request: 32 hexadecimal digits. A client that has lost the coordinator asks again under it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

/// A text that names no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request or a run is named by 32 hexadecimal digits")]
pub struct RequestIdError;

impl RequestId {
    /// A new name.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        system_rng().fill_bytes(&mut bytes);
        // Runs are named in the same way, so that a person need not know which of the two a name is.
        Self(RunId(bytes).to_string())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RequestId {
    type Error = RequestIdError;
    fn try_from(text: String) -> Result<Self, RequestIdError> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 32 && text.bytes().all(is_digit) { Ok(Self(text)) } else { Err(RequestIdError) }
    }
}

impl std::str::FromStr for RequestId {
    type Err = RequestIdError;
    fn from_str(text: &str) -> Result<Self, RequestIdError> {
        Self::try_from(text.to_owned())
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_other_texts_are_refused() {
        let id = RequestId::random();
        assert_ne!(id, RequestId::random());
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in
            ["", "0", &"0".repeat(33), &"G".repeat(32), &"A".repeat(32), "../../../../../../../../../../abc"]
        {
            assert_eq!(text.parse::<RequestId>(), Err(RequestIdError), "{text}");
        }
    }
}
