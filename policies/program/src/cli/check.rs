//! `tvaers-policy check`.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use annotate_snippets::Renderer;
use jiff::civil::Date;
use serde_json::json;
use tvaers_host::output::{Format, Output};
use tvaers_protocol::problem::{Exit, Problem};

use crate::lang::Lang;
use crate::show::finding::Severity;
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
    let renderer = renderer();
    let (mut violations, mut warnings) = (0, 0);
    let mut told = Vec::new();
    for path in &args.files {
        let text = open::text(path)?;
        let file = path.display().to_string();
        let found = open::findings(&text, &file, &library, args.today);
        let of = |severity| found.iter().filter(|finding| finding.severity == severity).count();
        let (wrong, unwise) = (of(Severity::Violation), of(Severity::Warning));
        violations += wrong;
        warnings += unwise;
        match output.format {
            Format::Json => told.extend(found.iter().map(|finding| finding.json(&text, lang))),
            Format::Text => {
                for finding in &found {
                    output.result(format_args!("{}\n", finding.shown(&text, lang, &renderer)));
                }
                output.result(format_args!("{file}: {}", counted(wrong, unwise, lang)));
            }
        }
    }
    if output.format == Format::Json {
        output.result(json!(told));
    }
    if violations == 0 && (warnings == 0 || !args.strict) {
        return Ok(());
    }
    let code = if violations > 0 { "policy.faults" } else { "policy.warnings" };
    let next = lang.pick("ret det, der står ovenfor", "mend what is listed above");
    Err(Problem::new(Exit::BadInput, code, counted(violations, warnings, lang)).next(next))
}

/// How many there are, as people say it.
fn counted(violations: usize, warnings: usize, lang: Lang) -> String {
    let count = |count: usize, none: &str, one: &str, more: &str| match count {
        0 => none.to_owned(),
        1 => one.to_owned(),
        more_than_one => format!("{more_than_one} {more}"),
    };
    let (violations, warnings) = match lang {
        Lang::Da => (
            count(violations, "ingen fejl", "én fejl", "fejl"),
            count(warnings, "ingen advarsler", "én advarsel", "advarsler"),
        ),
        Lang::En => (
            count(violations, "no errors", "one error", "errors"),
            count(warnings, "no warnings", "one warning", "warnings"),
        ),
    };
    format!("{violations}, {warnings}")
}

/// In colour where a person looks and wants it (NO_COLOR).
fn renderer() -> Renderer {
    let stdout = std::io::stdout();
    let wanted = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
    if stdout.is_terminal() && wanted { Renderer::styled() } else { Renderer::plain() }
}
