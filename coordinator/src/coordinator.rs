//! The coordinator itself: whom it knows, who is connected, and what it may do, which is to ask.

use std::sync::Arc;

use tokio::sync::Mutex;
use tvaers_definitions::library::Library;
use tvaers_link::clock::Clock;
use tvaers_link::link::{Link, Party};
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_protocol::sign::SigningKey;
use tvaers_protocol::study::Manifest;

use tokio::sync::Semaphore;

use crate::hub::Hub;
use crate::relay;
use crate::state::State;

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
        relay::serve(Arc::clone(&link), node.clone(), roster, hub, relays).await;
        self.hub.leave(&node, &link);
        let end = link.closed().await;
        tracing::warn!(node.id = %node, reason = %end, "a node's connection has ended");
    }

    /// Remembers how a study ended.
    pub(crate) async fn note_ended(&self, manifest: &Manifest, outcome: &str) {
        if let Err(error) = self.parts.state.record(manifest, outcome, self.clock().now()).await {
            tracing::error!(error = %error, study.run = %manifest.run, "the end of a study could not be recorded");
        }
    }
}
