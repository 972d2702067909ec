//! What is right, by the oracle, over the rows of everyone.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tvaers_protocol::id::PersonId;
use tvaers_tests::federation::{Line, read as read_list};
use tvaers_tests::oracle::feature::{self, Features, Value as Feature};
use tvaers_tests::oracle::read;

use crate::AS_OF;
use crate::setup::{Federation, MUNICIPALITIES};

/// Compares every municipality's work list with the oracle's answers, and gives their bytes.
pub(crate) fn lists(federation: &Federation) -> Vec<String> {
    let answers = read::federation(&federation.data()).unwrap().sad(AS_OF).unwrap();
    let lists = MUNICIPALITIES.map(|node| {
        let text = std::fs::read_to_string(federation.node_home(node).join("worklist-sad.csv")).unwrap();
        let list: BTreeMap<PersonId, Line> = read_list(&text).unwrap();
        let own = |code: Option<u16>| code.is_some_and(|code| format!("k{code}") == node);
        let right: Vec<_> = answers.iter().filter(|(_, a)| a.eligible && own(a.kommune)).collect();
        assert!(right.len() > 10, "{node}: worth the run");
        assert_eq!(list.len(), right.len(), "{node}: its population");
        for (person, answer) in right {
            let line = &list[person];
            let expected = (answer.total, answer.stratum.as_str(), answer.total >= 9, true);
            assert_eq!((line.total, line.stratum.as_str(), line.included, line.complete), expected, "{node}");
        }
        text
    });
    lists.to_vec()
}

/// Compares the released table with the oracle's answers; at so large a budget the noise is nothing.
pub(crate) fn tables(federation: &Federation, json: &str) {
    let answers = read::federation(&federation.data()).unwrap().sad(AS_OF).unwrap();
    let table: Value = serde_json::from_str(json).unwrap();
    let mut checked = 0;
    for cell in table["cells"].as_array().unwrap() {
        let (kommune, stratum) = (&cell["key"]["kommune"], &cell["key"]["stratum"]);
        let (Some(kommune), Some(stratum)) = (kommune.as_str(), stratum.as_str()) else { continue };
        let is_it = |a: &&tvaers_tests::oracle::sad::Answer| {
            a.eligible
                && a.kommune.is_some_and(|code| code.to_string() == kommune)
                && a.stratum.as_str() == stratum
        };
        let right = answers.values().filter(is_it).count();
        assert_eq!(cell["value"].as_u64(), u64::try_from(right).ok(), "{kommune}, {stratum}");
        checked += 1;
    }
    assert_eq!(checked, MUNICIPALITIES.len() * 3, "a cell for each stratum of each municipality: {json}");
}

/// Compares residents by sex and age band with the oracle's.
pub(crate) fn residents(data: &Path, csv: &str) {
    let label = |features: &Features, name: &str| match features.get(name).cloned().flatten() {
        Some(Feature::Label(label)) => label,
        other => panic!("{name}: {other:?}"),
    };
    let mut right: BTreeMap<(String, String), i64> = BTreeMap::new();
    for node in MUNICIPALITIES {
        for features in feature::of_node(&data.join(node), AS_OF).unwrap().into_values() {
            if features.get("resident") == Some(&Some(Feature::Number(1))) {
                *right.entry((label(&features, "sex"), label(&features, "age_band"))).or_default() += 1;
            }
        }
    }
    let mut found = BTreeMap::new();
    for row in csv::Reader::from_reader(csv.as_bytes()).deserialize() {
        let row: BTreeMap<String, String> = row.unwrap();
        let value: i64 = row["value"].parse().unwrap();
        if value != 0 {
            found.insert((row["sex"].clone(), row["age_band"].clone()), value);
        }
    }
    assert!(right.values().sum::<i64>() > 50, "worth the question");
    assert_eq!(found, right);
}
