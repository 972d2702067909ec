//! Answers of several nodes as one: noisy values and variances add up, cell by cell. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tvaers_definitions::feature::{Feature, Kind as FeatureKind};
use tvaers_protocol::codec;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::Signed;
use tvaers_protocol::release::{Noise, Release};
use tvaers_protocol::roster::{Member, VerifiedRoster};
use tvaers_protocol::sign::Purpose;
use tvaers_query::Query;
use tvaers_query::query::{Kind, Party};
use tvaers_release::clamp::Clamp;
use tvaers_release::conversion::{Delta, epsilon_of};
use tvaers_release::error::ReleaseError;
use tvaers_release::measure::Measure;
use tvaers_release::postprocess::{Presentation, shown};
use tvaers_release::released::Released;
use tvaers_release::rho::Rho;
use tvaers_release::scale::Scale;
use tvaers_release::spread::Spread;

use super::{
    Answer, Cell, Coverage, Data, Definition, Left, NOTE_INTERVALS, NOTE_SHOWN, NodePrivacy, Privacy,
    Sensitivity, denominator, rho,
};

/// Why a node's answer cannot be used. It names no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("it is not an answer, or not signed by the node")]
    Unsigned,
    #[error("it answers another question")]
    OtherQuestion,
    #[error("it has another number of cells than the query has for the node")]
    Cells,
    #[error("its noise is none that the mechanism can have: {0}")]
    Noise(ReleaseError),
}

/// A node's answer, checked.
pub(crate) struct Received {
    node: NodeId,
    cells: Vec<usize>,
    spread: Spread,
    release: Release,
}

/// Checks an answer of a node, as it came.
///
/// # Errors
/// [`Fault`].
pub(crate) fn received(query: &Query, member: &Member, body: &[u8]) -> Result<Received, Fault> {
    let signed: Signed<Release> = codec::decode(body).map_err(|_| Fault::Unsigned)?;
    let question = query.question_digest();
    let release = signed.verify(Purpose::Release, question, &member.signing).map_err(|_| {
        if signed.content.question == question { Fault::Unsigned } else { Fault::OtherQuestion }
    })?;
    if release.node != member.id || release.question != question {
        return Err(Fault::OtherQuestion);
    }
    let cells = query.cells_of(&Party::from(member));
    if release.cells.len() != cells.len() {
        return Err(Fault::Cells);
    }
    let spread = Spread::discrete_gaussian(Scale::new(release.noise.scale).map_err(Fault::Noise)?);
    Ok(Received { node: member.id.clone(), cells, spread, release: signed.content })
}

/// One answer of each node, to be combined.
pub(crate) struct Combined<'a> {
    pub(crate) query: &'a Query,
    pub(crate) roster: &'a VerifiedRoster,
    pub(crate) coverage: Coverage,
    pub(crate) answers: Vec<&'a Received>,
}

/// The result object.
///
/// # Errors
/// [`ReleaseError`] where values do not add up or the roster's delta is none.
pub(crate) fn combine(combined: Combined<'_>) -> Result<Answer, ReleaseError> {
    let Combined { query, roster, coverage, answers } = combined;
    let delta: Delta = roster.roster().delta.parse()?;
    let measure = measure(query)?;
    let mut parts: BTreeMap<usize, Vec<Released>> = BTreeMap::new();
    for answer in &answers {
        for (&cell, &value) in answer.cells.iter().zip(&answer.release.cells) {
            parts.entry(cell).or_default().push(Released::restore(value, answer.spread));
        }
    }
    let showing = answers.iter().map(|answer| answer.release.showing);
    let smallest = showing.clone().map(|showing| showing.smallest).max().unwrap_or(0);
    let rounding = showing.map(|showing| showing.rounding).max().unwrap_or(1);
    let presentation = Presentation::new(smallest, rounding.max(1))?;
    let names: Vec<&str> = query.by().iter().map(|grouping| grouping.feature.name.as_str()).collect();
    let mut cells = Vec::with_capacity(query.cells_len());
    for (index, labels) in query.cells().into_iter().enumerate() {
        let labels = labels.iter().map(|label| Value::String(label.to_string()));
        let key = names.iter().map(ToString::to_string).zip(labels).collect();
        cells.push(match parts.get(&index) {
            Some(parts) => cell(key, &Released::sum(parts)?, &measure, presentation),
            None => nobody(key),
        });
    }
    let nodes = answers.iter().map(|answer| {
        let release = &answer.release;
        node_privacy(&answer.node, &release.noise, release, delta)
    });
    Ok(Answer {
        query: as_asked(query),
        as_of: query.as_of(),
        laboratory: answers.iter().any(|answer| answer.release.laboratory),
        cells,
        privacy: privacy(query.privacy().mechanism.name(), nodes.collect(), delta),
        coverage,
        definitions: query.features().into_iter().map(|feature| definition(feature, query)).collect(),
        data: answers.iter().map(|answer| data(&answer.release)).collect(),
        notes: notes(query),
    })
}

