//! The program's commands.

mod audit;
mod check;
mod diff;
mod document;
mod evaluations;
mod explain;
mod key;
mod new;
mod records;
mod reference;
mod revoke;
mod sign;
mod simulate;
mod verify;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{Parser, Subcommand};
use tvaers_host::output::{Format, Output};
use tvaers_host::program::{self, Program};
use tvaers_protocol::problem::Problem;
use tvaers_pseudonym::backend::Backend;

pub(crate) use crate::lang::Lang;
use crate::show::problem::danish;

/// What `--help` ends with.
const EXAMPLES: &str = "\
Examples:
  tvaers-policy new --out policy.toml                    a first policy, question by question
  tvaers-policy check policy.toml                        all that is wrong or unwise
  tvaers-policy explain policy.toml --format html --out policy.html
  tvaers-policy diff policy-1.toml policy-2.toml         what becomes allowed, what forbidden
  tvaers-policy simulate policy.toml query.toml          verdict and price, without data
  tvaers-policy key new --out dpo.key                    a key pair: dpo.key and dpo.pub
  tvaers-policy sign policy.toml --role dpo --key dpo.key
  tvaers-policy verify policy.toml --signer dpo=dpo.pub
  tvaers-policy revoke policy.toml --permit sad-list-2026 --reason \"...\" \\
      --out revocation.toml
  tvaers-policy records policy.toml --format html --out records.html

Signatures are minisign's: `minisign -Vm policy.toml -x policy.toml.dpo.minisig -p dpo.pub` checks the same.

Exit codes: 0 done, 1 failed, 2 wrong usage or a wrong file, 3 refused: a signature is missing or does not hold, or a question
would be refused.";

/// What `--version` says: also the arithmetic by which a sample of evaluations is checked; by it one sees that a package's launcher, or whoever
/// built the program, chose the fastest that the CPU has.
static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{}\ncurve25519: {}", env!("CARGO_PKG_VERSION"), Backend::in_use()));

/// Reads, explains, compares and signs the policies of a tvaers federation, and verifies audit logs.
#[derive(Debug, Parser)]
#[command(name = "tvaers-policy", version, long_version = VERSION.as_str(), after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    output: Output,
    /// The language of sentences; this help is in English
    #[arg(long, global = true, value_enum, default_value_t = Lang::Da)]
    lang: Lang,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a first policy, asking question by question
    New(new::Args),
    /// Check policy files and revocations: every violation and warning, with code, place and mend
    Check(check::Args),
    /// Say what a policy says, in plain sentences and tables
    Explain(explain::Args),
    /// Say what changes from one policy to the next, the riskiest first
    Diff(diff::Args),
    /// Say what a policy would say to questions, and at which price; no data is touched
    Simulate(simulate::Args),
    /// Make keys to sign with
    #[command(subcommand)]
    Key(key::Command),
    /// Write a revocation of a policy, or of one of its permits, to be signed
    Revoke(revoke::Args),
    /// Sign a policy or a revocation in a role
    Sign(sign::Args),
    /// Verify that a policy or a revocation is signed in each role
    Verify(verify::Args),
    /// Write the record of processing (GDPR Article 30) that policies come to
    Records(records::Args),
    /// Write the JSON schema of policy files, for editors
    Schema,
    /// Write the reference of every key of a policy file
    Reference,
    /// Verify audit logs without a node, and report what they tell
    Audit(audit::Args),
    /// Check whom a node had evaluated in a study, by a sample that it opened
    Evaluations(evaluations::Args),
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
    let cli = match program::parsed::<Cli>(arguments) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    match run(&cli) {
        // Scripts read the same names whatever the language.
        Err(problem) if cli.lang == Lang::Da && cli.output.format == Format::Text => {
            // Where standard error is gone there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "{}", danish(&problem));
            ExitCode::from(problem.exit.code())
        }
        result => cli.output.finish(result),
    }
}

/// Runs one command and gives its problem instead of writing it, for a program or test in which several parties act.
///
/// # Errors
/// [`Problem`]; `usage` where the arguments are none of this program.
pub fn perform(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Problem> {
    program::perform::<Cli>(arguments)
}

fn run(cli: &Cli) -> Result<(), Problem> {
    match &cli.command {
        Command::New(args) => new::run(args, cli.lang, cli.output),
        Command::Check(args) => check::run(args, cli.lang, cli.output),
        Command::Explain(args) => explain::run(args, cli.lang, cli.output),
        Command::Diff(args) => diff::run(args, cli.lang, cli.output),
        Command::Simulate(args) => simulate::run(args, cli.lang, cli.output),
        Command::Key(command) => key::run(command, cli.lang, cli.output),
        Command::Revoke(args) => revoke::run(args, cli.lang, cli.output),
        Command::Sign(args) => sign::run(args, cli.lang, cli.output),
        Command::Verify(args) => verify::run(args, cli.lang, cli.output),
        Command::Records(args) => records::run(args, cli.lang, cli.output),
        Command::Schema => reference::schema(cli.output),
        Command::Reference => reference::page(cli.lang, cli.output),
        Command::Audit(args) => audit::run(args, cli.lang, cli.output),
        Command::Evaluations(args) => evaluations::run(args, cli.lang, cli.output),
    }
}
