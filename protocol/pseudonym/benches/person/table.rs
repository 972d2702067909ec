//! The table: what one person costs beside one multiplication, in one run.
//!
//! Each round takes every figure once, with multiplications before each, and the least of each over the rounds is
//! what counts: a neighbour can only add. All on one thread and in its CPU time. The limits are those of the issue
//! that asked for this speed, in multiplications, so that they hold on any machine.

use std::hint::black_box;

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar};
use rand::{SeedableRng as _, rngs::ChaCha20Rng};

use crate::{
    clock::micros_each,
    ours::{self, shares},
    theirs,
};

/// How often each figure is taken.
const ROUNDS: usize = 12;

/// Multiplications before each figure: a tenth of a second.
const MULTIPLICATIONS: usize = 5_000;

/// The least of what was measured so far, in microseconds.
#[derive(Clone, Copy)]
struct Least(f64);

impl Least {
    fn take(&mut self, micros: f64) {
        self.0 = self.0.min(micros);
    }
}

/// Measures and prints.
pub(crate) fn print() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(measure);
}

fn measure() {
    let rng = &mut ChaCha20Rng::seed_from_u64(2);
    let [two, three] = [2, 3].map(|threshold| ours::Asked::new(shares(5, threshold, rng), rng));
    let reference = theirs::Asked::new(rng);
    let [mut one, mut blind, mut finish2, mut finish3, mut holder] = [Least(f64::INFINITY); 5];
    let [mut their_blind, mut their_finish, mut their_holder] = [Least(f64::INFINITY); 3];
    for _ in 0..ROUNDS {
        one.take(multiplication(rng));
        blind.take(micros_each(ours::PERSONS, || drop(black_box(three.blind(rng)))));
        one.take(multiplication(rng));
        finish2.take(micros_each(ours::PERSONS, || drop(black_box(two.combine()))));
        one.take(multiplication(rng));
        finish3.take(micros_each(ours::PERSONS, || drop(black_box(three.combine()))));
        one.take(multiplication(rng));
        holder.take(micros_each(ours::PERSONS, || drop(black_box(three.evaluate(rng)))));
        one.take(multiplication(rng));
        their_blind.take(micros_each(theirs::PERSONS, || drop(black_box(reference.blind(rng)))));
        their_finish.take(micros_each(theirs::PERSONS, || drop(black_box(reference.finish()))));
        their_holder.take(micros_each(theirs::PERSONS, || drop(black_box(reference.evaluate(rng)))));
    }

    let one = one.0;
    let row = |who: &str, micros: f64, limit: Option<f64>| {
        let ratio = micros / one;
        let limit = limit.map_or_else(String::new, |limit| {
            let holds = if ratio <= limit { "holds" } else { "DOES NOT HOLD" };
            format!("{limit:>6.2}  {holds}")
        });
        println!("{who:<44}{micros:>9.2}{ratio:>8.2}  {limit}");
    };
    println!("\nCPU time of one thread, least of {ROUNDS} rounds; {}", backend());
    println!("{:<44}{:>9}{:>8}  {:>6}", "", "µs", "ratio", "limit");
    row("one multiplication, constant time", one, None);
    row("requester, a person, t = 2", blind.0 + finish2.0, Some(4.3));
    row("requester, a person, t = 3", blind.0 + finish3.0, Some(5.0));
    row("    of which blinding", blind.0, None);
    row("each holder, a person", holder.0, Some(1.65));
    row("`voprf` crate, requester, a person, 1 holder", their_blind.0 + their_finish.0, None);
    row("`voprf` crate, holder, a person", their_holder.0, None);
}

/// One variable-base multiplication by a secret, which the group's crate does in constant time.
fn multiplication(rng: &mut ChaCha20Rng) -> f64 {
    let scalar = Scalar::random(rng);
    let mut point = RistrettoPoint::random(rng);
    micros_each(MULTIPLICATIONS, || {
        for _ in 0..MULTIPLICATIONS {
            point = black_box(point) * black_box(scalar);
        }
        black_box(point);
    })
}

/// The arithmetic that curve25519-dalek uses in this build on this machine.
fn backend() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if cfg!(all(target_feature = "avx512ifma", target_feature = "avx512vl")) {
        return "AVX-512 IFMA";
    } else if std::arch::is_x86_feature_detected!("avx2") {
        return "AVX2";
    }
    "serial"
}
