//! This node's part in making lost shares of a series' key again, before they are refreshed: as one of the holders that
//! help, or as the one that has lost its own. Which holders these are stands in the manifest, to which all have agreed, the
//! one that lost its share first of all: a node that still has its own refuses a study that says otherwise.
//!
//! The coordinator relays and learns nothing: packages are signed, parts and sums sealed to their recipient and signed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{
    RepairAdd, RepairAdded, RepairDealt, RepairPackage, RepairRecover, RepairRecovered, SealedRepair, Signed,
};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::Purpose;
use tvaers_pseudonym::key::KeyShare;
use tvaers_pseudonym::repair::{self, Dealt, Parts, Repair, RepairError};

use crate::node::Node;
use crate::refusal::Refusal;
use crate::study::keygen::{named, once, own_index, recipients, verified};
use crate::study::{Stage, Study};

/// How far this node has come in making lost shares again.
#[derive(Default)]
pub(crate) struct Repairing {
    /// What it dealt as a helper, by the holder that lost its share; none before, and after it was added up.
    dealt: Option<BTreeMap<u16, Dealt>>,
    /// Whether it has dealt: there is no second time in a study.
    has_dealt: bool,
    /// Its own share, made again.
    share: Option<Arc<KeyShare>>,
}

impl Repairing {
    /// The share that was made again.
    pub(crate) fn share(&self) -> Option<Arc<KeyShare>> {
        self.share.clone()
    }
}

/// A helper's first step: parts of its share, for every one that is lost.
pub(crate) async fn deal(node: &Node, study: &Study) -> Result<RepairDealt, Refusal> {
    let _step = study.at(Stage::Opened).await?;
    let mut repairing = study.repairing().await;
    let own = helper(node, study)?;
    if std::mem::replace(&mut repairing.has_dealt, true) {
        return Err(Refusal::new(RejectCode::Replay));
    }
    let share = study.base.share.as_ref().ok_or(Refusal::new(RejectCode::NotReady))?;
    let recipients = recipients(node, study)?;
    let (mut kept, mut packages, mut parts) = (BTreeMap::new(), Vec::new(), Vec::new());
    for lost in lost(study) {
        let (dealt, Parts { package, sealed }) =
            repair::deal(place(study, lost)?, share, &recipients, &mut node.rng())
                .map_err(|error| blame(study, &error))?;
        kept.insert(lost, dealt);
        let package = RepairPackage { helper: own, lost, bytes: package };
        packages.push(Signed::new(package, Purpose::RepairPackage, study.digest, node.signing()));
        parts.extend(sealed.into_iter().map(|(to, bytes)| {
            let part = SealedRepair { from: own, to, lost, bytes };
            Signed::new(part, Purpose::Repair, study.digest, node.signing())
        }));
    }
    repairing.dealt = Some(kept);
    Ok(RepairDealt { packages, parts })
}

/// A helper's second step: the sum of the parts that were sealed to it, sealed to the holder that lost its share.
pub(crate) async fn add(node: &Node, study: &Study, ask: &RepairAdd) -> Result<RepairAdded, Refusal> {
    let _step = study.at(Stage::Opened).await?;
    let mut repairing = study.repairing().await;
    let own = helper(node, study)?;
    let packages = packages(node, study, &ask.packages)?;
    let mut parts = sealed(node, study, &ask.parts, own)?;
    let recipients = recipients(node, study)?;
    let kept = repairing.dealt.take().ok_or(Refusal::new(RejectCode::NotReady))?;
    let mut sums = Vec::new();
    for (lost, dealt) in kept {
        let packages = packages.get(&lost).ok_or_else(missing)?;
        let sealed = parts.remove(&lost).unwrap_or_default();
        let to = recipients.get(&lost).ok_or_else(missing)?;
        let (_, bytes) = repair::add(dealt, packages, &sealed, node.sealing(), to, &mut node.rng())
            .map_err(|error| blame(study, &error))?;
        let sum = SealedRepair { from: own, to: lost, lost, bytes };
        sums.push(Signed::new(sum, Purpose::Repair, study.digest, node.signing()));
    }
    Ok(RepairAdded { sums })
}

