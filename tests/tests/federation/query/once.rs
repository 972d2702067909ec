//! One charge, one answer: whatever breaks in between, and however often it is asked.

use std::fs;

use tvaers_coordinator::stratify::RequestId;

use super::neighbours::{someone, without};
use super::{laboratory, node, spent};

const QUERY: &str = "name = \"q\"\nkind = \"count\"\nby = [\"sex\"]\nas_of = 2026-02-28\n[privacy]\nrho = 0.1\n[nodes]\nof = [\"k360\"]\n";

#[tokio::test]
async fn the_same_question_gets_the_stored_answer_and_costs_nothing() {
    let mut federation = laboratory().await;
    let (_, first) = federation.query(QUERY).await.unwrap();
    let before = spent(&federation, "k360").await;
    assert_eq!(before, (2, 100_000_000), "one charge and one release");
    // Another request, another name, another order of keys: the same question.
    let again = "kind = \"count\"\nname = \"other\"\nas_of = 2026-02-28\nby = [\"sex\"]\n[nodes]\nof = [\"k360\"]\n[privacy]\nrho = 0.10\n";
    let (_, second) = federation.query(again).await.unwrap();
    federation.restart(&node("k360")).await.unwrap();
    federation.connect(&node("k360")).await.unwrap();
    let (_, third) = federation.query(QUERY).await.unwrap();
    let values = |answers: &[tvaers_coordinator::answer::Answer]| {
        answers[0].cells.iter().map(|cell| cell.value.unwrap().whole()).collect::<Vec<_>>()
    };
    assert_eq!(values(&first), values(&second));
    assert_eq!(values(&first), values(&third));
    assert_eq!(spent(&federation, "k360").await.1, before.1);
    // Data that is imported anew is another question, and is charged.
    federation.disconnect(&node("k360")).await;
    federation.import(&node("k360")).await.unwrap();
    federation.restart(&node("k360")).await.unwrap();
    federation.connect(&node("k360")).await.unwrap();
    federation.query(QUERY).await.unwrap();
    assert_eq!(spent(&federation, "k360").await.1, 2 * before.1);
}

#[tokio::test]
async fn a_charge_without_an_answer_stands_and_the_retry_gives_one_and_the_same_release() {
    let mut federation = laboratory().await;
    let home = federation.node_home(&node("k360"));
    // The rows are gone when they are to be read, which is after the charge.
    let data: Vec<_> = fs::read_dir(home.dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("data-"))
        .collect();
    let aside = |path: &std::path::Path| path.with_extension("aside");
    data.iter().for_each(|path| fs::rename(path, aside(path)).unwrap());
    let signed = federation.signed_query(QUERY, 1).unwrap();
    let (answered, results) = federation.ask_query(&RequestId::random(), signed.clone()).await.unwrap();
    assert_eq!((results.len(), answered.coverage.missing.len()), (0, 1));
    assert_eq!(spent(&federation, "k360").await, (1, 100_000_000), "charged, and nothing released");
    // As after a kill: the node starts again with what is on its disk.
    data.iter().for_each(|path| fs::rename(aside(path), path).unwrap());
    federation.restart(&node("k360")).await.unwrap();
    federation.connect(&node("k360")).await.unwrap();
    let (_, first) = federation.ask_query(&RequestId::random(), signed.clone()).await.unwrap();
    let (_, second) = federation.ask_query(&RequestId::random(), signed).await.unwrap();
    assert_eq!(first[0].cells, second[0].cells);
    assert_eq!(spent(&federation, "k360").await, (2, 100_000_000), "one charge, one release");
}

#[tokio::test]
async fn nothing_is_answered_that_cannot_be_logged() {
    let mut federation = laboratory().await;
    let log = federation.node_home(&node("k360")).audit();
    let aside = log.with_extension("aside");
    fs::rename(&log, &aside).unwrap();
    let signed = federation.signed_query(QUERY, 1).unwrap();
    let (answered, results) = federation.ask_query(&RequestId::random(), signed.clone()).await.unwrap();
    assert_eq!((results.len(), answered.coverage.missing.len()), (0, 1));
    // What was charged and stored then is what is answered when the log is back.
    fs::rename(&aside, &log).unwrap();
    federation.restart(&node("k360")).await.unwrap();
    federation.connect(&node("k360")).await.unwrap();
    let (_, results) = federation.ask_query(&RequestId::random(), signed).await.unwrap();
    assert_eq!(results.len(), 1);
    assert_eq!(spent(&federation, "k360").await, (2, 100_000_000));
}

#[tokio::test]
async fn a_query_after_an_import_is_answered_from_the_new_rows_though_the_old_ones_were_open() {
    let federation = laboratory().await;
    let count = || async {
        let query = QUERY.replace("by = [\"sex\"]\n", "").replace("rho = 0.1", "rho = 1e6");
        let (_, answers) = federation.query(&query).await.unwrap();
        answers[0].cells[0].value.unwrap().whole().unwrap()
    };
    let before = count().await;
    let person = someone(&federation.data());
    without(&federation.data().join("k360"), &person);
    federation.import(&node("k360")).await.unwrap();
    assert_eq!(count().await, before - 1);
}
