//! The program: `tvaers-node init | enrolment | roster | certificate | import | objection | check | serve`, and
//! `ledger | explain | audit | subject-log | breach-pack` to look at what it did and would do.

mod audit;
mod breach_pack;
mod certificate;
mod check;
mod enrolment;
mod evaluations;
mod explain;
mod import;
mod init;
mod ledger;
mod looking;
mod objection;
mod roster;
mod series;
mod serve;
mod subject_log;
#[cfg(test)]
mod testing;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{Parser, Subcommand};
use tvaers_host::output::Output;
use tvaers_host::program::{self, Program};
use tvaers_protocol::problem::Problem;
use tvaers_pseudonym::backend::Backend;

use crate::home::Home;

const EXAMPLES: &str = "\
Examples:
  tvaers-node --home /var/lib/tvaers-node init --id k360 --sector municipality --code 360 \\
      --name \"Lolland Kommune\" --coordinator tvaers.example.dk:4433
  tvaers-node --home /var/lib/tvaers-node roster sign roster-1.toml
  tvaers-node --home /var/lib/tvaers-node roster accept roster-1.toml
  tvaers-node --home /var/lib/tvaers-node import /srv/extract --extracted-on 2026-02-28
  tvaers-node --home /var/lib/tvaers-node check
  tvaers-node --home /var/lib/tvaers-node serve
  tvaers-node --home /var/lib/tvaers-node explain query.toml
  tvaers-node --home /var/lib/tvaers-node ledger
  tvaers-node --home /var/lib/tvaers-node audit show --refused
  tvaers-node --home /var/lib/tvaers-node subject-log < number.txt

Exit codes: 0 done, 1 failed, 2 wrong usage or bad input, 3 refused by policy, 4 incomplete.";

/// What `--version` says: also how pseudonyms are worked out here, by which one sees that a package's launcher, or whoever
/// built the program, chose the fastest that the CPU has.
static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{}\ncurve25519: {}", env!("CARGO_PKG_VERSION"), Backend::in_use()));

/// A region's or municipality's node in a tvaers federation: it keeps its own data and answers what it may.
#[derive(Debug, Parser)]
#[command(name = "tvaers-node", version, long_version = VERSION.as_str(), after_help = EXAMPLES)]
struct Cli {
    /// The node's folder
    #[arg(long, global = true, default_value = ".", value_name = "DIR", env = "TVAERS_NODE_HOME")]
    home: PathBuf,
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a node: keys, a commented configuration, and the entry to send to the secretariat
    Init(init::Args),
    /// Show the node's public entry and its fingerprint, to compare by telephone
    Enrolment,
    /// Sign, show and accept the roster that names the federation
    #[command(subcommand)]
    Roster(roster::Command),
    /// Renew the node's certificate
    #[command(subcommand)]
    Certificate(certificate::Command),
    /// Import a folder of canonical CSV files, all of it or nothing
    Import(import::Args),
    /// Look at everything that service needs, and name every problem with its mend
    Check(check::Args),
    /// Connect to the coordinator and answer its requests
    Serve(serve::Args),
    /// Show what a query would cost, read and run, and every rule that it breaks; nothing is run or charged
    Explain(explain::Args),
    /// Show what was charged for which answers, and what is left of each budget
    Ledger(ledger::Args),
    /// Enter, lift and count citizens who object to the processing
    #[command(subcommand)]
    Objection(objection::Command),
    /// Show, export and verify the audit log
    Audit(audit::Args),
    /// Open a sample of a closed study's evaluations to an auditor, and erase what that needs
    Evaluations(evaluations::Args),
    /// Show what is kept of runs under one key
    Series(series::Args),
    /// Tell a citizen when and for what their data was used (GDPR Article 15); reads the CPR number from standard input
    SubjectLog(subject_log::Args),
    /// Put together what the notification of a breach needs (GDPR Article 33), for the node's own staff
    BreachPack(breach_pack::Args),
}

impl Program for Cli {
    fn output(&self) -> Output {
        self.output
    }

    fn run(&self) -> Result<(), Problem> {
        run(self)
    }
}

/// The program's arguments, for those who check what they tell people to type.
#[must_use]
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Runs the program with these arguments, the first being its name.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    program::main::<Cli>(arguments)
}

/// Runs one command and gives its problem instead of writing it, for a program or test in which several parties act.
///
/// # Errors
/// [`Problem`]; `usage` where the arguments are none of this program.
pub fn perform(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Problem> {
    program::perform::<Cli>(arguments)
}

fn run(cli: &Cli) -> Result<(), Problem> {
    let home = Home::new(&cli.home);
    match &cli.command {
        Command::Init(args) => init::run(&home, args, cli.output),
        Command::Enrolment => enrolment::run(&home, cli.output),
        Command::Roster(command) => roster::run(&home, command, cli.output),
        Command::Certificate(command) => certificate::run(&home, command, cli.output),
        Command::Import(args) => import::run(&home, args, cli.output),
        Command::Check(args) => check::run(&home, args, cli.output),
        Command::Serve(args) => serve::run(home, args, cli.output),
        Command::Explain(args) => explain::run(&home, args, cli.output),
        Command::Ledger(args) => ledger::run(&home, args, cli.output),
        Command::Objection(command) => objection::run(&home, command, cli.output),
        Command::Audit(args) => audit::run(&home, args, cli.output),
        Command::Evaluations(args) => evaluations::run(&home, args, cli.output),
        Command::Series(args) => series::run(&home, args, cli.output),
        Command::SubjectLog(args) => subject_log::run(&home, args, cli.output),
        Command::BreachPack(args) => breach_pack::run(&home, args, cli.output),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_names_the_arithmetic_in_use() {
        let backend = Backend::in_use().to_string();
        assert!(["serial", "avx2", "avx512-ifma"].contains(&backend.as_str()), "{backend}");
        let said = command().render_long_version();
        assert_eq!(said, format!("tvaers-node {}\ncurve25519: {backend}\n", env!("CARGO_PKG_VERSION")));
        // Scripts that ask for the version alone get one line.
        assert_eq!(command().render_version().lines().count(), 1);
    }
}
