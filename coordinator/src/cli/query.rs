//! `tvaers query preview | submit`.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use tvaers_host::output::{Format, Output, table};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::message::Signed;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::release::PartOf;
use tvaers_protocol::request::QueryRequest;
use tvaers_protocol::study::utc_date;
use tvaers_query::query::{Kind, Party};
use tvaers_query::{Budget, Decimal, Query};
use tvaers_release::of_query::PERSONS_MAX;
use tvaers_release::spread::Spread;

use super::asking::{Asking, under};
use super::draft;
use super::{bar, results, show};
use crate::advice::{self, Advised, Expected, PERSONS};
use crate::asker::Asker;
use crate::control::{Reply, Request, ask};
use crate::home::Home;
use crate::preview::{NodePreview, PartPreview};
use crate::query::Answered;
use crate::request::QueryAsked;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Show what a query would cost at each node, what would be left, and how good the answer would be
    Preview(PreviewArgs),
    /// Ask a query, and show the answer
    Submit(SubmitArgs),
    /// Approve another person's stratification, as its permit may demand: the second signature
    Approve(draft::ApproveArgs),
    /// Show what was asked, newest first
    List,
    /// Show the newest answer to a query
    Show {
        /// The query's name, or the name of the request
        name: String,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The query file
    file: PathBuf,
    /// The permit of the nodes' policies under which it is asked
    #[arg(long, value_name = "ID")]
    permit: String,
    /// The purpose of that permit
    #[arg(long, value_name = "ID", default_value = "")]
    purpose: String,
    /// Ask with this budget instead of the file's
    #[arg(long, value_name = "RHO", value_parser = decimal)]
    rho: Option<Decimal>,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Debug, clap::Args)]
pub(super) struct PreviewArgs {
    #[command(flatten)]
    query: Args,
    /// Work out the epsilon at which no cell's standard error is more than this, in the query's own unit, and preview that
    #[arg(long, value_name = "ERROR", conflicts_with = "rho", value_parser = error_wished)]
    target_error: Option<f64>,
    /// How many persons you guess are in a cell: the error of means and quantiles depends on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=PERSONS_MAX))]
    persons: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(super) struct SubmitArgs {
    #[command(flatten)]
    query: Args,
    /// Seconds that a node may be away before the answer is made without it
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    deadline: u64,
    /// An answer without some nodes counts as done: exit code 0 instead of 4
    #[arg(long)]
    allow_missing: bool,
    /// Ask it so many times, each charged and noised afresh; laboratory policies only
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
}

fn decimal(text: &str) -> Result<Decimal, String> {
    Decimal::parse(text).map_err(|error| format!("{error}; expected {}", Decimal::EXPECTED))
}

fn error_wished(text: &str) -> Result<f64, String> {
    let error: Option<f64> = text.parse().ok().filter(|error: &f64| error.is_finite() && *error > 0.0);
    error.ok_or_else(|| "expected a number more than 0".to_owned())
}

pub(super) async fn run(home: &Home, command: &Command, output: Output) -> Result<(), Problem> {
    match command {
        Command::Preview(args) => preview(home, args, output).await,
        Command::Submit(args) => submit(home, args, output).await,
        Command::Approve(args) => draft::approve(home, args, output),
        Command::List => results::list(home, output).await,
        Command::Show { name } => results::show(home, name, output).await,
    }
}

impl Args {
    /// The query, signed.
    fn signed(
        &self,
        home: &Home,
        times: u32,
        wait_s: u64,
        output: Output,
    ) -> Result<Signed<QueryRequest>, Problem> {
        let asker = self.asking.open(home)?;
        let now = SystemClock.now();
        let query = self.read(&asker, now, output)?;
        Ok(asker.query(&query, under(&self.permit, &self.purpose), times, wait_s, now))
    }

