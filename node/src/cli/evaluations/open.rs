//! `tvaers-node evaluations open`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;
use sha2::Digest as _;
use tvaers_host::output::{Format, Output};
use tvaers_host::private;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::id::Digest;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::sign::SigningKey;
use tvaers_pseudonym::opening::{Opening, SAMPLE, SAMPLE_MAX};
use tvaers_pseudonym::sealing::SealingKey;
use zeroize::Zeroizing;

use super::unread;
use crate::app;
use crate::audit::event::{EvaluationsOpened, Event};
use crate::cli::looking::block_on;
use crate::evaluations::kept::Kept;
use crate::home::Home;

#[derive(Debug, clap::Args)]
#[command(after_help = super::EXAMPLES)]
pub(super) struct Args {
    /// The run, 32 hexadecimal digits, as `tvaers-node evaluations list` shows it
    #[arg(value_parser = run_id)]
    run: String,
    /// What the auditor drew, 64 hexadecimal digits
    #[arg(long, value_name = "HEX", value_parser = challenge)]
    challenge: Digest,
    /// How many persons to open; all where there are no more
    #[arg(long, value_name = "N", default_value_t = SAMPLE, value_parser = clap::value_parser!(u32).range(1..=i64::from(SAMPLE_MAX)))]
    sample: u32,
    /// The file to write; it is for its owner only, and one that is there is not touched
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn run_id(text: &str) -> Result<String, String> {
    let is_run = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_run { Ok(text.to_owned()) } else { Err("expected 32 hexadecimal digits".to_owned()) }
}

fn challenge(text: &str) -> Result<Digest, String> {
    serde_json::from_value(text.into()).map_err(|_| "expected 64 hexadecimal digits".to_owned())
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    if std::fs::symlink_metadata(&args.out).is_ok() {
        return Err(Problem::new(Exit::BadInput, "evaluations.exists", "the file is there already")
            .at(args.out.display())
            .expected("the name of a new file")
            .next("name another one, or move it away"));
    }
    let opening = opening(home, args)?;
    let text = serde_json::to_vec_pretty(&opening)
        .map_err(|error| Problem::new(Exit::Failed, "evaluations.write", error))?;
    let text = Zeroizing::new(text);
    // Written aside and put in place when the log knows of it: no number leaves that it does not tell of.
    let mut aside = args.out.clone().into_os_string();
    aside.push(".new");
    let aside = PathBuf::from(aside);
    let written = write(&aside, &text).and_then(|()| {
        record(home, &opening, Digest(sha2::Sha256::digest(&*text).into()), SystemClock.now())?;
        std::fs::rename(&aside, &args.out).map_err(|error| unwritable(&args.out, &error))
    });
    written.inspect_err(|_| {
        // The problem to tell of is the first.
        let _ = std::fs::remove_file(&aside);
    })?;
    match output.format {
        Format::Json => output.result(json!({
            "out": args.out, "persons": opening.persons.len(), "of": opening.population.content.persons,
        })),
        Format::Text => output.result(format_args!(
            "{} holds {} of {} persons, with their CPR numbers: give it to the auditor alone",
            args.out.display(),
            opening.persons.len(),
            opening.population.content.persons
        )),
    }
    Ok(())
}

/// The opening, checked as the auditor will.
fn opening(home: &Home, args: &Args) -> Result<Opening, Problem> {
    let path = home.evaluations(&args.run);
    if !path.exists() {
        return Err(Problem::new(Exit::BadInput, "evaluations.none", "nothing is kept of this run")
            .at(path.display())
            .expected("a run that closed within `keep-days`, as `tvaers-node evaluations list` shows it")
            .next("look at the list; what was erased cannot be opened any more"));
    }
    let key = |name: &str| {
        private::read_key(&home.keys().join(name)).map_err(|error| {
            Problem::from_error(Exit::Failed, "keys", &error).next("mend its rights as it says")
        })
    };
    let (signing, sealing) = (key("signing.key")?, key("sealing.key")?);
    let (signing, sealing) = (SigningKey::from_seed(&signing), SealingKey::from_bytes(&sealing));
    let opening = block_on(async {
        let kept = Kept::open(&path).await.map_err(|error| unread(&path, &error))?;
        let opening = kept.opening(&sealing, args.challenge, args.sample).await;
        kept.close().await;
        opening.map_err(|error| unread(&path, &error))
    })?;
    let checked = opening.check(&args.challenge, args.sample, &signing.verifying_key());
    checked.map(|_| opening).map_err(|error| {
        Problem::from_error(Exit::Failed, "evaluations.check", &error)
            .at(path.display())
            .expected("what this node committed to, under the key that it had then")
            .next("if the signing key was renewed since, open with the folder `keys` of that time")
    })
}

fn write(path: &Path, text: &[u8]) -> Result<(), Problem> {
    let mut file = private::create(path)
        .map_err(|error| Problem::from_error(Exit::Failed, "evaluations.write", &error))?;
    file.write_all(text).and_then(|()| file.sync_all()).map_err(|error| unwritable(path, &error))
}

fn record(home: &Home, opening: &Opening, digest: Digest, now: Timestamp) -> Result<(), Problem> {
    let audit = app::audit_log(home, app::software()?, now)?;
    let event = Event::EvaluationsOpened(EvaluationsOpened {
        manifest: opening.manifest.digest(),
        challenge: opening.challenge,
        persons: u32::try_from(opening.persons.len()).unwrap_or(u32::MAX),
        digest,
    });
    audit.append(now, &[event]).map(drop).map_err(|error| app::broken_log(&home.audit(), &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(Exit::Failed, "evaluations.write", error)
        .at(path.display())
        .next("look at disk space and rights")
}
