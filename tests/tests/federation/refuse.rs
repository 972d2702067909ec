//! What a node refuses before it signs anything: data that may be real.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::Exit;
use tvaers_tests::federation::Federation;

fn k360() -> NodeId {
    NodeId::new("k360").unwrap()
}

/// A study is refused by the node, for a reason of this wording, and leaves nothing.
async fn assert_refused(federation: &mut Federation, because: &str) {
    federation.connect_all().await.unwrap();
    let problem = federation.stratify().await.err().unwrap();
    assert_eq!(problem.exit, Exit::Refused, "{problem}");
    assert!(problem.place.contains("k360") && problem.what.contains(because), "{problem}");
    assert!(federation.worklist_texts().values().all(Option::is_none), "a list was written");
    assert!(federation.scratch(&k360()).unwrap().is_empty(), "work was begun over data that may be real");
}

/// The mark is made by the import; the file's own meta table is where it stands.
async fn mark_as_real(federation: &Federation) {
    let home = federation.node_home(&k360());
    let mut files = std::fs::read_dir(home.dir()).unwrap().map(|entry| entry.unwrap().path());
    let is_data = |name: &str| name.starts_with("data-") && name.ends_with(".sqlite");
    let file = files.find(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_data));
    let options = SqliteConnectOptions::new().filename(file.unwrap());
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let done = sqlx::query("UPDATE meta SET made_up = 0").execute(&pool).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
    pool.close().await;
}

#[tokio::test]
async fn data_imported_as_real_stays_real_whatever_the_configuration_says() {
    let mut federation = Federation::builder().cases(5).build().await.unwrap();
    mark_as_real(&federation).await;
    assert_refused(&mut federation, "not marked as made up").await;
    let query = format!(
        "name = \"persons\"\nkind = \"count\"\nas_of = {}\n[nodes]\nof = [\"k360\"]\n",
        federation.as_of()
    );
    let (answered, results) = federation.query(&query).await.unwrap();
    assert!(results.is_empty() && answered.coverage.answered.is_empty(), "{answered:?}");
    assert!(answered.failed.iter().all(|problem| problem.what.contains("not marked as made up")));
    assert_eq!(answered.failed.len(), 1);
}

#[tokio::test]
async fn a_node_for_real_data_does_not_open_under_a_laboratory_policy_and_answers_nothing_without_one() {
    let mut federation = Federation::builder().cases(5).build().await.unwrap();
    mark_as_real(&federation).await;
    let home = federation.node_home(&k360());
    let text = std::fs::read_to_string(home.config()).unwrap();
    let real = text.replace("made-up = true", "made-up = false");
    assert_ne!(real, text);
    std::fs::write(home.config(), real).unwrap();
    let error = federation.restart(&k360()).await.err().unwrap();
    assert!(error.to_string().contains("two signatures"), "{error}");

    std::fs::remove_file(home.policy()).unwrap();
    federation.restart(&k360()).await.unwrap();
    assert_refused(&mut federation, "no policy").await;
}
