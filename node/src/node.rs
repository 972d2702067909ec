//! The node itself: what it is, whom it trusts, what it remembers, and which studies are under way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use tokio::sync::{Mutex, MutexGuard, OwnedSemaphorePermit, Semaphore, watch};
use tvaers_definitions::library::Library;
use tvaers_definitions::model::Model;
use tvaers_host::process::system_rng;
use tvaers_link::clock::Clock;
use tvaers_link::link::Link;
use tvaers_protocol::audit::Seer;
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::problem::Problem;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::roster::{Member, VerifiedRoster};
use tvaers_protocol::sign::SigningKey;
use tvaers_pseudonym::sealing::SealingKey;

use crate::audit::Audit;
use crate::audit::event::Event;
use crate::config::Config;
use crate::heads::{self, Heads};
use crate::home::Home;
use crate::ledger::history::Totals;
use crate::ledger::{Ledger, LedgerError};
use crate::objection::{LeftOut, Objections};
use crate::policy::InForce;
use crate::policy::keeper::{Keeper, Mark};
use crate::refusal::Refusal;
use crate::revocation::Fetching;
use crate::state::{State, StateError};
use crate::study::Study;
use crate::witness::Witnesses;
use crate::work::source::Spare;

/// Studies under way at one node, at most: each holds a key share and a file.
const STUDIES_MAX: usize = 8;

/// Closes that are remembered of studies that the node has not heard of: only one that is being agreed to at that very
/// moment matters.
const EARLY_CLOSES: usize = 64;

/// Batches that are worked on at the same time: one per core of a small machine.
const TURNS: usize = 2;

/// Everything that a node is made of, each part checked by the one that opened it.
pub struct Parts {
    /// Its folder.
    pub home: Home,
    /// Its configuration.
    pub config: Config,
    /// The roster it follows.
    pub roster: VerifiedRoster,
    /// Its message-signing key.
    pub signing: SigningKey,
    /// The key to which others seal.
    pub sealing: SealingKey,
    /// Its memory.
    pub state: State,
    /// What was charged and released.
    pub ledger: Ledger,
    /// What it tells those who audit it.
    pub audit: Audit,
    /// Its policy when it starts, none where there is no file, and what its files looked like before it was read.
    pub policy: (Option<InForce>, Mark),
    /// What it runs.
    pub software: Software,
    /// When its certificate runs out.
    pub certificate_to: Timestamp,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
}

/// A node.
pub struct Node {
    parts: Parts,
    library: Library,
    studies: Mutex<Studies>,
    agreeing: Mutex<()>,
    link: watch::Sender<Option<Arc<dyn Link>>>,
    turns: Arc<Semaphore>,
    witnesses: Witnesses,
    heads: Heads,
    spare: Spare,
    keeper: Keeper,
    objections: Objections,
    fetching: Fetching,
}

/// The studies of a node.
#[derive(Default)]
struct Studies {
    open: BTreeMap<Digest, Arc<Study>>,
    /// Closed before they were open, the oldest first.
    closed_early: VecDeque<Digest>,
}

impl Node {
    /// Data that a query has left open for the next.
    pub(crate) const fn spare(&self) -> &Spare {
        &self.spare
    }

    /// Puts a node together; nothing is sent yet.
    #[must_use]
    pub fn new(mut parts: Parts, library: Library) -> Self {
        let (policy, mark) = std::mem::take(&mut parts.policy);
        Self {
            keeper: Keeper::new(policy, mark),
            parts,
            library,
            studies: Mutex::default(),
            agreeing: Mutex::default(),
            link: watch::Sender::new(None),
            turns: Arc::new(Semaphore::new(TURNS)),
            witnesses: Witnesses::new(),
            heads: Heads::new(),
            spare: Spare::default(),
            objections: Objections::default(),
            fetching: Fetching::default(),
        }
    }

    pub(crate) fn home(&self) -> &Home {
        &self.parts.home
    }

    pub(crate) fn config(&self) -> &Config {
        &self.parts.config
    }

    pub(crate) fn roster(&self) -> &VerifiedRoster {
        &self.parts.roster
    }

    pub(crate) fn signing(&self) -> &SigningKey {
        &self.parts.signing
    }

    pub(crate) fn sealing(&self) -> &SealingKey {
        &self.parts.sealing
    }

    pub(crate) fn state(&self) -> &State {
        &self.parts.state
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.parts.ledger
    }

