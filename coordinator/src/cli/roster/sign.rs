//! `tvaers roster sign`: members' signatures go into the roster. The coordinator has none of its own to give.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use tvaers_host::output::{Format, Output};
use tvaers_host::roster::{present, read, view};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::{MemberSignature, Roster, SignedRoster, VerifiedRoster};

use crate::home::Home;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The roster
    file: PathBuf,
    /// Members' signatures, as `tvaers-node roster sign` wrote them
    #[arg(long = "with", required = true, num_args = 1.., value_name = "SIG")]
    signatures: Vec<PathBuf>,
    /// Where to write the roster with its signatures; without it, in place
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(home: &Home, args: &Args, today: Date, output: Output) -> Result<(), Problem> {
    let mut signed = read(&args.file)?;
    let known = present(&home.roster())?;
    let before = known.as_ref().map(VerifiedRoster::roster);
    // Those that fit are taken in whatever the others are; all that do not fit are named.
    let mut wrong = Vec::new();
    for file in &args.signatures {
        if let Err(problem) = take(&mut signed, file, before) {
            wrong.push(problem);
        }
    }
    let out = args.out.as_deref().unwrap_or(&args.file);
    super::write(&signed, out)?;
    tell(&signed, known.as_ref(), out, today, output);
    let mut wrong = wrong.into_iter().rev();
    let Some(first) = wrong.next_back() else { return Ok(()) };
    wrong.rev().for_each(|problem| output.note(problem));
    Err(first)
}

fn take(signed: &mut SignedRoster, file: &Path, before: Option<&Roster>) -> Result<(), Problem> {
    let problem = |what: String| {
        Problem::new(Exit::BadInput, "roster.signature", what)
            .at(file.display())
            .expected(format_args!("a signature of the roster with digest {}", signed.roster.digest()))
            .next("have the member look at `tvaers-node roster show` of this very file and sign it again")
    };
    let text = std::fs::read_to_string(file).map_err(|error| problem(error.to_string()))?;
    let signature: MemberSignature = toml::from_str(&text)
        .map_err(|error| problem(format!("it is no signature file: {}", error.message())))?;
    let mut with = signed.clone();
    with.add(signature, before).map_err(|error| problem(error.to_string()))?;
    *signed = with;
    Ok(())
}

fn tell(signed: &SignedRoster, known: Option<&VerifiedRoster>, out: &Path, today: Date, output: Output) {
    let standing = signed.standing(known.map(VerifiedRoster::roster));
    let believed = signed.clone().verify(known, today).map(|_| ()).map_err(|error| error.to_string());
    if output.format == Format::Json {
        output.result(serde_json::json!({
            "file": out, "complete": believed.is_ok(), "standing": standing, "why_not": believed.err(),
        }));
        return;
    }
    view::signing(&standing).iter().for_each(|line| output.result(line));
    match believed {
        Ok(()) => output.note(format_args!(
            "{} is signed and would be believed.\n\
             Next: send it to every member, who runs `tvaers-node roster accept FILE`; here run\n  \
             tvaers roster accept {}",
            out.display(),
            out.display()
        )),
        Err(why) if standing.is_complete() => output.note(format_args!("It is not believed yet: {why}.")),
        Err(_) => output.note(format_args!(
            "Next: get what is missing and run\n  tvaers roster sign {} --with FILE...",
            out.display()
        )),
    }
}
