//! What a node had evaluated is opened to an auditor, with the programs and files that people have: an honest node's sample
//! holds, and one that asked for others, or showed another commitment, is found.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tempfile::TempDir;
use tvaers_host::private;
use tvaers_node::audit::event::{Closing, EvaluatedFor, Event};
use tvaers_node::audit::read;
use tvaers_protocol::codec;
use tvaers_protocol::id::{Digest, NodeId, PersonId};
use tvaers_protocol::message::{Batch, Close, Closed, Evaluate, Evaluated, Signed};
use tvaers_protocol::population::Commitment;
use tvaers_protocol::problem::Problem;
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_protocol::study::Manifest;
use tvaers_pseudonym::blind::blind_batch;
use tvaers_pseudonym::sealing::SealingKey;
use tvaers_pseudonym::seed::BlindSeed;
use tvaers_tests::federation::Federation;
use tvaers_tests::hand::Hand;

const CHALLENGE: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn k360() -> NodeId {
    NodeId::new("k360").unwrap()
}

fn arguments<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Vec<OsString> {
    arguments.into_iter().map(OsString::from).collect()
}

/// Runs a command of a node's own.
async fn at_node(federation: &Federation, id: &NodeId, command: &[&str]) -> Result<(), Problem> {
    let home = federation.node_home(id).dir().display().to_string();
    let all = arguments(["tvaers-node", "--home", &home].into_iter().chain(command.iter().copied()));
    tokio::task::spawn_blocking(|| tvaers_node::cli::perform(all)).await.unwrap()
}

/// An auditor with a folder.
struct Auditor<'a> {
    federation: &'a Federation,
    dir: TempDir,
}

