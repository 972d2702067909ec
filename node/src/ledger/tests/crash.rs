//! A node killed at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use tvaers_host::process::system_rng;

use super::*;

const CHILD: &str = "TVAERS_TEST_LEDGER_CRASH";
const ROUNDS: u32 = 40;
const REQUESTS: u64 = 900;
/// Requests beyond the queries are others for an identical query.
const QUERIES: u64 = 600;
/// Fewer than there are queries: the end is reached in the later rounds.
const BUDGET: u64 = 300 * PRICE;

fn numbered(request: u64) -> Claim {
    claim(request, "p", request % QUERIES)
}

/// The child: asks at random, answers with noise of its own, and writes down what leaves, until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_child_that_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let ledger = Arc::new(open(Path::new(&path)).await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let ledger = Arc::clone(&ledger);
        tasks.spawn(async move {
            let mut rng = StdRng::seed_from_u64(system_rng().next_u64());
            loop {
                let request = rng.random_range(0..REQUESTS);
                let asked =
                    ledger.charge(&numbered(request), noon(), no_windows, within(BUDGET)).await.unwrap();
                let release = match asked {
                    Outcome::Stored(release) => release,
                    Outcome::Charged(charge) => {
                        let noisy = rng.random::<[u8; 32]>().to_vec();
                        ledger.store_release(charge.number, noisy, noon()).await.unwrap()
                    }
                    Outcome::Refused(_) => continue,
                };
                // One write, so that the reader sees all of a line or nothing.
                let line = format!("\nleft {request} {}\n", release.result);
                std::io::stdout().write_all(line.as_bytes()).unwrap();
            }
        });
    }
    tasks.join_next().await;
}

/// Runs the child on a ledger until it has answered `answers` times and `delay` more; gives all that left.
fn killed_after(path: &Path, answers: usize, delay: Duration) -> Vec<(u64, String)> {
    let test = concat!(module_path!(), "::the_child_that_is_killed").split_once("::").unwrap().1;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let answer = |line: String| {
        let (request, result) = line.strip_prefix("left ")?.split_once(' ')?;
        (result.len() == 64).then(|| (request.parse().unwrap(), result.to_owned()))
    };
    let mut left: Vec<_> = lines.by_ref().map_while(Result::ok).filter_map(answer).take(answers).collect();
    // Where in a transaction the child dies is left to chance.
    std::thread::sleep(delay);
    child.kill().unwrap();
    left.extend(lines.map_while(Result::ok).filter_map(answer));
    child.wait().unwrap();
    left
}

#[tokio::test]
async fn killed_at_any_moment_never_more_is_released_than_charged_and_never_anything_else() {
    let seed = system_rng().next_u64();
    let mut rng = StdRng::seed_from_u64(seed);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.sqlite");
    let mut left: BTreeMap<u64, String> = BTreeMap::new();
    let (mut kills_in_between, mut last_head) = (0, None);
    for round in 0..ROUNDS {
        let place = format!("seed {seed}, round {round}");
        let delay = Duration::from_micros(rng.random_range(0..15_000));
        for (request, result) in killed_after(&path, rng.random_range(0..60), delay) {
            let earlier = left.entry(request % QUERIES).or_insert_with(|| result.clone());
            assert_eq!(*earlier, result, "{place}: query {} left twice", request % QUERIES);
        }
        // Opening verifies every entry and every answer.
        let ledger = open(&path).await;
        if let Some(head) = &last_head {
            assert!(ledger.contains(head).await.unwrap(), "{place}: the ledger lost entries");
        }
        last_head = Some(ledger.head().await.unwrap());
        let past = ledger.history(None, 0, 1_000).await.unwrap();
        let total = ledger.totals().await.unwrap().life;
        let charged: BTreeSet<Digest> = past.iter().map(|past| past.query).collect();
        assert_eq!(charged.len(), past.len(), "{place}: a query was charged twice");
        assert_eq!(total, rho(PRICE * past.len() as u64), "{place}");
        assert!(total <= rho(BUDGET), "{place}: more than the budget was charged");
        let released = past.iter().filter(|past| past.released).count();
        assert!(left.len() <= released && released <= past.len(), "{place}");
        kills_in_between += u32::from(released < past.len());
        for (query, result) in &left {
            let release = stored(&ledger, &numbered(*query)).await;
            assert_eq!(release.result.to_string(), *result, "{place}: query {query} is answered otherwise");
        }
        ledger.pool.close().await;
    }
    assert!(kills_in_between > 0, "seed {seed}: no kill fell between a charge and its release");
}
