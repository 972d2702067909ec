//! `tvaers-policy audit report`.

use std::path::PathBuf;

use serde_json::json;
use tvaers_audit::report::Report;
use tvaers_host::output::{Format, Output};
use tvaers_host::private;
use tvaers_protocol::problem::{Exit, Problem};

use super::page;
use super::source::{Source, judged};
use super::verify::json;
use crate::cli::Lang;

#[derive(Debug, clap::Args)]
#[command(after_help = super::EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    source: Source,
    /// The page to write; it names people who asked, and is for its owner only
    #[arg(long, value_name = "FILE.html")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    if args.out.is_none() && output.format == Format::Text {
        let what =
            lang.pick("det er ikke sagt, hvor siden skal skrives", "there is nowhere to write the page");
        return Err(Problem::new(Exit::BadInput, "usage", what)
            .expected(lang.pick("--out FIL.html eller --format json", "--out FILE.html, or --format json"))
            .next(lang.pick("nævn en fil", "name a file")));
    }
    let mut report = Report::default();
    let verdict = args.source.verify(&mut |entry| report.take(entry), lang)?;
    let report = report.finish();
    if let Some(out) = &args.out {
        let page = page::page(&verdict, &report, lang);
        private::replace(out, page.as_bytes()).map_err(|error| {
            Problem::from_error(Exit::Failed, "file.write", &error).next(
                lang.pick("se efter pladsen på disken og rettighederne", "look at disk space and rights"),
            )
        })?;
    }
    match (output.format, &args.out) {
        (Format::Json, _) => output.result(json(&json!({ "verdict": verdict, "report": report }))?),
        (Format::Text, Some(out)) => output.result(match lang {
            Lang::Da => format!("Rapporten er i {}.", out.display()),
            Lang::En => format!("The report is in {}.", out.display()),
        }),
        (Format::Text, None) => {}
    }
    judged(&verdict, lang)
}