    /// What the ledger adds up to.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn totals(&self) -> Result<Totals, LedgerError> {
        self.ledger().totals().await
    }

    pub(crate) const fn audit(&self) -> &Audit {
        &self.parts.audit
    }

    pub(crate) const fn heads(&self) -> &Heads {
        &self.heads
    }

    /// Who has yet to sign that they saw the newest head of the audit log.
    pub async fn not_countersigned(&self) -> Vec<Seer> {
        heads::missing(self).await
    }

    pub(crate) const fn witnesses(&self) -> &Witnesses {
        &self.witnesses
    }

    /// Waits until somebody proves that this node's ledger, policy or audit log is behind; it answers nothing from then on.
    pub async fn until_behind(&self) -> Problem {
        self.witnesses.until_behind().await.problem()
    }

    /// The policy in force now; none permits nothing. A request has what it began with instead: see
    /// [`Held`](crate::policy::keeper::Held).
    pub(crate) fn policy(&self) -> Option<Arc<InForce>> {
        self.keeper.policy()
    }

    pub(crate) const fn fetching(&self) -> &Fetching {
        &self.fetching
    }

    pub(crate) const fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// Who is left out of everything now, under the policy that a request began with.
    pub(crate) async fn left_out(&self, in_force: &InForce) -> Result<LeftOut, StateError> {
        Ok(LeftOut::new(in_force.excluded().clone(), self.objections.now(self.state()).await?))
    }

    pub(crate) fn software(&self) -> &Software {
        &self.parts.software
    }

    pub(crate) fn certificate_to(&self) -> Timestamp {
        self.parts.certificate_to
    }

    /// Tells the audit log. Where that fails nothing may be answered.
    pub(crate) async fn record(&self, now: Timestamp, events: Vec<Event>) -> Result<(), Refusal> {
        if events.is_empty() {
            return Ok(());
        }
        let head = self.parts.audit.record(now, events).await.map_err(Refusal::internal)?;
        self.heads.grown(head.entries);
        Ok(())
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.parts.clock
    }

    pub(crate) fn library(&self) -> &Library {
        &self.library
    }

    #[expect(
        clippy::unused_self,
        reason = "a node is the place to ask; tests of the parts below pass their own"
    )]
    pub(crate) fn rng(&self) -> UnwrapErr<SysRng> {
        system_rng()
    }

    pub(crate) fn model(&self, name: &str) -> Result<&Model, Refusal> {
        self.library.model(name).ok_or(Refusal::new(RejectCode::UnknownModel))
    }

    pub(crate) fn member(&self, id: &NodeId) -> Result<&Member, Refusal> {
        self.roster().member(id).ok_or(Refusal::new(RejectCode::UnknownNode))
    }

    /// Waits for a turn at heavy work. The work keeps it to its end, also where nobody waits for it any more.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed; without a permit the work would only be slower.
        Arc::clone(&self.turns).acquire_owned().await.ok()
    }

    /// Waits for one's turn to agree to a later run of a series: what one run may ask of this node is what the others have
    /// left, so that none may begin while that is looked up.
    pub(crate) async fn agreeing(&self) -> MutexGuard<'_, ()> {
        self.agreeing.lock().await
    }

    /// The open runs of a series, by the digest of its first manifest.
    pub(crate) async fn runs_of(&self, first: Digest) -> Vec<Digest> {
        let studies = self.studies.lock().await;
        let runs = studies.open.values().filter(|study| study.manifest.persons_context() == first);
        runs.map(|study| study.digest).collect()
    }

    pub(crate) async fn add_study(&self, study: Arc<Study>) -> Result<(), Refusal> {
        let mut studies = self.studies.lock().await;
        // The coordinator has given it up while this node was still about to agree.
        if studies.closed_early.contains(&study.digest) {
            return Err(Refusal::new(RejectCode::StudyClosed));
        }
        // One that is under way keeps its share and its counters, whoever proposes it again.
        if studies.open.contains_key(&study.digest) {
            return Err(Refusal::because(RejectCode::Replay, "the study is under way"));
        }
        if studies.open.len() >= STUDIES_MAX {
            return Err(Refusal::because(RejectCode::Busy, "too many studies are open at this node"));
        }
        studies.open.insert(study.digest, study);
        Ok(())
    }

    /// The oldest study, where there is room for no more. The coordinator runs one at a time, so it has ended long
    /// ago, and its close was lost on the way.
    pub(crate) async fn study_to_give_up(&self) -> Option<Digest> {
        let studies = self.studies.lock().await;
        let oldest = studies.open.values().min_by_key(|study| study.manifest.created)?;
        (studies.open.len() >= STUDIES_MAX).then_some(oldest.digest)
    }

    pub(crate) async fn study(&self, digest: Digest) -> Result<Arc<Study>, Refusal> {
        let Some(study) = self.studies.lock().await.open.get(&digest).cloned() else {
            let closed = self.state().is_closed(digest).await.map_err(Refusal::internal)?;
            return Err(Refusal::new(if closed { RejectCode::StudyClosed } else { RejectCode::OtherStudy }));
        };
        if self.clock().now() > study.manifest.deadline {
            return Err(Refusal::new(RejectCode::DeadlinePassed));
        }
        Ok(study)
    }

    /// The study, past its deadline or not, to be closed. One that is not open yet will not be.
    pub(crate) async fn study_to_close(&self, digest: Digest) -> Option<Arc<Study>> {
        let studies = &mut *self.studies.lock().await;
        let study = studies.open.get(&digest).cloned();
        if study.is_none() && !studies.closed_early.contains(&digest) {
            studies.closed_early.push_back(digest);
            if studies.closed_early.len() > EARLY_CLOSES {
                studies.closed_early.pop_front();
            }
        }
        study
    }

    pub(crate) async fn remove_study(&self, digest: Digest) -> Option<Arc<Study>> {
        self.studies.lock().await.open.remove(&digest)
    }

    pub(crate) async fn open_studies(&self) -> Vec<Arc<Study>> {
        self.studies.lock().await.open.values().cloned().collect()
    }

    /// Studies whose deadline has passed.
    pub(crate) async fn overdue(&self) -> Vec<Digest> {
        let now = self.clock().now();
        let studies = self.studies.lock().await;
        studies
            .open
            .values()
            .filter(|study| now > study.manifest.deadline)
            .map(|study| study.digest)
            .collect()
    }

    /// Says over which connection the coordinator can be reached.
    pub(crate) fn set_link(&self, link: Arc<dyn Link>) {
        self.link.send_replace(Some(link));
    }

    /// Says that a connection has ended. A newer one stays.
    pub(crate) fn drop_link(&self, ended: &Arc<dyn Link>) {
        self.link.send_if_modified(|link| link.take_if(|link| Arc::ptr_eq(link, ended)).is_some());
    }

    pub(crate) fn link(&self) -> Result<Arc<dyn Link>, Refusal> {
        self.link.borrow().clone().ok_or(Refusal::new(RejectCode::Unreachable))
    }
}
