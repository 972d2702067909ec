//! `tvaers-policy schema` and `tvaers-policy reference`.

use tvaers_host::output::{Format, Output};
use tvaers_protocol::problem::{Exit, Problem};

use crate::lang::Lang;
use crate::show;

pub(super) fn schema(output: Output) -> Result<(), Problem> {
    let schema = serde_json::to_string_pretty(&tvaers_policy::schema::schema())
        .map_err(|error| Problem::from_error(Exit::Failed, "schema", &error))?;
    output.result(schema);
    Ok(())
}

pub(super) fn page(lang: Lang, output: Output) -> Result<(), Problem> {
    let document = tvaers_policy::reference::reference();
    match output.format {
        Format::Json => output.result(show::json::json(&document, lang)),
        Format::Text => output.result(show::text::text(&document, lang, show::text::width())),
    }
    Ok(())
}
