use super::*;
use crate::cli::testing::{Made, QUERY, content, key};

fn args(file: &str) -> Args {
    Args { file: file.into(), permit: None, purpose: None, person: None, as_key: None }
}

async fn explained(made: &Made, args: &Args) -> Result<Case, Problem> {
    let output = Output { quiet: true, ..Output::default() };
    look(&made.home(), args, SystemClock.now(), output).await
}

#[tokio::test]
async fn a_query_is_explained_with_price_plan_and_statement_and_nothing_changes() {
    let made = Made::imported();
    let file = made.file("query.toml", QUERY);
    let before = content(made.home().dir());
    let case = explained(&made, &args(&file)).await.unwrap();
    assert_eq!((case.person.as_str(), case.permit.as_str()), ("Ane Analytiker", "laboratory-aggregates"));
    let offer = case.explained.offer.as_ref().unwrap();
    // rho = sensitivity² / (2 scale²).
    assert_eq!(offer.nano_rho, 250_000_000);
    let [part] = &offer.parts[..] else { panic!("one part") };
    assert!((part.noise.scale - 2_f64.sqrt()).abs() < 1e-6, "{}", part.noise.scale);
    assert_eq!(part.noise.sensitivity_l1, 1);
    let plan = case.explained.plan.as_ref().unwrap();
    assert_eq!((plan.cells, plan.cells_in_all, plan.by_person), (2, 2, false));
    let used: Vec<(&str, &str)> =
        plan.features.iter().map(|reads| (reads.feature.as_str(), reads.used)).collect();
    assert_eq!(used, [("sex", "category"), ("age", "condition")]);
    assert!(
        plan.sql.contains("47") && plan.sql.contains("68") && plan.sql.contains("SELECT"),
        "{}",
        plan.sql
    );
    let json = json(&case);
    assert!(json["offer"]["left_life"].is_null() && json["offer"]["nano_rho"] == 250_000_000, "{json}");
    let text = text(&case);
    assert!(
        text.contains("0.25 rho; left then: permit unlimited") && text.contains("Nothing was run"),
        "{text}"
    );
    made.run(&["explain", &file, "--format", "json"]).unwrap();
    assert_eq!(content(made.home().dir()), before);
}

#[tokio::test]
async fn who_is_left_out_makes_it_a_row_a_person_and_stands_in_no_statement() {
    let made = Made::imported();
    tvaers_host::private::replace(&made.home().dir().join("out.csv"), b"6101653000\n").unwrap();
    let policy = std::fs::read_to_string(made.home().policy()).unwrap();
    let policy = policy.replace("opt-outs = \"none\"", "opt-outs = \"out.csv\"");
    std::fs::write(made.home().policy(), policy).unwrap();
    let case = explained(&made, &args(&made.file("query.toml", QUERY))).await.unwrap();
    let plan = case.explained.plan.as_ref().unwrap();
    assert!(plan.by_person && !plan.sql.contains("610165"), "{}", plan.sql);
}

#[tokio::test]
async fn the_way_of_a_query_does_not_tell_whether_anyone_has_opted_out() {
    let made = Made::imported();
    let file = made.file("query.toml", QUERY);
    let without = explained(&made, &args(&file)).await.unwrap();
    assert!(!without.explained.plan.unwrap().by_person, "a policy that names no list");
    let policy = std::fs::read_to_string(made.home().policy()).unwrap();
    let policy = policy.replace("opt-outs = \"none\"", "opt-outs = \"out.csv\"");
    std::fs::write(made.home().policy(), policy).unwrap();
    let mut told = Vec::new();
    for list in ["person_id\n", "person_id\n6101653000\n"] {
        tvaers_host::private::replace(&made.home().dir().join("out.csv"), list.as_bytes()).unwrap();
        let plan = explained(&made, &args(&file)).await.unwrap().explained.plan.unwrap();
        assert!(plan.by_person, "a list that is named, be it empty or not");
        told.push(serde_json::to_string(&plan).unwrap());
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn every_rule_that_is_broken_is_told_and_the_plan_all_the_same() {
    let made = Made::imported();
    let policy = std::fs::read_to_string(made.home().policy()).unwrap();
    let policy = policy.replacen("in-all = \"unlimited\"", "in-all = { rho = 0.2 }", 1).replacen(
        "per-query = \"unlimited\"",
        "per-query = { rho = 0.1 }",
        1,
    );
    std::fs::write(made.home().policy(), policy).unwrap();
    let file = made.file("query.toml", QUERY);
    let case = explained(&made, &args(&file)).await.unwrap();
    let codes: Vec<&str> = case.explained.rules.iter().map(|rule| rule.code.as_str()).collect();
    assert_eq!(codes, ["budget.query", "budget.permit"]);
    assert!(case.explained.offer.is_none() && case.explained.plan.is_some());
    let text = text(&case);
    assert!(codes.iter().all(|code| text.contains(code)) && text.contains("mend: "), "{text}");
    let problem = made.run(&["explain", &file]).unwrap_err();
    assert_eq!((problem.exit, problem.code.as_str()), (Exit::Refused, "budget.query"));
}

#[tokio::test]
async fn who_asks_and_under_what_is_named_or_a_problem() {
    let made = Made::imported();
    let file = made.file("query.toml", QUERY);
    let bo = Args { as_key: Some(key(3)), ..args(&file) };
    assert_eq!(explained(&made, &bo).await.unwrap().person, "Bo Analytiker");
    let didde = Args { person: Some("Didde DPO".to_owned()), ..args(&file) };
    assert_eq!(explained(&made, &didde).await.unwrap().person, "Didde DPO");
    let nobody = Args { as_key: Some(key(8)), ..args(&file) };
    assert_eq!(explained(&made, &nobody).await.err().unwrap().code, "explain.person");
    for (permit, rule) in [("no-such", "permit.unknown"), ("laboratory-joined-statistics", "permit.mode")] {
        let other = Args { permit: Some(permit.to_owned()), ..args(&file) };
        let case = explained(&made, &other).await.unwrap();
        assert_eq!(case.explained.rules[0].code, rule);
    }
}

#[tokio::test]
async fn what_is_missing_is_a_problem_each() {
    let file = |made: &Made| made.file("query.toml", QUERY);
    let made = Made::founded();
    assert_eq!(made.run(&["explain", &file(&made)]).unwrap_err().code, "state.none");
    made.import().unwrap();
    assert_eq!(made.run(&["explain", "/nowhere.toml"]).unwrap_err().code, "query.file");
    let wrong = made.file("wrong.toml", &QUERY.replace("\"sex\"", "\"no_such\""));
    assert_eq!(made.run(&["explain", &wrong]).unwrap_err().exit, Exit::BadInput);
    let late = made.file("late.toml", &QUERY.replace("2026-02-28", "2026-03-01"));
    assert_eq!(made.run(&["explain", &late]).unwrap_err().code, "query.as-of");
    std::fs::remove_file(made.home().policy()).unwrap();
    assert_eq!(made.run(&["explain", &file(&made)]).unwrap_err().code, "policy.none");
    let made = Made::created();
    made.import().unwrap();
    assert_eq!(made.run(&["explain", &file(&made)]).unwrap_err().code, "roster.none");
}
