//! One study at this node, from agreement to erasure.
//!
//! In the order of a run: [`agree`] on the manifest, [`repair`] lost shares, [`keygen`] with the other holders by a
//! [`ceremony`], [`evaluate`] for others,
//! commit to one's own persons ([`population`]) and [`pseudonymise`] them, [`contribute`], say more of a few in a second round ([`event`]), take other nodes'
//! [`objections`] and the [`hand_back`]. From *pinned* on every step can be asked for again, and a restarted node goes on ([`restore`]).

use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard, OnceCell, watch};
use tvaers_definitions::layout::Layout;
use tvaers_definitions::model::Model;
use tvaers_protocol::id::{Digest, Sector};
use tvaers_protocol::record::{ContributionShape, HandBackShape};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::study::Manifest;
use tvaers_pseudonym::key::{KeyShare, PublicKeys};
use tvaers_pseudonym::seed::BlindSeed;

use crate::refusal::Refusal;
use crate::series::base::Base;
use crate::state::ImportRecord;
use crate::study::ceremony::{Made, Round1, Round2};
use crate::study::repair::Repairing;
use crate::work::Work;

pub(crate) mod account;
pub(crate) mod agree;
pub(crate) mod ceremony;
pub(crate) mod contribute;
pub(crate) mod evaluate;
pub(crate) mod event;
pub(crate) mod hand_back;
pub(crate) mod keygen;
pub(crate) mod objections;
mod permit;
pub(crate) mod population;
pub(crate) mod pseudonymise;
pub(crate) mod repair;
pub(crate) mod restore;
mod stream;
pub(crate) mod told;

/// How far this node has come with its own part of a study. It never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// This node has signed the manifest.
    Accepted,
    /// Every participant has.
    Opened,
    /// All holders have confirmed one key. From here on the study outlives the process.
    Pinned,
    /// The components of this node's persons are worked out.
    Computed,
    /// This node's persons have pseudonyms.
    Pseudonymised,
    /// Contributions have begun to leave, and do not change any more.
    Submitted,
    /// It is known whose events are asked for.
    EventsAsked,
    /// The work list is written.
    HandedBack,
}

impl Stage {
    const ALL: [Self; 8] = [
        Self::Accepted,
        Self::Opened,
        Self::Pinned,
        Self::Computed,
        Self::Pseudonymised,
        Self::Submitted,
        Self::EventsAsked,
        Self::HandedBack,
    ];

    /// Its name, in the study's file and in logs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Opened => "opened",
            Self::Pinned => "pinned",
            Self::Computed => "computed",
            Self::Pseudonymised => "pseudonymised",
            Self::Submitted => "submitted",
            Self::EventsAsked => "events asked",
            Self::HandedBack => "handed back",
        }
    }

    /// The stage of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
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
    /// It has made a share and confirmed it, and waits for all others' confirmations.
    Made(Made),
    /// It has a share of the pinned key.
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
    /// What it goes on from, if it follows another run.
    pub(crate) base: Base,
    /// What outlives the process. The stage stands there alone, so that no one can think it another.
    pub(crate) work: Work,
    keys: OnceCell<PublicKeys>,
    seed: Mutex<Option<Arc<BlindSeed>>>,
    holder: Mutex<Holder>,
    repairing: Mutex<Repairing>,
    steps: Mutex<()>,
    lists: Mutex<()>,
    tellings: Mutex<()>,
    returns: Mutex<()>,
    endings: Mutex<()>,
    closed: watch::Sender<bool>,
}

/// A step that nobody else takes meanwhile.
pub(crate) struct Step<'a> {
    /// How far the study had come when the step began.
    pub(crate) stage: Stage,
    _held: MutexGuard<'a, ()>,
}

impl Study {
    /// A study over these data, as its file says.
    pub(crate) fn new(
        sector: Sector,
        manifest: Manifest,
        model: Model,
        import: ImportRecord,
        base: Base,
        work: Work,
    ) -> Self {
        Self {
            digest: manifest.digest(),
            layout: model.layout(sector, manifest.grain),
            contribution: model.shape(manifest.grain),
            hand_back: HandBackShape { criteria: model.criteria.len() },
            manifest,
            model,
            import,
            base,
            work,
            keys: OnceCell::new(),
            seed: Mutex::default(),
            holder: Mutex::new(Holder::Idle),
            repairing: Mutex::default(),
            steps: Mutex::default(),
            lists: Mutex::default(),
            tellings: Mutex::default(),
            returns: Mutex::default(),
            endings: Mutex::default(),
            closed: watch::Sender::new(false),
        }
    }

