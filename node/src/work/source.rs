//! Where rows come from: the node's data, opened for a study or question, and what is asked of it. The only place
//! that knows how.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use tokio::sync::Mutex;
use tvaers_policy::permit::Population;
use tvaers_protocol::id::{PersonId, Sector};
use tvaers_protocol::record::NO_RECENCY;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_protocol::study::utc_date;
use tvaers_warehouse::data::{Reading, Warehouse};
use tvaers_warehouse::sql::{
    Dialect, EventExtraction, EventRow, Extraction, FeatureExtraction, Holding, PersonRow,
};

use crate::config::Config;
use crate::node::Node;
use crate::objection::{LeftOut, Standing};
use crate::policy::InForce;
use crate::refusal::Refusal;
use crate::state::ImportRecord;
use crate::study::Study;
use crate::work::WorkError;

/// Connections to the data, at most: one that reads, and one to spare.
const CONNECTIONS: u32 = 2;

/// Whose the data is, and whose residents it is about.
pub(crate) struct Held {
    sector: Sector,
    own: u16,
    members: Vec<u16>,
}

impl Held {
    /// Membership is a matter of when the study is made, not of the date it looks back to.
    pub(crate) fn of(node: &Node, made: jiff::Timestamp) -> Self {
        Self::by(node.config(), node.roster(), made)
    }

    /// The same without a node.
    pub(crate) fn by(config: &Config, roster: &VerifiedRoster, made: jiff::Timestamp) -> Self {
        Self { sector: config.sector, own: config.code, members: roster.kommune_codes(utc_date(made)) }
    }

    pub(crate) fn holding(&self) -> Holding<'_> {
        match self.sector {
            Sector::Region => Holding::Region { members: &self.members },
            Sector::Municipality => Holding::Municipality { own: self.own },
        }
    }
}

/// Opens the data that a study or question is answered from. The mark in the data counts, not what the configuration
/// says today: data imported as real stays real, whatever is edited.
pub(crate) async fn open(node: &Node, import: &ImportRecord) -> Result<Warehouse, WorkError> {
    let source = node.config().open_source(node.home())?;
    let path = node.home().dir().join(&import.file);
    let warehouse = Warehouse::open_with(&path, source.as_ref(), CONNECTIONS).await?;
    let (meta, config) = (warehouse.meta(), node.config());
    if (meta.made_up, meta.sector, meta.member) == (config.made_up, config.sector, config.code) {
        Ok(warehouse)
    } else {
        Err(WorkError::OtherNode)
    }
}

/// The data for a request, or why it is refused.
pub(crate) async fn data(node: &Node, import: &ImportRecord) -> Result<Warehouse, Refusal> {
    open(node, import).await.map_err(|error| match error {
        WorkError::OtherNode => Refusal::because(RejectCode::NotMadeUp, error),
        error => Refusal::internal(error),
    })
}

/// Data that stays open between queries, with what the database has in memory of it: one file, of the import that was
/// asked about last. What is kept follows from which import is asked about, never from what is in it.
#[derive(Default)]
pub(crate) struct Spare(Mutex<Option<(u32, Warehouse)>>);

impl Spare {
    /// The data for a query: what was kept, if it is of that import and nobody else has it, else opened anew.
    ///
    /// # Errors
    /// As [`data`].
    pub(crate) async fn take(&self, node: &Node, import: &ImportRecord) -> Result<Warehouse, Refusal> {
        let kept = self.0.lock().await.take();
        match kept {
            Some((number, warehouse)) if number == import.statement.import => return Ok(warehouse),
            Some((_, other)) => other.close().await,
            None => {}
        }
        data(node, import).await
    }

    /// Keeps the data for the next query. A server is connected to anew each time: its rows may have changed.
    pub(crate) async fn put_back(&self, import: &ImportRecord, warehouse: Warehouse) {
        let mut kept = self.0.lock().await;
        if kept.is_none() && warehouse.dialect() == Dialect::Sqlite {
            *kept = Some((import.statement.import, warehouse));
        } else {
            drop(kept);
            warehouse.close().await;
        }
    }
}

/// How many persons this node would have evaluated, at most.
pub(crate) async fn count_contributors(node: &Node, warehouse: &Warehouse) -> Result<u32, Refusal> {
    let held = Held::of(node, node.clock().now());
    let persons = warehouse.count_contributors(held.holding()).await.map_err(Refusal::internal)?;
    u32::try_from(rounded_up(persons)).map_err(Refusal::internal)
}

/// What is contributed of a person.
pub(crate) struct Own {
    /// The components; empty where the person objects.
    pub(crate) row: PersonRow,
    /// Whether nothing is said but that the person objects.
    pub(crate) objects: bool,
}

impl Own {
    /// One of whom nothing is said but that the person objects. The row has the components of the study's layout.
    pub(crate) fn objecting(row: PersonRow) -> Self {
        let row = PersonRow {
            person: row.person,
            resident: false,
            eligible: false,
            kommune: 0,
            touches: 0,
            values: vec![0; row.values.len()],
            recencies: vec![NO_RECENCY; row.recencies.len()],
        };
        Self { row, objects: true }
    }
}

