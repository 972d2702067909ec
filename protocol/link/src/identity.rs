//! A party's own certificate and private key, and the two files that hold them.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::certificate::{Certificate, CertificateError};
use crate::limit::{CERTIFICATE_DAYS, IDENTITY_FILE_BYTES_MAX};

#[cfg(test)]
mod tests;

/// Certificate and key. It prints the public part only.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    certificate: Certificate,
    // The texts of the two files, kept so that saving needs no encoder.
    certificate_pem: String,
    key_pem: String,
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file cannot be read or written.
    #[error("`{path}`: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than the owner may read the key.
    #[error("key file `{path}` is open to others than its owner (mode {mode:04o}): run `chmod 600 {path}`")]
    Permissions {
        /// Which.
        path: PathBuf,
        /// The permissions that it has.
        mode: u32,
    },
    /// A file that holds something else.
    #[error("`{path}` holds no {expected} in PEM")]
    Form {
        /// Which.
        path: PathBuf,
        /// What it must hold.
        expected: &'static str,
    },
    /// The certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// No certificate could be made.
    #[error("no certificate could be made: {0}")]
    Generate(String),
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl Identity {
    /// A new P-256 key and a self-signed certificate for it, valid from the day before `now` for
    /// [`CERTIFICATE_DAYS`] days. The curve is one that every authority can issue for.
    ///
    /// The key's randomness is the TLS library's own, as is that of every handshake.
    ///
    /// # Errors
    /// [`IdentityError::Generate`].
    pub fn generate(name: &str, now: Timestamp) -> Result<Self, IdentityError> {
        let key = KeyPair::generate().map_err(generate)?;
        Self::certify(name, now, &key)
    }

    fn certify(name: &str, now: Timestamp, key: &KeyPair) -> Result<Self, IdentityError> {
        let day = |offset: i64| -> Result<_, IdentityError> {
            let time = now.checked_add(SignedDuration::from_hours(24 * offset)).map_err(generate)?;
            let date = TimeZone::UTC.to_datetime(time).date();
            Ok(rcgen::date_time_ymd(
                i32::from(date.year()),
                u8::try_from(date.month()).map_err(generate)?,
                u8::try_from(date.day()).map_err(generate)?,
            ))
        };
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        // A day of grace, as the other party's clock may be behind.
        (params.not_before, params.not_after) = (day(-1)?, day(CERTIFICATE_DAYS)?);
        let certificate = params.self_signed(key).map_err(generate)?;
        let secret = PrivateKeyDer::try_from(key.serialize_der()).map_err(generate)?;
        Self::new(vec![certificate.der().clone()], secret, certificate.pem(), key.serialize_pem())
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        certificate_pem: String,
        key_pem: String,
    ) -> Result<Self, IdentityError> {
        let certificate = Certificate::read(chain.first().ok_or(CertificateError)?)?;
        Ok(Self { chain, key, certificate, certificate_pem, key_pem })
    }

    /// Reads both files. That they belong together is seen when a link is set up.
    ///
    /// # Errors
    /// [`IdentityError`], and [`IdentityError::Permissions`] where others may read the key.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, IdentityError> {
        let form = |path: &Path, expected| IdentityError::Form { path: path.to_owned(), expected };
        let (certificate_pem, key_pem) = (read(certificate, false)?, read(key, true)?);
        let chain = CertificateDer::pem_slice_iter(certificate_pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .ok()
            .filter(|chain| !chain.is_empty())
            .ok_or_else(|| form(certificate, "certificate"))?;
        let secret =
            PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|_| form(key, "private key"))?;
        Self::new(chain, secret, certificate_pem, key_pem)
    }

    /// Writes both files, the key for its owner's eyes only. Neither may exist: a key is never overwritten.
    ///
    /// # Errors
    /// [`IdentityError::File`].
    pub fn save(&self, certificate: &Path, key: &Path) -> Result<(), IdentityError> {
        write(key, 0o600, &self.key_pem)?;
        write(certificate, 0o644, &self.certificate_pem)
    }

    /// A new self-signed certificate for the same key, written in place of the old one as a whole. What a roster pins
    /// stays the same.
    ///
    /// # Errors
    /// [`IdentityError`], also where the key is of a kind that no certificate can be made for here.
    pub fn renew(certificate: &Path, key: &Path, name: &str, now: Timestamp) -> Result<Self, IdentityError> {
        let old = Self::load(certificate, key)?;
        let pair = KeyPair::try_from(&old.key).map_err(generate)?;
        let new = Self::certify(name, now, &pair)?;
        let mut aside = certificate.as_os_str().to_owned();
        aside.push(".new");
        let aside = PathBuf::from(aside);
        // What a broken-off renewal left behind.
        let _ = std::fs::remove_file(&aside);
        write(&aside, 0o644, &new.certificate_pem)?;
        std::fs::rename(&aside, certificate)
            .map_err(|source| IdentityError::File { path: certificate.to_owned(), source })?;
        Ok(new)
    }

    /// What the other party will see.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain.clone()
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        self.key.clone_key()
    }
}

fn generate(error: impl fmt::Display) -> IdentityError {
    IdentityError::Generate(error.to_string())
}

fn read(path: &Path, secret: bool) -> Result<String, IdentityError> {
    let fail = |source| IdentityError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(fail)?;
    // The opened file is asked, not the path, so that no other can be put in its place in between.
    let mode = file.metadata().map_err(fail)?.mode() & 0o7777;
    if secret && mode & 0o077 != 0 {
        return Err(IdentityError::Permissions { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    file.take(IDENTITY_FILE_BYTES_MAX).read_to_string(&mut text).map_err(fail)?;
    Ok(text)
}

fn write(path: &Path, mode: u32, text: &str) -> Result<(), IdentityError> {
    let fail = |source| IdentityError::File { path: path.to_owned(), source };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(fail)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fail)
}
