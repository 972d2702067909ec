//! What an attacker can learn who sees releases over and over, with one person and without: no more than is claimed.
//!
//! Two data sets, of which one has one person more, who is the only one in a cell: [`TRIALS`] releases of each. Events
//! were fixed in advance; how often each comes about gives bounds by Clopper and Pearson (1934) that hold together but
//! with probability [`ALARM`], and from them follows what the mechanism costs at least.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic; clippy only knows the tests themselves")]

use tvaers_release::conversion::{Delta, epsilon_of};
use tvaers_release::{exact::Exact, measure::Measure, mechanism::Mechanism, rho::Rho};

const TRIALS: usize = 20_000;

/// With what probability a right claim is refused.
const ALARM: f64 = 1e-6;

/// What is charged. Scale 0.5: the person stands out clearly, so that a wrong claim has nowhere to hide.
const CLAIM: &str = "2";

/// The events: the cell's noisy value is this or more.
const EVENTS: [i64; 3] = [0, 1, 2];

const DELTA: f64 = 1e-5;

/// The noisy value of the cell that the person is in, over and over. Two others are in another cell.
fn seen(with_the_person: bool) -> Vec<i64> {
    let measure = Measure::count(2, 1, 1_000).unwrap();
    let mechanism = Mechanism::discrete_gaussian(measure, CLAIM.parse().unwrap()).unwrap();
    let trial = || {
        let mut exact = Exact::gather(measure);
        exact.person(&[(0, 1)]).unwrap();
        exact.person(&[(0, 1)]).unwrap();
        if with_the_person {
            exact.person(&[(1, 1)]).unwrap();
        }
        exact.release(&mechanism).unwrap().last().unwrap().value()
    };
    (0..TRIALS).map(|_| trial()).collect()
}

/// How probable an event is, at least and at most.
#[derive(Clone, Copy)]
struct Bounds {
    least: f64,
    most: f64,
}

impl Bounds {
    /// Each side with a share of the alarm: two data sets, and two sides of each event.
    fn of(event: impl Fn(i64) -> bool, values: &[i64]) -> Self {
        let alarm = ALARM / (4 * EVENTS.len()) as f64;
        let n = values.len();
        let seen = values.iter().filter(|value| event(**value)).count();
        let most = upper(seen, n, alarm);
        Self { least: 1.0 - upper(n - seen, n, alarm), most }
    }

    /// Of the event that it does not come about.
    fn not(self) -> Self {
        Self { least: 1.0 - self.most, most: 1.0 - self.least }
    }
}

/// The probability at which `seen` or fewer of `n` come about with probability `alarm`.
fn upper(seen: usize, n: usize, alarm: f64) -> f64 {
    let ln_factorial: Vec<f64> = (0..=n)
        .scan(0.0, |sum, i| {
            *sum += (i.max(1) as f64).ln();
            Some(*sum)
        })
        .collect();
    let factorial = |i: usize| ln_factorial.get(i).copied().unwrap();
    let at_most = |p: f64| -> f64 {
        let term = |k: usize| {
            let ways = factorial(n) - factorial(k) - factorial(n - k);
            (ways + k as f64 * p.ln() + (n - k) as f64 * (-p).ln_1p()).exp()
        };
        (0..=seen).map(term).sum()
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if at_most(middle) > alarm { low = middle } else { high = middle }
    }
    if seen == n { 1.0 } else { high }
}

/// The least epsilon that is possible at [`DELTA`]: P(A) ≤ e^ε·Q(A) + δ for every event.
fn epsilon_at_least(p: Bounds, q: Bounds) -> f64 {
    ((p.least - DELTA).max(0.0) / q.most).ln()
}

/// The least rho that is possible: for a ρ-zCDP mechanism D_α(P‖Q) ≤ ρα for all α > 1, so in the limit the relative
/// entropy is ρ at most, that of any event included. It falls as the two probabilities come closer.
fn rho_at_least(p: Bounds, q: Bounds) -> f64 {
    let (p, q) = (p.least, q.most);
    if p <= q { 0.0 } else { p * (p / q).ln() + (1.0 - p) * ((1.0 - p) / (1.0 - q)).ln() }
}

#[test]
fn what_releases_give_away_is_less_than_claimed_and_more_than_a_wrong_claim() {
    let (with, without) = (seen(true), seen(false));
    let (mut epsilon, mut rho) = (0.0_f64, 0.0_f64);
    for event in EVENTS {
        let [p, q] = [&with, &without].map(|values| Bounds::of(|value| value >= event, values));
        for (p, q) in [(p, q), (q, p), (p.not(), q.not()), (q.not(), p.not())] {
            epsilon = epsilon.max(epsilon_at_least(p, q));
            rho = rho.max(rho_at_least(p, q));
        }
    }
    let delta = Delta::new(DELTA).unwrap();
    let claimed = |rho: &str| epsilon_of(rho.parse().unwrap(), delta);
    assert!(epsilon < claimed(CLAIM), "epsilon is {epsilon} at least");
    assert!(rho < 2.0, "rho is {rho} at least");
    // Wrong claims are refused by the same figures. Expected are about 4.3 and 1.54, each more than six standard errors
    // from the claims below.
    assert!(epsilon > claimed("0.2"), "epsilon is {epsilon} at least");
    assert!(rho > 1.3, "rho is {rho} at least");
    assert_eq!(CLAIM.parse(), Ok(Rho::from_nano(2_000_000_000)));
}

#[test]
fn bounds_are_those_of_clopper_and_pearson() {
    // No event in n trials: 1 − a^(1/n). All: 1.
    assert!((upper(0, 100, 0.05) - (1.0 - 0.05_f64.powf(0.01))).abs() < 1e-9);
    assert!((upper(10, 10, 0.05) - 1.0).abs() < 1e-9);
    // 95 % one-sided for 5 of 10, from tables: 0.7776.
    assert!((upper(5, 10, 0.05) - 0.777_558).abs() < 1e-5);
}
