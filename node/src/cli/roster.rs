//! `tvaers-node roster sign | show | diff | accept`.

mod sign;

use std::path::PathBuf;

use tvaers_host::output::{Format, Output};
use tvaers_host::process;
use tvaers_host::roster::accept::{Acceptable, accept};
use tvaers_host::roster::{present, view};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::enrolment::Enrolment;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::study::utc_date;

use crate::app;
use crate::audit::unsaid;
use crate::cli::looking;
use crate::home::Home;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Show what a roster says and changes, and sign it with this node's key
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
    /// The roster's fingerprint, as the secretariat and another member tell it by telephone; needed where this node
    /// has neither signed the roster nor followed the one before it
    #[arg(long, value_name = "FINGERPRINT")]
    digest: Option<String>,
}

pub(super) fn run(home: &Home, command: &Command, output: Output) -> Result<(), Problem> {
    let today = utc_date(SystemClock.now());
    match command {
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
    let own = app::enrolment(home)?;
    if let Some(problem) = app::membership(&own, acceptable.roster.member(&own.id)).into_iter().next() {
        return Err(problem.at(args.file.display()));
    }
    vouched(&acceptable, &own, args)?;
    // A log that another user makes is one that the service cannot write.
    looking::own(home)?;
    let now = SystemClock.now();
    let audit = app::audit_log(home, app::software()?, now)?;
    // The log is told first: of what did not come about in the end, the next start says what is there instead.
    app::tell(&audit, home, now, unsaid::roster(&audit.said(), &acceptable.roster))?;
    let roster = acceptable.put(&home.roster())?;
    let (version, digest) = (roster.roster().version, roster.digest());
    let next = if process::running(&home.pid()).is_some() {
        "restart the service (`systemctl restart tvaers-node`), so that it follows the new roster"
    } else {
        "`tvaers-node import FOLDER --extracted-on DATE`, then `tvaers-node check`, then `tvaers-node serve` \
         (`systemctl enable --now tvaers-node`)"
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

/// A roster is taken on somebody's word: that of the members of the roster before, that of this node's own signature,
/// or that of a person who has heard its fingerprint. Signatures by keys that stand in the roster itself prove nothing.
fn vouched(acceptable: &Acceptable, own: &Enrolment, args: &AcceptArgs) -> Result<(), Problem> {
    let digest = acceptable.roster.digest();
    let problem = |code, what: &str| {
        Problem::new(Exit::BadInput, code, what)
            .at(args.file.display())
            .expected(format_args!("the fingerprint {}, if this is the right roster", digest.fingerprint()))
            .next(
                "have the secretariat and another member read their roster's fingerprint to you by telephone, and \
                 accept it with --digest FINGERPRINT",
            )
    };
    match &args.digest {
        Some(named) if digest.is_named_by(named) => Ok(()),
        Some(_) => Err(problem("roster.digest", "the roster has another fingerprint than the one named")),
        None if acceptable.known.is_some() => Ok(()),
        None if acceptable.is_signed_by(&own.id, own.signing) => Ok(()),
        None => Err(problem(
            "roster.unknown",
            "this node has neither signed this roster nor followed the one before it",
        )),
    }
}
