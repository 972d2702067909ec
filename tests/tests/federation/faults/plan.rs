//! What happens in one run. It follows from a seed alone.

use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tvaers_protocol::frame::Kind;

/// The nodes.
pub(super) const NODES: [&str; 3] = ["k360", "k376", "region_1085"];

/// Messages of the key generation and of the pseudonyms, with what stands at either end of these.
const KINDS: [Kind; 21] = [
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
    Kind::Compute,
    Kind::Computed,
    Kind::Pseudonymise,
    Kind::Pseudonymised,
    Kind::Progress,
    Kind::Relay,
    Kind::Evaluate,
    Kind::Evaluated,
    Kind::Contribute,
    // Where a pseudonym hangs on it, twice.
    Kind::Evaluate,
    Kind::Evaluated,
];

/// Mishaps of one run, at most.
const MISHAPS_MAX: usize = 5;

/// What happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// It is lost.
    Drop,
    /// It comes so many milliseconds later.
    Delay(u64),
    /// It comes twice.
    Twice,
    /// It comes, and again on a stream of its own so many milliseconds later.
    Again(u64),
    /// Its stream is cut.
    CutStream,
    /// The link is cut, and laid again.
    CutLink,
    /// The node's power is cut before it arrives.
    RestartNode,
    /// The coordinator's power is cut before it arrives.
    RestartCoordinator,
}

/// What happens to which message.
#[derive(Clone, Debug)]
pub(super) struct Mishap {
    /// At whose link.
    pub(super) node: &'static str,
    /// To a message of this kind.
    pub(super) kind: Kind,
    /// How many such pass there before.
    pub(super) after: u32,
    /// What.
    pub(super) what: What,
}

/// A sequence of mishaps.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) mishaps: Vec<Mishap>,
}

impl Plan {
    pub(super) fn new(seed: u64) -> Self {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let n_mishaps = rng.random_range(1..=MISHAPS_MAX);
        Self { seed, mishaps: (0..n_mishaps).map(|_| mishap(rng)).collect() }
    }
}

fn mishap(rng: &mut ChaCha8Rng) -> Mishap {
    let what = match rng.random_range(0..12) {
        0 => What::Drop,
        1 | 2 => What::Delay(rng.random_range(1..300)),
        3 => What::Twice,
        4 | 5 => What::Again(rng.random_range(0..300)),
        6 => What::CutStream,
        7 => What::CutLink,
        8..=10 => What::RestartNode,
        _ => What::RestartCoordinator,
    };
    let node = NODES.choose(rng).copied().unwrap_or(NODES[0]);
    let kind = KINDS.choose(rng).copied().unwrap_or(KINDS[0]);
    // Now and then what is made again after an earlier mishap.
    let after = u32::from(rng.random_range(0..4) == 0);
    Mishap { node, kind, after, what }
}
