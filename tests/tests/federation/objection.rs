//! Objections: who objects at one node is left out of a study as a whole and of everything at the others from then on;
//! and who is on a list of the policy is left out as if there were no such person.

mod adversary;
mod lists;

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tvaers_definitions::library::Library;
use tvaers_node::audit::event::{Event, Share};
use tvaers_node::audit::read;
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::{NodeId, PersonId};
use tvaers_protocol::message::{Contributions, Objections};
use tvaers_protocol::objection::Objection;
use tvaers_protocol::record::Contribution;
use tvaers_protocol::study::Grain;
use tvaers_tests::fault::Middle;
use tvaers_tests::federation::{Federation, Line};
use tvaers_tests::leak::Needles;
use tvaers_tests::oracle::{self, Citizen};

use super::joined::{EXACT, asked, assert_same, cost, histogram, readmission};

fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

async fn memory(federation: &Federation, id: &str) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(federation.node_home(&node(id)).state());
    SqlitePool::connect_with(options).await.unwrap()
}

/// Enters an objection beside the serving node, as `tvaers-node objection add` does.
async fn object(federation: &Federation, id: &str, person: &PersonId) {
    let pool = memory(federation, id).await;
    sqlx::query("INSERT INTO objection (person_id, own, since) VALUES (?, 1, '2026-02-28T12:00:00Z')")
        .bind(person.expose())
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
}

/// Who is known at a node to object at another one, and which node said so.
async fn received(federation: &Federation, id: &str) -> BTreeMap<PersonId, String> {
    let pool = memory(federation, id).await;
    let rows =
        sqlx::query("SELECT person_id, node FROM objection WHERE own = 0").fetch_all(&pool).await.unwrap();
    pool.close().await;
    let of =
        |row: &sqlx::sqlite::SqliteRow| (PersonId::parse(row.get("person_id")).unwrap(), row.get("node"));
    rows.iter().map(of).collect()
}

/// A federation whose links are looked at, and all rows of its nodes.
struct World {
    federation: Federation,
    middle: Arc<Middle>,
    pooled: oracle::Federation,
    /// Queries asked so far: each must be another question, or the stored answer comes.
    asked: u8,
}

impl World {
    async fn new(seed: u64) -> Self {
        let middle = Arc::new(Middle::default());
        let builder = Federation::builder().cases(seed).interceptor(Arc::clone(&middle) as _);
        let mut federation = builder.build().await.unwrap();
        federation.connect_all().await.unwrap();
        let pooled = oracle::read::federation(&federation.data()).unwrap();
        Self { federation, middle, pooled, asked: 0 }
    }

    /// The first person on Lolland's list of whom this holds.
    fn person(&self, is_it: impl Fn(&Citizen) -> bool) -> PersonId {
        let sad = self.pooled.sad(self.federation.as_of()).unwrap();
        let found = self.pooled.citizens.iter().find(|(id, citizen)| {
            let answer = &sad[*id];
            answer.kommune == Some(360) && !answer.several_residences && answer.eligible && is_it(citizen)
        });
        found.unwrap().0.clone()
    }

    /// How many persons a node answers about, exactly.
    async fn count(&mut self, id: &str) -> f64 {
        self.asked += 1;
        let text = format!(
            "name = \"all\"\nkind = \"count\"\nas_of = {}\n[[where]]\nfeature = \"age\"\nfrom = 0\nto = {}\n\
             [privacy]\nrho = 1000000\n[nodes]\nof = [\"{id}\"]\n",
            self.federation.as_of(),
            // Nobody is that old.
            120 - self.asked
        );
        let (_, answers) = self.federation.query(&text).await.unwrap();
        answers[0].cells[0].value.unwrap().real().round()
    }

    /// Makes the list, and gives what passed on the links.
    async fn stratify(&self) -> Vec<Frame> {
        self.middle.record();
        let summary = self.federation.stratify().await.unwrap();
        assert!(summary.missing.is_empty() && summary.unconfirmed.is_empty());
        self.middle.recorded()
    }

    fn lolland(&self) -> BTreeMap<PersonId, Line> {
        self.federation.worklist(&node("k360")).unwrap()
    }
}

