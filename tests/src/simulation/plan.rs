//! What a simulation does, step by step. A plan follows from its seed alone, whatever comes of the steps.

use std::collections::BTreeSet;

use rand::rngs::ChaCha8Rng;
use rand::seq::{IndexedRandom as _, IteratorRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use tvaers_protocol::frame::Kind;
use tvaers_protocol::study::Grain;

use crate::fault::Fault;

/// The nodes: two regions and three municipalities.
pub(super) const NODES: [&str; 5] = ["k360", "k376", "k461", "region_1083", "region_1085"];

/// How often each step is drawn, relative to the others. A step that is not possible is drawn again.
const WEIGHTS: [(Draw, u32); 7] = [
    (Draw::Stratify, 8),
    (Draw::Import, 2),
    (Draw::Disconnect, 1),
    (Draw::Connect, 3),
    (Draw::Restart, 2),
    (Draw::RestartCoordinator, 1),
    (Draw::Replay, 3),
];

/// How often a stratification meets so many mishaps, by their number.
const MISHAPS: [u32; 4] = [3, 5, 3, 1];

/// How often each mishap is drawn.
const KINDS_OF_MISHAP: [(DrawMishap, u32); 5] = [
    (DrawMishap::Fault, 12),
    (DrawMishap::Delay, 2),
    (DrawMishap::Crash, 4),
    (DrawMishap::CoordinatorCrash, 3),
    (DrawMishap::Partition, 3),
];

/// In how many of a hundred disconnections nobody looks whether enough key holders are left.
const BELOW_QUORUM: u32 = 15;

/// Key holders that must be there.
pub(super) const QUORUM: usize = 3;

/// Messages of a run, any of which a mishap may meet.
const KINDS: [Kind; 42] = [
    Kind::Prepare,
    Kind::Prepared,
    Kind::Propose,
    Kind::Accepted,
    Kind::Open,
    Kind::Opened,
    Kind::KeyRound1,
    Kind::KeyRound1Package,
    Kind::KeyRound2,
    Kind::KeyRound2Packages,
    Kind::KeyRound3,
    Kind::KeyConfirmed,
    Kind::KeyPin,
    Kind::KeyPinned,
    Kind::Pseudonymise,
    Kind::Progress,
    Kind::Pseudonymised,
    Kind::Relay,
    Kind::Evaluate,
    Kind::Evaluated,
    Kind::Compute,
    Kind::Computed,
    Kind::Contribute,
    Kind::Contributions,
    Kind::ContributionsEnd,
    Kind::EventRequests,
    Kind::EventRequestsEnd,
    Kind::EventsAsked,
    Kind::SubmitEvents,
    Kind::Events,
    Kind::EventsEnd,
    Kind::Objections,
    Kind::ObjectionsEnd,
    Kind::ObjectionsTaken,
    Kind::HandBacks,
    Kind::HandBackEnd,
    Kind::HandedBack,
    Kind::Close,
    Kind::Closed,
    // Where most is at stake, twice.
    Kind::HandBackEnd,
    Kind::HandedBack,
    Kind::ContributionsEnd,
];

/// One step.
#[derive(Clone, Debug)]
pub enum Step {
    /// A node imports its data anew, a part of the rows about events being left out.
    Import {
        /// Which node.
        node: &'static str,
        /// How many of a hundred rows stay.
        keep: u32,
        /// Which they are.
        seed: u64,
    },
    /// A node goes.
    Disconnect(&'static str),
    /// A node comes.
    Connect(&'static str),
    /// A node's power is cut and comes back.
    Restart(&'static str),
    /// The coordinator's power is cut and comes back.
    RestartCoordinator,
    /// Frames of an earlier run are sent to a node again.
    Replay {
        /// Which node.
        node: &'static str,
        /// Which frames.
        seed: u64,
    },
    /// A model is asked for.
    Stratify(Stratify),
}

/// A stratification and what it meets.
#[derive(Clone, Debug)]
pub struct Stratify {
    /// The model.
    pub model: &'static str,
    /// Days from the reference date to the day of extraction.
    pub days_ago: i32,
    /// The grain.
    pub grain: Grain,
    /// For how long nodes are waited for.
    pub deadline_s: u64,
    /// What happens on the way.
    pub mishaps: Vec<Mishap>,
}

/// What can happen on the way.
#[derive(Clone, Debug)]
pub struct Mishap {
    /// The node at whose link it happens.
    pub node: &'static str,
    /// The first message of this kind is met.
    pub kind: Kind,
    /// What happens to it.
    pub what: What,
    /// When a node that is away for it is back.
    pub back: Back,
}

/// What happens to a message.
#[derive(Clone, Debug)]
pub enum What {
    /// A fault of [`crate::fault`].
    Fault(Fault),
    /// It comes later, in milliseconds.
    Delay(u64),
    /// The node's power is cut before it arrives.
    Crash,
    /// The coordinator's power is cut before it arrives.
    CoordinatorCrash,
    /// These nodes' links are cut.
    Cut(Vec<&'static str>),
    /// Nothing passes at these nodes any more, and nobody is told.
    Silence(Vec<&'static str>),
}

/// When a node is back.
#[derive(Clone, Copy, Debug)]
pub enum Back {
    /// At once.
    AtOnce,
    /// After so many seconds.
    After(u64),
    /// When the run is over.
    Afterwards,
}

#[derive(Clone, Copy)]
enum Draw {
    Stratify,
    Import,
    Disconnect,
    Connect,
    Restart,
    RestartCoordinator,
    Replay,
}

#[derive(Clone, Copy)]
enum DrawMishap {
    Fault,
    Delay,
    Crash,
    CoordinatorCrash,
    Partition,
}

/// Draws steps.
pub struct Plan {
    rng: ChaCha8Rng,
    up: BTreeSet<&'static str>,
}

impl Step {
    /// What it counts: itself and every mishap.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Stratify(stratify) => 1 + stratify.mishaps.len(),
            _ => 1,
        }
    }
}

fn weighted<T: Copy>(rng: &mut ChaCha8Rng, among: &[(T, u32)], otherwise: T) -> T {
    let mut left = rng.random_range(0..among.iter().map(|(_, weight)| weight).sum());
    for (this, weight) in among {
        if left < *weight {
            return *this;
        }
        left -= weight;
    }
    otherwise
}

fn one<T: Copy>(rng: &mut ChaCha8Rng, among: &[T], otherwise: T) -> T {
    among.choose(rng).copied().unwrap_or(otherwise)
}

impl Plan {
    /// The plan of this seed. It begins with everyone connected.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), up: NODES.into() }
    }

    fn node(&mut self) -> &'static str {
        one(&mut self.rng, &NODES, NODES[0])
    }

    fn disconnect(&mut self) -> Option<Step> {
        let may = self.up.len() > QUORUM || self.rng.random_range(0..100) < BELOW_QUORUM;
        let node = self.up.iter().copied().choose(&mut self.rng).filter(|_| may)?;
        self.up.remove(node);
        Some(Step::Disconnect(node))
    }

    fn connect(&mut self) -> Option<Step> {
        let node = NODES.into_iter().filter(|node| !self.up.contains(node)).choose(&mut self.rng)?;
        self.up.insert(node);
        Some(Step::Connect(node))
    }

    /// The next step, if the one that was drawn is possible.
    fn draw(&mut self) -> Option<Step> {
        Some(match weighted(&mut self.rng, &WEIGHTS, Draw::Stratify) {
            Draw::Stratify => Step::Stratify(self.stratify()),
            Draw::Import => Step::Import {
                node: self.node(),
                keep: one(&mut self.rng, &[40, 70, 90, 100], 100),
                seed: self.rng.random(),
            },
            Draw::Disconnect => self.disconnect()?,
            Draw::Connect => self.connect()?,
            Draw::Restart => Step::Restart(self.node()),
            Draw::RestartCoordinator => Step::RestartCoordinator,
            Draw::Replay => {
                let node = self.up.iter().copied().choose(&mut self.rng)?;
                Step::Replay { node, seed: self.rng.random() }
            }
        })
    }

    fn stratify(&mut self) -> Stratify {
        let numbers: Vec<(usize, u32)> = MISHAPS.into_iter().enumerate().collect();
        let mishaps = (0..weighted(&mut self.rng, &numbers, 0)).map(|_| self.mishap()).collect();
        let rng = &mut self.rng;
        Stratify {
            model: one(rng, &["sad", "sad", "somv", "somv_with_frontline"], "sad"),
            days_ago: one(rng, &[0, 0, 1, 2, 30, 31, 59, 180, 365], 0),
            grain: one(rng, &[Grain::Events, Grain::Events, Grain::Counts, Grain::Points], Grain::Events),
            deadline_s: one(rng, &[0, 3, 20], 0),
            mishaps,
        }
    }

    fn mishap(&mut self) -> Mishap {
        let drawn = weighted(&mut self.rng, &KINDS_OF_MISHAP, DrawMishap::Fault);
        let what = match drawn {
            DrawMishap::Fault => What::Fault(self.fault()),
            DrawMishap::Delay => What::Delay(one(&mut self.rng, &[100, 3_000, 30_000], 100)),
            DrawMishap::Crash => What::Crash,
            DrawMishap::CoordinatorCrash => What::CoordinatorCrash,
            DrawMishap::Partition => {
                let n_nodes = self.rng.random_range(1..=3);
                let nodes = NODES.sample(&mut self.rng, n_nodes).copied().collect();
                if self.rng.random() { What::Cut(nodes) } else { What::Silence(nodes) }
            }
        };
        let back = one(
            &mut self.rng,
            &[Back::AtOnce, Back::AtOnce, Back::After(2), Back::After(30), Back::Afterwards],
            Back::AtOnce,
        );
        Mishap { node: self.node(), kind: one(&mut self.rng, &KINDS, KINDS[0]), what, back }
    }

    fn fault(&mut self) -> Fault {
        let per_cent = self.rng.random_range(0..=100);
        let byte = self.rng.random_range(0..tvaers_protocol::frame::HEADER_BYTES);
        let all = [
            Fault::Flip(per_cent),
            Fault::FlipHeader(byte),
            Fault::Halve,
            Fault::Oversize,
            Fault::Drop,
            Fault::Duplicate,
            Fault::Swap,
            Fault::CutStream,
            Fault::CutLink,
        ];
        one(&mut self.rng, &all, Fault::CutLink)
    }
}

impl Iterator for Plan {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        loop {
            if let Some(step) = self.draw() {
                return Some(step);
            }
        }
    }
}
