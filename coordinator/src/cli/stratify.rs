//! `tvaers stratify`.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use tvaers_host::output::{Format, Output};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::{Series, TablesRequest};
use tvaers_protocol::study::{Grain, RunId, utc_date};

use super::asking::{Asking, under};
use super::{draft, results};
use crate::asker::{StudyWish, nano_rho};
use crate::control::{Reply, Request, ask};
use crate::event::Event;
use crate::home::Home;
use crate::stratify::{self, RequestId, Summary};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The model, such as sad
    model: String,
    /// The reference date
    #[arg(long, value_name = "DATE")]
    as_of: Date,
    /// The finest contribution per person to ask for: points, counts or events
    #[arg(long, default_value = "events")]
    grain: Grain,
    /// Seconds that a node may be away before the study is carried out without it
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    deadline: u64,
    /// A study without some nodes counts as done: exit code 0 instead of 4
    #[arg(long)]
    allow_missing: bool,
    /// The permit under which citizens' own municipalities get work lists; without it none are made
    #[arg(long, value_name = "ID", required_unless_present = "tables_permit")]
    permit: Option<String>,
    /// The purpose of that permit
    #[arg(long, value_name = "ID", default_value = "", requires = "permit")]
    purpose: String,
    /// The permit under which noised tables by municipality are released; without it none are
    #[arg(long, value_name = "ID")]
    tables_permit: Option<String>,
    /// The purpose of that permit
    #[arg(long, value_name = "ID", default_value = "", requires = "tables_permit")]
    tables_purpose: String,
    /// What the tables may cost at each node [default: what the nodes' policies say]
    #[arg(long, value_name = "RHO", value_parser = nano_rho, requires = "tables_permit")]
    rho: Option<u64>,
    /// Tabulate how many have at least this total, instead of the model's own strata and rule
    #[arg(long, value_name = "TOTAL", requires = "tables_permit")]
    cut_off: Option<u16>,
    /// Keep the run's key and pseudonyms until the end of this day for later runs, where the nodes' permits allow
    /// follow-up; without it both are erased with the run
    #[arg(long, value_name = "DATE", requires = "permit")]
    keep_key_until: Option<Date>,
    /// Go on under the key of this earlier run, which was kept: a person has the same pseudonym in both, and newcomers
    /// alone are evaluated
    #[arg(long, value_name = "RUN", requires = "keep_key_until")]
    follows: Option<RequestId>,
    /// Write the signed request to this file instead of asking, for a second person to approve
    #[arg(long, value_name = "FILE")]
    draft: Option<PathBuf>,
    /// Days for which a draft may be carried out
    #[arg(long, value_name = "DAYS", default_value_t = 7, requires = "draft", value_parser = clap::value_parser!(u64).range(1..=28))]
    valid_days: u64,
    #[command(flatten)]
    asking: Asking,
}

pub(super) async fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let asker = args.asking.open(home)?;
    let tables = args.tables_permit.as_ref().map(|permit| TablesRequest {
        under: under(permit, &args.tables_purpose),
        nano_rho: args.rho,
        cut_off: args.cut_off,
    });
    let series = match args.keep_key_until {
        None => None,
        Some(until) if until < utc_date(SystemClock.now()) => return Err(over(until)),
        Some(until) => Some(Series { first: first(home, args.follows.as_ref()).await?, until }),
    };
    let wish = StudyWish {
        model: args.model.clone(),
        as_of: args.as_of,
        grain: args.grain,
        list: args.permit.as_ref().map(|permit| under(permit, &args.purpose)),
        tables,
        series,
    };
    let drafted_s = if args.draft.is_some() { args.valid_days * 24 * 3600 } else { 0 };
    let study = asker.study(wish, args.deadline.saturating_add(drafted_s), SystemClock.now())?;
    let request = stratify::Request { study, approval: None, deadline_s: args.deadline };
    let Some(file) = &args.draft else { return submit(home, request, args.allow_missing, output).await };
    draft::write(file, &request)?;
    output.result(format_args!(
        "Drafted. Send {0} to the person who approves it (`tvaers query approve {0}`); then `tvaers study submit {0}`.",
        file.display()
    ));
    Ok(())
}

fn over(until: Date) -> Problem {
    Problem::new(
        Exit::BadInput,
        "series.over",
        format_args!("{until} is over, and a key would be kept until then"),
    )
    .at("--keep-key-until")
    .expected("today or a later day, within what the nodes' permits allow")
    .next("correct the date, or leave it out: the key is then erased with the run")
}