impl<'a> Auditor<'a> {
    fn new(federation: &'a Federation) -> Self {
        Self { federation, dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Has a node open the one study of which it keeps something.
    async fn open(&self, id: &NodeId) -> String {
        let kept = kept(self.federation, id);
        let [file] = kept.as_slice() else { panic!("{kept:?}") };
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let run = name.strip_prefix("evaluations-").unwrap();
        let out = self.path(&format!("{id}.json")).display().to_string();
        let command = ["evaluations", "open", run, "--challenge", CHALLENGE, "--out", &out];
        at_node(self.federation, id, &command).await.unwrap();
        out
    }

    /// The code of the first thing that does not hold, or nothing.
    fn verify(&self, opening: &str, logs: &[&NodeId], more: &[&str]) -> Result<(), String> {
        let roster = self.federation.node_home(&k360()).roster().display().to_string();
        let logs: Vec<String> =
            logs.iter().map(|id| self.federation.node_home(id).audit().display().to_string()).collect();
        let mut all = vec!["tvaers-policy", "evaluations", "verify", opening, "--roster", &roster];
        logs.iter().for_each(|log| all.extend(["--log", log.as_str()]));
        if !more.contains(&"--challenge") {
            all.extend(["--challenge", CHALLENGE]);
        }
        all.extend(more);
        tvaers_policy_program::cli::perform(arguments(all)).map_err(|problem| problem.code.to_string())
    }
}

fn kept(federation: &Federation, id: &NodeId) -> Vec<PathBuf> {
    let files = fs::read_dir(federation.node_home(id).dir()).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("evaluations-")).collect()
}

fn told(federation: &Federation, id: &NodeId) -> Vec<Event> {
    let entries = read::read(&federation.node_home(id).audit()).unwrap();
    entries.map(|entry| entry.unwrap().event).collect()
}

fn evaluated(federation: &Federation, id: &NodeId) -> Vec<EvaluatedFor> {
    let events = told(federation, id).into_iter();
    let evaluated = |event| match event {
        Event::EvaluatedFor(told) => Some(told),
        _ => None,
    };
    events.filter_map(evaluated).collect()
}

#[tokio::test]
async fn an_honest_study_adds_up_in_the_logs_and_every_sample_holds() {
    let mut federation = Federation::builder().made(60, 11).build().await.unwrap();
    federation.connect_all().await.unwrap();
    federation.stratify().await.unwrap();
    let names = federation.names();
    // Every holder tells the same of a requester, and that it is everybody.
    let all: Vec<EvaluatedFor> = names.iter().flat_map(|id| evaluated(&federation, id)).collect();
    assert_eq!(all.len(), 2 * names.len(), "two holders for each of three");
    for id in &names {
        let of: Vec<_> = all.iter().filter(|told| told.requester == *id).collect();
        assert!(of.len() == 2 && of[0] == of[1], "{of:?}");
        assert!(of[0].elements == of[0].persons && of[0].persons <= of[0].quota && of[0].persons > 0);
        assert!(of[0].missing.is_empty());
    }
    let auditor = Auditor::new(&federation);
    for id in &names {
        assert!(federation.scratch(id).unwrap().is_empty(), "{id} has kept pseudonyms");
        let opening = auditor.open(id).await;
        let holders: Vec<&NodeId> = names
            .iter()
            .filter(|holder| evaluated(&federation, holder).iter().any(|told| told.requester == *id))
            .collect();
        assert_eq!(auditor.verify(&opening, &holders, &[]), Ok(()), "{id}");
        let others: Vec<&NodeId> = holders.iter().copied().filter(|holder| *holder != id).collect();
        assert_eq!(auditor.verify(&opening, &others, &["--format", "json"]), Ok(()), "{id}");
        let stranger: Vec<&NodeId> = names.iter().filter(|name| !holders.contains(name)).collect();
        assert_eq!(auditor.verify(&opening, &stranger, &[]), Err("log.stranger".to_owned()), "{id}");
        assert_eq!(auditor.verify(&opening, &[id], &[]), Err("log.own".to_owned()), "{id}");
        assert!(told(&federation, id).iter().any(|event| matches!(event, Event::EvaluationsOpened(_))));
    }
    tampered(&auditor, &federation);
    erased(&federation).await;
}

/// What the auditor is given is not what it was.
fn tampered(auditor: &Auditor<'_>, federation: &Federation) {
    let opening = auditor.path("k360.json").display().to_string();
    let text = fs::read_to_string(&opening).unwrap();
    let other = evaluated(federation, &k360()).len();
    assert!(other > 0);
    let holder = federation
        .names()
        .into_iter()
        .find(|id| *id != k360() && evaluated(federation, id).iter().any(|told| told.requester == k360()));
    let holder = holder.unwrap();
    let verify = |text: &str, more: &[&str]| {
        let path = auditor.path("tampered.json");
        fs::write(&path, text).unwrap();
        auditor.verify(&path.display().to_string(), &[&holder], more)
    };
    assert_eq!(verify(&text, &[]), Ok(()));
    let one_more = CHALLENGE.replace("0011", "0012");
    assert_eq!(verify(&text, &["--challenge", &one_more]), Err("opening.challenge".to_owned()));
    type Change = fn(&mut serde_json::Value);
    let changes: [(&str, Change, &str); 6] = [
        (
            "another person",
            |o| o["persons"][0]["person"] = o["persons"][1]["person"].clone(),
            "opening.person",
        ),
        ("another blind", |o| o["persons"][0]["blind"] = o["persons"][1]["blind"].clone(), "opening.person"),
        ("somebody left out", |o| drop(o["persons"].as_array_mut().unwrap().pop()), "opening.sample"),
        (
            "another batch",
            |o| o["batches"][0] = o["population"]["content"]["root"].clone(),
            "opening.element",
        ),
        ("more committed to", |o| o["population"]["content"]["persons"] = 61.into(), "opening.signature"),
        ("a word more", |o| o["more"] = 1.into(), "opening.form"),
    ];
    for (what, change, code) in changes {
        let mut changed: serde_json::Value = serde_json::from_str(&text).unwrap();
        change(&mut changed);
        assert_eq!(verify(&changed.to_string(), &[]), Err(code.to_owned()), "{what}");
    }
    // A log that was changed.
    let log = fs::read_to_string(federation.node_home(&holder).audit()).unwrap();
    let changed = log.replace("\"kind\":\"evaluated-for\"", "\"kind\":\"evaluated-foR\"");
    assert_ne!(changed, log);
    let path = auditor.path("changed.jsonl");
    fs::write(&path, changed).unwrap();
    let path = path.display().to_string();
    assert_eq!(verify(&text, &["--log", &path]), Err("log.broken".to_owned()));
    // The persons go to a file where that is asked for, and nowhere else.
    let persons = auditor.path("persons.txt");
    assert_eq!(verify(&text, &["--persons", persons.to_str().unwrap()]), Ok(()));
    let written = fs::read_to_string(&persons).unwrap();
    assert!(!written.is_empty() && written.lines().all(|line| PersonId::parse(line).is_ok()));
    assert_eq!(verify(&text, &["--persons", persons.to_str().unwrap()]), Err("persons.exists".to_owned()));
}

/// What is kept goes when its time is over.
async fn erased(federation: &Federation) {
    let [file] = kept(federation, &k360()).try_into().unwrap();
    at_node(federation, &k360(), &["evaluations", "list"]).await.unwrap();
    at_node(federation, &k360(), &["evaluations", "prune"]).await.unwrap();
    assert!(file.exists(), "not before its time");
    let config = federation.node_home(&k360()).config();
    let text = fs::read_to_string(&config).unwrap() + "\n[evaluations]\nkeep-days = 0\n";
    fs::write(&config, text).unwrap();
    at_node(federation, &k360(), &["evaluations", "prune"]).await.unwrap();
    assert!(!file.exists());
    let run = file.file_stem().unwrap().to_str().unwrap().strip_prefix("evaluations-").unwrap().to_owned();
    let again = ["evaluations", "open", &run, "--challenge", CHALLENGE, "--out", "/nowhere"];
    assert_eq!(at_node(federation, &k360(), &again).await.unwrap_err().code, "evaluations.none");
}

/// A study in the hands of a test, in which k360 is played with its own keys.
struct World {
    federation: Federation,
    hand: Hand,
    manifest: Manifest,
    key: SigningKey,
    persons: Vec<PersonId>,
    seed: BlindSeed,
    population: Signed<Commitment>,
}

impl World {
    async fn new() -> Self {
        let federation = Federation::builder().made(60, 11).build().await.unwrap();
        let hand = Hand::new(&federation).unwrap();
        let manifest = hand.draft(&federation).await.unwrap();
        hand.compute(&manifest).await.unwrap();
        let home = federation.node_home(&k360());
        let secret = |name: &str| private::read_key(&home.keys().join(name)).unwrap();
        let (key, sealing) = (SigningKey::from_seed(&secret("signing.key")), secret("sealing.key"));
        let file = SqliteConnectOptions::new().filename(home.work(&manifest.run.to_string()));
        let pool = SqlitePool::connect_with(file).await.unwrap();
        let row = sqlx::query("SELECT seed, population FROM study").fetch_one(&pool).await.unwrap();
        let sealing = SealingKey::from_bytes(&sealing);
        let seed = BlindSeed::open(&manifest.digest(), &sealing, row.get(0)).unwrap();
        let population = codec::decode(row.get(1)).unwrap();
        let rows =
            sqlx::query("SELECT person_id FROM component ORDER BY row").fetch_all(&pool).await.unwrap();
        let persons = rows.iter().map(|row| PersonId::parse(row.get(0)).unwrap()).collect();
        pool.close().await;
        Self { federation, hand, manifest, key, persons, seed, population }
    }