/// The step of the holder that lost its share: the helpers' sums are it. It is kept with the refreshed one alone.
pub(crate) async fn recover(
    node: &Node,
    study: &Study,
    ask: &RepairRecover,
) -> Result<RepairRecovered, Refusal> {
    let _step = study.at(Stage::Opened).await?;
    let mut repairing = study.repairing().await;
    let own = own_index(node, study)?;
    if !lost(study).any(|lost| lost == own) {
        return Err(Refusal::because(RejectCode::NotAHolder, "this node has not lost its share"));
    }
    let mut packages = packages(node, study, &ask.packages)?;
    let mut sums = sealed(node, study, &ask.sums, own)?;
    let packages = packages.remove(&own).ok_or_else(missing)?;
    let sums = sums.remove(&own).unwrap_or_default();
    let (share, _) = repair::recover(place(study, own)?, &packages, &sums, node.sealing())
        .map_err(|error| blame(study, &error))?;
    repairing.share = Some(Arc::new(share));
    tracing::warn!(study.run = %study.manifest.run, "the lost share of the series' key was made again by other holders");
    Ok(RepairRecovered {})
}

/// The holders that have lost their shares.
fn lost(study: &Study) -> impl Iterator<Item = u16> {
    study.manifest.follows.iter().flat_map(|follows| follows.lost.iter().copied())
}

/// This node's index, if it is one of those that help.
fn helper(node: &Node, study: &Study) -> Result<u16, Refusal> {
    let own = own_index(node, study)?;
    let helps = lost(study).next().is_some() && study.manifest.helpers().any(|helper| helper == own);
    if helps {
        Ok(own)
    } else {
        Err(Refusal::because(RejectCode::NotAHolder, "this node is not asked to help"))
    }
}

fn place(study: &Study, lost: u16) -> Result<Repair, Refusal> {
    let keys = study.base.keys.as_ref().ok_or(Refusal::new(RejectCode::NotReady))?;
    let helpers: BTreeSet<u16> = study.manifest.helpers().collect();
    let context = Digest::of("tvaers/v1/repair", &[&study.digest.0, &lost.to_be_bytes()]);
    Repair::new(context, keys, lost, &helpers).map_err(Refusal::internal)
}

/// Packages of the helpers, by the share that is lost and by helper.
fn packages(
    node: &Node,
    study: &Study,
    all: &[Signed<RepairPackage>],
) -> Result<BTreeMap<u16, BTreeMap<u16, Vec<u8>>>, Refusal> {
    let mut packages: BTreeMap<u16, BTreeMap<u16, Vec<u8>>> = BTreeMap::new();
    for package in all {
        let content = verified(node, study, package, Purpose::RepairPackage, package.content.helper)?;
        once(packages.entry(content.lost).or_default().insert(content.helper, content.bytes.clone()))?;
    }
    Ok(packages)
}

/// What is sealed to this holder, by the share that is lost and by sender.
fn sealed(
    node: &Node,
    study: &Study,
    all: &[Signed<SealedRepair>],
    own: u16,
) -> Result<BTreeMap<u16, BTreeMap<u16, Vec<u8>>>, Refusal> {
    let mut sealed: BTreeMap<u16, BTreeMap<u16, Vec<u8>>> = BTreeMap::new();
    for part in all {
        let content = verified(node, study, part, Purpose::Repair, part.content.from)?;
        if content.to != own {
            return Err(Refusal::because(RejectCode::Malformed, "a part for another holder"));
        }
        once(sealed.entry(content.lost).or_default().insert(content.from, content.bytes.clone()))?;
    }
    Ok(sealed)
}

fn missing() -> Refusal {
    Refusal::because(RejectCode::Malformed, "a helper's package is missing")
}

fn blame(study: &Study, error: &RepairError) -> Refusal {
    named(study, error.culprit(), error)
}
