mod unsaid;

use std::os::unix::fs::PermissionsExt as _;

use tvaers_protocol::id::Digest;

use super::*;
use crate::audit::event::Event;
use crate::audit::read;
use crate::cli::testing::{Made, content};

fn imports(path: &Path) -> Vec<u32> {
    let entries = read::read(path).unwrap().map(Result::unwrap);
    let imports = entries.filter_map(|entry| match entry.event {
        Event::Import(import) => Some(import.import),
        _ => None,
    });
    imports.collect()
}

#[test]
fn every_import_is_logged_and_one_that_cannot_be_is_not_answered_from() {
    let made = Made::created();
    made.import().unwrap();
    made.import().unwrap();
    let log = made.home().audit();
    assert_eq!(imports(&log), [1, 2]);
    std::fs::set_permissions(&log, std::fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(made.import().unwrap_err().code, "audit.mode");
    std::fs::set_permissions(&log, std::fs::Permissions::from_mode(0o600)).unwrap();
    made.import().unwrap();
    assert_eq!(imports(&log), [1, 2, 3], "the import without an entry was none");
}

#[test]
fn a_log_is_shown_verified_and_exported_byte_for_byte_and_left_as_it_is() {
    let made = Made::created();
    assert_eq!(made.run(&["audit", "show"]).unwrap_err().code, "audit.none");
    assert_eq!(made.run(&["audit", "verify"]).unwrap_err().code, "audit.none");
    for _ in 0..3 {
        made.import().unwrap();
    }
    let (home, out) = (made.home(), made.path("out.jsonl"));
    let before = content(home.dir());
    let to = out.display().to_string();
    made.run(&["audit", "show", "--last", "2"]).unwrap();
    made.run(&["audit", "show", "--refused", "--format", "json"]).unwrap();
    made.run(&["audit", "verify"]).unwrap();
    assert_eq!(content(home.dir()), before);
    let log = std::fs::read(home.audit()).unwrap();
    made.run(&["audit", "export", "--out", &to]).unwrap();
    assert_eq!(std::fs::read(&out).unwrap(), log);
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(made.run(&["audit", "export", "--out", &to]).unwrap_err().code, "audit.exists");
    made.run(&["audit", "verify", &to, "--format", "json"]).unwrap();

    let part = made.path("part.jsonl").display().to_string();
    made.run(&["audit", "export", "--out", &part, "--from", "2", "--to", "2"]).unwrap();
    let second = log.split_inclusive(|byte| *byte == b'\n').nth(1).unwrap();
    assert_eq!(std::fs::read(&part).unwrap(), second);
    assert_eq!(made.run(&["audit", "verify", &part]).unwrap_err().code, "audit.broken");
    made.run(&["audit", "verify", &part, "--from", "2"]).unwrap();
    let other = made.path("other.jsonl").display().to_string();
    let empty = made.run(&["audit", "export", "--out", &other, "--from", "9"]).unwrap_err();
    assert_eq!((empty.code.as_str(), empty.expected.as_str()), ("audit.empty", "entries 1 to 5"));
    assert!(!made.path("other.jsonl").exists(), "and an export that is none is not logged as one");
    let told: Vec<_> = read::read(&home.audit()).unwrap().map(Result::unwrap).skip(3).collect();
    let exports = told.iter().map(|entry| match &entry.event {
        Event::Exported(exported) => (exported.what.as_str(), exported.first, exported.last, exported.digest),
        other => panic!("{other:?}"),
    });
    let digest = |bytes: &[u8]| Digest(<sha2::Sha256 as sha2::Digest>::digest(bytes).into());
    let wanted = [("audit", 1, 3, digest(&log)), ("audit", 2, 2, digest(second))];
    assert_eq!(exports.collect::<Vec<_>>(), wanted);
}

#[test]
fn a_broken_log_is_not_exported_and_its_first_broken_entry_is_named() {
    let made = Made::created();
    for _ in 0..3 {
        made.import().unwrap();
    }
    let log = made.home().audit();
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, text.replacen("\"import\":2", "\"import\":7", 1)).unwrap();
    let out = made.path("out.jsonl");
    let to = out.display().to_string();
    let export = ["audit", "export", "--out", &to, "--to", "1"];
    for args in [export.as_slice(), &["audit", "show"], &["audit", "verify"]] {
        let problem = made.run(args).unwrap_err();
        assert_eq!(problem.code, "audit.broken", "{args:?}");
        assert!(problem.what.contains("entry 2") && !problem.next.is_empty(), "{problem}");
    }
    assert!(!out.exists() && !made.path("out.jsonl.new").exists(), "half an export has no name");
    assert_eq!(made.import().unwrap_err().code, "audit.broken");
}

#[test]
fn half_an_entry_at_the_end_is_told_of_and_not_exported() {
    let made = Made::created();
    made.import().unwrap();
    let log = made.home().audit();
    let whole = std::fs::read(&log).unwrap();
    std::fs::write(&log, [whole.as_slice(), b"{\"log\":"].concat()).unwrap();
    let verified = read::verify(&log).unwrap();
    let text = told(&verified);
    assert!(
        text.starts_with("verified to entry 1, head ") && text.contains("7 bytes of half an entry"),
        "{text}"
    );
    let out = made.path("out.jsonl");
    made.run(&["audit", "export", "--out", &out.display().to_string()]).unwrap();
    assert_eq!(std::fs::read(&out).unwrap(), whole);
}

#[test]
fn a_log_in_several_files_is_shown_verified_and_exported_as_one_and_pruned_under_a_policy_alone() {
    let made = Made::created();
    for _ in 0..3 {
        made.import().unwrap();
        made.run(&["audit", "rotate"]).unwrap();
    }
    let (home, out) = (made.home(), made.path("out.jsonl"));
    let names = || {
        let all = std::fs::read_dir(home.dir()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut all: Vec<_> = all.map(|name| name.into_string().unwrap()).collect();
        all.retain(|name| name.starts_with("audit"));
        all.sort();
        all
    };
    let full =
        ["audit-000000000001.jsonl", "audit-000000000002.jsonl", "audit-000000000004.jsonl", "audit.jsonl"];
    assert_eq!(names(), full);
    assert_eq!(imports(&home.audit()), [1, 2, 3]);
    made.run(&["audit", "verify"]).unwrap();
    made.run(&["audit", "show"]).unwrap();
    let to = out.display().to_string();
    made.run(&["audit", "export", "--out", &to]).unwrap();
    made.run(&["audit", "verify", &to]).unwrap();
    assert_eq!(read::verify(&out).unwrap().head.entries, 6);
    // What was written today is not older than any policy's days.
    made.run(&["audit", "prune"]).unwrap();
    assert_eq!(names(), full);
    std::fs::remove_file(home.policy()).unwrap();
    assert_eq!(made.run(&["audit", "prune"]).unwrap_err().code, "policy.none");
}
