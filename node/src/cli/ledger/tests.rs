use tvaers_protocol::id::Digest;

use super::*;
use crate::app;
use crate::cli::testing::{Made, content, key};
use crate::ledger::claim::{Claim, Outcome};
use crate::ledger::name::Requester;
use crate::ledger::rho::NanoRho;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn permit(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// Charges a query `n` at a time, and stores an answer where it is even.
async fn charge(home: &Home, n: u8, of: &str, time: &str, nano_rho: u64) {
    let state = app::state(home).await.unwrap();
    let ledger = app::ledger(&state).await.unwrap();
    let requester = Requester::new(permit("Ane Analytiker"), &key(2));
    let claim = Claim::query(Digest([n; 32]), permit(of), requester, Digest([n + 100; 32]), 1, 0);
    let price = |_: &crate::ledger::claim::Spent| Ok::<_, ()>(NanoRho::new(nano_rho).unwrap());
    let Ok(Outcome::Charged(charge)) = ledger.charge(&claim, at(time), |_| Vec::new(), price).await else {
        panic!("not charged");
    };
    if n.is_multiple_of(2) {
        ledger.store_release(charge.number, vec![n], at(time)).await.unwrap();
    }
    state.close().await;
}

async fn charged() -> Made {
    let made = Made::founded();
    let home = made.home();
    charge(&home, 1, "laboratory-aggregates", "2026-03-01T10:00:00Z", 250_000_000).await;
    charge(&home, 2, "laboratory-aggregates", "2026-03-03T10:00:00Z", 500_000_000).await;
    charge(&home, 4, "earlier", "2026-03-03T11:00:00Z", 1).await;
    made
}

async fn account(made: &Made, args: &Args) -> Account {
    look(&made.home(), args, at("2026-03-04T12:00:00Z")).await.unwrap()
}

#[tokio::test]
async fn what_was_charged_adds_up_by_permit_and_by_day_and_is_verified() {
    let made = charged().await;
    let before = content(made.home().dir());
    let all = account(&made, &Args { permit: None, last: 2, command: None }).await;
    assert_eq!(content(made.home().dir()), before, "a look changes nothing");
    let numbers: Vec<u64> = all.charges.iter().map(|charge| charge.number).collect();
    assert_eq!(numbers, [2, 4], "the newest, oldest first");
    assert_eq!((all.life, all.entries), (750_000_001, 5));
    let sums: Vec<(String, u64, u64, u64)> = all
        .permits
        .iter()
        .map(|sum| (sum.permit.to_string(), sum.charges, sum.releases, sum.nano_rho))
        .collect();
    let expected = [("earlier".to_owned(), 1, 1, 1), ("laboratory-aggregates".to_owned(), 2, 1, 750_000_000)];
    assert_eq!(sums, expected);
    let days: Vec<u64> = all.days.iter().map(|day| day.nano_rho).collect();
    assert_eq!(days, [250_000_000, 500_000_001]);
    let text = text(&all);
    for part in
        ["verified to entry 5, head ", "Ane Analytiker", "0.75", "unlimited", "666666666666", "0.750000001"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("656565656565"), "older than the newest two: {text}");
    let of_one = account(&made, &Args { permit: Some(permit("earlier")), last: 20, command: None }).await;
    assert_eq!((of_one.charges.len(), of_one.permits.len(), of_one.days.len()), (1, 1, 1));
    made.run(&["ledger"]).unwrap();
    made.run(&["ledger", "--format", "json", "--last", "0"]).unwrap();
}

#[tokio::test]
async fn the_oldest_day_of_the_period_gives_back_what_it_cost() {
    let made = charged().await;
    let policy = std::fs::read_to_string(made.home().policy()).unwrap();
    let policy = policy
        .replace("per-query = \"unlimited\"", "per-query = { rho = 1 }")
        .replace("per-period = \"unlimited\"", "per-period = { rho = 1 }")
        .replace("period-days = 365", "period-days = 3");
    std::fs::write(made.home().policy(), policy).unwrap();
    let args = Args { permit: None, last: 20, command: None };
    let budgets = account(&made, &args).await.policy.unwrap();
    let period = budgets.budgets.iter().find(|budget| budget.of.contains("3 days")).unwrap();
    // The days of the period on 4 March are 2, 3 and 4 March.
    assert_eq!((period.spent, period.left), (500_000_001, Some(499_999_999)));
    // 0.75 on the last 30 days, of 1 in 3 days: never. What is left of it today is enough for more than three.
    let of_period: Vec<_> = period.forecasts.iter().map(|at| (at.days, at.runs_out)).collect();
    assert_eq!(of_period, [(30, Forecast::NotAtThisRate), (90, Forecast::NotAtThisRate)]);
    let falls = budgets.falls_out.unwrap();
    assert_eq!(
        (falls.of.to_string(), falls.on.to_string()),
        ("2026-03-03".to_owned(), "2026-03-06".to_owned())
    );
    let later = look(&made.home(), &args, at("2026-03-06T00:00:00Z")).await.unwrap().policy.unwrap();
    assert_eq!(later.budgets.iter().find(|budget| budget.of.contains("3 days")).unwrap().spent, 0);
    assert!(later.falls_out.is_none());
}

#[tokio::test]
async fn a_node_without_memory_or_with_a_changed_ledger_is_a_problem_and_without_policy_none() {
    let made = Made::created();
    assert_eq!(made.run(&["ledger"]).unwrap_err().code, "state.none");
    assert!(!made.home().state().exists(), "a look makes no database");
    let made = charged().await;
    std::fs::remove_file(made.home().policy()).unwrap();
    let none = account(&made, &Args { permit: None, last: 20, command: None }).await;
    assert!(none.policy.is_none() && text(&none).contains("no policy"));
    let state = app::state(&made.home()).await.unwrap();
    for statement in ["DROP TRIGGER ledger_never_changes", "UPDATE ledger SET permit = 'x' WHERE number = 2"]
    {
        sqlx::query(statement).execute(&state.pool()).await.unwrap();
    }
    state.close().await;
    let problem = made.run(&["ledger"]).unwrap_err();
    assert_eq!(problem.code, "ledger.broken");
    assert!(problem.what.contains("entry 2"), "{problem}");
}

#[tokio::test]
async fn a_database_that_would_have_to_be_migrated_is_left_as_it_is() {
    let made = charged().await;
    let state = app::state(&made.home()).await.unwrap();
    let newest = "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    sqlx::query(newest).execute(&state.pool()).await.unwrap();
    state.close().await;
    let before = content(made.home().dir());
    assert_eq!(made.run(&["ledger"]).unwrap_err().code, "state.version");
    assert_eq!(content(made.home().dir()), before);
}
