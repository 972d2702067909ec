//! What a person asks for, signed with the person's own key, which stays with the person: the coordinator passes a
//! request on and cannot make one. A node checks it against its roster, its policy and its ledger.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::hex_bytes;
use crate::id::Digest;
use crate::message::Signed;
use crate::roster::{Person, VerifiedRoster};
use crate::sign::{BadSignature, Purpose, SigningKey, VerifyingKey};
use crate::study::{CLOCK_GRACE, Grain, RunId};

/// Days that a request may wait for nodes, at most.
pub const DAYS_MAX: i64 = 31;

/// Times that one request may ask for an answer, at most; more than once is a laboratory's only.
pub const TIMES_MAX: u32 = 1_000_000;

/// The random name of a request: the same name, the same answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId(#[serde(with = "hex_bytes")] pub [u8; 16]);

/// A text that names no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request or a run is named by 32 hexadecimal digits")]
pub struct RequestIdError;

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RequestId {
    type Err = RequestIdError;
    fn from_str(text: &str) -> Result<Self, RequestIdError> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let bytes = if text.bytes().all(is_digit) { hex::decode(text).ok() } else { None };
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(RequestIdError)
    }
}

/// Under which permit of the nodes' policies something is asked, and for which of its purposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Under {
    /// The permit's id.
    pub permit: String,
    /// The purpose's id; empty in a laboratory.
    pub purpose: String,
}

/// A query over nodes' data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryRequest {
    /// Its name.
    pub id: RequestId,
    /// The key of the person who asks.
    pub requester: VerifyingKey,
    /// Under which permit.
    pub under: Under,
    /// The query in its one form, as a file.
    pub query: String,
    /// The digest of the feature catalogue that the person's program read it with.
    pub catalogue: Digest,
    /// How many answers, each charged and noised by itself: 1 but in a laboratory.
    pub times: u32,
    /// When it was asked.
    pub created: Timestamp,
    /// Until when it may be answered.
    pub expires: Timestamp,
}

/// A stratification: a work list, noised tables, or both from one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyRequest {
    /// Its name.
    pub id: RequestId,
    /// The key of the person who asks.
    pub requester: VerifyingKey,
    /// The model's name.
    pub model: String,
    /// The digest of the model's file.
    pub model_digest: Digest,
    /// The digest of the feature catalogue.
    pub catalogue_digest: Digest,
    /// The reference date.
    pub as_of: Date,
    /// The finest grain asked for.
    pub grain: Grain,
    /// Under which permit citizens' own municipalities get work lists; none where no list is wanted.
    pub list: Option<Under>,
    /// Which tables are released; none where none is wanted.
    pub tables: Option<TablesRequest>,
    /// For how long the run's key is kept for later runs; none where it is erased with the run.
    pub series: Option<Series>,
    /// When it was asked.
    pub created: Timestamp,
    /// Until when it may begin.
    pub expires: Timestamp,
}

/// Runs under one key, so that a person has the same pseudonym in all of them: follow-up that a permit allows for a
/// stated time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// The first of the runs; none where this is the first.
    pub first: Option<RunId>,
    /// The last day on which shares and pseudonyms are kept.
    pub until: Date,
}

/// Tables over a stratification, released with noise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablesRequest {
    /// Under which permit.
    pub under: Under,
    /// What all of them together are charged at each node, in thousand-millionths of rho; none leaves it to the nodes'
    /// policies.
    pub nano_rho: Option<u64>,
    /// Counts those as included whose total is at least this, instead of by the model's own rule: how many a cut-off
    /// would select.
    pub cut_off: Option<u16>,
}

/// A second person's word that another's request may be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The digest of the signed request.
    pub request: Digest,
    /// The key of the person who approves.
    pub approver: VerifyingKey,
    /// When.
    pub created: Timestamp,
}

/// Something that a person can ask for.
pub trait PersonRequest: Serialize {
    /// What its signature is for.
    const PURPOSE: Purpose;
    /// The key of the person who asks.
    fn requester(&self) -> VerifyingKey;
    /// When it was asked, and until when it holds.
    fn holds(&self) -> (Timestamp, Timestamp);
}

impl PersonRequest for QueryRequest {
    const PURPOSE: Purpose = Purpose::QueryRequest;
    fn requester(&self) -> VerifyingKey {
        self.requester
    }
    fn holds(&self) -> (Timestamp, Timestamp) {
        (self.created, self.expires)
    }
}

impl PersonRequest for StudyRequest {
    const PURPOSE: Purpose = Purpose::StudyRequest;
    fn requester(&self) -> VerifyingKey {
        self.requester
    }
    fn holds(&self) -> (Timestamp, Timestamp) {
        (self.created, self.expires)
    }
}

