//! `tvaers-node series list`.

use jiff::civil::Date;
use serde::Serialize;
use tvaers_host::output::{Format, Output, table};
use tvaers_protocol::problem::{Exit, Problem};

use super::looking::{block_on, own};
use crate::home::Home;
use crate::series::{self, kept::Kept};
use crate::work::WorkError;

const EXAMPLES: &str = "\
Examples:
  tvaers-node series list
  tvaers-node --format json series list

Where a permit allows follow-up, a node keeps its share of a run's key and its persons' pseudonyms for later runs, in a file
a series that no backup may hold. They are erased when the secretariat closes the series (`tvaers study close`), after its
last day, and when no permit in force allows follow-up any more; the audit log tells of both.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show which runs' keys and pseudonyms are kept for follow-up, and until when; no person is named
    List,
}

/// One series, as it is shown.
#[derive(Serialize)]
struct Row {
    /// The name of its first run.
    first: String,
    model: String,
    until: Date,
    /// The epochs of the key that are kept, the newest first.
    epochs: Vec<u32>,
    /// Whether this node has a share of the newest.
    has_share: bool,
    /// How many persons have a pseudonym that is kept.
    persons: u32,
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    own(home)?;
    let Command::List = args.command;
    let rows = block_on(rows(home))?;
    if output.format == Format::Json {
        let json = serde_json::to_string_pretty(&rows)
            .map_err(|error| Problem::from_error(Exit::Failed, "series.json", &error))?;
        output.result(json);
        return Ok(());
    }
    if rows.is_empty() {
        output.result("nothing is kept of any run");
        return Ok(());
    }
    let mut table = table(["first run", "model", "until", "epochs", "share", "persons"], &[5]);
    for row in rows {
        let epochs: Vec<String> = row.epochs.iter().map(u32::to_string).collect();
        let share = if row.has_share { "yes" } else { "no" };
        table.add_row([
            row.first,
            row.model,
            row.until.to_string(),
            epochs.join(", "),
            share.to_owned(),
            row.persons.to_string(),
        ]);
    }
    output.result(table);
    Ok(())
}

async fn rows(home: &Home) -> Result<Vec<Row>, Problem> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Problem::from_error(Exit::Failed, "series.list", error).at(home.dir().display())
    };
    let mut rows = Vec::new();
    for path in series::list(home.dir()).map_err(|error| failed(&error))? {
        // One that is being made has another ending.
        if path.extension().is_some_and(|ending| ending == "sqlite") {
            let row = row(&path).await.map_err(|error| {
                Problem::from_error(Exit::Failed, "series.file", &error)
                    .at(path.display())
                    .expected("a file that this version of the node made")
                    .next("look at it; a node that cannot read it keeps no other series from going on")
            })?;
            rows.push(row);
        }
    }
    Ok(rows)
}

async fn row(path: &std::path::Path) -> Result<Row, WorkError> {
    let kept = Kept::open(path).await?;
    let read = async {
        let (head, epochs) = (kept.head().await?, kept.epochs().await?);
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        Ok(Row {
            first: name.trim_start_matches("series-").to_owned(),
            model: head.manifest.model,
            until: head.until,
            has_share: epochs.first().is_some_and(|epoch| epoch.share.is_some()),
            epochs: epochs.iter().map(|epoch| epoch.keys.epoch()).collect(),
            persons: kept.persons().await?,
        })
    };
    let read = read.await;
    kept.close().await;
    read
}
