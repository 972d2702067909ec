//! One pass over a table, grouped by person: every number that rules work out from the table's rows.
//!
//! A rule says which rows are in time, which of them meet its conditions, and what becomes of those. All numbers of a
//! table come from the same pass, and two rules that want the same number share its column.

use sea_query::{CaseStatement, Expr, ExprTrait as _, Func, Query, SelectStatement};
use tvaers_definitions::schema::{PERSON, Table};

use super::condition::{any, flag};

/// One number over the rows of a person.
#[derive(PartialEq)]
pub(super) struct Aggregate {
    /// Whether a row is in time.
    pub(super) within: Expr,
    /// Whether it meets the conditions.
    pub(super) meets: Expr,
    /// What becomes of the rows that do both.
    pub(super) over: Over,
}

/// What becomes of rows.
#[derive(PartialEq)]
pub(super) enum Over {
    /// 1 where there is one.
    Any,
    /// How many there are.
    Count,
    /// An amount, added up.
    Sum(Expr),
    /// The least value.
    Least(Expr),
    /// The greatest value.
    Greatest(Expr),
}

/// The pass over one table.
pub(super) struct TablePass {
    table: &'static Table,
    columns: Vec<(String, Aggregate)>,
}

impl TablePass {
    pub(super) const fn over(table: &'static Table) -> Self {
        Self { table, columns: Vec::new() }
    }

    /// Works the number out in this pass, in a column of this name or in one that has it already; gives its name.
    pub(super) fn add(&mut self, column: String, aggregate: Aggregate) -> String {
        if let Some((name, _)) = self.columns.iter().find(|(_, other)| *other == aggregate) {
            return name.clone();
        }
        self.columns.push((column.clone(), aggregate));
        column
    }

    /// A select with `person_id` and the columns. Persons without a row that counts are not in it, and a column is
    /// NULL, or 0, where no row counts for it.
    pub(super) fn select(&self) -> SelectStatement {
        let mut select = Query::select();
        select.column(PERSON).from(self.table.name).group_by_col(PERSON);
        let shared = self.shared_time();
        let mut tests = Vec::new();
        for (column, aggregate) in &self.columns {
            let meets = aggregate.meets.clone();
            let test = if shared.is_some() { meets } else { aggregate.within.clone().and(meets) };
            select.expr_as(aggregate.over.value(test.clone()), column.clone());
            if !tests.contains(&test) {
                tests.push(test);
            }
        }
        if let Some(within) = shared {
            select.and_where(within.clone());
        }
        select.and_where(any(tests)).take()
    }

    /// When rows are in time, where it is the same for all numbers: it is then asked once.
    fn shared_time(&self) -> Option<&Expr> {
        let (_, first) = self.columns.first()?;
        self.columns.iter().all(|(_, other)| other.within == first.within).then_some(&first.within)
    }
}

impl Over {
    fn value(&self, test: Expr) -> Expr {
        let of = |value: &Expr| CaseStatement::new().case(test.clone(), value.clone());
        match self {
            Self::Any => Func::max(flag(test)).into(),
            Self::Count => Func::count(CaseStatement::new().case(test, 1_i64)).into(),
            Self::Sum(amount) => whole_sum(of(amount)),
            Self::Least(value) => Func::min(of(value)).into(),
            Self::Greatest(value) => Func::max(of(value)).into(),
        }
    }
}

/// A sum as a whole number: PostgreSQL adds whole numbers up to one with decimals.
pub(super) fn whole_sum(amount: impl Into<Expr>) -> Expr {
    Expr::from(Func::sum(amount.into())).cast_as("bigint")
}
