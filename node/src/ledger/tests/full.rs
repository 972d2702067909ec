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

const MOUNTED: &str = "TVAERS_TEST_LEDGER_MOUNTED";

/// The child, in a file system of two megabytes: fills it, is refused, makes room, and goes on.
#[tokio::test]
async fn the_child_on_a_small_disk() {
    let Some(dir) = std::env::var_os(MOUNTED) else { return };
    let dir = Path::new(&dir);
    let ledger = open(&dir.join("state.sqlite")).await;
    charged(&ledger, &claim(0, "p", 0)).await;
    let filler = dir.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[1; 4_096]).is_ok() {}
    let mut done = 1;
    let refused = loop {
        match ledger.charge(&claim(done, "p", done), noon(), no_windows, within(1_000_000)).await {
            Ok(Outcome::Charged(_)) => done += 1,
            Ok(_) => panic!("not charged"),
            Err(error) => break error,
        }
        assert!(done < 10_000, "the disk is not full");
    };
    assert_eq!(refused.code(), "ledger.database");
    let stored = ledger.store_release(1, vec![1; 1 << 20], noon()).await;
    assert_eq!(error(stored).code(), "ledger.database");
    drop(file);
    std::fs::remove_file(&filler).unwrap();
    charged(&ledger, &claim(done, "p", done)).await;
    ledger.store_release(1, vec![1; 1 << 18], noon()).await.unwrap();
    let totals = open(&dir.join("state.sqlite")).await.totals().await.unwrap();
    assert_eq!(totals.life, rho((done + 1) * PRICE), "what was confirmed, and nothing of what was refused");
    writeln!(std::io::stdout(), "\ngone on after {done} charges").unwrap();
}

#[test]
fn a_disk_that_is_full_refuses_and_with_room_again_all_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let test = concat!(module_path!(), "::the_child_on_a_small_disk").split_once("::").unwrap().1;
    // A file system of its own, where the system lets this user mount one; elsewhere the limits above stand for it.
    let mounted = |flags: &str| {
        Command::new("unshare")
            .args([flags, "sh", "-c", "mount -t tmpfs -o size=2m none \"$0\" && echo mounted && exec \"$1\" --exact \"$2\" --nocapture"])
            .arg(dir.path())
            .arg(std::env::current_exe().unwrap())
            .arg(test)
            .env(MOUNTED, dir.path())
            .output()
    };
    for flags in ["-m", "-Urm"] {
        let Ok(output) = mounted(flags) else { continue };
        let told = String::from_utf8_lossy(&output.stdout);
        if told.starts_with("mounted\n") {
            assert!(output.status.success() && told.contains("gone on after "), "{told}");
            return;
        }
    }
    let told = "\nthis user may not mount a file system; see the test of a file that may not grow";
    writeln!(std::io::stdout(), "{told}").unwrap();
}
