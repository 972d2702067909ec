//! The whole of OUT, and all that is printed, under the most talkative log: no number but at the nodes that know it.

use std::fs;
use std::path::Path;

use tvaers_protocol::id::PersonId;
use tvaers_tests::cases::stories;
use tvaers_tests::leak::Needles;

use crate::{AS_OF, Place, text};

fn numbers(seed: u64) -> Needles {
    let persons: Vec<PersonId> = stories(seed, AS_OF).unwrap().into_keys().collect();
    assert!(persons.len() > 300);
    Needles::persons(&persons)
}

fn named(path: &Path, start: &str) -> bool {
    path.file_name().unwrap().to_string_lossy().starts_with(start)
}

#[test]
fn no_number_leaves_its_node_at_any_level_of_the_log() {
    let (seed, place) = (51, Place::with_cases(51));
    let output = place.command(&[]).env("RUST_LOG", "trace").output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let numbers = numbers(seed);

    // The search finds what is there.
    assert!(numbers.count(place.list("k360").as_bytes()) > 20);
    let with_numbers = numbers.files(&place.node("k360"), |_| false).unwrap();
    assert!(
        ["data-", "state.sqlite", "worklist-"]
            .iter()
            .all(|name| with_numbers.iter().any(|path| named(path, name)))
    );
    let log = fs::read_to_string(place.node("k360").join("log")).unwrap();
    assert!(log.contains("the work list is written"), "the log is there to be searched");

    assert_eq!(numbers.count(&output.stdout) + numbers.count(&output.stderr), 0, "printed");
    let at_a_node = |path: &Path| {
        let home = path.strip_prefix(place.out()).unwrap().starts_with("nodes");
        let kept = ["data-", "state.sqlite", "worklist-", "evaluations-"];
        home && kept.iter().any(|name| named(path, name))
    };
    let leaks = numbers.files(&place.out(), at_a_node).unwrap();
    assert!(leaks.is_empty(), "{leaks:?}");
}

#[test]
fn no_number_stands_in_the_message_about_a_bad_row() {
    let (seed, place) = (52, Place::with_cases(52));
    let numbers = numbers(seed);
    // Columns in another order than the header says: the number stands where a date must.
    let shifted: [fn(&str) -> String; 3] = [
        |row| row.split_once(',').map(|(id, rest)| format!("{rest},{id}")).unwrap(),
        |row| row.replacen(',', "", 1) + ",",
        |row| format!("\"{row}"),
    ];
    for (turn, shift) in shifted.iter().enumerate() {
        let path = place.data().join("k360/sick_leave.csv");
        let good = fs::read_to_string(&path).unwrap();
        let (header, rows) = good.split_once('\n').unwrap();
        let bad: Vec<String> = rows.lines().map(shift).collect();
        fs::write(&path, format!("{header}\n{}\n", bad.join("\n"))).unwrap();
        let output = place.command(&["--format", "json"]).env("RUST_LOG", "trace").output().unwrap();
        fs::write(&path, &good).unwrap();
        assert_eq!(output.status.code(), Some(2), "{turn}");
        assert_eq!(numbers.count(&output.stdout) + numbers.count(&output.stderr), 0, "{turn}: printed");
        let leaks =
            numbers.files(&place.out(), |path| named(path, "data-") || named(path, "state.sqlite")).unwrap();
        assert!(leaks.is_empty(), "{turn}: {leaks:?}");
    }
}
