//! Random charges against a naive model: budgets hold over permits, analysts, imports and both kinds of periods.

use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use tvaers_host::process::system_rng;
use tvaers_policy::permit::Limit;
use tvaers_policy::policy::{Calendar, CalendarBudget, LifeBudget};

use super::*;
use crate::policy::period::{day, windows};

const ROUNDS: u32 = 6;
const REQUESTS: u64 = 250;

/// One charge of the model: when, under which permit, for which question over which import, and how much.
struct Paid {
    at: Timestamp,
    permit: &'static str,
    question: (u64, u32),
    price: u64,
}

fn limit(nano_rho: u64) -> Limit {
    Limit { stated: None, nano_rho }
}

/// What the model finds spent: under the permit, on the last days, in the quarter, for life.
fn naive(paid: &[Paid], permit: &str, days: u32, now: Timestamp) -> [u64; 4] {
    let sum =
        |counts: &dyn Fn(&Paid) -> bool| paid.iter().filter(|paid| counts(paid)).map(|paid| paid.price).sum();
    let quarter = |at: Timestamp| (day(at).year(), (day(at).month() - 1) / 3);
    [
        sum(&|paid| paid.permit == permit),
        sum(&|paid| (day(now) - day(paid.at)).get_days() < i32::try_from(days).unwrap()),
        sum(&|paid| quarter(paid.at) == quarter(now)),
        sum(&|_| true),
    ]
}

#[tokio::test]
async fn budgets_hold_over_permits_analysts_imports_and_periods_as_a_naive_count_says() {
    let seed = system_rng().next_u64();
    let mut rng = StdRng::seed_from_u64(seed);
    let mut refused = [0; 4];
    for round in 0..ROUNDS {
        let dir = tempfile::tempdir().unwrap();
        let ledger = open(&dir.path().join("state.sqlite")).await;
        let days = rng.random_range(1..60);
        let limits = [120, 90, 150, 500].map(|limit: u64| limit + rng.random_range(0..40));
        let budget = LifeBudget {
            per_period: limit(limits[1]),
            period_days: days,
            calendar: Some(CalendarBudget { each: Calendar::Quarter, limit: limit(limits[2]) }),
            for_life: limit(limits[3]),
            raised_by: Vec::new(),
        };
        let mut paid: Vec<Paid> = Vec::new();
        let mut now = at("2026-03-20T12:00:00Z");
        for request in 0..REQUESTS {
            let place = format!("seed {seed}, round {round}, request {request}");
            // Over a year and more, with the days on which clocks are changed; now and then an hour back.
            now += match rng.random_range(0..10) {
                0 => SignedDuration::from_hours(-1),
                1..4 => SignedDuration::from_mins(rng.random_range(0..90)),
                _ => SignedDuration::from_hours(rng.random_range(0..80)),
            };
            let permit = ["p", "q", "r", "s", "t"][rng.random_range(0..5)];
            let question = (rng.random_range(0..400), rng.random_range(1..3_u32));
            let price = rng.random_range(1..30);
            let analyst = Requester { name: name("Åse Østergård"), key: digest(rng.random_range(0..3)) };
            let claim = Claim::query(
                digest(request),
                name(permit),
                analyst,
                digest(1_000 + question.0),
                question.1,
                0,
            );
            let admit = |spent: &Spent| {
                let sums = [spent.permit, spent.windows[0], spent.windows[1], spent.life].map(NanoRho::get);
                let over = sums.iter().zip(limits).position(|(sum, limit)| sum + price > limit);
                over.map_or(Ok(rho(price)), |budget| Err((budget, sums)))
            };
            let outcome = ledger.charge(&claim, now, |at| windows(&budget, at), admit).await.unwrap();
            // The ledger's time never runs back.
            let counted = paid.last().map_or(now, |last| now.max(last.at));
            let known = paid.iter().any(|paid| paid.permit == permit && paid.question == question);
            let sums = naive(&paid, permit, days, counted);
            let over = sums.iter().zip(limits).position(|(sum, limit)| sum + price > limit);
            match outcome {
                Outcome::Charged(charge) if known => {
                    assert!(charge.number <= request, "{place}: charged again")
                }
                Outcome::Charged(charge) => {
                    assert_eq!((over, charge.nano_rho), (None, rho(price)), "{place}: {sums:?}");
                    paid.push(Paid { at: charge.at, permit, question, price });
                }
                Outcome::Refused((budget, found)) => {
                    assert!(!known, "{place}: a stored answer is not refused");
                    assert_eq!((Some(budget), found), (over, sums), "{place}");
                    refused[budget] += 1;
                }
                Outcome::Stored(_) => panic!("{place}: nothing was stored"),
            }
        }
        let total = paid.iter().map(|paid| paid.price).sum();
        assert_eq!(ledger.totals().await.unwrap().life, rho(total), "seed {seed}, round {round}");
    }
    assert!(
        refused.iter().all(|count| *count > 0),
        "seed {seed}: each budget refused something: {refused:?}"
    );
}