    /// Has every holder of k360's quorum evaluate these.
    async fn evaluate(&self, persons: &[PersonId], population: &Signed<Commitment>) {
        let study = self.manifest.digest();
        let (elements, _) = blind_batch(persons, &study, &mut self.seed.batch(0)).unwrap();
        for holder in self.manifest.participant(&k360()).unwrap().quorum.clone() {
            let (population, elements) = (population.clone(), elements.clone());
            let batch = Batch { requester: k360(), holder, epoch: 0, sequence: 0, population, elements };
            let ask = Evaluate { batch: Signed::new(batch, Purpose::Evaluate, study, &self.key) };
            let _: Evaluated =
                self.hand.ask(self.manifest.holder(holder).unwrap(), study, &ask).await.unwrap();
        }
    }

    /// Closes everywhere, twice at once, as a coordinator may that had no answer in time: it is one close, and told once.
    async fn close(&self) {
        let study = self.manifest.digest();
        for id in self.federation.names() {
            let close = || self.hand.ask::<_, Closed>(&id, study, &Close { is_complete: false });
            let (one, other) = tokio::join!(close(), close());
            assert!(one.is_ok() && other.is_ok(), "{id}");
            let closed = |event: &Event| matches!(event, Event::StudyClosed(told) if told.manifest == study);
            assert_eq!(told(&self.federation, &id).iter().filter(|event| closed(event)).count(), 1, "{id}");
        }
    }

