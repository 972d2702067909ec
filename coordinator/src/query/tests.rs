//! Queries asked of puppets: who answers, who refuses, who is away, and who does not keep to the rules.

use std::sync::Arc;

use tvaers_protocol::frame::Kind;
use tvaers_protocol::message::{Releases, ReleasesEnd};
use tvaers_protocol::study::Grain;

use super::*;
use crate::answer::{Amount, Answer};
use crate::testing::{Mischief, World, node, query_asked};

const BY_SEX: &str = "name = \"by-sex\"\nkind = \"count\"\nby = [\"sex\"]\nas_of = 2026-02-28\n[privacy]\nrho = 0.5\n[nodes]\nsector = \"municipality\"\n";

async fn ask_as(world: &World, id: &RequestId, asked: &QueryAsked) -> Result<Answered, Problem> {
    match run_as(&world.coordinator, id, asked, &Events::channel().0).await.unwrap() {
        Outcome::Answered(answered) => Ok(answered),
        Outcome::Failed(problem, exit) => Err(Problem { exit, ..problem }),
        Outcome::Done(_) => panic!("a query is no stratification"),
    }
}

async fn ask(world: &World, times: u32, deadline_s: u64) -> Answered {
    ask_as(world, &RequestId::random(), &query_asked(BY_SEX, times, deadline_s)).await.unwrap()
}

/// What was kept: of each result the value of the first cell, and who answered.
async fn kept(world: &World, answered: &Answered) -> Vec<(Option<i64>, usize)> {
    let page = world.coordinator.state().results(answered.request.as_str(), 0, 1_000).await.unwrap();
    let results = page.iter().map(|text| serde_json::from_str::<Answer>(text).unwrap());
    results
        .map(|result| (result.cells[0].value.and_then(Amount::whole), result.coverage.answered.len()))
        .collect()
}

#[tokio::test]
async fn everyone_whom_a_query_is_for_is_asked_and_answers_add_up() {
    let world = World::new(Grain::Counts).await;
    let answered = ask(&world, 1, 5).await;
    assert_eq!((answered.exit(false), answered.problem(false)), (Exit::Done, None));
    assert_eq!(answered.coverage.answered, ["k360", "k376"].map(node));
    assert!((answered.coverage.population_share - 1.0).abs() < 1e-12);
    assert_eq!(kept(&world, &answered).await, [(Some(200), 2)]);
    assert_eq!(world.puppet("region_1085").heard(Kind::AskQuery), 0, "it is no municipality");
}

#[tokio::test]
async fn a_query_asked_many_times_has_as_many_results_in_order() {
    let world = World::new(Grain::Counts).await;
    let times = u32::try_from(RESULTS_AT_ONCE).unwrap() * 2 + 1;
    let answered = ask(&world, times, 5).await;
    assert_eq!(answered.results, times);
    let expected: Vec<_> = (0..i64::from(times)).map(|number| (Some(200 + 2 * number), 2)).collect();
    assert_eq!(kept(&world, &answered).await, expected);
}

#[tokio::test]
async fn a_refusal_is_told_with_its_rules_and_the_others_answer_is_kept() {
    let world = World::new(Grain::Counts).await;
    world.puppet("k376").refuses("budget.permit");
    let answered = ask(&world, 1, 5).await;
    assert_eq!((answered.exit(false), answered.exit(true)), (Exit::Refused, Exit::Refused));
    let problem = answered.problem(true).unwrap();
    assert_eq!((problem.exit, problem.code.as_str()), (Exit::Refused, "budget.permit"));
    assert!(problem.place.contains("k376"), "{problem}");
    assert_eq!(answered.coverage.refused[0].node, node("k376"));
    assert!(answered.coverage.missing.is_empty());
    assert_eq!(kept(&world, &answered).await, [(Some(100), 1)]);
}

#[tokio::test]
async fn a_node_whose_budget_ends_in_the_middle_has_answered_the_first_and_refused_the_last() {
    let world = World::new(Grain::Counts).await;
    world.puppet("k376").bends(|frames, end| {
        frames.truncate(2);
        *end = ReleasesEnd { count: 2, refused: vec![crate::testing::rule("budget.permit")] };
    });
    let answered = ask(&world, 3, 5).await;
    assert_eq!(answered.exit(true), Exit::Refused);
    assert_eq!(kept(&world, &answered).await, [(Some(200), 2), (Some(202), 2), (Some(102), 1)]);
}

#[tokio::test]
async fn a_node_that_stays_away_is_missing_which_may_be_allowed() {
    let world = World::alone(Grain::Counts).await;
    world.connect("k360");
    let answered = ask(&world, 1, 0).await;
    assert_eq!((answered.exit(false), answered.exit(true)), (Exit::Incomplete, Exit::Done));
    assert_eq!(answered.coverage.missing, [node("k376")]);
    assert_eq!(answered.problem(false).unwrap().exit, Exit::Incomplete);
    assert!((answered.coverage.population_share - 0.5).abs() < 1e-12);
    assert_eq!(kept(&world, &answered).await, [(Some(100), 1)]);
}

#[tokio::test]
async fn where_nobody_answers_there_is_no_result() {
    let world = World::alone(Grain::Counts).await;
    let answered = ask(&world, 1, 0).await;
    assert_eq!((answered.results, answered.exit(false)), (0, Exit::Incomplete));
    assert!(kept(&world, &answered).await.is_empty());
}

