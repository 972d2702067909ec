//! What a node obeys, and from which data it answers.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tvaers_protocol::id::Digest;

use crate::code::Code;
use crate::name::Name;

/// A policy that came into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyLoaded {
    /// Its digest.
    pub policy: Digest,
    /// Its version.
    pub version: u64,
    /// Whether it is for made-up data only.
    pub laboratory: bool,
    /// Who signed it, each with their role in brackets; nobody needs to sign a laboratory's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signed_by: Vec<Name>,
}

/// A policy that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRefused {
    /// The digest of the policy that was in force before; zeros where none was.
    pub before: Digest,
    /// All that is wrong with it.
    pub rules: Vec<Code>,
}

/// A policy that was taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyWithdrawn {
    /// Its digest; zeros where the file could not be used.
    pub policy: Digest,
}

/// Lists or signatures that changed beside a policy that stayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListsRead {
    /// The policy.
    pub policy: Digest,
}

/// A policy, or one of its permits, that was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRevoked {
    /// The policy.
    pub policy: Digest,
    /// The permit; none where the whole policy was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit: Option<Name>,
    /// From which day on.
    pub from: Date,
    /// Who signed the revocation, with the role in brackets.
    pub by: Name,
}

/// A roster that the node follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterFollowed {
    /// Its digest.
    pub roster: Digest,
    /// Its version.
    pub version: u64,
}

/// What a node's key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyUse {
    /// To sign what it says.
    Signing,
    /// To open what is sealed for it.
    Sealing,
}

/// A key that the node uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChanged {
    /// What it is for.
    pub what: KeyUse,
    /// The SHA-256 of the 32 bytes of the public key.
    pub fingerprint: Digest,
}

/// A certificate that a node proves with who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRenewed {
    /// The SHA-256 of its key as it stands in it (`SubjectPublicKeyInfo`), which rosters pin.
    pub spki: Digest,
    /// Until when it is valid.
    pub valid_until: Timestamp,
}

/// Data that was imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imported {
    /// The import's number.
    pub import: u32,
    /// The digest of the data.
    pub data: Digest,
    /// The day that the data is from.
    pub extracted_on: Date,
}
