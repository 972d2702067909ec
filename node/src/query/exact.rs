//! The exact cells of a query: worked out by the database, a number or two a cell, and never seen outside the release.

use futures_util::TryStreamExt as _;
use tvaers_protocol::release::PartOf;
use tvaers_query::bins::Bins;
use tvaers_query::label::Label;
use tvaers_query::query::{Category, Grouping};
use tvaers_release::error::ReleaseError;
use tvaers_release::exact::Exact;
use tvaers_release::of_query::{self, Part};
use tvaers_warehouse::data::{Reading, Warehouse};
use tvaers_warehouse::sql::{Dialect, FetchError, SqlError, Test};
use zeroize::Zeroizing;

use super::question::Question;
use super::selection::{Selection, Untold, number_of};
use crate::node::Node;
use crate::objection::LeftOut;
use crate::policy::InForce;
use crate::refusal::Refusal;
use crate::state::ImportRecord;
use crate::work::source;

/// The sums of each cell that the node answers, part by part. Nothing can print or read them: they go through the
/// release, once for each charge.
pub(super) struct Sums(Vec<Zeroizing<Vec<i64>>>);

impl Sums {
    /// The cells of every part as exact values of its measure.
    pub(super) fn exact(&self, parts: &[Part]) -> Result<Vec<Exact>, ReleaseError> {
        let of = |(part, sums): (&Part, &Zeroizing<Vec<i64>>)| {
            let mut exact = Exact::gather(part.measure);
            for (cell, sum) in sums.iter().enumerate() {
                exact.group(cell, *sum)?;
            }
            Ok(exact)
        };
        parts.iter().zip(&self.0).map(of).collect()
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
    #[error(transparent)]
    Release(#[from] ReleaseError),
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
    let left_out = node.left_out(in_force).await.map_err(Refusal::internal)?;
    let warehouse = node.spare().take(node, import).await?;
    let sums = async {
        let mut reading = warehouse.reading().await?;
        let sums = read_from(node, question, in_force, &left_out, &warehouse, &mut reading).await;
        reading.end().await;
        sums
    };
    match sums.await {
        Ok(sums) => {
            node.spare().put_back(import, warehouse).await;
            Ok(sums)
        }
        // What failed once is opened anew.
        Err(error) => {
            warehouse.close().await;
            Err(Refusal::internal(error))
        }
    }
}

async fn read_from(
    node: &Node,
    question: &Question,
    in_force: &InForce,
    left_out: &LeftOut,
    warehouse: &Warehouse,
    reading: &mut Reading,
) -> Result<Sums, ExactError> {
    let held = source::Held::of(node, node.clock().now());
    let permit = in_force.policy().permit(question.permit().as_str());
    let population = permit.map(|permit| &permit.population);
    let selection = Selection::of(node.library(), question, population, held.holding())?;
    let mut cells = Cells::of(question)?;
    if selection.is_by_person(left_out.by_person(in_force.policy())) {
        add_persons(&selection, warehouse.dialect(), reading, left_out, &mut cells).await?;
    } else {
        add_cells(&selection, warehouse.dialect(), reading, &mut cells).await?;
    }
    Ok(Sums(cells.sums))
}

/// The cells that a node answers, found by the numbers of their labels.
struct Cells<'a> {
    question: &'a Question,
    /// For each cell of the query its place among the node's; none for one in which the node can have nobody.
    places: Vec<Option<usize>>,
    sums: Vec<Zeroizing<Vec<i64>>>,
    /// What each value is taken less in a centred sum.
    centre: i64,
}

/// What is added to a cell: a number over persons, and how many have it; of a count the persons alone.
#[derive(Clone, Copy)]
struct Added {
    sum: i64,
    persons: i64,
}

impl<'a> Cells<'a> {
    fn of(question: &'a Question) -> Result<Self, ExactError> {
        let mut places = vec![None; question.query().cells_len()];
        for (place, &cell) in question.cells().iter().enumerate() {
            if let Some(slot) = places.get_mut(cell) {
                *slot = Some(place);
            }
        }
        let sums = question.parts().iter().map(|_| Zeroizing::new(vec![0; question.cells().len()]));
        let has_centre = question.query().kind().feature().is_some();
        let centre = if has_centre { of_query::clamp(question.query())?.centre() } else { 0 };
        Ok(Self { question, places, sums: sums.collect(), centre })
    }

    /// The place of a category's label that has this number in rows. Who belongs to no public label is in no cell.
    fn label_of(grouping: &Grouping, number: Option<i64>) -> Option<usize> {
        let is_it = |(index, label): (usize, &Label)| Some(number_of(index, label)) == number;
        grouping.labels.iter().enumerate().position(is_it)
    }

