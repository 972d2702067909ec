//! Long sequences of operations on a small federation, each followed by a comparison with the oracle. A seed that found
//! something stays pinned here.
#![expect(clippy::panic, reason = "helpers of tests may panic; clippy only knows the tests themselves")]

use tvaers_tests::simulation;

/// Steps of each seed. All seeds together take the 10,000 steps that are promised.
const STEPS: usize = 500;

/// Seeds that found something, each with the steps after which it did, and what it was.
const REGRESSIONS: [(u64, usize, &str); 1] =
    [(27, 460, "a connected node that missed the word kept the file of an ended study")];

fn simulate(seeds: impl IntoIterator<Item = u64>) {
    let (mut complete, mut incomplete, mut lists) = (0, 0, 0);
    for seed in seeds {
        let report = simulation::run(seed, STEPS).unwrap_or_else(|finding| panic!("{finding}"));
        (complete, incomplete, lists) =
            (complete + report.complete, incomplete + report.incomplete, lists + report.lists);
    }
    assert!(
        complete > 50 && incomplete > 50 && lists > 300,
        "{complete}, {incomplete}, {lists}: worth the run"
    );
}

#[test]
fn seeds_1_to_5() {
    simulate(1..=5);
}

#[test]
fn seeds_6_to_10() {
    simulate(6..=10);
}

#[test]
fn seeds_11_to_15() {
    simulate(11..=15);
}

#[test]
fn seeds_16_to_20() {
    simulate(16..=20);
}

#[test]
fn what_was_found_once_is_not_found_again() {
    for (seed, steps, what) in REGRESSIONS {
        let report = simulation::run(seed, steps);
        assert!(report.is_ok(), "{what}: {report:?}");
    }
}
