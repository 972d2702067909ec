//! What one person costs, on one core, beside the one operation that nobody can avoid: a multiplication of a point
//! by a secret scalar.
//!
//! Criterion gives the individual figures. One "iteration" is one person, in batches of 10,000 as nodes send them.
//! With one thread they are CPU time, with two wall-clock time. The table at the end is measured apart, with
//! multiplications in between ([`table`]).
//!
//! Measured on a virtual machine with two cores of an Intel Xeon (Sapphire Rapids) while others compiled on it, so
//! the microseconds are too high by a tenth to a half; what carries over to other machines is the ratio. The columns
//! are the arithmetic chosen at run time by a build without the flag in `.cargo/config.toml`, and a build with
//! `-C target-cpu=native`.
//!
//! | | AVX2, µs | ratio | IFMA, µs | ratio | limit |
//! |---|---|---|---|---|---|
//! | one multiplication | 41.8 | 1 | 19.7 | 1 | |
//! | requester, t = 2 | 123 | 2.75 | 78 | 3.87 | 4.30 |
//! | requester, t = 3 | 141 | 3.13 | 89 | 4.32 | 5.00 |
//! | each holder | 52 | 1.20 | 28 | 1.38 | 1.65 |
//! | `voprf` crate, requester, one holder | 203 | 4.76 | 201 | 10.2 | |
//! | `voprf` crate, holder | 96 | 2.24 | 98 | 4.84 | |
//!
//! AVX2 suffers from such neighbours more than the arithmetic without vectors does, which flatters its ratios. On a
//! quiet machine the prototype of this protocol had 27.2 µs for a multiplication, 102 and 129 for the requester and
//! 41 to 44 for the holder with AVX2, and 17.2, 69, 76 to 83, and 26 to 27 with IFMA.
//!
//! On a virtual AMD of the Zen 5 kind, IFMA chosen at run time has 15.0 µs for a multiplication, 56 and 64 for the
//! requester and 21 for the holder (ratios 3.66, 4.19, 1.41); a build that may use it throughout, as the flavour `ifma`
//! of a package, has 13.5, 51, 58 and 20 (3.75, 4.29, 1.45), the flavour `avx2` 26.3, 83, 92 and 33 (3.13,
//! 3.48, 1.25).
//!
//! The last line is no party's work but a thief's ([`stolen`]): what it costs to try one number under a stolen key, and
//! so all that there are ([`numbers`]). SECURITY.md has the figures.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark has no callers, prints its figures, and stops where something is wrong"
)]

mod clock;
mod numbers;
mod ours;
mod stolen;
mod table;
mod theirs;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::Criterion;
use ours::{Asked, PERSONS, shares};
use rand::{SeedableRng as _, rngs::ChaCha20Rng};

fn main() {
    let criterion = &mut Criterion::default().configure_from_args();
    person(criterion);
    criterion.final_summary();
    // `cargo test --benches` and `--list` ask for no figures.
    if !std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        table::print();
    }
}

fn person(criterion: &mut Criterion) {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let [asked2, asked3] = [2, 3].map(|threshold| Asked::new(shares(5, threshold, rng), rng));
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut group = criterion.benchmark_group(format!("person/threads-{threads}"));
        group.sample_size(10);
        group.bench_function("requester-blind", |bencher| {
            let mut batch = || drop(black_box(asked3.blind(rng)));
            bencher.iter_custom(|persons| per_person(&pool, persons, &mut batch));
        });
        for (name, asked) in [("requester-combine-t2", &asked2), ("requester-combine-t3", &asked3)] {
            group.bench_function(name, |bencher| {
                let batch = || drop(black_box(asked.combine()));
                bencher.iter_custom(|persons| per_person(&pool, persons, batch));
            });
        }
        group.bench_function("holder-evaluate", |bencher| {
            let mut batch = || drop(black_box(asked3.evaluate(rng)));
            bencher.iter_custom(|persons| per_person(&pool, persons, &mut batch));
        });
        group.finish();
    }
}

/// The time of `persons` persons, of which `batch` takes [`PERSONS`] at a time.
fn per_person(pool: &rayon::ThreadPool, persons: u64, mut batch: impl FnMut() + Send) -> Duration {
    let batches = persons.div_ceil(PERSONS as u64);
    let elapsed = pool.install(|| {
        let (cpu, wall) = (clock::cpu(), Instant::now());
        (0..batches).for_each(|_| batch());
        let alone = rayon::current_num_threads() == 1;
        if alone { clock::cpu() - cpu } else { wall.elapsed() }
    });
    elapsed.mul_f64(persons as f64 / (batches as f64 * PERSONS as f64))
}
