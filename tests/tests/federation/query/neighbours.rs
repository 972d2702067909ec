//! Two databases that differ in one person: nothing but the noisy values tells them apart.

use std::fs;
use std::path::Path;

use tvaers_node::audit::event::Event;
use tvaers_node::audit::read;
use tvaers_tests::federation::Federation;

use super::{node, spent};

const QUERIES: [&str; 3] = [
    "name = \"a\"\nkind = \"count\"\nby = [\"sex\", \"age_band\"]\n",
    "name = \"b\"\nkind = \"sum\"\nfeature = \"sick_spells_2y\"\nby = [\"civil_status\"]\n",
    "name = \"c\"\nkind = \"count\"\n[[where]]\nfeature = \"age\"\nis = 47\n",
];

/// Takes every row of a person out of a node's folder.
fn without(folder: &Path, person: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            let text = fs::read_to_string(&path).unwrap();
            let kept: String =
                text.lines().filter(|line| !line.contains(person)).map(|line| format!("{line}\n")).collect();
            fs::write(&path, kept).unwrap();
        }
    }
}

/// Gives a person a thousand rows with values at their limits.
fn with_many_rows(folder: &Path, person: &str) {
    let path = folder.join("sick_leave.csv");
    let mut text = fs::read_to_string(&path).unwrap();
    for n in 0..1_000 {
        let (year, month) = (1990 + n / 12 % 35, 1 + n % 12);
        text.push_str(&format!("{person},{year}-{month:02}-01,{year}-{month:02}-20\n"));
    }
    fs::write(path, text).unwrap();
}

/// A resident of Lolland and the last column of nothing: the first person of its register.
fn someone(data: &Path) -> String {
    let text = fs::read_to_string(data.join("k360/residence.csv")).unwrap();
    let row = text.lines().skip(1).find(|line| line.ends_with(',')).unwrap();
    row.split(',').next().unwrap().to_owned()
}

/// All that anyone sees of a federation's answers but the noisy values.
async fn seen(edit: impl Fn(&Path) -> anyhow::Result<()> + Send + 'static) -> Vec<String> {
    let mut federation = Federation::builder().cases(4).edit(edit).build().await.unwrap();
    federation.connect_all().await.unwrap();
    let mut seen = Vec::new();
    for query in QUERIES {
        let conditions = query.find("[[where]]").unwrap_or(query.len());
        let (head, rest) = query.split_at(conditions);
        let text = format!(
            "{head}as_of = {}\n{rest}[privacy]\nrho = 0.01\n[nodes]\nof = [\"k360\"]\n",
            federation.as_of()
        );
        let (answered, mut results) = federation.query(&text).await.unwrap();
        seen.push(format!("{:?} {:?}", answered.exit(false), answered.problem(false)));
        for answer in &mut results {
            for cell in &mut answer.cells {
                // The noisy value, and what follows from it alone.
                assert!(cell.value.is_some() && cell.ci95.is_some());
                (cell.value, cell.shown, cell.ci95) = (None, None, None);
            }
            // Which policy it was follows from the key of the person who asks, which is the same.
            seen.push(serde_json::to_string(&answer).unwrap());
        }
    }
    seen.push(format!("{:?}", spent(&federation, "k360").await));
    let entries = read::read(&federation.node_home(&node("k360")).audit()).unwrap();
    for entry in entries {
        let mut event = entry.unwrap().event;
        if let Event::RequestPermitted(permitted) = &mut event {
            // Digests of requests and of what was answered are as random as what they are of.
            permitted.asked.request = tvaers_protocol::id::Digest::NONE;
            permitted.result = tvaers_protocol::id::Digest::NONE;
            permitted.charge.ledger.digest = tvaers_protocol::id::Digest::NONE;
            // Judged on noisy values.
            permitted.hidden_cells = 0;
            seen.push(serde_json::to_string(&event).unwrap());
        }
    }
    seen
}

#[tokio::test]
async fn two_databases_that_differ_in_one_person_give_the_same_but_for_the_noise() {
    let whole = seen(|_| Ok(())).await;
    let missing = seen(|data| {
        let person = someone(data);
        for node in ["k360", "k376", "region_1083", "region_1085"] {
            without(&data.join(node), &person);
        }
        Ok(())
    })
    .await;
    let extreme = seen(|data| {
        with_many_rows(&data.join("k360"), &someone(data));
        Ok(())
    })
    .await;
    assert!(whole.len() > 6);
    assert_eq!(whole, missing);
    assert_eq!(whole, extreme);
}
