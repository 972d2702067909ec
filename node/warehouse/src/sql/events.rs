//! The statement for a node's events: its own merged spells and stays, its answers and its identified amounts, one row
//! each, for whom another node's have to be put together with them.
//!
//! The parts are those of the components' own statement, up to where spells and stays are merged. Times are the true
//! ones here; whoever sends them shifts them.

use sea_query::{
    CommonTableExpression, Expr, ExprTrait as _, Func, IntoIden as _, Order, Query, SelectStatement,
    UnionType,
};
use tvaers_definitions::feature::{Answer, Feature, Rows, Rule, StayMeasure};
use tvaers_definitions::schema::{Column, PERSON};
use tvaers_protocol::event::ANSWER_ZERO;
use tvaers_protocol::id::PersonId;

use super::assemble::OfPersons;
use super::columns::Columns;
use super::condition::{all, flag};
use super::dialect::{day_number, day_of_minute};
use super::islands::{BEGINS, ENDS, table};
use super::spells::SpellsPass;
use super::stays::{self, ACUTE, FIRST_ENDS, ID, StaysPass};
use super::{EventExtraction, FetchError, Scope, SqlError, answer, rows};

const EVENTS: &str = "events";
const GROUP: &str = "touch_group";
const FIRST_DAY: &str = "first_day";

const LAST_DAY: &str = "last_day";
const IN_WINDOW: &str = "in_window";
const INDEX: &str = "index_kind";
const DISCHARGED: &str = "discharged";
const FIRST_ROUND: &str = "first_round";
const LAST_ROUND: &str = "last_round";
const REACH: &str = "reach";
const AMOUNT: &str = "amount";

/// The columns of numbers, in the order in which [`EventRow`] has them. `person_id` comes before them, the identifier
/// after.
const COLUMNS: [&str; 14] = [
    GROUP,
    IN_WINDOW,
    ACUTE,
    INDEX,
    DISCHARGED,
    FIRST_ROUND,
    LAST_ROUND,
    FIRST_DAY,
    LAST_DAY,
    BEGINS,
    ENDS,
    FIRST_ENDS,
    REACH,
    AMOUNT,
];

