//! `tvaers-policy audit verify | report`: whether an audit log is whole, and what it tells. It needs files alone.

mod page;
mod report;
pub(super) mod source;
mod verify;

use tvaers_host::output::Output;
use tvaers_protocol::problem::Problem;

use super::Lang;

const EXAMPLES: &str = "\
Examples:
  tvaers-policy audit verify k360.jsonl --roster roster.toml --heads coordinator.heads --heads k376.heads
  tvaers-policy audit report k360.jsonl --roster roster.toml --heads coordinator.heads --out k360.html

A log is a file, or a folder of files. Heads are what the coordinator (`tvaers audit heads`) and other nodes (`tvaers-node
audit heads`) kept: without them a log that was cut short or written anew as a whole cannot be told from one that was
not. Give all rosters of the log's time: keys are renewed. Exits with 0 where nothing is wrong, with 1 where
something is, and with 2 where a file cannot be used.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Find everything that is wrong with an audit log, and say to where it is complete and who confirms that
    Verify(verify::Args),
    /// Write what an audit log tells as a page to read and print: verdict, budget, refusals, changes, silences
    Report(report::Args),
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    match &args.command {
        Command::Verify(args) => verify::run(args, lang, output),
        Command::Report(args) => report::run(args, lang, output),
    }
}
