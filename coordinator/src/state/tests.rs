use jiff::Timestamp;
use jiff::civil::date;
use sqlx::Row as _;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::Signed;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::StudyRequest;
use tvaers_protocol::study::{Disclosure, Grain, Manifest, Participant, RunId};

use super::*;
use crate::answer::{Answer, Coverage, Privacy};
use crate::draft::Draft;
use crate::request::{Asked, Request, RequestId};
use crate::summary::Outcome;
use crate::testing::{asker, node, wish};

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// Signed once: a request has a random name.
fn study() -> Signed<StudyRequest> {
    static STUDY: std::sync::LazyLock<Signed<StudyRequest>> =
        std::sync::LazyLock::new(|| asker().study(wish(true, true), 60, now()).unwrap());
    STUDY.clone()
}

fn request() -> Asked {
    Asked::Stratify(Request { study: study(), approval: None, deadline_s: 60 })
}

fn draft(number: u8) -> Draft {
    let participant =
        |name| Participant { node: node(name), quota: 1_700, quorum: vec![1, 2], data: Digest([9; 32]) };
    let manifest = Manifest {
        run: RunId([number; 16]),
        roster: Digest([1; 32]),
        request: study(),
        approval: None,
        nano_rho: 400_000_000,
        model: "sad".to_owned(),
        model_digest: Digest([2; 32]),
        catalogue_digest: Digest([3; 32]),
        as_of: date(2026, 2, 28),
        grain: Grain::Counts,
        disclosure: Disclosure::Items,
        everyone: true,
        holders: vec![node("k360"), node("k376")],
        threshold: 2,
        follows: None,
        participants: vec![participant("k360"), participant("k376")],
        created: now(),
        deadline: now(),
    };
    Draft { manifest, data: Vec::new() }
}

fn failed() -> Outcome {
    // The exit code stands beside the problem, which does not carry its own into JSON.
    Outcome::Failed(Problem::new(Exit::Failed, "node.lost", "`k376` is away"), Exit::Incomplete)
}

async fn opened() -> (tempfile::TempDir, State) {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(&dir.path().join("state.sqlite")).await.unwrap();
    (dir, state)
}

#[tokio::test]
async fn a_study_under_way_is_found_again_with_how_far_it_has_come() {
    let (dir, state) = opened().await;
    let id = RequestId::random();
    state.ask(&id, &request(), now()).await.unwrap();
    assert!(state.under_way(&id).await.unwrap().is_none());
    let begun = draft(1);
    state.begin(&id, &begun, &[node("region_1085")]).await.unwrap();
    assert!(state.resumable().await.unwrap().is_empty(), "its key is not pinned yet");
    state.pinned(begun.manifest.digest()).await.unwrap();
    drop(state);

    let state = State::open(&dir.path().join("state.sqlite")).await.unwrap();
    assert_eq!(state.unanswered().await.unwrap(), [(id.clone(), request())]);
    assert_eq!(state.resumable().await.unwrap(), [begun.manifest.digest()]);
    let found = state.under_way(&id).await.unwrap().unwrap();
    assert!(found.is_pinned);
    assert_eq!(found.draft.manifest, begun.manifest);
    assert_eq!(state.unclosed(&node("k376")).await.unwrap(), [begun.manifest.digest()]);
}

#[tokio::test]
async fn a_study_that_has_ended_is_shown_and_its_manifest_with_its_quotas_is_gone() {
    let (_dir, state) = opened().await;
    let id = RequestId::random();
    state.ask(&id, &request(), now()).await.unwrap();
    let (first, second) = (draft(1), draft(2));
    state.begin(&id, &first, &[]).await.unwrap();
    state.end(first.manifest.digest(), "given up", None, now()).await.unwrap();
    assert_eq!(state.outcome(&id).await.unwrap(), None);
    state.begin(&id, &second, &[node("k376")]).await.unwrap();
    state.end(second.manifest.digest(), "complete", Some((&id, &failed())), now()).await.unwrap();

    assert!(state.unanswered().await.unwrap().is_empty() && state.under_way(&id).await.unwrap().is_none());
    assert_eq!(state.outcome(&id).await.unwrap(), Some(failed()));
    // The first answer stands.
    let other = Outcome::Failed(Problem::new(Exit::Failed, "other", "other"), Exit::Failed);
    state.answer(&id, &other, now()).await.unwrap();
    assert_eq!(state.outcome(&id).await.unwrap(), Some(failed()));
    let rows = state.requests(None).await.unwrap();
    assert_eq!(rows.len(), 1);
    let told: Vec<_> =
        rows[0].studies.iter().map(|study| (study.outcome.as_deref(), study.missing.len())).collect();
    assert_eq!(told, [(Some("given up"), 0), (Some("complete"), 1)]);
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM study WHERE content IS NOT NULL OR data IS NOT NULL")
            .fetch_one(&state.pool)
            .await
            .unwrap();
    assert_eq!(left, 0);

    // By the name of the request or of any of its runs.
    let of = async |name: &str| state.requests(Some(&name.parse().unwrap())).await.unwrap().len();
    assert_eq!(of(id.as_str()).await, 1);
    assert_eq!(of(&first.manifest.run.to_string()).await, 1);
    assert_eq!(of(&"0".repeat(32)).await, 0);
}

