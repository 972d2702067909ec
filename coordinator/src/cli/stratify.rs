//! `tvaers stratify`.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use tvaers_host::output::{Format, Output};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::study::Grain;

use crate::control::{Reply, Request, ask};
use crate::event::Event;
use crate::home::Home;
use crate::stratify;

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
    /// Seconds to wait for nodes that are not connected
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    deadline: u64,
}

pub(super) async fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let request = Request::Stratify(stratify::Request {
        model: args.model.clone(),
        as_of: args.as_of,
        grain: args.grain,
        deadline_s: args.deadline,
    });
    let bar = bar(output);
    let reply = ask(&home.socket(), &request, |event| match event {
        Event::Begin(phase) => {
            bar.set_position(0);
            bar.set_message(phase.name());
            if bar.is_hidden() {
                output.note(format_args!("phase {} begin", phase.name()));
            }
        }
        Event::End(phase) => {
            if bar.is_hidden() {
                output.note(format_args!("phase {} end", phase.name()));
            }
        }
        Event::Progress { node, percent, .. } => {
            bar.set_position(u64::from(*percent));
            bar.set_prefix(node.to_string());
        }
    })
    .await;
    bar.finish_and_clear();
    let Reply::Stratified(summary) = reply? else {
        return Err(Problem::new(Exit::Failed, "control.answer", "the coordinator answered something else"));
    };
    if output.format == Format::Json {
        let json = serde_json::to_string_pretty(&summary)
            .map_err(|error| Problem::from_error(Exit::Failed, "stratify.json", &error))?;
        output.result(json);
        return Ok(());
    }
    let list = |names: &[tvaers_protocol::id::NodeId]| {
        names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    output.result(format_args!(
        "{} as of {}, run {}\n\
         took part:   {}\n\
         pseudonyms:  each evaluated by {} of {} key holders; the key is erased\n\
         grain:       {}\n\
         work lists:  at {}, each for its own residents; nothing about anyone is kept here",
        summary.model,
        summary.as_of,
        summary.run,
        list(&summary.nodes),
        summary.quorum.0,
        summary.quorum.1,
        summary.grain,
        list(&summary.worklists),
    ));
    for data in &summary.data {
        output.result(format_args!(
            "data:        {} extracted on {}, import {}, {} rows set aside",
            data.node, data.extracted_on, data.import, data.rejected_rows
        ));
    }
    for rule in &summary.falls_back {
        output.result(format_args!(
            "fall-back:   a person with rows for `{}` at two {} nodes is judged by the model's fall-back and marked incomplete",
            rule.group, rule.sector
        ));
    }
    Ok(())
}

fn bar(output: Output) -> ProgressBar {
    if output.quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg:12} {bar:30} {pos:>3} % {prefix} {elapsed}");
    ProgressBar::new(100).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