/// A cell with its noise.
pub(super) fn cell(
    key: Map<String, Value>,
    released: &Released,
    measure: &Measure,
    presentation: Presentation,
) -> Cell {
    Cell {
        key,
        value: Some(released.value()),
        shown: shown(measure, released, None, presentation).value(),
        standard_error: Some(released.standard_error()),
        ci95: Some(released.interval()),
    }
}

/// A cell that no node answered for.
fn nobody(key: Map<String, Value>) -> Cell {
    Cell { key, value: None, shown: None, standard_error: None, ci95: None }
}

fn measure(query: &Query) -> Result<Measure, ReleaseError> {
    const PERSONS_MAX: u64 = 10_000_000;
    let contribution = query.contribution();
    let cells = query.cells_len();
    match query.kind() {
        Kind::Count => Measure::count(cells, contribution.cells_max, PERSONS_MAX),
        Kind::Sum { .. } => {
            let clamp = Clamp::new(contribution.from, contribution.to)?;
            Measure::sum(cells, contribution.cells_max, clamp, PERSONS_MAX)
        }
    }
}

/// What an answer cost, from what it cost at each node.
pub(super) fn privacy(mechanism: &str, nodes: Vec<NodePrivacy>, delta: Delta) -> Privacy {
    let most = |value: fn(&NodePrivacy) -> f64| nodes.iter().map(value).fold(0.0, f64::max);
    Privacy {
        mechanism: mechanism.to_owned(),
        epsilon: most(|node| node.charged_epsilon),
        delta: delta.get(),
        rho: most(|node| node.charged_rho),
        rho_person_max: nodes.iter().map(|node| node.charged_rho).sum(),
        nodes,
    }
}

fn node_privacy(node: &NodeId, noise: &Noise, release: &Release, delta: Delta) -> NodePrivacy {
    let left = release.left;
    NodePrivacy {
        node: node.clone(),
        scale: noise.scale,
        sensitivity: Sensitivity { l1: noise.sensitivity_l1, l2: noise.sensitivity_l2 },
        charged_rho: rho(noise.nano_rho),
        charged_epsilon: epsilon_of(Rho::from_nano(noise.nano_rho), delta),
        left: Left { permit_rho: rho(left.permit), period_rho: rho(left.period), life_rho: rho(left.life) },
        smallest_cell: release.showing.smallest,
        rounding: release.showing.rounding,
        policy: Some(release.policy),
    }
}

fn data(release: &Release) -> Data {
    Data {
        node: release.node.clone(),
        extracted_on: release.data.extracted_on,
        import: release.data.import,
        rejected_rows: release.data.rejected_rows,
        software: Some(release.software.clone()),
    }
}

/// The query's one form, as an object.
fn as_asked(query: &Query) -> Value {
    let table: Option<toml::Table> = query.text().parse().ok();
    table.and_then(|table| serde_json::to_value(Plain(table)).ok()).unwrap_or(Value::Null)
}

/// A TOML table whose days are texts.
struct Plain(toml::Table);

impl serde::Serialize for Plain {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn plain(value: &toml::Value) -> Value {
            match value {
                toml::Value::String(text) => Value::from(text.as_str()),
                toml::Value::Integer(number) => Value::from(*number),
                toml::Value::Float(number) => Value::from(*number),
                toml::Value::Boolean(flag) => Value::from(*flag),
                toml::Value::Datetime(day) => Value::from(day.to_string()),
                toml::Value::Array(values) => values.iter().map(plain).collect(),
                toml::Value::Table(table) => {
                    Value::Object(table.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
                }
            }
        }
        plain(&toml::Value::Table(self.0.clone())).serialize(serializer)
    }
}

pub(super) fn definition(feature: &Feature, query: &Query) -> Definition {
    let values = match &feature.kind {
        FeatureKind::Integer { from, to, missing } => {
            let missing = if *missing { ", may be missing" } else { "" };
            format!("whole number, clamped to {from} to {to}{missing}")
        }
        FeatureKind::Flag => "0 or 1".to_owned(),
        FeatureKind::Category(labels) => labels.join(", "),
        FeatureKind::Municipality => "codes of member municipalities".to_owned(),
    };
    Definition {
        feature: feature.name.clone(),
        da: feature.da.clone(),
        en: feature.en.clone(),
        values,
        denominator: denominator(query.sector()),
    }
}

fn notes(query: &Query) -> Vec<String> {
    let mut notes = vec![NOTE_INTERVALS.to_owned(), NOTE_SHOWN.to_owned()];
    if query.by().iter().all(|grouping| grouping.feature.name != "kommune") {
        notes.push("Numbers of several nodes are added up, each with its own noise.".to_owned());
    }
    notes
}