    fn read(&self, asker: &Asker, now: Timestamp, output: Output) -> Result<Query, Problem> {
        let text = std::fs::read_to_string(&self.file).map_err(|error| {
            Problem::new(Exit::BadInput, "query.file", error)
                .at(self.file.display())
                .expected("a query file")
                .next("check the path")
        })?;
        let file = self.file.display().to_string();
        let query = asker.read_query(&text, &file, now).map_err(|problems| first(problems, output))?;
        Ok(match self.rho {
            None => query,
            Some(rho) => query.with_budget(Budget::Rho(rho)),
        })
    }
}

/// All problems of a file: those after the first are told here.
pub(super) fn first(problems: Vec<Problem>, output: Output) -> Problem {
    let mut problems = problems.into_iter();
    let first = problems.next();
    for problem in problems {
        output.note(problem);
    }
    first.unwrap_or_else(|| Problem::new(Exit::BadInput, "query.file", "the query file cannot be read"))
}

async fn submit(home: &Home, args: &SubmitArgs, output: Output) -> Result<(), Problem> {
    let query = args.query.signed(home, args.times, args.deadline, output)?;
    let asked = QueryAsked { query, deadline_s: args.deadline };
    let bar = bar(output);
    let reply = ask(&home.socket(), &Request::Query(asked), |event| show(event, &bar, output)).await;
    bar.finish_and_clear();
    let Reply::Answered(answered) = reply? else { return Err(super::other_answer()) };
    tell(home, &answered, output).await?;
    // What was answered is told first: without some nodes it is still worth having.
    answered.problem(args.allow_missing).map_or(Ok(()), Err)
}

async fn tell(home: &Home, answered: &Answered, output: Output) -> Result<(), Problem> {
    if answered.results == 0 {
        return Ok(());
    }
    if answered.results == 1 || output.format == Format::Json {
        return results::show(home, answered.request.as_str(), output).await;
    }
    output.result(format_args!(
        "{} answers to `{}` are kept; `tvaers results export {}` writes them.",
        answered.results, answered.name, answered.request
    ));
    Ok(())
}

/// What a preview says.
#[derive(Serialize)]
struct Preview<'a> {
    /// What `--target-error` worked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    advised: Option<Advice>,
    /// Each node's verdict, cost and noise.
    nodes: &'a [NodePreview],
    /// The error to expect in a cell that most nodes add to.
    expected: Vec<Expected>,
}

/// A budget that buys the wished error.
#[derive(Clone, Copy, Debug, Serialize)]
struct Advice {
    target_error: f64,
    epsilon: f64,
    rho: f64,
}

async fn preview(home: &Home, args: &PreviewArgs, output: Output) -> Result<(), Problem> {
    let asker = args.query.asking.open(home)?;
    let now = SystemClock.now();
    let mut query = args.query.read(&asker, now, output)?;
    let parties: Vec<Party> = asker.roster().roster().members_on(utc_date(now)).map(Party::from).collect();
    let nodes_a_cell = advice::nodes_a_cell(&query, &parties);
    let mut advised = None;
    if let Some(target_error) = args.target_error {
        let found = advise(&query, nodes_a_cell, target_error, args.persons, &asker)?;
        query = query.with_budget(Budget::Epsilon(found.epsilon));
        let rho = crate::answer::rho(found.rho.nano());
        advised = Some(Advice { target_error, epsilon: found.epsilon.real(), rho });
    }
    let signed = asker.query(&query, under(&args.query.permit, &args.query.purpose), 1, 60, now);
    let Reply::Previewed(nodes) = ask(&home.socket(), &Request::Preview(signed), |_| {}).await? else {
        return Err(super::other_answer());
    };
    let expected = expected(&query, &nodes, nodes_a_cell, args.persons).unwrap_or_default();
    let preview = Preview { advised, nodes: &nodes, expected };
    if output.format == Format::Json {
        let json = serde_json::to_string_pretty(&preview)
            .map_err(|error| Problem::from_error(Exit::Failed, "preview.json", &error))?;
        output.result(json);
    } else {
        previewed(&preview, output);
    }
    let refused = nodes.iter().find_map(|node| Some((node, node.rules.first()?)));
    refused.map_or(Ok(()), |(node, _)| Err(crate::failure::declined(&node.node, &node.rules)))
}

