//! `tvaers-policy evaluations verify`: whether the persons for whom a node had pseudonyms made are those to whom it had
//! committed, by a sample that it opened and by the audit logs of the holders who counted.

mod judge;
mod verify;
mod words;

use tvaers_host::output::Output;
use tvaers_protocol::problem::Problem;

use super::Lang;

const EXAMPLES: &str = "\
Examples:
  openssl rand -hex 32        what the node is asked to open with, once the study has closed
  tvaers-policy evaluations verify opening.json --roster roster.toml --challenge HEX \\
      --log k376.jsonl --log region_1085.jsonl

The opening is what the node wrote with `tvaers-node evaluations open`, and holds CPR numbers: keep it private, and delete it
when you are done. A log is a holder's, as `tvaers-node audit export` writes it, or its folder. The numbers themselves go
to a file for comparison with the register only where --persons names one. Exits with 0 where all holds, with 1 where
something does not, and with 2 where a file cannot be used.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Check an opened sample against the node's commitment and the holders' audit logs
    Verify(verify::Args),
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    match &args.command {
        Command::Verify(args) => verify::run(args, lang, output),
    }
}