/// The components of all persons that this node contributes to a study.
pub(crate) fn persons<'r>(
    node: &Node,
    study: &Study,
    permitted: Permitted,
    warehouse: &Warehouse,
    reading: &'r mut Reading,
) -> Result<BoxStream<'r, Result<Own, WorkError>>, WorkError> {
    let held = Held::of(node, study.manifest.created);
    let (as_of, grain) = (study.manifest.as_of, study.manifest.grain);
    let extraction = Extraction { model: &study.model, holding: held.holding(), as_of, grain };
    let statement = extraction.statement(warehouse.dialect())?;
    // A local replacement number may stand for two people: outside made-up data it joins nothing.
    let made_up = warehouse.meta().made_up;
    let own = move |row: PersonRow| {
        let is_joinable = made_up || !row.person.is_made_up();
        future::ok(if is_joinable { permitted.own(row) } else { None })
    };
    Ok(reading.rows(&statement).map_err(WorkError::from).try_filter_map(own).boxed())
}

/// Whom the policy lets a study be about.
pub(crate) struct Permitted {
    left_out: LeftOut,
    /// Residents of these municipalities, for each permit that says so.
    kommuner: Vec<Vec<u16>>,
    /// Those whose age is outside what a permit says.
    of_other_age: HashSet<PersonId>,
}

/// Works out whom the policy lets a study be about.
pub(crate) async fn permitted(
    node: &Node,
    in_force: &InForce,
    study: &Study,
    warehouse: &Warehouse,
    reading: &mut Reading,
) -> Result<Permitted, WorkError> {
    let asked = &study.manifest.request.content;
    let permits = asked.list.iter().chain(asked.tables.as_ref().map(|tables| &tables.under));
    // A permit that is gone by now is about nobody.
    let populations = permits.map(|under| Some(&in_force.policy().permit(&under.permit)?.population));
    let populations: Vec<&Population> = populations.collect::<Option<_>>().ok_or(WorkError::NoPolicy)?;
    let ages: Vec<RangeInclusive<i64>> = populations
        .iter()
        .filter(|population| (population.age_from, population.age_to) != (None, None))
        .map(|population| {
            population.age_from.map_or(i64::MIN, i64::from)..=population.age_to.map_or(i64::MAX, i64::from)
        })
        .collect();
    let of_other_age = match ages.is_empty() {
        true => HashSet::new(),
        false => outside(node, study, &ages, warehouse, reading).await?,
    };
    let kommuner = populations.iter().filter_map(|population| population.kommuner.clone()).collect();
    Ok(Permitted { left_out: node.left_out(in_force).await?, kommuner, of_other_age })
}

/// Persons whose age on the reference date is outside one of these ranges.
async fn outside(
    node: &Node,
    study: &Study,
    ages: &[RangeInclusive<i64>],
    warehouse: &Warehouse,
    reading: &mut Reading,
) -> Result<HashSet<PersonId>, WorkError> {
    let held = Held::of(node, study.manifest.created);
    let population = &study.model.population;
    let extraction = FeatureExtraction {
        features: &[&*population.age],
        resident: &population.resident,
        kommune: &population.kommune,
        holding: held.holding(),
        as_of: study.manifest.as_of,
    };
    let statement = extraction.statement(warehouse.dialect())?;
    let mut rows = reading.features(&statement);
    let mut persons = HashSet::new();
    while let Some(row) = rows.try_next().await? {
        // Without a known age nobody can say that it is within.
        let age = row.values.first().copied().flatten();
        if !age.is_some_and(|age| ages.iter().all(|range| range.contains(&age))) {
            persons.insert(row.person);
        }
    }
    Ok(persons)
}

impl Permitted {
    /// What is contributed of a person; none of whom nothing is. That someone objects is said whomever the permits are
    /// about: another node's may be about the person.
    fn own(&self, row: PersonRow) -> Option<Own> {
        match self.left_out.standing(&row.person) {
            Standing::LeftOut => None,
            Standing::Objects => Some(Own::objecting(row)),
            Standing::Counts => {
                let is_permitted = self.kommuner.iter().all(|codes| codes.contains(&row.kommune))
                    && !self.of_other_age.contains(&row.person);
                is_permitted.then_some(Own { row, objects: false })
            }
        }
    }
}

/// The spells and stays of all persons that this node contributes to a study, in the groups that can be asked for, by
/// person and group; none where there are no such groups.
pub(crate) fn events<'r>(
    node: &Node,
    study: &Study,
    warehouse: &Warehouse,
    reading: &'r mut Reading,
) -> Result<BoxStream<'r, Result<EventRow, WorkError>>, WorkError> {
    let held = Held::of(node, study.manifest.created);
    let (as_of, groups) = (study.manifest.as_of, study.joined_groups());
    let extraction = EventExtraction { model: &study.model, holding: held.holding(), as_of, groups };
    let Some(statement) = extraction.statement(warehouse.dialect())? else {
        return Ok(stream::empty().boxed());
    };
    Ok(reading.events(&statement).map_err(WorkError::from).boxed())
}

/// Rounds up to two significant figures: a margin of at most a tenth, and the exact number is not told.
fn rounded_up(persons: u64) -> u64 {
    let unit = 10_u64.pow(persons.max(1).ilog10().saturating_sub(1));
    persons.div_ceil(unit).saturating_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::rounded_up;

    #[test]
    fn a_number_of_persons_is_rounded_up_by_a_tenth_at_most() {
        for (persons, rounded) in
            [(0, 0), (7, 7), (99, 99), (101, 110), (2059, 2100), (2100, 2100), (58_999, 59_000)]
        {
            assert_eq!(rounded_up(persons), rounded);
        }
    }
}
