//! The statement for a node's events: its own merged spells and stays, one row each, for whom another node's have to
//! be put together with them.
//!
//! The parts are those of the components' own statement, up to where spells and stays are merged. Times are the true
//! ones here; whoever sends them shifts them.

use sea_query::{
    CommonTableExpression, Expr, ExprTrait as _, IntoIden as _, Order, Query, SelectStatement, UnionType,
};
use tvaers_definitions::feature::{Feature, Rule, StayMeasure};
use tvaers_definitions::schema::PERSON;
use tvaers_protocol::id::PersonId;

use super::assemble::OfPersons;
use super::columns::Columns;
use super::condition::flag;
use super::dialect::{day_number, day_of_minute};
use super::islands::{BEGINS, ENDS, table};
use super::spells::SpellsPass;
use super::stays::{self, ACUTE, FIRST_ENDS, ID, StaysPass};
use super::{EventExtraction, FetchError, Scope, SqlError};

const EVENTS: &str = "events";
const GROUP: &str = "touch_group";
const FIRST_DAY: &str = "first_day";

/// The columns of numbers, in the order in which [`EventRow`] has them. `person_id` comes before them, the identifier
/// of the first contact after.
const COLUMNS: [&str; 9] =
    [GROUP, "in_window", ACUTE, FIRST_DAY, "last_day", BEGINS, ENDS, FIRST_ENDS, "reach"];

/// One of a person's merged spells or stays at the node. It has no `Debug`: it is a row of personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct EventRow {
    /// The person.
    pub person: PersonId,
    /// The touch group of the model, by index.
    pub group: u8,
    /// Whether it begins in the window of the group's rules.
    pub in_window: bool,
    /// Whether its first contact is acute; false for a spell.
    pub acute: bool,
    /// Its first day, counted from 1970-01-01.
    pub first_day: i32,
    /// Its last day, counted from 1970-01-01, no later than the reference date.
    pub last_day: i32,
    /// The minute in which it begins, counted from 1970-01-01T00:00; 0 for a spell.
    pub begins: i32,
    /// The minute in which it ends, also where that is after the reference date; 0 for a spell.
    pub ends: i32,
    /// The minute in which its first contact ends; 0 for a spell.
    pub first_ends: i32,
    /// Days from its first day to the same day so many calendar months later as a rule of the group counts; 0 where
    /// none counts months.
    pub reach: u16,
    /// The identifier of its first contact; empty for a spell.
    pub id: ContactId,
}

/// The identifier of a contact. It has no `Debug`, no `Display` and no `Serialize`: it leads to a person's file.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactId(String);

impl ContactId {
    /// The identifier. Call it only where it is hidden from whoever it is sent to.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl EventRow {
    pub(super) fn read(row: &impl Columns) -> Result<Self, FetchError> {
        let [group, in_window, acute, first_day, last_day, begins, ends, first_ends, reach] = COLUMNS;
        Ok(Self {
            person: row.person()?,
            group: row.whole(1, group)?,
            in_window: row.whole::<u8>(2, in_window)? == 1,
            acute: row.whole::<u8>(3, acute)? == 1,
            first_day: row.whole(4, first_day)?,
            last_day: row.whole(5, last_day)?,
            begins: row.whole(6, begins)?,
            ends: row.whole(7, ends)?,
            first_ends: row.whole(8, first_ends)?,
            reach: row.whole(9, reach)?,
            id: ContactId(row.text(10)?.to_owned()),
        })
    }
}

