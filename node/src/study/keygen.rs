//! This node's part in making a study's key, or in refreshing that of its series: three rounds relayed by the
//! coordinator, then a signed confirmation by all holders that every node checks before it blinds anything.
//!
//! The coordinator relays and learns nothing: first-round packages are signed, second-round packages sealed to
//! their recipient and signed together with the transcript that the sender saw.

use std::collections::BTreeMap;
use std::sync::Arc;

use tvaers_protocol::codec;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::{
    KeyConfirmation, KeyConfirmed, KeyPackage, KeyPin, KeyPinned, KeyRound1Package, KeyRound2,
    KeyRound2Packages, KeyRound3, SealedKeyPackage, Signed,
};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::Purpose;
use tvaers_pseudonym::confirmation::{AgreeError, Confirmation, agree, agree_refreshed, odd_one_out};
use tvaers_pseudonym::key::{KeyShare, PublicKeys};
use tvaers_pseudonym::seed::BlindSeed;

use crate::node::Node;
use crate::refusal::Refusal;
use crate::study::ceremony::{self, CeremonyError};
use crate::study::{Holder, Stage, Study};
use crate::work::record::Sealed;

/// Begins: a first-round package for all.
pub(crate) async fn round1(node: &Node, study: &Study) -> Result<KeyRound1Package, Refusal> {
    let _step = study.at(Stage::Opened).await?;
    let mut holder = study.holder().await;
    let Holder::Idle = *holder else {
        return Err(Refusal::new(RejectCode::Replay));
    };
    let own = own_index(node, study)?;
    let share = study.repairing().await.share().or_else(|| study.base.share.clone());
    let (kept, bytes) = ceremony::round1(study, share, own, &mut node.rng())?;
    *holder = Holder::Round1(kept);
    let package = KeyPackage { holder: own, bytes };
    Ok(KeyRound1Package { package: Signed::new(package, Purpose::KeyRound1, study.digest, node.signing()) })
}

/// Takes every first-round package and makes one sealed package for each other holder.
pub(crate) async fn round2(
    node: &Node,
    study: &Study,
    ask: &KeyRound2,
) -> Result<KeyRound2Packages, Refusal> {
    let _step = study.at(Stage::Opened).await?;
    let mut holder = study.holder().await;
    if !matches!(*holder, Holder::Round1(_)) {
        return Err(Refusal::new(RejectCode::NotReady));
    }
    let mut packages = BTreeMap::new();
    for package in &ask.packages {
        let content = verified(node, study, package, Purpose::KeyRound1, package.content.holder)?;
        once(packages.insert(content.holder, content.bytes.clone()))?;
    }
    // From here a secret is used up: whatever fails, this study has no second ceremony.
    let Holder::Round1(kept) = std::mem::replace(&mut *holder, Holder::Failed) else {
        return Err(Refusal::new(RejectCode::NotReady));
    };
    let transcript = kept.transcript(&study.digest, &packages);
    let recipients = recipients(node, study)?;
    let (kept, sealed) =
        kept.round2(&packages, &recipients, &mut node.rng()).map_err(|error| blame(study, &error))?;
    *holder = Holder::Round2(kept);
    let from = own_index(node, study)?;
    let packages = sealed
        .into_iter()
        .map(|(to, bytes)| {
            let content = SealedKeyPackage { from, to, transcript, bytes };
            Signed::new(content, Purpose::KeyRound2, study.digest, node.signing())
        })
        .collect();
    Ok(KeyRound2Packages { packages })
}

/// Opens the packages sealed to this holder and confirms the key.
pub(crate) async fn round3(node: &Node, study: &Study, ask: &KeyRound3) -> Result<KeyConfirmed, Refusal> {
    let _step = study.at(Stage::Opened).await?;
    let mut holder = study.holder().await;
    if !matches!(*holder, Holder::Round2(_)) {
        return Err(Refusal::new(RejectCode::NotReady));
    }
    let own = own_index(node, study)?;
    let mut sealed = BTreeMap::new();
    let mut transcripts = Vec::new();
    for package in &ask.packages {
        let content = verified(node, study, package, Purpose::KeyRound2, package.content.from)?;
        if content.to != own {
            return Err(Refusal::because(RejectCode::Malformed, "a package for another holder"));
        }
        transcripts.push((content.from, content.transcript));
        once(sealed.insert(content.from, content.bytes.clone()))?;
    }
    let Holder::Round2(kept) = std::mem::replace(&mut *holder, Holder::Failed) else {
        return Err(Refusal::new(RejectCode::NotReady));
    };
    let (made, confirmation) = kept.round3(node.sealing(), &sealed).map_err(|error| blame(study, &error))?;
    // Holders that were shown different first-round packages would end with different keys: name it here.
    if let Some((from, _)) = transcripts.iter().find(|(_, transcript)| *transcript != confirmation.transcript)
    {
        let name = study.manifest.holder(*from).map(ToString::to_string).unwrap_or_default();
        return Err(Refusal::because(RejectCode::BadProof, format!("`{name}` saw another first round")));
    }
    *holder = Holder::Made(made);
    let bytes = codec::encode(&confirmation).map_err(Refusal::internal)?;
    let content = KeyConfirmation { holder: own, bytes };
    Ok(KeyConfirmed {
        confirmation: Signed::new(content, Purpose::KeyConfirmation, study.digest, node.signing()),
    })
}

