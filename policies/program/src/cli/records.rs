//! `tvaers-policy records`.

use std::path::PathBuf;

use clap::builder::TypedValueParser as _;
use tvaers_host::output::{Output, Written};
use tvaers_protocol::problem::{Exit, Problem};

use crate::lang::Lang;
use crate::{open, show};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Policy files
    #[arg(required = true, value_name = "POLICY")]
    files: Vec<PathBuf>,
    /// How it is written
    // The name is that of the option of all commands, which is where it is read from.
    #[arg(id = "format", long, value_parser = written())]
    _format: Option<Written>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Both languages on one page (HTML)
    #[arg(long)]
    both: bool,
}

fn written() -> impl clap::builder::TypedValueParser<Value = Written> {
    clap::builder::PossibleValuesParser::new(["text", "html", "json"]).map(|name| match name.as_str() {
        "html" => Written::Html,
        "json" => Written::Json,
        _ => Written::Text,
    })
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    let library = open::library()?;
    let mut policies = Vec::new();
    for path in &args.files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        policies.push((name, open::policy_of(path, &library)?));
    }
    let document = tvaers_policy::records::records(&policies);
    let other = if lang == Lang::Da { Lang::En } else { Lang::Da };
    let languages = if args.both { vec![lang, other] } else { vec![lang] };
    let text = match output.written {
        Written::Html => show::html::html(&document, &languages),
        Written::Json => show::json::json(&document, lang).to_string(),
        Written::Text | Written::Csv => {
            let width = if args.out.is_some() { show::text::WIDTH } else { show::text::width() };
            show::text::text(&document, lang, width)
        }
    };
    match &args.out {
        None => output.result(text.trim_end()),
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Problem::new(Exit::Failed, "file.write", error).at(path.display()))?,
    }
    Ok(())
}
