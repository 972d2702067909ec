//! `tvaers-node roster sign`: nothing is signed that has not been shown.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use tvaers_host::output::{Format, Output};
use tvaers_host::private;
use tvaers_host::roster::accept::follows;
use tvaers_host::roster::{present, read, view};
use tvaers_protocol::enrolment::Enrolment;
use tvaers_protocol::id::Digest;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::{MemberSignature, Roster, VerifiedRoster};

use crate::app;
use crate::home::Home;

/// Digits of the digest that are typed to confirm. They show that somebody looked; the fingerprint by telephone shows
/// that it is the right roster.
const TYPED: usize = 8;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The roster that the secretariat sent
    file: PathBuf,
    /// Sign without asking
    #[arg(long, conflicts_with = "digest")]
    yes: bool,
    /// Sign without asking if the roster has this fingerprint, as the secretariat tells it by telephone
    #[arg(long, value_name = "FINGERPRINT")]
    digest: Option<String>,
    /// Where to write the signature; without it, beside the roster as FILE.<node>.sig
    #[arg(long, value_name = "SIG")]
    out: Option<PathBuf>,
}

pub(super) fn run(home: &Home, args: &Args, today: Date, output: Output) -> Result<(), Problem> {
    let signed = read(&args.file)?;
    let roster = &signed.roster;
    let own = app::enrolment(home)?;
    let known = present(&home.roster())?;
    check(roster, &own, known.as_ref(), today).map_err(|problem| problem.at(args.file.display()))?;
    let digest = roster.digest();
    if output.format == Format::Text {
        show(roster, &own, known.as_ref(), output);
    }
    confirm(args, digest, output)?;
    let signature = app::sign_roster(home, roster)?;
    let signature = MemberSignature { node: own.id, roster: digest, signature };
    let text = toml::to_string(&signature)
        .map_err(|error| Problem::from_error(Exit::Failed, "roster.write", &error))?;
    let out = args.out.clone().unwrap_or_else(|| beside(&args.file, signature.node.as_str()));
    private::replace(&out, text.as_bytes())
        .map_err(|error| Problem::from_error(Exit::Failed, "roster.write", &error))?;
    match output.format {
        Format::Json => output.result(serde_json::json!({ "file": out, "digest": digest })),
        Format::Text => output.note(format_args!(
            "The signature is {}.\n\
             Next: send it to the secretariat; when all have signed they send the roster back. Then run\n  \
             tvaers-node --home {} roster accept FILE",
            out.display(),
            home.dir().display()
        )),
    }
    Ok(())
}

/// The roster's name with the node's behind it.
fn beside(file: &Path, node: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{node}.sig"));
    PathBuf::from(name)
}

/// What a node's operator should not have to find by reading.
fn check(
    roster: &Roster,
    own: &Enrolment,
    known: Option<&VerifiedRoster>,
    today: Date,
) -> Result<(), Problem> {
    if let Some(known) = known {
        follows(roster, known)?;
    }
    if roster.valid_to < today {
        return Err(Problem::new(
            Exit::BadInput,
            "roster.past",
            format_args!("the roster ran out on {}", roster.valid_to),
        )
        .expected("a roster that will be valid")
        .next("set the clock if it is wrong; else ask the secretariat for the newest draft"));
    }
    let member = roster.members.iter().find(|member| member.id == own.id);
    // Who leaves signs as a member of the roster before, and has no entry in this one.
    let leaves = member.is_none() && known.is_some_and(|known| known.member(&own.id).is_some());
    let problem = app::membership(own, member).into_iter().next().filter(|_| !leaves);
    problem.map_or(Ok(()), |problem| {
        Err(problem.next(
            "sign nothing; send `enrolment.toml` to the secretariat again, compare its fingerprint by telephone, and \
             have the roster drafted anew",
        ))
    })
}

fn show(roster: &Roster, own: &Enrolment, known: Option<&VerifiedRoster>, output: Output) {
    view::lines(roster).iter().for_each(|line| output.result(line));
    match known.map(|known| known.roster().changes(roster)) {
        None => {
            output.result("change:      this is the first roster that this node sees; it names");
            for member in &roster.members {
                let holder = if member.holder { "key holder, " } else { "" };
                output.result(format_args!(
                    "  {} ({}, {} {}), {holder}at most {} evaluations a study, {}",
                    member.id,
                    member.name,
                    member.sector,
                    member.code,
                    member.evaluations_max,
                    member.enrolment().fingerprint()
                ));
            }
            for person in &roster.people {
                output.result(format_args!("  {}, {:?}, {}", person.name, person.role, person.fingerprint()));
            }
        }
        Some(changes) if changes.is_empty() => output.result("change:      none"),
        Some(changes) => {
            changes.iter().for_each(|change| output.result(format_args!("change:      {change}")));
        }
    }
    if roster.members.iter().all(|member| member.id != own.id) {
        output.result(format_args!("NOTE:        this roster leaves {} out", own.id));
    } else {
        output.result(format_args!("own entry:   right, {}", own.fingerprint()));
    }
}

fn confirm(args: &Args, digest: Digest, output: Output) -> Result<(), Problem> {
    if args.yes {
        return Ok(());
    }
    let problem = |code, what: &str| {
        Problem::new(Exit::BadInput, code, what)
            .at(args.file.display())
            .expected("the fingerprint that the secretariat told you by telephone")
            .next("look at the roster with `tvaers-node roster show`, and sign it with --digest FINGERPRINT")
    };
    if let Some(named) = &args.digest {
        return if digest.is_named_by(named) {
            Ok(())
        } else {
            Err(problem(
                "roster.digest",
                "the roster has another fingerprint than the one named; nothing is signed",
            ))
        };
    }
    if !std::io::stdin().is_terminal() {
        return Err(problem("roster.confirm", "nobody is there to confirm; nothing is signed"));
    }
    output.note(format_args!(
        "If the fingerprint is the one that the secretariat told you by telephone, type the first {TYPED} digits of the \
         digest:"
    ));
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Problem::from_error(Exit::Failed, "roster.confirm", &error))?;
    let typed = line.trim().replace('-', "").to_ascii_lowercase();
    if typed.len() >= TYPED && digest.to_string().starts_with(&typed) {
        Ok(())
    } else {
        Err(problem("roster.confirm", "these are other digits; nothing is signed"))
    }
}
