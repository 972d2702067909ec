//! What a run asks: stratifications and queries, in the name of the local analyst, and where the results are written.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use tokio::runtime::Runtime;
use tvaers_coordinator::asker::{Asker, StudyWish};
use tvaers_coordinator::control::{Reply, Request, ask};
use tvaers_coordinator::event::Event;
use tvaers_coordinator::query::Answered;
use tvaers_coordinator::request::{IndicatorAsked, QueryAsked};
use tvaers_coordinator::stratify::{self, Summary};
use tvaers_definitions::library::Library;
use tvaers_host::output::Output;
use tvaers_host::private;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::TablesRequest;
use tvaers_protocol::study::Grain;
use tvaers_query::query::Party;
use tvaers_query::{Budget, Decimal, Query};

use crate::indicators::Question;
use crate::party;
use crate::permits::Permits;
use crate::provision::DataFolder;
use crate::timing::{Running, Timings};

/// Asks a serving coordinator, and times what happens.
pub(crate) struct Asking<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) asker: &'a Asker,
    /// Who approves stratifications; none in a federation that was made without.
    pub(crate) officer: Option<&'a Asker>,
    pub(crate) permits: &'a Permits,
    pub(crate) socket: PathBuf,
    pub(crate) parties: &'a [party::Party],
    pub(crate) timings: &'a mut Timings,
    pub(crate) deadline_s: u64,
    pub(crate) output: Output,
}

/// What a coordinator told of an indicator.
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
pub(crate) enum Told {
    Joined(Summary),
    Aggregate(Answered),
}

impl Told {
    /// What a person is told of nodes that refused or are missing.
    pub(crate) fn problem(&self, allow_missing: bool) -> Option<Problem> {
        match self {
            Self::Joined(summary) => summary.problem(allow_missing),
            Self::Aggregate(answered) => answered.problem(allow_missing),
        }
    }
}

/// A query file that has been read.
pub(crate) struct Queries {
    queries: Vec<Query>,
}

impl Queries {
    /// Reads query files, with another budget where one is given. It takes no more than the names of the data's folders:
    /// a file that is wrong is told of before anything is made.
    ///
    /// # Errors
    /// [`Problem`]: the first fault; the others are told.
    pub(crate) fn read(
        library: &Library,
        folders: &[DataFolder],
        files: &[PathBuf],
        rho: Option<Decimal>,
        output: Output,
    ) -> Result<Self, Problem> {
        let party =
            |folder: &DataFolder| Party { id: folder.id.clone(), sector: folder.sector, code: folder.code };
        let parties: Vec<Party> = folders.iter().map(party).collect();
        let mut queries: Vec<Query> = Vec::new();
        for file in files {
            let shown = file.display().to_string();
            let text = std::fs::read_to_string(file).map_err(|error| {
                Problem::new(Exit::BadInput, "query.file", error)
                    .at(&shown)
                    .expected("a query file")
                    .next("check the path")
            })?;
            let query = Query::parse(&text, &shown, library.catalogue(), &parties).map_err(|faults| {
                faults.iter().skip(1).for_each(|fault| output.note(fault.problem()));
                let unreadable =
                    || Problem::new(Exit::BadInput, "query.file", "it cannot be read").at(&shown);
                faults.first().map_or_else(unreadable, |fault| fault.problem())
            })?;
            let query = rho.map_or_else(|| query.clone(), |rho| query.clone().with_budget(Budget::Rho(rho)));
            if queries.iter().any(|other| other.name() == query.name()) {
                return Err(Problem::new(
                    Exit::BadInput,
                    "query.twice",
                    format_args!("two queries are called `{}`", query.name()),
                )
                .at(&shown)
                .expected("a name of its own: it names the result file")
                .next("rename one of them"));
            }
            queries.push(query);
        }
        Ok(Self { queries })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Query> {
        self.queries.iter()
    }
}

impl Asking<'_> {
    /// Runs a stratification: work lists, and released tables.
    pub(crate) fn stratify(
        &mut self,
        model: &str,
        as_of: Date,
        grain: Grain,
        rho: Option<Decimal>,
    ) -> Result<Summary, Problem> {
        let wish = StudyWish {
            model: model.to_owned(),
            as_of,
            grain,
            list: Some(self.permits.lists.clone()),
            tables: Some(TablesRequest {
                under: self.permits.tables.clone(),
                nano_rho: rho.map(Decimal::nano),
                cut_off: None,
            }),
            series: None,
        };
        match self.ask(&self.approved(wish)?)? {
            Reply::Stratified(summary) => Ok(summary),
            _ => Err(other_answer()),
        }
    }

