//! When a budget runs out, at the rate of the last days. Pure.
//!
//! A budget for good runs out when what is left is spent. That of a sliding period gets back what falls out of it, so
//! it runs out only if what is spent in a whole period at that rate is more than it holds, and then within the period.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Serialize;

use super::account::Day;

/// Over how many days the rate is taken, the shorter first.
pub(super) const RATES_DAYS: [u32; 2] = [30, 90];

/// Days ahead that a forecast looks: ten years.
const AHEAD_DAYS_MAX: u64 = 3_653;

/// When a budget runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Forecast {
    /// It is spent.
    Spent,
    /// On this day, if it goes on like this.
    On(Date),
    /// Not within ten years, or never.
    NotAtThisRate,
}

/// A forecast by one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct AtRate {
    /// The rate is that of so many days.
    pub(super) days: u32,
    pub(super) runs_out: Forecast,
}

/// What was spent on the last `days` days, today included.
pub(super) fn spent_last(spent: &[Day], days: u32, today: Date) -> u64 {
    let first = today.checked_sub((i64::from(days) - 1).days()).unwrap_or(Date::MIN);
    let within = spent.iter().filter(|day| day.date >= first && day.date <= today);
    within.fold(0, |sum, day| sum.saturating_add(day.nano_rho))
}

/// For a budget of which nothing comes back.
pub(super) fn for_good(left: u64, spent: &[Day], today: Date) -> Vec<AtRate> {
    at_rates(
        spent,
        |rate_days, rate| {
            if left == 0 {
                return Forecast::Spent;
            }
            // The first day on which rate · day / rate_days reaches what is left.
            let days = (u128::from(left) * u128::from(rate_days)).checked_div(u128::from(rate));
            days.map_or(Forecast::NotAtThisRate, |days| on(today, days))
        },
        today,
    )
}

/// For the budget of a sliding period of so many days: day by day, what was spent falls out and the rate comes in.
pub(super) fn sliding(limit: u64, period_days: u32, spent: &[Day], today: Date) -> Vec<AtRate> {
    at_rates(
        spent,
        |rate_days, rate| {
            let now = spent_last(spent, period_days, today);
            if now >= limit {
                return Forecast::Spent;
            }
            let runs_out = (1..=u64::from(period_days).min(AHEAD_DAYS_MAX)).find(|ahead| {
                let Ok(ahead) = u32::try_from(*ahead) else { return false };
                // Of today's period, the days that are still within it.
                let still = match period_days.saturating_sub(ahead) {
                    0 => 0,
                    days => spent_last(spent, days, today),
                };
                let coming = u128::from(rate) * u128::from(ahead) / u128::from(rate_days);
                u128::from(still) + coming >= u128::from(limit)
            });
            runs_out.map_or(Forecast::NotAtThisRate, |days| on(today, u128::from(days)))
        },
        today,
    )
}

fn at_rates(spent: &[Day], forecast: impl Fn(u32, u64) -> Forecast, today: Date) -> Vec<AtRate> {
    let at = |days: u32| AtRate { days, runs_out: forecast(days, spent_last(spent, days, today)) };
    RATES_DAYS.into_iter().map(at).collect()
}

fn on(today: Date, days: u128) -> Forecast {
    let days = u64::try_from(days).ok().filter(|days| *days <= AHEAD_DAYS_MAX);
    let date = days.and_then(|days| today.checked_add(i64::try_from(days).ok()?.days()).ok());
    date.map_or(Forecast::NotAtThisRate, Forecast::On)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// So much on each of the last `count` days.
    fn daily(nano_rho: u64, count: i64, today: Date) -> Vec<Day> {
        (0..count).rev().map(|ago| Day { date: today - ago.days(), nano_rho }).collect()
    }

    #[test]
    fn a_budget_for_good_runs_out_when_what_is_left_is_spent() {
        let today = date("2026-03-31");
        let spent = daily(10, 30, today);
        let [short, long] = for_good(100, &spent, today)[..] else { panic!() };
        assert_eq!((short.days, short.runs_out), (30, Forecast::On(date("2026-04-10"))));
        // Of 90 days two thirds were without charges.
        assert_eq!((long.days, long.runs_out), (90, Forecast::On(date("2026-04-30"))));
        assert!(for_good(0, &spent, today).iter().all(|at| at.runs_out == Forecast::Spent));
        assert!(for_good(1, &[], today).iter().all(|at| at.runs_out == Forecast::NotAtThisRate));
        assert!(for_good(u64::MAX, &spent, today).iter().all(|at| at.runs_out == Forecast::NotAtThisRate));
    }

    #[test]
    fn a_sliding_period_runs_out_only_where_a_whole_one_at_this_rate_is_more_than_it_holds() {
        let today = date("2026-03-31");
        let spent = daily(10, 30, today);
        // 30 days at 10 a day are 300: of 300 there is nothing left, of 301 there always is.
        assert_eq!(sliding(300, 30, &spent, today)[0].runs_out, Forecast::Spent);
        assert_eq!(sliding(301, 30, &spent, today)[0].runs_out, Forecast::NotAtThisRate);
        // A period of 60 days is half filled: 150 left at 10 a day.
        assert_eq!(sliding(450, 60, &spent, today)[0].runs_out, Forecast::On(date("2026-04-15")));
        assert_eq!(sliding(600, 60, &spent, today)[0].runs_out, Forecast::On(date("2026-04-30")));
        assert_eq!(sliding(601, 60, &spent, today)[0].runs_out, Forecast::NotAtThisRate);
    }
}
