//! From the file to a policy in force.

use std::path::Path;

use tvaers_definitions::library::Library;
use tvaers_policy::Policy;
use tvaers_policy::succession::Seen;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_release::conversion::Delta;

use super::excluded::Excluded;
use super::{InForce, rho_of_epsilon};

/// Whose policy is to be loaded, and what it must follow.
pub struct Loading<'a> {
    /// The node.
    pub node: &'a NodeId,
    /// Whether its database was marked as made up when it was created.
    pub made_up: bool,
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
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let rho = |epsilon| rho_of_epsilon(loading.delta, epsilon);
    let policy = Policy::read(&text, &file, library, &rho)
        .map_err(|faults| faults.iter().map(|fault| fault.problem()).collect::<Vec<_>>())?;
    policy.admit_load(loading.node, loading.made_up, loading.seen).into_result().map_err(|violations| {
        violations.iter().map(|violation| violation.problem().at(path.display())).collect::<Vec<_>>()
    })?;
    check_witnesses(&policy, loading.nodes, path).map_err(|problem| vec![problem])?;
    let dir = path.parent().unwrap_or(Path::new("."));
    let excluded = Excluded::read(dir, policy.exclusions()).map_err(|problem| vec![problem])?;
    Ok(Some(InForce { policy, excluded }))
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
mod tests {
    use super::*;

    const PILOT: &str = include_str!("../../../policies/examples/pilot.toml");

    fn loaded(text: &str, node: &str, made_up: bool) -> Result<bool, Vec<String>> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("policy.toml");
        std::fs::write(&path, text).unwrap();
        tvaers_host::private::replace(&dir.path().join("protected-addresses.csv"), b"person_id\n").unwrap();
        let node = NodeId::new(node).unwrap();
        let delta = "1e-8".parse().unwrap();
        let loading = Loading { node: &node, made_up, delta, nodes: 3, seen: None };
        let library = Library::embedded().unwrap();
        let policy = load(&path, &loading, &library)
            .map_err(|problems| problems.iter().map(|problem| problem.code.clone()).collect::<Vec<_>>());
        policy.map(|policy| policy.is_some())
    }

    #[test]
    fn what_a_policy_demands_and_the_node_cannot_keep_keeps_it_from_loading() {
        assert_eq!(loaded(PILOT, "k376", false), Ok(true));
        let witnesses = |count: u32| PILOT.replace("\nwitnesses = 0\n", &format!("\nwitnesses = {count}\n"));
        assert_eq!(loaded(&PILOT.replace("\nwitnesses = 0\n", "\n"), "k376", false), Ok(true));
        assert_eq!(loaded(&witnesses(2), "k376", false), Ok(true));
        let refused = |text: &str, node: &str, made_up: bool| loaded(text, node, made_up).unwrap_err();
        assert_eq!(refused(&witnesses(3), "k376", false), ["policy.witnesses"]);
        assert_eq!(refused(PILOT, "k360", false), ["policy.other-node"]);
        let laboratory = include_str!("../../../policies/examples/laboratory.toml");
        assert_eq!(refused(laboratory, "k376", false), ["policy.not-made-up"]);
        assert_eq!(loaded(laboratory, "k376", true), Ok(true));
        let gone = PILOT.replace("protected-addresses.csv", "nowhere.csv");
        assert_eq!(refused(&gone, "k376", false), ["policy.exclusions"]);
    }

    #[test]
    fn no_file_is_no_policy() {
        let (node, delta) = (NodeId::new("k376").unwrap(), "1e-8".parse().unwrap());
        let loading = Loading { node: &node, made_up: true, delta, nodes: 3, seen: None };
        let library = Library::embedded().unwrap();
        assert!(load(Path::new("/nowhere/policy.toml"), &loading, &library).ok().unwrap().is_none());
    }
}
