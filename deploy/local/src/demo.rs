//! The demonstration: a population, a federation over it, and what happened in words.

use std::path::Path;

use comfy_table::Table;
use indicatif::ProgressBar;
use tvaers_host::output::{self, Format, Output};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::study::Grain;

use crate::highlights::{Highlight, highlights};
use crate::make::{Made, MakeOptions, make};
use crate::report::Report;
use crate::{provision, run};

/// The indicators that every installation has.
const INDICATORS: [&str; 6] =
    ["residents", "cost_per_capita", "readmission_30d", "triple_aim_survey", "sad_histogram", "somv_diagram"];

/// Makes the population, runs the federation and explains it.
///
/// # Errors
/// [`Problem`].
pub fn run(population: &MakeOptions, out: &Path, output: Output) -> Result<(), Problem> {
    provision::claim(out)?;
    clear_data(&population.out)?;
    let made = self::population(population, output)?;
    let options = run::Options {
        data: population.out.clone(),
        out: out.to_owned(),
        as_of: population.as_of,
        models: vec!["sad".to_owned(), "somv".to_owned()],
        grain: Grain::Events,
        deadline_s: 60,
        allow_missing: false,
        // The federation of an earlier demonstration may have had other nodes.
        fresh: true,
        queries: Vec::new(),
        indicators: INDICATORS.map(str::to_owned).to_vec(),
        series: Vec::new(),
        times: None,
        rho: None,
        key: None,
        second_key: None,
    };
    let report = run::run(&options, output)?;
    if output.format == Format::Json {
        return report.tell(output);
    }
    explain(population, &made, &report, output);
    Ok(())
}

/// Makes a population, with progress on a terminal.
///
/// # Errors
/// [`Problem`] where the options do not fit or the files cannot be written.
pub fn population(options: &MakeOptions, output: Output) -> Result<Made, Problem> {
    let on_terminal = !output.quiet && std::io::IsTerminal::is_terminal(&std::io::stderr());
    let bar = if on_terminal { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let made = make(options, |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    made.map_err(|error| Problem::from_error(Exit::BadInput, "make", &error).at(options.out.display()))
}

/// Removes the population of an earlier demonstration: files of nodes that are no longer asked for would take part.
fn clear_data(data: &Path) -> Result<(), Problem> {
    match std::fs::remove_dir_all(data) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Problem::new(Exit::Failed, "demo.clear", error).at(data.display()))
        }
        _ => Ok(()),
    }
}

/// The first model's released table of strata, and what it cost.
fn released(report: &Report) -> Option<(&str, Table)> {
    let (model, tables) = report
        .models
        .iter()
        .zip(&report.summaries)
        .find_map(|(model, summary)| Some((model, summary.tables.as_ref()?)))?;
    let mut table = output::table(["kommune", "stratum", "shown", "95 % interval", "rho"], &[2, 3, 4]);
    for cell in tables.cells.iter().filter(|cell| cell.key.contains_key("stratum")) {
        let label =
            |name: &str| cell.key.get(name).and_then(|label| label.as_str()).unwrap_or_default().to_owned();
        let interval = cell.ci95.map(|[low, high]| format!("{low} to {high}")).unwrap_or_default();
        let shown = cell.shown.map_or_else(|| "hidden".to_owned(), |shown| shown.to_string());
        table.add_row([label("kommune"), label("stratum"), shown, interval, tables.privacy.rho.to_string()]);
    }
    Some((model, table))
}

fn explain(population: &MakeOptions, made: &Made, report: &Report, output: Output) {
    let out = report.out.display();
    let n_nodes = made.folders.len();
    output.result(format_args!(
        "\nWhat ran\n\
         \x20 {} made-up persons, {} rows, reference date {}. Each of {n_nodes} nodes and the coordinator was a process\n\
         \x20 of its own, with its own keys and its own data, and spoke QUIC with mutual TLS 1.3 on loopback.",
        made.persons, made.rows, population.as_of,
    ));
    for summary in &report.summaries {
        output.result(format_args!(
            "  Study {}: model {}, pseudonyms by {} of {} key holders; the key existed for this run\n\
             \x20 only, as shares that are now erased.",
            summary.run, summary.model, summary.quorum.0, summary.quorum.1,
        ));
    }
    output.result(format_args!(
        "\nWhat was found: citizens at risk of stress, anxiety or depression (sad); citizens in need of much help in\n\
         Lolland and Guldborgsund (somv)\n{}",
        report.table()
    ));
    output.result(
        "  These figures stand together here because this machine is a laboratory; in a federation each list is seen by\n\
         \x20 its own municipality alone. `included` are those for whom the list is meant: the highest stratum of sad, the rule\n\
         \x20 of somv.",
    );
    for line in report.incomplete() {
        output.result(format_args!("  {line}."));
    }
    if let Some((model, table)) = released(report) {
        output.result(format_args!(
            "\nWhat was released: {model} by municipality and stratum, with noise (the rest in {out}/stratify)\n{table}"
        ));
        output.result(
            "  `shown` is what a reader sees; the exact number lies in the interval 95 times of 100. What it cost is charged in\n\
             \x20 the ledger of every node that contributed, and stands in its audit log.",
        );
    }
    let highlights = highlights(&report.out.join("results"));
    if !highlights.is_empty() {
        output.result(
            "\nIndicators: each number with the interval that the exact one lies in 95 times of 100. Noise protects one citizen as\n\
             well in a small population as in a large one, so a town of a few thousand sees wider intervals than a region.",
        );
    }
    for Highlight { title, table } in highlights {
        output.result(format_args!("\n{title}\n{table}"));
    }
    output.result(format_args!(
        "\nWho saw what\n\
         \x20 region nodes        their own patients; nothing about anyone's sick leave, benefits or family\n\
         \x20 municipality nodes  their own citizens; of others nothing; of their own the criteria and total handed back\n\
         \x20 coordinator         16-byte pseudonyms with points and counts, one person at a time, and of those who have\n\
         \x20                     something at two nodes of a sector shifted events; no name, no number, and no file\n\
         \x20                     of them: look in {out}/coordinator\n\
         \x20 nobody              a database of everyone, or a key that turns pseudonyms back into persons",
    ));
    let (wall, cpu) = report
        .timings
        .phases
        .values()
        .fold((0.0, 0.0), |(wall, cpu), phase| (wall + phase.wall_s, cpu + phase.cpu_s));
    output.result(format_args!(
        "\nWhat it took\n\
         \x20 {wall:.1} s ({cpu:.1} s of processor time over all parties); by phase in {out}/timings.json\n\
         \x20 All that was released, with plots, on one page for people: {out}/report.html\n\
         \x20 Data {out}/data, each party's folder and log {out}/nodes/* and {out}/coordinator",
    ));
}
