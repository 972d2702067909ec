//! The revocations in the node's folder: files, each signed by one of those who sign policies. One that cannot be read or
//! bears no such signature leaves no policy in force: it was put there to stop something.

use std::path::{Path, PathBuf};

use tvaers_policy::Policy;
use tvaers_policy::revocation::{FILE_BYTES_MAX, Revocation};
use tvaers_protocol::problem::{Exit, Problem};

use super::load::Loading;
use super::signed;
use crate::audit::event::PolicyRevoked;
use crate::config::Signer;
use crate::ledger::name::Name;

/// A revocation of a policy that names a permit which the policy does not have: whoever signed it meant another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Idle {
    /// Its file.
    pub(crate) path: PathBuf,
    /// The permit that it names.
    pub(crate) permit: String,
}

impl Idle {
    /// The same for the operator.
    pub(crate) fn problem(&self) -> Problem {
        let what = format!(
            "the revocation names the permit `{}`, which the policy does not have: it stops nothing",
            self.permit
        );
        Problem::new(Exit::BadInput, "policy.revocation-idle", what)
            .at(self.path.display())
            .expected("a permit of the policy in force, or no permit, which revokes all of it")
            .next("ask who signed it what was to be stopped, and have that revoked (`tvaers-policy revoke`)")
    }

    /// Tells the operator's log.
    pub(crate) fn warn(&self) {
        tracing::warn!(permit = self.permit, file = %self.path.display(), "a revocation names a permit that the policy does not have, and stops nothing");
    }
}

/// Revocations of one node, at most: a policy has no more permits, and old ones can be taken out.
pub(crate) const REVOCATIONS_MAX: usize = 256;

/// What stands in the folder, in order; nothing where there is none.
///
/// # Errors
/// Where there is a folder that cannot be looked into: what it holds may revoke.
pub(crate) fn files(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let files = entries.map(|entry| Ok(entry?.path()));
    let mut files = files.collect::<std::io::Result<Vec<PathBuf>>>()?;
    files.sort();
    Ok(files)
}

/// Applies all revocations to the policy that they are about, and gives those that were, and those that stop nothing.
pub(super) fn apply(
    policy: &mut Policy,
    loading: &Loading<'_>,
) -> Result<(Vec<PolicyRevoked>, Vec<Idle>), Vec<Problem>> {
    let files =
        files(loading.revocations).map_err(|error| vec![wrong(loading.revocations, error.to_string())])?;
    let named = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let named: Vec<&PathBuf> = named.collect();
    if named.len() > REVOCATIONS_MAX {
        let what = format!("there are more than {REVOCATIONS_MAX} revocations");
        return Err(vec![wrong(loading.revocations, what)]);
    }
    let (mut revoked, mut idle) = (Vec::new(), Vec::new());
    for path in named {
        let (revocation, by) = read(path, loading.signers)?;
        // Of other policies, such as older versions, most are.
        if revocation.node != *loading.node || revocation.policy != policy.digest() {
            continue;
        }
        if policy.revoke(&revocation) {
            let permit = revocation.permit.map(Name::new).transpose();
            let permit = permit.map_err(|error| vec![wrong(path, error.to_string())])?;
            revoked.push(PolicyRevoked { policy: revocation.policy, permit, from: revocation.from, by });
        } else {
            idle.push(Idle { path: path.clone(), permit: revocation.permit.unwrap_or_default() });
        }
    }
    Ok((revoked, idle))
}

/// A revocation, and who signed it.
fn read(path: &Path, signers: &[Signer]) -> Result<(Revocation, Name), Vec<Problem>> {
    let unread = |error: std::io::Error| vec![wrong(path, error.to_string())];
    let length = std::fs::metadata(path).map_err(unread)?.len();
    if usize::try_from(length).is_ok_and(|length| length > FILE_BYTES_MAX) {
        return Err(vec![wrong(path, format!("it has {length} bytes"))]);
    }
    let text = std::fs::read_to_string(path).map_err(unread)?;
    let signer = signers.iter().find(|signer| {
        signed::by(&signed::beside(path, signer.role.as_str()), text.as_bytes(), signer).is_ok()
    });
    let Some(signer) = signer else {
        return Err(vec![unsigned(path, signers)]);
    };
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let revocation = Revocation::read(&text, &file)
        .map_err(|faults| faults.iter().map(|fault| fault.problem()).collect::<Vec<_>>())?;
    Ok((revocation, signer.name.clone()))
}

/// A revocation without the signature of anybody who signs policies now: whether somebody signed it who no longer does,
/// nobody here can tell.
fn unsigned(path: &Path, signers: &[Signer]) -> Problem {
    let names: Vec<&str> = signers.iter().map(|signer| signer.name.as_str()).collect();
    let what = "none of those who sign policies has signed this revocation, and no policy is in force while it lies here";
    Problem::new(Exit::BadInput, "policy.revocation", what)
        .at(path.display())
        .expected(format_args!("the signature of one of these beside it: {}", names.join(", ")))
        .next(
            "have one of them sign it (`tvaers-policy sign`); where its signer has been replaced in node.toml, and the policy that it revokes has been too, take the file out",
        )
}

fn wrong(path: &Path, what: String) -> Problem {
    Problem::new(Exit::BadInput, "policy.revocation", what)
        .at(path.display())
        .expected("a revocation with the signature of one who signs this node's policies beside it")
        .next("have it signed (`tvaers-policy sign`), or take it out")
}
