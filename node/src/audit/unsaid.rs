//! What a node follows and uses, where the log does not say so last: another roster, other keys, another certificate.
//! An officer sees when each came, however it came: by a command, from a backup, or by hand.

use jiff::Timestamp;
use sha2::Digest as _;
use tvaers_protocol::enrolment::Enrolment;
use tvaers_protocol::id::Digest;
use tvaers_protocol::roster::VerifiedRoster;

use super::event::{CertificateRenewed, Event, KeyChanged, KeyUse, RosterFollowed};
use super::read::Said;

/// The entry that is missing of a roster.
#[must_use]
pub fn roster(said: &Said, roster: &VerifiedRoster) -> Option<Event> {
    let (version, roster) = (roster.roster().version, roster.digest());
    (said.roster != Some(roster)).then_some(Event::RosterFollowed(RosterFollowed { roster, version }))
}

/// The entries that are missing of a node's keys, by its public entry.
pub fn keys(said: &Said, own: &Enrolment) -> impl Iterator<Item = Event> {
    let keys = [(KeyUse::Signing, own.signing.0), (KeyUse::Sealing, own.sealing.0)];
    keys.into_iter().filter_map(|(what, key)| {
        let fingerprint = Digest(sha2::Sha256::digest(key).into());
        let is_new = said.keys.get(&what) != Some(&fingerprint);
        is_new.then_some(Event::KeyChanged(KeyChanged { what, fingerprint }))
    })
}

/// The entry that is missing of a certificate.
#[must_use]
pub fn certificate(said: &Said, spki: Digest, valid_until: Timestamp) -> Option<Event> {
    let now = CertificateRenewed { spki, valid_until };
    (said.certificate.as_ref() != Some(&now)).then_some(Event::CertificateRenewed(now))
}
