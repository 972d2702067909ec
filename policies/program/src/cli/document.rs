//! What every command has in common that writes a document.

use std::path::PathBuf;

use clap::builder::TypedValueParser as _;
use tvaers_host::output::{Output, Written};
use tvaers_policy::document::Document;
use tvaers_protocol::problem::{Exit, Problem};

use crate::lang::Lang;
use crate::show;

#[derive(Debug, clap::Args)]
pub(super) struct Writing {
    /// How it is written
    // The name is that of the option of all commands, which is where it is read from.
    #[arg(id = "format", long, value_parser = written())]
    _format: Option<Written>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Both languages, one after the other; as text and HTML
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

impl Writing {
    /// Writes a document; as JSON what `json` gives, where a script wants more than its text.
    pub(super) fn write(
        &self,
        document: &Document,
        json: Option<serde_json::Value>,
        lang: Lang,
        output: Output,
    ) -> Result<(), Problem> {
        let other = if lang == Lang::Da { Lang::En } else { Lang::Da };
        let languages = if self.both { vec![lang, other] } else { vec![lang] };
        if self.both && output.written == Written::Json {
            let what = lang.pick("--both er til text og html", "--both is for text and html");
            return Err(Problem::new(Exit::BadInput, "usage", what)
                .next(lang.pick("vælg sproget med --lang", "choose the language by --lang")));
        }
        let text = match output.written {
            Written::Html => show::html::html(document, &languages),
            Written::Json => json.unwrap_or_else(|| show::json::json(document, lang)).to_string(),
            Written::Text | Written::Csv => {
                let width = if self.out.is_some() { show::text::WIDTH } else { show::text::width() };
                let texts = languages.iter().map(|lang| show::text::text(document, *lang, width));
                texts.collect::<Vec<_>>().join("\n\n")
            }
        };
        match &self.out {
            None => output.result(text.trim_end()),
            Some(path) => std::fs::write(path, text).map_err(|error| {
                Problem::new(Exit::Failed, "file.write", show::problem::of_system(&error, lang))
                    .at(path.display())
            })?,
        }
        Ok(())
    }
}
