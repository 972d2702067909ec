//! Who stands in the middle: does one thing to one frame, and takes note of all that pass.
//!
//! A fault is stated by what it hits (a node, a direction, a kind of message, the how-manieth) and what it does. What
//! the parties make of it is for the test to look at.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tvaers_link::memory::{Direction, Fate, Interceptor, Passage};
use tvaers_protocol::frame::{Frame, HEADER_BYTES, Kind};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::Message;
use tvaers_protocol::reject::{Reject, RejectCode};

/// What happens to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A bit of the body, at this share of its length in per cent, is flipped; of the header where there is no body.
    Flip(usize),
    /// A bit of the header is flipped, in this byte.
    FlipHeader(usize),
    /// The second half of the frame is missing, and what follows stands where it should.
    Halve,
    /// The header announces more than anyone may send.
    Oversize,
    /// It is lost.
    Drop,
    /// It comes twice.
    Duplicate,
    /// It comes after the frame behind it on its stream.
    Swap,
    /// The stream is cut.
    CutStream,
    /// The link is cut.
    CutLink,
}

/// Which frame it happens to: the first of this kind that passes at this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The node at one end of the link.
    pub node: NodeId,
    /// The message.
    pub kind: Kind,
}

/// A refusal that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The node at one end of the link.
    pub node: NodeId,
    /// Where the refusal went.
    pub direction: Direction,
    /// Its code.
    pub code: RejectCode,
}

type Rewrite = Box<dyn Fn(&Passage, &Frame) -> Option<Vec<u8>> + Send>;

#[derive(Default)]
struct Inside {
    fault: Option<(Spot, Fault)>,
    rewrite: Option<Rewrite>,
    held: Option<(Passage, Vec<u8>)>,
    struck: bool,
    refused: Vec<Refused>,
    kinds: BTreeSet<(Direction, Kind)>,
    recorded: Vec<Frame>,
    record: bool,
    /// Studies of which a frame has passed, and those of runs before: stragglers of those are left alone.
    studies: BTreeSet<Digest>,
    bygone: BTreeSet<Digest>,
}

impl Inside {
    /// What the next run begins with.
    fn next(&mut self) -> Self {
        let mut bygone = std::mem::take(&mut self.bygone);
        bygone.append(&mut self.studies);
        bygone.remove(&Digest::NONE);
        Self { bygone, ..Self::default() }
    }
}

/// Stands in the middle of every link of a federation.
#[derive(Default)]
pub struct Middle {
    inside: Mutex<Inside>,
    struck: Notify,
}

impl Middle {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on waits for this frame and does this to it, once. What was noted before is forgotten.
    pub fn set(&self, spot: Spot, fault: Fault) {
        let mut inside = self.inside();
        *inside = Inside { fault: Some((spot, fault)), ..inside.next() };
    }

    /// From now on hands every message of this type, with its study, to `rewrite`, which may change it and says
    /// whether it has.
    pub fn rewrite<M: Message>(&self, rewrite: impl Fn(&Passage, Digest, &mut M) -> bool + Send + 'static) {
        let whole = move |passage: &Passage, frame: &Frame| {
            let mut message: M = frame.message().ok()?;
            if !rewrite(passage, frame.header().study, &mut message) {
                return None;
            }
            let header = frame.header();
            Frame::of(header.roster, header.study, &message).ok().map(|frame| frame.encode())
        };
        let mut inside = self.inside();
        *inside = Inside { rewrite: Some(Box::new(whole)), ..inside.next() };
    }

    /// From now on only looks on.
    pub fn rest(&self) {
        let mut inside = self.inside();
        *inside = inside.next();
    }

    /// From now on keeps every frame that passes.
    pub fn record(&self) {
        let mut inside = self.inside();
        *inside = Inside { record: true, ..inside.next() };
    }

    /// The frames kept since [`Self::record`].
    #[must_use]
    pub fn recorded(&self) -> Vec<Frame> {
        std::mem::take(&mut self.inside().recorded)
    }

    /// Whether the frame has passed.
    #[must_use]
    pub fn has_struck(&self) -> bool {
        self.inside().struck
    }