/// The records that were contributed last: those of the second time, where they passed twice.
fn contributed(frames: &[Frame]) -> Vec<Contribution> {
    let shape = Library::embedded().unwrap().model("sad").unwrap().shape(Grain::Events);
    let parts = frames.iter().filter_map(|frame| frame.message::<Contributions>().ok());
    let all: Vec<Contribution> = parts.flat_map(|part| shape.read(&part.records).unwrap()).collect();
    assert_eq!(all.len() % 2, 0, "at grain events everything passes twice");
    all.into_iter().skip(1).step_by(2).collect()
}

fn objecting(frames: &[Frame]) -> usize {
    let shape = Library::embedded().unwrap().model("sad").unwrap().shape(Grain::Events);
    let parts = frames.iter().filter_map(|frame| frame.message::<Contributions>().ok());
    let records = parts.flat_map(|part| shape.read(&part.records).unwrap());
    let objecting: Vec<Contribution> = records.filter(|record| record.objects).collect();
    assert!(objecting.iter().all(|record| *record == Contribution::objection(record.pseudonym, shape)));
    objecting.len() / 2
}

/// The bytes of every frame of objections, and what they tell.
fn told(frames: &[Frame]) -> (Vec<usize>, Vec<Objection>) {
    let parts: Vec<Objections> = frames
        .iter()
        .filter(|frame| frame.kind() == Kind::Objections)
        .map(|f| f.message().unwrap())
        .collect();
    let told = parts.iter().flat_map(|part| Objection::read(&part.records).unwrap()).collect();
    (parts.iter().map(|part| part.records.len()).collect(), told)
}

fn is_known_to(citizen: &Citizen, region: u16) -> bool {
    citizen.patients.iter().any(|held| held.node == region)
}

fn is_held_by(citizen: &Citizen, municipality: u16) -> bool {
    citizen.persons.iter().any(|held| held.node == municipality)
}

#[tokio::test]
async fn who_objects_at_the_municipality_is_in_no_table_and_the_region_leaves_them_out_from_then_on() {
    let mut world = World::new(3).await;
    let (region, as_of) = ("region_1085", world.federation.as_of());
    // One of whom two regions have stays, and who would go through the second round.
    let person = world.person(|citizen| {
        let regions = citizen.patients.iter().filter(|held| held.row.kommune == Some(360));
        regions.count() == 2 && !citizen.contacts.is_empty()
    });
    let (before, at_home) = (world.count(region).await, world.count("k360").await);
    object(&world.federation, "k360", &person).await;
    assert!(world.count("k360").await == at_home - 1.0, "at once, and without a restart");
    assert!(world.count(region).await == before, "nobody has told the region yet");

    // Three studies: in the first one the region contributes the person still, and the coordinator leaves them out.
    world.middle.record();
    let first = asked(&world.federation, "readmission_30d", EXACT).await;
    let (sizes, objections) = told(&world.middle.recorded());
    world.pooled.citizens.remove(&person);
    assert_same(&first, &readmission(&world.pooled, as_of));
    assert_eq!(sizes, [Objection::FRAME_BYTES; 5], "each of five nodes is told, in one size");
    assert_eq!(objections.len(), 2, "the two regions");
    assert_same(&asked(&world.federation, "cost_per_capita", EXACT).await, &cost(&world.pooled, as_of));
    assert_same(&asked(&world.federation, "sad_histogram", EXACT).await, &histogram(&world.pooled, as_of));

    assert!(received(&world.federation, region).await == [(person.clone(), "k360".to_owned())].into());
    assert!(
        received(&world.federation, "k360").await.is_empty()
            && received(&world.federation, "k376").await.is_empty()
    );
    assert!(world.count(region).await == before - 1.0);
    world.federation.restart(&node(region)).await.unwrap();
    world.federation.connect(&node(region)).await.unwrap();
    assert!(world.count(region).await == before - 1.0, "over a restart");
    let frames = world.stratify().await;
    assert_eq!(
        (objecting(&frames), told(&frames).1.len()),
        (1, 0),
        "only who says so themselves names the person"
    );
    assert!(!world.lolland().contains_key(&person));

    let entries = read::read(&world.federation.node_home(&node(region)).audit()).unwrap();
    let logged = entries.filter_map(|entry| match entry.unwrap().event {
        Event::ObjectionsReceived(received) => Some(received.share),
        _ => None,
    });
    assert_eq!(logged.collect::<Vec<_>>(), [Share::Few; 4], "every study, whether anybody objects or not");
}

