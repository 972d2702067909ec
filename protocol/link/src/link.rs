//! A link: one connection to a party that is known, on which either side opens streams.
//!
//! There are two: [`crate::quic`] for the world, `memory` for tests. A third over TLS on TCP, for networks that let
//! no UDP through, would carry the same frames.

use std::fmt;

use futures_util::future::BoxFuture;
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::reject::RejectCode;

use crate::stream::Stream;

/// A connection to a known party. Dropping it closes it with [`CloseCode::Goodbye`].
pub trait Link: Send + Sync + fmt::Debug {
    /// Who is at the other end.
    fn peer(&self) -> &Peer;

    /// Opens a stream; the other side sees it with its first frame.
    ///
    /// Waits at most [`crate::limit::OPEN_TIME`] for a free stream.
    fn open(&self) -> BoxFuture<'_, Result<Stream, LinkError>>;

    /// The next stream that the other side opened. May be cancelled without losing one.
    ///
    /// It waits as long as the link lives, and a link does not outlive its peer: keep-alive and idle time see to it.
    fn accept(&self) -> BoxFuture<'_, Result<Stream, LinkError>>;

    /// Closes the link. Streams end at once, and frames that the other side has not read are lost, so let it answer
    /// the last one first.
    fn close(&self, code: CloseCode);

    /// Waits until the link is closed by either side or lost; where it was closed on this side, until the other has
    /// been told, at most [`crate::limit::GOODBYE_TIME`].
    fn closed(&self) -> BoxFuture<'_, Closed>;
}

/// The party at the other end, as it proved to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Who.
    pub party: Party,
    /// The version of the protocol that both speak.
    pub version: u8,
    /// What it runs, in its own words.
    pub software: Software,
}

/// A role, and the name of whoever has it where there are several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    /// The federation's one coordinator.
    Coordinator,
    /// A node of the roster.
    Node(NodeId),
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coordinator => f.write_str("the coordinator"),
            Self::Node(node) => write!(f, "node `{node}`"),
        }
    }
}

/// Why a party closes a link: a number on the wire, without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// Nothing is wrong.
    Goodbye,
    /// The party refuses to talk on.
    Rejected(RejectCode),
}

impl CloseCode {
    /// The number on the wire: 0, or that of the refusal.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::Goodbye => 0,
            Self::Rejected(code) => code.number(),
        }
    }

    /// The name, which travels beside the number for those who look at packets.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Goodbye => "goodbye",
            Self::Rejected(code) => code.name(),
        }
    }
}

impl From<u16> for CloseCode {
    fn from(number: u16) -> Self {
        match number {
            0 => Self::Goodbye,
            number => Self::Rejected(RejectCode::from(number)),
        }
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Goodbye => f.write_str("goodbye"),
            Self::Rejected(code) => code.fmt(f),
        }
    }
}

/// How a link ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// This side closed it.
    #[error("this side closed the connection: {0}")]
    ByUs(CloseCode),
    /// The other side closed it.
    #[error("the other side closed the connection: {0}")]
    ByPeer(CloseCode),
    /// Nobody closed it: the other side fell silent or lost its state, or the network broke.
    #[error("the connection is lost: {0}")]
    Lost(String),
}

/// Why there is no stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The link has ended.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// The other side allows no further stream for now.
    #[error("all streams are in use and none came free within the time limit")]
    NoFreeStream,
}
