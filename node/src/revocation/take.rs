//! From what was handed out to files in the folder of revocations: those that are genuine and new, and no other. Nothing
//! that is there is changed or deleted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::Digest as _;
use tvaers_host::private::{self, PrivateFileError};
use tvaers_policy::revocation::Revocation;
use tvaers_policy::signature;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::RevocationFile;
use tvaers_protocol::message::revocation::TEXT_BYTES_MAX;

use crate::config::Signer;
use crate::policy::revoked::{self, REVOCATIONS_MAX};
use crate::policy::signed;

/// What became of an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Revocations that were written.
    pub(super) new: usize,
    /// Items that are not genuine, or are about another node.
    pub(super) left_out: usize,
    /// Why one that is genuine could not be kept.
    pub(super) unkept: Option<String>,
}

#[derive(Debug, thiserror::Error)]
enum Unkept {
    #[error(transparent)]
    File(#[from] PrivateFileError),
    #[error("there are {REVOCATIONS_MAX} already; take out those of policies that no longer hold")]
    Full,
    #[error("another signature than one of this text stands at its place in the folder of revocations")]
    Occupied,
}

/// Writes what is genuine and new.
pub(super) fn take(dir: &Path, node: &NodeId, signers: &[Signer], items: &[RevocationFile]) -> Taken {
    let mut taken = Taken::default();
    let files = named(dir);
    let (mut known, mut count) = (texts(&files), files.len());
    for item in items {
        let Some(signer) = genuine(item, node, signers) else {
            taken.left_out += 1;
            continue;
        };
        let digest = digest(item.text.as_bytes());
        // One signature is enough, and what was put there by hand stays as it is.
        if known.contains(&digest) {
            continue;
        }
        let kept = if count >= REVOCATIONS_MAX { Err(Unkept::Full) } else { keep(dir, digest, item, signer) };
        match kept {
            Ok(()) => {
                known.insert(digest);
                count += 1;
                taken.new += 1;
            }
            Err(error) => taken.unkept = Some(error.to_string()),
        }
    }
    taken
}

/// Who signed it, where it is a revocation for this node and one signed it who may.
fn genuine<'s>(item: &RevocationFile, node: &NodeId, signers: &'s [Signer]) -> Option<&'s Signer> {
    if !item.has_form() {
        return None;
    }
    let signer = signers.iter().find(|signer| signer.role.as_str() == item.role)?;
    signature::verify(item.text.as_bytes(), &item.signature, &signer.key).ok()?;
    let revocation = Revocation::read(&item.text, "").ok()?;
    (revocation.node == *node).then_some(signer)
}

/// The signature first: a revocation without one would leave no policy in force.
fn keep(dir: &Path, digest: Digest, item: &RevocationFile, signer: &Signer) -> Result<(), Unkept> {
    // IT may share this folder, and what is written into it is signed: a revocation is never lost over its rights.
    if !dir.is_dir() {
        private::create_dir(dir)?;
    }
    let path = dir.join(format!("{digest}.toml"));
    let place = signed::beside(&path, signer.role.as_str());
    if place.symlink_metadata().is_err() {
        private::replace(&place, item.signature.as_bytes())?;
    }
    signed::by(&place, item.text.as_bytes(), signer).map_err(|_| Unkept::Occupied)?;
    if path.symlink_metadata().is_ok() {
        return Err(Unkept::Occupied);
    }
    Ok(private::replace(&path, item.text.as_bytes())?)
}

/// The revocations that are there, whatever their files are called.
fn named(dir: &Path) -> Vec<PathBuf> {
    // Where the folder cannot be looked into no policy is in force, and nothing can be written into it either.
    let files = revoked::files(dir).unwrap_or_default();
    files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect()
}

/// The digests of their texts, of those that can be read.
fn texts(files: &[PathBuf]) -> BTreeSet<Digest> {
    let fits = |path: &&PathBuf| {
        let bytes = std::fs::metadata(path).ok().and_then(|file| usize::try_from(file.len()).ok());
        bytes.is_some_and(|bytes| bytes <= TEXT_BYTES_MAX)
    };
    files.iter().filter(fits).filter_map(|path| std::fs::read(path).ok()).map(|text| digest(&text)).collect()
}

fn digest(bytes: &[u8]) -> Digest {
    Digest(sha2::Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests;
