//! Merged spells: records of a person that overlap or follow day on day become one (gaps and islands).
//!
//! In steps: the records that can matter, their days as numbers and their ends no later than the reference date; for
//! each the farthest end before it (a running maximum, for a short record can lie within a long one); where a spell
//! begins; the number of the spell; one row a spell; one row a person.

use jiff::civil::Date;
use sea_query::{
    CaseStatement, CommonTableExpression, Expr, ExprTrait as _, Frame, FrameType, Func, IntoIden as _, Order,
    Query, SelectStatement, WindowStatement,
};
use tvaers_definitions::feature::{Measure, Spells};
use tvaers_definitions::layout::RECENCY_NONE;
use tvaers_definitions::schema::PERSON;

use super::condition::flag;
use super::dialect::{Dialect, day_number};
use super::{Extraction, SqlError};

/// What is told of one set of merged spells, and the names of the columns.
pub(super) struct SpellsFeature {
    pub(super) measure: Measure,
    pub(super) column: String,
    /// The column for the recency of the latest spell, where it is asked for.
    pub(super) recency: Option<String>,
}

/// The column that is 1 where a spell reaches into the window or ends the day before it.
pub(super) const TOUCH: &str = "touches";

const FIRST: &str = "first_day";
const LAST: &str = "last_day";
const REACH: &str = "reach";
const BEGINS: &str = "begins";
const SPELL: &str = "spell";

/// The steps as common tables, the last of them named `name`, with `person_id`, [`TOUCH`] and the features' columns.
/// `opens` is the last day before the window.
pub(super) fn steps(
    extraction: &Extraction<'_>,
    dialect: Dialect,
    name: &str,
    spells: &Spells,
    opens: Date,
    features: &[SpellsFeature],
) -> Result<Vec<CommonTableExpression>, SqlError> {
    let step = |suffix: &str| format!("{name}_{suffix}");
    let table = |name: String, select: SelectStatement| {
        let mut table = CommonTableExpression::new();
        table.table_name(name).query(select);
        table
    };
    Ok(vec![
        table(step("records"), records(extraction, dialect, spells, opens)?),
        table(step("reaches"), reaches(step("records"))),
        table(step("begins"), begins(step("reaches"))),
        table(step("numbered"), numbered(step("begins"))),
        table(step("merged"), merged(step("numbered"))),
        table(name.to_owned(), measured(extraction, step("merged"), opens, features)),
    ])
}

/// A record that ends before the day that the window opens on is left out: whatever it is merged with begins no later
/// than that day, and so outside the window, with or without it.
fn records(
    extraction: &Extraction<'_>,
    dialect: Dialect,
    spells: &Spells,
    opens: Date,
) -> Result<SelectStatement, SqlError> {
    let after = dialect.date(extraction.day_after(extraction.as_of, spells.table.name)?);
    let (first, last) = (|| Expr::col(spells.first.name), || Expr::col(spells.last.name));
    let goes_on = last().is_null().or(last().gte(after.clone()));
    let end = CaseStatement::new().case(goes_on, day_number(extraction.as_of)).finally(dialect.day(last()));
    Ok(Query::select()
        .column(PERSON)
        .expr_as(dialect.day(first()), FIRST)
        .expr_as(end, LAST)
        .from(spells.table.name)
        .and_where(first().lt(after))
        .and_where(last().is_null().or(last().gte(dialect.date(opens))))
        .take())
}

/// The window is written out, because sea-query puts no space between a frame's number and its `PRECEDING`.
const REACH_OVER: &str = "MAX(\"last_day\") OVER (PARTITION BY \"person_id\" ORDER BY \"first_day\", \"last_day\" \
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)";

fn reaches(records: String) -> SelectStatement {
    Query::select()
        .columns([PERSON, FIRST, LAST])
        .expr_as(Expr::cust(REACH_OVER), REACH)
        .from(records.into_iden())
        .take()
}

/// The first record of a person has no reach, and begins a spell.
fn begins(reaches: String) -> SelectStatement {
    let merges = Expr::col(FIRST).lte(Expr::col(REACH).add(1_i64));
    Query::select()
        .columns([PERSON, FIRST, LAST])
        .expr_as(CaseStatement::new().case(merges, 0_i64).finally(1_i64), BEGINS)
        .from(reaches.into_iden())
        .take()
}

fn numbered(begins: String) -> SelectStatement {
    let mut so_far = WindowStatement::partition_by(PERSON);
    so_far.order_by(FIRST, Order::Asc).order_by(LAST, Order::Asc);
    so_far.frame_between(FrameType::Rows, Frame::UnboundedPreceding, Frame::CurrentRow);
    Query::select()
        .columns([PERSON, FIRST, LAST])
        .expr_window_as(Func::sum(Expr::col(BEGINS)), so_far, SPELL)
        .from(begins.into_iden())
        .take()
}

fn merged(numbered: String) -> SelectStatement {
    Query::select()
        .column(PERSON)
        .expr_as(Func::min(Expr::col(FIRST)), FIRST)
        .expr_as(Func::max(Expr::col(LAST)), LAST)
        .from(numbered.into_iden())
        .group_by_columns([PERSON, SPELL])
        .take()
}

fn measured(
    extraction: &Extraction<'_>,
    merged: String,
    opens: Date,
    features: &[SpellsFeature],
) -> SelectStatement {
    let opens = day_number(opens);
    let in_window = || Expr::col(FIRST).gt(opens);
    // Merged spells do not overlap, so the latest first day and the latest last day are of one spell.
    let latest = |column| Expr::from(Func::max(CaseStatement::new().case(in_window(), Expr::col(column))));
    let mut select = Query::select();
    select.column(PERSON).expr_as(Func::max(flag(Expr::col(LAST).gte(opens))), TOUCH);
    for feature in features {
        let value = match feature.measure {
            Measure::Count { longer_than_days } => {
                let days = Expr::col(LAST).sub(Expr::col(FIRST)).add(1_i64);
                let counts = in_window().and(days.gt(i64::from(longer_than_days)));
                Func::count(CaseStatement::new().case(counts, 1_i64)).into()
            }
            Measure::LengthOfLatest => latest(LAST).sub(latest(FIRST)).add(1_i64),
        };
        select.expr_as(value, feature.column.clone());
        if let Some(recency) = &feature.recency {
            let days = Expr::val(day_number(extraction.as_of)).sub(latest(FIRST));
            // The greatest number is taken: it says that there is none.
            select.expr_as(Func::least([days, Expr::val(i64::from(RECENCY_NONE - 1))]), recency.clone());
        }
    }
    select.from(merged.into_iden()).group_by_col(PERSON).take()
}
