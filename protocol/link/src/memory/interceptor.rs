//! Who stands in the middle of a link in memory, and what can happen to a frame there.

use std::time::Duration;

use tvaers_protocol::id::NodeId;

/// Looks at every frame on a link, in both directions, and decides what becomes of it.
///
/// A closure of the same shape is an interceptor.
pub trait Interceptor: Send + Sync {
    /// Decides about one encoded frame: header, then body. It may change it in place; bytes that are no frame any
    /// more reach the other side as they are.
    fn intercept(&self, passage: &Passage, frame: &mut Vec<u8>) -> Fate;
}

impl<F: Fn(&Passage, &mut Vec<u8>) -> Fate + Send + Sync> Interceptor for F {
    fn intercept(&self, passage: &Passage, frame: &mut Vec<u8>) -> Fate {
        self(passage, frame)
    }
}

/// Where a frame is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The node at one end of the link; the coordinator is at the other.
    pub node: NodeId,
    /// Where the frame goes.
    pub direction: Direction,
    /// Counts the link's streams from 0, in the order in which they were opened.
    pub stream: u64,
    /// Counts the frames of this stream in this direction from 0.
    pub frame: u64,
}

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the node to the coordinator.
    ToCoordinator,
    /// From the coordinator to the node.
    ToNode,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub const fn back(self) -> Self {
        match self {
            Self::ToCoordinator => Self::ToNode,
            Self::ToNode => Self::ToCoordinator,
        }
    }
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    Forward,
    /// It is lost, and the stream goes on.
    Drop,
    /// It goes on after this time; frames behind it on the same stream wait too.
    Delay(Duration),
    /// It arrives twice.
    Duplicate,
    /// It is lost, and this direction of the stream is cut.
    CutStream,
    /// It is lost, and the whole link with it.
    CutLink,
}
