//! The coordinator itself: whom it knows, who is connected, and what it may do, which is to ask.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore, watch};
use tvaers_definitions::library::Library;
use tvaers_link::clock::Clock;
use tvaers_link::link::{Link, Party};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{Close, Closed};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_protocol::sign::SigningKey;
use tvaers_protocol::study::Manifest;

use crate::hub::Hub;
use crate::relay;
use crate::session;
use crate::state::State;

/// For a node to erase what it holds for a study.
const CLOSE_TIME: Duration = Duration::from_secs(60);

/// Everything that a coordinator is made of.
pub struct Parts {
    /// The roster.
    pub roster: VerifiedRoster,
    /// Its message-signing key.
    pub signing: SigningKey,
    /// Its memory.
    pub state: State,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
}

/// A coordinator.
pub struct Coordinator {
    parts: Parts,
    library: Library,
    hub: Arc<Hub>,
    relays: Arc<Semaphore>,
    /// Held by the study that is running: one at a time, so that nodes are not asked for two at once.
    pub(crate) turn: Mutex<()>,
    /// The study that is running.
    running: watch::Sender<Option<Digest>>,
}

impl Coordinator {
    /// Puts a coordinator together.
    #[must_use]
    pub fn new(parts: Parts, library: Library) -> Self {
        Self {
            parts,
            library,
            hub: Arc::new(Hub::new()),
            relays: Arc::new(Semaphore::new(relay::RELAYS_MAX)),
            turn: Mutex::default(),
            running: watch::Sender::new(None),
        }
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

    pub(crate) fn library(&self) -> &Library {
        &self.library
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Takes a node's link in and passes its batches on until it ends.
    pub async fn attend(&self, link: Arc<dyn Link>) {
        let Party::Node(node) = link.peer().party.clone() else { return };
        tracing::info!(node.id = %node, software = %link.peer().software, "a node has connected");
        self.hub.join(node.clone(), Arc::clone(&link));
        let roster = self.roster().digest();
        let (hub, relays) = (Arc::clone(&self.hub), Arc::clone(&self.relays));
        self.close_left_over(&node).await;
        relay::serve(Arc::clone(&link), node.clone(), roster, hub, relays).await;
        self.hub.leave(&node, &link);
        let end = link.closed().await;
        tracing::warn!(node.id = %node, reason = %end, "a node's connection has ended");
    }

    /// Begins a study: whatever becomes of it, its nodes will be told of its end, also over a restart.
    pub(crate) async fn begin(&self, manifest: &Manifest) -> Result<(), Problem> {
        // Named before it is noted: whoever reads the note finds that it runs, and does not close it.
        self.running.send_replace(Some(manifest.digest()));
        self.parts.state.begin(manifest).await.map_err(|error| {
            self.running.send_replace(None);
            Problem::from_error(Exit::Failed, "state", &error)
        })
    }

    /// Tells a node that a study is closed; whether it has heard.
    pub(crate) async fn close_at(&self, study: Digest, node: &NodeId) -> bool {
        let nodes = std::slice::from_ref(node);
        let answer: Result<Vec<Closed>, _> =
            session::ask_all(self, nodes, study, |_| Close {}, CLOSE_TIME).await;
        if answer.is_ok()
            && let Err(error) = self.parts.state.told(study, node).await
        {
            // It will be told once more, which does no harm.
            tracing::warn!(error = %error, "that a node knows of a study's end could not be recorded");
        }
        answer.is_ok()
    }

    /// Tells a node that has just connected of the studies that ended while it was away, or while this process was.
    async fn close_left_over(&self, node: &NodeId) {
        let left_over = self.parts.state.unclosed(node).await.unwrap_or_else(|error| {
            tracing::error!(error = %error, node.id = %node, "cannot tell which studies the node has yet to close");
            Vec::new()
        });
        // Asked after the notes were read, for the reason that stands at `begin`.
        let running = *self.running.borrow();
        for study in left_over.into_iter().filter(|study| Some(*study) != running) {
            self.close_at(study, node).await;
        }
    }

    /// Remembers how a study ended.
    pub(crate) async fn note_ended(&self, manifest: &Manifest, outcome: &str) {
        self.running.send_replace(None);
        if let Err(error) = self.parts.state.record(manifest, outcome, self.clock().now()).await {
            tracing::error!(error = %error, study.run = %manifest.run, "the end of a study could not be recorded");
        }
    }
}
