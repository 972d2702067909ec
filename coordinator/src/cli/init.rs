//! `tvaers init`.

use std::net::SocketAddr;

use tvaers_host::output::{Format, Output};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::Coordinator;

use crate::app;
use crate::config::Config;
use crate::home::Home;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Who runs it, as the roster shows it
    #[arg(long)]
    name: String,
    /// Address and UDP port to listen on
    #[arg(long, default_value = "0.0.0.0:4433", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let enrolment = app::create(home, &Config { name: args.name.clone(), listen: args.listen })?;
    match output.format {
        Format::Json => {
            let json = serde_json::to_string(&enrolment)
                .map_err(|error| Problem::from_error(Exit::Failed, "init.json", &error))?;
            output.result(json);
        }
        Format::Text => output.note(format_args!(
            "The coordinator is created in {}.\n\
             fingerprint: {}\n\
             Next: have every member send its enrolment.toml and every analyst their person.toml; then\n  \
             tvaers --home {} enrol FILE...",
            home.dir().display(),
            Coordinator::from(enrolment).fingerprint(),
            home.dir().display(),
        )),
    }
    Ok(())
}
