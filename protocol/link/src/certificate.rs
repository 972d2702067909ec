//! What is read of a certificate: its key, which the roster pins, and the time for which it is valid.
//!
//! Names, issuers and extensions are not looked at. Whoever holds the pinned key is the party, however the
//! certificate around it came about: self-signed, or issued by an organisation's own authority. For the same reason
//! its own signature is not verified; the handshake's is, by the same key.

use jiff::Timestamp;
use sha2::Digest as _;
use tvaers_protocol::id::Digest;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The part of a certificate that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of the public key as it stands in the certificate (`SubjectPublicKeyInfo`, DER): what a roster pins.
    pub spki: Digest,
    /// From when on it is valid.
    pub valid_from: Timestamp,
    /// Until when it is valid.
    pub valid_until: Timestamp,
}

/// Bytes that are no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate cannot be read")]
pub struct CertificateError;

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// [`CertificateError`] where it is none, or bytes follow it.
    pub fn read(der: &[u8]) -> Result<Self, CertificateError> {
        let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| CertificateError)?;
        if !rest.is_empty() {
            return Err(CertificateError);
        }
        let time = |time: x509_parser::time::ASN1Time| {
            Timestamp::from_second(time.timestamp()).map_err(|_| CertificateError)
        };
        let validity = certificate.validity();
        Ok(Self {
            spki: Digest(sha2::Sha256::digest(certificate.public_key().raw).into()),
            valid_from: time(validity.not_before)?,
            valid_until: time(validity.not_after)?,
        })
    }

    /// Whether it is valid at this time.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        (self.valid_from..=self.valid_until).contains(&now)
    }
}
