//! Whether all have signed a policy whom the node's configuration names, each with their own key and in their own role.

use std::path::{Path, PathBuf};

use tvaers_policy::signature::{self, SIGNATURE_BYTES_MAX, SignatureError, Signed};
use tvaers_protocol::problem::{Exit, Problem};

use crate::config::Signer;
use crate::ledger::name::Name;

/// Persons who must sign a policy over real data, at least.
const SIGNERS_LEAST: usize = 2;

/// Where the signature of a file in a role stands.
pub(crate) fn beside(path: &Path, role: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{role}.minisig"));
    path.with_file_name(name)
}

/// Who signed a policy: all who must.
pub(super) fn check(
    path: &Path,
    bytes: &[u8],
    signers: &[Signer],
    made_up: bool,
) -> Result<Vec<Name>, Vec<Problem>> {
    if signers.len() < SIGNERS_LEAST && !made_up {
        let what = "over real data a policy is in force only with two signatures, and the configuration names fewer signers";
        return Err(vec![
            Problem::new(Exit::BadInput, "policy.signers", what)
                .at("node.toml, `policy-signer`")
                .expected("two persons or more, such as the controller's and the data-protection officer")
                .next("name them with role, name and public key, and have them sign the policy"),
        ]);
    }
    let mut problems = Vec::new();
    for signer in signers {
        let place = beside(path, signer.role.as_str());
        if let Err(error) = by(&place, bytes, signer) {
            problems.push(
                error.problem(place.display()).expected(format_args!("a signature by {}", signer.name)),
            );
        }
    }
    if problems.is_empty() {
        Ok(signers.iter().map(|signer| signer.name.clone()).collect())
    } else {
        Err(problems)
    }
}

/// A person's signature of these bytes, from its file.
pub(crate) fn by(place: &Path, bytes: &[u8], signer: &Signer) -> Result<Signed, SignatureError> {
    let length = std::fs::metadata(place).map_err(|_| SignatureError::Missing)?.len();
    if usize::try_from(length).is_ok_and(|length| length > SIGNATURE_BYTES_MAX) {
        return Err(SignatureError::Form);
    }
    let text = std::fs::read_to_string(place).map_err(|_| SignatureError::Form)?;
    signature::verify(bytes, &text, &signer.key)
}
