//! `tvaers roster new`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;
use tvaers_host::output::{Format, Output};
use tvaers_host::roster::{present, view};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::{Coordinator, SignedRoster, VerifiedRoster};

use crate::app;
use crate::home::Home;
use crate::membership::draft::{Wishes, draft};
use crate::membership::entry::Entries;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    wishes: Wishes,
    /// Where to write it; without it, roster-VERSION.toml in the coordinator's folder
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over an earlier draft; signatures of that one are lost
    #[arg(long)]
    replace: bool,
}

pub(super) fn run(home: &Home, args: &Args, today: Date, output: Output) -> Result<(), Problem> {
    let own = Coordinator::from(app::own(home)?);
    let mut entries = Entries::load(home)?;
    let known = present(&home.roster())?;
    let roster = draft(own, &entries, known.as_ref(), &args.wishes, today)?;
    let out = args.out.clone().unwrap_or_else(|| home.dir().join(format!("roster-{}.toml", roster.version)));
    if out.exists() && !args.replace {
        return Err(Problem::new(Exit::BadInput, "roster.exists", "there is a roster here already")
            .at(out.display())
            .next("name another --out, or write over it with --replace if nobody was asked to sign it"));
    }
    let signed = SignedRoster { signatures: BTreeMap::new(), roster };
    super::write(&signed, &out)?;
    for name in &args.wishes.without {
        if let Some(entry) = entries.entry(name) {
            entries.remove(home, &entry)?;
        }
    }
    tell(&signed, known.as_ref(), &out, output);
    Ok(())
}

fn tell(signed: &SignedRoster, known: Option<&VerifiedRoster>, out: &std::path::Path, output: Output) {
    let roster = &signed.roster;
    let digest = roster.digest();
    let changes = known.map(|known| known.roster().changes(roster)).unwrap_or_default();
    let standing = signed.standing(known.map(VerifiedRoster::roster));
    if output.format == Format::Json {
        output.result(serde_json::json!({
            "file": out, "version": roster.version, "digest": digest, "fingerprint": digest.fingerprint(),
            "changes": changes, "standing": standing,
        }));
        return;
    }
    view::lines(roster).iter().for_each(|line| output.result(line));
    changes.iter().for_each(|change| output.result(format_args!("change:      {change}")));
    view::signing(&standing).iter().for_each(|line| output.result(line));
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    output.note(format_args!(
        "The draft is {}.\n\
         Next: send it to every member, and read its fingerprint to them by telephone. Each of those named runs\n  \
         tvaers-node roster sign {name}\n\
         and sends back {name}.<node>.sig. Put them in with\n  \
         tvaers roster sign {} --with FILE...",
        out.display(),
        out.display(),
    ));
}
