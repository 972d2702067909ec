//! What a rule works out brought to the kind of its feature, or to the value and the points of a component.

use sea_query::{CaseStatement, Expr, ExprTrait as _, Func};
use tvaers_definitions::feature::{Feature, Kind};
use tvaers_definitions::model::{Coding, Component};

use super::condition::flag;

/// A feature's value: within its clamp, or the index of its label. NULL only where the kind allows it to be missing.
pub(super) fn feature(value: Expr, feature: &Feature) -> Expr {
    match feature.kind {
        Kind::Flag | Kind::Category(_) | Kind::Municipality => value,
        Kind::Integer { from, to, missing: false } => clamped(value, from, to),
        // Of a missing value, `LEAST` and `GREATEST` make the bound in PostgreSQL, and NULL in SQLite.
        Kind::Integer { from, to, missing: true } => CaseStatement::new()
            .case(value.clone().lt(from), from)
            .case(value.clone().gt(to), to)
            .finally(value)
            .into(),
    }
}

/// A component's value as a contribution has it: within its clamp, or 1 where the label is one of its own; with a
/// coding that has room for none, 0 for none. Never NULL.
pub(super) fn component(value: Expr, component: &Component) -> Expr {
    match &component.feature.kind {
        Kind::Flag | Kind::Municipality => value,
        Kind::Category(_) if component.coding == Coding::Label => {
            Func::coalesce([value.add(1_i64), Expr::val(0_i64)]).into()
        }
        Kind::Integer { from, missing: true, .. } => {
            let within = feature(value, &component.feature);
            Func::coalesce([within.sub(*from - 1), Expr::val(0_i64)]).into()
        }
        Kind::Integer { .. } => {
            clamped(value, i64::from(component.value_min), i64::from(component.value_max))
        }
        Kind::Category(labels) => {
            let indices = (0_i64..).zip(labels).filter(|(_, label)| component.is.contains(label));
            flag(value.is_in(indices.map(|(index, _)| index)))
        }
    }
}

/// The points of a component's value. One that excludes has its value for points.
pub(super) fn points(value: Expr, component: &Component) -> Expr {
    if component.bands.is_empty() {
        return value;
    }
    let mut case = CaseStatement::new();
    for band in component.bands.iter().rev() {
        case = case.case(value.clone().gte(i64::from(band.from)), i64::from(band.points));
    }
    case.finally(0_i64).into()
}

fn clamped(value: Expr, from: i64, to: i64) -> Expr {
    let capped = Func::least([value, Expr::val(to)]);
    Func::greatest([capped.into(), Expr::val(from)]).into()
}