    /// How far the study has come.
    pub(crate) async fn stage(&self) -> Result<Stage, Refusal> {
        self.work.stage().await.map_err(Refusal::internal)
    }

    /// Takes a step that is taken once, if the study is where it must be. A second request of the same kind waits
    /// here and is then refused.
    pub(crate) async fn at(&self, needed: Stage) -> Result<Step<'_>, Refusal> {
        let step = self.step().await?;
        if step.stage == needed { Ok(step) } else { Err(not_ready(step.stage, needed)) }
    }

    /// Takes a step that can be taken again, if the study is as far as it must be. A second request of the same kind
    /// waits here, and then finds what the first one has done.
    pub(crate) async fn since(&self, needed: Stage) -> Result<Step<'_>, Refusal> {
        let step = self.step().await?;
        if step.stage >= needed { Ok(step) } else { Err(not_ready(step.stage, needed)) }
    }

    async fn step(&self) -> Result<Step<'_>, Refusal> {
        let held = self.steps.lock().await;
        Ok(Step { stage: self.stage().await?, _held: held })
    }

    /// Waits for one's turn with the list of those whose events are asked for. It is no step, as contributions may be
    /// on their way meanwhile.
    pub(crate) async fn list(&self) -> MutexGuard<'_, ()> {
        self.lists.lock().await
    }

    /// The same with objections.
    pub(crate) async fn telling(&self) -> MutexGuard<'_, ()> {
        self.tellings.lock().await
    }

    /// The same with the hand-back.
    pub(crate) async fn returning(&self) -> MutexGuard<'_, ()> {
        self.returns.lock().await
    }

    /// The same with the end: a second close waits until the first has taken leave, and then finds nothing to do.
    pub(crate) async fn ending(&self) -> MutexGuard<'_, ()> {
        self.endings.lock().await
    }

    pub(crate) async fn holder(&self) -> MutexGuard<'_, Holder> {
        self.holder.lock().await
    }

    /// How far this node has come in making lost shares again.
    pub(crate) async fn repairing(&self) -> MutexGuard<'_, Repairing> {
        self.repairing.lock().await
    }

    /// The touch groups whose events can be asked of this node, one bit each.
    pub(crate) fn joined_groups(&self) -> u16 {
        self.model.joined_groups(self.manifest.grain) & self.layout.touches
    }

    /// Takes what a pinned study works with.
    pub(crate) async fn take_keys(&self, keys: PublicKeys, seed: BlindSeed) {
        // A second pin is of the same key, and the file has one seed.
        let _ = self.keys.set(keys);
        *self.seed.lock().await = Some(Arc::new(seed));
    }

    /// Ends all that is under way for the study.
    pub(crate) fn stop(&self) {
        self.closed.send_replace(true);
    }

    /// The same, and forgets its secrets.
    pub(crate) async fn end(&self) {
        self.stop();
        *self.holder.lock().await = Holder::Failed;
        *self.seed.lock().await = None;
        *self.repairing.lock().await = Repairing::default();
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

    /// What hides this node's event secrets: one for all runs of a series.
    pub(crate) async fn hiding(&self) -> Result<Arc<BlindSeed>, Refusal> {
        match &self.base.hiding {
            Some(hiding) => Ok(Arc::clone(hiding)),
            None => self.seed().await,
        }
    }

    /// This node's share of the pinned key, if it has one.
    pub(crate) async fn share(&self) -> Option<Arc<KeyShare>> {
        match &*self.holder.lock().await {
            Holder::Confirmed(share) => Some(Arc::clone(share)),
            _ => None,
        }
    }

    /// What this node's blinds are drawn from.
    pub(crate) async fn seed(&self) -> Result<Arc<BlindSeed>, Refusal> {
        self.seed.lock().await.clone().ok_or(Refusal::new(RejectCode::NotReady))
    }
}

fn not_ready(stage: Stage, needed: Stage) -> Refusal {
    let reason = format!("the study is {}, the request needs it to be {}", stage.name(), needed.name());
    Refusal::because(RejectCode::NotReady, reason)
}

#[cfg(test)]
mod tests {
    use super::Stage;

    #[test]
    fn stages_rise_and_have_names_of_their_own() {
        assert!(Stage::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        for stage in Stage::ALL {
            assert_eq!(Stage::named(stage.name()), Some(stage));
        }
        assert_eq!(Stage::named("Pinned"), None);
    }
}
