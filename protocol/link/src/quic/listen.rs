//! The coordinator's side: listens, and hands over links of nodes that have proved who they are.
//!
//! Three futures are waited for: the next connection, the end of a handshake under way, and the listener's own end.
//! Each handshake is a task of its own, so that a slow one holds up no other, and their number is limited.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, Incoming, ServerConfig, VarInt};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::reject::RejectCode;

use crate::clock::Clock;
use crate::greeting::{self, Greeting, NotAdmitted};
use crate::identity::Identity;
use crate::limit::{ACCEPT_QUEUE, GOODBYE_TIME, HANDSHAKE_TIME, HANDSHAKES_MAX};
use crate::link::{CloseCode, Closed, LinkError, Party};
use crate::quic::door::{IdentityMismatch, Known, Pins};
use crate::quic::link::QuicLink;
use crate::quic::transport::transport;
use crate::stream::StreamError;
use crate::tls;

/// Accepts nodes on one UDP socket. Dropping it ends all its links.
pub struct Listener {
    endpoint: Endpoint,
    address: SocketAddr,
    accepted: mpsc::Receiver<Result<QuicLink, AcceptError>>,
    task: AbortHandle,
}

/// Why the coordinator cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The coordinator's own certificate and key cannot be used.
    #[error("the coordinator's certificate and key cannot be used: {0}")]
    Identity(String),
    /// The socket cannot be bound.
    #[error("cannot listen on `{address}`: {source}")]
    Socket {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A connection that did not become a link. The listener goes on.
#[derive(Debug, thiserror::Error)]
#[error("the connection from `{address}` was not accepted: {refusal}")]
pub struct AcceptError {
    /// Where it came from.
    pub address: SocketAddr,
    /// Why.
    #[source]
    pub refusal: Refusal,
}

/// Why a connection did not become a link.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No handshake.
    #[error("the handshake failed: {0}")]
    Handshake(String),
    /// The handshake or the greeting took too long.
    #[error("handshake and greeting took too long")]
    TimedOut,
    /// The key is no node's, or its certificate is out of date.
    #[error(transparent)]
    Identity(#[from] IdentityMismatch),
    /// The node does not believe that this is the coordinator.
    #[error(
        "node `{node}` rejected our certificate: its roster pins another key for the coordinator than `{ours}`"
    )]
    RejectedUs {
        /// Who.
        node: NodeId,
        /// The key of our certificate.
        ours: Digest,
    },
    /// The node closed the connection for another reason.
    #[error("node `{node}` closed the connection: {code}")]
    ClosedByNode {
        /// Who.
        node: NodeId,
        /// Its reason.
        code: CloseCode,
    },
    /// A node says to be another.
    #[error(
        "it says to be node `{claimed}`, and its certificate has the key that the roster pins for `{owner}`"
    )]
    WrongCertificate {
        /// Who it says to be.
        claimed: NodeId,
        /// Whose key it has.
        owner: NodeId,
    },
    /// No common version.
    #[error(
        "node `{node}` speaks protocol versions {} to {}, and this software {} to {}: update the older of the two",
        .theirs.start(), .theirs.end(), .ours.start(), .ours.end()
    )]
    OtherVersion {
        /// Who.
        node: NodeId,
        /// The versions that it speaks.
        theirs: RangeInclusive<u8>,
        /// The versions that we speak.
        ours: RangeInclusive<u8>,
    },
    /// Different rosters.
    #[error(
        "node `{node}` has roster version {their_version}, `{theirs}`, and the coordinator has version \
         {our_version}, `{ours}`: give both the newest signed roster"
    )]
    OtherRoster {
        /// Who.
        node: NodeId,
        /// The version of its roster.
        their_version: u64,
        /// The digest of its roster.
        theirs: Digest,
        /// The version of ours.
        our_version: u64,
        /// The digest of ours.
        ours: Digest,
    },
    /// The greeting broke off or was none.
    #[error("the greeting of node `{node}` failed: {source}")]
    Greeting {
        /// Who.
        node: NodeId,
        /// Why.
        source: StreamError,
    },
}

/// By what a connection is judged.
struct Admission {
    key: Digest,
    nodes: BTreeMap<Digest, NodeId>,
    greeting: Greeting,
    clock: Arc<dyn Clock>,
}

impl Listener {
    /// Listens on `address`, for `nodes` by the SHA-256 of their keys (SPKI). Runs on the current Tokio runtime.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(
        address: SocketAddr,
        identity: &Identity,
        nodes: BTreeMap<Digest, NodeId>,
        greeting: Greeting,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BindError> {
        let tls = tls::server(identity).map_err(|error| BindError::Identity(error.to_string()))?;
        let quic = QuicServerConfig::try_from(tls).map_err(|error| BindError::Identity(error.to_string()))?;
        let mut config = ServerConfig::with_crypto(Arc::new(quic));
        config.transport_config(transport()).max_incoming(HANDSHAKES_MAX);
        let fail = |source| BindError::Socket { address, source };
        let endpoint = Endpoint::server(config, address).map_err(fail)?;
        let address = endpoint.local_addr().map_err(fail)?;

        let (to_listener, accepted) = mpsc::channel(ACCEPT_QUEUE);
        let admission = Admission { key: identity.certificate().spki, nodes, greeting, clock };
        let task = tokio::spawn(listen(endpoint.clone(), Arc::new(admission), to_listener)).abort_handle();
        Ok(Self { endpoint, address, accepted, task })
    }

