//! `tvaers-node evaluations list | open | prune`: what was kept of closed studies so that an auditor can be shown a sample.

mod open;

use std::path::Path;

use serde_json::json;
use tvaers_host::output::{Format, Output, table};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::problem::{Exit, Problem};

use super::looking::{block_on, own, time};
use crate::app;
use crate::evaluations::kept::Kept;
use crate::evaluations::{self, kept_until};
use crate::home::Home;
use crate::work::WorkError;

const EXAMPLES: &str = "\
Examples:
  tvaers-node evaluations list
  tvaers-node evaluations open 0123456789abcdef0123456789abcdef --challenge HEX --out opening.json
  tvaers-node evaluations prune

The auditor draws the challenge, 64 hexadecimal digits, such as `openssl rand -hex 32` writes, once the study has closed:
it says whose evaluations are opened. The opening holds their CPR numbers: give it to the auditor alone, who checks it with
`tvaers-policy evaluations verify` and the audit logs of the key holders. `keep-days` of node.toml says for how long a study
can be opened.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show the studies of which a sample can be opened, and until when
    List,
    /// Write the opening of the sample that an auditor's challenge draws
    Open(open::Args),
    /// Erase what is kept of studies whose time is over, as the serving node does by itself
    Prune,
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    own(home)?;
    match &args.command {
        Command::List => list(home, output),
        Command::Open(args) => open::run(home, args, output),
        Command::Prune => prune(home, output),
    }
}

fn list(home: &Home, output: Output) -> Result<(), Problem> {
    let days = app::config(home)?.evaluations.keep_days;
    let files = evaluations::list(home.dir()).map_err(|error| failed(home.dir(), &error))?;
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "sqlite"));
    let mut shown = table(["run", "closed", "persons", "kept until"], &[2]);
    let mut rows = Vec::new();
    for path in files {
        let (run, persons, closed_at) = block_on(async {
            let kept = Kept::open(&path).await.map_err(|error| unread(&path, &error))?;
            let found = async {
                let run = kept.manifest().await?.run.to_string();
                Ok((run, kept.population().await?.content.persons, kept.closed_at().await?))
            };
            let found = found.await;
            kept.close().await;
            found.map_err(|error: WorkError| unread(&path, &error))
        })?;
        let until = kept_until(closed_at, days);
        shown.add_row([run.clone(), time(closed_at), persons.to_string(), time(until)]);
        rows.push(json!({ "run": run, "closed": closed_at, "persons": persons, "until": until }));
    }
    match output.format {
        Format::Json => output.result(json!({ "studies": rows, "keep_days": days })),
        Format::Text if rows.is_empty() => output.result("nothing is kept of any study"),
        Format::Text => output.result(shown),
    }
    Ok(())
}

fn prune(home: &Home, output: Output) -> Result<(), Problem> {
    let days = app::config(home)?.evaluations.keep_days;
    let pruned = block_on(async {
        let pruned = evaluations::prune(home.dir(), days, SystemClock.now()).await;
        pruned.map_err(|error| failed(home.dir(), &error))
    });
    let (erased, unread_files) = pruned?;
    match output.format {
        Format::Json => output.result(json!({ "erased": erased, "keep_days": days })),
        Format::Text => {
            output.result(format_args!("files older than {days} days that were erased: {erased}"))
        }
    }
    unread_files.first().map_or(Ok(()), |(path, error)| Err(unread(path, error)))
}

fn failed(path: &Path, error: &(dyn std::error::Error + 'static)) -> Problem {
    Problem::from_error(Exit::Failed, "evaluations.file", error)
        .at(path.display())
        .next("look at disk space and rights")
}

fn unread(path: &Path, error: &(dyn std::error::Error + 'static)) -> Problem {
    Problem::from_error(Exit::Failed, "evaluations.file", error)
        .at(path.display())
        .expected("a file that this node wrote when a study closed, for its owner only")
        .next("mend its rights, or delete it: then the study cannot be opened to an auditor any more")
}
