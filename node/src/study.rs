//! One study at this node, from agreement to erasure.
//!
//! In the order of a run: [`agree`] on the manifest, [`keygen`] with the other holders, [`evaluate`] for others,
//! [`pseudonymise`] one's own persons, [`contribute`] and take the [`hand_back`].

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard, OnceCell, watch};
use tvaers_definitions::layout::Layout;
use tvaers_definitions::model::Model;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::record::{ContributionShape, HandBackShape};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::study::Manifest;
use tvaers_pseudonym::dkg::{Round1, Round2};
use tvaers_pseudonym::key::{KeyShare, PublicKeys};

use crate::refusal::Refusal;
use crate::state::ImportRecord;
use crate::work::Work;

pub(crate) mod account;
pub(crate) mod agree;
pub(crate) mod contribute;
pub(crate) mod evaluate;
pub(crate) mod hand_back;
pub(crate) mod keygen;
pub(crate) mod pseudonymise;

/// How far this node has come with its own part of a study. Each request asks for exactly one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// This node has signed the manifest.
    Accepted,
    /// Every participant has.
    Opened,
    /// All holders have confirmed one key.
    Pinned,
    /// The components of this node's persons are worked out.
    Computed,
    /// This node's persons have pseudonyms.
    Pseudonymised,
    /// Contributions have begun to leave.
    Submitted,
    /// The work list is written.
    HandedBack,
}

/// How far this node has come as a holder of a share.
pub(crate) enum Holder {
    /// It has not begun, or holds none.
    Idle,
    /// It has sent its first-round package.
    Round1(Round1),
    /// It has sent its second-round packages.
    Round2(Round2),
    /// A round failed after its secret was used: there is no second try in this study.
    Failed,
    /// It has a share and has confirmed it; used only after the key is pinned.
    Confirmed(Arc<KeyShare>),
}

/// One study at this node.
pub(crate) struct Study {
    pub(crate) manifest: Manifest,
    pub(crate) digest: Digest,
    pub(crate) model: Model,
    pub(crate) layout: Layout,
    pub(crate) contribution: ContributionShape,
    pub(crate) hand_back: HandBackShape,
    pub(crate) import: ImportRecord,
    pub(crate) work: OnceCell<Work>,
    pub(crate) keys: OnceCell<PublicKeys>,
    pub(crate) accounts: Mutex<BTreeMap<NodeId, account::Account>>,
    stage: Mutex<Stage>,
    holder: Mutex<Holder>,
    closed: watch::Sender<bool>,
}

impl Study {
    pub(crate) fn new(
        manifest: Manifest,
        model: Model,
        layout: Layout,
        contribution: ContributionShape,
        import: ImportRecord,
    ) -> Self {
        let hand_back = HandBackShape { criteria: model.criteria.len() };
        Self {
            digest: manifest.digest(),
            manifest,
            model,
            layout,
            contribution,
            hand_back,
            import,
            work: OnceCell::new(),
            keys: OnceCell::new(),
            accounts: Mutex::default(),
            stage: Mutex::new(Stage::Accepted),
            holder: Mutex::new(Holder::Idle),
            closed: watch::Sender::new(false),
        }
    }

    /// Holds the study's stage, if it is the one that a request needs: a second request of the same kind waits here
    /// and is then refused.
    pub(crate) async fn at(&self, needed: Stage) -> Result<MutexGuard<'_, Stage>, Refusal> {
        let stage = self.stage.lock().await;
        if *stage == needed {
            Ok(stage)
        } else {
            let reason = format!("the study is at {:?}, the request needs {needed:?}", *stage);
            Err(Refusal::because(RejectCode::NotReady, reason))
        }
    }

    pub(crate) async fn holder(&self) -> MutexGuard<'_, Holder> {
        self.holder.lock().await
    }

    /// Ends all that is under way for the study, and forgets its secrets.
    pub(crate) async fn end(&self) {
        self.closed.send_replace(true);
        *self.holder.lock().await = Holder::Failed;
    }

    /// Waits until the study is closed.
    pub(crate) async fn until_closed(&self) {
        // The sender is part of the study, so the wait ends in no other way.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    /// The key that all holders confirmed.
    pub(crate) fn pinned(&self) -> Result<&PublicKeys, Refusal> {
        self.keys.get().ok_or(Refusal::new(RejectCode::NotReady))
    }

    /// The study's scratch database.
    pub(crate) fn work(&self) -> Result<&Work, Refusal> {
        self.work.get().ok_or(Refusal::new(RejectCode::NotReady))
    }
}
