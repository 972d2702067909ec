//! `tvaers-node audit rotate`.

use serde_json::json;
use tvaers_host::output::{Format, Output};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::problem::Problem;

use super::{open, problem};
use crate::home::Home;

pub(super) fn run(home: &Home, output: Output) -> Result<(), Problem> {
    let now = SystemClock.now();
    let audit = open(home, now)?;
    let rotated = audit.rotate(now).map_err(|error| problem(&home.audit(), &error))?;
    let entries = audit.head().entries;
    match output.format {
        Format::Json => output.result(json!({ "rotated": rotated, "entries": entries })),
        Format::Text if rotated => {
            output.result(format_args!("a new file of the log begins with entry {entries}"));
        }
        Format::Text => output.result("the log has no entries yet"),
    }
    Ok(())
}
