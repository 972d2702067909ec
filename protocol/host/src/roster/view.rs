//! A roster as people see it, before they sign or accept it and at any other time.

use std::path::PathBuf;

use jiff::civil::Date;
use serde_json::{Value, json};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::Problem;
use tvaers_protocol::roster::{Person, Role, Roster, SignedRoster, Standing, VerifiedRoster};

use crate::output::{Format, Output, table};
use crate::roster::read;

/// `roster show`.
#[derive(Clone, Debug, clap::Args)]
pub struct ShowArgs {
    /// The roster; without it, the one that is followed here
    pub file: Option<PathBuf>,
}

/// `roster diff`.
#[derive(Clone, Debug, clap::Args)]
pub struct DiffArgs {
    /// The earlier roster
    pub old: PathBuf,
    /// The later roster
    pub new: PathBuf,
}

/// Shows a roster, and whether it would be believed today by whoever knows `known`.
///
/// # Errors
/// [`Problem`] where a file cannot be read.
pub fn show(
    args: &ShowArgs,
    own: &std::path::Path,
    known: Option<&VerifiedRoster>,
    today: Date,
    output: Output,
) -> Result<(), Problem> {
    let signed = read(args.file.as_deref().unwrap_or(own))?;
    let before = known.map(VerifiedRoster::roster);
    let standing = signed.standing(before);
    let believed = signed.clone().verify(known, today).map(|_| ()).map_err(|error| error.to_string());
    match output.format {
        Format::Json => output.result(object(&signed, &standing, &believed)),
        Format::Text => {
            lines(&signed.roster).iter().for_each(|line| output.result(line));
            output.result(members(&signed, &standing));
            if !signed.roster.people.is_empty() {
                output.result("");
                output.result(people(&signed.roster.people));
            }
            output.result("");
            signing(&standing).iter().for_each(|line| output.result(line));
            output.result(match &believed {
                Ok(()) => format!("believed:    yes, on {today}"),
                Err(why) => format!("believed:    no: {why}"),
            });
        }
    }
    Ok(())
}

/// Shows what changes between two rosters.
///
/// # Errors
/// [`Problem`] where a file cannot be read.
pub fn diff(args: &DiffArgs, output: Output) -> Result<(), Problem> {
    let (old, new) = (read(&args.old)?.roster, read(&args.new)?.roster);
    let mut told = old.changes(&new);
    if new.previous != Some(old.digest()) && new.digest() != old.digest() {
        told.push(format!(
            "version {} does not name version {} as the one before it",
            new.version, old.version
        ));
    }
    match output.format {
        Format::Json => output.result(json!(told)),
        Format::Text if told.is_empty() => output.result("Nothing changes."),
        Format::Text => told.iter().for_each(|line| output.result(line)),
    }
    Ok(())
}

/// The head of a roster, in lines.
#[must_use]
pub fn lines(roster: &Roster) -> Vec<String> {
    let holders = roster.holders().count();
    let digest = roster.digest();
    vec![
        format!("federation:  {}, roster version {}", roster.federation, roster.version),
        format!("digest:      {digest}"),
        format!("fingerprint: {}", digest.fingerprint()),
        format!("valid:       {} to {}", roster.valid_from, roster.valid_to),
        format!("quorum:      {} of {holders} key holders evaluate each pseudonym", roster.quorum),
        format!("delta:       {}", roster.delta),
        format!("coordinator: {}, {}", roster.coordinator.name, roster.coordinator.fingerprint()),
    ]
}

fn members(signed: &SignedRoster, standing: &Standing) -> impl std::fmt::Display {
    let header = [
        "member",
        "name",
        "sector",
        "code",
        "holder",
        "evaluations",
        "member from",
        "to",
        "fingerprint",
        "signed",
    ];
    let mut table = table(header, &[3, 5]);
    for member in &signed.roster.members {
        table.add_row([
            member.id.to_string(),
            member.name.clone(),
            member.sector.to_string(),
            member.code.to_string(),
            yes(member.holder).to_owned(),
            member.evaluations_max.to_string(),
            member.valid_from.to_string(),
            member.valid_to.map(|day| day.to_string()).unwrap_or_default(),
            member.enrolment().fingerprint().to_string(),
            signature(&member.id, standing).to_owned(),
        ]);
    }
    table
}

fn people(people: &[Person]) -> impl std::fmt::Display {
    let mut table = table(["person", "role", "fingerprint"], &[]);
    for person in people {
        let role = match person.role {
            Role::Analyst => "analyst",
            Role::Dpo => "dpo",
        };
        table.add_row([person.name.clone(), role.to_owned(), person.fingerprint().to_string()]);
    }
    table
}

const fn yes(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn signature(id: &NodeId, standing: &Standing) -> &'static str {
    if standing.wrong.contains(id) { "wrong" } else { yes(standing.signed.contains(id)) }
}

/// Who is still to sign, in lines.
#[must_use]
pub fn signing(standing: &Standing) -> Vec<String> {
    let list = |ids: &std::collections::BTreeSet<NodeId>| {
        ids.iter().map(NodeId::as_str).collect::<Vec<_>>().join(", ")
    };
    let mut lines = Vec::new();
    if !standing.wrong.is_empty() {
        lines.push(format!("wrong:       the signature of {} does not fit", list(&standing.wrong)));
    }
    if !standing.missing.is_empty() {
        lines.push(format!("missing:     the signature of {}", list(&standing.missing)));
    }
    if standing.previous_short > 0 {
        lines.push(format!(
            "missing:     {} more of the roster before: of {}",
            standing.previous_short,
            list(&standing.previous_missing)
        ));
    }
    if standing.is_complete() {
        lines.push("signed:      by everyone who must".to_owned());
    }
    lines
}

fn object(signed: &SignedRoster, standing: &Standing, believed: &Result<(), String>) -> Value {
    let roster = &signed.roster;
    let members: Vec<Value> = roster
        .members
        .iter()
        .map(|member| {
            json!({
                "id": member.id, "name": member.name, "sector": member.sector, "code": member.code,
                "holder": member.holder, "evaluations_max": member.evaluations_max,
                "valid_from": member.valid_from, "valid_to": member.valid_to,
                "fingerprint": member.enrolment().fingerprint(), "signed": signature(&member.id, standing),
            })
        })
        .collect();
    let people: Vec<Value> = roster
        .people
        .iter()
        .map(
            |person| json!({ "name": person.name, "role": person.role, "fingerprint": person.fingerprint() }),
        )
        .collect();
    let coordinator = &roster.coordinator;
    json!({
        "federation": roster.federation, "version": roster.version, "previous": roster.previous,
        "digest": roster.digest(), "fingerprint": roster.digest().fingerprint(),
        "valid_from": roster.valid_from, "valid_to": roster.valid_to, "quorum": roster.quorum,
        "delta": roster.delta,
        "coordinator": { "name": coordinator.name, "fingerprint": coordinator.fingerprint() },
        "members": members, "people": people, "standing": standing,
        "believed": believed.is_ok(), "why_not": believed.as_ref().err(),
    })
}
