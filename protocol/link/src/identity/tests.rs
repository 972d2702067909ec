use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

#[test]
fn an_identity_comes_back_from_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key) = (dir.path().join("node.crt"), dir.path().join("node.key"));
    let identity = Identity::generate("region_1085", now()).unwrap();
    identity.save(&certificate, &key).unwrap();
    let loaded = Identity::load(&certificate, &key).unwrap();
    assert_eq!(loaded.certificate(), identity.certificate());
    assert_eq!(loaded.key().secret_der(), identity.key().secret_der());
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o7777, 0o600);
    assert!(identity.save(&certificate, &key).is_err(), "a key is never overwritten");
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_mend() {
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key) = (dir.path().join("node.crt"), dir.path().join("node.key"));
    Identity::generate("k360", now()).unwrap().save(&certificate, &key).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o644] {
        fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
        let path = key.display();
        assert_eq!(
            Identity::load(&certificate, &key).unwrap_err().to_string(),
            format!(
                "key file `{path}` is open to others than its owner (mode {mode:04o}): run `chmod 600 {path}`"
            )
        );
    }
    fs::set_permissions(&key, Permissions::from_mode(0o400)).unwrap();
    assert!(Identity::load(&certificate, &key).is_ok());
}

#[test]
fn a_file_of_another_kind_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key) = (dir.path().join("node.crt"), dir.path().join("node.key"));
    Identity::generate("k360", now()).unwrap().save(&certificate, &key).unwrap();
    let error = Identity::load(&key, &key).unwrap_err();
    assert_eq!(error.to_string(), format!("`{}` holds no certificate in PEM", key.display()));
    let missing = dir.path().join("missing");
    assert!(
        matches!(Identity::load(&missing, &key), Err(IdentityError::File { path, .. }) if path == missing)
    );
}

#[test]
fn a_certificate_is_valid_from_the_day_before_for_two_years() {
    let certificate = *Identity::generate("k360", now()).unwrap().certificate();
    let hours = |hours: i64| now() + SignedDuration::from_hours(hours);
    assert!(certificate.is_valid(now()) && certificate.is_valid(hours(-24)));
    assert!(!certificate.is_valid(hours(-49)));
    assert!(certificate.is_valid(hours(24 * (CERTIFICATE_DAYS - 1))));
    assert!(!certificate.is_valid(hours(24 * (CERTIFICATE_DAYS + 1))));
}

#[test]
fn the_pinned_digest_is_that_of_the_public_key_alone() {
    let key = KeyPair::generate().unwrap();
    let one = Identity::certify("one", now(), &key).unwrap();
    let later = Identity::certify("other", hours_later(), &key).unwrap();
    assert_ne!(one.certificate().valid_until, later.certificate().valid_until);
    assert_eq!(one.certificate().spki, later.certificate().spki, "a renewed certificate needs no new roster");
    assert_ne!(one.certificate().spki, Identity::generate("one", now()).unwrap().certificate().spki);
}

#[test]
fn an_identity_does_not_print_its_key() {
    let identity = Identity::generate("k360", now()).unwrap();
    assert!(!format!("{identity:?}").contains("PRIVATE") && !format!("{identity:?}").contains("key:"));
}

fn hours_later() -> Timestamp {
    now() + SignedDuration::from_hours(24 * 30)
}

#[test]
fn a_renewed_certificate_has_the_same_key_and_a_later_end() {
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key) = (dir.path().join("node.crt"), dir.path().join("node.key"));
    let old = Identity::generate("k360", now()).unwrap();
    old.save(&certificate, &key).unwrap();
    let later = now() + SignedDuration::from_hours(24 * 700);
    // What a renewal that was broken off leaves behind holds nobody up.
    fs::write(dir.path().join("node.crt.new"), "x").unwrap();
    let new = Identity::renew(&certificate, &key, "k360", later).unwrap();
    assert_eq!(new.certificate().spki, old.certificate().spki);
    assert!(new.certificate().valid_until > old.certificate().valid_until);
    assert_eq!(Identity::load(&certificate, &key).unwrap().certificate(), new.certificate());
}
