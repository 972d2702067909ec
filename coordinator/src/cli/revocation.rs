//! `tvaers revocation`: handing a revocation to the node that it is about. The coordinator checks its form, so that a slip
//! is told to who is still there; whether it is genuine the node checks.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;
use tvaers_host::output::{Format, Output};
use tvaers_host::roster;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::revocation::{
    ITEMS_MAX, RevocationFile, Revocations, SIGNATURE_BYTES_MAX, TEXT_BYTES_MAX, is_role,
};
use tvaers_protocol::problem::{Exit, Problem};

use crate::home::Home;
use crate::revocation::{self, beside, digest, folder, held, roles, small_text};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Hand a revocation, with the signatures that stand beside it, to the node that it is about
    ///
    /// A serving coordinator hands it out from then on: the node asks whenever it connects, and once a day. The node
    /// checks who signed.
    Publish {
        /// The revocation, as `tvaers-policy revoke` writes it
        file: PathBuf,
        /// The node whose policy is revoked
        #[arg(long)]
        node: NodeId,
        /// The role whose signature is handed on [default: all that stand beside the file]
        #[arg(long)]
        role: Option<String>,
    },
    /// Show the revocations that are handed out
    List,
}

/// The file, as far as the coordinator reads it.
#[derive(Debug, Deserialize)]
struct Told {
    revocation: Revocation,
}

#[derive(Debug, Deserialize, Serialize)]
struct Revocation {
    node: NodeId,
    policy: Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    permit: Option<String>,
    from: toml::value::Datetime,
}

pub(super) fn run(home: &Home, command: &Command, output: Output) -> Result<(), Problem> {
    if !home.config().exists() {
        return Err(Problem::new(
            Exit::BadInput,
            "revocation.home",
            "there is no coordinator in this folder",
        )
        .at(home.dir().display())
        .next("name its folder with --home"));
    }
    match command {
        Command::Publish { file, node, role } => publish(home, file, node, role.as_deref(), output),
        Command::List => list(home, output),
    }
}

fn publish(
    home: &Home,
    file: &Path,
    node: &NodeId,
    role: Option<&str>,
    output: Output,
) -> Result<(), Problem> {
    known(home, node)?;
    let text = small_text(file, TEXT_BYTES_MAX).map_err(|error| unread(file, &error))?;
    let told = told(&text).map_err(|what| form(file, what))?;
    if told.node != *node {
        let what = format!("it is about the policy of `{}`, not of `{node}`", told.node);
        return Err(Problem::new(Exit::BadInput, "revocation.node", what)
            .at(file.display())
            .next("name that node with --node, or the right file"));
    }
    let items = signed(file, &text, role)?;
    let dir = folder(&home.revocations(), node);
    let mut all = held(&dir).map_err(|error| unread(&dir, &error))?;
    all.retain(|held| !items.iter().any(|item| item.text == held.text && item.role == held.role));
    all.extend(items.iter().cloned());
    if !(Revocations { items: all }).fits() {
        let what = format!("with it there would be more for `{node}` than one answer holds");
        return Err(Problem::new(Exit::BadInput, "revocation.full", what)
            .at(dir.display())
            .expected(format_args!("at most {ITEMS_MAX} signatures, and 768 KiB in all"))
            .next("take out what is about policies that no longer hold; a node keeps what it has"));
    }
    revocation::keep(&dir, &items)
        .map_err(|error| Problem::from_error(Exit::Failed, "revocation.write", &error))?;
    let roles: Vec<&str> = items.iter().map(|item| item.role.as_str()).collect();
    if output.format == Format::Json {
        output.result(json!({ "node": node, "digest": digest(&text), "roles": roles }));
        return Ok(());
    }
    output.result(format_args!("Handed out to `{node}` from now on, signed as {}.", roles.join(", ")));
    output.note(
        "The node asks when it connects and once a day. It says in its log and its audit log when the revocation counts; \
         where it must count at once, have the node's staff put both files into their folder `revocations`.",
    );
    Ok(())
}

/// Refuses a node that the roster does not name: what is published for it would reach nobody.
fn known(home: &Home, node: &NodeId) -> Result<(), Problem> {
    let known = roster::present(&home.roster())?.is_some_and(|roster| roster.member(node).is_some());
    if known {
        return Ok(());
    }
    Err(Problem::new(Exit::BadInput, "revocation.node", format!("the roster does not name `{node}`"))
        .at(home.roster().display())
        .next("name one of its members with --node"))
}

fn told(text: &str) -> Result<Revocation, String> {
    toml::from_str(text).map(|told: Told| told.revocation).map_err(|error| error.message().to_owned())
}

/// The revocation once for each signature beside it.
fn signed(file: &Path, text: &str, role: Option<&str>) -> Result<Vec<RevocationFile>, Problem> {
    let roles = match role {
        Some(role) if !is_role(role) => {
            let what = "a role is 1–32 of a–z, 0–9 and -";
            return Err(Problem::new(Exit::BadInput, "revocation.role", what).at("--role"));
        }
        Some(role) => vec![role.to_owned()],
        None => roles(file).map_err(|error| unread(file, &error))?,
    };
    if roles.is_empty() {
        return Err(Problem::new(Exit::BadInput, "revocation.unsigned", "no signature stands beside it")
            .at(beside(file, "<role>").display())
            .expected("the signature of one who signs the node's policies")
            .next(format_args!("tvaers-policy sign {} --role dpo --key dpo.key", file.display())));
    }
    let item = |role: String| {
        let place = beside(file, &role);
        let signature = small_text(&place, SIGNATURE_BYTES_MAX).map_err(|error| unread(&place, &error))?;
        let item = RevocationFile { text: text.to_owned(), role, signature };
        // Four lines, of which the first begins so: https://jedisct1.github.io/minisign/
        let looks = item.signature.starts_with("untrusted comment:") && item.signature.lines().count() == 4;
        if looks && item.has_form() {
            Ok(item)
        } else {
            Err(form(&place, "it is no signature of minisign's"))
        }
    };
    roles.into_iter().map(item).collect()
}

