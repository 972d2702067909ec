//! What a node refuses before it signs anything: data that may be real.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic; clippy only knows the tests themselves")]

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::Exit;
use tvaers_tests::federation::Federation;

fn k360() -> NodeId {
    NodeId::new("k360").unwrap()
}

async fn assert_refused(mut federation: Federation) {
    federation.connect_all().await.unwrap();
    let problem = federation.stratify().await.err().unwrap();
    assert_eq!(problem.exit, Exit::Refused, "{problem}");
    assert!(problem.place.contains("k360"), "{problem}");
    assert!(federation.worklist_texts().values().all(Option::is_none), "a list was written");
    assert!(federation.scratch(&k360()).unwrap().is_empty(), "work was begun over data that may be real");
}

/// The mark is made by the import; the file's own meta table is where it stands.
async fn mark_as_real(federation: &Federation) {
    let home = federation.node_home(&k360());
    let file = std::fs::read_dir(home.dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("data-")))
        .unwrap();
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(file)).await.unwrap();
    let done = sqlx::query("UPDATE meta SET made_up = 0").execute(&pool).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
    pool.close().await;
}

#[tokio::test]
async fn data_imported_as_real_stays_real_whatever_the_configuration_says() {
    let federation = Federation::builder().cases(5).build().await.unwrap();
    mark_as_real(&federation).await;
    assert_refused(federation).await;
}

#[tokio::test]
async fn a_node_that_is_not_for_made_up_data_contributes_to_nothing() {
    let federation = Federation::builder().cases(5).build().await.unwrap();
    mark_as_real(&federation).await;
    let path = federation.node_home(&k360()).config();
    let text = std::fs::read_to_string(&path).unwrap();
    let real =
        text.split("\n# Laboratory policy").next().unwrap().replace("made-up = true", "made-up = false");
    assert_ne!(real, text);
    std::fs::write(&path, real).unwrap();
    assert_refused(federation).await;
}
