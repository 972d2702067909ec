//! Revocations that were handed in, for the nodes that they are about. The coordinator keeps them as files and hands out
//! what stands there; whether one is genuine only the node can tell, which knows who signs its policies.
//!
//! A folder for each node: `<sha256 of the text>.toml`, and beside it `<the same>.toml.<role>.minisig` for each
//! signature.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::Digest as _;
use tvaers_host::private::{self, PrivateFileError};
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_link::limit::PROMPT_TIME;
use tvaers_link::stream::Stream;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::revocation::{
    AskRevocations, RevocationFile, Revocations, SIGNATURE_BYTES_MAX, TEXT_BYTES_MAX, is_role,
};
use tvaers_protocol::reject::RejectCode;

use crate::coordinator::Coordinator;

/// What every file of a revocation ends with.
const TEXT: &str = ".toml";
/// What every file of a signature ends with.
const SIGNATURE: &str = ".minisig";

/// Why a node was handed nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RevocationFailure {
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error("the folder of revocations cannot be read: {0}")]
    Folder(#[from] io::Error),
    #[error("the folder of revocations was not read to its end")]
    Interrupted,
}

impl RevocationFailure {
    const fn code(&self) -> RejectCode {
        match self {
            Self::Exchange(error) => error.code(),
            Self::Folder(_) | Self::Interrupted => RejectCode::Internal,
        }
    }
}

/// Hands a node the revocations that are for it.
pub(crate) async fn answer(
    coordinator: &Coordinator,
    node: &NodeId,
    stream: Stream,
) -> Result<(), RevocationFailure> {
    let mut exchange = Exchange::on(stream, coordinator.roster().digest(), Digest::NONE);
    let found = async {
        let AskRevocations {} = exchange.receive(PROMPT_TIME).await?;
        let dir = folder(coordinator.revocations(), node);
        let read = tokio::task::spawn_blocking(move || held(&dir)).await;
        read.map_err(|_| RevocationFailure::Interrupted)?.map_err(RevocationFailure::from)
    };
    match found.await {
        Ok(found) => {
            let (given, left_out) = given(found);
            if left_out > 0 {
                tracing::error!(node.id = %node, left_out, "not all revocations of a node fit; take old ones out");
            }
            Ok(exchange.answer(&given, PROMPT_TIME).await?)
        }
        Err(failure) => {
            // The node may be gone; its own time limit tells it.
            let _ = exchange.refuse(failure.code()).await;
            Err(failure)
        }
    }
}

/// Where a node's revocations stand.
pub(crate) fn folder(revocations: &Path, node: &NodeId) -> PathBuf {
    revocations.join(node.as_str())
}

/// The file of a text, by its digest.
pub(crate) fn file(dir: &Path, text: &str) -> PathBuf {
    dir.join(format!("{}{TEXT}", digest(text)))
}

/// The digest of a revocation's text.
pub(crate) fn digest(text: &str) -> Digest {
    Digest(sha2::Sha256::digest(text.as_bytes()).into())
}

/// The signature of a file by a role.
pub(crate) fn beside(file: &Path, role: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{role}{SIGNATURE}"));
    file.with_file_name(name)
}

/// The roles whose signatures stand beside a file, ascending.
pub(crate) fn roles(file: &Path) -> io::Result<Vec<String>> {
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = format!("{}.", file.file_name().unwrap_or_default().to_string_lossy());
    let mut roles: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let role = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(SIGNATURE));
        roles.extend(role.filter(|role| is_role(role)).map(ToOwned::to_owned));
    }
    roles.sort();
    Ok(roles)
}

/// A file's text, of no more than so many bytes.
pub(crate) fn small_text(path: &Path, bytes_max: usize) -> io::Result<String> {
    let mut text = String::new();
    // One more byte tells a file that is too long from one that fits.
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(path)?.take(limit).read_to_string(&mut text)?;
    if text.len() > bytes_max {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("it has more than {bytes_max} bytes"),
        ));
    }
    Ok(text)
}

