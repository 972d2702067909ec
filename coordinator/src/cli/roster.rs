//! `tvaers roster new | sign | show | diff | accept`.

mod new;
mod sign;

use std::path::PathBuf;

use tvaers_host::output::{Format, Output};
use tvaers_host::roster::accept::accept;
use tvaers_host::roster::{present, view};
use tvaers_host::{private, process};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::SignedRoster;
use tvaers_protocol::study::utc_date;

use crate::app;
use crate::home::Home;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Draft a roster from the entries: the first, or the next after the one that is followed
    New(new::Args),
    /// Put members' signatures into a roster, and say who is still to sign
    Sign(sign::Args),
    /// Show a roster: members, people, who has signed, and whether it would be believed today
    Show(view::ShowArgs),
    /// Show what changes between two rosters, in sentences
    Diff(view::DiffArgs),
    /// Put a signed roster in place
    Accept(AcceptArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct AcceptArgs {
    /// The signed roster
    file: PathBuf,
}

pub(super) fn run(home: &Home, command: &Command, output: Output) -> Result<(), Problem> {
    let today = utc_date(SystemClock.now());
    match command {
        Command::New(args) => new::run(home, args, today, output),
        Command::Sign(args) => sign::run(home, args, today, output),
        Command::Show(args) => {
            let known = present(&home.roster())?;
            view::show(args, &home.roster(), known.as_ref(), today, output)
        }
        Command::Diff(args) => view::diff(args, output),
        Command::Accept(args) => accepting(home, args, output),
    }
}

fn accepting(home: &Home, args: &AcceptArgs, output: Output) -> Result<(), Problem> {
    let acceptable = accept(&args.file, &home.roster(), SystemClock.now())?;
    app::check_own(&acceptable.roster, &app::own(home)?)
        .map_err(|problem| problem.at(args.file.display()))?;
    let roster = acceptable.put(&home.roster())?;
    let (version, digest) = (roster.roster().version, roster.digest());
    let serving = process::running(&home.pid()).is_some();
    let next = if serving {
        "restart the service (`systemctl restart tvaers`), so that it follows the new roster"
    } else {
        "`tvaers check`, then `tvaers serve` (`systemctl enable --now tvaers`)"
    };
    match output.format {
        Format::Json => output.result(serde_json::json!({ "version": version, "digest": digest })),
        Format::Text => output.note(format_args!(
            "Version {version}, {}, is in place at {}.\nNext: {next}.",
            digest.fingerprint(),
            home.roster().display()
        )),
    }
    Ok(())
}

/// Writes a roster file.
fn write(signed: &SignedRoster, path: &std::path::Path) -> Result<(), Problem> {
    let text = signed.to_text().map_err(|error| Problem::from_error(Exit::Failed, "roster.write", &error))?;
    private::replace(path, text.as_bytes())
        .map_err(|error| Problem::from_error(Exit::Failed, "roster.write", &error))
}
