//! The log says under which roster, keys and certificate a node is, each time that they change and no more often.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use tvaers_link::clock::SystemClock;
use tvaers_protocol::id::Digest;

use crate::app;
use crate::audit::event::{CertificateRenewed, Event, KeyUse, RosterFollowed};
use crate::audit::read::{self, Said};
use crate::audit::unsaid;
use crate::cli::looking::block_on;
use crate::cli::testing::Made;

fn events(log: &Path) -> Vec<Event> {
    read::read(log).unwrap().map(|entry| entry.unwrap().event).collect()
}

fn kinds(events: &[Event]) -> Vec<String> {
    let kind = |event| serde_json::to_value(event).unwrap()["kind"].as_str().unwrap().to_owned();
    events.iter().map(kind).collect()
}

fn start(made: &Made) {
    block_on(app::open(made.home(), Arc::new(SystemClock))).map(drop).unwrap();
}

#[test]
fn a_start_tells_what_the_log_does_not_say_last_and_the_next_one_nothing() {
    let made = Made::founded();
    let log = made.home().audit();
    start(&made);
    let first = ["start", "roster-followed", "key-changed", "key-changed", "certificate-renewed"];
    let first = [first.as_slice(), &["policy-loaded"]].concat();
    assert_eq!(kinds(&events(&log)), first);
    start(&made);
    assert_eq!(kinds(&events(&log))[first.len()..], ["start", "policy-loaded"]);
    made.run(&["audit", "show", "--last", "10"]).unwrap();
    // In a new file, too, and renewed in between.
    made.run(&["audit", "rotate"]).unwrap();
    made.run(&["certificate", "renew"]).unwrap();
    start(&made);
    let rest = kinds(&events(&log)).split_off(first.len() + 2);
    assert_eq!(rest, ["rotated", "certificate-renewed", "start", "policy-loaded"]);
}

#[test]
fn another_key_is_told_and_named_by_what_a_public_tool_says() {
    let made = Made::created();
    let own = app::enrolment(&made.home()).unwrap();
    let mut said = Said::default();
    let told: Vec<_> = unsaid::keys(&said, &own).collect();
    let Some(Event::KeyChanged(signing)) = told.first() else { panic!("{told:?}") };
    let sum = <sha2::Sha256 as sha2::Digest>::digest(own.signing.0);
    assert_eq!((signing.what, signing.fingerprint), (KeyUse::Signing, Digest(sum.into())));
    told.iter().for_each(|event| said.take(event));
    assert_eq!(unsaid::keys(&said, &own).count(), 0);
    said.keys.insert(KeyUse::Sealing, Digest::NONE);
    assert_eq!(unsaid::keys(&said, &own).collect::<Vec<_>>(), told[1..]);
}

#[test]
fn a_roster_is_accepted_with_an_entry_and_without_one_it_is_not() {
    let made = Made::founded();
    let (home, log) = (made.home(), made.home().audit());
    let text = std::fs::read_to_string(home.roster()).unwrap();
    let file = made.file("roster-1.toml", &text);
    std::fs::remove_file(home.roster()).unwrap();
    made.run(&["audit", "show"]).unwrap_err();
    std::fs::write(&log, "").unwrap();
    for (mode, wanted) in [(0o400, Some("audit.mode")), (0o600, None)] {
        std::fs::set_permissions(&log, std::fs::Permissions::from_mode(mode)).unwrap();
        let done = made.run(&["roster", "accept", &file]);
        assert_eq!(done.err().map(|problem| problem.code).as_deref(), wanted);
        assert_eq!(home.roster().exists(), wanted.is_none());
    }
    let Event::RosterFollowed(RosterFollowed { version: 1, roster }) = events(&log).remove(0) else {
        panic!("{:?}", events(&log));
    };
    made.run(&["roster", "accept", &file]).unwrap();
    assert_eq!(events(&log).len(), 1, "the same again is no change");
    start(&made);
    assert!(!kinds(&events(&log))[1..].contains(&"roster-followed".to_owned()));
    assert_eq!(read::verify(&log).unwrap().said.roster, Some(roster));
}

#[test]
fn a_certificate_is_renewed_with_an_entry_and_without_a_log_it_is_not() {
    let made = Made::created();
    let (home, log) = (made.home(), made.home().audit());
    let file = home.keys().join("tls.crt");
    let before = std::fs::read(&file).unwrap();
    std::fs::write(&log, "{}\n").unwrap();
    std::fs::set_permissions(&log, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(made.run(&["certificate", "renew"]).unwrap_err().code, "audit.broken");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    std::fs::remove_file(&log).unwrap();
    made.run(&["certificate", "renew"]).unwrap();
    assert_ne!(std::fs::read(&file).unwrap(), before);
    let now = app::identity(&home).unwrap();
    let (spki, valid_until) = (now.certificate().spki, now.certificate().valid_until);
    assert_eq!(spki, app::enrolment(&home).unwrap().spki);
    let wanted = CertificateRenewed { spki, valid_until };
    assert_eq!(events(&log), [Event::CertificateRenewed(wanted)]);
}
