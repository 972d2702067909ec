//! `tvaers-policy diff`.

use std::path::PathBuf;

use serde_json::{Value, json};
use tvaers_host::output::Output;
use tvaers_policy::Violation;
use tvaers_policy::diff::{Change, Direction, diff, refused, to_document};
use tvaers_protocol::problem::Problem;

use super::document::Writing;
use crate::lang::Lang;
use crate::open;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The policy that is in force
    old: PathBuf,
    /// The policy that is to follow
    new: PathBuf,
    #[command(flatten)]
    writing: Writing,
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    let library = open::library()?;
    let read = |path: &PathBuf| open::policy_of(path, &library, lang, output);
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let changes = diff(&old, &new);
    let list: Vec<Value> = changes.iter().map(|change| of(change, lang)).collect();
    let refused: Vec<Value> = refused(&old, &new).iter().map(|violation| rule(violation, lang)).collect();
    let document = to_document(&old, &new, &changes);
    args.writing.write(&document, Some(json!({ "refused": refused, "changes": list })), lang, output)
}

fn rule(violation: &Violation, lang: Lang) -> Value {
    json!({
        "code": violation.code,
        "what": lang.of(&violation.sentence),
        "next": lang.of(&violation.mend),
    })
}

fn of(change: &Change, lang: Lang) -> Value {
    let direction = match change.direction {
        Direction::Loosens => "loosens",
        Direction::Tightens => "tightens",
        Direction::Neutral => "neutral",
    };
    json!({
        "code": change.code(),
        "direction": direction,
        "key": change.key,
        "permit": change.permit,
        "sentence": lang.of(&change.sentence),
    })
}
