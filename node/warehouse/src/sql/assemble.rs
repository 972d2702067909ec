//! What the statements have in common: who is contributed, and a select over the persons with what is joined to it.

use sea_query::{
    CommonTableExpression, Expr, ExprTrait as _, IntoIden as _, Order, Query, SelectStatement, WithClause,
};
use tvaers_definitions::feature::{Feature, Residence, Rule};
use tvaers_definitions::schema::{PERSON, Table};

use super::dialect::Dialect;
use super::islands::table;
use super::{Holding, Scope, SqlError, person, view};

/// A select with one row a person of the node, in order of `person_id`, and the common tables that it reads.
pub(super) struct OfPersons {
    pub(super) select: SelectStatement,
    tables: Vec<CommonTableExpression>,
}

impl OfPersons {
    /// The persons that a node answers for: a region's patients of member municipalities, and all that a municipality
    /// has. `kommune` is the feature that tells a region the municipality of a patient.
    pub(super) fn of(scope: &Scope<'_>, kommune: &Feature) -> Result<Self, SqlError> {
        let mut select = Query::select();
        select.column((person::ALIAS, PERSON));
        select.from_as(Table::of_persons(scope.holding.sector()).name, person::ALIAS);
        if let Holding::Region { members } = scope.holding {
            let codes = members.iter().map(|code| i64::from(*code));
            select.and_where(person::kommune(scope, kommune)?.is_in(codes));
        }
        select.order_by((person::ALIAS, PERSON), Order::Asc);
        Ok(Self { select, tables: Vec::new() })
    }

    /// A column of the answer, a whole number of 64 bits.
    pub(super) fn column(&mut self, scope: &Scope<'_>, value: Expr, name: impl Into<String>) {
        self.select.expr_as(scope.dialect.number(value), name.into());
    }

    /// Adds the residents' table of a municipality, so that [`person::resident`] can look at it.
    pub(super) fn add_home(&mut self, scope: &Scope<'_>, residence: &Residence) {
        if let Holding::Municipality { own } = scope.holding {
            let joined = person::joins_home(scope).then(|| person::HOME.to_owned());
            let home = person::home(scope, residence, own, person::HOME);
            self.join_all((vec![home], joined.into_iter().collect()));
        }
    }

    /// Adds common tables, and joins those that are named: what they have of a person, NULL where they have nothing.
    pub(super) fn join_all(&mut self, (tables, joined): (Vec<CommonTableExpression>, Vec<String>)) {
        self.tables.extend(tables);
        for name in joined {
            let same = Expr::col((name.clone().into_iden(), PERSON)).equals((person::ALIAS, PERSON));
            self.select.left_join(name.into_iden(), same);
        }
    }

    /// Adds common tables, and joins the rows of one: as many rows a person as it has.
    pub(super) fn join_rows(&mut self, tables: Vec<CommonTableExpression>, of: &'static str) {
        self.tables.extend(tables);
        self.select.inner_join(of, Expr::col((of, PERSON)).equals((person::ALIAS, PERSON)));
    }

    /// The whole as a common table, in no order, and the select that reads it.
    pub(super) fn within(
        mut self,
        scope: &Scope<'_>,
        name: &'static str,
        outer: SelectStatement,
    ) -> SelectStatement {
        self.select.clear_order_by();
        self.tables.push(table(name.to_owned(), self.select));
        Self { select: outer, tables: self.tables }.query(scope)
    }

    /// The whole. A `WITH` of no tables would be no SQL.
    pub(super) fn query(mut self, scope: &Scope<'_>) -> SelectStatement {
        let views = match scope.dialect {
            Dialect::Sqlite => None,
            Dialect::Postgres => Some(view::all(scope.holding.sector())),
        };
        let mut tables = views.into_iter().flatten().chain(self.tables).peekable();
        if tables.peek().is_some() {
            let mut with = WithClause::new();
            for table in tables {
                with.cte(table);
            }
            self.select.with_cte(with);
        }
        self.select
    }
}

/// The rule of the feature that tells who is resident.
pub(super) fn residence(feature: &Feature) -> Result<&Residence, SqlError> {
    match &feature.rule {
        Rule::Resident(residence) => Ok(residence),
        _ => Err(SqlError::NoComponent { feature: feature.name.clone() }),
    }
}
