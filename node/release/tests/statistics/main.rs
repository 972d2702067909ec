//! What is promised of noise, held against what comes through the door: the distribution and its variance, the bound on
//! what a release gives away, and how far off the numbers are that are read from it.
//!
//! Nothing here can be seeded, as noise comes from OpenSSL's generator. Each comparison has a bound that holds for any
//! number of draws, so that its false-alarm probability is a theorem and not an approximation: [`ALARM`] in all for each
//! kind of statistic under each family of noise.
#![expect(clippy::print_stderr, reason = "the figures, for whoever runs this with --nocapture")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic; clippy only knows the tests themselves"
)]

mod bounds;
mod claim;
mod errors;
mod kinds;
mod neighbours;

/// With what probability a right claim is refused.
const ALARM: f64 = 1e-6;
