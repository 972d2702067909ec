//! The statement for features by themselves: one row a person of the node, with one number a feature.

use sea_query::SelectStatement;
use tvaers_protocol::id::PersonId;

use super::assemble::{OfPersons, residence};
use super::columns::Columns;
use super::pass::Passes;
use super::{FeatureExtraction, FetchError, Holding, Scope, SqlError, person, value};

/// Features of one person. It has no `Debug`: it is a row of personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct FeatureRow {
    /// The person.
    pub person: PersonId,
    /// At a municipality, alive and resident there on the reference date; at a region, alive on it.
    pub resident: bool,
    /// One number per feature, in the order asked: 0 or 1, a number within its clamp, the index of a label, or the code
    /// of a municipality. `None` only for an answer that was not given, a category without a label that fits, and a
    /// patient's municipality that is not known.
    pub values: Vec<Option<i64>>,
}

impl FeatureRow {
    pub(super) fn read(row: &impl Columns, n_features: usize) -> Result<Self, FetchError> {
        let values = (0..n_features).map(|position| row.number(2 + position));
        Ok(Self {
            person: row.person()?,
            resident: row.whole::<u8>(1, "resident")? == 1,
            values: values.collect::<Result<_, _>>()?,
        })
    }
}

/// The column that is 1 for those who are resident, else 0.
pub(super) const RESIDENT: &str = "resident";

/// The column of the feature at a position.
pub(super) fn column_of(position: usize) -> String {
    format!("f{position}")
}

/// The whole statement.
pub(super) fn query(
    extraction: &FeatureExtraction<'_>,
    scope: &Scope<'_>,
) -> Result<SelectStatement, SqlError> {
    Ok(of_persons(extraction, scope)?.query(scope))
}

/// The features of the persons that a node answers for.
pub(super) fn of_persons(
    extraction: &FeatureExtraction<'_>,
    scope: &Scope<'_>,
) -> Result<OfPersons, SqlError> {
    let residence = residence(extraction.resident)?;
    let mut answer = OfPersons::of(scope, extraction.kommune)?;
    answer.add_home(scope, residence);
    let resident = || match scope.holding {
        Holding::Region { .. } => person::alive(scope, residence),
        Holding::Municipality { .. } => Ok(person::resident(scope, residence, person::HOME)),
    };
    answer.column(scope, resident()?, RESIDENT);
    let mut passes = Passes::default();
    for (position, feature) in extraction.features.iter().enumerate() {
        if !feature.holder.is(scope.holding.sector()) {
            return Err(SqlError::OtherSector { feature: feature.name.clone() });
        }
        let found = if feature.rule == extraction.resident.rule && feature.earlier.is_none() {
            resident()?
        } else {
            passes.add(scope, &feature.name, feature)?.value
        };
        answer.column(scope, value::feature(found, feature), column_of(position));
    }
    answer.join_all(passes.tables(scope)?);
    Ok(answer)
}