    /// What an auditor finds who has k360 open, with the log of the other holder of its quorum.
    async fn found(&self) -> Result<(), String> {
        let auditor = Auditor::new(&self.federation);
        let opening = auditor.open(&k360()).await;
        let quorum = &self.manifest.participant(&k360()).unwrap().quorum;
        let holders = quorum.iter().map(|index| self.manifest.holder(*index).unwrap());
        let others: Vec<&NodeId> = holders.filter(|holder| **holder != k360()).collect();
        auditor.verify(&opening, &others, &[])
    }
}

#[tokio::test]
async fn a_node_that_asks_for_somebody_else_is_found() {
    let world = World::new().await;
    world.evaluate(&world.persons, &world.population).await;
    world.close().await;
    assert_eq!(world.found().await, Ok(()), "asked by hand as the node would");

    let world = World::new().await;
    let mut persons = world.persons.clone();
    persons[0] = PersonId::parse("6101650000").unwrap();
    assert!(!world.persons.contains(&persons[0]));
    world.evaluate(&persons, &world.population).await;
    world.close().await;
    assert_eq!(world.found().await, Err("log.evaluations".to_owned()));
}

#[tokio::test]
async fn a_node_that_asks_in_another_order_is_found() {
    let world = World::new().await;
    let mut persons = world.persons.clone();
    persons.reverse();
    world.evaluate(&persons, &world.population).await;
    world.close().await;
    assert_eq!(world.found().await, Err("log.evaluations".to_owned()));
}

#[tokio::test]
async fn a_node_that_shows_another_commitment_is_found() {
    let world = World::new().await;
    let other = Commitment { root: Digest([1; 32]), ..world.population.content.clone() };
    let other = Signed::population(other, world.manifest.digest(), &world.key);
    world.evaluate(&world.persons, &other).await;
    world.close().await;
    assert_eq!(world.found().await, Err("log.commitment".to_owned()));
}

#[tokio::test]
async fn a_node_that_asked_for_nobody_is_found_to_have() {
    let world = World::new().await;
    world.close().await;
    assert_eq!(world.found().await, Err("log.silent".to_owned()));
}

#[tokio::test]
async fn a_close_that_the_log_cannot_tell_of_erases_and_the_next_start_tells_of_the_gap() {
    let mut world = World::new().await;
    world.evaluate(&world.persons, &world.population).await;
    let log = world.federation.node_home(&k360()).audit();
    let away = log.with_extension("away");
    fs::rename(&log, &away).unwrap();
    let closed: Result<Closed, _> =
        world.hand.ask(&k360(), world.manifest.digest(), &Close { is_complete: false }).await;
    assert!(closed.is_err());
    assert!(world.federation.scratch(&k360()).unwrap().is_empty(), "it is erased all the same");
    assert_eq!(kept(&world.federation, &k360()).len(), 1);
    fs::rename(&away, &log).unwrap();
    world.federation.restart(&k360()).await.unwrap();
    let ended = |events: &[Event]| {
        let of_study = |event: &&Event| match event {
            Event::StudyClosed(told) => {
                told.manifest == world.manifest.digest() && told.how == Closing::Abandoned
            }
            _ => false,
        };
        events.iter().filter(of_study).count()
    };
    assert_eq!(ended(&told(&world.federation, &k360())), 1);
    assert!(evaluated(&world.federation, &k360()).is_empty(), "what was counted is not known any more");
    world.federation.restart(&k360()).await.unwrap();
    assert_eq!(ended(&told(&world.federation, &k360())), 1, "once");
}
