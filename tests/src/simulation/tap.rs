//! Who stands in the middle of the simulated links: up to [`FAULTS`] of [`crate::fault`]'s, one behind the other, and
//! beside them crashes, partitions and delays, which someone at the rim has to carry out.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tvaers_link::memory::{Direction, Fate, Interceptor, Passage};
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::{NodeId, Pseudonym};
use tvaers_protocol::message::{Contributions, Propose};
use tvaers_protocol::record::ContributionShape;
use tvaers_protocol::study::{Disclosure, Grain};

use crate::fault::{Middle, Spot, is_of_heads};
use crate::simulation::plan::{Back, Mishap, What};

/// Faults on the way of one run, at most.
pub(super) const FAULTS: usize = 3;

/// What someone has to carry out.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A node's link has been cut.
    Gone(&'static str, Back),
    /// A node's power is cut.
    Crash(&'static str, Back),
    /// The coordinator's power is cut.
    CoordinatorCrash,
    /// Links are to be cut.
    Cut(Vec<&'static str>, Back),
    /// Nothing passes there any more.
    Silence(Vec<&'static str>, Back),
}

/// A study that was proposed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Proposal {
    /// Who was to take part.
    pub nodes: BTreeSet<NodeId>,
    /// The grain.
    pub grain: Grain,
    /// Whether work lists are to hold everything: a fault may have changed what a node said that it discloses.
    pub is_full: bool,
}

/// The frames that the coordinator sent to a node on one stream. No `Debug`: they are about persons.
#[derive(Clone)]
pub(super) struct Recorded {
    /// The node.
    pub node: NodeId,
    stream: u64,
    /// The frames.
    pub frames: Vec<Frame>,
}

#[derive(Default)]
struct Inside {
    armed: Vec<Mishap>,
    /// When a node is back whose link a fault cuts.
    backs: Vec<(&'static str, Back)>,
    silent: BTreeSet<&'static str>,
    struck: bool,
    is_drafted: bool,
    proposals: BTreeSet<Proposal>,
    recorded: Vec<Recorded>,
    shape: Option<ContributionShape>,
    pseudonyms: Vec<Pseudonym>,
}

/// Stands in the middle.
pub(super) struct Tap {
    inside: Mutex<Inside>,
    middles: [Middle; FAULTS],
    events: UnboundedSender<Event>,
    frames: Arc<AtomicU64>,
}

impl Tap {
    /// Tells `events` of what has to be carried out, and counts frames.
    #[must_use]
    pub(super) fn new(events: UnboundedSender<Event>, frames: Arc<AtomicU64>) -> Self {
        Self { inside: Mutex::default(), middles: Default::default(), events, frames }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for these mishaps from now on; what was noted before is forgotten.
    pub(super) fn arm(&self, mishaps: &[Mishap], shape: Option<ContributionShape>) {
        self.middles.iter().for_each(Middle::rest);
        let mut middles = self.middles.iter();
        let (mut armed, mut backs) = (Vec::new(), Vec::new());
        for mishap in mishaps {
            let What::Fault(fault) = mishap.what else {
                armed.push(mishap.clone());
                continue;
            };
            let (Some(middle), Ok(node)) = (middles.next(), NodeId::new(mishap.node)) else { continue };
            middle.set(Spot { node, kind: mishap.kind }, fault);
            backs.push((mishap.node, mishap.back));
        }
        *self.inside() = Inside { armed, backs, shape, ..Inside::default() };
    }

    /// Lets everything pass from now on; what was noted stays.
    pub(super) fn rest(&self) {
        let has_struck = self.has_struck();
        self.middles.iter().for_each(Middle::rest);
        let mut inside = self.inside();
        inside.struck |= has_struck;
        inside.armed.clear();
        inside.silent.clear();
    }

    /// Lets pass what concerns this node.
    pub(super) fn end_silence(&self, node: &str) {
        self.inside().silent.remove(node);
    }

    /// Whether any mishap has happened.
    #[must_use]
    pub(super) fn has_struck(&self) -> bool {
        self.inside().struck || self.middles.iter().any(Middle::has_struck)
    }

    /// Whether a node has been asked for a study.
    #[must_use]
    pub(super) fn is_drafted(&self) -> bool {
        self.inside().is_drafted
    }

    /// The studies that were proposed.
    #[must_use]
    pub(super) fn proposals(&self) -> BTreeSet<Proposal> {
        self.inside().proposals.clone()
    }

    /// What the coordinator sent.
    #[must_use]
    pub(super) fn take_recorded(&self) -> Vec<Recorded> {
        std::mem::take(&mut self.inside().recorded)
    }

    /// Pseudonyms that nodes sent.
    #[must_use]
    pub(super) fn take_pseudonyms(&self) -> Vec<Pseudonym> {
        std::mem::take(&mut self.inside().pseudonyms)
    }

    fn send(&self, event: Event) {
        // Nobody listens any more where the simulation is over.
        let _ = self.events.send(event);
    }

    fn carry_out(&self, mishap: Mishap, inside: &mut Inside) -> Fate {
        inside.struck = true;
        match mishap.what {
            What::Delay(time) => return Fate::Delay(Duration::from_millis(time)),
            What::Crash => self.send(Event::Crash(mishap.node, mishap.back)),
            What::CoordinatorCrash => self.send(Event::CoordinatorCrash),
            What::Cut(nodes) => self.send(Event::Cut(nodes, mishap.back)),
            What::Silence(nodes) => {
                inside.silent.extend(nodes.iter().copied());
                self.send(Event::Silence(nodes, mishap.back));
                return Fate::Forward;
            }
            What::Fault(_) => return Fate::Forward,
        }
        // The power goes, or the link, before the message arrives.
        Fate::CutLink
    }
}

impl Inside {
    fn note(&mut self, passage: &Passage, frame: &Frame) {
        self.is_drafted |= frame.kind() == Kind::Prepare;
        if let (Some(shape), Ok(contributions)) = (self.shape, frame.message::<Contributions>()) {
            let records = shape.read(&contributions.records).unwrap_or_default();
            self.pseudonyms.extend(records.into_iter().take(8).map(|record| record.pseudonym));
        }
        if passage.direction == Direction::ToCoordinator {
            return;
        }
        if let Ok(Propose { manifest }) = frame.message() {
            let manifest = manifest.content;
            let nodes = manifest.participants.into_iter().map(|participant| participant.node).collect();
            let is_full = manifest.disclosure == Disclosure::Items;
            self.proposals.insert(Proposal { nodes, grain: manifest.grain, is_full });
        }
        let is_same = |recorded: &&mut Recorded| {
            passage.frame > 0 && recorded.stream == passage.stream && recorded.node == passage.node
        };
        match self.recorded.iter_mut().rev().find(is_same) {
            Some(recorded) => recorded.frames.push(frame.clone()),
            None => self.recorded.push(Recorded {
                node: passage.node.clone(),
                stream: passage.stream,
                frames: vec![frame.clone()],
            }),
        }
    }
}

impl Interceptor for Tap {
    fn intercept(&self, passage: &Passage, bytes: &mut Vec<u8>) -> Fate {
        self.frames.fetch_add(1, Ordering::Relaxed);
        let inside = &mut *self.inside();
        if let Ok(frame) = Frame::decode(bytes) {
            inside.note(passage, &frame);
            let is_here = |mishap: &Mishap| {
                passage.node.as_str() == mishap.node && frame.kind() == mishap.kind && !is_of_heads(&frame)
            };
            if let Some(at) = inside.armed.iter().position(is_here) {
                let mishap = inside.armed.swap_remove(at);
                let fate = self.carry_out(mishap, inside);
                if fate != Fate::Forward {
                    return fate;
                }
            }
        }
        if inside.silent.contains(passage.node.as_str()) {
            return Fate::Drop;
        }
        for (middle, (node, back)) in self.middles.iter().zip(&inside.backs) {
            let fate = middle.intercept(passage, bytes);
            if fate == Fate::CutLink {
                self.send(Event::Gone(node, *back));
            }
            if fate != Fate::Forward {
                return fate;
            }
        }
        Fate::Forward
    }
}
