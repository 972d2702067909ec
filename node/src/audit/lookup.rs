//! Which log it is, and which digest an entry has, for whoever was shown a head. It reads the log, and blocks.

use std::path::Path;

use tvaers_protocol::id::Digest;

use super::event::{Event, Pruned, Rotated};
use super::{Audit, AuditError, read};

/// What a log says of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It has this digest.
    Digest(Digest),
    /// There is no such entry.
    None,
    /// It is before all that is left of the log.
    Before,
}

/// The digest of a log's first entry: one that was begun again has another. Where the first entries were deleted, the
/// entry that says so tells it. None where there are no entries.
///
/// # Errors
/// [`AuditError`].
pub fn identity(log: &Path) -> Result<Option<Digest>, AuditError> {
    for entry in read::read(log)? {
        let entry = entry?;
        match entry.event {
            _ if entry.number == 1 => return Ok(Some(entry.digest)),
            Event::Rotated(Rotated { log, .. }) | Event::Pruned(Pruned { log, .. }) => return Ok(Some(log)),
            _ => {}
        }
    }
    Ok(None)
}

/// Looks an entry up in a log, which is verified up to there.
///
/// # Errors
/// [`AuditError`].
pub fn find(log: &Path, entry: u64) -> Result<Found, AuditError> {
    for found in read::read(log)? {
        let found = found?;
        if found.number == entry {
            return Ok(Found::Digest(found.digest));
        }
        if found.number > entry {
            // What is left says only of the last one before it.
            let is_last = found.number == entry.saturating_add(1) && entry > 0;
            return Ok(if is_last { Found::Digest(found.previous) } else { Found::Before });
        }
    }
    Ok(Found::None)
}

impl Audit {
    /// As [`find`].
    ///
    /// # Errors
    /// [`AuditError`].
    pub fn find(&self, entry: u64) -> Result<Found, AuditError> {
        find(&self.log.path, entry)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use tvaers_protocol::hello::Software;

    use super::*;

    #[test]
    fn every_entry_is_found_with_its_digest_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let audit = Audit::open(&path, Software::new("test 1").unwrap(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((identity(&path).unwrap(), audit.find(1).unwrap()), (None, Found::None));
        let heads: Vec<_> =
            (0..5).map(|_| audit.append(Timestamp::UNIX_EPOCH, &[Event::Start]).unwrap()).collect();
        for head in &heads {
            assert_eq!(audit.find(head.entries).unwrap(), Found::Digest(head.digest));
        }
        assert_eq!((identity(&path).unwrap(), audit.log()), (Some(heads[0].digest), Some(heads[0].digest)));
        assert_eq!((audit.find(0).unwrap(), audit.find(6).unwrap()), (Found::Before, Found::None));
        // Changed behind its back: nothing is said of what cannot be verified.
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("start", "stop", 1)).unwrap();
        assert!(audit.find(3).is_err());
    }
}
