use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::date;
use sqlx::Row as _;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::Signed;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::StudyRequest;
use tvaers_protocol::study::{Disclosure, Grain, Manifest, Participant, RunId};

use super::*;
use crate::draft::Draft;
use crate::request::{Asked, Request, RequestId};
use crate::summary::Outcome;
use crate::testing::{node, roster, signed};

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn request() -> Asked {
    request_for(60)
}

fn request_for(deadline_s: u64) -> Asked {
    Asked::Stratify(Request { study: study(), deadline_s })
}

/// Signed once, so that two of them are the same.
fn study() -> Signed<StudyRequest> {
    static STUDY: LazyLock<Signed<StudyRequest>> = LazyLock::new(|| signed("sad", &roster(), None));
    STUDY.clone()
}

fn draft(number: u8) -> Draft {
    let participant =
        |name| Participant { node: node(name), quota: 1_700, quorum: vec![1, 2], data: Digest([9; 32]) };
    let manifest = Manifest {
        run: RunId([number; 16]),
        roster: Digest([1; 32]),
        request: study(),
        nano_rho: 0,
        everyone: true,
        model: "sad".to_owned(),
        model_digest: Digest([2; 32]),
        catalogue_digest: Digest([3; 32]),
        as_of: date(2026, 2, 28),
        grain: Grain::Counts,
        disclosure: Disclosure::Items,
        holders: vec![node("k360"), node("k376")],
        threshold: 2,
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
        state.ask(&id, &request_for(1), now()).await.unwrap();
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
