//! `tvaers study submit | list | show | close`.

use std::path::PathBuf;

use jiff::{Timestamp, Unit};
use tvaers_host::output::{Format, Output, table};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};

use super::{draft, stratify};
use crate::control::{Reply, Request, ask};
use crate::home::Home;
use crate::request::Asked;
use crate::state::{RequestRow, StudyRow};
use crate::stratify::{Outcome, RequestId};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Have a drafted stratification carried out, approved or not
    Submit {
        /// The file that `tvaers stratify --draft` wrote and `tvaers query approve` may have signed
        file: PathBuf,
        /// A study without some nodes counts as done: exit code 0 instead of 4
        #[arg(long)]
        allow_missing: bool,
    },
    /// Show all that was asked for, newest first
    List,
    /// Show one request: its studies, who was missing, and what came of it
    Show {
        /// The name of the run, or that of the request
        run: RequestId,
    },
    /// End the series of a run whose key is kept for follow-up: every node erases its share and its pseudonyms
    Close {
        /// The name of any of its runs
        run: RequestId,
    },
}

pub(super) async fn run(home: &Home, command: &Command, output: Output) -> Result<(), Problem> {
    let only = match command {
        Command::Submit { file, allow_missing } => {
            return stratify::submit(home, draft::read(file)?, *allow_missing, output).await;
        }
        Command::List => None,
        Command::Show { run } => Some(run.clone()),
        Command::Close { run } => return close(home, run, output).await,
    };
    let Reply::Studies(rows) = ask(&home.socket(), &Request::Studies(only.clone()), |_| {}).await? else {
        return Err(super::other_answer());
    };
    match (only, rows.as_slice()) {
        (None, rows) if output.format == Format::Json => json(rows, output),
        (None, rows) => {
            output.result(listed(rows));
            Ok(())
        }
        (Some(_), [row]) if output.format == Format::Json => json(row, output),
        (Some(_), [row]) => {
            shown(row).iter().for_each(|line| output.result(line));
            Ok(())
        }
        (Some(name), _) => Err(Problem::new(
            Exit::BadInput,
            "study.unknown",
            format_args!("there is no run or request `{name}`"),
        )
        .expected("a name that `tvaers study list` shows")
        .next("look there")),
    }
}

async fn close(home: &Home, run: &RequestId, output: Output) -> Result<(), Problem> {
    let Reply::SeriesClosed(ended) = ask(&home.socket(), &Request::CloseSeries(run.clone()), |_| {}).await?
    else {
        return Err(super::other_answer());
    };
    if output.format == Format::Json {
        return json(&ended, output);
    }
    if !ended.erased.is_empty() {
        output.result(format_args!("erased at:   {}", names(&ended.erased)));
    }
    if !ended.away.is_empty() {
        output.result(format_args!(
            "away:        {}; told as soon as they connect, and they erase it after its last day by themselves",
            names(&ended.away)
        ));
    }
    Ok(())
}

fn json<T: serde::Serialize + ?Sized>(value: &T, output: Output) -> Result<(), Problem> {
    let json = serde_json::to_string_pretty(value)
        .map_err(|error| Problem::from_error(Exit::Failed, "study.json", &error))?;
    output.result(json);
    Ok(())
}

fn listed(rows: &[RequestRow]) -> impl std::fmt::Display {
    let mut table = table(["run", "model", "as of", "asked", "ended", "missing", "outcome"], &[]);
    for row in rows {
        let last = row.studies.last();
        let model = row.request.as_ref().map(Asked::title);
        let as_of = row.request.as_ref().and_then(Asked::as_of).map(|day| day.to_string());
        let name = last.map(|study| study.run.clone()).or_else(|| row.id.as_ref().map(ToString::to_string));
        table.add_row([
            name.unwrap_or_default(),
            model.or_else(|| last.map(|study| study.model.clone())).unwrap_or_default(),
            as_of.or_else(|| last.map(|study| study.as_of.clone())).unwrap_or_default(),
            moment(&row.asked),
            row.ended.as_deref().map(moment).unwrap_or_default(),
            last.map(|study| names(&study.missing)).unwrap_or_default(),
            outcome(row),
        ]);
    }
    table
}

/// What came of a request, in a few words.
fn outcome(row: &RequestRow) -> String {
    match &row.outcome {
        Some(Outcome::Done(summary)) if summary.missing.is_empty() && summary.unconfirmed.is_empty() => {
            "done".to_owned()
        }
        Some(Outcome::Done(_)) => "done without some nodes".to_owned(),
        Some(Outcome::Answered(answered)) if answered.exit(false) == Exit::Done => "answered".to_owned(),
        Some(Outcome::Answered(_)) => "answered without some nodes".to_owned(),
        Some(Outcome::Failed(problem, _)) => format!("failed: {}", problem.what),
        None if row.ended.is_none() => "under way".to_owned(),
        None => row.studies.last().and_then(|study| study.outcome.clone()).unwrap_or_default(),
    }
}

fn shown(row: &RequestRow) -> Vec<String> {
    let mut lines = Vec::new();
    if let (Some(id), Some(request)) = (&row.id, &row.request) {
        let as_of = request.as_of().map(|day| format!(" as of {day}")).unwrap_or_default();
        lines.push(format!("request {id}: {}{as_of}, deadline {} s", request.title(), request.deadline_s()));
    }
    let ended = row.ended.as_deref().map_or_else(|| "under way".to_owned(), moment);
    lines.push(format!("asked:       {}", moment(&row.asked)));
    lines.push(format!("ended:       {ended}"));
    lines.extend(row.studies.iter().flat_map(study));
    match &row.outcome {
        Some(Outcome::Done(summary)) => lines.extend(stratify::text(summary)),
        Some(Outcome::Answered(answered)) => {
            lines.push(format!("answers:     {}", answered.results));
            lines.extend(answered.problem(false).map(|problem| problem.to_string()));
        }
        Some(Outcome::Failed(problem, _)) => lines.push(problem.to_string()),
        None => {}
    }
    lines
}

fn study(study: &StudyRow) -> Vec<String> {
    let end = match (&study.closed, &study.outcome) {
        (Some(closed), Some(outcome)) => format!("closed {}: {outcome}", moment(closed)),
        _ => "under way".to_owned(),
    };
    let mut lines = vec![
        format!(
            "study:       run {}, {} as of {}, grain {}",
            study.run, study.model, study.as_of, study.grain
        ),
        format!("             drafted {}, {end}", moment(&study.created)),
        format!("             with {}", names(&study.nodes)),
    ];
    if !study.missing.is_empty() {
        lines.push(format!("             without {}", names(&study.missing)));
    }
    if let Some(series) = &study.series {
        lines.push(match &series.closed {
            None => format!(
                "             under the key of run {}, kept until {} unless it is closed",
                series.first, series.until
            ),
            Some(closed) => {
                format!("             under the key of run {}, erased {}", series.first, moment(closed))
            }
        });
    }
    lines
}

/// A moment to the second; in JSON it stands as it is.
fn moment(text: &str) -> String {
    let moment = text.parse::<Timestamp>().and_then(|time| time.round(Unit::Second));
    moment.map_or_else(|_| text.to_owned(), |time| time.to_string())
}

fn names(nodes: &[NodeId]) -> String {
    nodes.iter().map(NodeId::as_str).collect::<Vec<_>>().join(", ")
}
