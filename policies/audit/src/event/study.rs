//! Studies, and objections that are told in them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::study::{Disclosure, Grain, Manifest, RunId};

use super::{Charged, Mode};
use crate::code::Code;
use crate::name::{Name, NameError, Requester};

/// A study as its manifest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// The manifest's digest.
    pub manifest: Digest,
    /// The run.
    pub run: RunId,
    /// The permit of its work list; none where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Name>,
    /// The permit of its tables; none where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables: Option<Name>,
    /// The model's name.
    pub model: Name,
    /// The digest of the model.
    pub model_digest: Digest,
    /// The reference date.
    pub as_of: Date,
    /// How fine contributions are.
    pub grain: Grain,
    /// What a work list discloses.
    pub disclosure: Disclosure,
}

impl Study {
    /// What a manifest says.
    ///
    /// # Errors
    /// [`NameError`] where the permit's or the model's name may not stand in a log.
    pub fn of(manifest: &Manifest) -> Result<Self, NameError> {
        let asked = &manifest.request.content;
        Ok(Self {
            manifest: manifest.digest(),
            run: manifest.run,
            list: asked.list.as_ref().map(|under| Name::new(under.permit.as_str())).transpose()?,
            tables: asked
                .tables
                .as_ref()
                .map(|tables| Name::new(tables.under.permit.as_str()))
                .transpose()?,
            model: Name::new(manifest.model.as_str())?,
            model_digest: manifest.model_digest,
            as_of: manifest.as_of,
            grain: manifest.grain,
            disclosure: manifest.disclosure,
        })
    }
}

/// A study that the node takes part in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyAgreed {
    /// Which.
    pub study: Study,
    /// Who asked for it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<Requester>,
    /// For which purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Code>,
    /// In which modes.
    pub modes: Vec<Mode>,
    /// Under which policy.
    pub policy: Digest,
}

/// What a study's tables were charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyCharged {
    /// The manifest's digest.
    pub manifest: Digest,
    /// Under which permit.
    pub permit: Name,
    /// The charge.
    pub charge: Charged,
}

/// A study that the node does not take part in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyRefused {
    /// The digest of what was proposed.
    pub manifest: Digest,
    /// The study, where its names may stand in a log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study: Option<Study>,
    /// Who asked for it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<Requester>,
    /// Under which policy.
    pub policy: Digest,
    /// All rules that refused it.
    pub rules: Vec<Code>,
}

/// What the node, as a holder, evaluated for one node in a study that ended: numbers and digests, so that whoever holds
/// the logs of several holders can compare them and hold an opened sample against them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluatedFor {
    /// The manifest's digest.
    pub manifest: Digest,
    /// For whom.
    pub requester: NodeId,
    /// The most elements that it may ask for.
    pub quota: u32,
    /// The persons to whom it committed before the first batch.
    pub persons: u32,
    /// The digest of that commitment.
    pub commitment: Digest,
    /// How many batches were counted.
    pub batches: u32,
    /// How many elements, each batch once.
    pub elements: u32,
    /// Batches below the last counted one that were never asked for: [`EvaluatedFor::MISSING_MAX`] at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<u32>,
    /// One digest for the elements of all counted batches, the same at every holder.
    pub evaluations: Digest,
}

impl EvaluatedFor {
    /// The most missing batches that are named: an honest node leaves out as many as it asks for at a time.
    pub const MISSING_MAX: usize = 100;
}

/// A sample of a node's own evaluations that was opened to an auditor: CPR numbers left the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationsOpened {
    /// The manifest's digest.
    pub manifest: Digest,
    /// What the sample was drawn with.
    pub challenge: Digest,
    /// How many persons.
    pub persons: u32,
    /// SHA-256 of the file.
    pub digest: Digest,
}

/// A study that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyClosed {
    /// The manifest's digest.
    pub manifest: Digest,
    /// How it ended.
    pub how: Closing,
}

/// How a study ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Closing {
    /// With a work list.
    HandedBack,
    /// Closed by the coordinator before that.
    Closed,
    /// At its deadline.
    Deadline,
    /// Lost when the node stopped or failed.
    Abandoned,
}

/// A run whose key and pseudonyms are kept, so that later runs go on under them: one of a series under one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesKept {
    /// The digest of the run's manifest.
    pub manifest: Digest,
    /// That of the first run's, which names the series; the same where this is the first.
    pub first: Digest,
    /// The epoch of the shares: it counts up as they are refreshed.
    pub epoch: u32,
    /// The last day on which they are kept.
    pub until: Date,
    /// How many persons of this node have a pseudonym that is kept.
    pub persons: u32,
}

/// A series that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesClosed {
    /// The digest of the first run's manifest.
    pub first: Digest,
    /// Why it ended.
    pub reason: SeriesClosing,
}

/// Why a series ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeriesClosing {
    /// Somebody asked for it.
    Asked,
    /// Its last day is over.
    Expired,
    /// The policy no longer permits it.
    Policy,
}

/// What the node's staff did to objections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectionChange {
    /// Entered some.
    Entered,
    /// Lifted some.
    Lifted,
}

/// Objections that the node's staff changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectionsChanged {
    /// In which way.
    pub how: ObjectionChange,
}

/// How many of a node's persons something concerns, as far as a log may say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Share {
    /// Nobody, or up to one in a hundred.
    Few,
    /// Up to one in ten.
    Some,
    /// More: somebody may be thinning the data out.
    Many,
}

/// Objections that other nodes told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectionsReceived {
    /// The digest of the study's manifest.
    pub manifest: Digest,
    /// How many of those whom the node contributed.
    pub share: Share,
}
