//! Promises of the ledger, on files of their own with the options that a node's state database has.

mod charge;
mod crash;
mod full;
mod property;
mod race;
pub(super) mod step;
mod tamper;

use std::path::Path;

use jiff::Timestamp;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tvaers_protocol::id::Digest;

use super::claim::{Charge, Claim, Outcome, Release, Spent, Window};
use super::name::{Name, Requester};
use super::rho::NanoRho;
use super::{Ledger, LedgerError};

/// The price of every query here.
const PRICE: u64 = 7;

async fn pool(path: &Path, connections: u32) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true);
    let pool = SqlitePoolOptions::new().max_connections(connections).connect_with(options).await.unwrap();
    sqlx::migrate!("./migrations").run(&pool).await.unwrap();
    pool
}

async fn open(path: &Path) -> Ledger {
    Ledger::open(pool(path, 4).await).await.unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn noon() -> Timestamp {
    at("2026-03-01T12:00:00Z")
}

fn digest(of: u64) -> Digest {
    Digest::of("test", &[&of.to_be_bytes()])
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn requester() -> Requester {
    Requester { name: name("Åse Østergård"), key: digest(0) }
}

/// Request `request` of permit `permit` for query `query` over import 1.
fn claim(request: u64, permit: &str, query: u64) -> Claim {
    Claim::query(digest(request), name(permit), requester(), digest(query), 1, 0)
}

fn rho(amount: u64) -> NanoRho {
    NanoRho::new(amount).unwrap()
}

fn no_windows(_: Timestamp) -> Vec<Window> {
    Vec::new()
}

/// A policy of one budget per permit.
fn within(budget: u64) -> impl Fn(&Spent) -> Result<NanoRho, &'static str> + Copy + Send {
    move |spent| {
        let sum = spent.permit.plus(rho(PRICE)).ok_or("overflow")?;
        if sum <= rho(budget) { Ok(rho(PRICE)) } else { Err("budget.permit") }
    }
}

async fn ask(ledger: &Ledger, claim: &Claim) -> Outcome<&'static str> {
    ledger.charge(claim, noon(), no_windows, within(u64::MAX >> 1)).await.unwrap()
}

async fn charged(ledger: &Ledger, claim: &Claim) -> Charge {
    match ask(ledger, claim).await {
        Outcome::Charged(charge) => charge,
        Outcome::Stored(_) => panic!("answered from the store"),
        Outcome::Refused(rule) => panic!("refused by {rule}"),
    }
}

async fn stored(ledger: &Ledger, claim: &Claim) -> Release {
    match ask(ledger, claim).await {
        Outcome::Stored(release) => release,
        Outcome::Charged(charge) => panic!("charged as {}", charge.number),
        Outcome::Refused(rule) => panic!("refused by {rule}"),
    }
}

async fn charges(ledger: &Ledger) -> usize {
    ledger.history(None, 0, 1_000).await.unwrap().len()
}

/// The error of a call that must fail; answers have no `Debug`.
fn error<T>(result: Result<T, LedgerError>) -> LedgerError {
    match result {
        Ok(_) => panic!("it should have failed"),
        Err(error) => error,
    }
}