#[tokio::test]
async fn objections_at_a_region_and_at_another_municipality_keep_from_the_list_and_reach_the_others() {
    let mut world = World::new(3).await;
    let at_region = world.person(|citizen| is_known_to(citizen, 1085) && !is_held_by(citizen, 376));
    let at_other = world.person(|citizen| is_held_by(citizen, 376) && is_known_to(citizen, 1085));
    assert!(at_region != at_other);
    world.stratify().await;
    let (all, count) = (world.lolland(), world.count("k360").await);
    assert!(all.contains_key(&at_region) && all.contains_key(&at_other));
    object(&world.federation, "region_1085", &at_region).await;
    object(&world.federation, "k376", &at_other).await;

    let frames = world.stratify().await;
    assert_eq!(objecting(&frames), 2);
    let mut expected = all;
    expected.retain(|person, _| *person != at_region && *person != at_other);
    assert!(world.lolland() == expected, "the others stay as they were");
    let both = [(at_region.clone(), "region_1085".to_owned()), (at_other.clone(), "k376".to_owned())];
    assert!(received(&world.federation, "k360").await == both.into());
    let region = received(&world.federation, "region_1085").await;
    assert!(region == [(at_other.clone(), "k376".to_owned())].into());
    assert!(world.count("k360").await == count - 2.0);

    let objectors = [at_region, at_other];
    let names = Needles::pseudonyms(told(&frames).1.iter().map(|objection| &objection.pseudonym));
    let signatures: Vec<[u8; 16]> =
        told(&frames).1.iter().map(|objection| *objection.signature.0.first_chunk().unwrap()).collect();
    let coordinator = world.federation.coordinator_home();
    for path in tvaers_tests::leak::files(coordinator.dir()).unwrap() {
        let content = std::fs::read(&path).unwrap();
        assert_eq!(
            names.count(&content) + Needles::persons(&objectors).count(&content),
            0,
            "{}",
            path.display()
        );
        let holds = |bytes: &[u8; 16]| content.windows(16).any(|window| window == bytes);
        assert!(!signatures.iter().any(holds), "{}", path.display());
    }
}

#[tokio::test]
async fn an_objector_whom_no_other_node_holds_is_told_to_nobody_in_frames_of_the_same_size() {
    let world = World::new(3).await;
    let quiet = world.stratify().await;
    let person = world.person(|citizen| citizen.patients.is_empty() && citizen.persons.len() == 1);
    object(&world.federation, "k360", &person).await;
    let frames = world.stratify().await;
    assert_eq!((objecting(&quiet), objecting(&frames)), (0, 1));
    assert_eq!(contributed(&quiet).len(), contributed(&frames).len());
    assert_eq!(told(&quiet).0, told(&frames).0);
    assert!(told(&frames).1.is_empty());
    for id in world.federation.names() {
        assert!(received(&world.federation, id.as_str()).await.is_empty(), "{id}");
    }
    assert!(!world.lolland().contains_key(&person));
}

#[tokio::test]
async fn a_restart_anywhere_on_the_way_of_objections_loses_none() {
    for kind in [Kind::Contributions, Kind::Objections, Kind::ObjectionsEnd, Kind::ObjectionsTaken] {
        let mut world = World::new(3).await;
        let person = world.person(|citizen| is_known_to(citizen, 1085));
        object(&world.federation, "k360", &person).await;
        let region = node("region_1085");
        let spot = tvaers_tests::fault::Spot { node: region.clone(), kind };
        world.middle.set(spot, tvaers_tests::fault::Fault::CutLink);
        let run = world.federation.begin(world.federation.request());
        world.middle.until_struck().await;
        world.federation.restart(&region).await.unwrap();
        world.federation.connect(&region).await.unwrap();
        let summary = run.await.unwrap().unwrap();
        assert!(summary.missing.is_empty(), "{kind}: {:?}", summary.missing);
        let told = received(&world.federation, "region_1085").await;
        assert!(told == [(person.clone(), "k360".to_owned())].into(), "{kind}");
        assert!(!world.lolland().contains_key(&person), "{kind}");
    }
}
