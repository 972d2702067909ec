//! What a node keeps between the runs of a series, for which a permit allows one key: a private file a series
//! (`series-<first run>.sqlite`), erased when the series closes or its last day is over.
//!
//! It holds the sealed shares of two epochs at most, what each requester has had evaluated, and this node's persons with
//! their pseudonyms; never in a backup. A run that comes to its end leaves two epochs behind: its own, and the one that
//! it was refreshed from, as a holder that has not heard of the end yet has that one alone. The next run is refreshed
//! from one that all who stay have, and what is older than that one goes.

pub(crate) mod base;
pub(crate) mod kept;
pub(crate) mod leave;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use tvaers_host::private::PrivateFileError;
use tvaers_policy::policy::Policy;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{EpochHeld, SeriesClosed, SeriesHeld};
use tvaers_protocol::request::Series;
use tvaers_protocol::study::utc_date;
use tvaers_pseudonym::key::KeyShare;

use self::kept::{Head, Kept};
use crate::audit::event::SeriesClosing;
use crate::node::Node;
use crate::policy::InForce;
use crate::refusal::Refusal;
use crate::serve;
use crate::study::told;
use crate::work::{WorkError, file};

/// What a name of these files begins with.
const PREFIX: &str = "series-";

/// What is written is written aside, under this ending.
const ASIDE: &str = "part";

/// What this node has of the series that a request goes on with.
pub(crate) async fn held(node: &Node, asked: Option<Series>) -> Result<Option<SeriesHeld>, Refusal> {
    let Some(first) = asked.and_then(|series| series.first) else { return Ok(None) };
    let Some(kept) = open(&node.home().series(&first.to_string())).await.map_err(Refusal::internal)? else {
        return Ok(None);
    };
    let held = async {
        let head = kept.head().await?;
        let own = &node.config().id;
        let mut epochs = Vec::new();
        for epoch in kept.epochs().await? {
            let opened = epoch.share.as_ref().map(|share| KeyShare::open(&head.first, node.sealing(), share));
            epochs.push(EpochHeld {
                epoch: epoch.keys.epoch(),
                keys: epoch.keys.digest(),
                holders: epoch.keys.shares().keys().copied().collect(),
                has_share: matches!(opened, Some(Ok(_))) && head.manifest.holder_index(own).is_some(),
            });
        }
        Ok::<_, WorkError>(SeriesHeld { first: head.first, holders: head.manifest.holders, epochs })
    };
    let held = held.await;
    kept.close().await;
    held.map(Some).map_err(Refusal::internal)
}

/// The file of a series, if there is one.
pub(crate) async fn open(path: &Path) -> Result<Option<Kept>, WorkError> {
    match path.try_exists() {
        Ok(true) => Kept::open(path).await.map(Some),
        Ok(false) => Ok(None),
        Err(source) => Err(PrivateFileError::Io { path: path.to_owned(), source }.into()),
    }
}

/// The files of series in a folder, by name, and what a copy that broke off has left.
pub(crate) fn list(dir: &Path) -> Result<Vec<PathBuf>, PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: dir.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let ends = path.extension().is_some_and(|ending| ending == "sqlite" || ending == ASIDE);
        if name.starts_with(PREFIX) && ends {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Erases what is kept of a series, because the secretariat says that it has ended. The log tells of it first. A run of it
/// that is open ends too, so that nothing comes back by it.
///
/// # Errors
/// [`Refusal`] where it is not among the files that can be read, and one cannot: it may be that one, so that the
/// secretariat must not take it for erased.
pub(crate) async fn close(node: &Node, first: Digest) -> Result<SeriesClosed, Refusal> {
    for run in node.runs_of(first).await {
        serve::close(node, run, false).await?;
    }
    let mut unread = None;
    for path in list(node.home().dir()).map_err(Refusal::internal)? {
        if path.extension().is_some_and(|ending| ending == ASIDE) {
            continue;
        }
        match head(&path).await {
            Ok(head) if head.first == first => {
                end(node, &path, first, SeriesClosing::Asked).await?;
                return Ok(SeriesClosed { was_kept: true });
            }
            Ok(_) => {}
            Err(error) => unread = Some(error),
        }
    }
    match unread {
        Some(error) => Err(Refusal::internal(error)),
        None => Ok(SeriesClosed { was_kept: false }),
    }
}

/// Tells the log, and erases the file: whatever becomes of the telling, the file goes.
pub(crate) async fn end(node: &Node, path: &Path, first: Digest, why: SeriesClosing) -> Result<(), Refusal> {
    let told = node.record(node.clock().now(), vec![told::series_closed(first, why)]).await;
    file::erase(path).map_err(Refusal::internal)?;
    told?;
    tracing::info!(series.first = %first, "a series is closed; its shares and pseudonyms are erased");
    Ok(())
}

/// Why a series ends today, if it does: its last day is over, or its permit does not let a key be kept any more. Without a
/// policy in force nothing is permitted, but neither is anything taken back.
fn ending(policy: Option<&Policy>, head: &Head, today: Date) -> Option<SeriesClosing> {
    let is_revoked = |revoked: Option<Date>| revoked.is_some_and(|day| day <= today);
    let allows = |policy: &Policy| {
        let permit = head.manifest.series_permit().and_then(|permit| policy.permit(permit));
        let permit = permit.filter(|permit| !is_revoked(policy.revoked()) && !is_revoked(permit.revoked));
        let follow_up = permit.and_then(|permit| permit.follow_up.as_ref());
        follow_up.is_some_and(|follow_up| follow_up.until.is_none_or(|until| until >= today))
    };
    if head.until < today {
        Some(SeriesClosing::Expired)
    } else if policy.is_some_and(|policy| !allows(policy)) {
        Some(SeriesClosing::Policy)
    } else {
        None
    }
}

/// Erases every series that ends today.
pub(crate) async fn sweep(node: &Node) {
    let (policy, today) = (node.policy(), utc_date(node.clock().now()));
    let paths = match list(node.home().dir()) {
        Ok(paths) => paths,
        Err(error) => return tracing::error!(error = %error, "series whose time is over could not be erased"),
    };
    for path in paths {
        if path.extension().is_some_and(|ending| ending == ASIDE) {
            continue;
        }
        let ended = async {
            let head = head(&path).await.map_err(Refusal::internal)?;
            match ending(policy.as_deref().map(InForce::policy), &head, today) {
                Some(why) => end(node, &path, head.first, why).await,
                None => Ok(()),
            }
        };
        if let Err(refusal) = ended.await {
            let name = path.file_name().unwrap_or_default().display();
            tracing::error!(file = %name, reason = refusal.chain(), "what is kept of a series cannot be read or erased");
        }
    }
}

/// What a series is.
async fn head(path: &Path) -> Result<Head, WorkError> {
    let kept = Kept::open(path).await?;
    let head = kept.head().await;
    kept.close().await;
    head
}

/// What a copy that broke off has left, which nobody is at work on when a node starts.
pub(crate) fn clear(dir: &Path) -> Result<(), PrivateFileError> {
    let aside = list(dir)?.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == ASIDE));
    aside.into_iter().try_for_each(|path| file::erase(&path))
}

#[cfg(test)]
mod tests;
