//! `tvaers-policy audit verify`.

use tvaers_audit::verify::Verdict;
use tvaers_host::output::{Format, Output};
use tvaers_protocol::problem::Problem;

use super::source::{Source, judged, said};
use crate::cli::Lang;

#[derive(Debug, clap::Args)]
#[command(after_help = super::EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    let verdict = args.source.verify(&mut |_| (), lang)?;
    match output.format {
        Format::Json => output.result(json(&verdict)?),
        Format::Text => output.result(text(&verdict, lang)),
    }
    judged(&verdict, lang)
}

/// A verdict or report as JSON.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, Problem> {
    serde_json::to_string_pretty(value)
        .map_err(|error| Problem::new(tvaers_protocol::problem::Exit::Failed, "json", error))
}

/// The verdict in words: the sentences, then what was found, each with what to do.
fn text(verdict: &Verdict, lang: Lang) -> String {
    let mut lines = Vec::new();
    lines.extend(verdict.node.as_ref().map(|node| format!("Node {node}")));
    lines.extend(verdict.sentences().iter().map(|sentence| said(sentence, lang).to_owned()));
    for finding in &verdict.findings {
        lines.push(String::new());
        lines.push(format!("{} ({})", said(&finding.sentence, lang), finding.code));
        lines.push(format!("  {}", said(&finding.advice, lang)));
    }
    if verdict.more > 0 {
        lines.push(match lang {
            Lang::Da => format!("\nOg {} fejl til.", verdict.more),
            Lang::En => format!("\nAnd {} more.", verdict.more),
        });
    }
    lines.join("\n")
}
