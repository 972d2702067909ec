//! Many requests at once.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::*;

/// Asks 32 different queries at once, spread over the ledgers, of a budget that admits ten.
async fn race(ledgers: Vec<Arc<Ledger>>) -> usize {
    let mut tasks = JoinSet::new();
    for request in 0..32_u64 {
        let ledger = Arc::clone(&ledgers[usize::try_from(request).unwrap() % ledgers.len()]);
        tasks.spawn(async move {
            let claim = claim(request, "p", request);
            // Nine nano more than ten charges: what remains is not enough for another.
            let outcome = ledger.charge(&claim, noon(), no_windows, within(10 * PRICE + PRICE - 1)).await;
            matches!(outcome.unwrap(), Outcome::Charged(_))
        });
    }
    tasks.join_all().await.into_iter().filter(|charged| *charged).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_32_requests_at_once_exactly_those_within_the_budget_are_charged() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Arc::new(open(&dir.path().join("state.sqlite")).await);
    assert_eq!(race(vec![Arc::clone(&ledger)]).await, 10);
    assert_eq!(charges(&ledger).await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_pools_of_one_file_are_one_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.sqlite");
    let ledgers = vec![Arc::new(open(&path).await), Arc::new(open(&path).await)];
    assert_eq!(race(ledgers.clone()).await, 10);
    for ledger in &ledgers {
        assert_eq!(ledger.totals().await.unwrap().life, rho(10 * PRICE));
    }
    assert_eq!(ledgers[0].head().await.unwrap(), ledgers[1].head().await.unwrap());
    assert_eq!(charges(&open(&path).await).await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_request_sent_32_times_at_once_is_charged_once_and_answered_alike() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.sqlite");
    let ledgers = [Arc::new(open(&path).await), Arc::new(open(&path).await)];
    let mut tasks = JoinSet::new();
    for copy in 0..32_u8 {
        let ledger = Arc::clone(&ledgers[usize::from(copy % 2)]);
        tasks.spawn(async move {
            // Half of them are retries of one request, half are others for the identical query.
            let request = if copy % 4 < 2 { 0 } else { u64::from(copy) };
            match ledger.charge(&claim(request, "p", 1), noon(), no_windows, within(PRICE)).await.unwrap() {
                Outcome::Stored(release) => release.body,
                // Each would answer with noise of its own.
                Outcome::Charged(charge) => {
                    ledger.store_release(charge.number, vec![copy], noon()).await.unwrap().body
                }
                Outcome::Refused(rule) => panic!("refused by {rule}"),
            }
        });
    }
    let mut bodies = tasks.join_all().await;
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "all answers are the same bytes");
    assert_eq!(ledgers[0].totals().await.unwrap().life, rho(PRICE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_that_fails_or_goes_away_takes_nobody_with_it_who_shares_the_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Arc::new(open(&dir.path().join("state.sqlite")).await);
    let mut tasks = JoinSet::new();
    for request in 0..64_u64 {
        let ledger = Arc::clone(&ledger);
        tasks.spawn(async move {
            let claim = claim(request, "p", request);
            let price = |_: &Spent| Ok::<_, ()>(if request % 4 == 0 { NanoRho::ZERO } else { rho(PRICE) });
            let charging = ledger.charge(&claim, noon(), no_windows, price);
            match request % 4 {
                // A charge of nothing is an error, found after it has its turn.
                0 => assert_eq!(error(charging.await).code(), "ledger.zero"),
                // Whoever asked is gone while it waits for its turn, or in the middle of it.
                1 => drop(
                    tokio::time::timeout(std::time::Duration::from_micros(request * 100), charging).await,
                ),
                _ => assert!(matches!(charging.await, Ok(Outcome::Charged(_)))),
            }
        });
    }
    tasks.join_all().await;
    // Those that went away may have been charged: a retry finds out.
    for request in (0..64).filter(|request| request % 4 == 1) {
        charged(&ledger, &claim(request, "p", request)).await;
    }
    assert_eq!(ledger.totals().await.unwrap().life, rho(48 * PRICE));
    assert_eq!(charges(&open(&dir.path().join("state.sqlite")).await).await, 48, "each once");
}
