//! What one person costs, on one core: the prototype of this protocol is the figure to hold.
//!
//! The prototype measured, for t = 3, proofs as in RFC 9497 and curve25519-dalek's AVX2 backend (the default build),
//! in microseconds of CPU a person: requester 129 (of which blinding is about 37), holder 44. With the AVX-512 IFMA
//! backend (`-C target-cpu=native` on a processor that has it): requester 76 to 83, holder 26.
//!
//! One "iteration" is one person, in batches of 10,000, so that Criterion's times compare with these directly. With
//! one thread they are CPU time where Linux tells it; with two, wall-clock time. A neighbour on the same core still
//! shows in both: measure on a quiet machine.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark has no callers, and stops where something is wrong"
)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use tvaers_protocol::id::{Digest, PersonId};
use tvaers_pseudonym::{
    blind::blind_batch,
    combine::combine,
    confirmation::agree,
    dkg::{Ceremony, round1, round2, round3},
    evaluate::evaluate,
    key::KeyShare,
    sealing::SealingKey,
};

/// A batch as nodes send it.
const PERSONS: usize = 10_000;

const STUDY: Digest = Digest([1; 32]);

/// The time of `persons` persons on one thread, of which `batch` takes [`PERSONS`] at a time.
fn per_person(pool: &rayon::ThreadPool, persons: u64, mut batch: impl FnMut() + Send) -> Duration {
    let batches = persons.div_ceil(PERSONS as u64);
    let elapsed = pool.install(|| {
        let (cpu, wall) = (cpu_time(), Instant::now());
        (0..batches).for_each(|_| batch());
        let wall = wall.elapsed();
        let alone = rayon::current_num_threads() == 1;
        let cpu = cpu_time().zip(cpu).map(|(end, start)| end - start);
        cpu.filter(|_| alone).unwrap_or(wall)
    });
    elapsed.mul_f64(persons as f64 / (batches as f64 * PERSONS as f64))
}

/// What this thread has run, as Linux counts it.
fn cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// The shares of a key of three out of five, made as holders make it.
fn shares(rng: &mut ChaCha20Rng) -> Vec<KeyShare> {
    let indices = 1..=5;
    let first = indices.clone().map(|index| round1(Ceremony::new(STUDY, index, 5, 3).unwrap(), rng).unwrap());
    let (kept, packages): (Vec<_>, Vec<_>) = first.collect::<Vec<_>>().into_iter().unzip();
    let packages = indices.clone().zip(packages).collect();
    let keys: Vec<_> = indices.clone().map(|_| SealingKey::generate(rng)).collect();
    let public = indices.clone().zip(keys.iter().map(SealingKey::public)).collect();
    let second: Vec<_> =
        kept.into_iter().map(|kept| round2(kept, &packages, &public, rng).unwrap()).collect();
    let (kept, sealed): (Vec<_>, Vec<_>) = second.into_iter().unzip();
    let mail = |recipient: u16| {
        let from = |(sender, sealed): (u16, &std::collections::BTreeMap<u16, Vec<u8>>)| {
            sealed.get(&recipient).map(|text| (sender, text.clone()))
        };
        (1..).zip(&sealed).filter_map(from).collect()
    };
    let third =
        indices.zip(kept).zip(&keys).map(|((index, kept), key)| round3(kept, key, &mail(index)).unwrap());
    let (shares, confirmations): (Vec<_>, Vec<_>) = third.unzip();
    agree(&confirmations).unwrap();
    shares
}

fn person(criterion: &mut Criterion) {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let shares = shares(rng);
    let persons: Vec<_> = (0..PERSONS).map(|i| PersonId::parse(&format!("610165{i:04}")).unwrap()).collect();
    let quorum = [1, 2, 3];
    let (points, blinds) = blind_batch(&persons, &STUDY, rng).unwrap();
    let replies: Vec<_> =
        shares.iter().take(3).map(|share| (share.index(), evaluate(share, &points, rng).unwrap())).collect();
    let (keys, holder) = (shares[0].keys(), &shares[0]);

    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut group = criterion.benchmark_group(format!("person/threads-{threads}"));
        group.sample_size(10);
        group.bench_function("requester-blind", |bencher| {
            let mut batch = || drop(black_box(blind_batch(&persons, &STUDY, rng).unwrap()));
            bencher.iter_custom(|n_persons| per_person(&pool, n_persons, &mut batch));
        });
        group.bench_function("requester-combine-t3", |bencher| {
            let batch = || drop(black_box(combine(keys, &quorum, &blinds, &replies).unwrap()));
            bencher.iter_custom(|n_persons| per_person(&pool, n_persons, batch));
        });
        group.bench_function("holder-evaluate", |bencher| {
            let mut batch = || drop(black_box(evaluate(holder, &points, rng).unwrap()));
            bencher.iter_custom(|n_persons| per_person(&pool, n_persons, &mut batch));
        });
        group.finish();
    }
}

criterion_group!(benches, person);
criterion_main!(benches);