/// Everything in a node's folder that was kept there whole, by the digest of the text and then the role; nothing where
/// there is no folder.
///
/// # Errors
/// Where a file that is there cannot be read: a revocation must not be left out quietly.
pub(crate) fn held(dir: &Path) -> io::Result<Vec<RevocationFile>> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut texts = BTreeMap::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = small_text(&path, TEXT_BYTES_MAX)?;
            // What somebody copied here under another name, or half, was not handed in.
            if path == file(dir, &text) {
                texts.insert(path, text);
            }
        }
    }
    let mut items = Vec::new();
    for (path, text) in texts {
        for role in roles(&path)? {
            let signature = small_text(&beside(&path, &role), SIGNATURE_BYTES_MAX)?;
            items.push(RevocationFile { text: text.clone(), role, signature });
        }
    }
    Ok(items)
}

/// As many of them as one answer takes, and how many it does not.
fn given(found: Vec<RevocationFile>) -> (Revocations, usize) {
    let mut answer = Revocations { items: Vec::new() };
    let mut left_out = 0;
    for item in found {
        answer.items.push(item);
        if !answer.fits() {
            answer.items.pop();
            left_out += 1;
        }
    }
    (answer, left_out)
}

/// Keeps a revocation for a node: its signatures first, so that it is never handed out without one. A signature takes the
/// place of an earlier one of the same role, which may have been a slip.
///
/// # Errors
/// [`PrivateFileError`].
pub(crate) fn keep(dir: &Path, items: &[RevocationFile]) -> Result<(), PrivateFileError> {
    private::create_dir(dir)?;
    for item in items {
        private::replace(&beside(&file(dir, &item.text), &item.role), item.signature.as_bytes())?;
    }
    items.iter().try_for_each(|item| private::replace(&file(dir, &item.text), item.text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str, role: &str) -> RevocationFile {
        RevocationFile { text: text.to_owned(), role: role.to_owned(), signature: format!("{role} signed\n") }
    }

    #[test]
    fn what_was_kept_is_handed_out_in_one_order_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("k360");
        assert!(held(&folder).unwrap().is_empty(), "there is no folder yet");
        keep(&folder, &[item("one", "dpo"), item("one", "controller")]).unwrap();
        keep(&folder, &[item("two", "dpo")]).unwrap();
        // Again, with another signature.
        let again = RevocationFile { signature: "again\n".to_owned(), ..item("two", "dpo") };
        keep(&folder, std::slice::from_ref(&again)).unwrap();
        let mut expected = vec![item("one", "controller"), item("one", "dpo"), again];
        expected.sort_by_key(|item| (digest(&item.text), item.role.clone()));
        assert!(held(&folder).unwrap() == expected);
        std::fs::write(folder.join("by-hand.toml"), "three").unwrap();
        std::fs::write(folder.join("by-hand.toml.dpo.minisig"), "x").unwrap();
        let unsigned = file(&folder, "four");
        std::fs::write(&unsigned, "four").unwrap();
        std::fs::write(beside(&unsigned, "No Role"), "x").unwrap();
        std::fs::write(beside(&file(&folder, "five"), "dpo"), "its text is missing").unwrap();
        assert!(held(&folder).unwrap() == expected);
        std::fs::write(&unsigned, "f".repeat(TEXT_BYTES_MAX + 1)).unwrap();
        assert!(held(&folder).is_err(), "what cannot be read is told, not left out");
    }

    #[test]
    fn an_answer_holds_no_more_than_both_ends_take_and_the_rest_is_counted() {
        let many: Vec<RevocationFile> = (0..70).map(|n| item(&n.to_string(), "dpo")).collect();
        let (answer, left_out) = given(many);
        assert_eq!((answer.items.len(), left_out), (64, 6));
        assert!(answer.fits());
        let (answer, left_out) = given(vec![item(&"t".repeat(TEXT_BYTES_MAX), "dpo"); 60]);
        assert!(answer.fits() && left_out == 60 - answer.items.len() && left_out > 0, "{left_out}");
    }
}
