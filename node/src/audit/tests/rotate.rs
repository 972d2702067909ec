//! A log in several files: it goes on wherever the node was stopped, and proves itself whatever was deleted.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use jiff::SignedDuration;
use tvaers_audit::files;

use super::super::lookup;
use super::*;
use crate::audit::prune::Pruning;

const CHILD: &str = "TVAERS_TEST_AUDIT_ROTATE";
/// Full after two or three entries.
const SMALL: u64 = 1_000;

fn small(path: &Path) -> Audit {
    Audit::open_with(path, software(), noon(), SMALL).unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let mut all: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    all.sort();
    all
}

/// A log of so many requests in many files.
fn many(count: usize) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let audit = small(&path);
    for event in
        every_event().iter().cycle().filter(|event| !matches!(event, Event::Truncated(_))).take(count)
    {
        audit.append(noon(), std::slice::from_ref(event)).unwrap();
    }
    (dir, path)
}

#[test]
fn a_full_file_gets_the_number_of_its_first_entry_and_the_chain_goes_on_in_a_new_one() {
    let (dir, path) = many(40);
    let all = files::of_log(&path).unwrap();
    assert!(all.len() > 5, "{all:?}");
    assert_eq!(names(dir.path()).len(), all.len(), "and nothing else is left");
    let read = entries(&path);
    let rotations = read.iter().filter(|entry| matches!(entry.event, Event::Rotated(_))).count();
    assert_eq!((rotations, read.len()), (all.len() - 1, 40 + rotations));
    for file in &all {
        let text = fs::read_to_string(file).unwrap();
        let first: Entry = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        let name = format!("audit-{:012}.jsonl", first.number);
        assert!(file == &path || file.file_name() == Some(OsStr::new(&name)), "{file:?} {name}");
        if first.number > 1 {
            let Event::Rotated(rotated) = first.event else { panic!("entry {}", first.number) };
            let through = Head { entries: first.number - 1, digest: first.previous };
            assert_eq!((rotated.through, rotated.log), (through, read[0].digest));
        }
    }
    let audit = open(&path);
    assert_eq!((audit.head(), audit.log()), (verify(&path).unwrap().head, Some(read[0].digest)));
}

#[test]
fn processes_that_fill_files_under_each_other_write_one_chain() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let audit = small(&path);
                for _ in 0..20 {
                    audit.append(noon(), &[Event::Start, Event::Stop]).unwrap();
                }
            });
        }
    });
    let read = entries(&path);
    let rotations = read.iter().filter(|entry| matches!(entry.event, Event::Rotated(_))).count();
    assert!(rotations > 10, "{rotations}");
    assert_eq!(read.len(), 160 + rotations);
}

#[test]
fn a_log_whose_full_files_are_gone_or_changed_is_not_written() {
    let (_dir, path) = many(20);
    let behind = small(&path);
    small(&path).rotate(noon()).unwrap();
    let full = files::full_of(&path).unwrap();
    // The file that this process knew was filled by another one, and then deleted.
    let last = full.last().unwrap();
    let text = fs::read(last).unwrap();
    fs::remove_file(last).unwrap();
    assert!(matches!(behind.append(noon(), &[Event::Start]), Err(AuditError::Cut { .. })));
    assert!(matches!(Audit::open(&path, software(), noon()), Err(AuditError::Broken { .. })));
    fs::write(last, &text).unwrap();
    open(&path);
    fs::write(&full[0], fs::read_to_string(&full[0]).unwrap().replacen("\"version\":4", "\"version\":5", 1))
        .unwrap();
    assert!(matches!(Audit::open(&path, software(), noon()), Err(AuditError::Broken { entry: 2, .. })));
}

#[test]
fn a_running_file_that_is_gone_is_not_made_anew_beside_full_ones() {
    let (_dir, path) = many(20);
    fs::remove_file(&path).unwrap();
    assert!(matches!(Audit::open(&path, software(), noon()), Err(AuditError::Io { .. })));
    assert!(!path.exists());
}

/// Every state that a rotation can be stopped in.
#[test]
fn a_rotation_that_was_stopped_half_way_is_no_harm() {
    let (dir, path) = many(4);
    let before = verify(&path).unwrap().head;
    // Half a new file.
    fs::write(dir.path().join("audit.jsonl.next"), b"{\"log\":").unwrap();
    let audit = small(&path);
    audit.rotate(noon()).unwrap();
    assert_eq!(verify(&path).unwrap().head.entries, before.entries + 1);
    // The second name is there, and the new file has not taken the first over.
    let audit = open(&path);
    audit.append(noon(), &[Event::Stop]).unwrap();
    let first = files::first_number(&path).unwrap().unwrap();
    let full = files::full(&path, first);
    fs::hard_link(&path, &full).unwrap();
    let known = verify(&path).unwrap().head;
    assert_eq!(open(&path).append(noon(), &[Event::Start]).unwrap().entries, known.entries + 1);
    assert!(audit.rotate(noon()).unwrap());
    assert_eq!(verify(&path).unwrap().head.entries, known.entries + 2);
    assert!(!dir.path().join("audit.jsonl.next").exists());
    // A name that something else has is not taken from it.
    let first = files::first_number(&path).unwrap().unwrap();
    fs::write(files::full(&path, first), b"").unwrap();
    let error = audit.rotate(noon()).unwrap_err();
    assert_eq!(error.code(), "audit.file");
}

/// The child: writes and fills files until it is killed, and says what was confirmed.
#[test]
fn the_child_that_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let audit = Audit::open_with(Path::new(&path), software(), noon(), 1).unwrap();
    let mut out = std::io::stdout();
    loop {
        let head = audit.append(noon(), &[Event::Start]).unwrap();
        writeln!(out, "\nwritten {}", head.entries).unwrap();
    }
}

