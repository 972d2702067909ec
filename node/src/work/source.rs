//! Where rows come from: the node's data, opened for a study or question, and what is asked of it. The only place
//! that knows how.

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use tvaers_protocol::id::Sector;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::study::utc_date;
use tvaers_warehouse::data::{Reading, Warehouse};
use tvaers_warehouse::sql::{EventExtraction, EventRow, Extraction, Holding, PersonRow};

use crate::node::Node;
use crate::refusal::Refusal;
use crate::state::ImportRecord;
use crate::study::Study;
use crate::work::WorkError;

/// Connections to the data, at most: one that reads, and one to spare.
const CONNECTIONS: u32 = 2;

/// Whose the data is, and whose residents it is about.
struct Held {
    sector: Sector,
    own: u16,
    members: Vec<u16>,
}

impl Held {
    /// Membership is a matter of when the study is made, not of the date it looks back to.
    fn of(node: &Node, made: jiff::Timestamp) -> Self {
        let config = node.config();
        Self { sector: config.sector, own: config.code, members: node.roster().kommune_codes(utc_date(made)) }
    }

    fn holding(&self) -> Holding<'_> {
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

/// How many persons this node would have evaluated, at most.
pub(crate) async fn count_contributors(node: &Node, warehouse: &Warehouse) -> Result<u32, Refusal> {
    let held = Held::of(node, node.clock().now());
    let persons = warehouse.count_contributors(held.holding()).await.map_err(Refusal::internal)?;
    u32::try_from(rounded_up(persons)).map_err(Refusal::internal)
}

/// The components of all persons that this node contributes to a study.
pub(crate) fn persons<'r>(
    node: &Node,
    study: &Study,
    warehouse: &Warehouse,
    reading: &'r mut Reading,
) -> Result<BoxStream<'r, Result<PersonRow, WorkError>>, WorkError> {
    let held = Held::of(node, study.manifest.created);
    let (as_of, grain) = (study.manifest.as_of, study.manifest.grain);
    let extraction = Extraction { model: &study.model, holding: held.holding(), as_of, grain };
    let statement = extraction.statement(warehouse.dialect())?;
    // A local replacement number may stand for two people: outside made-up data it joins nothing.
    let made_up = warehouse.meta().made_up;
    let joinable = move |row: &PersonRow| future::ready(made_up || !row.person.is_made_up());
    Ok(reading.rows(&statement).map_err(WorkError::from).try_filter(joinable).boxed())
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
