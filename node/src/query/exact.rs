//! The exact cells of a query: worked out by the database, one number a cell, and never seen outside the release.

use futures_util::TryStreamExt as _;
use tvaers_definitions::feature::{Feature, Rule};
use tvaers_policy::permit::Population;
use tvaers_query::label::Label;
use tvaers_query::query::{Grouping, Kind, Test as Asked};
use tvaers_release::error::ReleaseError;
use tvaers_release::exact::Exact;
use tvaers_release::measure::Measure;
use tvaers_warehouse::data::{Reading, Warehouse};
use tvaers_warehouse::sql::{
    CellExtraction, Dialect, FeatureExtraction, FetchError, Holding, SqlError, Test,
};
use zeroize::Zeroizing;

use super::plan::Plan;
use crate::node::Node;
use crate::policy::{Excluded, InForce};
use crate::refusal::Refusal;
use crate::state::ImportRecord;
use crate::work::source;

/// The oldest that the catalogue's `age` knows.
const AGE_MAX: u32 = 120;

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
    #[error("the catalogue has no feature that tells `{0}`")]
    Catalogue(&'static str),
    #[error("a cell's sum does not fit")]
    Overflow,
}

/// Works the cells out. They are charged for.
pub(super) async fn read(
    node: &Node,
    plan: &Plan,
    in_force: &InForce,
    import: &ImportRecord,
) -> Result<Sums, Refusal> {
    let warehouse = source::data(node, import).await?;
    let sums = async {
        let mut reading = warehouse.reading().await?;
        let sums = read_from(node, plan, in_force, &warehouse, &mut reading).await;
        reading.end().await;
        sums
    };
    let sums = sums.await.map_err(Refusal::internal);
    warehouse.close().await;
    sums
}