/// Pins the key, once every holder has confirmed the same one for this study. From here on the study outlives the
/// process: share and seed are sealed, and lie in its file before anybody is told.
pub(crate) async fn pin(node: &Node, study: &Study, ask: &KeyPin) -> Result<KeyPinned, Refusal> {
    let step = study.since(Stage::Opened).await?;
    let Confirmed { keys, all } = confirmed(node, study, &ask.confirmations)?;
    if step.stage >= Stage::Pinned {
        // Asked again, as the answer was lost.
        let (confirmations, sealed) = study.work.pinned().await.map_err(Refusal::internal)?;
        if confirmed(node, study, &confirmations)?.keys != keys {
            return Err(Refusal::because(RejectCode::Replay, "another key is pinned"));
        }
        if study.pinned().is_err() {
            take(node, study, keys, &sealed).await?;
        }
        return Ok(KeyPinned {});
    }
    let share = adopt(node, study, &keys, &all).await?;
    let (digest, key) = (&study.digest, node.sealing());
    let seed = BlindSeed::generate(&mut node.rng());
    let sealed = Sealed {
        share: share
            .map(|share| share.seal(digest, key, &mut node.rng()))
            .transpose()
            .map_err(Refusal::internal)?,
        seed: seed.seal(digest, key, &mut node.rng()).map_err(Refusal::internal)?,
    };
    study.work.pin(&ask.confirmations, &sealed).await.map_err(Refusal::internal)?;
    study.take_keys(keys, seed).await;
    Ok(KeyPinned {})
}

/// Takes the share that this holder has made into use, as all others have confirmed the same key.
async fn adopt(
    node: &Node,
    study: &Study,
    keys: &PublicKeys,
    all: &[Confirmation],
) -> Result<Option<Arc<KeyShare>>, Refusal> {
    let mut holder = study.holder().await;
    let share = match std::mem::replace(&mut *holder, Holder::Failed) {
        Holder::Made(made) => match made.adopt(all) {
            Ok(share) => Some(Arc::new(share)),
            // Others may have adopted theirs: what is missing may still come.
            Err((made, error)) => {
                *holder = Holder::Made(made);
                return Err(Refusal::because(RejectCode::BadProof, error));
            }
        },
        Holder::Confirmed(share) => Some(share),
        before => {
            *holder = before;
            None
        }
    };
    if let Some(share) = &share {
        *holder = Holder::Confirmed(Arc::clone(share));
    }
    check_share(node, study, share.as_deref(), keys)?;
    Ok(share)
}

/// Goes on with the key that was pinned before a restart.
pub(super) async fn resume(node: &Node, study: &Study) -> Result<(), Refusal> {
    let (confirmations, sealed) = study.work.pinned().await.map_err(Refusal::internal)?;
    let keys = confirmed(node, study, &confirmations)?.keys;
    take(node, study, keys, &sealed).await
}

/// Opens what was sealed, and takes it with the key.
async fn take(node: &Node, study: &Study, keys: PublicKeys, sealed: &Sealed) -> Result<(), Refusal> {
    let (digest, key) = (&study.digest, node.sealing());
    let share = sealed.share.as_ref().map(|sealed| KeyShare::open(digest, key, sealed));
    let share = share.transpose().map_err(Refusal::internal)?;
    check_share(node, study, share.as_ref(), &keys)?;
    let seed = BlindSeed::open(digest, key, &sealed.seed).map_err(Refusal::internal)?;
    if let Some(share) = share {
        *study.holder().await = Holder::Confirmed(Arc::new(share));
    }
    study.take_keys(keys, seed).await;
    Ok(())
}

/// The key that every holder has confirmed.
struct Confirmed {
    keys: PublicKeys,
    all: Vec<Confirmation>,
}

