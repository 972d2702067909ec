//! The parameters of merged stays.

use toml::Spanned;

use super::super::condition::{column, condition, table};
use super::super::raw;
use super::{Result, TEXT, TIME};
use crate::error::Reason;
use crate::feature::{Holder, StayMeasure, Stays};
use crate::source::Source;

/// The most admissions, days or months that a measure can name; as of a window.
const WITHIN_MAX: u16 = 999;

pub(super) fn stays(source: &Source<'_>, raw: raw::Stays, holder: Holder) -> Result<Stays> {
    let table = table(source, &raw.table, holder)?;
    Ok(Stays {
        table,
        id: column(source, &raw.id, table, TEXT, "text")?,
        start: column(source, &raw.start, table, TIME, "a time")?,
        end: column(source, &raw.end, table, TIME, "a time")?,
        contact: condition(source, raw.contact, table)?,
        acute: condition(source, raw.acute, table)?,
        gap_hours: raw.gap_hours,
        admission_hours: raw.admission_hours,
        only_acute: raw.only_acute,
        measure: measure(source, raw.measure)?,
    })
}

fn measure(source: &Source<'_>, raw: Spanned<raw::StayMeasure>) -> Result<StayMeasure> {
    let span = raw.span();
    let (measure, name, unit, count, length) = match raw.into_inner() {
        raw::StayMeasure::Count => return Ok(StayMeasure::Count),
        raw::StayMeasure::BedDays => return Ok(StayMeasure::BedDays),
        raw::StayMeasure::WithinDays(raw::WithinDays { count, days }) => {
            (StayMeasure::WithinDays { count, days }, "within-days", "days", count, days)
        }
        raw::StayMeasure::WithinMonths(raw::WithinMonths { count, months }) => {
            (StayMeasure::WithinMonths { count, months }, "within-months", "months", count, months)
        }
    };
    // One admission within anything is what `count` tells already.
    if (2..=WITHIN_MAX).contains(&count) && (1..=WITHIN_MAX).contains(&length) {
        Ok(measure)
    } else {
        Err(source.refuse(span, Reason::Within { measure: name, unit, max: WITHIN_MAX }))
    }
}