async fn read_from(
    node: &Node,
    plan: &Plan,
    in_force: &InForce,
    warehouse: &Warehouse,
    reading: &mut Reading,
) -> Result<Sums, ExactError> {
    let held = source::Held::of(node, node.clock().now());
    let permit = in_force.policy().permit(plan.permit());
    let question = Question::of(node, plan, permit.map(|permit| &permit.population), held.holding())?;
    let mut cells = Cells::of(plan);
    if in_force.excluded().is_empty() {
        question.add_cells(warehouse.dialect(), reading, &mut cells).await?;
    } else {
        question.add_persons(warehouse.dialect(), reading, in_force.excluded(), &mut cells).await?;
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
    fn of(plan: &'a Plan) -> Self {
        let mut places = vec![None; plan.query().cells_len()];
        for (place, &cell) in plan.cells().iter().enumerate() {
            if let Some(slot) = places.get_mut(cell) {
                *slot = Some(place);
            }
        }
        Self { by: plan.query().by(), places, sums: Zeroizing::new(vec![0; plan.cells().len()]) }
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

/// The number that stands for a label in rows: its place in the catalogue, a code, or 0 and 1.
fn number_of(index: usize, label: &Label) -> i64 {
    match label {
        Label::Text(_) => i64::try_from(index).unwrap_or(i64::MAX),
        Label::Kommune(code) => i64::from(*code),
        Label::Flag(flag) => i64::from(*flag),
    }
}

/// A query in the terms of rows.
struct Question<'a> {
    sum: Option<&'a Feature>,
    by: Vec<&'a Feature>,
    conditions: Vec<(&'a Feature, Test)>,
    resident: &'a Feature,
    kommune: &'a Feature,
    holding: Holding<'a>,
    as_of: jiff::civil::Date,
}

impl<'a> Question<'a> {
    fn of(
        node: &'a Node,
        plan: &'a Plan,
        population: Option<&Population>,
        holding: Holding<'a>,
    ) -> Result<Self, ExactError> {
        let features = || node.library().catalogue().features().iter().map(AsRef::as_ref);
        let find = |name: &'static str, is_it: fn(&Feature) -> bool| {
            features().find(|feature| is_it(feature)).ok_or(ExactError::Catalogue(name))
        };
        let resident = find("resident", |feature| matches!(feature.rule, Rule::Resident(_)))?;
        let kommune = find("kommune", |feature| matches!(feature.rule, Rule::Kommune { .. }))?;
        let query = plan.query();
        let mut conditions: Vec<(&Feature, Test)> = query
            .conditions()
            .iter()
            .map(|condition| (condition.feature.as_ref(), test(&condition.feature, &condition.test)))
            .collect();
        if let Some(population) = population {
            if let Some(kommuner) = &population.kommuner {
                conditions.push((kommune, Test::Among(kommuner.iter().copied().map(i64::from).collect())));
            }
            if (population.age_from, population.age_to) != (None, None) {
                let age = find("age", |feature| feature.name == "age")?;
                let from = i64::from(population.age_from.unwrap_or(0));
                let to = i64::from(population.age_to.unwrap_or(AGE_MAX));
                conditions.push((age, Test::Range { from, to }));
            }
        }
        let sum = match query.kind() {
            Kind::Count => None,
            Kind::Sum { feature } => Some(feature.as_ref()),
        };
        let by = query.by().iter().map(|grouping| grouping.feature.as_ref()).collect();
        Ok(Self { sum, by, conditions, resident, kommune, holding, as_of: query.as_of() })
    }

    /// One row a cell.
    async fn add_cells(
        &self,
        dialect: Dialect,
        reading: &mut Reading,
        cells: &mut Cells<'_>,
    ) -> Result<(), ExactError> {
        let extraction = CellExtraction {
            sum: self.sum,
            by: &self.by,
            conditions: &self.conditions,
            resident: self.resident,
            kommune: self.kommune,
            holding: self.holding,
            as_of: self.as_of,
        };
        let statement = extraction.statement(dialect)?;
        let mut rows = reading.cells(&statement);
        while let Some(row) = rows.try_next().await? {
            cells.add(row.key.iter().copied().map(Some), row.expose())?;
        }
        Ok(())
    }

    /// One row a person, where some are left out: who they are never enters a statement.
    async fn add_persons(
        &self,
        dialect: Dialect,
        reading: &mut Reading,
        excluded: &Excluded,
        cells: &mut Cells<'_>,
    ) -> Result<(), ExactError> {
        let features: Vec<&Feature> = self
            .by
            .iter()
            .copied()
            .chain(self.conditions.iter().map(|(feature, _)| *feature))
            .chain(self.sum)
            .collect();
        let extraction = FeatureExtraction {
            features: &features,
            resident: self.resident,
            kommune: self.kommune,
            holding: self.holding,
            as_of: self.as_of,
        };
        let statement = extraction.statement(dialect)?;
        let mut rows = reading.features(&statement);
        while let Some(row) = rows.try_next().await? {
            if !row.resident || excluded.holds(&row.person) {
                continue;
            }
            let (key, rest) = row.values.split_at(self.by.len().min(row.values.len()));
            let (tested, sum) = rest.split_at(self.conditions.len().min(rest.len()));
            if !self.conditions.iter().zip(tested).all(|((_, test), number)| meets(test, *number)) {
                continue;
            }
            let value = if self.sum.is_none() { 1 } else { sum.first().copied().flatten().unwrap_or(0) };
            cells.add(key.iter().copied(), value)?;
        }
        Ok(())
    }
}

fn meets(test: &Test, number: Option<i64>) -> bool {
    number.is_some_and(|number| match test {
        Test::Range { from, to } => (*from..=*to).contains(&number),
        Test::Among(numbers) => numbers.contains(&number),
    })
}

/// A query's test in the numbers of rows.
fn test(feature: &Feature, asked: &Asked) -> Test {
    match asked {
        Asked::Range { from, to } => Test::Range { from: *from, to: *to },
        Asked::Numbers(numbers) => Test::Among(numbers.clone()),
        Asked::Labels(labels) => {
            let number = |label: &Label| match label {
                Label::Text(text) => number_of(index_of(feature, text), label),
                Label::Kommune(_) | Label::Flag(_) => number_of(0, label),
            };
            Test::Among(labels.iter().map(number).collect())
        }
    }
}

/// The place of a label in the catalogue; beyond all of them for one that is not there.
fn index_of(feature: &Feature, text: &str) -> usize {
    match &feature.kind {
        tvaers_definitions::feature::Kind::Category(labels) => {
            labels.iter().position(|label| label == text).unwrap_or(labels.len())
        }
        _ => usize::MAX,
    }
}
