//! `tvaers enrol`.

use std::path::PathBuf;

use tvaers_host::output::{Format, Output};
use tvaers_protocol::problem::{Exit, Problem};

use crate::home::Home;
use crate::membership::entry::{Entries, Entry, Put};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Members' `enrolment.toml` and people's `person.toml`
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Let an entry take the place of another one of the same node or person, as when keys are renewed
    #[arg(long)]
    replace: bool,
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    if !home.config().exists() {
        return Err(Problem::new(Exit::BadInput, "enrol.home", "there is no coordinator in this folder")
            .at(home.dir().display())
            .next("name its folder with --home, or create one with `tvaers init`"));
    }
    // All are read before any is kept, so that a broken one leaves everything as it was.
    let read = args.files.iter().map(|file| Entry::read(file).map(|entry| (entry, file)));
    let sent = read.collect::<Result<Vec<_>, _>>()?;
    let mut entries = Entries::load(home)?;
    let mut told = Vec::new();
    for (entry, file) in sent {
        let put = entries.put(home, entry.clone(), file, args.replace)?;
        told.push((entry, put));
    }
    if output.format == Format::Json {
        let list: Vec<_> = told.iter().map(|(entry, put)| object(entry, *put)).collect();
        output.result(serde_json::json!(list));
        return Ok(());
    }
    for (entry, put) in &told {
        let kind = match entry {
            Entry::Node(node) => format!("{} {} ({})", node.sector, node.code, node.name),
            Entry::Person(person) => format!("{:?}", person.role).to_lowercase(),
        };
        output.result(format_args!("{}  {}, {kind}: {}", entry.fingerprint(), entry.name(), word(*put)));
    }
    output.note(
        "Next: telephone each sender, at a number that you had before, and compare the fingerprint; then draft the \
         roster with `tvaers roster new`.",
    );
    Ok(())
}

const fn word(put: Put) -> &'static str {
    match put {
        Put::New => "enrolled",
        Put::Same => "enrolled before",
        Put::Replaced => "in place of an earlier entry",
    }
}

fn object(entry: &Entry, put: Put) -> serde_json::Value {
    serde_json::json!({ "name": entry.name(), "fingerprint": entry.fingerprint(), "became": word(put) })
}
