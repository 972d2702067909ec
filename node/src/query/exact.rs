//! The exact cells of a query: worked out by the database, one number a cell, and never seen outside the release.

use futures_util::TryStreamExt as _;
use tvaers_query::label::Label;
use tvaers_query::query::Grouping;
use tvaers_release::error::ReleaseError;
use tvaers_release::exact::Exact;
use tvaers_release::measure::Measure;
use tvaers_warehouse::data::{Reading, Warehouse};
use tvaers_warehouse::sql::{Dialect, FetchError, SqlError, Test};
use zeroize::Zeroizing;

use super::question::Question;
use super::selection::{Selection, Untold, number_of};
use crate::node::Node;
use crate::policy::{Excluded, InForce};
use crate::refusal::Refusal;
use crate::state::ImportRecord;
use crate::work::source;

/// The sum of each cell that the node answers. Nothing can print or read it: it goes through the release, once for
/// each charge.
pub(super) struct Sums(Zeroizing<Vec<i64>>);

impl Sums {
    /// The cells as exact values of a measure.
    pub(super) fn exact(&self, measure: &Measure) -> Result<Exact, ReleaseError> {
        let mut exact = Exact::gather(*measure);
        for (cell, sum) in self.0.iter().enumerate() {
            exact.group(cell, *sum)?;
        }
        Ok(exact)
    }
}

/// Why the cells cannot be worked out. It names no row.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExactError {
    #[error(transparent)]
    Sql(#[from] SqlError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Catalogue(#[from] Untold),
    #[error("a cell's sum does not fit")]
    Overflow,
}

/// Works the cells out. They are charged for.
pub(super) async fn read(
    node: &Node,
    question: &Question,
    in_force: &InForce,
    import: &ImportRecord,
) -> Result<Sums, Refusal> {
    let warehouse = source::data(node, import).await?;
    let sums = async {
        let mut reading = warehouse.reading().await?;
        let sums = read_from(node, question, in_force, &warehouse, &mut reading).await;
        reading.end().await;
        sums
    };
    let sums = sums.await.map_err(Refusal::internal);
    warehouse.close().await;
    sums
}

async fn read_from(
    node: &Node,
    question: &Question,
    in_force: &InForce,
    warehouse: &Warehouse,
    reading: &mut Reading,
) -> Result<Sums, ExactError> {
    let held = source::Held::of(node, node.clock().now());
    let permit = in_force.policy().permit(question.permit().as_str());
    let population = permit.map(|permit| &permit.population);
    let selection = Selection::of(node.library(), question, population, held.holding())?;
    let mut cells = Cells::of(question);
    if in_force.excluded().is_empty() {
        add_cells(&selection, warehouse.dialect(), reading, &mut cells).await?;
    } else {
        add_persons(&selection, warehouse.dialect(), reading, in_force.excluded(), &mut cells).await?;
    }
    Ok(Sums(cells.sums))
}

/// The cells that a node answers, found by the numbers of their labels.
struct Cells<'a> {
    by: &'a [Grouping],
    /// For each cell of the query its place among the node's; none for one in which the node can have nobody.
    places: Vec<Option<usize>>,
    sums: Zeroizing<Vec<i64>>,
}

impl<'a> Cells<'a> {
    fn of(question: &'a Question) -> Self {
        let mut places = vec![None; question.query().cells_len()];
        for (place, &cell) in question.cells().iter().enumerate() {
            if let Some(slot) = places.get_mut(cell) {
                *slot = Some(place);
            }
        }
        Self { by: question.query().by(), places, sums: Zeroizing::new(vec![0; question.cells().len()]) }
    }

    /// Adds to the cell of these numbers. Who belongs to no public cell is in none.
    fn add(&mut self, key: impl Iterator<Item = Option<i64>>, value: i64) -> Result<(), ExactError> {
        let mut cell = 0;
        for (grouping, number) in self.by.iter().zip(key) {
            let is_it = |(index, label): (usize, &Label)| Some(number_of(index, label)) == number;
            let Some(place) = grouping.labels.iter().enumerate().position(is_it) else { return Ok(()) };
            cell = cell * grouping.labels.len() + place;
        }
        let Some(Some(place)) = self.places.get(cell) else { return Ok(()) };
        let Some(sum) = self.sums.get_mut(*place) else { return Ok(()) };
        *sum = sum.checked_add(value).ok_or(ExactError::Overflow)?;
        Ok(())
    }
}

/// One row a cell.
async fn add_cells(
    selection: &Selection<'_>,
    dialect: Dialect,
    reading: &mut Reading,
    cells: &mut Cells<'_>,
) -> Result<(), ExactError> {
    let statement = selection.cells().statement(dialect)?;
    let mut rows = reading.cells(&statement);
    while let Some(row) = rows.try_next().await? {
        cells.add(row.key.iter().copied().map(Some), row.expose())?;
    }
    Ok(())
}

/// One row a person, where some are left out.
async fn add_persons(
    selection: &Selection<'_>,
    dialect: Dialect,
    reading: &mut Reading,
    excluded: &Excluded,
    cells: &mut Cells<'_>,
) -> Result<(), ExactError> {
    let features = selection.features();
    let statement = selection.persons(&features).statement(dialect)?;
    let conditions = selection.conditions();
    let mut rows = reading.features(&statement);
    while let Some(row) = rows.try_next().await? {
        if !row.resident || excluded.holds(&row.person) {
            continue;
        }
        let (key, rest) = row.values.split_at(selection.categories().min(row.values.len()));
        let (tested, sum) = rest.split_at(conditions.len().min(rest.len()));
        if !conditions.iter().zip(tested).all(|((_, test), number)| meets(test, *number)) {
            continue;
        }
        let value = if selection.is_sum() { sum.first().copied().flatten().unwrap_or(0) } else { 1 };
        cells.add(key.iter().copied(), value)?;
    }
    Ok(())
}

fn meets(test: &Test, number: Option<i64>) -> bool {
    number.is_some_and(|number| match test {
        Test::Range { from, to } => (*from..=*to).contains(&number),
        Test::Among(numbers) => numbers.contains(&number),
    })
}
