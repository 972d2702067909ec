//! What noise costs, on one core, through the whole door: a count of 1, 10 and 1,000 cells.
//!
//! The figures to hold: OpenDP's Python binding (0.14.2) takes 1.3 to 1.6 ms for 10 cells of an already grouped count, and a
//! single discrete Gaussian with OpenSSL's generator was measured at 98 to 101 µs. So the limit is 0.13 ms a cell:
//! 0.13 ms for 1 cell, 1.3 ms for 10, 130 ms for 1,000. How long it takes depends on the scale's form, not its
//! size, hence a plain scale (1), one with 21 significant bits, and that of money.
#![expect(clippy::unwrap_used, reason = "a benchmark has no callers, and stops where something is wrong")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use tvaers_release::{clamp::Clamp, exact::Exact, measure::Measure, mechanism::Mechanism};

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

criterion_group!(benches, release);
criterion_main!(benches);
