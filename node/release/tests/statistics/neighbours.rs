//! What an attacker can learn who sees releases over and over, with one person and without.
//!
//! Events are fixed in advance; how often each comes about on either side gives bounds on its probabilities P and Q,
//! and from them follows what the mechanism costs at least. What is asked of each event holds for every event if the
//! claim is right.
//!
//! Of pure epsilon: ln(P/Q) is ε at most. And ε²/2 is a rho, the one that is charged, of which the second of these is
//! asked too.
//!
//! Of rho:
//! - P ≤ e^ε·Q + δ, with the claimed rho's epsilon at δ by OpenDP's conversion: what people are told;
//! - the Rényi divergence of order α of the event is ρ·α at most (Bun and Steinke, 2016, definition 1.1: that of the
//!   whole release is, and a function of the release has no more), so ρ is D_α/α at least. That is the most that one
//!   event can say of rho itself, which the conversion blurs: at δ = 1e-5 a rho of 2 is an epsilon of 10.7, and no
//!   event that 50,000 releases show is that telling. It is asked for a few orders, from 1 (the relative entropy) on:
//!   common events say more with small orders and rare ones with greater. Each divergence falls as P falls and Q rises,
//!   as long as P > Q, so bounds of P and Q give a bound of it.

use tvaers_release::conversion::{Delta, epsilon_of};
use tvaers_release::rho::Rho;

use crate::bounds::Bounds;

/// Where rho is turned into an epsilon.
const DELTA: f64 = 1e-5;

/// Orders above 1 at which divergences are asked for.
const ORDERS: [f64; 4] = [1.25, 1.5, 2.0, 4.0];

/// What events on both sides say that a release costs at least.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AtLeast {
    /// Of a pure epsilon.
    pub(crate) pure: f64,
    /// Of an epsilon at [`DELTA`].
    pub(crate) epsilon: f64,
    /// Of rho.
    pub(crate) rho: f64,
}

/// What is claimed: of a discrete Laplace epsilon, of a discrete Gaussian rho.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cost {
    Pure(f64),
    Zcdp(Rho),
}

impl Cost {
    /// Whether what was seen is within what is claimed.
    pub(crate) fn allows(self, seen: AtLeast) -> bool {
        match self {
            Self::Pure(epsilon) => seen.pure <= epsilon && seen.rho <= epsilon * epsilon / 2.0,
            Self::Zcdp(rho) => {
                let epsilon = epsilon_of(rho, Delta::new(DELTA).unwrap());
                seen.epsilon <= epsilon && seen.rho <= rho.nano() as f64 / 1e9
            }
        }
    }
}

/// How often each event came about with the person and without, in `trials` each.
pub(crate) fn at_least(seen: &[[usize; 2]], trials: usize, alarm: f64) -> AtLeast {
    // Two sides of each event, with a lower and an upper bound.
    let share = alarm / (4 * seen.len()) as f64;
    let mut found = AtLeast::default();
    for sides in seen {
        let [p, q] = sides.map(|seen| Bounds::new(seen, trials, share));
        for (p, q) in [(p, q), (q, p), (p.not(), q.not()), (q.not(), p.not())] {
            found.pure = found.pure.max((p.least / q.most).ln());
            found.epsilon = found.epsilon.max(((p.least - DELTA).max(0.0) / q.most).ln());
            found.rho = found.rho.max(rho_at_least(p.least, q.most));
        }
    }
    found
}

fn rho_at_least(p: f64, q: f64) -> f64 {
    if p <= q {
        return 0.0;
    }
    let entropy = p * (p / q).ln() + (1.0 - p) * ((1.0 - p) / (1.0 - q)).ln();
    let renyi = |order: f64| {
        let sum = p.powf(order) * q.powf(1.0 - order) + (1.0 - p).powf(order) * (1.0 - q).powf(1.0 - order);
        sum.ln() / (order - 1.0)
    };
    ORDERS.iter().map(|order| renyi(*order) / order).fold(entropy, f64::max)
}

#[test]
fn divergences_of_an_event_that_are_known() {
    // A half against a quarter: ln(4/3)/2, and of order 2 ln(1 + 1/3), half of which is the same.
    assert!((rho_at_least(0.5, 0.25) - 0.5 * (4.0_f64 / 3.0).ln()).abs() < 0.01);
    assert_eq!(rho_at_least(0.25, 0.5), 0.0);
    // A coin that tells everything is worth more than any rho.
    assert!(at_least(&[[50_000, 0]], 50_000, 1e-6).rho > 6.0);
}
