//! The parameters of a question that is put in rounds.

use toml::Spanned;

use super::super::condition::{column, table};
use super::super::raw;
use super::{DATE, INTEGER, Result, TEXT};
use crate::error::Reason;
use crate::feature::{Answer, Holder, Pick};
use crate::source::Source;

pub(super) fn answer(source: &Source<'_>, raw: raw::Answer, holder: Holder) -> Result<Answer> {
    let table = table(source, &raw.table, holder)?;
    let span = raw.item.span();
    Ok(Answer {
        table,
        date: column(source, &raw.date, table, DATE, "a date")?,
        round: column(source, &raw.round, table, TEXT, "text")?,
        item: column(source, &raw.item, table, INTEGER, "a whole number")?,
        pick: match (raw.first, raw.last) {
            (Some(first), None) => Pick::First(round(source, first)?),
            (None, Some(last)) => Pick::Last(round(source, last)?),
            (Some(first), Some(last)) => {
                Pick::Change { first: round(source, first)?, last: round(source, last)? }
            }
            (None, None) => return Err(source.refuse(span, Reason::NoRound)),
        },
    })
}

fn round(source: &Source<'_>, raw: Spanned<String>) -> Result<String> {
    if raw.get_ref().is_empty() {
        return Err(source.refuse(raw.span(), Reason::Empty { what: "the name of the round" }));
    }
    Ok(raw.into_inner())
}