#[tokio::test]
async fn requests_are_gone_on_with_in_the_order_in_which_they_were_asked() {
    let (_dir, state) = opened().await;
    let times = ["2026-11-21T12:00:00.5Z", "2026-11-21T12:00:00Z", "2026-11-21T12:00:00.25Z"];
    let mut asked = Vec::new();
    for time in times {
        let (id, time): (_, Timestamp) = (RequestId::random(), time.parse().unwrap());
        state.ask(&id, &request(), time).await.unwrap();
        // Again under the same name changes nothing.
        state
            .ask(&id, &Asked::Stratify(Request { study: study(), approval: None, deadline_s: 1 }), now())
            .await
            .unwrap();
        asked.push((time, id));
    }
    asked.sort_by_key(|(time, _)| *time);
    let found = state.unanswered().await.unwrap();
    assert!(found.iter().all(|(_, found)| *found == request()));
    let ids = |all: Vec<RequestId>| all;
    assert_eq!(
        ids(found.into_iter().map(|(id, _)| id).collect()),
        ids(asked.into_iter().map(|(_, id)| id).collect())
    );
}

/// A database as the first version left it.
async fn of_version_1(path: &Path) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let mut all = sqlx::migrate!("./migrations");
    all.migrations.to_mut().retain(|migration| migration.version == 1);
    all.run(&pool).await.unwrap();
    sqlx::query(
        "INSERT INTO study VALUES (?, ?, 'sad', '2026-02-28', 'counts', 'k360 k376', ?, ?, 'complete')",
    )
    .bind([5; 32].as_slice())
    .bind("05".repeat(16))
    .bind("2026-11-20T12:00:00Z")
    .bind("2026-11-20T12:01:00Z")
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("INSERT INTO unclosed VALUES (?, 'k376')")
        .bind([5; 32].as_slice())
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
}

async fn tables(path: &Path) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let rows = sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    let rows = rows.fetch_all(&pool).await.unwrap();
    pool.close().await;
    rows.iter().map(|row| row.get("name")).collect()
}

#[tokio::test]
async fn a_database_of_the_first_version_is_migrated_once_a_copy_stands_beside_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.sqlite");
    of_version_1(&path).await;
    // What an attempt that was interrupted left behind is in nobody's way.
    let copy = migrate::copy_beside(&path, 1);
    std::fs::write(&copy, "half a copy").unwrap();
    let state = State::open(&path).await.unwrap();

    let rows = state.requests(None).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].id.is_none() && rows[0].request.is_none());
    let study = &rows[0].studies[0];
    assert_eq!((study.run.as_str(), study.outcome.as_deref()), ("05".repeat(16).as_str(), Some("complete")));
    assert_eq!(study.nodes, ["k360", "k376"].map(node));
    assert_eq!(state.unclosed(&node("k376")).await.unwrap(), [Digest([5; 32])]);
    let of_run: RequestId = "05".repeat(16).parse().unwrap();
    assert_eq!(state.requests(Some(&of_run)).await.unwrap(), rows);

    assert_eq!(copy, dir.path().join("state.sqlite.v1"));
    assert_eq!(tables(&copy).await, ["_sqlx_migrations", "study", "unclosed"]);
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    // It is made once, before the version is left.
    std::fs::remove_file(&copy).unwrap();
    drop(state);
    State::open(&path).await.unwrap();
    assert!(!copy.exists());
}

#[tokio::test]
async fn a_new_database_needs_no_copy_and_one_of_a_newer_version_is_refused_untouched() {
    let (dir, state) = opened().await;
    let path = dir.path().join("state.sqlite");
    assert!(!migrate::copy_beside(&path, 1).exists() && !migrate::copy_beside(&path, 2).exists());
    sqlx::query("INSERT INTO _sqlx_migrations SELECT 99, description, installed_on, success, checksum, execution_time FROM _sqlx_migrations WHERE version = 2")
        .execute(&state.pool)
        .await
        .unwrap();
    state.pool.close().await;
    let before = tables(&path).await;
    assert!(matches!(State::open(&path).await, Err(StateError::Schema(_))));
    assert_eq!(tables(&path).await, before);
    assert_eq!(
        std::fs::read_dir(dir.path())
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().contains(".v") })
            .count(),
        0,
        "no copy was made"
    );
}

#[tokio::test]
async fn that_a_node_was_told_of_an_end_is_remembered() {
    let (_dir, state) = opened().await;
    let id = RequestId::random();
    state.ask(&id, &request(), now()).await.unwrap();
    state.begin(&id, &draft(1), &[]).await.unwrap();
    let digest = draft(1).manifest.digest();
    let none: Vec<Digest> = Vec::new();
    let k360: NodeId = node("k360");
    state.told(digest, &k360).await.unwrap();
    assert_eq!(state.unclosed(&k360).await.unwrap(), none);
    assert_eq!(state.unclosed(&node("k376")).await.unwrap(), [digest]);
}

