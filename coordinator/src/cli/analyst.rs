//! `tvaers analyst new`: a person's own key, made where that person works. It needs no coordinator's folder and must not
//! be in one: the coordinator asks in nobody's name.

use std::path::PathBuf;

use clap::ValueEnum;
use tvaers_host::output::{Format, Output};
use tvaers_host::private;
use tvaers_host::process::system_rng;
use tvaers_protocol::enrolment::check_name;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::{Person, Role};
use tvaers_protocol::sign::SigningKey;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a person's signing key, and the entry to send to the secretariat
    New(Args),
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The person's name, as the roster shows it
    #[arg(long)]
    name: String,
    /// What the person may do: ask, or audit policies and logs
    #[arg(long, value_enum, default_value = "analyst")]
    role: RoleName,
    /// The folder for the key and the entry; the key never leaves it
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    Analyst,
    Dpo,
}

pub(super) fn run(command: &Command, output: Output) -> Result<(), Problem> {
    let Command::New(args) = command;
    check_name(&args.name).map_err(|error| {
        Problem::from_error(Exit::BadInput, "analyst.name", &error)
            .at("--name")
            .next("give the name as it stands in letters")
    })?;
    let (key, entry) = (args.out.join("signing.key"), args.out.join("person.toml"));
    if key.exists() {
        return Err(Problem::new(Exit::BadInput, "analyst.exists", "there is a key here already")
            .at(key.display())
            .next("name another folder; a key is never overwritten"));
    }
    let failed =
        |error: private::PrivateFileError| Problem::from_error(Exit::Failed, "analyst.files", &error);
    let signing = SigningKey::generate(&mut system_rng());
    let role = match args.role {
        RoleName::Analyst => Role::Analyst,
        RoleName::Dpo => Role::Dpo,
    };
    let person = Person { name: args.name.clone(), role, signing: signing.verifying_key() };
    let text = toml::to_string(&person)
        .map_err(|error| Problem::from_error(Exit::Failed, "analyst.files", &error))?;
    private::create_dir(&args.out).map_err(failed)?;
    private::write_key(&key, &signing.seed()).map_err(failed)?;
    private::replace(&entry, text.as_bytes()).map_err(failed)?;
    let fingerprint = person.fingerprint();
    match output.format {
        Format::Json => output.result(serde_json::json!({
            "key": key, "entry": entry, "person": person, "fingerprint": fingerprint
        })),
        Format::Text => output.result(format_args!(
            "The key of {} is {}; keep it and show it to nobody.\n\
             fingerprint: {fingerprint}\n\
             Next: send {} to the secretariat, and read the fingerprint to them by telephone.",
            person.name,
            key.display(),
            entry.display(),
        )),
    }
    Ok(())
}
