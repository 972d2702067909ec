//! The parameters of merged stays.

use std::ops::Range;

use toml::Spanned;

use super::super::condition::{column, condition, person_column, table};
use super::super::raw;
use super::{DATE, Result, TEXT, TIME};
use crate::error::Reason;
use crate::feature::{Holder, Index, StayMeasure, Stays};
use crate::schema::Table;
use crate::source::Source;

/// The most admissions, days or months that a measure can name; as of a window.
const WITHIN_MAX: u16 = 999;

/// The greatest age that a measure can ask for.
const AGE_MAX: u16 = 150;

pub(super) fn stays(source: &Source<'_>, raw: raw::Stays, holder: Holder) -> Result<Stays> {
    let table = table(source, &raw.table, holder)?;
    let span = raw.measure.span();
    let stays = Stays {
        table,
        id: column(source, &raw.id, table, TEXT, "text")?,
        start: column(source, &raw.start, table, TIME, "a time")?,
        end: column(source, &raw.end, table, TIME, "a time")?,
        contact: condition(source, raw.contact, table)?,
        acute: condition(source, raw.acute, table)?,
        gap_hours: raw.gap_hours,
        admission_hours: raw.admission_hours,
        only_acute: raw.only_acute,
        measure: measure(source, raw.measure, table, holder)?,
    };
    // Of the next admission, whichever it is, is asked whether it is acute.
    if stays.only_acute && stays.index().is_some() {
        return Err(source.refuse(span, Reason::AcuteIndex));
    }
    Ok(stays)
}

fn measure(
    source: &Source<'_>,
    raw: Spanned<raw::StayMeasure>,
    table: &'static Table,
    holder: Holder,
) -> Result<StayMeasure> {
    let span = raw.span();
    let (measure, name, unit, count, length) = match raw.into_inner() {
        raw::StayMeasure::Count => return Ok(StayMeasure::Count),
        raw::StayMeasure::BedDays => return Ok(StayMeasure::BedDays),
        raw::StayMeasure::Index(raw) => {
            return Ok(StayMeasure::Index(index(source, raw, span, table, holder)?));
        }
        raw::StayMeasure::Readmitted(raw) => {
            let raw::Readmitted { days, birth, least_age, death, days_ago, r#where } = raw;
            let raw = raw::Index { birth, least_age, death, days_ago, r#where };
            let index = index(source, raw, span.clone(), table, holder)?;
            return if (1..=index.days_ago).contains(&days) {
                Ok(StayMeasure::Readmitted { index, days })
            } else {
                Err(source.refuse(span, Reason::Readmitted { max: index.days_ago }))
            };
        }
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

fn index(
    source: &Source<'_>,
    raw: raw::Index,
    span: Range<usize>,
    table: &'static Table,
    holder: Holder,
) -> Result<Index> {
    // On the reference date itself nobody can tell a discharge from a stay that goes on.
    if !(1..=WITHIN_MAX).contains(&raw.days_ago) || raw.least_age > AGE_MAX {
        return Err(source.refuse(span, Reason::Index { max: WITHIN_MAX, age_max: AGE_MAX }));
    }
    Ok(Index {
        conditions: raw
            .r#where
            .into_iter()
            .map(|raw| condition(source, raw, table))
            .collect::<Result<_>>()?,
        birth: person_column(source, &raw.birth, holder, DATE, "a date")?,
        least_age: raw.least_age,
        death: person_column(source, &raw.death, holder, DATE, "a date")?,
        days_ago: raw.days_ago,
    })
}
