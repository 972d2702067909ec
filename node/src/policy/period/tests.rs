use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use tvaers_host::process::system_rng;
use tvaers_policy::permit::Limit;
use tvaers_policy::policy::CalendarBudget;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn budget(period_days: u32, each: Option<Calendar>) -> LifeBudget {
    let limit = Limit { stated: None, nano_rho: 1 };
    let calendar = each.map(|each| CalendarBudget { each, limit });
    LifeBudget { per_period: limit, period_days, calendar, for_life: limit, raised_by: Vec::new() }
}

fn from(days: u32, each: Option<Calendar>, now: &str) -> Vec<String> {
    windows(&budget(days, each), at(now)).iter().map(|window| window.from.to_string()).collect()
}

#[test]
fn a_day_is_the_danish_one_also_where_clocks_are_changed() {
    assert_eq!(day(at("2026-12-31T22:59:59.999Z")).to_string(), "2026-12-31");
    assert_eq!(day(at("2026-12-31T23:00:00Z")).to_string(), "2027-01-01");
    assert_eq!(day(at("2026-06-30T21:59:59Z")).to_string(), "2026-06-30");
    assert_eq!(day(at("2026-06-30T22:00:00Z")).to_string(), "2026-07-01");
    // 29 March 2026 has 23 hours, 25 October 25.
    assert_eq!(from(1, None, "2026-03-29T12:00:00Z"), ["2026-03-28T23:00:00Z"]);
    assert_eq!(from(1, None, "2026-03-30T12:00:00Z"), ["2026-03-29T22:00:00Z"]);
    assert_eq!(from(1, None, "2026-10-25T12:00:00Z"), ["2026-10-24T22:00:00Z"]);
    assert_eq!(from(1, None, "2026-10-26T12:00:00Z"), ["2026-10-25T23:00:00Z"]);
}

#[test]
fn a_period_of_the_calendar_begins_with_its_first_danish_midnight() {
    let year = Some(Calendar::Year);
    assert_eq!(from(365, year, "2026-12-31T22:59:59Z")[1], "2025-12-31T23:00:00Z");
    assert_eq!(from(365, year, "2026-12-31T23:00:00Z")[1], "2026-12-31T23:00:00Z");
    assert_eq!(from(30, Some(Calendar::Quarter), "2026-06-30T22:00:00Z")[1], "2026-06-30T22:00:00Z");
    assert_eq!(from(30, Some(Calendar::Month), "2026-03-15T12:00:00Z")[1], "2026-02-28T23:00:00Z");
    assert_eq!(next(Calendar::Year, at("2026-12-31T23:00:00Z")).to_string(), "2028-01-01");
    assert_eq!(next(Calendar::Quarter, at("2026-03-31T12:00:00Z")).to_string(), "2026-04-01");
    assert_eq!(falls_out(at("2026-03-01T23:30:00Z"), 30).to_string(), "2026-04-01");
}

/// How many days of the Danish calendar lie between two moments, by looking at each hour: the slow way.
fn same_period(each: Calendar, one: Timestamp, other: Timestamp) -> bool {
    let key = |at: Timestamp| {
        let day = day(at);
        let part = match each {
            Calendar::Year => 0,
            Calendar::Quarter => (day.month() - 1) / 3,
            Calendar::Month => day.month(),
        };
        (day.year(), part)
    };
    key(one) == key(other)
}

#[test]
fn of_many_charges_a_window_holds_those_that_a_naive_count_holds() {
    let seed = system_rng().next_u64();
    let mut rng = StdRng::seed_from_u64(seed);
    for round in 0..200 {
        let place = format!("seed {seed}, round {round}");
        let days = rng.random_range(1..400_u32);
        let each = [Calendar::Month, Calendar::Quarter, Calendar::Year][rng.random_range(0..3)];
        // Around midnights and changes of the clock as often as anywhere.
        let anchor =
            at(["2026-03-28T23:00:00Z", "2026-10-25T01:00:00Z", "2026-12-31T23:00:00Z"]
                [rng.random_range(0..3)]);
        let near = |rng: &mut StdRng| {
            let seconds = match rng.random_bool(0.5) {
                true => rng.random_range(-7_300..7_300_i64),
                false => rng.random_range(-40_000_000..40_000_000),
            };
            anchor + jiff::SignedDuration::from_secs(seconds)
        };
        let now = near(&mut rng);
        let charges: Vec<Timestamp> =
            (0..200).map(|_| near(&mut rng)).filter(|charge| *charge <= now).collect();
        let windows = windows(&budget(days, Some(each)), now);
        let [run, calendar] = &windows[..] else { panic!() };
        for charge in charges {
            let ago = (day(now) - day(charge)).get_days();
            let is_within = |window: &Window| window.from <= charge && charge < window.to;
            assert_eq!(
                is_within(run),
                ago < i32::try_from(days).unwrap(),
                "{place}: {charge} at {now}, {days} days"
            );
            assert_eq!(is_within(calendar), same_period(each, charge, now), "{place}: {charge} at {now}");
            assert_eq!(falls_out(charge, days) > day(now), is_within(run), "{place}: {charge} at {now}");
        }
    }
}
