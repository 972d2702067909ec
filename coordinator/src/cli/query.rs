//! `tvaers query preview | submit`.

use std::path::PathBuf;

use jiff::Timestamp;
use tvaers_host::output::{Format, Output, table};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::message::Signed;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::QueryRequest;
use tvaers_query::{Budget, Decimal, Query};

use super::asking::{Asking, under};
use super::{bar, results, show};
use crate::asker::Asker;
use crate::control::{Reply, Request, ask};
use crate::home::Home;
use crate::preview::NodePreview;
use crate::query::Answered;
use crate::request::QueryAsked;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Show what a query would cost at each node, what would be left, and how good the answer would be
    Preview(Args),
    /// Ask a query, and show the answer
    Submit(SubmitArgs),
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

pub(super) async fn run(home: &Home, command: &Command, output: Output) -> Result<(), Problem> {
    match command {
        Command::Preview(args) => preview(home, args, output).await,
        Command::Submit(args) => submit(home, args, output).await,
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

async fn preview(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let request = args.signed(home, 1, 60, output)?;
    let Reply::Previewed(nodes) = ask(&home.socket(), &Request::Preview(request), |_| {}).await? else {
        return Err(super::other_answer());
    };
    if output.format == Format::Json {
        let json = serde_json::to_string_pretty(&nodes)
            .map_err(|error| Problem::from_error(Exit::Failed, "preview.json", &error))?;
        output.result(json);
    } else {
        previewed(&nodes, output);
    }
    let refused = nodes.iter().find_map(|node| Some((node, node.rules.first()?)));
    refused.map_or(Ok(()), |(node, _)| Err(crate::failure::declined(&node.node, &node.rules)))
}

fn previewed(nodes: &[NodePreview], output: Output) {
    let header =
        ["node", "verdict", "cost (rho)", "left: permit", "period", "life", "standard error", "± 95 %"];
    let mut table = table(header, &[2, 3, 4, 5, 6, 7]);
    let number = |number: Option<f64>| number.map(|number| format!("{number:.4}")).unwrap_or_default();
    for node in nodes {
        let verdict = match (node.connected, node.rules.first()) {
            (false, _) => "not connected".to_owned(),
            (true, None) => "would be answered".to_owned(),
            (true, Some(rule)) => format!("refused: {}", rule.code),
        };
        table.add_row([
            node.node.to_string(),
            verdict,
            number(node.rho),
            number(node.left.map(|left| left.permit_rho)),
            number(node.left.map(|left| left.period_rho)),
            number(node.left.map(|left| left.life_rho)),
            number(node.standard_error),
            node.ci95_half_width.map(|width| width.to_string()).unwrap_or_default(),
        ]);
    }
    output.result(table);
    let variance: f64 = nodes.iter().filter_map(|node| node.standard_error).map(|error| error * error).sum();
    output.result(format_args!(
        "Where a cell adds up all of these nodes its standard error is {:.2}. Nothing was charged or read.",
        variance.sqrt()
    ));
}
