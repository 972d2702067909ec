//! A node that starts goes on with the studies that a stopped one has left, as far as it can, and leaves nothing of
//! the others.
//!
//! A study goes on if its key is pinned, and everything that this node would ask of a proposal still holds: the
//! roster, the policy, the definitions, the data. What the file says is believed only where the state database, a
//! signature or the node's own sealing key bears it out.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use tvaers_host::private::PrivateFileError;
use tvaers_protocol::id::Digest;
use tvaers_protocol::study::ManifestError;

use crate::audit::event::{Closing, Event};
use crate::evaluations;
use crate::node::Node;
use crate::refusal::Refusal;
use crate::series;
use crate::series::base::Base;
use crate::state::{StateError, StudyRecord};
use crate::study::{Stage, Study, agree, keygen, told};
use crate::work::{Work, WorkError, file};

/// Why a node cannot say what has become of its studies.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoreError {
    /// The state database does not say which are open.
    #[error(transparent)]
    State(#[from] StateError),
    /// What has become of them cannot be logged.
    #[error("{}", .0.chain())]
    Log(Refusal),
    /// A file cannot be erased.
    #[error(transparent)]
    File(#[from] PrivateFileError),
}

/// Why one study does not go on.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Work(#[from] WorkError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("the state database knows of no open study with this manifest")]
    Unknown,
    #[error("the file is not named after its run")]
    Name,
    #[error("the data that it is over is not on record")]
    Import,
    #[error("it has come no further than `{}`", .0.name())]
    Early(Stage),
    #[error("{}: {}", .0.code.name(), .0.chain())]
    Refused(Refusal),
}

impl From<Refusal> for Unusable {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Takes up every study that can go on; closes the others, and erases their files.
pub(crate) async fn studies(node: &Arc<Node>) -> Result<(), RestoreError> {
    series::clear(node.home().dir())?;
    let open = node.state().open_studies().await?;
    let mut going_on = BTreeSet::new();
    let (mut useless, mut told) = (Vec::new(), Vec::new());
    for path in file::list(node.home().dir())? {
        match restored(node, &path, &open, &mut told).await {
            Ok(digest) => drop(going_on.insert(digest)),
            Err(reason) => {
                let name = path.file_name().unwrap_or_default().display();
                tracing::warn!(file = %name, reason = %reason, "a study cannot go on");
                useless.push(path);
            }
        }
    }
    // First the record, so that what is not erased after all is known for what it is.
    for study in open.iter().filter(|study| !going_on.contains(&study.manifest)) {
        node.state().close_study(study.manifest, node.clock().now()).await?;
        tracing::warn!(study.run = %study.run, "closed a study that was open when the node stopped");
    }
    // A study that nobody goes on with has ended, also where the log could not be told when it did. It is told before
    // the file goes that it is told from.
    let unsaid = node.audit().said().studies;
    let ended = unsaid.into_iter().filter(|study| !going_on.contains(study));
    told.extend(ended.map(|study| told::closed(study, Closing::Abandoned)));
    let recorded = node.record(node.clock().now(), told).await;
    for path in useless {
        file::erase(&path)?;
    }
    recorded.map_err(RestoreError::Log)
}

/// What is left of a study's file that is about to be erased, where the log says that the study has not ended; and what a
/// series goes on counting of it.
async fn leave(node: &Node, work: &Work, open: &[StudyRecord], told: &mut Vec<Event>) {
    let Ok(manifest) = work.manifest().await else { return };
    let digest = manifest.digest();
    // One that is not open has taken leave already.
    if open.iter().any(|record| record.manifest == digest)
        && let Err(error) = series::leave::abandon(node, work, &manifest).await
    {
        tracing::error!(study.run = %manifest.run, error = %error, "what was evaluated in a run of a series is not known any more");
    }
    if node.audit().said().studies.contains(&digest) {
        told.extend(evaluations::leave(node, work, &manifest).await);
    }
}

/// Takes up the study in this file.
async fn restored(
    node: &Arc<Node>,
    path: &Path,
    open: &[StudyRecord],
    told: &mut Vec<Event>,
) -> Result<Digest, Unusable> {
    let work = Work::open(path.to_owned()).await?;
    let study = match checked(node, work, open).await {
        Ok(study) => Arc::new(study),
        Err((work, reason)) => {
            leave(node, &work, open, told).await;
            work.close().await;
            return Err(reason);
        }
    };
    let taken = async {
        keygen::resume(node, &study).await?;
        node.add_study(Arc::clone(&study)).await
    };
    if let Err(refusal) = taken.await {
        leave(node, &study.work, open, told).await;
        study.work.close().await;
        return Err(refusal.into());
    }
    let stage = study.stage().await?.name();
    tracing::info!(study.run = %study.manifest.run, study.stage = stage, "goes on with a study");
    Ok(study.digest)
}

/// The study as the file has it, if it is one that this node would still agree to.
async fn checked(node: &Node, work: Work, open: &[StudyRecord]) -> Result<Study, (Work, Unusable)> {
    let found = async {
        let manifest = work.manifest().await?;
        let digest = manifest.digest();
        let record = open.iter().find(|record| record.manifest == digest).ok_or(Unusable::Unknown)?;
        if work.path() != node.home().work(&record.run) {
            return Err(Unusable::Name);
        }
        let import = node.state().import(record.import).await?.ok_or(Unusable::Import)?;
        manifest.check(node.roster(), node.clock().now())?;
        agree::check_permit(node, &manifest)?;
        agree::check_data(node, &manifest, &import)?;
        agree::check_definitions(node, &manifest.model, manifest.model_digest, manifest.catalogue_digest)?;
        let stage = work.stage().await?;
        if stage < Stage::Pinned {
            return Err(Unusable::Early(stage));
        }
        let model = node.model(&manifest.model)?.clone();
        let base = Base::of(node, &manifest).await?;
        Ok((manifest, model, import, base))
    };
    match found.await {
        Ok((manifest, model, import, base)) => {
            Ok(Study::new(node.config().sector, manifest, model, import, base, work))
        }
        Err(reason) => Err((work, reason)),
    }
}
