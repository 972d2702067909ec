//! The whole way, from empty folders to a roster that every party believes, and to the next one.

use std::os::unix::fs::PermissionsExt as _;

use tvaers_host::roster::believe;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::enrolment::Enrolment;

use super::*;

#[test]
fn commands_alone_lead_to_a_roster_that_every_party_believes_and_to_its_successor() {
    let machines = Machines::founded();
    let digest = machines.read(1).roster.digest();
    for party in ["coordinator", "region_1085", "k360", "k376"] {
        let path = machines.path(&format!("{party}/roster.toml"));
        let believed = believe(&path, SystemClock.now()).unwrap();
        assert_eq!(believed.roster.digest(), digest, "{party}");
        machines.coordinator(&["roster", "show", &path.display().to_string()]).unwrap();
    }
    let roster = machines.read(1).roster;
    assert_eq!((roster.version, roster.quorum, roster.people.len()), (1, 2, 1));
    assert!(roster.members.iter().all(|member| member.holder && member.evaluations_max == 1000));

    // A fourth joins and holds no share: two thirds of those before it, and all holders, sign.
    machines.init("k370", "municipality", "370").unwrap();
    machines.coordinator(&["enrol", &machines.text("k370/enrolment.toml")]).unwrap();
    let options = ["--evaluations-max", "k370=500", "--no-holder", "k370", "--quorum", "3"];
    machines.draft(&options).unwrap();
    machines.signed_by_all(2);
    machines.coordinator(&["roster", "accept", &machines.roster(2)]).unwrap();
    machines.node("k360", &["roster", "accept", &machines.roster(2)]).unwrap();
    assert_eq!(machines.followed("k360").roster.version, 2);
    machines.coordinator(&["roster", "diff", &machines.roster(1), &machines.roster(2)]).unwrap();
    // Accepting once more changes nothing.
    machines.node("k360", &["roster", "accept", &machines.roster(2)]).unwrap();

    // The newcomer has signed nothing and known nothing: it accepts on somebody's word.
    let accept = |more: &[&str]| {
        let file = machines.roster(2);
        machines.node("k370", &[&["roster", "accept", file.as_str()], more].concat())
    };
    assert_eq!(accept(&[]).unwrap_err().code, "roster.unknown");
    assert_eq!(accept(&["--digest", "0000-0000-0000-0000-0000"]).unwrap_err().code, "roster.digest");
    let fingerprint = machines.read(2).roster.digest().fingerprint().to_string();
    accept(&["--digest", &fingerprint]).unwrap();
    assert_eq!(machines.followed("k370").roster.version, 2);
}

#[test]
fn fingerprints_agree_on_both_sides_and_in_the_roster() {
    let machines = Machines::founded();
    let text = std::fs::read_to_string(machines.path("k360/enrolment.toml")).unwrap();
    let sent: Enrolment = toml::from_str(&text).unwrap();
    let home = tvaers_node::home::Home::new(machines.path("k360"));
    let own = tvaers_node::app::enrolment(&home).unwrap();
    let stored = std::fs::read_to_string(machines.path("coordinator/enrolments/node-k360.toml")).unwrap();
    let stored: Enrolment = toml::from_str(&stored).unwrap();
    let roster = machines.read(1).roster;
    let member = roster.members.iter().find(|member| member.id == own.id).unwrap();
    for entry in [&sent, &stored, &member.enrolment()] {
        assert_eq!(entry.fingerprint(), own.fingerprint());
    }
    machines.node("k360", &["enrolment"]).unwrap();
    assert_eq!(std::fs::read_to_string(machines.path("k360/enrolment.toml")).unwrap(), text);
}

#[test]
fn a_persons_key_is_private_and_is_never_overwritten() {
    let machines = Machines::enrolled();
    let key = machines.path("ane/signing.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&key).unwrap();
    assert_eq!(machines.analyst("Ane Analytiker", "ane").unwrap_err().code, "analyst.exists");
    assert_eq!(std::fs::read(&key).unwrap(), before);
    let person = std::fs::read_to_string(machines.path("ane/person.toml")).unwrap();
    assert!(!person.contains(std::str::from_utf8(&before).unwrap().trim()));
    assert_eq!(machines.analyst("Ane\u{1b}[2K", "other").unwrap_err().code, "analyst.name");
}

#[test]
fn a_certificate_is_renewed_without_a_new_roster() {
    let machines = Machines::founded();
    let path = machines.path("k360/keys/tls.crt");
    let before = std::fs::read(&path).unwrap();
    machines.node("k360", &["certificate", "renew"]).unwrap();
    machines.coordinator(&["certificate", "renew"]).unwrap();
    assert_ne!(std::fs::read(&path).unwrap(), before);
    // Accepting checks the node's own keys.
    machines.node("k360", &["roster", "accept", &machines.roster(1)]).unwrap();
    machines.coordinator(&["roster", "accept", &machines.roster(1)]).unwrap();
}

#[test]
fn check_names_every_problem_and_is_content_where_there_is_none() {
    let machines = Machines::founded();
    // The port is free, and everything that service needs is there.
    machines.coordinator(&["check"]).unwrap();
    // A node over data that may be real lacks a policy and data: both are named.
    let problem = machines.node("k360", &["check", "--offline"]).unwrap_err();
    assert_eq!((problem.code.as_str(), problem.what.as_str()), ("check", "2 things need mending"));
    let key = machines.path("k360/keys/signing.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(machines.path("k360/policy.toml"), "[policy]\nnod = 1\n").unwrap();
    std::fs::remove_file(machines.path("k360/roster.toml")).unwrap();
    let many = machines.node("k360", &["check", "--offline"]).unwrap_err();
    let count: usize = many.what.split(' ').next().unwrap().parse().unwrap();
    assert!(count > 6, "mode, key, roster, data and every fault of the policy: {}", many.what);
    std::fs::remove_file(machines.path("coordinator/keys/signing.key")).unwrap();
    assert!(machines.coordinator(&["check"]).is_err());
    let nowhere = machines.node("nowhere", &["check"]).unwrap_err();
    assert_eq!(nowhere.what, "one thing needs mending");
    assert!(!machines.path("nowhere").exists(), "check makes nothing");
}
