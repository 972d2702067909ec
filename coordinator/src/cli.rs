//! The program: `tvaers init | analyst | enrol | roster | check | serve | nodes | stratify | query | indicators | results | study |
//! audit`.

mod analyst;
mod asking;
mod audit;
mod certificate;
mod check;
mod draft;
mod enrol;
mod indicators;
mod init;
mod nodes;
mod query;
mod results;
mod revocation;
mod roster;
mod serve;
mod stratify;
mod study;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tvaers_host::output::Output;
use tvaers_host::program::{self, Program};
use tvaers_protocol::problem::{Exit, Problem};

use crate::home::Home;
use stratify::{bar, show};

const EXAMPLES: &str = "\
Examples:
  tvaers --home /var/lib/tvaers init --name \"Sekretariatet\" --listen 0.0.0.0:4433
  tvaers --home /var/lib/tvaers enrol k360/enrolment.toml ane/person.toml
  tvaers --home /var/lib/tvaers roster new --federation \"Lolland-Falster\" --evaluations-max 70000
  tvaers --home /var/lib/tvaers roster sign roster-1.toml --with roster-1.toml.*.sig
  tvaers --home /var/lib/tvaers roster accept roster-1.toml
  tvaers --home /var/lib/tvaers check
  tvaers --home /var/lib/tvaers serve
  tvaers --home /var/lib/tvaers nodes
  tvaers --home /var/lib/tvaers stratify sad --as-of 2026-02-28 --key my.key --permit sad-2026 --purpose prevention
  tvaers --home /var/lib/tvaers query preview contacts.toml --key my.key --permit monitoring-2026 --purpose monitoring
  tvaers --home /var/lib/tvaers indicators ask residents --as-of 2026-02-28 --key my.key --permit monitoring-2026 --purpose monitoring
  tvaers --home /var/lib/tvaers study list
  tvaers --home /var/lib/tvaers revocation publish revocation.toml --node k360
  tvaers --home /var/lib/tvaers audit heads --of k360 --out k360-heads.jsonl

Exit codes: 0 done, 1 failed, 2 wrong usage or bad input, 3 refused by policy, 4 nodes are missing (the rest is done).";

/// The coordinator of a tvaers federation: it asks, relays and joins, and keeps nothing about anyone.
#[derive(Debug, Parser)]
#[command(name = "tvaers", version, after_help = EXAMPLES)]
struct Cli {
    /// The coordinator's folder
    #[arg(long, global = true, default_value = ".", value_name = "DIR", env = "TVAERS_HOME")]
    home: PathBuf,
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a coordinator: keys, a commented configuration, and its entry for the roster
    Init(init::Args),
    /// Make a person's own key; run it where that person works
    #[command(subcommand)]
    Analyst(analyst::Command),
    /// Take in the entries of members and people, and show fingerprints to compare by telephone
    Enrol(enrol::Args),
    /// Draft, complete, show and accept the roster that names the federation
    #[command(subcommand)]
    Roster(roster::Command),
    /// Renew the coordinator's certificate
    #[command(subcommand)]
    Certificate(certificate::Command),
    /// Look at configuration, keys, roster, state, disk and port, and name every problem with its mend
    Check,
    /// Let nodes connect and carry out what clients on this machine ask
    Serve(serve::Args),
    /// Show who is connected and how they are
    Nodes,
    /// Find the citizens whom a model selects; their lists appear at their own municipalities alone
    Stratify(stratify::Args),
    /// Ask statistics of the nodes' data, or what they would cost
    #[command(subcommand)]
    Query(query::Command),
    /// Show the indicators that there are, ask them, or what they would cost
    #[command(subcommand)]
    Indicators(indicators::Command),
    /// Show and export what was released
    #[command(subcommand)]
    Results(results::Command),
    /// Show what was asked for, what is under way and what came of it
    #[command(subcommand)]
    Study(study::Command),
    /// Hand revocations of policies to the nodes that they are about
    #[command(subcommand)]
    Revocation(revocation::Command),
    /// Hand out what was seen of the nodes' audit logs
    #[command(subcommand)]
    Audit(audit::Command),
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
        Command::Init(args) => return init::run(&home, args, cli.output),
        Command::Analyst(command) => return analyst::run(command, cli.output),
        Command::Enrol(args) => return enrol::run(&home, args, cli.output),
        Command::Roster(command) => return roster::run(&home, command, cli.output),
        Command::Certificate(command) => return certificate::run(&home, command, cli.output),
        Command::Revocation(command) => return revocation::run(&home, command, cli.output),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Problem::from_error(Exit::Failed, "runtime", &error))?;
    runtime.block_on(async {
        match &cli.command {
            Command::Init(_)
            | Command::Analyst(_)
            | Command::Enrol(_)
            | Command::Roster(_)
            | Command::Certificate(_)
            | Command::Revocation(_) => Ok(()),
            Command::Check => check::run(&home, cli.output).await,
            Command::Serve(args) => serve::run(&home, args, cli.output).await,
            Command::Nodes => nodes::run(&home, cli.output).await,
            Command::Stratify(args) => stratify::run(&home, args, cli.output).await,
            Command::Query(command) => query::run(&home, command, cli.output).await,
            Command::Indicators(command) => indicators::run(&home, command, cli.output).await,
            Command::Results(command) => results::run(&home, command, cli.output).await,
            Command::Study(command) => study::run(&home, command, cli.output).await,
            Command::Audit(command) => audit::run(&home, command, cli.output).await,
        }
    })
}

fn other_answer() -> Problem {
    Problem::new(Exit::Failed, "control.answer", "the coordinator answered something else")
        .next("use the `tvaers` of the coordinator's own version")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use tvaers_host::output::{Format, Written};

    use super::Cli;

    fn format(arguments: &[&str]) -> Option<Written> {
        let arguments = ["tvaers"].into_iter().chain(arguments.iter().copied());
        Cli::try_parse_from(arguments).ok().map(|cli| cli.output.written)
    }

    #[test]
    fn problems_are_told_as_text_where_results_are_no_json() {
        for (name, format) in [("json", Format::Json), ("csv", Format::Text), ("html", Format::Text)] {
            let cli = Cli::try_parse_from(["tvaers", "results", "export", "x", "--format", name]).unwrap();
            assert_eq!(cli.output.format, format);
        }
    }

    #[test]
    fn results_are_exported_in_more_formats_than_others_are_told_in() {
        <Cli as clap::CommandFactory>::command().debug_assert();
        let export = ["results", "export", "residents"];
        let with = |more: &[&'static str]| format(&[export.as_slice(), more].concat());
        assert_eq!(with(&[]), Some(Written::Text));
        assert_eq!(with(&["--format", "json"]), Some(Written::Json));
        assert_eq!(with(&["--format", "csv"]), Some(Written::Csv));
        assert_eq!(with(&["--format", "html", "--out", "x"]), Some(Written::Html));
        assert_eq!(with(&["--as", "csv"]), Some(Written::Csv));
        assert_eq!(with(&["--format", "text"]), None);
        assert_eq!(format(&[&["--format", "json"], export.as_slice()].concat()), Some(Written::Json));
        assert_eq!(format(&["results", "list", "--format", "json"]), Some(Written::Json));
        assert_eq!(format(&["--format", "json", "nodes"]), Some(Written::Json));
        assert_eq!(format(&["results", "list"]), Some(Written::Text));
        for refused in [["nodes", "--format", "csv"], ["--format", "html", "nodes"]] {
            assert_eq!(format(&refused), None);
        }
    }
}
