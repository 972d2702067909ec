//! Links in memory, for tests: the same frames on the same streams, with someone in the middle who may do what a
//! network or a hostile coordinator could.
//!
//! A task per direction of a stream carries whole frames from one end to the other and asks the [`Interceptor`]
//! about each. Delays are Tokio's, so a test with paused time does not wait for them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, mpsc, watch};
use tvaers_protocol::frame::VERSION;
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::NodeId;

use crate::limit::STREAMS_MAX;
use crate::link::{CloseCode, Closed, Link, LinkError, Party, Peer};
use crate::stream::Stream;

mod carry;
mod interceptor;
mod pipe;
#[cfg(test)]
mod tests;

pub use interceptor::{Direction, Fate, Interceptor, Passage};

/// One end of a link in memory.
pub struct MemoryLink {
    peer: Peer,
    side: Direction,
    wire: Arc<Wire>,
    to_peer: mpsc::Sender<Stream>,
    from_peer: Mutex<mpsc::Receiver<Stream>>,
}

/// What both ends and all streams share.
struct Wire {
    node: NodeId,
    interceptor: Arc<dyn Interceptor>,
    streams: AtomicU64,
    ended: watch::Sender<Option<End>>,
}

/// How a link in memory ended.
#[derive(Clone, Copy)]
enum End {
    /// The side that sends in this direction closed it.
    Closed(Direction, CloseCode),
    /// The interceptor cut it.
    Cut,
}

/// A link between `node` and the coordinator: the node's end, then the coordinator's.
#[must_use]
pub fn pair(node: NodeId) -> (MemoryLink, MemoryLink) {
    intercepted_pair(node, Arc::new(|_: &Passage, _: &mut Vec<u8>| Fate::Forward))
}

/// The same with `interceptor` in the middle. Streams run on the current Tokio runtime.
#[must_use]
pub fn intercepted_pair(node: NodeId, interceptor: Arc<dyn Interceptor>) -> (MemoryLink, MemoryLink) {
    let ended = watch::Sender::new(None);
    let wire = Arc::new(Wire { node: node.clone(), interceptor, streams: AtomicU64::new(0), ended });
    let queue = usize::try_from(STREAMS_MAX).unwrap_or(usize::MAX);
    let (to_coordinator, at_coordinator) = mpsc::channel(queue);
    let (to_node, at_node) = mpsc::channel(queue);
    let end = |side, party, to_peer, from_peer| MemoryLink {
        peer: Peer { party, version: VERSION, software: memory() },
        side,
        wire: Arc::clone(&wire),
        to_peer,
        from_peer: Mutex::new(from_peer),
    };
    (
        end(Direction::ToCoordinator, Party::Coordinator, to_coordinator, at_node),
        end(Direction::ToNode, Party::Node(node), to_node, at_coordinator),
    )
}

fn memory() -> Software {
    #[expect(clippy::expect_used, reason = "the text is a constant of printable ASCII")]
    Software::new("memory").expect("`memory` is printable")
}

impl Wire {
    fn end(&self, end: End) {
        self.ended.send_if_modified(|state| {
            let first = state.is_none();
            // The first word stands.
            state.get_or_insert(end);
            first
        });
    }

    /// How the link ended, as the side that sends in direction `side` sees it.
    fn ended(&self, side: Direction) -> Option<Closed> {
        self.ended.borrow().map(|end| match end {
            End::Closed(by, code) if by == side => Closed::ByUs(code),
            End::Closed(_, code) => Closed::ByPeer(code),
            End::Cut => Closed::Lost("the other side fell silent".to_owned()),
        })
    }

    async fn until_ended(&self, side: Direction) -> Closed {
        let mut ended = self.ended.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = ended.wait_for(Option::is_some).await;
        self.ended(side).unwrap_or_else(|| Closed::Lost(String::new()))
    }
}

impl Link for MemoryLink {
    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn open(&self) -> BoxFuture<'_, Result<Stream, LinkError>> {
        async {
            if let Some(closed) = self.wire.ended(self.side) {
                return Err(closed.into());
            }
            let number = self.wire.streams.fetch_add(1, Ordering::Relaxed);
            Ok(carry::open(&self.wire, self.side, number, self.to_peer.clone()))
        }
        .boxed()
    }

    fn accept(&self) -> BoxFuture<'_, Result<Stream, LinkError>> {
        async {
            let mut from_peer = self.from_peer.lock().await;
            tokio::select! {
                biased;
                closed = self.wire.until_ended(self.side) => Err(closed.into()),
                // The other end's sender is dropped only as it closes the link.
                Some(stream) = from_peer.recv() => Ok(stream),
            }
        }
        .boxed()
    }

    fn close(&self, code: CloseCode) {
        self.wire.end(End::Closed(self.side, code));
    }

    fn closed(&self) -> BoxFuture<'_, Closed> {
        self.wire.until_ended(self.side).boxed()
    }
}

impl Drop for MemoryLink {
    fn drop(&mut self) {
        self.close(CloseCode::Goodbye);
    }
}

impl fmt::Debug for MemoryLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLink").field("peer", &self.peer).finish_non_exhaustive()
    }
}
