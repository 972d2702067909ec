//! What a run leaves behind and what it says on the way holds nobody: no number, and no pseudonym but where it must.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic; clippy only knows the tests themselves")]

#[path = "leak/planted.rs"]
mod planted;

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::layer::SubscriberExt as _;
use tvaers_definitions::library::Library;
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::{PersonId, Pseudonym};
use tvaers_protocol::message::Contributions;
use tvaers_protocol::study::Grain;
use tvaers_tests::cases::stories;
use tvaers_tests::fault::Middle;
use tvaers_tests::federation::Federation;
use tvaers_tests::leak::{Needles, files};

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Logs all that tvaers says at any level, and of libraries what is rare, as the programs do under `RUST_LOG=trace`.
fn log_everything() -> Log {
    static LOG: LazyLock<Log> = LazyLock::new(begin_log);
    LOG.clone()
}

fn begin_log() -> Log {
    let log = Log::default();
    let writer = log.clone();
    let ours_or_rare = FilterFn::new(|metadata| {
        metadata.target().starts_with("tvaers")
            || *metadata.level() <= tracing_subscriber::filter::LevelFilter::INFO
    });
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone());
    let subscriber =
        tracing_subscriber::registry().with(layer.with_filter(ours_or_rare).with_filter(LevelFilter::TRACE));
    tracing_subscriber::util::SubscriberInitExt::init(subscriber);
    log
}

fn pseudonyms(frames: &[Frame]) -> Vec<Pseudonym> {
    let library = Library::embedded().unwrap();
    let shape = library.model("sad").unwrap().shape(Grain::Events);
    let streams = frames.iter().filter_map(|frame| frame.message::<Contributions>().ok());
    streams
        .flat_map(|stream| shape.read(&stream.records).unwrap())
        .map(|contribution| contribution.pseudonym)
        .collect()
}

/// Enters an objection at Lolland, of someone whom one region knows too.
async fn object(federation: &Federation) -> String {
    let pooled = tvaers_tests::oracle::read::federation(&federation.data()).unwrap();
    let held = |citizen: &tvaers_tests::oracle::Citizen| {
        citizen.patients.len() == 1
            && citizen.persons.len() == 1
            && citizen.persons.iter().all(|held| held.node == 360)
    };
    let person = pooled.citizens.iter().find(|(_, citizen)| held(citizen)).unwrap().0.expose().to_owned();
    let lolland = federation.municipalities().swap_remove(0);
    let state = federation.node_home(&lolland).state();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(state);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let entry = "INSERT INTO objection (person_id, own, since) VALUES (?, 1, '2026-02-28T12:00:00Z')";
    sqlx::query(entry).bind(&person).execute(&pool).await.unwrap();
    pool.close().await;
    person
}

fn named(path: &Path, start: &str) -> bool {
    path.file_name().unwrap().to_string_lossy().starts_with(start)
}

#[tokio::test]
async fn numbers_stay_at_the_nodes_and_pseudonyms_in_the_streams() {
    let (seed, log, middle) = (5, log_everything(), Arc::new(Middle::default()));
    let mut federation =
        Federation::builder().cases(seed).interceptor(Arc::clone(&middle) as _).build().await.unwrap();
    middle.record();
    federation.connect_all().await.unwrap();
    let objector = PersonId::parse(&object(&federation).await).unwrap();
    federation.stratify().await.unwrap();
    // A failed run says more in the log than one that went well.
    let broken = federation.signed("sad", "2026-03-01".parse().unwrap(), Grain::Events, 10);
    federation.ask(&broken).await.unwrap_err();

    let persons: Vec<PersonId> = stories(seed, federation.as_of()).unwrap().into_keys().collect();
    let frames = middle.recorded();
    let pseudonyms = pseudonyms(&frames);
    assert!(
        persons.len() > 300 && pseudonyms.len() > persons.len(),
        "many persons are known to several nodes"
    );
    let (numbers, names) = (Needles::persons(&persons), Needles::pseudonyms(&pseudonyms));

    // The search finds what is there.
    let k360 = federation.node_home(&federation.municipalities()[0]);
    assert!(
        numbers.count(federation.worklist_text(&federation.municipalities()[0]).unwrap().as_bytes()) > 20
    );
    assert!(numbers.files(k360.dir(), |_| false).unwrap().iter().any(|path| named(path, "data-")));
    for frame in &frames {
        let streams = matches!(
            frame.kind(),
            Kind::Contributions | Kind::HandBacks | Kind::EventRequests | Kind::Events
        );
        // Those with nothing to tell look like the others.
        let may = frame.kind() == Kind::Objections;
        assert!(may || (names.count(frame.body()) > 0) == streams, "{}: a pseudonym", frame.kind());
        assert_eq!(numbers.count(frame.body()), 0, "{}: a number", frame.kind());
    }

    let told = |frame: &&Frame| frame.kind() == Kind::Objections && names.count(frame.body()) > 0;
    assert_eq!(frames.iter().filter(told).count(), 1, "the region is told of who objects at Lolland");
    assert!(!federation.worklist(&federation.municipalities()[0]).unwrap().contains_key(&objector));

    let log = log.0.lock().unwrap();
    assert!(String::from_utf8_lossy(&log).contains("the work list is written"));
    assert_eq!((numbers.count(&log), names.count(&log)), (0, 0), "the log holds nobody");
    let coordinator = federation.coordinator_home();
    assert!(!files(coordinator.dir()).unwrap().is_empty());
    for needles in [&numbers, &names] {
        assert_eq!(needles.files(coordinator.dir(), |_| false).unwrap(), Vec::<std::path::PathBuf>::new());
    }
    for id in federation.names() {
        let home = federation.node_home(&id);
        assert_eq!(
            names.files(home.dir(), |path| named(path, "data-")).unwrap(),
            Vec::<std::path::PathBuf>::new(),
            "{id}: erased"
        );
        // What an opening to an auditor needs has numbers, and no pseudonym.
        assert!(numbers.files(home.dir(), |_| false).unwrap().iter().any(|path| named(path, "evaluations-")));
        let may = |path: &Path| {
            let kept = ["data-", "worklist-", "evaluations-", "state.sqlite"];
            kept.iter().any(|name| named(path, name))
        };
        assert_eq!(numbers.files(home.dir(), may).unwrap(), Vec::<std::path::PathBuf>::new(), "{id}");
    }
}
