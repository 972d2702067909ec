//! A disk without room.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::*;

const CHILD: &str = "TVAERS_TEST_LEDGER_FULL";

#[tokio::test]
async fn a_full_database_refuses_and_leaves_nothing_half_done() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.sqlite");
    let limited = pool(&path, 1).await;
    let ledger = Ledger::open(limited.clone()).await.unwrap();
    // SQLite raises this to the pages that there are.
    sqlx::query("PRAGMA max_page_count = 1").execute(&limited).await.unwrap();
    let mut done = 0;
    let refused = loop {
        match ledger.charge(&claim(done, "p", done), noon(), no_windows, within(1_000_000)).await {
            Ok(Outcome::Charged(_)) => done += 1,
            Ok(_) => panic!("not charged"),
            Err(error) => break error,
        }
    };
    assert_eq!(refused.code(), "ledger.database");
    let unlimited = open(&path).await;
    let totals = unlimited.totals().await.unwrap();
    assert_eq!(totals.life, rho(done * PRICE), "exactly what was said to be charged is charged");
    // An answer that does not fit is not stored, and its charge stands.
    if done > 0 {
        let answer = ledger.store_release(1, vec![1; 1 << 20], noon()).await;
        assert_eq!(error(answer).code(), "ledger.database");
        assert_eq!(charged(&unlimited, &claim(0, "p", 0)).await.number, 1);
    }
    // With room again the same ledger goes on.
    sqlx::query("PRAGMA max_page_count = 100000").execute(&limited).await.unwrap();
    charged(&ledger, &claim(done, "p", done)).await;
    ledger.store_release(1, vec![1; 1 << 20], noon()).await.unwrap();
    assert_eq!(open(&path).await.totals().await.unwrap().life, rho((done + 1) * PRICE));
}

/// The child: charges and stores large answers until a file may not grow further, and says what it was told.
#[tokio::test]
async fn the_child_that_runs_out_of_room() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let ledger = open(Path::new(&path)).await;
    let mut out = std::io::stdout();
    for request in 0..1_000 {
        let outcome =
            ledger.charge(&claim(request, "p", request), noon(), no_windows, within(1_000_000)).await;
        let Ok(Outcome::Charged(charge)) = outcome else { break };
        writeln!(out, "\ncharged {request}").unwrap();
        let body = request.to_be_bytes().repeat(10_000);
        let Ok(_) = ledger.store_release(charge.number, body, noon()).await else { break };
        writeln!(out, "\nleft {request}").unwrap();
    }
    writeln!(out, "\nfull").unwrap();
}

#[tokio::test]
async fn a_file_that_may_not_grow_refuses_and_what_was_confirmed_stands() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.sqlite");
    pool(&path, 1).await.close().await;
    // A limit on the size of files, without the signal that goes with it, is a full disk to the child.
    let mut child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .arg(concat!(module_path!(), "::the_child_that_runs_out_of_room").split_once("::").unwrap().1)
        .env(CHILD, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: Vec<_> = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
    child.wait().unwrap();
    assert!(lines.iter().any(|line| line == "full"), "the child came to its end: {lines:?}");
    let numbers = |word: &str| -> Vec<u64> {
        lines.iter().filter_map(|line| line.strip_prefix(word)?.parse().ok()).collect()
    };
    let (charged, left) = (numbers("charged "), numbers("left "));
    assert!(!left.is_empty() && charged.len() < 1_000, "it ran out of room on the way");
    let ledger = open(&path).await;
    assert_eq!(charges(&ledger).await, charged.len());
    for request in left {
        let body = stored(&ledger, &claim(request, "p", request)).await.body;
        assert!(body == request.to_be_bytes().repeat(10_000));
    }
}