/// The budget for a wished error.
fn advise(
    query: &Query,
    nodes: usize,
    target: f64,
    persons: Option<u64>,
    asker: &Asker,
) -> Result<Advised, Problem> {
    let depends = matches!(query.kind(), Kind::Mean { .. } | Kind::Quantiles { .. });
    if depends && persons.is_none() {
        let what = "the error of means and quantiles depends on how many persons are in a cell";
        return Err(Problem::new(Exit::BadInput, "preview.persons", what)
            .at("--target-error")
            .expected("your guess, with --persons")
            .next("a count of the same groups tells how many there are"));
    }
    let failed = |error| Problem::from_error(Exit::BadInput, "preview.target-error", &error);
    let delta = asker.roster().roster().delta.parse().map_err(failed)?;
    let advised = advice::budget_for(query, nodes, target, persons.unwrap_or(1), delta).map_err(failed)?;
    advised.ok_or_else(|| {
        Problem::new(Exit::BadInput, "preview.target-error", "no budget buys so small an error")
            .at("--target-error")
            .expected("a greater error")
            .next("ask for fewer categories, wider bins, or more persons in a cell")
    })
}

/// The error to expect in a cell that most nodes add to: of several nodes those with the widest noise.
fn expected(
    query: &Query,
    nodes: &[NodePreview],
    nodes_a_cell: usize,
    persons: Option<u64>,
) -> Option<Vec<Expected>> {
    let mut spreads: Vec<_> =
        nodes.iter().map(NodePreview::spreads).filter(|parts| !parts.is_empty()).collect();
    let width = |parts: &Vec<(PartOf, Spread)>| parts.first().map_or(0.0, |(_, spread)| spread.scale());
    spreads.sort_by(|a, b| width(b).total_cmp(&width(a)));
    spreads.truncate(nodes_a_cell);
    let guesses = persons.map_or_else(|| PERSONS.to_vec(), |persons| vec![persons]);
    advice::expected(query, &advice::added_up(&spreads).ok()?, &guesses).ok()
}

fn previewed(preview: &Preview<'_>, output: Output) {
    if let Some(Advice { target_error, epsilon, rho }) = preview.advised {
        output.result(format_args!(
            "For a standard error of {target_error} write `epsilon = {epsilon}` under [privacy]: {rho} rho at each node."
        ));
    }
    let header = [
        "node",
        "verdict",
        "cost (rho)",
        "left: permit",
        "period",
        "life",
        "more such",
        "standard error",
        "± 95 %",
    ];
    let mut table = table(header, &[2, 3, 4, 5, 6, 7, 8]);
    let number = |number: Option<f64>| number.map(|number| format!("{number:.4}")).unwrap_or_default();
    for node in preview.nodes {
        let verdict = match (node.connected, node.rules.first()) {
            (false, _) => "not connected".to_owned(),
            (true, None) => "would be answered".to_owned(),
            (true, Some(rule)) => format!("refused: {}", rule.code),
        };
        let parts = |text: fn(&PartPreview) -> String| {
            let one = |part: &PartPreview| match node.parts.len() {
                1 => text(part),
                _ => format!("{} {}", part.noise.of.replace('_', " "), text(part)),
            };
            node.parts.iter().map(one).collect::<Vec<_>>().join("\n")
        };
        table.add_row([
            node.node.to_string(),
            verdict,
            number(node.rho),
            number(node.left.map(|left| left.permit_rho)),
            number(node.left.map(|left| left.period_rho)),
            number(node.left.map(|left| left.life_rho)),
            node.more.map(|more| more.to_string()).unwrap_or_default(),
            parts(|part| format!("{:.4}", part.standard_error)),
            parts(|part| part.ci95_half_width.to_string()),
        ]);
    }
    output.result(table);
    for expected in &preview.expected {
        let of = match (expected.probability, expected.persons) {
            (Some(share), Some(n)) => {
                format!("Of the quantile at {share}, with {n} persons spread evenly over the bins,")
            }
            (_, Some(n)) => format!("Of a mean over {n} persons"),
            _ => "Of a cell that adds up the nodes above that can have anyone in it,".to_owned(),
        };
        let range = expected.range.map(|[low, high]| format!(" ({low:.4} to {high:.4}, by where it lies)"));
        output.result(format_args!(
            "{of} the standard error would be {:.4}{}.",
            expected.standard_error,
            range.unwrap_or_default()
        ));
    }
    output.result("Nothing was charged or read.");
}
