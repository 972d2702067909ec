//! Long sequences of operations on a small federation, each followed by a comparison with the oracle. A seed that found
//! something stays pinned here.
#![expect(clippy::panic, reason = "helpers of tests may panic; clippy only knows the tests themselves")]

use std::sync::{Mutex, PoisonError};

use tvaers_tests::simulation;

/// Steps of each seed. More, and other seeds, by the example `simulation`.
const STEPS: usize = 500;

/// One simulation at a time: its clock moves when nothing happens, which a second one on the same cores would hide.
static TURN: Mutex<()> = Mutex::new(());

/// Seeds that found something, each with the steps after which it did, and what it was.
const REGRESSIONS: [(u64, usize, &str); 1] =
    [(27, 460, "a connected node that missed the word kept the file of an ended study")];

fn simulate(seeds: impl IntoIterator<Item = u64>) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut complete, mut incomplete, mut lists) = (0, 0, 0);
    for seed in seeds {
        let report = simulation::run(seed, STEPS).unwrap_or_else(|finding| panic!("{finding}"));
        (complete, incomplete, lists) =
            (complete + report.complete, incomplete + report.incomplete, lists + report.lists);
    }
    assert!(
        complete > 20 && incomplete > 20 && lists > 120,
        "{complete}, {incomplete}, {lists}: worth the run"
    );
}

#[test]
fn generated_operations_never_lead_to_a_wrong_list() {
    simulate(1..=4);
}

#[test]
fn what_was_found_once_is_not_found_again() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for (seed, steps, what) in REGRESSIONS {
        let report = simulation::run(seed, steps);
        assert!(report.is_ok(), "{what}: {report:?}");
    }
}
