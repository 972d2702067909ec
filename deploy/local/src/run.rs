//! A federation from import to work lists: provision, import, start every party, ask, stop.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use tvaers_coordinator::control::{Reply, Request, ask};
use tvaers_coordinator::query::Answered;
use tvaers_coordinator::stratify::Summary;
use tvaers_definitions::library::Library;
use tvaers_host::output::Output;
use tvaers_host::private;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::id::{PersonId, Sector};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::study::Grain;
use tvaers_query::Decimal;

use crate::asking::{self, Asking, Queries};
use crate::indicators::Indicators;
use crate::page::{self, Released};
use crate::party::Party;
use crate::permits::Permits;
use crate::provision::{self, DataFolder, Federation, Keys};
use crate::report::{IndicatorDone, Report, WorklistCounts};
use crate::timing::Timings;

/// Imports that run at the same time: one per core of a small machine.
const IMPORTS: usize = 2;

/// The coordinator's name among the parties.
const COORDINATOR: &str = "coordinator";

/// Between looks whether all nodes are connected.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder with one folder per node.
    pub data: PathBuf,
    /// Where everything is written.
    pub out: PathBuf,
    /// The reference date.
    pub as_of: Date,
    /// Models, in order.
    pub models: Vec<String>,
    /// The finest grain that the laboratory policies grant.
    pub grain: Grain,
    /// Seconds to wait for a node that is away before going on without it.
    pub deadline_s: u64,
    /// Whether a run without some nodes counts as done.
    pub allow_missing: bool,
    /// Whether to remove the federation that is in `out`.
    pub fresh: bool,
    /// Query files, in order.
    pub queries: Vec<PathBuf>,
    /// Indicators, in order: names, or paths of files.
    pub indicators: Vec<String>,
    /// Further dates on which the indicators are asked.
    pub series: Vec<Date>,
    /// How often each query is asked; once, and as an object of its own, where it is not said.
    pub times: Option<u32>,
    /// What each query, indicator and released table is charged, in place of its own budget.
    pub rho: Option<Decimal>,
    /// The key of the person who asks, where it is not to be made here.
    pub key: Option<PathBuf>,
    /// The key of the person who approves stratifications, where it is not to be made here.
    pub second_key: Option<PathBuf>,
}

/// Runs it all.
///
/// # Errors
/// [`Problem`]: the first party's own.
pub fn run(options: &Options, output: Output) -> Result<Report, Problem> {
    let library =
        Library::embedded().map_err(|error| Problem::from_error(Exit::Failed, "definitions", &error))?;
    check_models(&library, &options.models)?;
    let folders = provision::look(&options.data)?;
    let queries = Queries::read(&library, &folders, &options.queries, options.rho, output)?;
    let dates = (options.as_of, options.series.as_slice());
    let indicators = Indicators::read(&options.indicators, dates, options.rho, &folders, output)?;
    check_names(&queries, &indicators)?;
    let today = jiff::tz::TimeZone::UTC.to_datetime(SystemClock.now()).date();
    let permits = Permits::look(&folders)?;
    let keys = Keys { analyst: options.key.as_deref(), officer: options.second_key.as_deref() };
    let federation = provision::provision(folders, &options.out, keys, options.fresh, today)?;
    permits.put(&federation, options.grain)?;
    indicators.put(&federation)?;
    let (asker, officer) = (federation.asker()?, federation.officer()?);
    let mut timings = Timings { persons: count_persons(&federation.folders)?, ..Timings::default() };
    import(&federation, options.as_of, &mut timings, output)?;
    forget_worklists(&federation, &options.models)?;
    forget_results(&federation, &options.models, &queries, &indicators)?;
    page::forget(&options.out)?;
    let mut parties = Vec::new();
    let result = start(&federation, &mut parties)
        .and_then(|()| wait_for_nodes(&federation, &mut parties, options.deadline_s))
        .and_then(|()| {
            let mut asking = Asking {
                runtime: &runtime()?,
                asker: &asker,
                officer: officer.as_ref(),
                permits: &permits,
                socket: federation.coordinator_home().socket(),
                parties: &parties,
                timings: &mut timings,
                deadline_s: options.deadline_s,
                output,
            };
            ask_all(&federation, options, &queries, &indicators, &mut asking)
        });
    for party in &parties {
        timings.peak(&party.name, party.usage().map_or(0, |used| used.peak_rss_bytes));
    }
    for party in parties {
        party.stop();
    }
    let Asked { summaries, answered, indicators, refused, released } = result?;
    write_timings(&options.out, &timings)?;
    let unanswered = answered.iter().filter(|answered| answered.results == 0);
    let unanswered = unanswered.filter_map(|answered| answered.problem(false));
    let unreleased = indicators.iter().filter(|done| done.files.is_empty());
    let unreleased = unreleased.filter_map(|done| done.problem.clone());
    let without: Vec<_> = refused.iter().cloned().chain(unanswered).chain(unreleased).collect();
    page::write_report(&options.out, &released, &without, &timings)?;
    let worklists = worklists(&federation, &summaries)?;
    let (models, summaries) = summaries.into_iter().unzip();
    let out = options.out.clone();
    Ok(Report { out, models, summaries, answered, indicators, refused, worklists, timings })
}

