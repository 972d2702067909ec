//! A node that is killed in the middle of its answers.

use std::time::Instant;

use crate::SOON;
use crate::ledger::Ledger;
use crate::setup::{ANALYST, Federation};

const KILLED: &str = "k360";
const TIMES: usize = 3000;

const QUERY: &str = "name = \"often\"\nkind = \"count\"\nby = [\"sex\", \"age_band\"]\nas_of = 2026-02-28\n\
                     [privacy]\nrho = 0.1\n[nodes]\nof = [\"k360\"]\n";

#[test]
fn a_node_killed_while_it_answers_charges_once_and_releases_once() {
    let mut federation = Federation::founded(120, 12, &[360, 376]);
    for line in ["mkdir -m 700 tvaers", "cp roster-1.toml tvaers/roster.toml", "ssh "] {
        federation.type_in(line, &[]);
    }
    std::fs::write(federation.machines[ANALYST].path("often.toml"), QUERY).unwrap();
    let (home, unit) = (federation.node_home(KILLED), federation.unit(KILLED));
    let mut machine = federation.machines.remove(KILLED).unwrap();
    let submit = format!(
        "tvaers --home tvaers query submit often.toml --key tvaers-key/signing.key \
         --permit laboratory-aggregates --times {TIMES}"
    );
    let began = Instant::now();
    let (charges, before) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| federation.type_and_hear(&submit, &[], |_, _| {}).remove(0));
        let mut ledger = Ledger::open(&home);
        // Best between a charge and its release, and in the middle in any case. No pause: it may pass in a moment.
        let begun = Instant::now();
        loop {
            let (charges, releases) = ledger.counts();
            if (charges > releases && releases > 0) || releases > 1500 {
                break;
            }
            assert!(begun.elapsed() < SOON, "no answers within {SOON:?}");
            std::thread::yield_now();
        }
        machine.kill();
        let (charges, _) = ledger.counts();
        let before = ledger.releases();
        machine.start(&federation.network, &unit);
        asking.join().unwrap().well(&submit);
        (charges, before)
    });
    federation.machines.insert(KILLED, machine);
    let released = before.len();
    eprintln!(
        "killed with {charges} charges and {released} releases of {TIMES}; all answered in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    assert!(0 < released && released < TIMES, "killed in the middle");
    assert!(charges >= i64::try_from(released).unwrap(), "nothing is released that is not charged");

    let mut ledger = Ledger::open(&home);
    let all = i64::try_from(TIMES).unwrap();
    assert_eq!(ledger.counts(), (all, all), "one charge and one release a time");
    let after = ledger.releases();
    assert!(after.starts_with(&before), "what was released before the kill is what is released after it");

    let fetch = || {
        let ran = federation.type_and_hear("tvaers --home tvaers results export often", &[], |_, _| {});
        ran.into_iter().next().unwrap().well("export").stdout
    };
    let first = fetch();
    let values: Vec<Vec<i64>> = first.lines().map(values).collect();
    assert_eq!(values.len(), TIMES);
    assert!(values.iter().any(|value| *value != values[0]), "each is noised afresh");
    assert!(fetch() == first, "a second fetch gives the same");
}

fn values(result: &str) -> Vec<i64> {
    let result: serde_json::Value = serde_json::from_str(result).unwrap();
    result["cells"].as_array().unwrap().iter().map(|cell| cell["value"].as_i64().unwrap()).collect()
}