/// Why a request is not believed. [`RequestError::code`] is the stable code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what the variant means")]
pub enum RequestError {
    #[error("the request is not signed by the key that it names, or under another roster")]
    Signature,
    #[error("the key that signed the request is nobody's in the roster")]
    Unknown,
    #[error("the request says to be asked in the future, or to hold for more than {DAYS_MAX} days")]
    Created,
    #[error("the request has expired")]
    Expired,
    #[error(
        "the approval is of another request, or not signed by the key that it names, or under another roster"
    )]
    Approval,
    #[error("the key that signed the approval is nobody's in the roster")]
    Approver,
}

impl RequestError {
    /// The stable code, as of the rules of a policy.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Signature => "request.signature",
            Self::Unknown => "request.unknown-key",
            Self::Created => "request.created",
            Self::Expired => "request.expired",
            Self::Approval => "second-signature.signature",
            Self::Approver => "second-signature.unknown-key",
        }
    }

    /// What to do.
    #[must_use]
    pub const fn mend(self) -> &'static str {
        match self {
            Self::Signature => "Sign it with your own key, under the federation's newest roster.",
            Self::Unknown => "Have your key put into the roster.",
            Self::Created => "Set the clock of the machine where you ask.",
            Self::Expired => "Ask again.",
            Self::Approval => "Have this very request approved, under the federation's newest roster.",
            Self::Approver => "Have it approved by a person of the roster, or have the key put into it.",
        }
    }
}

impl From<BadSignature> for RequestError {
    fn from(BadSignature: BadSignature) -> Self {
        Self::Signature
    }
}

impl<T: PersonRequest> Signed<T> {
    /// Signs a request under a roster.
    #[must_use]
    pub fn request(content: T, roster: Digest, key: &SigningKey) -> Self {
        Self::new(content, T::PURPOSE, roster, key)
    }

    /// The digest by which a ledger and a log name the request; that of the `repetition`th answer to it.
    #[must_use]
    pub fn request_digest(&self, repetition: u32) -> Digest {
        Digest::of("tvaers/v1/request", &[&codec::canonical(self), &repetition.to_be_bytes()])
    }

    /// Who asks: a person of the roster, whose key signed, and in time.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn asker<'r>(&self, roster: &'r VerifiedRoster, now: Timestamp) -> Result<&'r Person, RequestError> {
        let person = self.signer(roster)?;
        let (created, expires) = self.content.holds();
        let latest = now.checked_add(CLOCK_GRACE).unwrap_or(Timestamp::MAX);
        let longest = SignedDuration::from_hours(24 * DAYS_MAX);
        if created > latest || created > expires || expires.duration_since(created) > longest {
            return Err(RequestError::Created);
        }
        if now > expires {
            return Err(RequestError::Expired);
        }
        Ok(person)
    }

    /// The person of the roster whose key signed, whenever that was.
    ///
    /// # Errors
    /// [`RequestError::Signature`] and [`RequestError::Unknown`].
    pub fn signer<'r>(&self, roster: &'r VerifiedRoster) -> Result<&'r Person, RequestError> {
        let key = self.content.requester();
        self.verify(T::PURPOSE, roster.digest(), &key)?;
        let person = roster.roster().people.iter().find(|person| person.signing == key);
        person.ok_or(RequestError::Unknown)
    }
}

impl Signed<Approval> {
    /// Approves a request, under the roster that it was signed under.
    #[must_use]
    pub fn approval<T: PersonRequest>(
        request: &Signed<T>,
        now: Timestamp,
        roster: Digest,
        key: &SigningKey,
    ) -> Self {
        let content =
            Approval { request: request.request_digest(0), approver: key.verifying_key(), created: now };
        Self::new(content, Purpose::Approval, roster, key)
    }

    /// Who approved the request: a person of the roster, whose key signed.
    ///
    /// # Errors
    /// [`RequestError::Approval`] and [`RequestError::Approver`].
    pub fn approver<'r, T: PersonRequest>(
        &self,
        request: &Signed<T>,
        roster: &'r VerifiedRoster,
    ) -> Result<&'r Person, RequestError> {
        let key = self.content.approver;
        let said =
            self.verify(Purpose::Approval, roster.digest(), &key).map_err(|_| RequestError::Approval)?;
        if said.request != request.request_digest(0) {
            return Err(RequestError::Approval);
        }
        let person = roster.roster().people.iter().find(|person| person.signing == key);
        person.ok_or(RequestError::Approver)
    }
}

#[cfg(test)]
mod tests;
