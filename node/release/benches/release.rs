//! What noise costs, on one core, through the whole door: a count of 1, 10 and 1,000 cells, 10,000 cells at once under each
//! family, and what reading means and quantiles from them costs.
//!
//! The figures to hold: OpenDP's Python binding (0.14.2) takes 1.3 to 1.6 ms for 10 cells of an already grouped count, and a
//! single discrete Gaussian with OpenSSL's generator was measured at 98 to 101 µs. So the limit is 0.13 ms a cell:
//! 0.13 ms for 1 cell, 1.3 ms for 10, 130 ms for 1,000. How long it takes depends on the scale's form, not its
//! size, hence a plain scale (1), one with 21 significant bits, and that of money. A discrete Laplace was measured at 61
//! to 67 µs, hence 0.09 ms a cell: 0.9 s for 10,000, where a Gaussian may take 1.3 s.
//!
//! Reading is post-processing of what took that long to make and must not show beside it: a hundredth of the limit for the
//! noise it reads, 1.3 µs a Gaussian cell. So 26 µs for a mean of each of 10 cells (two values each), 1.3 ms for
//! nine quantiles of a histogram of 1,000 bins, 13 ms for a consistent table of 10,000 cells.
#![expect(clippy::unwrap_used, reason = "a benchmark has no callers, and stops where something is wrong")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use tvaers_release::consistent::consistent;
use tvaers_release::mean::mean;
use tvaers_release::mechanism::{Family, Mechanism};
use tvaers_release::postprocess::Presentation;
use tvaers_release::quantiles::{Bin, quantiles};
use tvaers_release::{clamp::Clamp, exact::Exact, measure::Measure, released::Released};

/// What it may cost at most.
const LIMIT_MS_PER_CELL: f64 = 0.13;

fn release(criterion: &mut Criterion) {
    let kinds = [
        ("count, scale 1", 1, "0.5"),
        ("count, scale 5.4", 1, "0.017"),
        ("money, scale 1e8", 100_000_000, "0.5"),
    ];
    for (kind, to, rho) in kinds {
        let mut group = criterion.benchmark_group(kind);
        for cells in [1, 10, 1_000] {
            let measure = Measure::sum(cells, 1, Clamp::new(0, to).unwrap(), 10_000_000).unwrap();
            let mechanism = Mechanism::discrete_gaussian(measure, rho.parse().unwrap()).unwrap();
            let limit = format!("{cells} cells, limit {:.2} ms", cells as f64 * LIMIT_MS_PER_CELL);
            group.sample_size(20).bench_function(limit, |bencher| {
                bencher.iter(|| black_box(Exact::gather(measure).release(&mechanism).unwrap()));
            });
        }
        group.finish();
    }
    let measure = Measure::count(1_000, 2, 10_000_000).unwrap();
    criterion.bench_function("mechanism (no data), scale 707", |bencher| {
        bencher
            .iter(|| Mechanism::discrete_gaussian(black_box(measure), "0.000002".parse().unwrap()).unwrap());
    });
}

/// A table of the greatest size that a query may have, in one go.
fn ten_thousand(criterion: &mut Criterion) {
    const CELLS: usize = 10_000;
    let measure = Measure::count(CELLS, 1, 10_000_000).unwrap();
    let mut group = criterion.benchmark_group("count, 10,000 cells");
    group.sample_size(10);
    for (family, limit) in [(Family::DiscreteGaussian, "1.3 s"), (Family::DiscreteLaplace, "0.9 s")] {
        let mechanism = Mechanism::new(family, measure, "0.017".parse().unwrap()).unwrap();
        group.bench_function(format!("{}, limit {limit}", family.name()), |bencher| {
            bencher.iter(|| black_box(Exact::gather(measure).release(&mechanism).unwrap()));
        });
    }
    group.finish();
}

/// Counts of 0 to 200 that rise and fall, with noise of 5.
fn counts(cells: usize) -> Vec<Released> {
    let measure = Measure::count(1, 1, 10_000_000).unwrap();
    let mechanism = Mechanism::discrete_gaussian(measure, "0.02".parse().unwrap()).unwrap();
    let value = |cell: i64| (cell * 7_919) % 211 - 10;
    (0..cells as i64).map(|cell| Released::restore(value(cell), *mechanism.spread())).collect()
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reading");
    let (clamp, values) = (Clamp::new(0, 100).unwrap(), counts(20));
    group.bench_function("mean, 10 cells, limit 26 µs", |bencher| {
        bencher.iter(|| -> f64 {
            let pairs = black_box(&values).chunks_exact(2);
            pairs.filter_map(|pair| Some(mean(clamp, pair.first()?, pair.last()?).value)).sum()
        });
    });
    let bins: Vec<Bin> = (0..1_000).map(|bin| Bin { from: bin * 10, to: bin * 10 + 9 }).collect();
    let (values, tenths) = (counts(bins.len()), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
    group.bench_function("9 quantiles, 1,000 bins, limit 1.3 ms", |bencher| {
        bencher.iter(|| quantiles(black_box(&bins), black_box(&values), &tenths).unwrap());
    });
    let (values, total) = (counts(10_000), [(0..10_000).collect::<Vec<usize>>()]);
    group.bench_function("consistent, 10,000 cells, limit 13 ms", |bencher| {
        bencher.iter(|| consistent(black_box(&values), &total, Presentation::PLAIN).unwrap());
    });
    group.finish();
}

criterion_group!(benches, release, ten_thousand, reading);
criterion_main!(benches);