    /// Waits until the frame has passed.
    pub async fn until_struck(&self) {
        self.struck.notified().await;
    }

    /// The refusals that have passed.
    #[must_use]
    pub fn refused(&self) -> Vec<Refused> {
        self.inside().refused.clone()
    }

    /// The kinds of messages that have passed, each with its direction.
    #[must_use]
    pub fn kinds(&self) -> BTreeSet<(Direction, Kind)> {
        self.inside().kinds.clone()
    }
}

impl Interceptor for Middle {
    fn intercept(&self, passage: &Passage, bytes: &mut Vec<u8>) -> Fate {
        let inside = &mut *self.inside();
        let frame = Frame::decode(bytes);
        let mut kind = frame.as_ref().ok().map(Frame::kind);
        if let Ok(frame) = &frame {
            inside.studies.insert(frame.header().study);
            if is_of_heads(frame) {
                kind = None;
            } else {
                inside.kinds.insert((passage.direction, frame.kind()));
            }
            if let Ok(Reject { code }) = frame.message() {
                inside.refused.push(Refused {
                    node: passage.node.clone(),
                    direction: passage.direction,
                    code,
                });
            }
            if let Some(rewritten) = inside.rewrite.as_ref().and_then(|rewrite| rewrite(passage, frame)) {
                *bytes = rewritten;
                inside.struck = true;
            }
            if inside.record {
                inside.recorded.push(frame.clone());
            }
        }
        if let Some((_, held)) = inside.held.take_if(|(at, _)| is_behind(at, passage)) {
            // Two frames in one piece are two frames to whoever reads the stream.
            bytes.extend_from_slice(&held);
            return Fate::Forward;
        }
        if frame.is_ok_and(|frame| inside.bygone.contains(&frame.header().study)) {
            kind = None;
        }
        let here = |(spot, _): &mut (Spot, Fault)| spot.node == passage.node && Some(spot.kind) == kind;
        let Some((_, fault)) = inside.fault.take_if(here) else {
            return Fate::Forward;
        };
        inside.struck = true;
        self.struck.notify_one();
        if fault == Fault::Swap {
            inside.held = Some((passage.clone(), std::mem::take(bytes)));
            return Fate::Drop;
        }
        strike(fault, bytes)
    }
}

/// Whether a frame is about heads of audit logs, which pass whenever a node connects and belong to no run. What is relayed
/// outside a study is that, or for a witness of the ledger, whom a laboratory's policy does not want.
#[must_use]
pub fn is_of_heads(frame: &Frame) -> bool {
    match frame.kind() {
        Kind::AskCountersign | Kind::Countersigned => true,
        Kind::Relay => frame.header().study == Digest::NONE,
        _ => false,
    }
}

fn is_behind(before: &Passage, passage: &Passage) -> bool {
    Passage { frame: passage.frame, ..before.clone() } == *passage
}

fn strike(fault: Fault, bytes: &mut Vec<u8>) -> Fate {
    match fault {
        Fault::Flip(per_cent) => {
            let body = bytes.len().saturating_sub(HEADER_BYTES);
            let at = if body == 0 { HEADER_BYTES - 1 } else { HEADER_BYTES + (body - 1) * per_cent / 100 };
            flip(bytes, at);
            Fate::Forward
        }
        Fault::FlipHeader(at) => {
            flip(bytes, at);
            Fate::Forward
        }
        Fault::Halve => {
            bytes.truncate(bytes.len() / 2);
            Fate::Forward
        }
        Fault::Oversize => {
            for (to, from) in bytes.iter_mut().skip(4).zip([0x7f, 0xff, 0xff, 0xff]) {
                *to = from;
            }
            Fate::Forward
        }
        Fault::Drop | Fault::Swap => Fate::Drop,
        Fault::Duplicate => Fate::Duplicate,
        Fault::CutStream => Fate::CutStream,
        Fault::CutLink => Fate::CutLink,
    }
}

fn flip(bytes: &mut [u8], at: usize) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 0x04;
    }
}
