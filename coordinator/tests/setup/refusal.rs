//! What the ceremony must not let through, each refused by a code of its own.

use std::io::IsTerminal as _;

use super::*;

fn drafted() -> Machines {
    let machines = Machines::enrolled();
    machines.draft(&["--federation", "Prøve", "--evaluations-max", "1000"]).unwrap();
    machines
}

#[test]
fn a_signature_for_another_roster_is_refused_and_the_others_are_taken_in() {
    let machines = drafted();
    let other = machines.text("other.toml");
    let options = ["--federation", "Anden", "--evaluations-max", "1000", "--out", &other];
    machines.draft(&options).unwrap();
    machines.node("k376", &["roster", "sign", &other, "--yes"]).unwrap();
    let wrong = machines.path("other.toml.k376.sig");
    let right = machines.sign("k360", 1).unwrap();
    let problem = machines.put_in(1, &[&wrong, &right]).unwrap_err();
    assert_eq!(problem.code, "roster.signature");
    assert!(problem.what.contains("`k376` is of another roster"), "{problem}");
    let signed: Vec<String> = machines.read(1).signatures.keys().map(ToString::to_string).collect();
    assert_eq!(signed, ["k360"]);
}

#[test]
fn a_signature_by_a_wrong_key_and_one_of_a_stranger_are_refused() {
    let machines = drafted();
    let path = machines.sign("k360", 1).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let as_other = |id: &str| {
        std::fs::write(&path, text.replace("k360", id)).unwrap();
        machines.put_in(1, &[&path]).unwrap_err()
    };
    assert!(as_other("k376").what.contains("does not fit"));
    assert!(as_other("k999").what.contains("no member"));
    std::fs::write(&path, "x = 1").unwrap();
    assert_eq!(machines.put_in(1, &[&path]).unwrap_err().code, "roster.signature");
    assert!(machines.read(1).signatures.is_empty());
}

#[test]
fn a_roster_without_one_holder_is_accepted_by_nobody() {
    let machines = drafted();
    let signatures: Vec<PathBuf> =
        ["k360", "region_1085"].iter().map(|id| machines.sign(id, 1).unwrap()).collect();
    machines.put_in(1, &signatures.iter().map(PathBuf::as_path).collect::<Vec<_>>()).unwrap();
    for refused in [
        machines.coordinator(&["roster", "accept", &machines.roster(1)]),
        machines.node("k360", &["roster", "accept", &machines.roster(1)]),
    ] {
        let problem = refused.unwrap_err();
        assert_eq!(problem.code, "roster.verify");
        assert!(problem.what.contains("`k376` must sign"), "{problem}");
    }
    assert!(!machines.path("k360/roster.toml").exists());
}

#[test]
fn an_older_roster_another_of_the_same_version_and_a_gap_are_refused_by_name() {
    let machines = Machines::founded();
    machines.draft(&["--valid-days", "300"]).unwrap();
    machines.signed_by_all(2);
    let other = machines.text("other.toml");
    machines.draft(&["--valid-days", "200", "--out", &other]).unwrap();
    machines.coordinator(&["roster", "accept", &machines.roster(2)]).unwrap();
    machines.draft(&["--valid-days", "250"]).unwrap();
    let code = |id: &str, file: &str| machines.node(id, &["roster", "accept", file]).unwrap_err().code;
    machines.node("k360", &["roster", "accept", &machines.roster(2)]).unwrap();
    assert_eq!(code("k360", &machines.roster(1)), "roster.older");
    assert_eq!(code("k360", &other), "roster.other");
    assert_eq!(code("k376", &machines.roster(3)), "roster.gap");
    // Nor does a node sign what it would not accept.
    let sign = |id: &str, file: &str| machines.node(id, &["roster", "sign", file, "--yes"]).unwrap_err().code;
    assert_eq!(sign("k360", &machines.roster(1)), "roster.older");
    assert_eq!(sign("k376", &machines.roster(3)), "roster.gap");
    let problem = machines.coordinator(&["roster", "accept", &machines.roster(1)]).unwrap_err();
    assert_eq!(problem.code, "roster.older");
    assert_eq!(machines.followed("k360").roster.version, 2);
}

#[test]
fn two_entries_under_one_name_and_one_key_under_two_are_refused() {
    let machines = Machines::enrolled();
    machines.analyst("Ane Analytiker", "other").unwrap();
    let enrol = |name: &str, more: &[&str]| {
        let file = machines.text(name);
        machines.coordinator(&[&["enrol", file.as_str()], more].concat())
    };
    let problem = enrol("other/person.toml", &[]).unwrap_err();
    assert_eq!(problem.code, "enrol.twice");
    assert!(problem.what.contains("Ane Analytiker"));
    enrol("other/person.toml", &["--replace"]).unwrap();
    enrol("other/person.toml", &[]).unwrap();
    let people = std::fs::read_dir(machines.path("coordinator/enrolments")).unwrap();
    assert_eq!(people.count(), 4, "the earlier entry is gone");

    let text = std::fs::read_to_string(machines.path("k360/enrolment.toml")).unwrap();
    std::fs::write(machines.path("copy.toml"), text.replace("\"k360\"", "\"k361\"")).unwrap();
    assert_eq!(enrol("copy.toml", &[]).unwrap_err().code, "enrol.key");
    let coordinator = enrol("coordinator/enrolment.toml", &[]).unwrap_err();
    assert_eq!(coordinator.code, "enrol.form");
    std::fs::write(machines.path("bad.toml"), text.replace("code = 360", "code = 3600")).unwrap();
    assert_eq!(enrol("bad.toml", &[]).unwrap_err().code, "enrol.form");
}

#[test]
fn a_node_signs_no_roster_with_other_keys_of_its_own_and_none_that_nobody_confirmed() {
    let machines = drafted();
    let file = machines.roster(1);
    let with = |more: &[&str]| machines.node("k360", &[&["roster", "sign", file.as_str()], more].concat());
    assert_eq!(with(&["--digest", "ab12"]).unwrap_err().code, "roster.digest");
    if !std::io::stdin().is_terminal() {
        assert_eq!(with(&[]).unwrap_err().code, "roster.confirm");
    }
    with(&["--digest", &machines.read(1).roster.digest().fingerprint().to_string()]).unwrap();
    // As though the secretariat had put in keys of its own making.
    let text = std::fs::read_to_string(&file).unwrap();
    let own = machines.read(1).roster.members.iter().find(|m| m.id.as_str() == "k360").unwrap().sealing;
    let own: String = own.0.iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(&file, text.replace(&own, &"ab".repeat(32))).unwrap();
    let problem = with(&["--yes"]).unwrap_err();
    assert_eq!(problem.code, "roster.member");
    assert!(problem.what.contains("sealing key"), "{problem}");
}