    /// A stratification, signed by the person who asks and by the one who approves.
    fn approved(&self, wish: StudyWish) -> Result<Request, Problem> {
        let now = SystemClock.now();
        let study = self.asker.study(wish, self.deadline_s, now)?;
        let approval = self.officer.map(|officer| Box::new(officer.approve(&study, now)));
        Ok(Request::Stratify(stratify::Request { study, approval, deadline_s: self.deadline_s }))
    }

    /// Asks an indicator: its result, and what became of it.
    pub(crate) fn indicator(
        &mut self,
        question: &Question<'_>,
        grain: Grain,
    ) -> Result<(Vec<String>, Told), Problem> {
        let Question { indicator, as_of, nano_rho, .. } = question;
        let (deadline_s, now) = (self.deadline_s, SystemClock.now());
        if indicator.aggregate().is_none() {
            let tables = TablesRequest {
                under: self.permits.tables.clone(),
                nano_rho: Some(*nano_rho),
                cut_off: None,
            };
            let wish = StudyWish {
                model: indicator.name.clone(),
                as_of: *as_of,
                grain,
                list: None,
                tables: Some(tables),
                series: None,
            };
            return match self.ask(&self.approved(wish)?)? {
                Reply::Stratified(summary) => {
                    let json = summary.tables.as_ref().map(serde_json::to_string).transpose();
                    let json =
                        json.map_err(|error| Problem::from_error(Exit::Failed, "tables.json", &error))?;
                    Ok((json.into_iter().collect(), Told::Joined(summary)))
                }
                _ => Err(other_answer()),
            };
        }
        let queries = self.asker.queries(indicator, *as_of, *nano_rho, now).map_err(|problems| {
            let unreadable = || Problem::new(Exit::BadInput, "indicator.query", "it cannot be read");
            problems.into_iter().next().unwrap_or_else(unreadable)
        })?;
        let under = &self.permits.aggregates;
        let queries = queries.iter().map(|query| self.asker.query(query, under.clone(), 1, deadline_s, now));
        let (indicator, queries) = (indicator.name.clone(), queries.collect());
        match self.ask(&Request::Indicator(IndicatorAsked { indicator, queries, deadline_s }))? {
            Reply::Answered(answered) => {
                let results = match answered.results {
                    0 => Vec::new(),
                    _ => self.results(answered.request.as_str())?,
                };
                Ok((results, Told::Aggregate(answered)))
            }
            _ => Err(other_answer()),
        }
    }

    /// Asks a query.
    pub(crate) fn query(&mut self, query: &Query, times: u32) -> Result<Answered, Problem> {
        let under = self.permits.aggregates.clone();
        let query = self.asker.query(query, under, times, self.deadline_s, SystemClock.now());
        match self.ask(&Request::Query(QueryAsked { query, deadline_s: self.deadline_s }))? {
            Reply::Answered(answered) => Ok(answered),
            _ => Err(other_answer()),
        }
    }

    /// All results of a request, page by page.
    pub(crate) fn results(&mut self, request: &str) -> Result<Vec<String>, Problem> {
        let mut all = Vec::new();
        loop {
            let from = u32::try_from(all.len()).unwrap_or(u32::MAX);
            match self.ask(&Request::Results { of: request.to_owned(), from })? {
                Reply::Results(page) if page.is_empty() => return Ok(all),
                Reply::Results(page) => all.extend(page),
                _ => return Err(other_answer()),
            }
        }
    }

    fn ask(&mut self, request: &Request) -> Result<Reply, Problem> {
        let Self { runtime, socket, parties, timings, output, .. } = self;
        let mut running: Option<Running> = None;
        let on_event = |event: &Event| match event {
            Event::Begin(phase) => {
                output.note(format_args!("phase {} begin", phase.name()));
                running = Some(Timings::begin(phase.name(), parties));
            }
            Event::End(phase) => {
                output.note(format_args!("phase {} end", phase.name()));
                if let Some(running) = running.take() {
                    timings.end(running, parties);
                }
            }
            Event::Progress { .. } => {}
        };
        runtime.block_on(ask(socket, request, on_event))
    }
}

fn other_answer() -> Problem {
    Problem::new(Exit::Failed, "control.answer", "the coordinator answered something else")
}

/// Writes a result: an object, or one a line.
///
/// # Errors
/// [`Problem`] where the file cannot be written.
pub(crate) fn write(path: &Path, results: &[String]) -> Result<(), Problem> {
    let failed =
        |error: private::PrivateFileError| Problem::from_error(Exit::Failed, "results.write", &error);
    if let Some(folder) = path.parent() {
        private::create_dir(folder).map_err(failed)?;
    }
    let text: String = results.iter().map(|result| format!("{result}\n")).collect();
    private::replace(path, text.as_bytes()).map_err(failed)
}