#[tokio::test]
async fn a_node_that_comes_in_time_is_waited_for() {
    let world = World::alone(Grain::Counts).await;
    world.connect("k360");
    let answered = world.with_returns(ask(&world, 1, 20)).await;
    assert_eq!(answered.exit(false), Exit::Done);
    assert_eq!(kept(&world, &answered).await, [(Some(200), 2)]);
}

#[tokio::test]
async fn a_node_whose_connection_breaks_in_the_middle_is_asked_again_with_the_same_bytes() {
    for kind in [Kind::AskQuery, Kind::Releases] {
        let world = World::new(Grain::Counts).await;
        world.puppet("k376").plot(kind, Mischief::Cut, 1);
        let answered = world.with_returns(ask(&world, 3, 20)).await;
        assert_eq!(answered.exit(false), Exit::Done, "{kind}");
        assert_eq!(kept(&world, &answered).await.len(), 3, "nothing of the first try counts");
        assert_eq!(world.puppet("k376").heard(Kind::AskQuery), 2, "{kind}");
        let asked = world.puppet("k376").queries();
        assert!(asked.windows(2).all(|pair| pair[0] == pair[1]), "{kind}");
        assert_eq!(world.puppet("k360").queries()[0], asked[0], "everyone is asked the same");
    }
}

#[tokio::test]
async fn a_coordinator_that_stops_asks_again_and_the_same_name_gives_the_same_answer() {
    let mut world = World::new(Grain::Counts).await;
    world.puppet("k376").plot(Kind::AskQuery, Mischief::Silence, 1);
    let (id, asked) = (RequestId::random(), query_asked(BY_SEX, 1, 20));
    let (coordinator, name, question) = (Arc::clone(&world.coordinator), id.clone(), asked.clone());
    let run =
        tokio::spawn(
            async move { run_as(&coordinator, &name, &question, &Events::channel().0).await.is_ok() },
        );
    world.until("k376", Kind::AskQuery).await;
    run.abort();
    assert!(run.await.is_err(), "it has ended before");
    world.restart().await;
    world.connect_all();
    let under_way = world.coordinator.state().unanswered().await.unwrap();
    assert_eq!(under_way, [(id.clone(), Asked::Query(asked.clone()))]);
    let answered = ask_as(&world, &id, &asked).await.unwrap();
    assert_eq!(kept(&world, &answered).await, [(Some(200), 2)]);
    let asked_k360 = world.puppet("k360").queries();
    assert_eq!(asked_k360.len(), 2);
    assert_eq!(asked_k360[0], asked_k360[1]);
    assert_eq!(ask_as(&world, &id, &asked).await.unwrap(), answered);
    assert_eq!(world.puppet("k360").heard(Kind::AskQuery), 2, "it is answered from memory");
}

/// A way of not keeping to the rules, and what is said of it.
type Bent = (fn(&mut Vec<Releases>, &mut ReleasesEnd), &'static str);

#[tokio::test]
async fn a_node_that_does_not_keep_to_the_rules_has_failed_and_nothing_of_it_is_used() {
    let bent: [Bent; 7] = [
        (
            |frames, end| {
                let more = Releases { sequence: 2, bodies: frames[0].bodies.clone() };
                frames.push(more);
                end.count += 1;
            },
            "more answers than were asked for",
        ),
        (|frames, _| frames[1].sequence = 2, "missing or comes twice"),
        (|_, end| end.count = 1, "another count"),
        (
            |frames, end| {
                frames.truncate(1);
                end.count = 1;
            },
            "does not say why",
        ),
        (|_, end| end.refused = vec![crate::testing::rule("budget.permit")], "a rule against them"),
        (|frames, _| frames[1].bodies[0][0] ^= 1, "not an answer"),
        (|frames, _| frames[1].bodies[0].truncate(9), "not an answer"),
    ];
    for (bend, said) in bent {
        let world = World::new(Grain::Counts).await;
        world.puppet("k376").bends(bend);
        let answered = ask(&world, 2, 5).await;
        assert_eq!(answered.coverage.missing, [node("k376")], "{said}");
        assert_eq!(answered.exit(false), Exit::Incomplete, "{said}");
        assert!(answered.failed[0].what.contains(said), "{said}: {}", answered.failed[0]);
        assert_eq!(answered.failed[0].place, "node k376");
        assert_eq!(kept(&world, &answered).await, [(Some(100), 1), (Some(101), 1)], "{said}");
        assert_eq!(world.puppet("k376").heard(Kind::AskQuery), 1, "{said}: it would be the same again");
    }
}

#[tokio::test]
async fn a_request_that_is_not_believed_or_too_large_asks_nobody() {
    let world = World::new(Grain::Counts).await;
    let failed = async |asked: &QueryAsked| {
        let problem = ask_as(&world, &RequestId::random(), asked).await.unwrap_err();
        (problem.exit, problem.code)
    };
    let mut changed = query_asked(BY_SEX, 1, 5);
    changed.query.content.times = 2;
    assert_eq!(failed(&changed).await, (Exit::Refused, "request.signature".to_owned()));
    assert_eq!(failed(&query_asked(BY_SEX, 0, 5)).await, (Exit::BadInput, "request.times".to_owned()));
    let most = query_asked(BY_SEX, TIMES_MAX, 5);
    assert_eq!(failed(&most).await, (Exit::BadInput, "query.too-large".to_owned()));
    assert_eq!(world.puppet("k360").heard(Kind::AskQuery), 0);
}
