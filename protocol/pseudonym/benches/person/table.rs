//! The table: what one person costs beside one multiplication, in one run.
//!
//! A neighbour on the machine only ever adds, so the least over the rounds counts. But the least of many short
//! samples finds quieter moments than that of a few long ones: so each figure has multiplications of its own beside
//! it, as many samples, each as long and taken right after, and its ratio is to the least of those. All on one
//! thread and in its CPU time. The limits are those of the issue that asked for this speed, in multiplications, so
//! that they hold on any machine.

use std::{hint::black_box, time::Duration};

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar};
use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use tvaers_pseudonym::backend::Backend;

use crate::{
    clock, numbers,
    ours::{self, shares},
    stolen::Thief,
    theirs,
};

/// How often each figure is taken.
const ROUNDS: usize = 12;

/// Multiplications between two looks at the clock.
const MULTIPLICATIONS: u32 = 250;

/// One figure: the least time a person, and of one multiplication beside it, in microseconds.
#[derive(Clone, Copy)]
struct Figure {
    persons: usize,
    micros: f64,
    multiplication: f64,
}

impl Figure {
    fn of(persons: usize) -> Self {
        Self { persons, micros: f64::INFINITY, multiplication: f64::INFINITY }
    }

    /// Takes a sample of `work` on a batch, and one of multiplications that lasts as long.
    fn take(&mut self, rng: &mut ChaCha20Rng, work: impl FnOnce(&mut ChaCha20Rng)) {
        let start = clock::cpu();
        work(rng);
        let elapsed = clock::cpu() - start;
        self.micros = self.micros.min(elapsed.as_secs_f64() * 1e6 / self.persons as f64);
        self.multiplication = self.multiplication.min(multiplication(rng, elapsed));
    }

    fn ratio(&self) -> f64 {
        self.micros / self.multiplication
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
    let thief = Thief::with(three.quorum(), &ours::STUDY);
    let outputs = three.combine();
    let is_right = outputs.iter().map(|output| output.pseudonym).eq(thief.pseudonyms(three.persons()));
    assert!(is_right, "a stolen key gives the pseudonyms that nodes get");

    let [mut blind, mut finish2, mut finish3, mut holder, mut trial] = [Figure::of(ours::PERSONS); 5];
    let [mut their_blind, mut their_finish, mut their_holder] = [Figure::of(theirs::PERSONS); 3];
    for _ in 0..ROUNDS {
        blind.take(rng, |rng| drop(black_box(three.blind(rng))));
        finish2.take(rng, |_| drop(black_box(two.combine())));
        finish3.take(rng, |_| drop(black_box(three.combine())));
        holder.take(rng, |rng| drop(black_box(three.evaluate(rng))));
        trial.take(rng, |_| drop(black_box(thief.pseudonyms(three.persons()))));
        their_blind.take(rng, |rng| drop(black_box(reference.blind(rng))));
        their_finish.take(rng, |_| drop(black_box(reference.finish())));
        their_holder.take(rng, |rng| drop(black_box(reference.evaluate(rng))));
    }

    let figures = [blind, finish2, finish3, holder, trial, their_blind, their_finish, their_holder];
    let one = figures.map(|figure| figure.multiplication).into_iter().fold(f64::INFINITY, f64::min);
    println!("\nCPU time of one thread, least of {ROUNDS} rounds; {}", Backend::in_use());
    println!("{:<46}{:>8}{:>9}{:>8}", "", "µs", "ratio", "limit");
    println!("{:<46}{one:>8.2}", "one multiplication, constant time");
    let row = |who: &str, parts: &[Figure], limit: Option<f64>| {
        let micros: f64 = parts.iter().map(|part| part.micros).sum();
        let ratio: f64 = parts.iter().map(Figure::ratio).sum();
        let limit = limit.map_or_else(String::new, |limit| {
            format!("{limit:>8.2}  {}", if ratio <= limit { "holds" } else { "DOES NOT HOLD" })
        });
        println!("{who:<46}{micros:>8.2}{ratio:>9.2}{limit}");
    };
    row("requester, a person, t = 2", &[blind, finish2], Some(4.3));
    row("requester, a person, t = 3", &[blind, finish3], Some(5.0));
    row("    of which blinding", &[blind], None);
    row("each holder, a person", &[holder], Some(1.65));
    row("`voprf` crate, requester, a person, one holder", &[their_blind, their_finish], None);
    row("`voprf` crate, holder, a person", &[their_holder], None);
    row("one CPR number tried under a stolen key", &[trial], None);

    let numbers = numbers::count();
    println!("\nplausible CPR numbers, and core-minutes to try them all under a stolen key");
    for (which, count) in [("that keep to modulus 11", numbers.modulus_11), ("all", numbers.all)] {
        println!("{which:<46}{count:>12}{:>9.1}", count as f64 * trial.micros / 60e6);
    }
}

/// One variable-base multiplication by a secret, which the group's crate does in constant time: in microseconds, over
/// at least this time.
fn multiplication(rng: &mut ChaCha20Rng, time: Duration) -> f64 {
    let scalar = Scalar::random(rng);
    let mut point = RistrettoPoint::random(rng);
    let (start, mut count) = (clock::cpu(), 0_u32);
    loop {
        for _ in 0..MULTIPLICATIONS {
            point = black_box(point) * black_box(scalar);
        }
        count += MULTIPLICATIONS;
        let elapsed = clock::cpu() - start;
        if elapsed >= time {
            black_box(point);
            return elapsed.as_secs_f64() * 1e6 / f64::from(count);
        }
    }
}
