//! How long a query takes through a federation on loopback, beside its bare SQL:
//!
//! ```text
//! cargo run --release -p tvaers-tests --example latency -- --persons N --queries N
//! ```
//!
//! A region and two municipalities, each with its own keys, data, ledger and audit log, and the coordinator speak QUIC
//! with mutual TLS on loopback, in one process. Every query is another question, so that none has a stored answer.
#![expect(clippy::print_stdout, reason = "it is a program for a terminal")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures_util::TryStreamExt as _;
use tvaers_coordinator::event::Events;
use tvaers_coordinator::query;
use tvaers_coordinator::request::QueryAsked;
use tvaers_coordinator::stratify::RequestId;
use tvaers_definitions::feature::{Feature, Rule};
use tvaers_definitions::library::Library;
use tvaers_link::clock::SystemClock;
use tvaers_protocol::problem::Exit;
use tvaers_tests::federation::Federation;
use tvaers_warehouse::data::Warehouse;
use tvaers_warehouse::sql::{CellExtraction, Holding, Test};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (mut persons, mut queries) = (10_000, 200_u32);
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().with_context(|| format!("`{option}` needs a number"))?;
        match option.as_str() {
            "--persons" => persons = value.parse()?,
            "--queries" => queries = value.parse()?,
            _ => bail!("`{option}` is neither `--persons` nor `--queries`"),
        }
    }
    let federation = Federation::builder().made(persons, 1).build().await?;
    let coordinator = serve(&federation).await?;
    let mut through = Vec::new();
    for n in 0..queries {
        let signed = federation.signed_query(&text(&federation, n), 1)?;
        let began = Instant::now();
        let (events, _) = Events::channel();
        let asked = QueryAsked { query: signed, deadline_s: 30 };
        let outcome = query::run_as(&coordinator, &RequestId::random(), &asked, &events).await?;
        through.push(began.elapsed());
        let tvaers_coordinator::stratify::Outcome::Answered(answered) = outcome else {
            bail!("not answered")
        };
        anyhow::ensure!(answered.exit(false) == Exit::Done, "{:?}", answered.problem(false));
    }
    let bare = bare(&federation, queries).await?;
    println!("{persons} persons, {queries} queries by sex and age band over two municipalities and a region");
    println!("{:28} {:>8} {:>8}", "milliseconds", "p50", "p95");
    for (what, times) in [("through the federation", through), ("bare SQL, slowest node", bare)] {
        println!("{what:28} {:8.1} {:8.1}", percentile(&times, 50), percentile(&times, 95));
    }
    Ok(())
}

/// Even ones are for the municipalities, odd ones for the region.
fn text(federation: &Federation, n: u32) -> String {
    let (condition, sector) =
        if n.is_multiple_of(2) { ("age", "municipality") } else { ("gp_contacts_2y", "region") };
    format!(
        "name = \"latency\"\nkind = \"count\"\nby = [\"sex\", \"age_band\"]\nas_of = {}\n[[where]]\nfeature = \"{condition}\"\nfrom = {}\n[privacy]\nrho = 0.001\n[nodes]\nsector = \"{sector}\"\n",
        federation.as_of(),
        n / 2 % 100
    )
}

/// Has every party serve over QUIC.
async fn serve(federation: &Federation) -> anyhow::Result<Arc<tvaers_coordinator::coordinator::Coordinator>> {
    let home = federation.coordinator_home();
    let (coordinator, mut listener) = tvaers_coordinator::app::open(&home).await?;
    let address = listener.local_addr().to_string();
    let listening = Arc::clone(&coordinator);
    tokio::spawn(async move { tvaers_coordinator::serve::listen(&listening, &mut listener).await });
    for id in federation.names() {
        let (node, dialer, _) =
            tvaers_node::app::open(federation.node_home(&id), Arc::new(SystemClock)).await?;
        let address = address.clone();
        tokio::spawn(async move { tvaers_node::serve::run(node, dialer, &address).await });
    }
    Ok(coordinator)
}

/// The same statements without anything around them; the slowest node of each query counts.
async fn bare(federation: &Federation, queries: u32) -> anyhow::Result<Vec<Duration>> {
    let library = Library::embedded()?;
    let named =
        |name: &str| library.catalogue().feature(name).map(|feature| &**feature).context("no such feature");
    let by_rule = |is_it: fn(&Feature) -> bool| {
        let found = library.catalogue().features().iter().find(|feature| is_it(feature));
        found.map(|feature| &**feature).context("no such feature")
    };
    let resident = by_rule(|feature| matches!(feature.rule, Rule::Resident(_)))?;
    let kommune = by_rule(|feature| matches!(feature.rule, Rule::Kommune { .. }))?;
    let mut warehouses = Vec::new();
    for id in federation.names() {
        let home = federation.node_home(&id);
        let is_data = |name: &str| name.starts_with("data-") && name.ends_with(".sqlite");
        let mut files = std::fs::read_dir(home.dir())?.filter_map(Result::ok).map(|entry| entry.path());
        let file = files.find(|path| path.file_name().is_some_and(|name| is_data(&name.to_string_lossy())));
        warehouses.push((id, Warehouse::open(&file.context("no data")?, 1).await?));
    }
    let mut times = Vec::new();
    for n in 0..queries {
        let (condition, sector) = if n.is_multiple_of(2) { ("age", 'k') } else { ("gp_contacts_2y", 'r') };
        let mut slowest = Duration::ZERO;
        for (id, warehouse) in warehouses.iter().filter(|(id, _)| id.as_str().starts_with(sector)) {
            let members = [360, 376];
            let holding = match id.as_str().strip_prefix('k') {
                Some(code) => Holding::Municipality { own: code.parse()? },
                None => Holding::Region { members: &members },
            };
            let extraction = CellExtraction {
                sum: None,
                by: &[named("sex")?, named("age_band")?],
                conditions: &[(named(condition)?, Test::Range { from: i64::from(n / 2 % 100), to: 120 })],
                resident,
                kommune,
                holding,
                as_of: federation.as_of(),
            };
            let statement = extraction.statement(warehouse.dialect())?;
            let began = Instant::now();
            let mut reading = warehouse.reading().await?;
            let mut rows = reading.cells(&statement);
            while rows.try_next().await?.is_some() {}
            slowest = slowest.max(began.elapsed());
        }
        times.push(slowest);
    }
    Ok(times)
}

fn percentile(times: &[Duration], per_cent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * per_cent).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
}
