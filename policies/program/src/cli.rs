//! The program's commands.

mod audit;
mod check;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use tvaers_host::output::Output;
use tvaers_protocol::problem::Problem;

/// Reads, explains, compares and signs the policies of a tvaers federation, and verifies audit logs.
#[derive(Debug, Parser)]
#[command(name = "tvaers-policy", version)]
struct Cli {
    #[command(flatten)]
    output: Output,
    /// The language of sentences
    #[arg(long, global = true, value_enum, default_value_t = Lang::Da)]
    lang: Lang,
    #[command(subcommand)]
    command: Command,
}

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// Danish.
    Da,
    /// English.
    En,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check policy files: every violation, with code, line and mend
    Check(check::Args),
    /// Verify audit logs without a node, and report what they tell
    Audit(audit::Args),
}

/// The program's arguments, for those who check what they tell people to type.
#[must_use]
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Runs the program with these arguments, the first being its name.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Where standard error is gone there is nobody to tell.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    cli.output.finish(run(&cli))
}

fn run(cli: &Cli) -> Result<(), Problem> {
    match &cli.command {
        Command::Check(args) => check::run(args, cli.lang, cli.output),
        Command::Audit(args) => audit::run(args, cli.lang, cli.output),
    }
}
