//! Totals that are known beforehand, looked for wherever an answer may have left a trace: only noisy ones are found.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use tvaers_coordinator::answer::Answer;
use tvaers_protocol::frame::Frame;
use tvaers_protocol::id::NodeId;
use tvaers_tests::fault::Middle;
use tvaers_tests::federation::Federation;
use tvaers_tests::leak::Totals;
use tvaers_tests::oracle::feature::{self, Value};

use crate::{log_everything, named};

/// Enough that their number is one that nothing else has.
const PATIENTS: u16 = 20_011;

/// The whole scale of noise, from next to none to the widest.
const EXACT: &str = "1e6";
const WIDEST: &str = "0.000000001";

/// Adds patients of Lolland to a region's register: one for each of the first days of a long calendar.
fn plant(data: &Path) -> anyhow::Result<()> {
    let path = data.join("region_1085/patients.csv");
    let mut text = fs::read_to_string(&path)?;
    let there = text.clone();
    for n in 0..PATIENTS {
        let (day, month, year) = (1 + n % 28, 1 + n / 28 % 12, 40 + n / (28 * 12));
        let id = format!("{:02}{month:02}{year:02}1733", day + 60);
        let sex = if n % 3 == 0 { "F" } else { "M" };
        if !there.contains(&id) {
            text.push_str(&format!("{id},19{year:02}-{month:02}-{day:02},{sex},,360,\n"));
        }
    }
    Ok(fs::write(path, text)?)
}

/// How many persons the region answers about, and the sum of their ages: by the oracle, from the files.
fn totals(federation: &Federation) -> (i64, i64) {
    let folder = federation.data().join("region_1085");
    let mut patients = csv::Reader::from_path(folder.join("patients.csv")).unwrap();
    let is_dead = |record: &csv::StringRecord| {
        record.get(3).unwrap().parse::<Date>().is_ok_and(|day| day <= federation.as_of())
    };
    let dead: Vec<String> = patients
        .records()
        .map(Result::unwrap)
        .filter(is_dead)
        .map(|record| record.get(0).unwrap().replace('-', ""))
        .collect();
    let members = federation.municipalities();
    let is_member = |code: i64| members.iter().any(|id| id.as_str() == format!("k{code}"));
    let of_node = feature::of_node(&folder, federation.as_of()).unwrap();
    let ages = of_node.iter().filter_map(|(person, features)| {
        let number = |name: &str| match features.get(name) {
            Some(Some(Value::Number(number))) => Some(*number),
            _ => None,
        };
        let counts = number("kommune").is_some_and(is_member) && !dead.iter().any(|id| id == person.expose());
        counts.then(|| number("age").unwrap())
    });
    ages.fold((0, 0), |(count, sum), age| (count + 1, sum + age))
}

/// A federation that has answered how many and how old, with all that passed on its links.
struct Asked {
    federation: Federation,
    frames: Vec<Frame>,
    answers: Vec<Answer>,
}

async fn asked(rho: &str) -> Asked {
    let middle = Arc::new(Middle::default());
    let builder = Federation::builder().cases(6).edit(plant).interceptor(Arc::clone(&middle) as _);
    let mut federation = builder.build().await.unwrap();
    federation.connect_all().await.unwrap();
    middle.record();
    let mut answers = Vec::new();
    for kind in ["kind = \"count\"", "kind = \"sum\"\nfeature = \"age\""] {
        let text = format!(
            "name = \"planted\"\n{kind}\nas_of = {}\n[privacy]\nrho = {rho}\n[nodes]\nof = [\"region_1085\"]\n",
            federation.as_of()
        );
        let (answered, mut results) = federation.query(&text).await.unwrap();
        assert!(answered.coverage.refused.is_empty() && answered.coverage.missing.is_empty());
        answers.append(&mut results);
    }
    Asked { federation, frames: middle.recorded(), answers }
}

impl Asked {
    /// Whether a noisy number, or what follows from it alone, happens to be one of the totals.
    fn is_drawn(&self, totals: &Totals) -> bool {
        let cells = self.answers.iter().flat_map(|answer| answer.cells.iter().chain(&answer.totals));
        let mut drawn =
            cells.map(|cell| serde_json::to_vec(&(&cell.value, &cell.shown, &cell.ci95)).unwrap());
        drawn.any(|text| totals.count(&text) > 0)
    }

    fn frames_with(&self, totals: &Totals) -> usize {
        self.frames.iter().filter(|frame| totals.count(frame.body()) > 0).count()
    }

    fn node_files(&self, totals: &Totals) -> Vec<PathBuf> {
        let home = |id: &NodeId| self.federation.node_home(id);
        let found = self.federation.names().into_iter().flat_map(|id| {
            // Whatever is known of the rows may stand beside them.
            totals.files(home(&id).dir(), |path| named(path, "data-")).unwrap()
        });
        found.collect()
    }

    fn coordinator_files(&self, totals: &Totals) -> Vec<PathBuf> {
        totals.files(self.federation.coordinator_home().dir(), |_| false).unwrap()
    }
}

#[tokio::test]
async fn exact_totals_are_nowhere_but_with_the_rows() {
    let log = log_everything();
    // Where there is no noise to speak of the totals are what is released: the search finds them in what passed, in
    // the node's ledger and in the coordinator's results, each by itself.
    let exact = asked(EXACT).await;
    let (count, sum) = totals(&exact.federation);
    assert!(count > i64::from(PATIENTS) && sum > 100_000, "{count} {sum}");
    for total in [count, sum] {
        let total = Totals::of(&[total]);
        assert!(exact.frames_with(&total) > 0);
        assert!(exact.node_files(&total).iter().any(|path| named(path, "state.sqlite")));
        assert!(exact.coordinator_files(&total).iter().any(|path| named(path, "state.sqlite")));
    }
    drop(exact);
    let both = Totals::of(&[count, sum]);

    // The widest noise there is has a standard deviation of 22,361 of the count, and 120 times that of the sum: fewer
    // than 1 in 10,000 federations draw a total or an end of its interval by chance. Such a one is made anew; three in
    // a row have less than one chance in a million.
    let mut noisy = asked(WIDEST).await;
    for _ in 0..2 {
        if noisy.is_drawn(&both) {
            noisy = asked(WIDEST).await;
        }
    }
    assert!(!noisy.is_drawn(&both), "noise that is none");
    assert_eq!((count, sum), totals(&noisy.federation), "the same rows");
    assert_eq!(noisy.answers.len(), 2);
    assert!(noisy.frames.len() > 4);
    assert_eq!(noisy.frames_with(&both), 0, "what passed");
    assert_eq!(noisy.node_files(&both), Vec::<PathBuf>::new());
    assert_eq!(noisy.coordinator_files(&both), Vec::<PathBuf>::new());
    let log = log.0.lock().unwrap();
    assert!(!log.is_empty());
    assert_eq!(both.count(&log), 0, "the log");
}