/// Takes the lists of an earlier run away: they are of other data, and a node that does not take part this time would
/// leave its old one standing beside the others' new ones.
fn forget_worklists(federation: &Federation, models: &[String]) -> Result<(), Problem> {
    for folder in federation.folders.iter().filter(|folder| folder.sector == Sector::Municipality) {
        let home = federation.node_home(&folder.id);
        for path in models.iter().flat_map(|model| [home.worklist(model), home.incomplete(model)]) {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Problem::new(Exit::Failed, "worklist.remove", error).at(path.display()));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Takes the results of an earlier run away, which would stand beside those that this one cannot make.
fn forget_results(
    federation: &Federation,
    models: &[String],
    queries: &Queries,
    indicators: &Indicators,
) -> Result<(), Problem> {
    let tables = models.iter().map(|model| federation.stratified(model));
    let answers = queries
        .iter()
        .flat_map(|query| [federation.result(query.name(), false), federation.result(query.name(), true)]);
    let of_indicators = indicators.questions().flat_map(|question| question.files);
    let of_indicators = of_indicators.map(|file| federation.result(&file, false));
    for path in tables.chain(answers).chain(of_indicators) {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Problem::new(Exit::Failed, "results.remove", error).at(path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Results of queries and of indicators stand in one folder, under their names.
fn check_names(queries: &Queries, indicators: &Indicators) -> Result<(), Problem> {
    let files: Vec<String> = indicators.questions().flat_map(|question| question.files).collect();
    let Some(query) = queries.iter().find(|query| files.iter().any(|file| file == query.name())) else {
        return Ok(());
    };
    let what = format_args!("a query and an indicator are called `{}`", query.name());
    Err(Problem::new(Exit::BadInput, "query.twice", what)
        .at("--query")
        .expected("a name of its own: it names the result file")
        .next("rename the query"))
}

fn check_models(library: &Library, models: &[String]) -> Result<(), Problem> {
    let known: Vec<&str> = library.models().iter().map(|model| model.name.as_str()).collect();
    match models.iter().find(|model| !known.contains(&model.as_str())) {
        None => Ok(()),
        Some(model) => {
            Err(Problem::new(Exit::BadInput, "run.model", format_args!("there is no model `{model}`"))
                .at("--model")
                .expected(format_args!("one of: {}", known.join(", ")))
                .next("see the status in README.md for what this version has"))
        }
    }
}

/// Imports every node's files, each in a process of the node's own.
fn import(
    federation: &Federation,
    extracted_on: Date,
    timings: &mut Timings,
    output: Output,
) -> Result<(), Problem> {
    let running = Timings::begin("import", &[]);
    output.note("phase import begin");
    let day = extracted_on.to_string();
    for pair in federation.folders.chunks(IMPORTS) {
        let mut parties = Vec::new();
        for folder in pair {
            let path = folder.path.to_string_lossy();
            let arguments = ["import", &path, "--extracted-on", &day];
            let home = federation.node_home(&folder.id);
            parties.push(Party::start(folder.id.as_str(), "node", home.dir(), &arguments)?);
        }
        // All are waited for, so that none is left behind when one fails.
        let ended: Vec<_> = parties.into_iter().map(|party| (party.name.clone(), party.finish())).collect();
        for (name, ended) in ended {
            let told: serde_json::Value = serde_json::from_str(&ended?.output).unwrap_or_default();
            if let Some(bytes) = told.get("peak_rss_bytes").and_then(serde_json::Value::as_u64) {
                timings.peak(&name, bytes);
            }
        }
    }
    timings.end(running, &[]);
    output.note("phase import end");
    Ok(())
}

/// Starts the coordinator and every node.
fn start(federation: &Federation, parties: &mut Vec<Party>) -> Result<(), Problem> {
    let home = federation.coordinator_home();
    let mut coordinator = Party::start(COORDINATOR, "coordinator", home.dir(), &["serve", "--with-stdin"])?;
    let address = coordinator.listening();
    parties.push(coordinator);
    let address = address?.to_string();
    for folder in &federation.folders {
        let home = federation.node_home(&folder.id);
        let arguments = ["serve", "--coordinator", &address, "--with-stdin"];
        parties.push(Party::start(folder.id.as_str(), "node", home.dir(), &arguments)?);
    }
    Ok(())
}

/// Waits until every node that runs is connected, or one has ended and says why. Who is missing, and for how long that
/// is borne, is for the coordinator to say.
fn wait_for_nodes(federation: &Federation, parties: &mut [Party], deadline_s: u64) -> Result<(), Problem> {
    let runtime = runtime()?;
    let socket = federation.coordinator_home().socket();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(deadline_s) {
        let mut gone = Vec::new();
        for party in &mut *parties {
            match party.ended() {
                None => {}
                // A node that was killed is one that does not answer; any other end has a reason to be told.
                Some(problem) if problem.exit == Exit::Incomplete && party.name != COORDINATOR => {
                    gone.push(party.name.clone());
                }
                Some(problem) => return Err(problem),
            }
        }
        let nodes = match runtime.block_on(ask(&socket, &Request::Nodes, |_| {}))? {
            Reply::Nodes(nodes) => nodes,
            _ => Vec::new(),
        };
        if nodes.iter().all(|node| node.connected || gone.iter().any(|name| name == node.node.as_str())) {
            return Ok(());
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime, Problem> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::from_error(Exit::Failed, "runtime", &error))
}

/// Asks all that is asked for. What is refused or fails is told in the end: the rest is done, and what was released
/// stands. Only a coordinator that answers no more ends it.
fn ask_all(
    federation: &Federation,
    options: &Options,
    queries: &Queries,
    indicators: &Indicators,
    asking: &mut Asking<'_>,
) -> Result<Asked, Problem> {
    let mut asked = Asked::default();
    for model in &options.models {
        match asking.stratify(model, options.as_of, options.grain, options.rho) {
            Ok(summary) => {
                if let Some(tables) = &summary.tables {
                    let json = serde_json::to_string(tables)
                        .map_err(|error| Problem::from_error(Exit::Failed, "tables.json", &error))?;
                    asked.released.add(&json);
                    asking::write(&federation.stratified(model), &[json])?;
                }
                asked.summaries.push((model.clone(), summary));
            }
            Err(problem) if is_gone(&problem) => return asked.without(problem),
            Err(problem) => asked.refused.push(problem),
        }
    }
    for query in queries.iter() {
        let answered = match asking.query(query, options.times.unwrap_or(1)) {
            Ok(answered) => answered,
            Err(problem) if is_gone(&problem) => return asked.without(problem),
            Err(problem) => {
                asked.refused.push(problem);
                continue;
            }
        };
        if answered.results > 0 {
            let results = asking.results(answered.request.as_str())?;
            asked.released.add_answers(&results);
            asking::write(&federation.result(query.name(), options.times.is_some()), &results)?;
        }
        asked.answered.push(answered);
    }
    for question in indicators.questions() {
        let (name, as_of) = (question.indicator.name.clone(), question.as_of);
        match asking.indicator(&question, options.grain) {
            Ok((results, told)) => {
                let files = if results.is_empty() { Vec::new() } else { question.files.clone() };
                for file in &files {
                    asking::write(&federation.result(file, false), &results)?;
                }
                asked.released.add_answers(&results);
                let problem = told.problem(options.allow_missing);
                asked.indicators.push(IndicatorDone { name, as_of, files, problem });
            }
            Err(problem) if is_gone(&problem) => return asked.without(problem),
            Err(problem) => {
                let problem = Some(problem);
                asked.indicators.push(IndicatorDone { name, as_of, files: Vec::new(), problem });
            }
        }
    }
    Ok(asked)
}

/// Whether no coordinator answers any more, so that nothing else can be asked.
fn is_gone(problem: &Problem) -> bool {
    problem.code.starts_with("control.")
}

/// What was asked, and what came of it.
#[derive(Default)]
struct Asked {
    summaries: Vec<(String, Summary)>,
    answered: Vec<Answered>,
    indicators: Vec<IndicatorDone>,
    refused: Vec<Problem>,
    /// What stands in the report.
    released: Released,
}

impl Asked {
    /// What there is when nothing more can be asked: the problem alone where nothing was released.
    fn without(mut self, problem: Problem) -> Result<Self, Problem> {
        if self.released.is_empty() && self.summaries.is_empty() {
            return Err(problem);
        }
        self.refused.push(problem);
        Ok(self)
    }
}

fn write_timings(out: &Path, timings: &Timings) -> Result<(), Problem> {
    let failed =
        |error: &(dyn std::error::Error + 'static)| Problem::from_error(Exit::Failed, "timings", error);
    let text = serde_json::to_string_pretty(timings).map_err(|error| failed(&error))?;
    private::replace(&out.join("timings.json"), (text + "\n").as_bytes()).map_err(|error| failed(&error))
}

/// Distinct persons over all nodes' registers. Rows that are not persons are left for the import to name.
fn count_persons(folders: &[DataFolder]) -> Result<u64, Problem> {
    let mut persons = HashSet::new();
    for folder in folders {
        let file = folder.path.join(match folder.sector {
            Sector::Region => "patients.csv",
            Sector::Municipality => "persons.csv",
        });
        let Ok(mut reader) = csv::ReaderBuilder::new().flexible(true).from_path(&file) else { continue };
        let column =
            reader.headers().ok().and_then(|names| names.iter().position(|name| name == "person_id"));
        let column = column.unwrap_or(0);
        for record in reader.records().flatten() {
            persons.extend(record.get(column).and_then(|text| PersonId::parse(text).ok()));
        }
    }
    u64::try_from(persons.len()).map_err(|error| Problem::from_error(Exit::Failed, "data.persons", &error))
}

/// Reads the work lists that were written, as only a laboratory's keeper can.
fn worklists(
    federation: &Federation,
    summaries: &[(String, Summary)],
) -> Result<Vec<WorklistCounts>, Problem> {
    let mut counts = Vec::new();
    for (model, summary) in summaries {
        for node in &summary.worklists {
            counts.push(WorklistCounts::read(model, node, &federation.node_home(node))?);
        }
    }
    Ok(counts)
}
