//! A link over QUIC.

use std::fmt;
use std::sync::{Arc, OnceLock};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use quinn::{Connection, ConnectionError, Endpoint, VarInt};
use tokio::time::timeout;

use crate::greeting::Agreed;
use crate::limit::{GOODBYE_TIME, OPEN_TIME};
use crate::link::{CloseCode, Closed, Link, LinkError, Party, Peer};
use crate::quic::half;
use crate::stream::Stream;

/// A connection to a party whose key is the roster's and who has been greeted. Only the door makes one.
pub struct QuicLink {
    peer: Peer,
    shared: Arc<Shared>,
}

/// What a link and its streams share: the connection, and why this side closed it.
pub(super) struct Shared {
    connection: Connection,
    // The dialling side's socket, which serves this connection alone.
    own_endpoint: Option<Endpoint>,
    closed: OnceLock<CloseCode>,
}

impl Shared {
    pub(super) fn new(connection: Connection, own_endpoint: Option<Endpoint>) -> Arc<Self> {
        Arc::new(Self { connection, own_endpoint, closed: OnceLock::new() })
    }

    pub(super) fn close(&self, code: CloseCode) {
        // The first word stands; and none is ours where the other side has closed before.
        if self.connection.close_reason().is_none() && self.closed.set(code).is_ok() {
            self.connection.close(VarInt::from_u32(u32::from(code.number())), code.name().as_bytes());
        }
    }

    /// Waits for the end, and where it was ours, for the other side to hear of it.
    pub(super) async fn ended(&self) -> Closed {
        let reason = self.closed_by(&self.connection.closed().await);
        if let (Closed::ByUs(_), Some(endpoint)) = (&reason, &self.own_endpoint) {
            // Where the other side does not answer there is no more to be done, so the time-out is no error.
            let _ = timeout(GOODBYE_TIME, endpoint.wait_idle()).await;
        }
        reason
    }

    pub(super) async fn open(self: &Arc<Self>) -> Result<Stream, LinkError> {
        let opened = timeout(OPEN_TIME, self.connection.open_bi()).await;
        let (send, recv) =
            opened.map_err(|_| LinkError::NoFreeStream)?.map_err(|reason| self.closed_by(&reason))?;
        Ok(half::stream(send, recv, self))
    }

    pub(super) async fn accept(self: &Arc<Self>) -> Result<Stream, LinkError> {
        let (send, recv) = self.connection.accept_bi().await.map_err(|reason| self.closed_by(&reason))?;
        Ok(half::stream(send, recv, self))
    }

    pub(super) fn closed_by(&self, reason: &ConnectionError) -> Closed {
        match reason {
            ConnectionError::LocallyClosed => {
                Closed::ByUs(self.closed.get().copied().unwrap_or(CloseCode::Goodbye))
            }
            ConnectionError::ApplicationClosed(close) => {
                // A number beyond ours is no code of this protocol, and reads as the largest.
                let number = u16::try_from(close.error_code.into_inner()).unwrap_or(u16::MAX);
                Closed::ByPeer(CloseCode::from(number))
            }
            ConnectionError::TimedOut => Closed::Lost("the other side fell silent".to_owned()),
            ConnectionError::Reset => Closed::Lost("the other side has restarted".to_owned()),
            other => Closed::Lost(other.to_string()),
        }
    }
}

impl QuicLink {
    pub(super) fn new(shared: Arc<Shared>, party: Party, agreed: Agreed) -> Self {
        let Agreed { version, software } = agreed;
        Self { peer: Peer { party, version, software }, shared }
    }

    /// The address from which the other side's packets come at present.
    #[must_use]
    pub fn remote_addr(&self) -> std::net::SocketAddr {
        self.shared.connection.remote_address()
    }
}

impl Link for QuicLink {
    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn open(&self) -> BoxFuture<'_, Result<Stream, LinkError>> {
        self.shared.open().boxed()
    }

    fn accept(&self) -> BoxFuture<'_, Result<Stream, LinkError>> {
        self.shared.accept().boxed()
    }

    fn close(&self, code: CloseCode) {
        self.shared.close(code);
    }

    fn closed(&self) -> BoxFuture<'_, Closed> {
        self.shared.ended().boxed()
    }
}

impl Drop for QuicLink {
    fn drop(&mut self) {
        self.shared.close(CloseCode::Goodbye);
    }
}

impl fmt::Debug for QuicLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuicLink").field("peer", &self.peer).finish_non_exhaustive()
    }
}