fn answer(name: &str, value: i64) -> Answer {
    let privacy = Privacy {
        mechanism: "discrete_gaussian".to_owned(),
        epsilon: 1.0,
        delta: 1e-8,
        rho: 0.5,
        rho_person_max: 0.5,
        nodes: Vec::new(),
    };
    let coverage = Coverage {
        asked: Vec::new(),
        answered: Vec::new(),
        refused: Vec::new(),
        missing: Vec::new(),
        population_share: 1.0,
    };
    let cell = crate::answer::Cell {
        key: serde_json::Map::new(),
        value: Some(value.into()),
        shown: Some(value.into()),
        standard_error: Some(1.0),
        ci95: Some([(value - 2).into(), (value + 2).into()]),
        persons: None,
    };
    Answer {
        query: serde_json::json!({ "name": name }),
        as_of: date(2026, 2, 28),
        laboratory: true,
        cells: vec![cell],
        totals: Vec::new(),
        privacy,
        coverage,
        definitions: Vec::new(),
        data: Vec::new(),
        notes: Vec::new(),
        indicator: None,
        request: None,
    }
}

/// The values of a page.
fn values(page: &[String]) -> Vec<i64> {
    let value = |text: &String| {
        serde_json::from_str::<Answer>(text).unwrap().cells[0].value.unwrap().whole().unwrap()
    };
    page.iter().map(value).collect()
}

async fn asked(state: &State) -> RequestId {
    let id = RequestId::random();
    state.ask(&id, &request(), now()).await.unwrap();
    id
}

#[tokio::test]
async fn results_are_kept_once_and_given_page_by_page() {
    let (_dir, state) = opened().await;
    let id = asked(&state).await;
    let first: Vec<Answer> = (0..3).map(|value| answer("q", value)).collect();
    state.keep_results(&id, "q", 0, &first, now()).await.unwrap();
    // As after a stop in the middle: the first stand, and what is new is added.
    let again: Vec<Answer> = (10..15).map(|value| answer("q", value)).collect();
    state.keep_results(&id, "q", 0, &again, now()).await.unwrap();
    let page = async |from, count| values(&state.results(id.as_str(), from, count).await.unwrap());
    assert_eq!(page(0, 100).await, [0, 1, 2, 13, 14]);
    assert_eq!(page(0, 2).await, [0, 1]);
    assert_eq!(page(2, 2).await, [2, 13]);
    assert!(page(5, 2).await.is_empty());
    assert!(state.results("other", 0, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_name_gives_the_results_that_were_added_last_whatever_the_clock_said() {
    let (_dir, state) = opened().await;
    let (old, new) = (asked(&state).await, asked(&state).await);
    // As texts, these times are in the other order.
    let times = ["2026-11-21T12:00:00Z", "2026-11-21T12:00:00.5Z"].map(|time| time.parse().unwrap());
    state.keep_results(&old, "q", 0, &[answer("q", 1)], times[0]).await.unwrap();
    state.keep_results(&new, "q", 0, &[answer("q", 2)], times[1]).await.unwrap();
    assert_eq!(values(&state.results("q", 0, 9).await.unwrap()), [2]);
    assert_eq!(values(&state.results(old.as_str(), 0, 9).await.unwrap()), [1], "by its own name it is found");
    let names = state.result_names().await.unwrap();
    let names: Vec<&str> = names.iter().map(|name| name.request.as_str()).collect();
    assert_eq!(names, [new.as_str(), old.as_str()]);
}

#[tokio::test]
async fn tables_of_a_run_stand_and_those_of_a_later_run_take_their_place() {
    let (_dir, state) = opened().await;
    let id = asked(&state).await;
    let (first, second) = (RunId([1; 16]), RunId([2; 16]));
    state.keep_tables(&id, first, &answer("sad", 1), now()).await.unwrap();
    state.keep_tables(&id, first, &answer("sad", 2), now()).await.unwrap();
    assert_eq!(state.tables(&id, first).await.unwrap(), Some(answer("sad", 1)));
    assert_eq!(state.tables(&id, second).await.unwrap(), None);
    state.keep_tables(&id, second, &answer("sad", 3), now()).await.unwrap();
    assert_eq!(state.tables(&id, first).await.unwrap(), None);
    assert_eq!(values(&state.results("sad", 0, 9).await.unwrap()), [3]);
}

#[tokio::test]
async fn a_request_in_the_words_of_an_older_version_is_listed_and_keeps_nobody_from_starting() {
    let (dir, state) = opened().await;
    let old = RequestId::random();
    sqlx::query("INSERT INTO request (id, content, asked) VALUES (?, ?, ?)")
        .bind(old.as_str())
        .bind(r#"{"model":"sad","as_of":"2026-02-28","grain":"events","deadline_s":60}"#)
        .bind(now().to_string())
        .execute(&state.pool)
        .await
        .unwrap();
    let id = asked(&state).await;
    drop(state);
    let state = State::open(&dir.path().join("state.sqlite")).await.unwrap();
    assert_eq!(state.unanswered().await.unwrap(), [(id, request())]);
    let rows = state.requests(Some(&old)).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].id.as_ref(), rows[0].request.as_ref()), (Some(&old), None));
}
