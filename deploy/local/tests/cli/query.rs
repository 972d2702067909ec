//! Queries, released tables and policies through `tvaers-local run`: the files it writes and how it ends.

use std::fs;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tvaers_host::private;
use tvaers_tests::policy::{self, changed};

use crate::{Place, json, text};

const SEXES: &str = "name = \"sexes\"\nkind = \"count\"\nby = [\"kommune\", \"sex\"]\nas_of = 2026-02-28\n";

impl Place {
    /// Writes a query file.
    fn query(&self, name: &str, content: &str) -> String {
        let path = self.dir.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// How many living residents a municipality has, by its own files.
    fn residents(&self, node: &str) -> i64 {
        let list = fs::read_to_string(self.data().join(node).join("residence.csv")).unwrap();
        let persons = fs::read_to_string(self.data().join(node).join("persons.csv")).unwrap();
        let columns: Vec<&str> = persons.lines().next().unwrap().split(',').collect();
        let death = columns.iter().position(|name| *name == "death_date").unwrap();
        let dead = |id: &str| {
            let row = persons.lines().find(|line| line.starts_with(id)).unwrap();
            let day = row.split(',').nth(death).unwrap();
            !day.is_empty() && day <= "2026-02-28"
        };
        let here = list.lines().skip(1).filter(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            fields[2] <= "2026-02-28"
                && (fields[3].is_empty() || fields[3] >= "2026-02-28")
                && !dead(fields[0])
        });
        i64::try_from(here.count()).unwrap()
    }
}

fn total(answer: &Value, kommune: &str) -> i64 {
    let cells = answer["cells"].as_array().unwrap().iter();
    cells.filter(|cell| cell["key"]["kommune"] == kommune).map(|cell| cell["value"].as_i64().unwrap()).sum()
}

#[test]
fn results_stand_where_they_are_promised_and_are_the_truth_at_a_million_rho() {
    let place = Place::with_population(200, 7);
    let query = place.query("q.toml", SEXES);
    place.run_well(&["--model", "sad", "--query", &query, "--rho", "1e6"]);
    let answer = json(&place.out().join("results/sexes.json"));
    for (kommune, node) in [("360", "k360"), ("376", "k376")] {
        assert_eq!(total(&answer, kommune), place.residents(node), "{node}");
    }
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    for key in ["query", "as_of", "laboratory", "cells", "privacy", "coverage", "definitions", "data"] {
        assert!(keys.iter().any(|found| *found == key), "{key}");
    }
    assert_eq!(
        (&answer["laboratory"], &answer["query"]["name"]),
        (&Value::Bool(true), &Value::from("sexes"))
    );

    // The released table is that of the lists.
    let table = json(&place.out().join("stratify/sad.json"));
    for (kommune, node) in [("360", "k360"), ("376", "k376")] {
        let list = place.list(node);
        let of = |stratum: &str| {
            list.lines().skip(1).filter(|line| line.split(',').nth(2) == Some(stratum)).count()
        };
        for stratum in ["low", "middle", "high"] {
            let cell = table["cells"]
                .as_array()
                .unwrap()
                .iter()
                .find(|cell| cell["key"]["kommune"] == kommune && cell["key"]["stratum"] == stratum);
            assert_eq!(cell.unwrap()["value"].as_u64(), u64::try_from(of(stratum)).ok(), "{node} {stratum}");
        }
        let included = list.lines().skip(1).filter(|line| line.split(',').nth(3) == Some("true")).count();
        let cell = table["cells"]
            .as_array()
            .unwrap()
            .iter()
            .find(|cell| cell["key"]["kommune"] == kommune && cell["key"]["included"] == true);
        assert_eq!(cell.unwrap()["value"].as_u64(), u64::try_from(included).ok(), "{node}");
    }
    // The page has both, in both languages, and says where it is.
    let page = fs::read_to_string(place.out().join("report.html")).unwrap();
    assert_eq!(page.matches("<section class=\"result\"").count(), 4);
    assert!(page.contains("sexes") && page.contains("Made-up data"));
    // A query alone asks no model, and takes the earlier result away where it fails.
    place.run_well(&["--query", &query]);
    let timings = json(&place.out().join("timings.json"));
    assert!(timings["phases"].get("keygen").is_none());
}

#[test]
fn many_times_is_one_object_a_line_each_noised_by_itself() {
    let place = Place::with_population(60, 8);
    let query = place.query("q.toml", SEXES);
    place.run_well(&["--query", &query, "--rho", "0.05", "--times", "40"]);
    assert!(!place.out().join("results/sexes.json").exists());
    let lines = fs::read_to_string(place.out().join("results/sexes.ndjson")).unwrap();
    let values: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["cells"].clone()).collect();
    assert_eq!(values.len(), 40);
    let mut different = values.clone();
    different.sort_by_key(ToString::to_string);
    different.dedup();
    let page = fs::read_to_string(place.out().join("report.html")).unwrap();
    assert!(page.contains("Number of answers: 40"));
    // Four cells with a standard deviation of 3: two answers alike are once in ten thousand.
    assert!(different.len() > 30, "{} different answers", different.len());
}

#[test]
fn a_nodes_own_policy_counts_and_what_it_refuses_is_exit_3_while_the_rest_is_done() {
    let place = Place::with_population(60, 9);
    let key = place.dir.path().join("analyst.key");
    private::write_key(&key, &policy::ANALYST).unwrap();
    let own = policy::municipality("k360");
    let path = place.data().join("k360/policy.toml");
    let query = place.query("q.toml", SEXES);
    let arguments = ["--query", &query, "--key", key.to_str().unwrap(), "--format", "json", "--quiet"];

    fs::write(&path, &own).unwrap();
    place.run_well(&arguments);
    let answer = json(&place.out().join("results/sexes.json"));
    assert_eq!(answer["coverage"]["answered"].as_array().unwrap().len(), 2);
    let of = |node: &str| {
        let nodes = answer["privacy"]["nodes"].as_array().unwrap();
        nodes.iter().find(|part| part["node"] == node).unwrap().clone()
    };
    assert_eq!(
        (of("k360")["charged_rho"].as_f64(), of("k376")["charged_rho"].as_f64()),
        (Some(0.01), Some(0.1))
    );
    assert_eq!(of("k360")["smallest_cell"], 5);

    // Only the policy is changed: the query is refused there, and answered by the other.
    let without = changed(&own, "\"sex\", \"age_band\", \"kommune\"", "\"age_band\", \"kommune\"");
    let digest: String = Sha256::digest(own.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let first = "node = \"k360\"\nversion = 1\n";
    let next = format!("node = \"k360\"\nversion = 2\npredecessor = \"{digest}\"\n");
    let second = changed(&without, first, &next);
    fs::write(&path, second).unwrap();
    let output = place.run(&arguments);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    // What was answered is told too, so the problem stands on standard error alone.
    let told: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(told["code"], "data.category", "{told}");
    let answer = json(&place.out().join("results/sexes.json"));
    assert_eq!(answer["coverage"]["answered"][0], "k376");
    assert_eq!(answer["coverage"]["refused"][0]["node"], "k360");

    // A version that was in force does not come back.
    fs::write(&path, &own).unwrap();
    let output = place.run(&arguments);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("policy.superseded"), "{}", text(&output.stderr));
}
