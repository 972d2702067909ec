//! `tvaers indicators list | show | preview | ask`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use tvaers_definitions::indicator::{Body, Indicator};
use tvaers_host::output::{Format, Output, table};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::TablesRequest;
use tvaers_protocol::study::Grain;
use tvaers_query::Query;

use super::asking::{Asking, under};
use super::{bar, query, results, show, stratify};
use crate::answer::{IndicatorWords, Mode, rho};
use crate::asker::{Asker, StudyWish, nano_rho};
use crate::control::{Reply, Request, ask};
use crate::home::Home;
use crate::library::library;
use crate::preview::NodePreview;
use crate::request::IndicatorAsked;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Show what can be asked: the program's own indicators, and those of the folder `indicators`
    List,
    /// Show one indicator: what it counts over whom, in Danish and English, and what it takes
    Show {
        /// The indicator's name, such as cost_per_capita
        name: String,
    },
    /// Show what an indicator would cost at each node; nothing is charged or read
    Preview(PreviewArgs),
    /// Ask indicators, and show the answers
    Ask(AskArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct Under {
    /// The permit of the nodes' policies under which it is asked: for aggregates, or, for an indicator that is joined, for joined statistics
    #[arg(long, value_name = "ID")]
    permit: String,
    /// The purpose of that permit
    #[arg(long, value_name = "ID", default_value = "")]
    purpose: String,
    /// What each indicator may cost at each node, in place of its own budget
    #[arg(long, value_name = "RHO", value_parser = nano_rho)]
    rho: Option<u64>,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Debug, clap::Args)]
pub(super) struct PreviewArgs {
    /// The indicator's name
    name: String,
    /// The reference date
    #[arg(long, value_name = "DATE")]
    as_of: Date,
    #[command(flatten)]
    under: Under,
}

#[derive(Debug, clap::Args)]
pub(super) struct AskArgs {
    /// The indicators' names
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// The reference date; several make a series, each charged by itself
    #[arg(long, value_name = "DATE", required = true)]
    as_of: Vec<Date>,
    /// The finest contribution per person to ask for where it is joined: points, counts or events
    #[arg(long, default_value = "events")]
    grain: Grain,
    /// Seconds that a node may be away before the answer is made without it
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    deadline: u64,
    /// An answer without some nodes counts as done: exit code 0 instead of 4
    #[arg(long)]
    allow_missing: bool,
    #[command(flatten)]
    under: Under,
}

pub(super) async fn run(home: &Home, command: &Command, output: Output) -> Result<(), Problem> {
    match command {
        Command::List => list(home, output),
        Command::Show { name } => show_one(home, name, output),
        Command::Preview(args) => preview(home, args, output).await,
        Command::Ask(args) => ask_all(home, args, output).await,
    }
}

/// What is told of an indicator.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    words: IndicatorWords,
    rho: f64,
    digest: String,
    /// Features, or queries.
    takes: Vec<String>,
}

impl From<&Indicator> for Told {
    fn from(indicator: &Indicator) -> Self {
        let takes = match &indicator.body {
            Body::Joined(model) => model
                .components
                .iter()
                .map(|component| format!("{} ({})", component.feature.name, component.sector))
                .collect(),
            Body::Aggregate(aggregate) => aggregate
                .queries
                .iter()
                .map(|asked| {
                    let text = |name: &str| asked.query.get(name).and_then(toml::Value::as_str);
                    [text("kind"), text("feature")].into_iter().flatten().collect::<Vec<_>>().join(" of ")
                })
                .collect(),
        };
        Self {
            words: IndicatorWords::from(indicator),
            rho: rho(indicator.nano_rho),
            digest: indicator.digest.to_string(),
            takes,
        }
    }
}

fn json(value: &impl Serialize, output: Output) -> Result<(), Problem> {
    let json = serde_json::to_string_pretty(value)
        .map_err(|error| Problem::from_error(Exit::Failed, "indicators.json", &error))?;
    output.result(json);
    Ok(())
}

const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Joined => "joined",
        Mode::Aggregate => "aggregate",
    }
}

