//! From the file to a policy in force.

use std::path::Path;

use tvaers_definitions::library::Library;
use tvaers_policy::succession::Seen;
use tvaers_policy::{Policy, Violation};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_release::conversion::Delta;

use super::excluded::Excluded;
use super::{InForce, revoked, rho_of_epsilon, signed};
use crate::config::Signer;

/// Whose policy is to be loaded, and what it must follow.
pub struct Loading<'a> {
    /// The node.
    pub node: &'a NodeId,
    /// Whether its database was marked as made up when it was created.
    pub made_up: bool,
    /// Who must sign.
    pub(crate) signers: &'a [Signer],
    /// The folder of revocations.
    pub(crate) revocations: &'a Path,
    /// The folder of policies that were in force.
    pub(crate) policies: &'a Path,
    /// The roster's constant delta.
    pub delta: Delta,
    /// How many nodes the federation has.
    pub nodes: usize,
    /// The highest version that was in force so far.
    pub seen: Option<Seen>,
}

/// Reads the policy at `path`, in the node's folder, and tries it out; none where there is no file.
///
/// # Errors
/// The first [`Problem`]s, all faults of a file at once.
pub fn load(path: &Path, loading: &Loading<'_>, library: &Library) -> Result<Option<InForce>, Vec<Problem>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let problem = Problem::new(Exit::Failed, "policy.read", error)
                .at(path.display())
                .next("let the node's user read the file; nothing is answered meanwhile");
            return Err(vec![problem]);
        }
    };
    let signed_by = signed::check(path, text.as_bytes(), loading.signers, loading.made_up);
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let rho = |epsilon| rho_of_epsilon(loading.delta, epsilon);
    let policy = Policy::read(&text, &file, library, &rho)
        .map_err(|faults| faults.iter().map(|fault| fault.problem()).collect::<Vec<_>>());
    // Missing signatures and faults are told together: whoever mends the file has it signed anew anyway.
    let (signed_by, mut policy) = match (signed_by, policy) {
        (Ok(signed_by), Ok(policy)) => (signed_by, policy),
        (signed_by, policy) => {
            return Err(signed_by.err().into_iter().chain(policy.err()).flatten().collect());
        }
    };
    policy.admit_load(loading.node, loading.made_up, loading.seen).into_result().map_err(|violations| {
        violations.iter().map(|violation| violation.problem().at(path.display())).collect::<Vec<_>>()
    })?;
    raise(&policy, loading, library).map_err(|violations| {
        violations.iter().map(|violation| violation.problem().at(path.display())).collect::<Vec<_>>()
    })?;
    check_witnesses(&policy, loading.nodes, path).map_err(|problem| vec![problem])?;
    let (revocations, idle) = revoked::apply(&mut policy, loading)?;
    let dir = path.parent().unwrap_or(Path::new("."));
    let excluded = Excluded::read(dir, policy.exclusions()).map_err(|problem| vec![problem])?;
    Ok(Some(InForce { policy, excluded, text, signed_by, revocations, idle }))
}

/// Looks whether a budget rises over that of the policy in force before, and who signed that. Where nobody signs, as over
/// made-up data, anybody may.
fn raise(policy: &Policy, loading: &Loading<'_>, library: &Library) -> Result<(), Vec<Violation>> {
    let Some(seen) = loading.seen.filter(|seen| seen.digest != policy.digest()) else { return Ok(()) };
    if loading.signers.is_empty() {
        return Ok(());
    }
    let kept = loading.policies.join(format!("{}.toml", seen.digest));
    let text = std::fs::read_to_string(kept).ok();
    let rho = |epsilon| rho_of_epsilon(loading.delta, epsilon);
    // Who could change the copy could change its digest's file name, not the digest.
    let before = text
        .and_then(|text| Policy::read(&text, "", library, &rho).ok())
        .filter(|before| before.digest() == seen.digest);
    let names: Vec<&str> = loading.signers.iter().map(|signer| signer.person.as_str()).collect();
    policy.admit_raise(before.as_ref(), &names).into_result()
}

/// Refuses to wait for more witnesses than the federation has nodes. Before the first roster nobody knows how many.
fn check_witnesses(policy: &Policy, nodes: usize, path: &Path) -> Result<(), Problem> {
    let others = nodes.saturating_sub(1);
    if nodes == 0 || usize::try_from(policy.witnesses(nodes)).is_ok_and(|wanted| wanted <= others) {
        return Ok(());
    }
    Err(Problem::new(
        Exit::BadInput,
        "policy.witnesses",
        "the policy wants more other nodes to sign the ledger's head than the federation has",
    )
    .at(format_args!("{}, `release.witnesses`", path.display()))
    .expected(format_args!("0 to {others}"))
    .next("state fewer, or wait until the federation has more members"))
}

#[cfg(test)]
mod tests;
