//! Gaps and islands: records of a person that overlap, or follow each other closely enough, become one.
//!
//! In steps: for each record the farthest end before it (a running maximum, for a short record can lie within a long
//! one); where an island begins; the number of the island; one row an island. Beginnings and ends are numbers.

use sea_query::{
    CaseStatement, CommonTableExpression, Expr, ExprTrait as _, Func, IntoIden as _, Order, Query,
    SelectStatement, WindowStatement,
};
use tvaers_definitions::schema::PERSON;

/// The column with the beginning of a record, and of an island.
pub(super) const BEGINS: &str = "begins";
/// The column with the end, inclusive.
pub(super) const ENDS: &str = "ends";
/// The column, of one row a person, that is 1 where something lies in the window or near enough to it.
pub(super) const TOUCH: &str = "touches";

const REACH: &str = "reach";
const FIRST: &str = "is_first";
const ISLAND: &str = "island";

/// How records are merged.
pub(super) struct Merge<'a> {
    /// The common tables' name without the step. `<name>_records` has the records, `<name>_merged` will have the
    /// islands.
    pub(super) name: &'a str,
    /// A record that begins so much later than the farthest end before it still belongs to the same island.
    pub(super) gap: i64,
    /// Columns that an island takes over from its first record.
    pub(super) carried: &'a [&'static str],
    /// The column that decides which of several records with one beginning and one end is the first.
    pub(super) ties: Option<&'static str>,
}

/// The steps from `<name>_records` to `<name>_merged`, which has `person_id`, [`BEGINS`], [`ENDS`] and the columns
/// that are carried.
pub(super) fn steps(merge: &Merge<'_>) -> Vec<CommonTableExpression> {
    vec![
        merge.step("reaches", merge.reaches()),
        merge.step("begins", merge.begins()),
        merge.step("numbered", merge.numbered()),
        merge.step("merged", merge.merged()),
    ]
}

/// A common table.
pub(super) fn table(name: String, select: SelectStatement) -> CommonTableExpression {
    let mut table = CommonTableExpression::new();
    table.table_name(name).query(select);
    table
}

impl Merge<'_> {
    fn step(&self, suffix: &str, select: SelectStatement) -> CommonTableExpression {
        table(format!("{}_{suffix}", self.name), select)
    }

    /// The records after a step, with what all steps hand on.
    fn after(&self, suffix: &str) -> SelectStatement {
        let mut select = Query::select();
        select.columns([PERSON, BEGINS, ENDS]).columns(self.carried.iter().copied());
        select.from(format!("{}_{suffix}", self.name).into_iden()).take()
    }

    fn order(&self) -> impl Iterator<Item = &'static str> {
        [BEGINS, ENDS].into_iter().chain(self.ties)
    }

    fn reaches(&self) -> SelectStatement {
        // Written out, because sea-query puts no space between a frame's number and its `PRECEDING`.
        let order: Vec<String> = self.order().map(|column| format!("\"{column}\"")).collect();
        let reach = format!(
            "MAX(\"{ENDS}\") OVER (PARTITION BY \"{PERSON}\" ORDER BY {} \
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)",
            order.join(", ")
        );
        self.after("records").expr_as(Expr::cust(reach), REACH).take()
    }

    /// The first record of a person has no reach, and begins an island.
    fn begins(&self) -> SelectStatement {
        let merges = Expr::col(BEGINS).lte(Expr::col(REACH).add(self.gap));
        self.after("reaches").expr_as(CaseStatement::new().case(merges, 0_i64).finally(1_i64), FIRST).take()
    }

    /// The sum is over the records so far with all that are equal to the last: which of those comes first may differ
    /// between two steps, and must not matter.
    fn numbered(&self) -> SelectStatement {
        let mut so_far = WindowStatement::partition_by(PERSON);
        for column in self.order() {
            so_far.order_by(column, Order::Asc);
        }
        self.after("begins").column(FIRST).expr_window_as(Func::sum(Expr::col(FIRST)), so_far, ISLAND).take()
    }

    fn merged(&self) -> SelectStatement {
        let mut select = Query::select();
        select
            .column(PERSON)
            .expr_as(Func::min(Expr::col(BEGINS)), BEGINS)
            .expr_as(Func::max(Expr::col(ENDS)), ENDS);
        for column in self.carried {
            let of_first = CaseStatement::new().case(Expr::col(FIRST).eq(1_i64), Expr::col(*column));
            select.expr_as(Func::max(of_first), *column);
        }
        select.from(format!("{}_numbered", self.name).into_iden()).group_by_columns([PERSON, ISLAND]).take()
    }
}
