//! No sequence of drops, delays, repeats and restarts makes two nodes disagree on a shared person's pseudonym.
//!
//! Plans are drawn from seeds: a few mishaps each, anywhere in the key generation and the pseudonyms of a run over a small
//! federation. Whatever comes of the run, what each node had called its persons when its study closed is compared with what
//! every other node of that study had. `TVAERS_FAULTS_SEED` and `TVAERS_FAULTS_CASES` ask for other plans, or more. A seed
//! gives the same plan again, not the same run: keys are random, and databases work on threads of their own.

mod names;
mod plan;
mod tap;
mod world;

use futures_util::future::join_all;

use plan::Plan;
use world::{Tally, World};

/// Plans of one run of the test.
const CASES: u64 = 96;

/// Federations among which the plans are shared: most of a run's time is waiting.
const WORLDS: u64 = 4;

fn number(name: &str, default: u64) -> u64 {
    std::env::var_os(name).map_or(default, |text| text.to_str().unwrap().parse().expect("a number"))
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "tells which plans there were, and what they were worth")]
async fn no_sequence_of_drops_delays_repeats_and_restarts_makes_two_nodes_disagree_on_a_persons_pseudonym() {
    let (seed, n_cases) = (number("TVAERS_FAULTS_SEED", 1), number("TVAERS_FAULTS_CASES", CASES));
    let worlds = (0..WORLDS.min(n_cases)).map(|first| async move {
        let mut world = World::new().await;
        for case in (first..n_cases).step_by(WORLDS as usize) {
            let plan = Plan::new(seed + case);
            world.suffer(&plan).await.unwrap_or_else(|what| {
                panic!("{what}\n{plan:?}\nagain: TVAERS_FAULTS_SEED={} TVAERS_FAULTS_CASES=1", plan.seed)
            });
        }
        world.tally
    });
    let tally = join_all(worlds).await.into_iter().fold(Tally::default(), |sum, one| sum + one);
    println!("seeds {seed} to {}: {tally:?}", seed + n_cases - 1);
    if n_cases >= CASES {
        assert!(tally.is_worth_the_run(n_cases as usize), "{tally:?}");
    }
}