/// The first run of the series that an earlier run is of.
async fn first(home: &Home, run: Option<&RequestId>) -> Result<Option<RunId>, Problem> {
    let Some(run) = run else { return Ok(None) };
    let Reply::Studies(rows) = ask(&home.socket(), &Request::Studies(Some(run.clone())), |_| {}).await?
    else {
        return Err(super::other_answer());
    };
    let unknown = |what: std::fmt::Arguments<'_>| {
        Problem::new(Exit::BadInput, "series.unknown", what)
            .at("--follows")
            .expected("a run that was asked with --keep-key-until and whose series is open")
            .next("look at `tvaers study show RUN`, or begin a new series")
    };
    let studies = rows.iter().flat_map(|row| &row.studies);
    let Some(study) = studies.clone().find(|study| study.run == run.as_str()).or(studies.last()) else {
        return Err(unknown(format_args!("there is no run `{run}`")));
    };
    let Some(series) = &study.series else {
        return Err(unknown(format_args!("the key of run {run} was its own alone, and is erased")));
    };
    if let Some(closed) = &series.closed {
        return Err(unknown(format_args!("the series of run {run} was closed at {closed}")));
    }
    series.first.parse().map(Some).map_err(|error| Problem::from_error(Exit::Failed, "series.run", &error))
}

/// Has a stratification carried out, and shows what came of it.
pub(super) async fn submit(
    home: &Home,
    request: stratify::Request,
    allow_missing: bool,
    output: Output,
) -> Result<(), Problem> {
    let request = Request::Stratify(request);
    let bar = bar(output);
    let reply = ask(&home.socket(), &request, |event| show(event, &bar, output)).await;
    bar.finish_and_clear();
    let Reply::Stratified(summary) = reply? else {
        return Err(super::other_answer());
    };
    match output.format {
        Format::Json => {
            let json = serde_json::to_string_pretty(&summary)
                .map_err(|error| Problem::from_error(Exit::Failed, "stratify.json", &error))?;
            output.result(json);
        }
        Format::Text => text(&summary).iter().for_each(|line| output.result(line)),
    }
    // What was done is told first: without some nodes it is still worth having.
    summary.problem(allow_missing).map_or(Ok(()), Err)
}

pub(super) fn show(event: &Event, bar: &ProgressBar, output: Output) {
    match event {
        Event::Begin(phase) => {
            bar.set_position(0);
            bar.set_message(phase.name());
            bar.set_prefix("");
            if bar.is_hidden() {
                output.note(format_args!("phase {} begin", phase.name()));
            }
        }
        Event::End(phase) => {
            if bar.is_hidden() {
                output.note(format_args!("phase {} end", phase.name()));
            }
        }
        Event::Progress { node, away: true, .. } => {
            bar.set_prefix(format!("waiting for {node}"));
            if bar.is_hidden() {
                output.note(format_args!("waiting for {node}"));
            }
        }
        Event::Progress { node, percent, .. } => {
            bar.set_position(u64::from(*percent));
            bar.set_prefix(node.to_string());
        }
    }
}

/// The summary in lines.
pub(super) fn text(summary: &Summary) -> Vec<String> {
    let list = |nodes: &[NodeId]| nodes.iter().map(NodeId::as_str).collect::<Vec<_>>().join(", ");
    let mut lines = vec![
        format!("{} as of {}, run {}", summary.model, summary.as_of, summary.run),
        format!("took part:   {}", list(&summary.nodes)),
    ];
    if !summary.missing.is_empty() {
        lines.push(format!(
            "missing:     {}; where the model's rules span nodes, everybody is marked incomplete",
            list(&summary.missing)
        ));
    }
    let (evaluated, holders) = summary.quorum;
    let key = match summary.key_until {
        None => "the key is erased".to_owned(),
        Some(until) => {
            format!(
                "the key is kept until {until} for follow-up (`tvaers study close {}` erases it)",
                summary.run
            )
        }
    };
    lines.extend([
        format!("pseudonyms:  each evaluated by {evaluated} of {holders} key holders; {key}"),
        format!("grain:       {}", summary.grain),
    ]);
    if !summary.worklists.is_empty() {
        lines.push(format!(
            "work lists:  at {}, each for its own residents; nothing about anyone is kept here",
            list(&summary.worklists)
        ));
    }
    if let Some(tables) = &summary.tables {
        lines.push("released:".to_owned());
        lines.extend(results::text(tables));
    }
    if !summary.unconfirmed.is_empty() {
        lines
            .push(format!("unconfirmed: the work list of {} may not be written", list(&summary.unconfirmed)));
    }
    for data in &summary.data {
        lines.push(format!(
            "data:        {} extracted on {}, import {}, {} rows set aside",
            data.node, data.extracted_on, data.import, data.rejected_rows
        ));
    }
    for rule in &summary.falls_back {
        lines.push(format!(
            "fall-back:   a person with rows for `{}` at two {} nodes is judged by the model's fall-back and marked incomplete ({})",
            rule.group,
            rule.sector,
            rule.criteria.join(", ")
        ));
    }
    lines
}

pub(super) fn bar(output: Output) -> ProgressBar {
    if output.quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg:12} {bar:30} {pos:>3} % {prefix} {elapsed}");
    ProgressBar::new(100).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
