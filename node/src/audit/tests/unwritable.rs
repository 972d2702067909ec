//! A log that cannot be written: the caller is told, and answers nothing.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use super::*;

const CHILD: &str = "TVAERS_TEST_AUDIT_FULL";

#[test]
fn a_log_made_read_only_or_readable_by_others_is_not_written() {
    let (_dir, path) = filled(2);
    let audit = open(&path);
    let before = fs::read(&path).unwrap();
    for mode in [0o400, 0o644, 0o660] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let error = audit.append(noon(), &[Event::Start]).unwrap_err();
        // Who is not an administrator is refused by the system already.
        assert!(matches!(error, AuditError::Mode { .. } | AuditError::Io { .. }), "{error}");
        assert!(Audit::open(&path, software(), noon()).is_err());
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(audit.append(noon(), &[Event::Start]).unwrap().entries, 3);
}

#[test]
fn a_log_or_folder_that_is_gone_is_an_error_and_is_not_made_anew() {
    let (dir, path) = filled(2);
    let audit = open(&path);
    fs::remove_file(&path).unwrap();
    let error = audit.append(noon(), &[Event::Start]).unwrap_err();
    assert_eq!(error.code(), "audit.file");
    assert!(!path.exists());
    dir.close().unwrap();
    assert!(matches!(audit.append(noon(), &[Event::Start]), Err(AuditError::Io { .. })));
    assert!(matches!(Audit::open(&path, software(), noon()), Err(AuditError::Io { .. })));
}

#[test]
fn what_is_no_file_is_no_log() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Audit::open(dir.path(), software(), noon()), Err(AuditError::Io { .. })));
    let link = dir.path().join("audit.jsonl");
    std::os::unix::fs::symlink("/dev/full", &link).unwrap();
    assert!(Audit::open(&link, software(), noon()).is_err());
}

#[test]
fn an_entry_too_long_for_a_line_is_not_written() {
    let (_dir, path) = filled(1);
    let audit = open(&path);
    let mut asked = asked();
    asked.query.as_mut().unwrap().by = vec![name(&"x".repeat(90)); 200];
    let long = Event::RequestStored(Stored { asked, charge: 1, result: digest(1) });
    let error = audit.append(noon(), &[Event::Start, long]).unwrap_err();
    assert_eq!(error.code(), "audit.entry");
    assert_eq!(verify(&path).unwrap().head.entries, 1);
}

/// The child: writes until the file may not grow further, and says what was confirmed.
#[test]
fn the_child_that_runs_out_of_room() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let audit = open(Path::new(&path));
    let mut out = std::io::stdout();
    let events: Vec<_> = every_event().into_iter().filter(|e| !matches!(e, Event::Truncated(_))).collect();
    for event in events.iter().cycle().take(10_000) {
        match audit.append(noon(), std::slice::from_ref(event)) {
            Ok(head) => writeln!(out, "\nwritten {}", head.entries).unwrap(),
            Err(error) => {
                assert_eq!(error.code(), "audit.file");
                // It is no better the second time.
                assert!(audit.append(noon(), std::slice::from_ref(event)).is_err());
                writeln!(out, "\nfull").unwrap();
                return;
            }
        }
    }
}

#[test]
fn a_full_disk_is_an_error_and_the_log_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    // A limit on the size of files, without the signal that goes with it, is a full disk to the child.
    let mut child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 60; exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .arg(concat!(module_path!(), "::the_child_that_runs_out_of_room").split_once("::").unwrap().1)
        .env(CHILD, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: Vec<_> = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
    child.wait().unwrap();
    assert!(lines.iter().any(|line| line == "full"), "{lines:?}");
    let written = lines.iter().filter(|line| line.starts_with("written ")).count() as u64;
    // The second attempt had room for the entry that tells of what the first one left.
    let full = verify(&path).unwrap();
    assert_eq!(full.head.entries - full.truncations, written, "exactly what was confirmed is there");
    let told = u64::from(full.torn_bytes > 0);
    let head = open(&path).append(noon(), &[Event::Start]).unwrap();
    assert_eq!(head.entries, full.head.entries + told + 1);
    assert_eq!(verify(&path).unwrap().truncations, full.truncations + told);
}
