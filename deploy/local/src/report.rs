//! What a run tells at its end. It reads every node's own list, as only the keeper of a laboratory can: in a real
//! federation nobody sees these figures together.

use std::collections::BTreeMap;
use std::path::PathBuf;

use comfy_table::Table;
use jiff::civil::Date;
use serde::Serialize;
use tvaers_coordinator::query::Answered;
use tvaers_coordinator::stratify::Summary;
use tvaers_host::output::{self, Format, Output};
use tvaers_node::home::Home;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};

use crate::page;
use crate::timing::Timings;

/// What a run came to.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Where everything was written.
    pub out: PathBuf,
    /// The models that were stratified by.
    pub models: Vec<String>,
    /// What the coordinator told of each study.
    pub summaries: Vec<Summary>,
    /// What it told of each query.
    pub answered: Vec<Answered>,
    /// What became of each indicator.
    pub indicators: Vec<IndicatorDone>,
    /// What could not be answered as a whole: refused by policies, or for another reason.
    pub refused: Vec<Problem>,
    /// The work lists.
    pub worklists: Vec<WorklistCounts>,
    /// What it took.
    pub timings: Timings,
}

/// An indicator that was asked.
#[derive(Clone, Debug, Serialize)]
pub struct IndicatorDone {
    /// Its name.
    pub name: String,
    /// The reference date.
    pub as_of: Date,
    /// Its results in the folder `results`, without their ending; none where nothing was released.
    pub files: Vec<String>,
    /// What was refused or is missing.
    pub problem: Option<Problem>,
}

/// One work list in figures.
#[derive(Clone, Debug, Serialize)]
pub struct WorklistCounts {
    /// The model.
    pub model: String,
    /// Whose list.
    pub node: NodeId,
    /// Residents in the model's population.
    pub population: u64,
    /// Of them included.
    pub included: u64,
    /// Of them marked incomplete.
    pub incomplete: u64,
    /// Of them those for whom the fall-back was used, by touch group.
    pub fell_back: BTreeMap<String, u64>,
    /// The list.
    pub path: PathBuf,
}

impl WorklistCounts {
    pub(crate) fn read(model: &str, node: &NodeId, home: &Home) -> Result<Self, Problem> {
        let failed = |error: csv::Error| {
            // A CSV error can quote a row; only its kind is told.
            let what = if error.is_io_error() { "cannot be read" } else { "is not a work list" };
            Problem::new(Exit::Failed, "worklist", format_args!("the work list of `{node}` {what}"))
        };
        let path = home.worklist(model);
        let (mut population, mut included, mut incomplete) = (0, 0, 0);
        for record in csv::Reader::from_path(&path).map_err(failed)?.records() {
            let record = record.map_err(failed)?;
            population += 1;
            // Columns: person_id, total, stratum, included, complete.
            included += u64::from(record.get(3) == Some("true"));
            incomplete += u64::from(record.get(4) == Some("false"));
        }
        let mut fell_back = BTreeMap::new();
        if incomplete > 0 {
            for record in csv::Reader::from_path(home.incomplete(model)).map_err(failed)?.records() {
                let record = record.map_err(failed)?;
                // Columns: person_id, missing, fell_back; names are separated by blanks.
                for group in record.get(2).unwrap_or_default().split_whitespace() {
                    *fell_back.entry(group.to_owned()).or_default() += 1;
                }
            }
        }
        let model = model.to_owned();
        Ok(Self { model, node: node.clone(), population, included, incomplete, fell_back, path })
    }
}

impl Report {
    /// Prints it.
    ///
    /// # Errors
    /// [`Problem`] where it cannot be written as JSON.
    pub fn tell(&self, output: Output) -> Result<(), Problem> {
        if output.format == Format::Json {
            let json = serde_json::to_string_pretty(self)
                .map_err(|error| Problem::from_error(Exit::Failed, "report.json", &error))?;
            output.result(json);
            return Ok(());
        }
        if !self.summaries.is_empty() {
            output.result(self.table());
        }
        for answered in &self.answered {
            output.result(format_args!("Query {}: {} answers", answered.name, answered.results));
        }
        for done in &self.indicators {
            let files: Vec<String> = done.files.iter().map(|file| format!("results/{file}.json")).collect();
            let files = match (&done.problem, files.as_slice()) {
                (Some(problem), []) => format!("nothing released: {}", problem.what),
                (None, []) => "nothing released".to_owned(),
                _ => files.join(", "),
            };
            output.result(format_args!("Indicator {} as of {}: {files}", done.name, done.as_of));
        }
        for line in self.incomplete() {
            output.result(line);
        }
        output.result(format_args!("Report: {}", page::path(&self.out).display()));
        output.result(format_args!("Timings: {}", self.out.join("timings.json").display()));
        Ok(())
    }

    /// What `incomplete` means in this run: a line for each rule that fell back, and one for each member that is
    /// missing.
    pub(crate) fn incomplete(&self) -> impl Iterator<Item = String> {
        self.summaries.iter().zip(&self.models).flat_map(move |(summary, model)| {
            let fell_back = summary.falls_back.iter().map(move |rule| {
                let persons: u64 = self.lists_of(model).filter_map(|list| list.fell_back.get(&rule.group)).sum();
                format!(
                    "incomplete: {model}: {persons} persons have rows for `{}` at two {} nodes; the model's fall-back was used for {}",
                    rule.group,
                    rule.sector,
                    rule.criteria.join(", "),
                )
            });
            let missing = summary.missing.iter().map(move |node| {
                format!("incomplete: {model}: `{node}` did not take part, and everyone may have something there")
            });
            fell_back.chain(missing)
        })
    }

    fn lists_of(&self, model: &str) -> impl Iterator<Item = &WorklistCounts> {
        self.worklists.iter().filter(move |list| list.model == model)
    }

    /// Whether everything was permitted, and every member took part.
    ///
    /// # Errors
    /// The first [`Problem`] of the lowest exit code: 3 where something was refused, before 4 where a member is missing
    /// and that is not allowed.
    pub fn check(&self, allow_missing: bool) -> Result<(), Problem> {
        let of_queries = self.answered.iter().filter_map(|answered| answered.problem(allow_missing));
        let of_indicators = self.indicators.iter().filter_map(|done| done.problem.clone());
        let of_studies = self.summaries.iter().filter_map(|summary| summary.problem(allow_missing));
        let problems = self.refused.iter().cloned().chain(of_queries).chain(of_studies).chain(of_indicators);
        problems.min_by_key(|problem| problem.exit.code()).map_or(Ok(()), Err)
    }

    pub(crate) fn table(&self) -> Table {
        let header = ["model", "municipality", "in population", "included", "incomplete", "work list"];
        let mut table = output::table(header, &[2, 3, 4]);
        for list in &self.worklists {
            table.add_row([
                list.model.clone(),
                list.node.to_string(),
                list.population.to_string(),
                list.included.to_string(),
                list.incomplete.to_string(),
                list.path.display().to_string(),
            ]);
        }
        table
    }
}
