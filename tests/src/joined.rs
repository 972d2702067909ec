//! What nodes work out of their rows, put together by the model as the coordinator does it, without pseudonyms, shifts
//! or a wire: import, SQL, events, [`Model::resolve`]. Tests compare it with the [`oracle`](crate::oracle), which has
//! all rows in one heap.

mod node;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use jiff::civil::Date;
use tvaers_definitions::feature::Kind;
use tvaers_definitions::layout::Grain;
use tvaers_definitions::library::Library;
use tvaers_definitions::model::{Coding, Combine, Component, Model, Touch};
use tvaers_protocol::event::{Event, ORDER_BYTES, OrderTag};
use tvaers_protocol::id::PersonId;
use tvaers_warehouse::sql::{EventRow, PersonRow};

pub use node::Node;

/// Features in touch groups by name: those of which several nodes can have a part of the same, or the same one.
pub const GROUPS: [(&str, &[&str]); 7] = [
    ("index", &["index_admissions_1y", "readmissions_30d_1y"]),
    ("stays", &["admissions_1y_before", "acute_admissions_1y_before"]),
    ("somatic", &["cost_hospital_somatic_1y"]),
    ("psychiatric", &["cost_hospital_psychiatric_1y"]),
    ("health", &["self_rated_health_baseline", "self_rated_health_followup", "self_rated_health_change"]),
    ("life", &["life_satisfaction_baseline", "life_satisfaction_followup", "life_satisfaction_change"]),
    ("coherence", &["coherence_baseline", "coherence_followup", "coherence_change"]),
];

/// A model of these touch groups.
///
/// # Errors
/// Where a feature is not there, or is no number.
pub fn model(groups: &[(&str, &[&str])]) -> anyhow::Result<Model> {
    let library = Library::embedded()?;
    let mut model = library.model("somv").context("a model")?.clone();
    let (touch, stays) = (model.touches.first().cloned(), model.components.last().cloned());
    let (touch, stays) = (touch.context("a touch group")?, stays.context("a component")?);
    model.population.kommuner.clear();
    (model.touches, model.components, model.criteria) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (group, names)) in groups.iter().enumerate() {
        for name in *names {
            let feature = Arc::clone(library.catalogue().feature(name).context("a feature")?);
            let Kind::Integer { from, to, missing } = feature.kind else {
                anyhow::bail!("no number: {name}")
            };
            let coding = if missing { Coding::Optional { from } } else { Coding::Plain };
            model.components.push(Component {
                name: (*name).to_owned(),
                coding,
                sector: feature.holder.sector(),
                value_min: 0,
                value_max: coding.coded(to),
                combine: if missing { Combine::Max } else { Combine::Sum },
                touch: Some(number),
                bands: Vec::new(),
                feature,
                ..stays.clone()
            });
        }
        let sector = model.components.last().context("a component")?.sector;
        model.touches.push(Touch { group: (*group).to_owned(), sector, ..touch.clone() });
    }
    Ok(model)
}

/// What one node tells of its persons.
struct Told {
    /// The model's components that it has values for.
    components: Vec<usize>,
    rows: BTreeMap<PersonId, PersonRow>,
    events: BTreeMap<PersonId, Vec<Event>>,
}

/// The values of the model's components of every person, in the model's order: from the events where two nodes touch,
/// else those of the node that does.
///
/// # Errors
/// Where a folder is not one of a node, or cannot be imported or read.
pub async fn values(
    folders: &[PathBuf],
    as_of: Date,
    model: &Model,
) -> anyhow::Result<BTreeMap<PersonId, Vec<Option<i64>>>> {
    let mut nodes = Vec::new();
    for node in Node::all(folders, as_of).await? {
        nodes.push(told(&node, model).await?);
    }
    let persons: BTreeSet<&PersonId> = nodes.iter().flat_map(|node| node.rows.keys()).collect();
    Ok(persons.into_iter().map(|person| (person.clone(), of_person(person, &nodes, model))).collect())
}

async fn told(node: &Node, model: &Model) -> anyhow::Result<Told> {
    let (layout, rows) = node.rows(model, Grain::Events).await?;
    let mut events: BTreeMap<PersonId, Vec<Event>> = BTreeMap::new();
    for row in &node.events(model).await? {
        events.entry(row.person.clone()).or_default().push(event(row));
    }
    let rows = rows.into_iter().map(|row| (row.person.clone(), row)).collect();
    Ok(Told { components: layout.components, rows, events })
}

/// An event as it would travel without any shift. Tags are of the identifier's bytes.
fn event(row: &EventRow) -> Event {
    let mut tag = [0; ORDER_BYTES];
    for (to, from) in tag.iter_mut().zip(row.id.expose().bytes()) {
        *to = u16::from(from);
    }
    Event {
        group: row.group,
        in_window: row.in_window,
        acute: row.acute,
        index: row.index,
        discharged: row.discharged,
        first_round: row.first_round,
        last_round: row.last_round,
        first_day: row.first_day.cast_unsigned(),
        last_day: row.last_day.cast_unsigned(),
        begins: row.begins.cast_unsigned(),
        ends: row.ends.cast_unsigned(),
        first_ends: row.first_ends.cast_unsigned(),
        reach: row.reach,
        amount: row.amount,
        order: OrderTag(tag),
    }
}

fn of_person(person: &PersonId, nodes: &[Told], model: &Model) -> Vec<Option<i64>> {
    let mut values = vec![0; model.components.len()];
    for group in 0..model.touches.len() {
        let touches = |node: &&Told| node.rows.get(person).is_some_and(|row| row.touches >> group & 1 == 1);
        let touching: Vec<&Told> = nodes.iter().filter(touches).collect();
        let resolved = match touching.as_slice() {
            [] => Vec::new(),
            [one] => own(person, one, model, group),
            several => {
                let events: Vec<Event> =
                    several.iter().filter_map(|node| node.events.get(person)).flatten().cloned().collect();
                model.resolve(group, &events)
            }
        };
        for (component, value) in resolved {
            if let Some(found) = values.get_mut(component) {
                *found = value;
            }
        }
    }
    model.components.iter().zip(values).map(|(component, value)| component.coding.number(value)).collect()
}

/// The node's own values of a group's components.
fn own(person: &PersonId, node: &Told, model: &Model, group: usize) -> Vec<(usize, u32)> {
    let Some(row) = node.rows.get(person) else { return Vec::new() };
    let values = node.components.iter().copied().zip(row.values.iter().copied());
    values.filter(|(index, _)| model.components.get(*index).is_some_and(|c| c.touch == Some(group))).collect()
}
