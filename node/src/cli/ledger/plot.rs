//! Spending over time as bars of text.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::account::Day;
use crate::cli::looking::rho;

/// Bars, at most: what stands side by side on a terminal.
const BARS_MAX: i32 = 60;

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar for each stretch of as many days as it takes, from the first charge to the last; none without charges.
pub(super) fn bars(days: &[Day]) -> Option<String> {
    let (first, last) = (days.first()?.date, days.last()?.date);
    let span = days_between(first, last) + 1;
    let per_bar = (span + BARS_MAX - 1) / BARS_MAX;
    let mut sums = vec![0_u64; usize::try_from((span + per_bar - 1) / per_bar).ok()?];
    for day in days {
        let bar = usize::try_from(days_between(first, day.date) / per_bar).ok()?;
        let sum = sums.get_mut(bar)?;
        *sum = sum.saturating_add(day.nano_rho);
    }
    let most = sums.iter().copied().max().filter(|most| *most > 0)?;
    let bars: String = sums.iter().map(|sum| level(*sum, most)).collect();
    let each = if per_bar == 1 { "a day".to_owned() } else { format!("{per_bar} days") };
    let end = first.checked_add((span - 1).days()).unwrap_or(last);
    Some(format!("Spent over time, {each} a bar, the highest {} rho:\n{first} {bars} {end}", rho(most)))
}

/// How much of a budget is spent, as a bar of ten.
pub(super) fn gauge(spent: u64, left: u64) -> String {
    let all = (u128::from(spent) + u128::from(left)).max(1);
    let full = usize::try_from((u128::from(spent) * 10).div_ceil(all)).unwrap_or(10).min(10);
    format!("{}{}", "█".repeat(full), "░".repeat(10 - full))
}

/// The lowest bar stands for anything at all; a blank for nothing.
fn level(sum: u64, most: u64) -> char {
    if sum == 0 {
        return ' ';
    }
    let steps = LEVELS.len() as u128;
    let step = (u128::from(sum) * steps).div_ceil(u128::from(most)).clamp(1, steps) - 1;
    usize::try_from(step).ok().and_then(|step| LEVELS.get(step)).copied().unwrap_or(' ')
}

fn days_between(first: Date, last: Date) -> i32 {
    first.until(last).map_or(0, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(date: &str, nano_rho: u64) -> Day {
        Day { date: date.parse().unwrap(), nano_rho }
    }

    #[test]
    fn a_day_without_charges_is_a_blank_and_the_least_charge_is_seen() {
        let days = [day("2026-03-01", 8_000_000_000), day("2026-03-03", 1), day("2026-03-04", 4_000_000_000)];
        let text = bars(&days).unwrap();
        assert!(text.ends_with("2026-03-01 █ ▁▄ 2026-03-04"), "{text}");
        assert!(text.contains("a day a bar, the highest 8 rho"), "{text}");
        assert_eq!(bars(&[]), None);
        assert!(bars(&days[..1]).unwrap().ends_with("2026-03-01 █ 2026-03-01"));
    }

    #[test]
    fn many_days_share_bars_and_the_width_stays() {
        let days = [day("2026-01-01", 1), day("2027-01-01", 1)];
        let text = bars(&days).unwrap();
        let line = text.lines().last().unwrap();
        assert!(line.chars().count() <= 22 + 60, "{line}");
        assert!(
            text.contains("7 days a bar")
                && line.starts_with("2026-01-01 █")
                && line.ends_with("█ 2027-01-01"),
            "{text}"
        );
    }
}
