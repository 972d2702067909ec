//! The statement from its parts: the common tables, the join to the persons, and the columns in order.

use sea_query::{
    CommonTableExpression, Expr, ExprTrait as _, Func, IntoIden as _, Order, Query, SelectStatement,
    WithClause, WithQuery,
};
use tvaers_definitions::feature::Rule;
use tvaers_definitions::layout::{Grain, Layout, RECENCY_NONE};
use tvaers_definitions::schema::{PERSON, Table};

use super::condition::{any, flag};
use super::dialect::Dialect;
use super::pass::Passes;
use super::{Extraction, Holding, SqlError, person};

/// The whole statement for one sector.
pub(super) fn query(
    extraction: &Extraction<'_>,
    layout: &Layout,
    dialect: Dialect,
) -> Result<WithQuery, SqlError> {
    let mut passes = Passes::default();
    let mut parts = Vec::new();
    for (index, component) in
        layout.components.iter().filter_map(|i| Some((*i, extraction.model.components.get(*i)?)))
    {
        parts.push((index, component, passes.add(extraction, dialect, component)?));
    }
    let mut tables = Vec::new();
    let mut joined = Vec::new();
    let mut select = Query::select();
    select.column((person::ALIAS, PERSON));
    flags(extraction, dialect, &mut select, &mut tables, &mut joined)?;

    let touching = |group: usize| {
        let mut tests: Vec<Expr> = Vec::new();
        for (_, _, part) in parts.iter().filter(|(_, component, _)| component.touch == Some(group)) {
            // Features of the same spells touch alike.
            tests.extend(part.touch.clone().filter(|touch| !tests.contains(touch)));
        }
        any(tests)
    };
    let bits = (0..extraction.model.touches.len()).filter(|group| layout.touches >> group & 1 == 1);
    let touches = bits.map(|group| flag(touching(group)).mul(1_i64 << group));
    let touches = touches.reduce(|left, right| left.add(right)).unwrap_or_else(|| Expr::val(0_i64));
    select.expr_as(touches, "touches");

    for (position, (_, component, part)) in parts.iter().enumerate() {
        let value = person::clamped(part.value.clone(), component);
        let value = match extraction.grain {
            Grain::Points => person::points(value, component),
            Grain::Counts | Grain::Events => value,
        };
        select.expr_as(value, format!("v{position}"));
    }
    let recent = parts.iter().filter(|(index, ..)| layout.recencies.contains(index));
    for (position, (_, _, part)) in recent.enumerate() {
        let none = Expr::val(i64::from(RECENCY_NONE));
        let recency =
            part.recency.clone().map_or(none.clone(), |recency| Func::coalesce([recency, none]).into());
        select.expr_as(recency, format!("r{position}"));
    }

    passes.tables(extraction, dialect, &mut tables, &mut joined)?;
    select.from_as(Table::of_persons(layout.sector).name, person::ALIAS);
    for name in joined {
        let same = Expr::col((name.clone().into_iden(), PERSON)).equals((person::ALIAS, PERSON));
        select.left_join(name.into_iden(), same);
    }
    select.order_by((person::ALIAS, PERSON), Order::Asc);
    let mut with = WithClause::new();
    for table in tables {
        with.cte(table);
    }
    Ok(select.take().with(with))
}

/// The columns that every contribution has, with who is contributed at all.
fn flags(
    extraction: &Extraction<'_>,
    dialect: Dialect,
    select: &mut SelectStatement,
    tables: &mut Vec<CommonTableExpression>,
    joined: &mut Vec<String>,
) -> Result<(), SqlError> {
    let population = &extraction.model.population;
    let (resident, kommune) = match extraction.holding {
        Holding::Region { members } => {
            let kommune = person::kommune(&population.kommune)?;
            select.and_where(kommune.clone().is_in(members.iter().map(|code| i64::from(*code))));
            (Expr::val(0_i64), kommune)
        }
        Holding::Municipality { own } => {
            let Rule::Resident(residence) = &population.resident.rule else {
                return Err(SqlError::NoComponent { feature: population.resident.name.clone() });
            };
            tables.push(person::home(extraction, dialect, residence, own));
            joined.push(person::HOME.to_owned());
            (person::resident(extraction, dialect, residence), Expr::val(i64::from(own)))
        }
    };
    select.expr_as(resident, "resident");
    select.expr_as(person::eligible(extraction, dialect, population)?, "eligible");
    select.expr_as(kommune, "kommune");
    Ok(())
}
