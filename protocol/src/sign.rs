//! Ed25519 signatures of parties over tagged messages (RFC 8032). A tag keeps a signature for one purpose from
//! being shown for another.

use std::fmt;

use ed25519_dalek::Signer as _;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::hex_bytes;

/// What a signature is for; part of the signed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A member agrees to a roster.
    Roster,
    /// The coordinator proposes a study.
    Proposal,
    /// A node agrees to a study manifest.
    Manifest,
    /// A holder's first-round package of the key generation.
    KeyRound1,
    /// A holder's second-round packages of the key generation.
    KeyRound2,
    /// A holder's confirmation of the generated key.
    KeyConfirmation,
    /// A holder's parts of a lost share, for all to check by.
    RepairPackage,
    /// A holder's sealed part, or sum of parts, of a lost share.
    Repair,
    /// A node asks a holder to evaluate a batch.
    Evaluate,
    /// A holder answers a batch.
    Evaluated,
    /// A node commits to the persons whom it has evaluated.
    Population,
    /// A node closes its stream of contributions.
    Contributions,
    /// The coordinator closes the list of those whose events it asks a node for.
    EventRequests,
    /// A node closes its stream of events.
    Events,
    /// The coordinator closes a node's hand-back.
    HandBack,
    /// A node says that one of its persons objects.
    Objection,
    /// The coordinator closes what it tells a node of objections.
    Objections,
    /// A person asks for statistics.
    QueryRequest,
    /// A person asks for a stratification.
    StudyRequest,
    /// A node releases an answer.
    Release,
    /// A node shows a witness its ledger and policy.
    Presentation,
    /// A witness says what it remembers of another node.
    Testimony,
    /// A node signs the head of its audit log.
    LogHead,
    /// Somebody signs that they saw such a head.
    Countersignature,
    /// A second person approves what another asks for.
    Approval,
}

impl Purpose {
    const fn tag(self) -> &'static str {
        match self {
            Self::Roster => "tvaers/v1/roster",
            Self::Proposal => "tvaers/v1/proposal",
            Self::Manifest => "tvaers/v1/manifest",
            Self::KeyRound1 => "tvaers/v1/key-round-1",
            Self::KeyRound2 => "tvaers/v1/key-round-2",
            Self::KeyConfirmation => "tvaers/v1/key-confirmation",
            Self::RepairPackage => "tvaers/v1/repair-package",
            Self::Repair => "tvaers/v1/repair",
            Self::Evaluate => "tvaers/v1/evaluate",
            Self::Evaluated => "tvaers/v1/evaluated",
            Self::Population => "tvaers/v1/population",
            Self::Contributions => "tvaers/v1/contributions",
            Self::EventRequests => "tvaers/v1/event-requests",
            Self::Events => "tvaers/v1/events",
            Self::HandBack => "tvaers/v1/hand-back",
            Self::Objection => "tvaers/v1/objection",
            Self::Objections => "tvaers/v1/objections",
            Self::QueryRequest => "tvaers/v1/query-request",
            Self::StudyRequest => "tvaers/v1/study-request",
            Self::Release => "tvaers/v1/release",
            Self::Presentation => "tvaers/v1/presentation",
            Self::Testimony => "tvaers/v1/testimony",
            Self::LogHead => "tvaers/v1/log-head",
            Self::Countersignature => "tvaers/v1/countersignature",
            Self::Approval => "tvaers/v1/approval",
        }
    }

    fn frame(self, message: &[u8]) -> Vec<u8> {
        let tag = self.tag().as_bytes();
        let mut framed = Vec::with_capacity(1 + tag.len() + message.len());
        // Tags are shorter than 256 bytes, so one length byte separates tag and message without doubt.
        framed.push(u8::try_from(tag.len()).unwrap_or(u8::MAX));
        framed.extend_from_slice(tag);
        framed.extend_from_slice(message);
        framed
    }
}

/// A party's public message-signing key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VerifyingKey(#[serde(with = "hex_bytes")] pub [u8; 32]);

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.get(..6).unwrap_or_default()))
    }
}

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature(#[serde(with = "hex_bytes")] pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("signature")
    }
}

/// A signature that the key it should be from did not make over this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

impl VerifyingKey {
    /// Checks a signature strictly: small-order keys and non-canonical encodings are refused.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(
        &self,
        purpose: Purpose,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), BadSignature> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&self.0).map_err(|_| BadSignature)?;
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(&purpose.frame(message), &signature).map_err(|_| BadSignature)
    }
}

/// A party's secret message-signing key. Cleared when dropped; cannot be printed.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// A fresh key.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(ed25519_dalek::SigningKey::generate(rng))
    }

    /// The key with this seed of 32 bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The seed, for the key file.
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a message for one purpose.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, message: &[u8]) -> Signature {
        Signature(self.0.sign(&purpose.frame(message)).to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_serves_one_purpose_one_message_and_one_key() {
        let key = SigningKey::from_seed(&[7; 32]);
        let other = SigningKey::from_seed(&[8; 32]);
        let signature = key.sign(Purpose::Manifest, b"text");
        assert_eq!(key.verifying_key().verify(Purpose::Manifest, b"text", &signature), Ok(()));
        assert!(key.verifying_key().verify(Purpose::Roster, b"text", &signature).is_err());
        assert!(key.verifying_key().verify(Purpose::Manifest, b"texT", &signature).is_err());
        assert!(other.verifying_key().verify(Purpose::Manifest, b"text", &signature).is_err());
    }

    #[test]
    fn a_weak_key_verifies_nothing() {
        let identity = VerifyingKey({
            let mut bytes = [0; 32];
            bytes[0] = 1;
            bytes
        });
        let mut forged = [0; 64];
        forged[0] = 1;
        assert!(identity.verify(Purpose::Roster, b"any", &Signature(forged)).is_err());
    }
}
