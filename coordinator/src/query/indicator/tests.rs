use jiff::civil::date;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::frame::Kind;
use tvaers_protocol::study::Grain;

use super::*;
use crate::answer::{Amount, Answer, Cell};
use crate::testing::{World, asker, node, under};

fn asked(name: &str, nano_rho: u64) -> IndicatorAsked {
    let (asker, now) = (asker(), SystemClock.now());
    let indicator = asker.indicator(name).unwrap();
    let queries = asker.queries(indicator, date(2026, 2, 28), nano_rho, now).unwrap();
    let queries = queries.iter().map(|query| asker.query(query, under("aims"), 1, 5, now)).collect();
    IndicatorAsked { indicator: name.to_owned(), queries, deadline_s: 5 }
}

async fn ask_as(world: &World, id: &RequestId, asked: &IndicatorAsked) -> Result<Answered, Problem> {
    match run_as(&world.coordinator, id, asked, &Events::channel().0).await.unwrap() {
        Outcome::Answered(answered) => Ok(answered),
        Outcome::Failed(problem, exit) => Err(Problem { exit, ..problem }),
        Outcome::Done(_) => panic!("queries are no stratification"),
    }
}

async fn ask(world: &World, asked: &IndicatorAsked) -> Result<Answered, Problem> {
    ask_as(world, &RequestId::random(), asked).await
}

async fn kept(world: &World, of: &str) -> Vec<Answer> {
    let page = world.coordinator.state().results(of, 0, 1_000).await.unwrap();
    page.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

/// A budget that every puppet's answer is within.
const HALF: u64 = 500_000_000;

fn cell<'a>(answer: &'a Answer, measure: &str) -> &'a Cell {
    answer.cells.iter().find(|cell| cell.key["measure"] == measure).unwrap()
}

#[tokio::test]
async fn the_answers_to_all_queries_are_one_result_under_the_indicators_name() {
    let world = World::new(Grain::Counts).await;
    let answered = ask(&world, &asked("benefits", 5 * HALF)).await.unwrap();
    assert_eq!((answered.name.as_str(), answered.results, answered.exit(false)), ("benefits", 1, Exit::Done));
    assert_eq!(answered.coverage.answered, ["k360", "k376"].map(node));
    assert_eq!(world.puppet("k360").heard(Kind::AskQuery), 5);
    let results = kept(&world, "benefits").await;
    let [result] = results.as_slice() else { panic!("{} results", results.len()) };
    assert_eq!(result.indicator.as_ref().unwrap().name, "benefits");
    assert_eq!((&result.query["name"], &result.query["kind"]), (&"benefits".into(), &"indicator".into()));
    assert_eq!(result.query["queries"].as_array().unwrap().len(), 5);
    assert_eq!(result.request.as_ref().unwrap().by, "ane");
    assert!(result.cells.iter().all(|cell| cell.key.contains_key("measure")));
    // Each puppet says 100 of its own municipality's cells.
    assert_eq!(cell(result, "persons").value, Some(Amount::Whole(100)));
    assert_eq!(cell(result, "share").value, Some(Amount::Real(1.0)));
    let node = &result.privacy.nodes[0];
    assert_eq!((node.charged_rho, node.parts.len()), (2.5, 5));
    assert!((result.privacy.rho_person_max - 5.0).abs() < 1e-9);
    assert!(result.privacy.epsilon > 2.5);
}

#[tokio::test]
async fn asked_again_under_the_same_name_it_is_the_same_answer() {
    let world = World::new(Grain::Counts).await;
    let (id, asked) = (RequestId::random(), asked("residents", HALF));
    let first = ask_as(&world, &id, &asked).await.unwrap();
    assert_eq!(ask_as(&world, &id, &asked).await.unwrap(), first);
    assert_eq!(world.puppet("k360").heard(Kind::AskQuery), 1);
    assert_eq!(kept(&world, id.as_str()).await.len(), 1);
}

#[tokio::test]
async fn queries_that_are_not_those_of_the_file_are_not_asked() {
    let world = World::new(Grain::Counts).await;
    let whole = asked("benefits", 5 * HALF);
    let mut fewer = whole.clone();
    fewer.queries.pop();
    let mut mixed = whole.clone();
    mixed.queries.swap(0, 1);
    let none = IndicatorAsked { queries: Vec::new(), ..whole.clone() };
    let of_another = IndicatorAsked { indicator: "residents".to_owned(), ..whole.clone() };
    for wrong in [fewer, mixed, none, of_another] {
        let problem = ask(&world, &wrong).await.unwrap_err();
        assert_eq!((problem.exit, problem.code.as_str()), (Exit::BadInput, "indicator.differs"));
    }
    for name in ["cost_per_capita", "unheard_of"] {
        let unknown = IndicatorAsked { indicator: name.to_owned(), ..whole.clone() };
        assert_eq!(ask(&world, &unknown).await.unwrap_err().code, "indicator.unknown");
    }
    assert_eq!(world.puppet("k360").heard(Kind::AskQuery), 0, "nothing is asked of any node");
}

#[tokio::test]
async fn a_refusal_is_told_and_the_others_answers_are_kept_without_totals() {
    let world = World::new(Grain::Counts).await;
    world.puppet("k376").refuses("budget.permit");
    let answered = ask(&world, &asked("benefits", 5 * HALF)).await.unwrap();
    assert_eq!(answered.exit(true), Exit::Refused);
    assert_eq!(answered.coverage.answered, [node("k360")]);
    assert_eq!(answered.coverage.refused.len(), 1, "the node is named once, not for each query");
    let results = kept(&world, "benefits").await;
    let of_other = results[0].cells.iter().filter(|cell| cell.key["kommune"] == "376");
    assert!(of_other.clone().count() > 0 && of_other.clone().all(|cell| cell.value.is_none()));
    let problem = answered.problem(false).unwrap();
    assert!(problem.place.contains("k376"), "{problem}");
}
