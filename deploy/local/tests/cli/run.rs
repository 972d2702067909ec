//! What a run leaves, and what happens to an OUT that is there already.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tvaers_tests::federation::read as read_list;
use tvaers_tests::oracle::read;

use crate::{AS_OF, Place, json, text};

const PHASES: [&str; 7] = ["import", "keygen", "features", "pseudonyms", "join", "release", "handback"];

fn imports(place: &Place, id: &str) -> u32 {
    let home = tvaers_node::home::Home::new(place.node(id));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let state = tvaers_node::app::state(&home).await.unwrap();
        let import = state.latest_import().await.unwrap();
        state.close().await;
        import.map_or(0, |import| import.statement.import)
    })
}

#[test]
fn a_run_writes_what_the_oracle_says_and_tells_what_it_took() {
    let place = Place::with_cases(41);
    let output = place.run_well(&["--model", "sad"]);

    let answers = read::federation(&place.data()).unwrap().sad(AS_OF).unwrap();
    for (id, code) in [("k360", 360), ("k376", 376), ("k461", 461)] {
        let text = place.list(id);
        let header = "person_id,total,stratum,included,complete,known,repeat,last,labour,treatment,gp,civil,citizen,akasse";
        assert_eq!(text.lines().next(), Some(header));
        assert!(text.ends_with('\n') && !text.contains('\r'));
        let list = read_list(&text).unwrap();
        let own: Vec<_> = answers.iter().filter(|(_, a)| a.eligible && a.kommune == Some(code)).collect();
        assert!(
            own.iter().all(|(person, _)| list.contains_key(person)) && own.len() == list.len(),
            "{id}: its population"
        );
        for (person, answer) in own {
            let line = &list[person];
            let expected = (answer.total, answer.stratum.as_str(), answer.total >= 9, true);
            let found = (line.total, line.stratum.as_str(), line.included, line.complete);
            assert_eq!(found, expected, "{id}");
        }
        assert!(in_order(&text), "{id}: highest total first, then by person");
    }

    let timings = json(&place.out().join("timings.json"));
    let phases: Vec<&String> = timings["phases"].as_object().unwrap().keys().collect();
    let mut expected = PHASES;
    expected.sort_unstable();
    assert_eq!(phases, expected);
    for phase in timings["phases"].as_object().unwrap().values() {
        assert!(phase["wall_s"].as_f64().unwrap() >= 0.0 && phase["cpu_s"].as_f64().unwrap() >= 0.0);
    }
    assert_eq!(timings["persons"].as_u64().unwrap(), answers.len() as u64);
    let peaks: BTreeMap<String, u64> = serde_json::from_value(timings["peak_rss_bytes"].clone()).unwrap();
    let parties = ["coordinator", "k360", "k376", "k461", "region_1083", "region_1085"];
    assert!(peaks.keys().eq(parties.iter()), "{peaks:?}");
    assert!(peaks.values().all(|bytes| *bytes > 1 << 20), "{peaks:?}");

    let errors = text(&output.stderr);
    let told: Vec<&str> = errors.lines().filter(|line| line.starts_with("phase ")).collect();
    let begun_and_ended =
        PHASES.iter().flat_map(|name| [format!("phase {name} begin"), format!("phase {name} end")]);
    assert_eq!(told, begun_and_ended.collect::<Vec<_>>(), "{errors}");
    for id in ["k360", "region_1083"] {
        let files = ["state.sqlite", "log", "keys/signing.key", "roster.toml", "node.toml"];
        assert!(files.iter().all(|file| place.node(id).join(file).exists()), "{id}");
        assert!(!place.node(id).join("pid").exists(), "{id} has stopped");
    }
}

/// Whether the lines are sorted by total, highest first, then by person.
fn in_order(list: &str) -> bool {
    let keys: Vec<(std::cmp::Reverse<u16>, String)> = list
        .lines()
        .skip(1)
        .map(|line| {
            let mut fields = line.split(',');
            let person = fields.next().unwrap().to_owned();
            (std::cmp::Reverse(fields.next().unwrap().parse().unwrap()), person)
        })
        .collect();
    keys.is_sorted()
}

#[test]
fn an_out_that_is_there_goes_on_as_the_same_federation_and_fresh_starts_over() {
    let place = Place::with_population(150, 4);
    let roster = || std::fs::read_to_string(place.out().join("coordinator/roster.toml")).unwrap();
    let report: Value =
        serde_json::from_slice(&place.run_well(&["--format", "json", "--quiet"]).stdout).unwrap();
    assert_eq!(report["worklists"].as_array().unwrap().len(), 2);
    let (first_roster, first_list) = (roster(), place.list("k360"));
    assert_eq!(imports(&place, "k360"), 1);

    // One citizen moves away; the data is imported anew.
    let person = first_list.lines().nth(1).unwrap().split(',').next().unwrap();
    end_residence(&place.data().join("k360/residence.csv"), person);
    place.run_well(&[]);
    assert!(roster() == first_roster, "the same keys, the same roster");
    assert_eq!(imports(&place, "k360"), 2);
    assert!(!place.list("k360").contains(person));
    assert_eq!(place.list("k360").lines().count(), first_list.lines().count() - 1);

    std::fs::write(place.out().join("notes.txt"), "ours").unwrap();
    place.run_well(&["--fresh"]);
    assert!(roster() != first_roster, "new keys, a new roster");
    assert_eq!(imports(&place, "k360"), 1);
    assert!(place.out().join("notes.txt").exists(), "what tvaers did not write is not removed");
}

fn end_residence(path: &Path, person: &str) {
    let rows = std::fs::read_to_string(path).unwrap();
    let ended = rows.lines().map(|row| match row.strip_suffix(',') {
        Some(open) if row.starts_with(person) => format!("{open},2026-01-31\n"),
        _ => format!("{row}\n"),
    });
    let ended: String = ended.collect();
    assert!(ended.trim_end() != rows.trim_end(), "the person lived there");
    std::fs::write(path, ended).unwrap();
}

#[test]
fn an_out_of_other_nodes_is_refused_and_left_as_it_is() {
    let place = Place::with_population(60, 4);
    place.run_well(&[]);
    let before = place.list("k360");
    std::fs::rename(place.data().join("k376"), place.dir.path().join("k376")).unwrap();
    let output = place.run(&["--format", "json", "--quiet"]);
    assert_eq!(
        (output.status.code(), crate::problem(&output)["code"].as_str()),
        (Some(2), Some("out.other"))
    );
    assert!(place.list("k360") == before);
    // The way out that the problem names.
    place.run_well(&["--fresh"]);
    assert!(!place.node("k376").exists());
}

#[test]
fn at_points_more_persons_are_marked_and_nobody_is_lost() {
    let place = Place::with_cases(42);
    let marked = || {
        let lists = ["k360", "k376", "k461"].map(|id| read_list(&place.list(id)).unwrap());
        let lines = || lists.iter().flat_map(BTreeMap::values);
        (lines().count(), lines().filter(|line| !line.complete).count())
    };
    place.run_well(&["--grain", "counts"]);
    let counts = marked();
    place.run_well(&["--grain", "points"]);
    let points = marked();
    assert_eq!(counts.0, points.0);
    assert!(points.1 > counts.1 && counts.1 > 0, "{counts:?} {points:?}");
}