    /// Where it listens, with the port that the system chose where none was asked for.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The next node, or the next connection that was turned away, which whoever calls this logs. None where the
    /// listener has ended. May be cancelled without losing one.
    pub async fn accept(&mut self) -> Option<Result<QuicLink, AcceptError>> {
        self.accepted.recv().await
    }

    /// Closes all links with `code` and waits for the nodes to hear of it, at most [`GOODBYE_TIME`].
    pub async fn close(self, code: CloseCode) {
        self.end(code);
        // Where a node does not answer there is no more to be done, so the time-out is no error.
        let _ = timeout(GOODBYE_TIME, self.endpoint.wait_idle()).await;
    }

    fn end(&self, code: CloseCode) {
        self.task.abort();
        self.endpoint.close(VarInt::from_u32(u32::from(code.number())), code.name().as_bytes());
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.end(CloseCode::Goodbye);
    }
}

async fn listen(
    endpoint: Endpoint,
    admission: Arc<Admission>,
    accepted: mpsc::Sender<Result<QuicLink, AcceptError>>,
) {
    let places = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let mut handshakes = JoinSet::new();
    loop {
        let incoming = tokio::select! {
            incoming = endpoint.accept() => incoming,
            // Ended handshakes are collected, so that the set does not grow.
            Some(_) = handshakes.join_next() => continue,
        };
        let Some(incoming) = incoming else { break };
        if !incoming.remote_address_validated() {
            // The sender shows first that it receives at its address: forged ones take no place. It costs one
            // round trip, on connections that last for days.
            let _ = incoming.retry();
            continue;
        }
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            incoming.refuse();
            continue;
        };
        let (admission, accepted) = (Arc::clone(&admission), accepted.clone());
        handshakes.spawn(async move {
            let address = incoming.remote_address();
            let admitted = timeout(HANDSHAKE_TIME, admit(incoming, &admission)).await;
            let admitted = admitted.unwrap_or(Err(Refusal::TimedOut));
            // Fails only where the listener is gone, and then the link closes as it is dropped. The place is kept
            // until there is room, so that a caller who does not accept is not buried.
            if let Ok(room) = accepted.reserve().await {
                drop(place);
                room.send(admitted.map_err(|refusal| AcceptError { address, refusal }));
            }
        });
    }
}

async fn admit(incoming: Incoming, admission: &Admission) -> Result<QuicLink, Refusal> {
    let handshake = |error: quinn::ConnectionError| Refusal::Handshake(error.to_string());
    let connection = incoming.accept().map_err(handshake)?.await.map_err(handshake)?;
    let pins = Pins::Nodes(&admission.nodes);
    let now = admission.clock.now();
    let known = Known::identify(connection, None, &pins, now).map_err(|(mismatch, _)| mismatch)?;
    let Party::Node(node) = known.party.clone() else {
        return Err(Refusal::Handshake("a coordinator called".to_owned()));
    };

    let greeted = match known.shared.accept().await {
        Ok(mut stream) => greeting::admit(&mut stream, &node, &admission.greeting).await,
        Err(LinkError::Closed(closed)) => Err(NotAdmitted::Stream(StreamError::Closed(closed))),
        Err(LinkError::NoFreeStream) => return Err(Refusal::TimedOut),
    };
    match greeted {
        Ok(agreed) => Ok(known.link(agreed)),
        Err(refused) => {
            let code = refused.code();
            // The node reads the refusal and closes; where it does not, it is told by the closing code.
            let _ = timeout(GOODBYE_TIME, known.shared.ended()).await;
            known.turn_away(code).await;
            Err(admission.explain(refused, node))
        }
    }
}

impl Admission {
    fn explain(&self, refused: NotAdmitted, node: NodeId) -> Refusal {
        match refused {
            NotAdmitted::OtherVersion { theirs } => {
                Refusal::OtherVersion { node, theirs, ours: self.greeting.versions.clone() }
            }
            NotAdmitted::WrongCertificate { claimed } => Refusal::WrongCertificate { claimed, owner: node },
            NotAdmitted::OtherRoster { version, digest } => Refusal::OtherRoster {
                node,
                their_version: version,
                theirs: digest,
                our_version: self.greeting.roster_version,
                ours: self.greeting.roster,
            },
            NotAdmitted::Stream(StreamError::Closed(Closed::ByPeer(code))) => match code {
                CloseCode::Rejected(RejectCode::WrongCertificate) => {
                    Refusal::RejectedUs { node, ours: self.key }
                }
                code => Refusal::ClosedByNode { node, code },
            },
            NotAdmitted::Stream(source) => Refusal::Greeting { node, source },
        }
    }
}