/// One of a person's merged spells or stays, answers or amounts at the node. What is not of its kind is 0, false or
/// empty. It has no `Debug`: it is a row of personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct EventRow {
    /// The person.
    pub person: PersonId,
    /// The touch group of the model, by index.
    pub group: u8,
    /// Whether it begins in the window of the group's rules; answers and amounts are of the window alone.
    pub in_window: bool,
    /// Of a stay: whether its first contact is acute.
    pub acute: bool,
    /// Of a stay: whether its first contact and the age on its day are those of an index admission.
    pub index: bool,
    /// Of a stay: whether its end is a discharge, alive and within the days that count.
    pub discharged: bool,
    /// Of an answer: whether it is of the round whose first answer is told.
    pub first_round: bool,
    /// Of an answer: whether it is of the round whose last answer is told.
    pub last_round: bool,
    /// Its first day, counted from 1970-01-01; 0 for an amount.
    pub first_day: i32,
    /// Its last day, counted from 1970-01-01, no later than the reference date; 0 for an amount.
    pub last_day: i32,
    /// Of a stay: the minute in which it begins, counted from 1970-01-01T00:00.
    pub begins: i32,
    /// Of a stay: the minute in which it ends, also where that is after the reference date.
    pub ends: i32,
    /// Of a stay: the minute in which its first contact ends.
    pub first_ends: i32,
    /// Of a stay: days from its first day to the same day so many calendar months later as a rule of the group counts;
    /// 0 where none counts months.
    pub reach: u16,
    /// The number of an amount, or that of an answer and [`ANSWER_ZERO`].
    pub amount: u32,
    /// Of a stay: the identifier of its first contact. Of an amount: that of what is paid for.
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
        Ok(Self {
            person: row.person()?,
            group: row.whole(1, GROUP)?,
            in_window: row.whole::<u8>(2, IN_WINDOW)? == 1,
            acute: row.whole::<u8>(3, ACUTE)? == 1,
            index: row.whole::<u8>(4, INDEX)? == 1,
            discharged: row.whole::<u8>(5, DISCHARGED)? == 1,
            first_round: row.whole::<u8>(6, FIRST_ROUND)? == 1,
            last_round: row.whole::<u8>(7, LAST_ROUND)? == 1,
            first_day: row.whole(8, FIRST_DAY)?,
            last_day: row.whole(9, LAST_DAY)?,
            begins: row.whole(10, BEGINS)?,
            ends: row.whole(11, ENDS)?,
            first_ends: row.whole(12, FIRST_ENDS)?,
            reach: row.whole(13, REACH)?,
            amount: row.whole(14, AMOUNT)?,
            id: ContactId(row.text(15)?.to_owned()),
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
    // What is told of one day comes in an order that rows have by themselves.
    for column in [GROUP, FIRST_DAY, BEGINS, ID, AMOUNT, FIRST_ROUND] {
        answer.select.order_by((EVENTS, column), Order::Asc);
    }
    answer.join_rows(tables, EVENTS);
    Ok(Some(answer.query(scope)))
}

/// The events of one group. Its features put the same rows together and look at the same days; the model was checked.
fn of_group(
    scope: &Scope<'_>,
    group: usize,
    features: &[&Feature],
    tables: &mut Vec<CommonTableExpression>,
) -> Result<Option<SelectStatement>, SqlError> {
    let Some(feature) = features.first() else { return Ok(None) };
    let scope = &scope.seen_by(feature)?;
    let name = format!("group{group}");
    let group = group as i64;
    Ok(Some(match &feature.rule {
        Rule::Spells(spells) => {
            let pass = SpellsPass::new(name.clone(), feature, spells);
            tables.extend(pass.merged(scope)?);
            spells_of(&name, group, day_number(pass.opens(scope)?))
        }
        Rule::Stays(stays) => {
            let pass = StaysPass::new(name.clone(), feature, stays);
            tables.extend(pass.merged(scope)?);
            let months = features.iter().find_map(|feature| months(feature));
            stays_of(scope, &pass, group, months)?
        }
        Rule::Answer(answer) => answers_of(scope, group, feature, answer, features)?,
        Rule::SumRows { rows, amount, id: Some(id) } => {
            amounts_of(scope, group, feature, rows, (amount, id))?
        }
        _ => return Ok(None),
    }))
}

/// Adds the columns of an event to a select: what is given in its column, and 0 in the others.
fn event(
    select: &mut SelectStatement,
    person: Expr,
    group: i64,
    given: &[(&'static str, Expr)],
    id: Expr,
) -> SelectStatement {
    select.expr_as(person, PERSON).expr_as(Expr::val(group), GROUP);
    for column in COLUMNS.into_iter().filter(|column| *column != GROUP) {
        let found = given.iter().find(|(name, _)| *name == column);
        select.expr_as(found.map_or_else(|| Expr::val(0_i64), |(_, value)| value.clone()), column);
    }
    select.expr_as(id, ID).take()
}

/// One that ends before the day that the window opens on can be no part of a spell that begins in it.
fn spells_of(name: &str, group: i64, opens: i64) -> SelectStatement {
    let given = [
        (IN_WINDOW, flag(Expr::col(BEGINS).gt(opens))),
        (FIRST_DAY, Expr::col(BEGINS)),
        (LAST_DAY, Expr::col(ENDS)),
    ];
    let mut select = Query::select();
    select.from(merged(name).into_iden()).and_where(Expr::col(ENDS).gte(opens));
    event(&mut select, Expr::col(PERSON), group, &given, Expr::val(""))
}

fn stays_of(
    scope: &Scope<'_>,
    pass: &StaysPass<'_>,
    group: i64,
    months: Option<u16>,
) -> Result<SelectStatement, SqlError> {
    let opens = day_number(pass.opens(scope)?);
    let first_day = || day_of_minute(Expr::col(BEGINS));
    let reach = months.map_or_else(
        || Expr::val(0_i64),
        |months| scope.dialect.months_later(first_day(), i32::from(months)).sub(first_day()),
    );
    let mut given = vec![
        (IN_WINDOW, flag(first_day().gt(opens))),
        (ACUTE, Expr::col(ACUTE)),
        (FIRST_DAY, first_day()),
        (LAST_DAY, stays::last_day(scope)),
        (BEGINS, Expr::col(BEGINS)),
        (ENDS, Expr::col(ENDS)),
        (FIRST_ENDS, Expr::col(FIRST_ENDS)),
        (REACH, reach),
    ];
    let (mut select, person) = match pass.index_tests(scope)? {
        None => {
            let mut select = Query::select();
            (select.from(merged(pass.name()).into_iden()).take(), Expr::col(PERSON))
        }
        Some(tests) => {
            given.extend([(INDEX, flag(tests.index.clone())), (DISCHARGED, flag(tests.discharged.clone()))]);
            (tests.select(), tests.person())
        }
    };
    Ok(event(&mut select, person, group, &given, Expr::col(ID)))
}

/// The answers of the rounds that the features pick from.
fn answers_of(
    scope: &Scope<'_>,
    group: i64,
    feature: &Feature,
    answer: &Answer,
    features: &[&Feature],
) -> Result<SelectStatement, SqlError> {
    let rounds = || {
        features.iter().filter_map(|feature| match &feature.rule {
            Rule::Answer(answer) => Some(answer.pick.rounds()),
            _ => None,
        })
    };
    let is_of = |round: Option<&str>| {
        round.map_or_else(|| Expr::val(false), |round| Expr::col(answer.round.name).eq(round))
    };
    let first = is_of(rounds().find_map(|(first, _)| first));
    let last = is_of(rounds().find_map(|(_, last)| last));
    let day = || scope.dialect.day(Expr::col(answer.date.name));
    let given = [
        (IN_WINDOW, Expr::val(1_i64)),
        (FIRST_ROUND, flag(first.clone())),
        (LAST_ROUND, flag(last.clone())),
        (FIRST_DAY, day()),
        (LAST_DAY, day()),
        (AMOUNT, answer::value(answer).add(i64::from(ANSWER_ZERO))),
    ];
    let mut select = Query::select();
    select
        .from(answer.table.name)
        .and_where(rows::in_window(scope, feature, answer.date)?)
        .and_where(Expr::col(answer.item.name).is_not_null())
        .and_where(first.or(last));
    Ok(event(&mut select, Expr::col(PERSON), group, &given, Expr::val("")))
}

/// The rows that are added up, with the amount and the identifier of each.
fn amounts_of(
    scope: &Scope<'_>,
    group: i64,
    feature: &Feature,
    rows: &Rows,
    (amount, id): (&Column, &Column),
) -> Result<SelectStatement, SqlError> {
    let known = Func::coalesce([Expr::col(amount.name), Expr::val(0_i64)]);
    let at_most = Func::least([known.into(), Expr::val(i64::from(u32::MAX))]);
    let within = Func::greatest([at_most.into(), Expr::val(0_i64)]);
    let given = [(IN_WINDOW, Expr::val(1_i64)), (AMOUNT, within.into())];
    let mut select = Query::select();
    select
        .from(rows.table.name)
        .and_where(rows::in_window(scope, feature, rows.date)?)
        .and_where(all(scope.dialect, &rows.conditions));
    Ok(event(&mut select, Expr::col(PERSON), group, &given, Expr::col(id.name)))
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
