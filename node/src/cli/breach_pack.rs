//! `tvaers-node breach-pack`: what the notification of a breach needs, for the node's own staff.
//!
//! In the order of the work: [`pack`] the folder and its files; [`log`] what the audit log tells of the window;
//! [`citizens`] whom that concerns; [`summary`] all of it in words.

mod citizens;
mod log;
mod pack;
mod summary;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;
use tvaers_host::output::{Format, Output};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::id::Digest;
use tvaers_protocol::problem::{Exit, Problem};

use super::looking::block_on;
use crate::app;
use crate::audit::event::{BreachPack, Event};
use crate::home::Home;
use crate::subject::ground::Ground;
use crate::subject::kept::{self, Kept};
use crate::subject::uses::Window;
use pack::Pack;
use summary::Summary;

const EXAMPLES: &str = "\
Examples:
  tvaers-node breach-pack --from 2026-03-01T08:00:00Z --to 2026-03-02T17:00:00Z --out breach-2026-03

The pack names citizens. It is for the node's own staff, who decide what of it the authority gets (GDPR Article 33).";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The beginning of the breach, as 2026-03-01T08:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Timestamp,
    /// Its end
    #[arg(long, value_name = "TIME")]
    to: Timestamp,
    /// The folder to make; it is for its owner only, and one that is there is not touched
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// What was put together.
struct Made {
    first: u64,
    last: u64,
    citizens: u64,
    digest: Digest,
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let made = make(home, args, SystemClock.now())?;
    match output.format {
        Format::Json => output.result(json!({
            "out": args.out, "first": made.first, "last": made.last, "citizens": made.citizens, "digest": made.digest,
        })),
        Format::Text => output.result(format_args!(
            "{} holds entries {} to {} and {} citizens; SHA256SUMS has the SHA-256 {}\nbegin with summary.txt",
            args.out.display(),
            made.first,
            made.last,
            made.citizens,
            made.digest
        )),
    }
    Ok(())
}

fn make(home: &Home, args: &Args, now: Timestamp) -> Result<Made, Problem> {
    let window = Window { from: args.from, to: args.to };
    if window.from > window.to {
        return Err(Problem::new(Exit::BadInput, "breach.window", "the beginning is after the end")
            .at("--from, --to")
            .next("exchange them"));
    }
    // Made aside, and given its name when the log knows of it: half a pack has none.
    // Without a slash at the end.
    let out: PathBuf = args.out.components().collect();
    let mut aside = out.clone().into_os_string();
    aside.push(".new");
    let aside = PathBuf::from(aside);
    for path in [&out, &aside] {
        if std::fs::symlink_metadata(path).is_ok() {
            return Err(Problem::new(Exit::BadInput, "breach.exists", "the folder is there already")
                .at(path.display())
                .expected("the name of a new folder")
                .next("name another one, or move it away"));
        }
    }
    let pack = Pack::create(&aside)?;
    let made = fill(home, window, now, pack).and_then(|made| {
        record(home, window, made.digest, now)?;
        std::fs::rename(&aside, &out).map_err(|error| unwritable(&out, &error))?;
        Ok(made)
    });
    made.inspect_err(|_| {
        // Half a list of citizens must not stay; the problem to tell of is the first.
        let _ = std::fs::remove_dir_all(&aside);
    })
}

fn fill(home: &Home, window: Window, now: Timestamp, mut pack: Pack) -> Result<Made, Problem> {
    let work = async {
        let ground = Ground::open(home).await?;
        let filled = fill_from(home, window, now, &mut pack, &ground).await;
        ground.close().await;
        filled
    };
    let (told, citizens) = block_on(work)?;
    let digest = pack.finish()?;
    Ok(Made { first: told.0, last: told.1, citizens, digest })
}

async fn fill_from(
    home: &Home,
    window: Window,
    now: Timestamp,
    pack: &mut Pack,
    ground: &Ground,
) -> Result<((u64, u64), u64), Problem> {
    let mut kept = Kept::new(home.policies(), &ground.library);
    let told = log::read(home, window, pack, ground, &mut kept)?;
    let (first, last) = told.entries;
    log::copy(home, pack, first, last)?;
    let citizens = citizens::write(pack, ground, &told).await?;
    let missing = copy_policies(pack, &kept, &told)?;
    let policy = kept::read(&home.policy(), &ground.library);
    let controller = policy.as_ref().and_then(|policy| policy.controller());
    let summary = Summary {
        ground,
        window,
        made: now,
        told: &told,
        citizens: &citizens,
        missing: &missing,
        controller,
    };
    pack.write("summary.txt", summary.text().as_bytes())?;
    pack.write("README.txt", summary::readme(first, last).as_bytes())?;
    Ok(((first, last), citizens.all))
}

/// Copies the policies of the window; gives those of which there is no copy that is what its name says.
fn copy_policies(pack: &mut Pack, kept: &Kept<'_>, told: &log::Told) -> Result<Vec<Digest>, Problem> {
    use sha2::Digest as _;
    pack.folder("policies")?;
    let mut missing = Vec::new();
    for digest in &told.policies {
        let content = std::fs::read(kept.path(*digest)).ok();
        match content.filter(|content| Digest(sha2::Sha256::digest(content).into()) == *digest) {
            Some(content) => pack.write(&format!("policies/{digest}.toml"), &content)?,
            None => missing.push(*digest),
        }
    }
    Ok(missing)
}

/// Before the pack has its name: there is none that the log does not know.
fn record(home: &Home, window: Window, digest: Digest, now: Timestamp) -> Result<(), Problem> {
    let audit = app::audit_log(home, app::software()?, now)?;
    let event = Event::BreachPack(BreachPack { from: window.from, to: window.to, digest });
    let written = audit.append(now, &[event]);
    written.map(drop).map_err(|error| {
        Problem::from_error(Exit::Failed, error.code(), &error)
            .at(home.audit().display())
            .expected("a log that can be written: nothing leaves the node's keeping that it does not know of")
            .next("look at disk space and rights")
    })
}

fn unwritable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(Exit::Failed, "breach.write", error).at(path.display()).next("look at disk space and rights")
}
