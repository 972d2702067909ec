//! Numbers, days and budgets as people write them, in both languages.

use jiff::civil::Date;
use tvaers_query::{Budget, Decimal};

use super::Conversion;
use super::writer::same;
use crate::permit::Limit;
use crate::text::Text;

const MONTHS: [[&str; 2]; 12] = [
    ["januar", "January"],
    ["februar", "February"],
    ["marts", "March"],
    ["april", "April"],
    ["maj", "May"],
    ["juni", "June"],
    ["juli", "July"],
    ["august", "August"],
    ["september", "September"],
    ["oktober", "October"],
    ["november", "November"],
    ["december", "December"],
];

/// `1. december 2026` and `1 December 2026`.
#[must_use]
pub fn day(date: Date) -> Text {
    let month = usize::try_from(date.month()).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    let [da, en] = month.copied().unwrap_or_default();
    Text::new(format!("{}. {da} {}", date.day(), date.year()), format!("{} {en} {}", date.day(), date.year()))
}

/// A whole number with its thousands apart.
pub(crate) fn whole(number: impl Into<i64>) -> Text {
    let number: i64 = number.into();
    let digits = number.unsigned_abs().to_string();
    let grouped = |separator: char| {
        let mut text = String::from(if number < 0 { "-" } else { "" });
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(separator);
            }
            text.push(digit);
        }
        text
    };
    Text::new(grouped('.'), grouped(','))
}

/// What is counted: in Danish one and several, in English one and several.
pub(crate) type Noun = [[&'static str; 2]; 2];

pub(crate) const DAYS: Noun = [["dag", "dage"], ["day", "days"]];
pub(crate) const PERSONS: Noun = [["person", "personer"], ["person", "persons"]];
pub(crate) const CELLS: Noun = [["celle", "celler"], ["cell", "cells"]];
pub(crate) const FEATURES: Noun = [["egenskab", "egenskaber"], ["feature", "features"]];
/// As in "250 milliseconds apart".
pub(crate) const MILLISECONDS: Noun = [["millisekunds", "millisekunders"], ["millisecond", "milliseconds"]];

/// So many of them: `1 dag`, `1.825 dage`.
pub(crate) fn counted(number: impl Into<i64>, [da, en]: Noun) -> Text {
    let number: i64 = number.into();
    let of = |[one, several]: [&'static str; 2]| if number == 1 { one } else { several };
    let digits = whole(number);
    Text::new(format!("{} {}", digits.da, of(da)), format!("{} {}", digits.en, of(en)))
}

/// A number with decimals, as its digits stand, with the thousands of what is before them apart.
pub(crate) fn decimal(text: &str) -> Text {
    let (before, after) = text.split_once('.').map_or((text, None), |(before, after)| (before, Some(after)));
    let before = before.parse::<i64>().map_or_else(|_| same(before), whole);
    match after {
        None => before,
        Some(after) => Text::new(format!("{},{after}", before.da), format!("{}.{after}", before.en)),
    }
}

/// `rho 0,05` and `rho 0.05`.
pub(crate) fn stated(budget: Budget) -> Text {
    let number = decimal(&budget.number().to_string());
    Text::new(format!("{} {}", budget.name(), number.da), format!("{} {}", budget.name(), number.en))
}

/// Thousand-millionths of rho as a number; 0 too.
pub(crate) fn nano_rho(nano: u64) -> Text {
    let digits = Decimal::from_nano(nano).map_or_else(|| "0".to_owned(), |rho| rho.to_string());
    let number = decimal(&digits);
    Text::new(format!("rho {}", number.da), format!("rho {}", number.en))
}

/// The limit as it is stated, and what it is worth in the other unit where that is known.
pub(crate) fn limit(limit: &Limit, conversion: Option<&Conversion<'_>>) -> Text {
    let Some(budget) = limit.stated else { return Text::new("uden grænse", "without limit") };
    let text = stated(budget);
    match budget {
        Budget::Epsilon(_) => {
            let rho = nano_rho(limit.nano_rho);
            Text::new(
                format!("{} (regnes som {})", text.da, rho.da),
                format!("{} (counted as {})", text.en, rho.en),
            )
        }
        Budget::Rho(_) => match conversion.and_then(|conversion| epsilon(limit.nano_rho, conversion)) {
            Some(epsilon) => {
                let epsilon = rounded_up(epsilon);
                Text::new(
                    format!("{} (svarer til epsilon {})", text.da, epsilon.da),
                    format!("{} (worth epsilon {})", text.en, epsilon.en),
                )
            }
            None => text,
        },
    }
}

/// The epsilon that a loss is worth, where it is a number that means something.
pub(crate) fn epsilon(nano_rho: u64, conversion: &Conversion<'_>) -> Option<f64> {
    (conversion.epsilon_of_rho)(nano_rho).filter(|epsilon| epsilon.is_finite() && *epsilon > 0.0)
}

/// Two decimals, never less than the number: a loss is not made smaller in print.
pub(crate) fn rounded_up(number: f64) -> Text {
    let text = format!("{:.2}", (number * 100.0 - 1e-9).ceil() / 100.0);
    decimal(text.trim_end_matches('0').trim_end_matches('.'))
}

/// How sure one can become, in whole per cent and never told too low, of what was as likely as not before, where the
/// odds change by e^epsilon at most: e^epsilon / (1 + e^epsilon). That is what differential privacy promises of a
/// citizen who is there or not (Wood et al., "Differential Privacy: A Primer for a Non-technical Audience", 2018).
pub(crate) fn percent_sure(epsilon: f64) -> Text {
    same(format!("{:.0}", (100.0 / (1.0 + (-epsilon).exp()) - 1e-9).ceil()))
}

/// `a, b og c` and `a, b and c`.
pub(crate) fn joined(items: &[Text]) -> Text {
    let join = |items: Vec<&str>, and: &str| match items.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} {and} {last}", rest.join(", ")),
    };
    Text::new(
        join(items.iter().map(|item| item.da.as_str()).collect(), "og"),
        join(items.iter().map(|item| item.en.as_str()).collect(), "and"),
    )
}
