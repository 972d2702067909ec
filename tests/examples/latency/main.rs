//! How long a statistic takes from asking to the stored result, beside the node's own SQL run bare over the same file:
//!
//! ```text
//! cargo run --release -p tvaers-tests --example latency -- [--persons N] [--queries N] [--out DIR]
//! ```
//!
//! A region, whose patients the queries are about, two municipalities and the coordinator, each with its own folder,
//! keys, ledger and audit log, speak QUIC with mutual TLS on loopback, in one process. Policies are a laboratory's: no
//! grid of time. Every query is another question, so that none has a stored answer; each is asked right before or after
//! its SQL is run bare, in turn, and both must agree on every cell to 8 standard errors.
//!
//! The promise is that the median is at most 1.1 times that of the bare SQL, and 20 ms; where it is not, the program
//! ends with 1. `--out` keeps what `tests/smartnoise/run` compares with: the persons and our times.
#![expect(clippy::print_stdout, reason = "it is a program for a terminal")]

mod bare;
mod export;
mod question;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use tvaers_coordinator::coordinator::Coordinator;
use tvaers_coordinator::event::Events;
use tvaers_coordinator::query;
use tvaers_coordinator::request::QueryAsked;
use tvaers_coordinator::stratify::{Outcome, RequestId};
use tvaers_definitions::library::Library;
use tvaers_link::clock::SystemClock;
use tvaers_protocol::problem::Exit;
use tvaers_tests::federation::Federation;

use crate::bare::Bare;
use crate::question::{KINDS, Question};

/// Persons of the whole federation: the region then has a little over 100,000 patients.
const PERSONS: u32 = 110_000;

/// What the median may be: so much of the bare SQL's, and so much on top.
const FACTOR: f64 = 1.1;
const ON_TOP: Duration = Duration::from_millis(20);

/// The times of one question.
struct Times {
    kind: usize,
    through: Duration,
    bare: Duration,
    anew: Duration,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let (mut persons, mut queries, mut out) = (PERSONS, 50_u32, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().with_context(|| format!("`{option}` needs a value"))?;
        match option.as_str() {
            "--persons" => persons = value.parse()?,
            "--queries" => queries = value.parse()?,
            "--out" => out = Some(PathBuf::from(value)),
            _ => bail!("`{option}` is none of `--persons`, `--queries`, `--out`"),
        }
    }
    let federation = Federation::builder().made(persons, 1).build().await?;
    let library = Library::embedded()?;
    let bare = Bare::open(&federation, &library).await?;
    let coordinator = serve(&federation).await?;
    let mut times = Vec::new();
    for n in 0..queries {
        let question = Question::nth(n);
        times.push(take(&federation, &coordinator, &bare, &question, n.is_multiple_of(2)).await?);
    }
    println!("region with {} patients, {queries} queries, milliseconds (median)", bare.persons());
    println!("{:44} {:>8} {:>8} {:>8} {:>8}", "", "answer", "SQL bare", "opened*", "limit");
    for (index, kind) in KINDS.iter().enumerate() {
        let of_kind: Vec<&Times> = times.iter().filter(|times| times.kind == index).collect();
        line(kind.name, &of_kind);
    }
    // Ten queries of a kind are few for a limit of milliseconds; all of them together are held to it.
    let within = line("all", &times.iter().collect::<Vec<_>>());
    println!("* the SQL bare, with the file opened anew for it, as a node does for the first query");
    println!("all at most 1.1 x SQL + 20 ms: {}", if within { "yes" } else { "NO" });
    if let Some(out) = out {
        let of_first = times.iter().filter(|times| times.kind == 0).map(|times| times.through);
        export::export(&out, &bare, of_first.collect()).await?;
    }
    Ok(if within { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Has every party serve over QUIC, and waits until the region is there.
async fn serve(federation: &Federation) -> anyhow::Result<Arc<Coordinator>> {
    let home = federation.coordinator_home();
    let (coordinator, mut listener) = tvaers_coordinator::app::open(&home).await?;
    let address = listener.local_addr().to_string();
    let listening = Arc::clone(&coordinator);
    tokio::spawn(async move { tvaers_coordinator::serve::listen(&listening, &mut listener).await });
    for id in federation.names() {
        let home = federation.node_home(&id);
        let (node, dialer, _) = tvaers_node::app::open(home, Arc::new(SystemClock)).await?;
        let address = address.clone();
        tokio::spawn(async move { tvaers_node::serve::run(node, dialer, &address).await });
    }
    // The first query waits until the nodes have dialled.
    through(federation, &coordinator, &Question::warm_up()).await?;
    Ok(coordinator)
}

/// Takes the times of one question, and compares the cells.
async fn take(
    federation: &Federation,
    coordinator: &Coordinator,
    bare: &Bare<'_>,
    question: &Question,
    is_bare_first: bool,
) -> anyhow::Result<Times> {
    let statement = bare.statement(question)?;
    let first = if is_bare_first { Some(bare.run(&statement).await?) } else { None };
    let (through, answer) = through(federation, coordinator, question).await?;
    let (took, cells) = match first {
        Some(first) => first,
        None => bare.run(&statement).await?,
    };
    let anew = bare.run_anew(&statement).await?;
    bare.compare(question, &cells, &answer).with_context(|| question.text(federation.as_of()))?;
    Ok(Times { kind: question.kind, through, bare: took, anew })
}

/// Asks through the federation, as the program of the person who asks does once it is connected.
async fn through(
    federation: &Federation,
    coordinator: &Coordinator,
    question: &Question,
) -> anyhow::Result<(Duration, tvaers_coordinator::answer::Answer)> {
    let signed = federation.signed_query(&question.text(federation.as_of()), 1)?;
    let (events, _) = Events::channel();
    let asked = QueryAsked { query: signed, deadline_s: 30 };
    let id = RequestId::random();
    let began = Instant::now();
    let outcome = query::run_as(coordinator, &id, &asked, &events).await?;
    let mut results = coordinator.results(id.as_str(), 0).await?;
    let took = began.elapsed();
    let Outcome::Answered(answered) = outcome else { bail!("not answered") };
    ensure!(answered.exit(false) == Exit::Done, "{:?}", answered.problem(false));
    Ok((took, results.pop().context("no result")?))
}

/// Prints a line, and says whether it is within the limit.
fn line(name: &str, times: &[&Times]) -> bool {
    let median = |of: fn(&Times) -> Duration| median(times.iter().map(|times| of(times)).collect());
    let (through, bare) = (median(|times| times.through), median(|times| times.bare));
    let limit = bare.mul_f64(FACTOR) + ON_TOP;
    let columns = [through, bare, median(|times| times.anew), limit].map(|time| time.as_secs_f64() * 1_000.0);
    println!("{name:44} {}", columns.map(|column| format!("{column:8.1}")).join(" "));
    through <= limit
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}
