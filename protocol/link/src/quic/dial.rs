//! The node's side: dials the coordinator, proves who it is, and dials again when the link is lost.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint};
use rand::Rng;
use tokio::time::timeout;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::reject::RejectCode;

use crate::backoff::Backoff;
use crate::clock::Clock;
use crate::greeting::{self, Greeting, NotWelcome};
use crate::identity::Identity;
use crate::limit::{ADDRESSES_MAX, HANDSHAKE_TIME};
use crate::link::{CloseCode, Closed, LinkError};
use crate::quic::door::{IdentityMismatch, Known, Pins};
use crate::quic::link::QuicLink;
use crate::quic::transport::transport;
use crate::stream::StreamError;
use crate::tls;

/// Everything that dialling the coordinator needs except its address.
pub struct Dialer {
    config: ClientConfig,
    key: Digest,
    coordinator: Digest,
    node: NodeId,
    greeting: Greeting,
    clock: Arc<dyn Clock>,
}

/// Why the coordinator could not be reached or would not talk.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The node's own certificate and key cannot be used.
    #[error("the node's certificate and key cannot be used: {0}")]
    Identity(String),
    /// No `host:port`, or a host without an address.
    #[error("the coordinator's address `{address}` leads nowhere: {reason}")]
    Address {
        /// What was to be dialled.
        address: String,
        /// Why it cannot be.
        reason: String,
    },
    /// Nothing answers there, or something that is no coordinator of this protocol.
    #[error("the coordinator at `{address}` cannot be reached: {reason}")]
    Unreachable {
        /// What was dialled.
        address: String,
        /// Why it failed.
        reason: String,
    },
    /// What answers is not the coordinator of the roster, or its certificate is out of date.
    #[error("the coordinator at `{address}` is not believed: {mismatch}")]
    NotBelieved {
        /// What was dialled.
        address: String,
        /// Why.
        #[source]
        mismatch: IdentityMismatch,
    },
    /// The coordinator's roster has no such key.
    #[error(
        "the coordinator's roster pins key `{key}` for no node; this is `{node}`, whose certificate has it"
    )]
    UnknownNode {
        /// This node.
        node: NodeId,
        /// The key of its certificate.
        key: Digest,
    },
    /// The coordinator's roster gives the key to another node.
    #[error("the coordinator's roster pins key `{key}` for another node than `{node}`")]
    WrongCertificate {
        /// This node.
        node: NodeId,
        /// The key of its certificate.
        key: Digest,
    },
    /// No common version.
    #[error(
        "the coordinator speaks none of the protocol versions {} to {} of this software: update the older of the two",
        .ours.start(), .ours.end()
    )]
    OtherVersion {
        /// The versions that this software speaks.
        ours: RangeInclusive<u8>,
    },
    /// Different rosters.
    #[error(
        "the coordinator has roster `{theirs}`, and this node has version {version}, `{ours}`: give both the newest \
         signed roster"
    )]
    OtherRoster {
        /// The version of this node's roster.
        version: u64,
        /// The digest of this node's roster.
        ours: Digest,
        /// The digest of the coordinator's.
        theirs: Digest,
    },
    /// Any other refusal.
    #[error("the coordinator refuses the connection: {0}")]
    Refused(RejectCode),
    /// The greeting broke off.
    #[error("the greeting failed: {0}")]
    Greeting(#[source] StreamError),
}

impl DialError {
    /// Whether trying again soon is pointless, as a person must change something on one of the sides first.
    #[must_use]
    pub const fn needs_mending(&self) -> bool {
        !matches!(self, Self::Unreachable { .. } | Self::Greeting(_) | Self::Refused(RejectCode::Busy))
    }
}