fn list(home: &Home, output: Output) -> Result<(), Problem> {
    let library = library(home)?;
    let told: Vec<Told> = library.indicators().iter().map(Told::from).collect();
    if output.format == Format::Json {
        return json(&told, output);
    }
    let mut table = table(["name", "mode", "rho", "question"], &[2]);
    for Told { words, rho, .. } in told {
        table.add_row([words.name, mode(words.mode).to_owned(), rho.to_string(), words.question.en]);
    }
    output.result(table);
    Ok(())
}

fn show_one(home: &Home, name: &str, output: Output) -> Result<(), Problem> {
    let library = library(home)?;
    let found = library.indicator(name).map(Told::from);
    let told = found.ok_or_else(|| {
        Problem::new(Exit::BadInput, "indicator.unknown", format_args!("there is no indicator `{name}`"))
            .expected("a name that `tvaers indicators list` shows")
            .next("look there, or put a file of your own into the folder `indicators`")
    })?;
    if output.format == Format::Json {
        return json(&told, output);
    }
    let Told { words, rho, digest, takes } = told;
    let both = [
        ("title", &words.title),
        ("question", &words.question),
        ("numerator", &words.numerator),
        ("denominator", &words.denominator),
    ];
    output.result(format_args!("{} version {}, {}", words.name, words.version, mode(words.mode)));
    for (name, text) in both {
        output.result(format_args!("{name}:\n  {}\n  {}", text.en, text.da));
    }
    let measures = words.measures.iter().map(|measure| format!("{} ({})", measure.name, measure.en));
    output.result(format_args!("measures: {}", measures.collect::<Vec<_>>().join(", ")));
    output.result(format_args!("source:   {}", words.source));
    output.result(format_args!("takes:    {}", takes.join(", ")));
    output.result(format_args!("budget:   rho {rho} at each node, unless asked otherwise"));
    if words.mode == Mode::Joined {
        output.result(format_args!(
            "a policy permits it with\n  [[permit.model]]\n  name = \"{}\"\n  version = {}\n  digest = \"{digest}\"",
            words.name, words.version
        ));
    }
    Ok(())
}

/// What one query of an indicator would cost.
#[derive(Serialize)]
struct QueryPreview {
    measure: String,
    nodes: Vec<NodePreview>,
}

async fn preview(home: &Home, args: &PreviewArgs, output: Output) -> Result<(), Problem> {
    let asker = args.under.asking.open(home)?;
    let indicator = asker.indicator(&args.name)?;
    let budget = args.under.rho.unwrap_or(indicator.nano_rho);
    let Some(aggregate) = indicator.aggregate() else {
        // What a join releases is priced by the nodes when the study is drafted; none answers before.
        return joined_preview(indicator, budget, output);
    };
    let now = SystemClock.now();
    let queries = read(&asker, indicator, args.as_of, budget, now, output)?;
    let mut previews = Vec::new();
    for (query, asked) in queries.iter().zip(&aggregate.queries) {
        let signed = asker.query(query, under(&args.under.permit, &args.under.purpose), 1, 60, now);
        let Reply::Previewed(nodes) = ask(&home.socket(), &Request::Preview(signed), |_| {}).await? else {
            return Err(super::other_answer());
        };
        previews.push(QueryPreview { measure: asked.measure.clone(), nodes });
    }
    if output.format == Format::Json {
        json(&previews, output)?;
    } else {
        let mut table = table(["measure", "node", "verdict", "cost (rho)", "standard error"], &[3, 4]);
        for QueryPreview { measure, nodes } in &previews {
            for node in nodes {
                let verdict = match (node.connected, node.rules.first()) {
                    (false, _) => "not connected".to_owned(),
                    (true, None) => "would be answered".to_owned(),
                    (true, Some(rule)) => format!("refused: {}", rule.code),
                };
                let errors = node.parts.iter().map(|part| format!("{:.4}", part.standard_error));
                table.add_row([
                    measure.clone(),
                    node.node.to_string(),
                    verdict,
                    node.rho.map(|rho| format!("{rho:.6}")).unwrap_or_default(),
                    errors.collect::<Vec<_>>().join("\n"),
                ]);
            }
        }
        output.result(table);
        output.result("Nothing was charged or read.");
    }
    let refused = previews.iter().flat_map(|preview| &preview.nodes);
    let refused = refused.filter(|node| !node.rules.is_empty()).map(|node| (&node.node, &node.rules)).next();
    refused.map_or(Ok(()), |(node, rules)| Err(crate::failure::declined(node, rules)))
}