/// The statement, or `None` where the node has no events of these groups.
pub(super) fn query(
    extraction: &EventExtraction<'_>,
    scope: &Scope<'_>,
) -> Result<Option<SelectStatement>, SqlError> {
    let mut tables = Vec::new();
    let mut all: Option<SelectStatement> = None;
    for (group, touch) in extraction.model.touches.iter().enumerate() {
        let asked = extraction.groups >> group & 1 == 1;
        if !asked || !touch.has_events || touch.sector != scope.holding.sector() {
            continue;
        }
        let features: Vec<&Feature> =
            extraction.model.components_of(group).map(|(_, component)| &*component.feature).collect();
        let Some(events) = of_group(scope, group, &features, &mut tables)? else { continue };
        all = Some(match all {
            None => events,
            Some(mut others) => others.union(UnionType::All, events).take(),
        });
    }
    let Some(all) = all else { return Ok(None) };
    tables.push(table(EVENTS.to_owned(), all));
    let mut answer = OfPersons::of(scope, &extraction.model.population.kommune)?;
    for column in COLUMNS {
        answer.column(scope, Expr::col((EVENTS, column)), column);
    }
    answer.select.column((EVENTS, ID));
    for column in [GROUP, FIRST_DAY, BEGINS] {
        answer.select.order_by((EVENTS, column), Order::Asc);
    }
    answer.join_rows(tables, EVENTS);
    Ok(Some(answer.query(scope)))
}

/// The events of one group. Its features merge the same rows and have the same window; the model was checked.
fn of_group(
    scope: &Scope<'_>,
    group: usize,
    features: &[&Feature],
    tables: &mut Vec<CommonTableExpression>,
) -> Result<Option<SelectStatement>, SqlError> {
    let Some(feature) = features.first() else { return Ok(None) };
    let name = format!("group{group}");
    match &feature.rule {
        Rule::Spells(spells) => {
            let pass = SpellsPass::new(name.clone(), feature, spells);
            tables.extend(pass.merged(scope)?);
            let opens = day_number(pass.opens(scope)?);
            Ok(Some(spells_of(&name, group as i64, opens)))
        }
        Rule::Stays(stays) => {
            let pass = StaysPass::new(name.clone(), feature, stays);
            tables.extend(pass.merged(scope)?);
            let opens = day_number(pass.opens(scope)?);
            let months = features.iter().find_map(|feature| months(feature));
            Ok(Some(stays_of(scope, &name, group as i64, opens, months)))
        }
        _ => Ok(None),
    }
}

/// One that ends before the day that the window opens on can be no part of a spell that begins in it.
fn spells_of(name: &str, group: i64, opens: i64) -> SelectStatement {
    let mut select = Query::select();
    select
        .column(PERSON)
        .expr_as(Expr::val(group), GROUP)
        .expr_as(flag(Expr::col(BEGINS).gt(opens)), "in_window")
        .expr_as(Expr::val(0_i64), ACUTE)
        .expr_as(Expr::col(BEGINS), FIRST_DAY)
        .expr_as(Expr::col(ENDS), "last_day");
    for column in [BEGINS, ENDS, FIRST_ENDS, "reach"] {
        select.expr_as(Expr::val(0_i64), column);
    }
    select
        .expr_as(Expr::val(""), ID)
        .from(merged(name).into_iden())
        .and_where(Expr::col(ENDS).gte(opens))
        .take()
}

fn stays_of(scope: &Scope<'_>, name: &str, group: i64, opens: i64, months: Option<u16>) -> SelectStatement {
    let first_day = || day_of_minute(Expr::col(BEGINS));
    let reach = months.map_or_else(
        || Expr::val(0_i64),
        |months| scope.dialect.months_later(first_day(), months).sub(first_day()),
    );
    let mut select = Query::select();
    select
        .column(PERSON)
        .expr_as(Expr::val(group), GROUP)
        .expr_as(flag(first_day().gt(opens)), "in_window")
        .column(ACUTE)
        .expr_as(first_day(), FIRST_DAY)
        .expr_as(stays::last_day(scope), "last_day")
        .columns([BEGINS, ENDS, FIRST_ENDS])
        .expr_as(reach, "reach")
        .column(ID)
        .from(merged(name).into_iden())
        .take()
}

fn merged(name: &str) -> String {
    format!("{name}_merged")
}

/// The calendar months within which the feature counts admissions.
fn months(feature: &Feature) -> Option<u16> {
    match &feature.rule {
        Rule::Stays(stays) => match stays.measure {
            StayMeasure::WithinMonths { months, .. } => Some(months),
            _ => None,
        },
        _ => None,
    }
}
