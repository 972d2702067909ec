//! The program: `tvaers-local demo | make | run`; without a command, `demo`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use jiff::civil::{Date, date};
use tvaers_host::output::Output;
use tvaers_host::program;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::study::Grain;
use tvaers_query::Decimal;

use crate::make::MakeOptions;
use crate::{demo, run};

const EXAMPLES: &str = "\
Examples:
  tvaers-local demo --persons 2000
  tvaers-local make --persons 100000 --seed 1 --out population
  tvaers-local run --data population --out out/mine --as-of 2026-02-28 --model sad --model somv
  tvaers-local run --data population --out out/mine --as-of 2026-02-28 --indicator cost_per_capita --indicator mine.toml

Exit codes: 0 done, 1 failed, 2 wrong usage or bad input, 3 refused by policy, 4 nodes are missing (the rest is done).";

/// The reference date where none is given: fixed, so that the same command shows the same figures on any day.
const AS_OF: Date = date(2026, 2, 28);

/// A whole tvaers federation on one machine: every node and the coordinator a process of its own, over made-up data.
#[derive(Debug, Parser)]
#[command(name = "tvaers-local", version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a population, run a federation over it, and explain what happened
    Demo(DemoArgs),
    /// Make a population: one folder of canonical CSV files per node
    Make(MakeArgs),
    /// Run a federation over a folder of made-up data
    Run(RunArgs),
    /// One party of the federation; the program calls itself
    #[command(hide = true)]
    Party(PartyArgs),
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// How many persons
    #[arg(long, default_value_t = 10_000)]
    persons: u32,
    /// Decides every draw of the population
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The reference date
    #[arg(long, default_value_t = AS_OF, value_name = "DATE")]
    as_of: Date,
    /// Region codes
    #[arg(long, value_delimiter = ',', default_value = "1085")]
    regions: Vec<u16>,
    /// Municipality codes
    #[arg(long, value_delimiter = ',', default_value = "360,376,370")]
    municipalities: Vec<u16>,
    /// Where everything is written
    #[arg(long, default_value = "out/demo", value_name = "DIR")]
    out: PathBuf,
}

impl Default for DemoArgs {
    fn default() -> Self {
        Self {
            persons: 10_000,
            seed: 1,
            as_of: AS_OF,
            regions: vec![1085],
            municipalities: vec![360, 376, 370],
            out: PathBuf::from("out/demo"),
        }
    }
}

#[derive(Debug, Args)]
struct MakeArgs {
    /// How many persons
    #[arg(long)]
    persons: u32,
    /// Decides every draw: the same seed makes the same files
    #[arg(long)]
    seed: u64,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The reference date
    #[arg(long, default_value_t = AS_OF, value_name = "DATE")]
    as_of: Date,
    /// Region codes
    #[arg(long, value_delimiter = ',', default_value = "1083,1085")]
    regions: Vec<u16>,
    /// Municipality codes
    #[arg(long, value_delimiter = ',', default_value = "360,376,461")]
    municipalities: Vec<u16>,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// A folder with one folder of canonical CSV files per node, such as region_1085 and k360
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where everything is written; an existing federation goes on with the data imported anew
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The reference date
    #[arg(long, value_name = "DATE")]
    as_of: Date,
    /// A model to stratify by; may be given several times [default: sad, where no query and no indicator is asked]
    #[arg(long = "model", value_name = "NAME")]
    models: Vec<String>,
    /// The finest contribution per person that the laboratory policies grant
    #[arg(long, default_value = "events")]
    grain: Grain,
    /// Seconds to wait for a node that is away before going on without it
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    deadline: u64,
    /// Start over: remove the federation that is in OUT
    #[arg(long)]
    fresh: bool,
    /// A query to ask of the nodes; may be given several times
    #[arg(long = "query", value_name = "FILE")]
    queries: Vec<PathBuf>,
    /// Ask every query so many times, each charged and noised afresh: results are one object a line
    #[arg(long, value_name = "N", requires = "queries", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    times: Option<u32>,
    /// An indicator to ask: its name, or the path of a file of your own; may be given several times
    #[arg(long = "indicator", value_name = "NAME|FILE")]
    indicators: Vec<String>,
    /// A further date on which the indicators are asked; may be given several times
    #[arg(long, value_name = "DATE", requires = "indicators")]
    series: Vec<Date>,
    /// What each query, indicator and released table is charged, in place of its own budget; counts are as good as exact at 1e6
    #[arg(long, value_name = "R", value_parser = rho)]
    rho: Option<Decimal>,
    /// The key of the person who asks, for policies that name it [default: one is made]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The key of the person who approves stratifications, for policies that name it [default: one is made]
    #[arg(long, value_name = "FILE")]
    second_key: Option<PathBuf>,
    /// A run without some nodes counts as done: exit code 0 instead of 4
    #[arg(long)]
    allow_missing: bool,
}

#[derive(Debug, Args)]
struct PartyArgs {
    /// Which program: node or coordinator
    party: String,
    /// Its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs the program with these arguments, the first being its name.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli: Cli = match program::parsed(arguments) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let output = cli.output;
    let result = match cli.command.unwrap_or_else(|| Command::Demo(DemoArgs::default())) {
        Command::Party(args) => return party(args),
        Command::Make(args) => run_make(&args, output),
        Command::Run(args) => run_run(args, output),
        Command::Demo(args) => demo::run(
            &MakeOptions {
                persons: args.persons,
                seed: args.seed,
                as_of: args.as_of,
                regions: args.regions,
                municipalities: args.municipalities,
                out: args.out.join("data"),
            },
            &args.out,
            output,
        ),
    };
    output.finish(result)
}

fn party(args: PartyArgs) -> ExitCode {
    let mut arguments = args.arguments;
    match args.party.as_str() {
        "node" => {
            arguments.insert(0, "tvaers-node".into());
            tvaers_node::cli::main(arguments)
        }
        "coordinator" => {
            arguments.insert(0, "tvaers".into());
            tvaers_coordinator::cli::main(arguments)
        }
        _ => ExitCode::from(Exit::BadInput.code()),
    }
}

fn run_make(args: &MakeArgs, output: Output) -> Result<(), Problem> {
    let options = MakeOptions {
        persons: args.persons,
        seed: args.seed,
        as_of: args.as_of,
        regions: args.regions.clone(),
        municipalities: args.municipalities.clone(),
        out: args.out.clone(),
    };
    let made = demo::population(&options, output)?;
    output.note(format_args!(
        "{} made-up persons, {} rows, in {}",
        made.persons,
        made.rows,
        args.out.display()
    ));
    Ok(())
}

fn run_run(args: RunArgs, output: Output) -> Result<(), Problem> {
    let models = match args.models.is_empty() && args.queries.is_empty() && args.indicators.is_empty() {
        true => vec!["sad".to_owned()],
        false => args.models,
    };
    let options = run::Options {
        data: args.data,
        out: args.out,
        as_of: args.as_of,
        models,
        queries: args.queries,
        indicators: args.indicators,
        series: args.series,
        times: args.times,
        rho: args.rho,
        key: args.key,
        second_key: args.second_key,
        grain: args.grain,
        deadline_s: args.deadline,
        allow_missing: args.allow_missing,
        fresh: args.fresh,
    };
    let report = run::run(&options, output)?;
    report.tell(output)?;
    report.check(options.allow_missing)
}

fn rho(text: &str) -> Result<Decimal, String> {
    Decimal::parse(text).map_err(|error| format!("{error}; expected {}", Decimal::EXPECTED))
}
