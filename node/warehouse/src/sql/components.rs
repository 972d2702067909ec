//! The statement for a model's components: one row a person, with what a node contributes.

use sea_query::{Expr, ExprTrait as _, Func, SelectStatement};
use tvaers_definitions::layout::{Grain, Layout, RECENCY_NONE};
use tvaers_definitions::model::Component;

use super::assemble::{OfPersons, residence};
use super::condition::{any, flag};
use super::pass::{Part, Passes};
use super::{Extraction, Holding, Scope, SqlError, person, value};

/// The whole statement for one sector.
pub(super) fn query(
    extraction: &Extraction<'_>,
    layout: &Layout,
    scope: &Scope<'_>,
) -> Result<SelectStatement, SqlError> {
    let model = extraction.model;
    let mut passes = Passes::default();
    let mut parts = Vec::new();
    for (index, component) in layout.components.iter().filter_map(|i| Some((*i, model.components.get(*i)?))) {
        parts.push((index, component, passes.add(scope, &component.name, &component.feature)?));
    }
    let mut answer = OfPersons::of(scope, &model.population.kommune)?;
    flags(extraction, scope, &mut answer)?;

    let bits = (0..model.touches.len()).filter(|group| layout.touches >> group & 1 == 1);
    let touches = bits.map(|group| flag(touching(&parts, group)).mul(1_i64 << group));
    let touches = touches.reduce(|left, right| left.add(right)).unwrap_or_else(|| Expr::val(0_i64));
    answer.column(scope, touches, "touches");

    for (position, (_, component, part)) in parts.iter().enumerate() {
        let value = value::component(part.value.clone(), component);
        let value = match extraction.grain {
            Grain::Points => value::points(value, component),
            Grain::Counts | Grain::Events => value,
        };
        answer.column(scope, value, format!("v{position}"));
    }
    let recent = parts.iter().filter(|(index, ..)| layout.recencies.contains(index));
    for (position, (_, _, part)) in recent.enumerate() {
        let none = Expr::val(i64::from(RECENCY_NONE));
        let recency =
            part.recency.clone().map_or(none.clone(), |recency| Func::coalesce([recency, none]).into());
        answer.column(scope, recency, format!("r{position}"));
    }
    answer.join_all(passes.tables(scope)?);
    Ok(answer.query(scope))
}

/// Whether the rule of any component of the group touches the person.
fn touching(parts: &[(usize, &Component, Part)], group: usize) -> Expr {
    let mut tests: Vec<Expr> = Vec::new();
    for (_, _, part) in parts.iter().filter(|(_, component, _)| component.touch == Some(group)) {
        // Features of the same spells or stays touch alike.
        tests.extend(part.touch.clone().filter(|touch| !tests.contains(touch)));
    }
    any(tests)
}

/// The columns that every contribution has.
fn flags(extraction: &Extraction<'_>, scope: &Scope<'_>, answer: &mut OfPersons) -> Result<(), SqlError> {
    let population = &extraction.model.population;
    let resident = match scope.holding {
        Holding::Region { .. } => Expr::val(0_i64),
        Holding::Municipality { .. } => {
            let residence = residence(&population.resident)?;
            answer.add_home(scope, residence);
            person::resident(scope, residence, person::HOME)
        }
    };
    answer.column(scope, resident, "resident");
    answer.column(scope, person::eligible(scope, population)?, "eligible");
    answer.column(scope, person::kommune(scope, &population.kommune)?, "kommune");
    Ok(())
}
