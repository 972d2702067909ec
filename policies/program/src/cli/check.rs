//! `tvaers-policy check`.

use std::path::PathBuf;

use jiff::civil::Date;
use serde_json::json;
use tvaers_host::output::{Format, Output};
use tvaers_protocol::problem::{Exit, Problem};

use crate::lang::Lang;
use crate::show::findings::{Tally, renderer};
use crate::{open, today};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Policy files, and revocations
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Let warnings fail too
    #[arg(long)]
    strict: bool,
    /// The day on which it is looked at
    #[arg(long, value_name = "DATE", default_value_t = today::today())]
    today: Date,
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    let library = open::library()?;
    let renderer = renderer(&std::io::stdout());
    let mut all = Tally::default();
    let mut told = Vec::new();
    for path in &args.files {
        let text = open::text(path, lang)?;
        let file = path.display().to_string();
        let found = open::findings(&text, &file, &library, args.today);
        let tally = Tally::of(&found);
        all = all.and(tally);
        match output.format {
            Format::Json => told.extend(found.iter().map(|finding| finding.json(&text, lang))),
            Format::Text => {
                for finding in &found {
                    output.result(format_args!("{}\n", finding.shown(&text, lang, &renderer)));
                }
                output.result(format_args!("{file}: {}", tally.words(lang)));
            }
        }
    }
    if output.format == Format::Json {
        output.result(json!(told));
    }
    if all.violations == 0 && (all.warnings == 0 || !args.strict) {
        return Ok(());
    }
    let code = if all.violations > 0 { "policy.faults" } else { "policy.warnings" };
    let next = lang.pick("ret det, der står ovenfor", "mend what is listed above");
    Err(Problem::new(Exit::BadInput, code, all.words(lang)).next(next))
}
