//! `tvaers-node audit show | export | verify | heads | rotate | prune | recover`: what the audit log tells, its files,
//! and what others saw of it. What is shown was verified first.

mod export;
mod heads;
mod prune;
mod recover;
mod rotate;
mod show;
mod verify;

use std::path::Path;

use jiff::Timestamp;
use tvaers_host::output::Output;
use tvaers_protocol::problem::{Exit, Problem};

use crate::app;
use crate::audit::read::Verified;
use crate::audit::{Audit, AuditError};
use crate::home::Home;

use super::looking::time;

const EXAMPLES: &str = "\
Examples:
  tvaers-node audit show --last 50
  tvaers-node audit show --refused
  tvaers-node audit export --out audit-2026.jsonl
  tvaers-node audit verify
  tvaers-node audit verify audit-2026.jsonl
  tvaers-node audit rotate
  tvaers-node audit prune
  tvaers-node audit heads --of k376 --out k376-heads.jsonl

The log holds no value, no person and no literal of a filter. A broken log exits with 1 and names its first broken entry.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show the newest entries: when, who, what, the decision with its rules, and what it cost
    Show(show::Args),
    /// Copy entries to a file, byte for byte, after verifying the whole log
    Export(export::Args),
    /// Verify the chain of this node's log, or of a file from another node; needs no node and no network
    Verify(verify::Args),
    /// End the running file of the log and begin a new one, as happens by itself when it is full
    Rotate,
    /// Delete full files whose entries are all older than the policy's `retention.logs-days`, after verifying the log
    Prune,
    /// Write the heads of other nodes' logs that this node saw, each with its own signature: one object a line
    Heads(heads::Args),
    /// Answer for entries that are lost for good and that others saw
    Recover(recover::Args),
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    match &args.command {
        Command::Show(args) => show::run(home, args, output),
        Command::Export(args) => export::run(home, args, output),
        Command::Verify(args) => verify::run(home, args, output),
        Command::Rotate => rotate::run(home, output),
        Command::Prune => prune::run(home, output),
        Command::Heads(args) => heads::run(home, args, output),
        Command::Recover(args) => recover::run(home, args, output),
    }
}

/// The node's own log, if it has one.
fn own_log(home: &Home) -> Result<std::path::PathBuf, Problem> {
    let path = home.audit();
    if path.exists() {
        return Ok(path);
    }
    Err(Problem::new(Exit::BadInput, "audit.none", "there is no audit log yet")
        .at(path.display())
        .expected("the folder of a node that has imported data or served")
        .next("name it with --home"))
}

/// The node's own log, to be written to.
fn open(home: &Home, now: Timestamp) -> Result<Audit, Problem> {
    own_log(home)?;
    app::audit_log(home, app::software()?, now)
}

/// A log that cannot be read or believed.
fn problem(path: &Path, error: &AuditError) -> Problem {
    let problem = Problem::from_error(Exit::Failed, error.code(), error).at(path.display());
    match error {
        AuditError::Broken { .. } => problem
            .expected("a log as its node wrote it, from its first entry")
            .next("tell the data-protection officer, and keep the file as it is; if it is a part of a log, say where it begins with --from"),
        _ => problem.expected("a file that this user may read").next("look at its path and rights"),
    }
}

/// What was verified, in a line or two.
fn told(verified: &Verified) -> String {
    let mut text = format!("verified to entry {}, head {}", verified.head.entries, verified.head.digest);
    if let (Some(first), Some(last)) = (verified.first_at, verified.last_at) {
        text.push_str(&format!("\nfrom {} to {}", time(first), time(last)));
    }
    if let Some(first) = verified.first.filter(|first| *first > 1) {
        text.push_str(&format!("\nentries 1 to {} are deleted, as a later entry tells", first - 1));
    }
    if verified.clock_back > 0 {
        text.push_str(&format!("\nthe clock was set back before {} entries", verified.clock_back));
    }
    if verified.truncations > 0 {
        text.push_str(&format!(
            "\n{} entries tell of a line that was torn and replaced",
            verified.truncations
        ));
    }
    if verified.torn_bytes > 0 {
        text.push_str(&format!(
            "\nafter it {} bytes of half an entry: a power cut, or a node in the middle of writing",
            verified.torn_bytes
        ));
    }
    text
}

/// The same for scripts.
fn json(verified: &Verified) -> serde_json::Value {
    serde_json::json!({
        "entries": verified.head.entries,
        "head": verified.head.digest,
        "first": verified.first,
        "log": verified.log,
        "first_at": verified.first_at,
        "last_at": verified.last_at,
        "clock_back": verified.clock_back,
        "truncations": verified.truncations,
        "torn_bytes": verified.torn_bytes,
        "ledger": verified.said.ledger,
    })
}

#[cfg(test)]
mod tests;
