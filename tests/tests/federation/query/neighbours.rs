//! Two databases that differ in one person: nothing but the noisy values tells them apart.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tvaers_node::audit::event::Event;
use tvaers_node::audit::read;
use tvaers_protocol::codec;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{NodeStatus, Releases, Signed, Status};
use tvaers_protocol::release::Release;
use tvaers_tests::fault::Middle;
use tvaers_tests::federation::Federation;
use tvaers_tests::hand::Hand;

use super::{node, spent};

const QUERIES: [&str; 8] = [
    "name = \"a\"\nkind = \"count\"\nby = [\"sex\", \"age_band\"]\n",
    "name = \"b\"\nkind = \"sum\"\nfeature = \"sick_spells_2y\"\nby = [\"civil_status\"]\n",
    "name = \"c\"\nkind = \"count\"\n[[where]]\nfeature = \"age\"\nis = 47\n",
    "name = \"d\"\nkind = \"mean\"\nfeature = \"last_spell_days\"\nby = [\"sex\"]\n",
    "name = \"e\"\nkind = \"histogram\"\nfeature = \"sick_spells_2y\"\nbins = [0, 1, 5]\nby = [\"sex\"]\n",
    "name = \"f\"\nkind = \"quantiles\"\nfeature = \"last_spell_days\"\nbins = [0, 1, 15, 60]\n",
    "name = \"g\"\nkind = \"count\"\nby = [\"support\"]\n",
    // One person alone is in this cell of age and civil status, where anyone is.
    "name = \"h\"\nkind = \"sum\"\nfeature = \"last_spell_days\"\n[[where]]\nfeature = \"age\"\nis = 119\n",
];

/// Takes every row of a person out of a node's folder.
pub(crate) fn without(folder: &Path, person: &str) {
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
pub(super) fn someone(data: &Path) -> String {
    let text = fs::read_to_string(data.join("k360/residence.csv")).unwrap();
    let row = text.lines().skip(1).find(|line| line.ends_with(',')).unwrap();
    row.split(',').next().unwrap().to_owned()
}

/// All that anyone sees of a federation's answers but the noisy values, and under which digest the data go.
struct Seen {
    texts: Vec<String>,
    data: Digest,
}

async fn seen(edit: impl Fn(&Path) -> anyhow::Result<()> + Send + 'static) -> Seen {
    let middle = Arc::new(Middle::default());
    let builder = Federation::builder().cases(4).edit(edit).interceptor(Arc::clone(&middle) as _);
    let mut federation = builder.build().await.unwrap();
    middle.record();
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
            for cell in answer.cells.iter_mut().chain(&mut answer.totals) {
                // The noisy value, and what follows from it alone.
                assert!(cell.value.is_some() && cell.ci95.is_some());
                (cell.value, cell.shown, cell.ci95) = (None, None, None);
                // Read from noisy values where the number of persons is one of them.
                if cell.persons.take().is_some() {
                    cell.standard_error = None;
                }
            }
            // When it was asked is the asker's clock.
            answer.request.as_mut().unwrap().at = jiff::Timestamp::UNIX_EPOCH;
            // Which policy it was follows from the key of the person who asks, which is the same.
            seen.push(serde_json::to_string(&answer).unwrap());
        }
    }
    seen.push(format!("{:?}", spent(&federation, "k360").await));
    let releases = middle.recorded().into_iter().filter_map(|frame| frame.message::<Releases>().ok());
    let bodies: Vec<Vec<u8>> = releases.flat_map(|releases| releases.bodies).collect();
    assert_eq!(bodies.len(), QUERIES.len());
    let status = status(&federation).await;
    let data = status.data.as_ref().unwrap().digest;
    for body in &bodies {
        let mut release = codec::decode::<Signed<Release>>(body).unwrap().content;
        assert_eq!(release.data.digest, data);
        // Random: of the request, and of the import.
        (release.request, release.data.digest) = (Digest::NONE, Digest::NONE);
        release.cells.iter_mut().flatten().for_each(|value| *value = 0);
        seen.push(format!("{} bytes {}", body.len(), serde_json::to_string(&release).unwrap()));
    }
    seen.push(told(status));
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
    Seen { texts: seen, data }
}

/// What Lolland says of itself.
async fn status(federation: &Federation) -> NodeStatus {
    Hand::new(federation).unwrap().ask(&node("k360"), Digest::NONE, &Status {}).await.unwrap()
}

fn told(mut status: NodeStatus) -> String {
    // Random, and the moment at which the keys were made.
    status.data.as_mut().unwrap().digest = Digest::NONE;
    status.certificate_to = jiff::Timestamp::UNIX_EPOCH;
    serde_json::to_string(&status).unwrap()
}

/// A resident of Lolland who is older than anyone else, by a century or so.
fn with_the_oldest(data: &Path, is_there: bool) -> anyhow::Result<()> {
    let person = someone(data);
    let path = data.join("k360/persons.csv");
    let text = fs::read_to_string(&path)?;
    let change = |line: &str| {
        if !line.starts_with(&person) {
            return format!("{line}\n");
        }
        let fields: Vec<&str> = line.split(',').collect();
        let day = fields.iter().position(|field| field.len() == 10 && field.as_bytes()[4] == b'-').unwrap();
        let mut fields: Vec<String> = fields.into_iter().map(str::to_owned).collect();
        fields[day] = "1907-01-01".to_owned();
        format!("{}\n", fields.join(","))
    };
    fs::write(&path, text.lines().map(change).collect::<String>())?;
    if !is_there {
        without(&data.join("k360"), &person);
    }
    Ok(())
}

#[tokio::test]
async fn the_only_member_of_a_cell_leaves_no_trace() {
    let there = seen(|data| with_the_oldest(data, true)).await;
    let gone = seen(|data| with_the_oldest(data, false)).await;
    assert_eq!(there.texts, gone.texts);
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
    // The digest of the data differs, as it does where the data are the same.
    let same = seen(|_| Ok(())).await;
    assert!(whole.texts.len() > 6);
    for other in [&missing, &extreme, &same] {
        assert_eq!(whole.texts, other.texts);
        assert_ne!(whole.data, other.data);
    }
}

#[tokio::test]
async fn an_import_keeps_its_name_over_a_restart_and_the_same_rows_again_have_another() {
    let (mut federation, id) = (Federation::builder().cases(4).build().await.unwrap(), node("k360"));
    let first = status(&federation).await.data.unwrap();
    federation.restart(&id).await.unwrap();
    assert_eq!(status(&federation).await.data.unwrap(), first);
    federation.import(&id).await.unwrap();
    let second = status(&federation).await.data.unwrap();
    assert_eq!((first.import, second.import), (1, 2));
    assert_ne!(first.digest, second.digest);
}
