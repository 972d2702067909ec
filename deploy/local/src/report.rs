//! What a run tells at its end. It reads every node's own list, as only the keeper of a laboratory can: in a real
//! federation nobody sees these figures together.

use std::path::PathBuf;

use comfy_table::Table;
use serde::Serialize;
use tvaers_coordinator::stratify::Summary;
use tvaers_host::output::{self, Format, Output};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};

use crate::timing::Timings;

/// What a run came to.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Where everything was written.
    pub out: PathBuf,
    /// What the coordinator told of each study.
    pub summaries: Vec<Summary>,
    /// The work lists.
    pub worklists: Vec<WorklistCounts>,
    /// What it took.
    pub timings: Timings,
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
    /// The list.
    pub path: PathBuf,
}

impl WorklistCounts {
    pub(crate) fn read(model: &str, node: &NodeId, path: PathBuf) -> Result<Self, Problem> {
        let failed = |error: csv::Error| {
            // A CSV error can quote a row; only its kind is told.
            let what = if error.is_io_error() { "cannot be read" } else { "is not a work list" };
            Problem::new(Exit::Failed, "worklist", format_args!("the work list of `{node}` {what}"))
        };
        let mut counts = Self {
            model: model.to_owned(),
            node: node.clone(),
            population: 0,
            included: 0,
            incomplete: 0,
            path,
        };
        let mut reader = csv::Reader::from_path(&counts.path).map_err(failed)?;
        for record in reader.records() {
            let record = record.map_err(failed)?;
            counts.population += 1;
            // Columns: person_id, total, stratum, included, complete.
            counts.included += u64::from(record.get(3) == Some("true"));
            counts.incomplete += u64::from(record.get(4) == Some("false"));
        }
        Ok(counts)
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
        output.result(self.table());
        for line in self.incomplete() {
            output.result(line);
        }
        output.result(format_args!("Timings: {}", self.out.join("timings.json").display()));
        Ok(())
    }

    /// What `incomplete` means in this run, a line for each rule.
    pub(crate) fn incomplete(&self) -> impl Iterator<Item = String> {
        let rules = self.summaries.iter().flat_map(|summary| &summary.falls_back);
        rules.map(|rule| {
            format!(
                "incomplete: the person has rows for `{}` at two {} nodes and was judged by the model's fall-back",
                rule.group, rule.sector
            )
        })
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
