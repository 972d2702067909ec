//! `tvaers-node init`.

use tvaers_host::output::{Format, Output};
use tvaers_protocol::id::{NodeId, Sector};
use tvaers_protocol::problem::{Exit, Problem};

use crate::app;
use crate::config::Config;
use crate::home::Home;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The node's name in the roster, such as k360 or region_1085
    #[arg(long)]
    id: NodeId,
    /// Which tables it holds: region or municipality
    #[arg(long, value_parser = sector)]
    sector: Sector,
    /// Region code (four digits) or municipality code (three digits)
    #[arg(long)]
    code: u16,
    /// Who runs it, as the roster shows it
    #[arg(long)]
    name: String,
    /// Host and port of the coordinator
    #[arg(long, value_name = "HOST:PORT")]
    coordinator: String,
    /// For made-up data only: marks the database for good and grants the laboratory policy
    #[arg(long)]
    made_up: bool,
}

fn sector(text: &str) -> Result<Sector, String> {
    match text {
        "region" => Ok(Sector::Region),
        "municipality" => Ok(Sector::Municipality),
        _ => Err("expected `region` or `municipality`".to_owned()),
    }
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let config = Config {
        id: args.id.clone(),
        sector: args.sector,
        code: args.code,
        name: args.name.clone(),
        coordinator: args.coordinator.clone(),
        made_up: args.made_up,
        policy_signers: Vec::new(),
        evaluations: Default::default(),
        source: None,
    };
    let enrolment = app::create(home, &config)?;
    match output.format {
        Format::Json => {
            let json = serde_json::to_string(&enrolment)
                .map_err(|error| Problem::from_error(Exit::Failed, "init.json", &error))?;
            output.result(json);
        }
        Format::Text => output.note(format_args!(
            "Node `{}` is created in {}.\n\
             fingerprint: {}\n\
             Next: send {} to the secretariat and read the fingerprint to them by telephone; they send a roster back. Sign it with\n  \
             tvaers-node --home {} roster sign FILE",
            config.id,
            home.dir().display(),
            enrolment.fingerprint(),
            home.enrolment().display(),
            home.dir().display(),
        )),
    }
    Ok(())
}