    /// The cell of a label of each category, and of a bin.
    fn cell_of(&self, labels: impl Iterator<Item = usize>, bin: Option<usize>) -> usize {
        let query = self.question.query();
        let group = query.by().iter().zip(labels).fold(0, |cell, (by, label)| cell * by.labels.len() + label);
        let bins = query.kind().bins().map_or(1, Bins::len);
        group * bins + bin.unwrap_or(0)
    }

    /// Adds to one cell of the query, in every part.
    fn add(&mut self, cell: usize, added: Added) -> Result<(), ExactError> {
        let Some(Some(place)) = self.places.get(cell) else { return Ok(()) };
        for (part, sums) in self.question.parts().iter().zip(&mut self.sums) {
            let value = match part.of {
                PartOf::Persons => Some(added.persons),
                PartOf::Sum => Some(added.sum),
                PartOf::CentredSum => {
                    let less = i128::from(self.centre) * i128::from(added.persons);
                    i64::try_from(i128::from(added.sum) - less).ok()
                }
            };
            let Some(sum) = sums.get_mut(*place) else { return Ok(()) };
            *sum = value.and_then(|value| sum.checked_add(value)).ok_or(ExactError::Overflow)?;
        }
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
    let by = selection.by_features();
    let statement = selection.cells(&by).statement(dialect)?;
    let query = cells.question.query();
    let is_sum = query.kind().feature().is_some() && query.kind().bins().is_none();
    let mut rows = reading.cells(&statement);
    while let Some(row) = rows.try_next().await? {
        let (key, bin) = row.key.split_at(query.by().len().min(row.key.len()));
        let labels = query.by().iter().zip(key);
        let labels: Option<Vec<usize>> =
            labels.map(|(grouping, number)| Cells::label_of(grouping, Some(*number))).collect();
        let Some(labels) = labels else { continue };
        let bin = bin.first().and_then(|bin| usize::try_from(*bin).ok());
        let added = if is_sum {
            Added { sum: row.expose(), persons: row.expose_persons() }
        } else {
            Added { sum: 0, persons: row.expose() }
        };
        cells.add(cells.cell_of(labels.into_iter(), bin), added)?;
    }
    Ok(())
}

/// One row a person, where some may be left out or can be in several cells.
async fn add_persons(
    selection: &Selection<'_>,
    dialect: Dialect,
    reading: &mut Reading,
    left_out: &LeftOut,
    cells: &mut Cells<'_>,
) -> Result<(), ExactError> {
    let features = selection.features();
    let statement = selection.persons(&features).statement(dialect)?;
    let conditions = selection.conditions();
    let categories = selection.by_features().len();
    let kind = cells.question.query().kind();
    let mut rows = reading.features(&statement);
    while let Some(row) = rows.try_next().await? {
        if !row.resident || left_out.holds(&row.person) {
            continue;
        }
        let (key, rest) = row.values.split_at(categories.min(row.values.len()));
        let (tested, number) = rest.split_at(conditions.len().min(rest.len()));
        if !conditions.iter().zip(tested).all(|((_, test), number)| meets(test, *number)) {
            continue;
        }
        let number = number.first().copied().flatten();
        let (bin, added) = match (kind.bins(), kind.feature(), number) {
            (Some(bins), _, Some(number)) => (Some(bins.of(number)), Added { sum: 0, persons: 1 }),
            (None, None, _) => (None, Added { sum: 0, persons: 1 }),
            (None, Some(_), Some(number)) => (None, Added { sum: number, persons: 1 }),
            // Who has no number is in no bin, adds nothing, and is not one of those who have one.
            (_, _, None) => continue,
        };
        for labels in labels_of(cells.question.query().by(), key) {
            cells.add(cells.cell_of(labels.into_iter(), bin), added)?;
        }
    }
    Ok(())
}

/// Every combination of one label of each category that a person is counted under: none where a category does not
/// apply, and no more than [`Query::cells_max`](tvaers_query::Query::cells_max).
fn labels_of(by: &[Grouping], mut key: &[Option<i64>]) -> Vec<Vec<usize>> {
    let mut combinations = vec![Vec::with_capacity(by.len())];
    for grouping in by {
        let (own, rest) = key.split_at(grouping.category.features().len().min(key.len()));
        key = rest;
        let labels: Vec<usize> = match &grouping.category {
            Category::One(_) => {
                own.first().and_then(|number| Cells::label_of(grouping, *number)).into_iter().collect()
            }
            Category::Several(set) => set.counted(own.iter().copied()).collect(),
        };
        let with_each = |combination: Vec<usize>| {
            labels.iter().map(move |label| {
                let mut combination = combination.clone();
                combination.push(*label);
                combination
            })
        };
        combinations = combinations.into_iter().flat_map(with_each).collect();
    }
    combinations
}

fn meets(test: &Test, number: Option<i64>) -> bool {
    number.is_some_and(|number| match test {
        Test::Range { from, to } => (*from..=*to).contains(&number),
        Test::Among(numbers) => numbers.contains(&number),
    })
}
