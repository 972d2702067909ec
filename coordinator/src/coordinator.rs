//! The coordinator itself: whom it knows, who is connected, and what it may do, which is to ask.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as PlainMutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex, Semaphore};
use tvaers_definitions::library::Library;
use tvaers_link::clock::Clock;
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_link::link::{Link, Party};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{Close, CloseSeries, Closed, SeriesClosed};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_protocol::sign::SigningKey;
use tvaers_protocol::study::Manifest;

use crate::answer::Answer;
use crate::draft::Draft;
use crate::hub::Hub;
use crate::limits::Limits;
use crate::relay;
use crate::request::RequestId;
use crate::requests::Requests;
use crate::silence::Silences;
use crate::state::{State, StateError};
use crate::summary::Outcome;

/// Results in one page, at most.
const RESULTS_PAGE: u32 = 500;

/// Everything that a coordinator is made of.
pub struct Parts {
    /// The roster.
    pub roster: VerifiedRoster,
    /// Its message-signing key.
    pub signing: SigningKey,
    /// Its memory.
    pub state: State,
    /// The folder of the revocations that it hands out.
    pub revocations: PathBuf,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// How long it waits for anything.
    pub limits: Limits,
}

/// A coordinator.
pub struct Coordinator {
    parts: Parts,
    library: Library,
    hub: Hub,
    relays: Semaphore,
    silences: Silences,
    /// Held by the study that is running: one at a time, so that nodes are not asked for two at once.
    pub(crate) turn: Mutex<()>,
    /// Whom clients are waiting for.
    pub(crate) requests: Requests,
    /// Studies that have begun and not ended, those among them that a restart has interrupted and that can go on.
    open: PlainMutex<BTreeSet<Digest>>,
}

impl Coordinator {
    /// Puts a coordinator together. Studies that its memory says can go on are kept open, so that no node that connects
    /// is told otherwise.
    ///
    /// # Errors
    /// [`StateError`] where the memory cannot be read.
    pub async fn new(parts: Parts, library: Library) -> Result<Self, StateError> {
        let open = parts.state.resumable().await?.into_iter().collect();
        Ok(Self {
            parts,
            library,
            hub: Hub::new(),
            relays: Semaphore::new(relay::RELAYS_MAX),
            silences: Silences::default(),
            turn: Mutex::default(),
            requests: Requests::default(),
            open: PlainMutex::new(open),
        })
    }

    pub(crate) fn roster(&self) -> &VerifiedRoster {
        &self.parts.roster
    }

    pub(crate) fn signing(&self) -> &SigningKey {
        &self.parts.signing
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.parts.clock
    }

    pub(crate) fn state(&self) -> &State {
        &self.parts.state
    }

    pub(crate) fn revocations(&self) -> &Path {
        &self.parts.revocations
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.parts.limits
    }

