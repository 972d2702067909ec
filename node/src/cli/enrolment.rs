//! `tvaers-node enrolment`: the node's public entry as its keys are now.

use tvaers_host::output::{Format, Output};
use tvaers_host::private;
use tvaers_protocol::problem::{Exit, Problem};

use crate::app;
use crate::home::Home;

pub(super) fn run(home: &Home, output: Output) -> Result<(), Problem> {
    let enrolment = app::enrolment(home)?;
    let text = toml::to_string(&enrolment)
        .map_err(|error| Problem::from_error(Exit::Failed, "enrolment", &error))?;
    // After a change of name or keys the file says what holds now: it is what gets sent.
    private::replace(&home.enrolment(), text.as_bytes())
        .map_err(|error| Problem::from_error(Exit::Failed, "enrolment", &error))?;
    let fingerprint = enrolment.fingerprint();
    match output.format {
        Format::Json => {
            output.result(serde_json::json!({ "enrolment": enrolment, "fingerprint": fingerprint }));
        }
        Format::Text => {
            output.result(text.trim_end());
            output.result(format_args!("fingerprint: {fingerprint}"));
            output.note(format_args!(
                "Next: send {} to the secretariat and read the fingerprint to them by telephone.",
                home.enrolment().display()
            ));
        }
    }
    Ok(())
}
