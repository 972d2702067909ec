//! A node killed at each step of a charge and of a release: the process stops itself, by SIGKILL, at that very step.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use super::*;

const CHILD: &str = "TVAERS_TEST_LEDGER_STEP";
const PATH: &str = "TVAERS_TEST_LEDGER_STEP_PATH";

/// The step that kills, and how often it is still passed by before.
static KILLS: Mutex<Option<(String, u32)>> = Mutex::new(None);

/// Called by the ledger at each of its steps.
pub(in crate::ledger) fn reached(step: &str) {
    let mut kills = KILLS.lock().unwrap();
    match &mut *kills {
        Some((at, 0)) if at == step => {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
        }
        Some((at, left)) if at == step => *left -= 1,
        _ => {}
    }
}

/// The child: charges and answers one question, and says so, if it lives to.
#[tokio::test]
async fn the_child_that_stops_at_a_step() {
    let Some(at) = std::env::var_os(CHILD) else { return };
    let path = std::env::var_os(PATH).unwrap();
    let ledger = open(Path::new(&path)).await;
    let at = at.into_string().unwrap();
    let (step, passed) = at.split_once(' ').unwrap();
    *KILLS.lock().unwrap() = Some((step.to_owned(), passed.parse().unwrap()));
    let charge = charged(&ledger, &claim(2, "p", 2)).await;
    reached("between");
    ledger.store_release(charge.number, b"of the child".to_vec(), noon()).await.unwrap();
    reached("left");
}

/// Every step, how often it is passed by before, and whether the charge and the answer stand then.
const STEPS: &[(&str, u32, bool, bool)] = &[
    ("begin", 0, false, false),
    ("decided", 0, false, false),
    ("turn", 0, false, false),
    ("released", 0, false, false),
    ("commit", 0, false, false),
    ("committed", 0, true, false),
    ("between", 0, true, false),
    ("begin", 1, true, false),
    ("stored", 0, true, false),
    ("turn", 1, true, false),
    ("released", 1, true, false),
    ("commit", 1, true, false),
    ("committed", 1, true, true),
    ("left", 0, true, true),
];

#[tokio::test]
async fn killed_at_any_step_no_more_is_released_than_charged_and_the_retry_ends_it() {
    let test = concat!(module_path!(), "::the_child_that_stops_at_a_step").split_once("::").unwrap().1;
    for (step, passed, is_charged, is_released) in STEPS {
        let place = format!("{step} {passed}");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.sqlite");
        let before = open(&path).await;
        charged(&before, &claim(1, "p", 1)).await;
        before.store_release(1, b"earlier".to_vec(), noon()).await.unwrap();
        before.pool.close().await;
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(CHILD, &place)
            .env(PATH, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.signal(), Some(9), "the child came to {place}");

        // Opening verifies every entry and every answer.
        let ledger = open(&path).await;
        let past = ledger.history(None, 0, 10).await.unwrap();
        let released = past.iter().filter(|past| past.released).count();
        assert_eq!(
            (past.len(), released),
            (1 + usize::from(*is_charged), 1 + usize::from(*is_released)),
            "{place}"
        );
        match ask(&ledger, &claim(2, "p", 2)).await {
            Outcome::Stored(release) => assert!(*is_released && release.body == b"of the child", "{place}"),
            Outcome::Charged(charge) => {
                assert!(!is_released && charge.number == 3, "{place}: charge {}", charge.number);
                ledger.store_release(charge.number, b"of the retry".to_vec(), noon()).await.unwrap();
            }
            Outcome::Refused(rule) => panic!("{place}: refused by {rule}"),
        }
        let totals = ledger.totals().await.unwrap();
        assert_eq!(
            (totals.life, totals.head.entries),
            (rho(2 * PRICE), 4),
            "{place}: one charge, one answer"
        );
    }
}
