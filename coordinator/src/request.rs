//! What a client asks for, and the name under which it is known until it is answered: the same name, the same answer.

use std::fmt;

use jiff::civil::Date;
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use tvaers_host::process::system_rng;
use tvaers_protocol::study::{Grain, RunId};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The model's name.
    pub model: String,
    /// The reference date.
    pub as_of: Date,
    /// The finest grain asked for.
    pub grain: Grain,
    /// Seconds that a node may be away before the study is carried out without it.
    pub deadline_s: u64,
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