fn confirmed(node: &Node, study: &Study, signed: &[Signed<KeyConfirmation>]) -> Result<Confirmed, Refusal> {
    let mut all = Vec::with_capacity(signed.len());
    for signed in signed {
        let content = verified(node, study, signed, Purpose::KeyConfirmation, signed.content.holder)?;
        let confirmation: Confirmation =
            codec::decode(&content.bytes).map_err(|error| Refusal::because(RejectCode::Malformed, error))?;
        if confirmation.holder != content.holder || confirmation.context != study.digest {
            return Err(Refusal::because(RejectCode::BadProof, "a confirmation of another study or holder"));
        }
        all.push(confirmation);
    }
    let keys = match &study.base.keys {
        Some(before) => agree_refreshed(before, &all),
        None => agree(&all),
    };
    let keys = keys.map_err(|error| blame_odd(node, study, &all, error))?.clone();
    if keys.threshold() != study.manifest.threshold
        || !keys.shares().keys().copied().eq(study.manifest.staying())
    {
        return Err(Refusal::because(RejectCode::BadProof, "the key has another threshold or other holders"));
    }
    // A node that was away when the refreshed keys were made knows the group key all the same.
    if study.base.group.is_some_and(|group| group != *keys.group()) {
        return Err(Refusal::because(RejectCode::BadProof, "the key is not that of the series"));
    }
    if (keys.epoch() > 0) != study.manifest.follows.is_some() {
        return Err(Refusal::because(RejectCode::BadProof, "the key is of another epoch than the study's"));
    }
    Ok(Confirmed { keys, all })
}

/// Checks that a node that is a holder has its own share of the key, and another none.
fn check_share(
    node: &Node,
    study: &Study,
    share: Option<&KeyShare>,
    keys: &PublicKeys,
) -> Result<(), Refusal> {
    let own = study.manifest.share_index(&node.config().id);
    if share.map(KeyShare::index) != own {
        return Err(Refusal::because(RejectCode::NotReady, "this holder has not made its share"));
    }
    if share.is_none_or(|share| share.keys() == keys) {
        Ok(())
    } else {
        Err(Refusal::because(RejectCode::BadProof, "the confirmed key is not the one made here"))
    }
}

/// Refuses a second package of one sender, which would silently take the place of the first.
pub(super) fn once(before: Option<Vec<u8>>) -> Result<(), Refusal> {
    match before {
        None => Ok(()),
        Some(_) => Err(Refusal::because(RejectCode::Malformed, "two packages of one holder")),
    }
}

pub(super) fn own_index(node: &Node, study: &Study) -> Result<u16, Refusal> {
    study.manifest.share_index(&node.config().id).ok_or(Refusal::new(RejectCode::NotAHolder))
}

pub(super) fn recipients(node: &Node, study: &Study) -> Result<BTreeMap<u16, [u8; 32]>, Refusal> {
    let holders = study.manifest.staying().filter_map(|index| Some((index, study.manifest.holder(index)?)));
    holders.map(|(index, holder)| Ok((index, node.member(holder)?.sealing.0))).collect()
}

/// The content, where the holder of this index signed it.
pub(super) fn verified<'a, T: serde::Serialize>(
    node: &Node,
    study: &Study,
    signed: &'a Signed<T>,
    purpose: Purpose,
    index: u16,
) -> Result<&'a T, Refusal> {
    let holder = study.manifest.holder(index).ok_or(Refusal::new(RejectCode::NotAHolder))?;
    signed.verify(purpose, study.digest, &node.member(holder)?.signing).map_err(|error| {
        let reason = format!("in the name of `{holder}`: {error}");
        of_other(node, holder, Refusal::because(RejectCode::BadSignature, reason))
    })
}

/// Names the holder at fault, in the log and to the coordinator. It signed what is wrong.
fn blame(study: &Study, error: &CeremonyError) -> Refusal {
    named(study, error.culprit(), error)
}

/// Names the holder of this index, if there is one, in the log and to the coordinator.
pub(super) fn named(study: &Study, culprit: Option<u16>, error: &dyn std::error::Error) -> Refusal {
    let culprit = culprit.and_then(|index| study.manifest.holder(index));
    let named = culprit.map_or_else(String::new, |holder| format!("`{holder}`: "));
    let refusal = Refusal::because(RejectCode::BadProof, format!("{named}{error}"));
    match culprit {
        Some(holder) => refusal.of_holder(holder),
        None => refusal,
    }
}

/// Names the holder whose confirmation is unlike that of all others, where there is one.
fn blame_odd(node: &Node, study: &Study, all: &[Confirmation], error: AgreeError) -> Refusal {
    match odd_one_out(all).and_then(|index| study.manifest.holder(index)) {
        Some(holder) => {
            let refusal = Refusal::because(RejectCode::BadProof, format!("`{holder}`: {error}"));
            of_other(node, holder, refusal)
        }
        None => Refusal::because(RejectCode::BadProof, error),
    }
}

/// Lays a refusal at a holder's door, unless that is this node.
fn of_other(node: &Node, holder: &NodeId, refusal: Refusal) -> Refusal {
    if *holder == node.config().id { refusal } else { refusal.of_holder(holder) }
}