#[test]
fn whenever_the_node_is_killed_what_was_confirmed_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    // Killed after more and more lines, at whatever it is doing then.
    for round in 1..=25 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg(concat!(module_path!(), "::the_child_that_is_killed").split_once("::").unwrap().1)
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let written = |line: &String| line.strip_prefix("written ").and_then(|text| text.parse::<u64>().ok());
        let mut confirmed = lines.by_ref().filter_map(|line| written(&line)).take(round).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        confirmed = lines.filter_map(|line| written(&line)).last().unwrap_or(confirmed);
        assert!(verify(&path).unwrap().head.entries >= confirmed, "round {round}");
        open(&path);
    }
}

#[test]
fn a_folder_that_takes_no_file_leaves_the_log_as_it_is_and_nothing_is_written() {
    let (dir, path) = many(4);
    let audit = Audit::open_with(&path, software(), noon(), 1).unwrap();
    let before = verify(&path).unwrap().head;
    // A folder by that name can be neither removed as a file nor created.
    fs::create_dir(dir.path().join("audit.jsonl.next")).unwrap();
    let error = audit.append(noon(), &[Event::Start]).unwrap_err();
    assert_eq!(error.code(), "audit.file");
    assert_eq!(verify(&path).unwrap().head, before);
    fs::remove_dir(dir.path().join("audit.jsonl.next")).unwrap();
    assert_eq!(audit.append(noon(), &[Event::Start]).unwrap().entries, before.entries + 2);
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert!(audit.append(noon(), &[Event::Start]).is_err());
    assert!(audit.rotate(noon()).is_err());
    assert!(audit.prune(noon(), 1).is_err());
}

/// One file a day.
fn daily(days: i64) -> (tempfile::TempDir, PathBuf, Audit) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let audit = open(&path);
    for day in 0..days {
        let at = day_of(day);
        audit.append(at, &every_event()[..5]).unwrap();
        audit.rotate(at).unwrap();
    }
    (dir, path, audit)
}

fn day_of(day: i64) -> Timestamp {
    noon() + SignedDuration::from_hours(24 * day)
}

#[test]
fn files_older_than_the_days_of_the_policy_are_deleted_and_the_rest_proves_itself() {
    let (_dir, path, audit) = daily(10);
    let log = audit.log();
    let whole = entries(&path);
    let now = day_of(10);
    audit.append(now, &[Event::Start]).unwrap();
    assert_eq!(audit.prune(now, 20).unwrap(), Pruning { files: 0, through: None });
    // Those of days 0 to 4 are older than five days; that of day 5 is five days old.
    let pruning = audit.prune(now, 5).unwrap();
    let last = whole
        .iter()
        .rfind(|entry| entry.at == day_of(4) && !matches!(entry.event, Event::Rotated(_)))
        .unwrap();
    let through = Head { entries: last.number, digest: last.digest };
    assert_eq!(pruning, Pruning { files: 5, through: Some(through) });
    let verified = verify(&path).unwrap();
    assert_eq!(
        (verified.first, verified.log, verified.said.ledger),
        (Some(last.number + 1), log, charged().ledger)
    );
    assert_eq!((open(&path).log(), lookup::identity(&path).unwrap()), (log, log));
    assert_eq!(audit.prune(now, 5).unwrap().files, 0);
    // The running file stays, however old.
    let later = day_of(4_000);
    audit.append(later, &[Event::Stop]).unwrap();
    assert_eq!(audit.prune(later, 1).unwrap().files, 5);
    assert_eq!(files::full_of(&path).unwrap(), Vec::<PathBuf>::new());
    let verified = verify(&path).unwrap();
    assert_eq!(
        (verified.log, verified.said.ledger),
        (log, charged().ledger),
        "the ledger's head outlives its entries"
    );
    assert_eq!(open(&path).log(), log);
}

#[test]
fn stopped_between_two_deletions_a_log_proves_itself_and_without_the_entry_it_does_not() {
    let (dir, path, audit) = daily(4);
    let full = files::full_of(&path).unwrap();
    let kept: Vec<_> = full.iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    let unproven = fs::read(&path).unwrap();
    audit.append(day_of(30), &[Event::Start]).unwrap();
    assert_eq!(audit.prune(day_of(30), 7).unwrap().files, 4);
    // From the newest to the oldest, as if it had been stopped before each.
    for (path_of, text) in kept.iter().rev() {
        fs::write(path_of, text).unwrap();
        fs::set_permissions(path_of, Permissions::from_mode(0o600)).unwrap();
        verify(&path).unwrap();
    }
    fs::remove_file(&full[0]).unwrap();
    verify(&path).unwrap();
    fs::write(&path, unproven).unwrap();
    assert!(matches!(verify(&path), Err(AuditError::Broken { entry: 1, .. })));
    assert!(matches!(Audit::open(&path, software(), day_of(31)), Err(AuditError::Broken { .. })));
    drop(dir);
}

#[test]
fn a_clock_set_forward_deletes_nothing_and_neither_does_a_broken_log() {
    let (_dir, path, audit) = daily(4);
    let far = day_of(365 * 50);
    assert_eq!(audit.prune(far, 180).unwrap().files, 0);
    let full = files::full_of(&path).unwrap();
    let text = fs::read_to_string(&full[2]).unwrap();
    fs::write(&full[2], text.replacen("\"import\":1", "\"import\":2", 1)).unwrap();
    assert!(matches!(audit.prune(day_of(30), 1), Err(AuditError::Broken { .. })));
    assert_eq!(files::full_of(&path).unwrap(), full);
}