impl Dialer {
    /// Prepares to dial as `node`, with a coordinator whose key has the digest `coordinator`.
    ///
    /// # Errors
    /// [`DialError::Identity`] where certificate and key do not belong together.
    pub fn new(
        identity: &Identity,
        node: NodeId,
        coordinator: Digest,
        greeting: Greeting,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DialError> {
        let tls = tls::client(identity).map_err(|error| DialError::Identity(error.to_string()))?;
        let quic = QuicClientConfig::try_from(tls).map_err(|error| DialError::Identity(error.to_string()))?;
        let mut config = ClientConfig::new(Arc::new(quic));
        config.transport_config(transport());
        let key = identity.certificate().spki;
        Ok(Self { config, key, coordinator, node, greeting, clock })
    }

    /// Dials `address`, a `host:port` whose name is looked up anew each time, over a UDP socket of its own.
    ///
    /// # Errors
    /// [`DialError`], within a small multiple of [`HANDSHAKE_TIME`].
    pub async fn dial(&self, address: &str) -> Result<QuicLink, DialError> {
        let (connection, endpoint) = self.connect(address).await?;
        let pins = Pins::Coordinator(self.coordinator);
        let known = match Known::identify(connection, Some(endpoint), &pins, self.clock.now()) {
            Ok(known) => known,
            Err((mismatch, shared)) => {
                shared.ended().await;
                return Err(DialError::NotBelieved { address: address.to_owned(), mismatch });
            }
        };
        let mut stream = known.shared.open().await.map_err(|error| self.refused(link_error(error)))?;
        match greeting::greet(&mut stream, &self.node, &self.greeting).await {
            Ok(agreed) => Ok(known.link(agreed)),
            Err(error) => {
                let error = self.refused(error);
                known.shared.close(CloseCode::Goodbye);
                known.shared.ended().await;
                Err(error)
            }
        }
    }

    /// Dials until it succeeds, with growing waits in between; `on_failure` is told each error and the wait that
    /// follows. What needs mending is tried again too, more slowly, as it may be mended at the other end.
    pub async fn dial_until_welcome<R: Rng + ?Sized>(
        &self,
        address: &str,
        backoff: &mut Backoff,
        rng: &mut R,
        mut on_failure: impl FnMut(&DialError, Duration),
    ) -> QuicLink {
        loop {
            match self.dial(address).await {
                Ok(link) => {
                    backoff.reset();
                    return link;
                }
                Err(error) => {
                    let mend = error.needs_mending();
                    let wait = if mend { backoff.longest_wait(rng) } else { backoff.next_wait(rng) };
                    on_failure(&error, wait);
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// A connection whose handshake is done, to a party that is still nobody.
    pub(super) async fn connect(&self, address: &str) -> Result<(Connection, Endpoint), DialError> {
        let leads_nowhere = |reason: String| DialError::Address { address: address.to_owned(), reason };
        let Some((host, _)) = address.rsplit_once(':') else {
            return Err(leads_nowhere("it is no `host:port`".to_owned()));
        };
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let found = timeout(HANDSHAKE_TIME, tokio::net::lookup_host(address)).await;
        let found = found.map_err(|_| leads_nowhere("looking up the name took too long".to_owned()))?;
        let found = found.map_err(|error| leads_nowhere(error.to_string()))?;

        let mut reason = "the name has no address".to_owned();
        for socket in found.take(ADDRESSES_MAX) {
            match timeout(HANDSHAKE_TIME, self.handshake(socket, name)).await {
                Ok(Ok(connected)) => return Ok(connected),
                Ok(Err(failed)) => reason = failed,
                Err(_) => reason = "the handshake took too long".to_owned(),
            }
        }
        Err(DialError::Unreachable { address: address.to_owned(), reason })
    }

    async fn handshake(&self, to: SocketAddr, name: &str) -> Result<(Connection, Endpoint), String> {
        let any: SocketAddr = match to {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let endpoint = Endpoint::client(any).map_err(|error| error.to_string())?;
        let connecting =
            endpoint.connect_with(self.config.clone(), to, name).map_err(|error| error.to_string())?;
        let connection = connecting.await.map_err(|error| error.to_string())?;
        Ok((connection, endpoint))
    }

    /// The coordinator's refusal, with what this side knows about it.
    fn refused(&self, error: NotWelcome) -> DialError {
        let (code, theirs) = match error {
            NotWelcome::Refused { code, roster } => (code, roster),
            NotWelcome::Stream(StreamError::Closed(Closed::ByPeer(CloseCode::Rejected(code)))) => {
                (code, Digest::NONE)
            }
            NotWelcome::Stream(error) => return DialError::Greeting(error),
        };
        let node = self.node.clone();
        let Greeting { versions, roster_version, roster, .. } = &self.greeting;
        match code {
            RejectCode::UnknownNode => DialError::UnknownNode { node, key: self.key },
            RejectCode::WrongCertificate => DialError::WrongCertificate { node, key: self.key },
            RejectCode::UnsupportedVersion => DialError::OtherVersion { ours: versions.clone() },
            RejectCode::OtherRoster => {
                DialError::OtherRoster { version: *roster_version, ours: *roster, theirs }
            }
            code => DialError::Refused(code),
        }
    }
}

fn link_error(error: LinkError) -> NotWelcome {
    NotWelcome::Stream(match error {
        LinkError::Closed(closed) => StreamError::Closed(closed),
        LinkError::NoFreeStream => StreamError::TimedOut { limit: HANDSHAKE_TIME },
    })
}
