//! A question in the terms of rows: which features are worked out, what is asked of them, and of whom. The statement
//! that runs and the one that is explained come from here.

use tvaers_definitions::feature::{Feature, Kind as FeatureKind, Residence, Rule};
use tvaers_definitions::library::Library;
use tvaers_policy::permit::Population;
use tvaers_query::label::Label;
use tvaers_query::query::{Category, Kind, Test as Asked};
use tvaers_warehouse::sql::{Bins, CellExtraction, FeatureExtraction, Holding, Test};

use super::question::Question;

/// The oldest that the catalogue's `age` knows.
const AGE_MAX: u32 = 120;

/// A catalogue without a feature that every answer needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the catalogue has no feature that tells `{0}`")]
pub(crate) struct Untold(&'static str);

/// A question in the terms of rows.
pub(crate) struct Selection<'a> {
    /// What is added up.
    sum: Option<&'a Feature>,
    /// Whether those who have it are counted as well.
    counted: bool,
    /// The number whose bins are cells, with the bins.
    bins: Option<(&'a Feature, Vec<(i64, i64)>)>,
    by: Vec<&'a Category>,
    conditions: Vec<(&'a Feature, Test)>,
    resident: &'a Feature,
    kommune: &'a Feature,
    holding: Holding<'a>,
    as_of: jiff::civil::Date,
}

impl<'a> Selection<'a> {
    /// The question, of those whom the permit is about.
    pub(crate) fn of(
        library: &'a Library,
        question: &'a Question,
        population: Option<&Population>,
        holding: Holding<'a>,
    ) -> Result<Self, Untold> {
        let find = |name: &'static str, is_it: fn(&Feature) -> bool| {
            let mut features = library.catalogue().features().iter().map(AsRef::as_ref);
            features.find(|feature| is_it(feature)).ok_or(Untold(name))
        };
        let resident = find("resident", is_resident)?;
        let kommune = find("kommune", |feature| matches!(feature.rule, Rule::Kommune { .. }))?;
        let query = question.query();
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
        let (sum, bins) = match query.kind() {
            Kind::Count => (None, None),
            Kind::Sum { feature } | Kind::Mean { feature } => (Some(feature.as_ref()), None),
            Kind::Histogram { feature, bins } | Kind::Quantiles { feature, bins, .. } => {
                (None, Some((feature.as_ref(), bins.ranges().collect())))
            }
        };
        let by = query.by().iter().map(|grouping| &grouping.category).collect();
        let counted = question.parts().len() > 1;
        Ok(Self { sum, counted, bins, by, conditions, resident, kommune, holding, as_of: query.as_of() })
    }

    /// Whether a row a person is read, and not a row a cell: where persons may have to be left out ([`by_person`]), who
    /// must not enter a statement, and where a person can be in several cells, which a grouping has no room for.
    ///
    /// [`by_person`]: crate::objection::by_person
    pub(crate) fn is_by_person(&self, may_leave_out: bool) -> bool {
        may_leave_out || self.by.iter().any(|category| matches!(category, Category::Several(_)))
    }

    /// What is asked of those who count.
    pub(crate) fn conditions(&self) -> &[(&'a Feature, Test)] {
        &self.conditions
    }

    /// The features of all categories.
    pub(crate) fn by_features(&self) -> Vec<&'a Feature> {
        self.by.iter().flat_map(|category| category.features()).map(AsRef::as_ref).collect()
    }

    /// One row a cell, by [`Selection::by_features`].
    pub(crate) fn cells<'s>(&'s self, by: &'s [&'s Feature]) -> CellExtraction<'s> {
        CellExtraction {
            sum: self.sum,
            counted: self.counted,
            bins: self.bins.as_ref().map(|(feature, ranges)| Bins { feature, ranges }),
            by,
            conditions: &self.conditions,
            resident: self.resident,
            kommune: self.kommune,
            holding: self.holding,
            as_of: self.as_of,
        }
    }

    /// The features of [`Selection::persons`]: categories, then those of conditions, then the number.
    pub(crate) fn features(&self) -> Vec<&'a Feature> {
        let tested = self.conditions.iter().map(|(feature, _)| *feature);
        let number = self.sum.or(self.bins.as_ref().map(|(feature, _)| *feature));
        self.by_features().into_iter().chain(tested).chain(number).collect()
    }

    /// One row a person, where some may be left out: who they are never enters a statement.
    pub(crate) fn persons<'s>(&'s self, features: &'s [&'s Feature]) -> FeatureExtraction<'s> {
        FeatureExtraction {
            features,
            resident: self.resident,
            kommune: self.kommune,
            holding: self.holding,
            as_of: self.as_of,
        }
    }
}

/// The number that stands for a label in rows: its place in the catalogue, a code, or 0 and 1.
pub(super) fn number_of(index: usize, label: &Label) -> i64 {
    match label {
        Label::Text(_) => i64::try_from(index).unwrap_or(i64::MAX),
        Label::Kommune(code) => i64::from(*code),
        Label::Flag(flag) => i64::from(*flag),
        // A bin is found by its numbers, and never asked for by a label.
        Label::Bin { from, .. } => *from,
    }
}

/// Whether it is the feature that tells who lives and is resident on the reference date.
fn is_resident(feature: &Feature) -> bool {
    matches!(feature.rule, Rule::Resident(Residence { died: false, .. })) && feature.earlier.is_none()
}

/// A query's test in the numbers of rows.
fn test(feature: &Feature, asked: &Asked) -> Test {
    match asked {
        Asked::Range { from, to } => Test::Range { from: *from, to: *to },
        Asked::Numbers(numbers) => Test::Among(numbers.clone()),
        Asked::Labels(labels) => {
            let number = |label: &Label| match label {
                Label::Text(text) => number_of(index_of(feature, text), label),
                Label::Kommune(_) | Label::Flag(_) | Label::Bin { .. } => number_of(0, label),
            };
            Test::Among(labels.iter().map(number).collect())
        }
    }
}

/// The place of a label in the catalogue; beyond all of them for one that is not there.
fn index_of(feature: &Feature, text: &str) -> usize {
    match &feature.kind {
        FeatureKind::Category(labels) => {
            labels.iter().position(|label| label == text).unwrap_or(labels.len())
        }
        _ => usize::MAX,
    }
}
