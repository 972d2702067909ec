//! Who asked for a result. Public to those who read it: the roster names the same persons.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tvaers_protocol::request::Under;
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_protocol::sign::VerifyingKey;

/// Who asked for a result, when, and under which permit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// The permit.
    pub permit: String,
    /// Its purpose.
    pub purpose: String,
    /// The person, by the name that the roster has.
    pub by: String,
    /// When the request was signed.
    pub at: Timestamp,
}

impl Requested {
    /// Of a request: its requester, permit and time of signing.
    #[must_use]
    pub fn new(roster: &VerifiedRoster, requester: &VerifyingKey, under: &Under, at: Timestamp) -> Self {
        let person = roster.roster().people.iter().find(|person| person.signing == *requester);
        Self {
            permit: under.permit.clone(),
            purpose: under.purpose.clone(),
            by: person.map(|person| person.name.clone()).unwrap_or_default(),
            at,
        }
    }
}
