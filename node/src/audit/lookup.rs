//! Which digest an entry has, for whoever was shown a head of the log.

use std::path::Path;

use tvaers_protocol::id::Digest;

use super::{Audit, AuditError, read};

/// The digest of an entry of a log, verified up to there; none where the log has no such entry. It reads the log up to
/// the entry, and blocks.
///
/// # Errors
/// [`AuditError`].
pub fn digest_of(log: &Path, entry: u64) -> Result<Option<Digest>, AuditError> {
    for found in read::read(log)? {
        let found = found?;
        if found.number == entry {
            return Ok(Some(found.digest));
        }
    }
    Ok(None)
}

impl Audit {
    /// The digest of the log's first entry: one that was begun again has another. It blocks.
    ///
    /// # Errors
    /// [`AuditError`].
    pub fn identity(&self) -> Result<Option<Digest>, AuditError> {
        self.digest_of(1)
    }

    /// As [`digest_of`].
    ///
    /// # Errors
    /// [`AuditError`].
    pub fn digest_of(&self, entry: u64) -> Result<Option<Digest>, AuditError> {
        digest_of(&self.log.path, entry)
    }
}
