//! What a later run under one key costs, beside the first: a run, then one in which a hundredth of each node's persons
//! are new to it.
//!
//! ```text
//! cargo run --release -p tvaers-tests --example follow_up -- [PERSONS [SEED]]
//! ```
//!
//! All parties are in this process, so its processor time is that of all of them. Whoever is to be new is taken out of
//! what the nodes have kept of the first run.

use std::env;
use std::io::{Write as _, stdout};

use anyhow::Context as _;
use jiff::civil::date;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tvaers_coordinator::asker::StudyWish;
use tvaers_coordinator::event::{Event, Events, Phase};
use tvaers_coordinator::stratify::Summary;
use tvaers_host::process::usage;
use tvaers_protocol::request::Series;
use tvaers_protocol::study::{Grain, RunId};
use tvaers_tests::federation::Federation;

/// Processor seconds, a phase.
type Costs = Vec<(Phase, f64)>;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = |otherwise: &str| arguments.next().unwrap_or(otherwise.to_owned());
    let (persons, seed): (u32, u64) = (next("100000").parse()?, next("1").parse()?);
    let mut federation = Federation::builder().made(persons, seed).build().await?;
    federation.connect_all().await?;
    let (first, before) = run(&federation, None).await?;
    let known = forget_a_hundredth(&federation, first.run).await?;
    let (_, after) = run(&federation, Some(first.run)).await?;
    let screen = &mut stdout().lock();
    let (evaluated, holders) = first.quorum;
    writeln!(
        screen,
        "{persons} persons, seed {seed}, {evaluated} of {holders} key holders; {known} rows of persons"
    )?;
    writeln!(screen, "phase | first run, s | 1 % newcomers, s | share\n---|---|---|---")?;
    let mut line = |name: &str, of: &dyn Fn(Phase) -> bool| {
        let sum =
            |costs: &Costs| costs.iter().filter(|(phase, _)| of(*phase)).map(|(_, cost)| cost).sum::<f64>();
        let (before, after) = (sum(&before), sum(&after));
        writeln!(screen, "{name} | {before:.2} | {after:.2} | {:.1} %", 100.0 * after / before)
    };
    line("key generation or refresh", &|phase| phase == Phase::Keygen)?;
    line("pseudonyms", &|phase| phase == Phase::Pseudonyms)?;
    line("features, with who is known", &|phase| phase == Phase::Features)?;
    line("join, release, hand-back", &|phase| phase > Phase::Pseudonyms)?;
    line("all", &|_| true)?;
    Ok(())
}

/// A run that keeps its key, and what each phase of it cost.
async fn run(federation: &Federation, first: Option<RunId>) -> anyhow::Result<(Summary, Costs)> {
    let wish = federation.wish("sad", federation.as_of(), Grain::Points);
    let series = Some(Series { first, until: date(2099, 12, 31) });
    let request = federation.signed_wish(StudyWish { series, ..wish });
    let (events, mut heard) = Events::channel();
    let timed = tokio::spawn(async move {
        let (mut costs, mut begun) = (Costs::new(), None);
        while let Some(event) = heard.recv().await {
            match event {
                Event::Begin(phase) => begun = Some((phase, now())),
                Event::End(phase) => {
                    if let Some((_, before)) = begun.take_if(|(of, _)| *of == phase) {
                        costs.push((phase, now() - before));
                    }
                }
                Event::Progress { .. } => {}
            }
        }
        costs
    });
    let summary = federation.ask_telling(&request, &events).await?;
    drop(events);
    Ok((summary, timed.await?))
}

/// Processor seconds of this process so far.
fn now() -> f64 {
    usage(std::process::id()).map_or(0.0, |used| used.cpu_s)
}

/// Has every node forget each hundredth of its persons. Gives how many it knew, over all nodes.
async fn forget_a_hundredth(federation: &Federation, first: RunId) -> anyhow::Result<u64> {
    let mut known = 0;
    for id in federation.names() {
        let file = federation.node_home(&id).series(&first.to_string());
        let mut file = SqliteConnectOptions::new().filename(file).connect().await?;
        let forget = "DELETE FROM known WHERE person_id IN
            (SELECT person_id FROM (SELECT person_id, row_number() OVER (ORDER BY pseudonym) AS n FROM known) WHERE n % 100 = 0)";
        let forgotten = sqlx::query(forget).execute(&mut file).await?.rows_affected();
        let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM known").fetch_one(&mut file).await?;
        file.close().await.context("a series' file")?;
        known += forgotten + u64::try_from(left)?;
    }
    Ok(known)
}