fn joined_preview(indicator: &Indicator, budget: u64, output: Output) -> Result<(), Problem> {
    let told = Told { rho: rho(budget), ..Told::from(indicator) };
    if output.format == Format::Json {
        return json(&told, output);
    }
    output.result(format_args!(
        "{} is joined: each node that contributes is charged rho {} for all of its tables together, or what its policy\nasks less. It contributes {}.\nNothing was charged or read; whether a node's policy permits it, it says when the study is drafted, before anything is\ncharged.",
        told.words.name,
        told.rho,
        told.takes.join(", "),
    ));
    Ok(())
}

fn read(
    asker: &Asker,
    indicator: &Indicator,
    as_of: Date,
    budget: u64,
    now: Timestamp,
    output: Output,
) -> Result<Vec<Query>, Problem> {
    let queries = asker.queries(indicator, as_of, budget, now);
    queries.map_err(|problems| query::first(problems, output))
}

/// Asks one after the other; what is refused or incomplete is told in the end, for the rest is done.
async fn ask_all(home: &Home, args: &AskArgs, output: Output) -> Result<(), Problem> {
    let asker = args.under.asking.open(home)?;
    let indicators: Vec<&Indicator> =
        args.names.iter().map(|name| asker.indicator(name)).collect::<Result<_, _>>()?;
    let mut problems = Vec::new();
    let mut asked = BTreeSet::new();
    for indicator in indicators {
        for as_of in &args.as_of {
            // A joined one that is asked twice is charged twice.
            if !asked.insert((indicator.name.as_str(), *as_of)) {
                continue;
            }
            match ask_one(home, args, &asker, indicator, *as_of, output).await {
                Ok(problem) => problems.extend(problem),
                Err(problem) if problem.code.starts_with("control.") => return Err(problem),
                Err(problem) => problems.push(problem),
            }
        }
    }
    // A refusal before a missing node, and before both what could not be asked at all.
    let lowest = problems.iter().enumerate().min_by_key(|(_, problem)| problem.exit.code());
    let told = lowest.map_or(0, |(at, _)| at);
    for (at, problem) in problems.iter().enumerate() {
        if at != told {
            output.note(problem);
        }
    }
    problems.into_iter().nth(told).map_or(Ok(()), Err)
}

async fn ask_one(
    home: &Home,
    args: &AskArgs,
    asker: &Asker,
    indicator: &Indicator,
    as_of: Date,
    output: Output,
) -> Result<Option<Problem>, Problem> {
    let now = SystemClock.now();
    let under = under(&args.under.permit, &args.under.purpose);
    let budget = args.under.rho.unwrap_or(indicator.nano_rho);
    let deadline_s = args.deadline;
    let request = if indicator.aggregate().is_some() {
        let queries = read(asker, indicator, as_of, budget, now, output)?;
        let queries = queries.iter().map(|query| asker.query(query, under.clone(), 1, deadline_s, now));
        let asked =
            IndicatorAsked { indicator: indicator.name.clone(), queries: queries.collect(), deadline_s };
        Request::Indicator(asked)
    } else {
        let tables = TablesRequest { under, nano_rho: Some(budget), cut_off: None };
        let wish = StudyWish {
            model: indicator.name.clone(),
            as_of,
            grain: args.grain,
            list: None,
            tables: Some(tables),
            series: None,
        };
        let study = asker.study(wish, deadline_s, now)?;
        Request::Stratify(crate::stratify::Request { study, approval: None, deadline_s })
    };
    let bar = bar(output);
    let reply = ask(&home.socket(), &request, |event| show(event, &bar, output)).await;
    bar.finish_and_clear();
    match reply? {
        Reply::Answered(answered) => {
            if answered.results > 0 {
                results::show(home, answered.request.as_str(), output).await?;
            }
            Ok(answered.problem(args.allow_missing))
        }
        Reply::Stratified(summary) => {
            match (&summary.tables, output.format) {
                (Some(tables), Format::Json) => json(tables, output)?,
                _ => stratify::text(&summary).iter().for_each(|line| output.result(line)),
            }
            Ok(summary.problem(args.allow_missing))
        }
        _ => Err(super::other_answer()),
    }
}