fn list(home: &Home, output: Output) -> Result<(), Problem> {
    let lines = listed(home)?;
    if output.format == Format::Json {
        let object = |(told, item): &(Revocation, RevocationFile)| {
            let mut object = json!(told);
            if let Some(object) = object.as_object_mut() {
                object.insert("from".to_owned(), json!(told.from.to_string()));
                object.insert("digest".to_owned(), json!(digest(&item.text)));
                object.insert("role".to_owned(), json!(item.role));
            }
            object
        };
        output.result(json!(lines.iter().map(object).collect::<Vec<_>>()));
        return Ok(());
    }
    if lines.is_empty() {
        output.note("No revocation is handed out.");
    }
    for (told, item) in &lines {
        let what = told.permit.as_ref().map_or_else(
            || "the policy".to_owned(),
            |permit| format!("permit `{}`", tvaers_protocol::enrolment::seen(permit)),
        );
        let (node, from, role, policy) = (&told.node, told.from, &item.role, told.policy);
        output.result(format_args!("{node}: {what} from {from}, signed as {role} (policy {policy})"));
    }
    Ok(())
}

/// Everything that is handed out, by node.
fn listed(home: &Home) -> Result<Vec<(Revocation, RevocationFile)>, Problem> {
    let mut lines = Vec::new();
    for node in nodes(home)? {
        let dir = folder(&home.revocations(), &node);
        for item in held(&dir).map_err(|error| unread(&dir, &error))? {
            let place = revocation::file(&dir, &item.text);
            lines.push((told(&item.text).map_err(|what| form(&place, what))?, item));
        }
    }
    Ok(lines)
}

/// The nodes that have a folder, ascending.
fn nodes(home: &Home) -> Result<Vec<NodeId>, Problem> {
    let dir = home.revocations();
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unread(&dir, &error)),
    };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut nodes: Vec<NodeId> = names.filter_map(|name| NodeId::new(&name).ok()).collect();
    nodes.sort();
    Ok(nodes)
}

fn unread(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(Exit::BadInput, "revocation.read", error)
        .at(path.display())
        .next("look whether the file is there and this user may read it")
}

fn form(path: &Path, what: impl std::fmt::Display) -> Problem {
    Problem::new(Exit::BadInput, "revocation.form", what)
        .at(path.display())
        .expected("a revocation as `tvaers-policy revoke` writes it, and a signature of it")
        .next("ask who sent it for both files as they were written")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(node: &str) -> String {
        let policy = "ab".repeat(32);
        format!("[revocation]\nnode = \"{node}\"\npolicy = \"{policy}\"\nfrom = 2026-12-24\nreason = \"x\"\n")
    }

    #[test]
    fn what_is_handed_out_is_listed_by_node() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path());
        assert!(listed(&home).unwrap().is_empty(), "there is no folder yet");
        let permit = text("k360").replace("from", "permit = \"sad-list-2026\"\nfrom");
        for (node, text) in [("k376", text("k376")), ("k360", permit)] {
            let item = RevocationFile { text, role: "dpo".to_owned(), signature: "x".to_owned() };
            let node = NodeId::new(node).unwrap();
            revocation::keep(&folder(&home.revocations(), &node), &[item]).unwrap();
        }
        let listed = listed(&home).unwrap();
        let shown = |(told, item): &(Revocation, RevocationFile)| {
            format!("{} {:?} {} {}", told.node, told.permit, told.from, item.role)
        };
        let shown: Vec<String> = listed.iter().map(shown).collect();
        assert_eq!(shown, ["k360 Some(\"sad-list-2026\") 2026-12-24 dpo", "k376 None 2026-12-24 dpo"]);
    }

    #[test]
    fn the_signatures_beside_a_file_are_taken_by_role_and_by_their_look() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("revocation.toml");
        let code = |role: Option<&str>| signed(&file, "t", role).map_err(|problem| problem.code);
        let refused = |what: &str| Err(format!("revocation.{what}"));
        let roles =
            |role| code(role).map(|items| items.into_iter().map(|item| item.role).collect::<Vec<_>>());
        assert_eq!(roles(None), refused("unsigned"));
        assert_eq!(roles(Some("dpo")), refused("read"));
        assert_eq!(roles(Some("../dpo")), refused("role"));
        let signature = "untrusted comment: a\nRU\ntrusted comment: b\nAA\n";
        for role in ["dpo", "controller"] {
            std::fs::write(beside(&file, role), signature).unwrap();
        }
        assert_eq!(roles(None), Ok(vec!["controller".to_owned(), "dpo".to_owned()]));
        assert_eq!(roles(Some("dpo")), Ok(vec!["dpo".to_owned()]));
        std::fs::write(beside(&file, "dpo"), "untrusted comment: a\nRU\n").unwrap();
        assert_eq!(roles(None), refused("form"));
    }
}