    pub(crate) fn library(&self) -> &Library {
        &self.library
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// What is passed on from node to node takes one each.
    pub(crate) fn relays(&self) -> &Semaphore {
        &self.relays
    }

    /// Holders that did not answer what was passed on to them.
    pub(crate) const fn silences(&self) -> &Silences {
        &self.silences
    }

    /// Results of a request, from a number on; a page at a time.
    ///
    /// # Errors
    /// [`Problem`] where they cannot be read.
    pub async fn results(&self, of: &str, from: u32) -> Result<Vec<Answer>, Problem> {
        let unreadable = |what: String| Problem::new(Exit::Failed, "state", what);
        let page = self.state().results(of, from, RESULTS_PAGE).await;
        let page = page.map_err(|error| Problem::from_error(Exit::Failed, "state", &error))?;
        page.iter()
            .map(|text| serde_json::from_str(text).map_err(|error| unreadable(error.to_string())))
            .collect()
    }

    fn open(&self) -> MutexGuard<'_, BTreeSet<Digest>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a node's link in, and passes its batches on and looks at the heads of its log until it ends.
    pub async fn attend(self: &Arc<Self>, link: Arc<dyn Link>) {
        let Party::Node(node) = link.peer().party.clone() else { return };
        tracing::info!(node.id = %node, software = %link.peer().software, "a node has connected");
        self.hub.join(node.clone(), Arc::clone(&link));
        let passing_on = relay::serve(Arc::clone(self), Arc::clone(&link), node.clone());
        // At the same time: a study that is under way need not wait for one that has ended.
        tokio::select! {
            () = passing_on => {}
            () = self.keep_closing(&node) => {}
        }
        self.hub.leave(&node, &link);
        let end = link.closed().await;
        tracing::warn!(node.id = %node, reason = %end, "a node's connection has ended");
    }

    /// Begins a study: whatever becomes of it, its nodes will be told of its end, also over a restart.
    pub(crate) async fn begin(&self, request: &RequestId, draft: &Draft) -> Result<(), Problem> {
        let digest = draft.manifest.digest();
        let missing = draft.manifest.missing(self.roster());
        let missing: Vec<NodeId> = missing.into_iter().map(|member| member.id.clone()).collect();
        // Named before it is noted: whoever reads the note finds that it runs, and does not close it.
        self.open().insert(digest);
        self.parts.state.begin(request, draft, &missing).await.map_err(|error| {
            self.open().remove(&digest);
            Problem::from_error(Exit::Failed, "state", &error)
        })
    }

    /// Remembers that a study can go on after a restart.
    pub(crate) async fn note_pinned(&self, study: Digest) {
        if let Err(error) = self.parts.state.pinned(study).await {
            // It would be begun anew, which does no harm.
            tracing::warn!(error = %error, "how far a study has come could not be recorded");
        }
    }

    /// Remembers how a study ended, and its request with it, where that has ended too.
    pub(crate) async fn note_ended(
        &self,
        manifest: &Manifest,
        told: &str,
        request: Option<(&RequestId, &Outcome)>,
    ) {
        let digest = manifest.digest();
        if let Err(error) = self.parts.state.end(digest, told, request, self.clock().now()).await {
            tracing::error!(error = %error, study.run = %manifest.run, "the end of a study could not be recorded");
        }
        self.open().remove(&digest);
    }

    /// Tells a node that a study is closed; whether it has heard.
    pub(crate) async fn close_at(&self, study: Digest, node: &NodeId) -> bool {
        let Some(link) = self.hub.link(node) else { return false };
        // One whose end is not on record did not come to it.
        let is_complete = self.parts.state.goes_on(study).await.unwrap_or(false);
        let told = async {
            let mut exchange = Exchange::open(&*link, self.roster().digest(), study).await?;
            let _: Closed = exchange.ask(&Close { is_complete }, self.limits().close).await?;
            Ok::<_, ExchangeError>(())
        };
        if told.await.is_err() {
            return false;
        }
        if let Err(error) = self.parts.state.told(study, node).await {
            // It will be told once more, which does no harm.
            tracing::warn!(error = %error, "that a node knows of a study's end could not be recorded");
        }
        true
    }

    /// Tells a node that a series is closed; whether it has heard.
    pub(crate) async fn close_series_at(&self, first: Digest, node: &NodeId) -> bool {
        let Some(link) = self.hub.link(node) else { return false };
        let told = async {
            let mut exchange = Exchange::open(&*link, self.roster().digest(), Digest::NONE).await?;
            exchange.ask::<_, SeriesClosed>(&CloseSeries { first }, self.limits().close).await
        };
        if told.await.is_err() {
            return false;
        }
        if let Err(error) = self.parts.state.told_series(first, node).await {
            // It will be told once more, which does no harm.
            tracing::warn!(error = %error, "that a node knows of a series' end could not be recorded");
        }
        true
    }

    /// Tells a connected node of ended studies until it has heard of all: a word can be lost, and a study that was
    /// under way when the node came may have ended without reaching it.
    async fn keep_closing(&self, node: &NodeId) {
        loop {
            self.close_left_over(node).await;
            tokio::time::sleep(self.limits().remind).await;
        }
    }

    /// Tells a node of the studies that ended while it was away, or while this process was.
    async fn close_left_over(&self, node: &NodeId) {
        let left_over = self.parts.state.unclosed(node).await.unwrap_or_else(|error| {
            tracing::error!(error = %error, node.id = %node, "cannot tell which studies the node has yet to close");
            Vec::new()
        });
        // Asked after the notes were read, for the reason that stands at `begin`.
        let open = self.open().clone();
        for study in left_over.into_iter().filter(|study| !open.contains(study)) {
            self.close_at(study, node).await;
        }
        let ended = self.parts.state.unclosed_series(node).await.unwrap_or_else(|error| {
            tracing::error!(error = %error, node.id = %node, "cannot tell which series the node has yet to close");
            Vec::new()
        });
        for first in ended {
            self.close_series_at(first, node).await;
        }
    }
}
