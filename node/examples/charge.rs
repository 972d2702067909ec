//! How many charges and releases a second the ledger takes: one after the other, and of 32 tasks at once, each alone in
//! its transaction and sharing transactions as they come.
//!
//! `cargo run --release -p tvaers-node --example charge -- FOLDER`, on the disk that a node's folder is on.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement for a person at a terminal, who sees where it ends"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tvaers_node::ledger::Ledger;
use tvaers_node::ledger::claim::{Claim, Outcome};
use tvaers_node::ledger::name::{Name, Requester};
use tvaers_node::ledger::rho::NanoRho;
use tvaers_node::state::State;
use tvaers_protocol::id::Digest;

const REQUESTS: u64 = 2_048;

#[tokio::main]
async fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    for (what, tasks, places) in
        [("one after the other", 1, 1), ("32 at once, each alone", 32, 1), ("32 at once, sharing", 32, 32)]
    {
        let path = folder.join(format!("charge-{tasks}-{places}.sqlite"));
        let seconds = run(&path, tasks, places).await;
        let each = f64::from(u32::try_from(REQUESTS).unwrap()) / seconds;
        println!("{what}: {each:.0} requests a second, each a charge and a release");
        std::fs::remove_file(&path).unwrap();
    }
}

/// Charges and answers all requests by so many tasks, of which so many may be at the ledger at once.
async fn run(path: &Path, tasks: u64, places: usize) -> f64 {
    let state = State::open(path).await.unwrap();
    let ledger = Arc::new(Ledger::open(state.pool()).await.unwrap());
    let places = Arc::new(Semaphore::new(places));
    let began = Instant::now();
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let (ledger, places) = (Arc::clone(&ledger), Arc::clone(&places));
        running.spawn(async move {
            for request in (task..REQUESTS).step_by(usize::try_from(tasks).unwrap()) {
                let _place = places.acquire().await.unwrap();
                answer(&ledger, request).await;
            }
        });
    }
    running.join_all().await;
    let seconds = began.elapsed().as_secs_f64();
    state.close().await;
    seconds
}

async fn answer(ledger: &Ledger, request: u64) {
    let digest = |of: &str| Digest::of(of, &[&request.to_be_bytes()]);
    let name = |text: &str| Name::new(text).unwrap();
    let requester = Requester { name: name("somebody"), key: Digest::NONE };
    let claim = Claim::query(digest("request"), name("permit"), requester, digest("query"), 1, 0);
    let now = Timestamp::UNIX_EPOCH;
    let price = |_: &_| Ok::<_, ()>(NanoRho::new(1).unwrap());
    let charged = ledger.charge(&claim, now, |_| Vec::new(), price).await.unwrap();
    if let Outcome::Charged(charge) = charged {
        ledger.store_release(charge.number, vec![0; 2_000], now).await.unwrap();
    }
}
