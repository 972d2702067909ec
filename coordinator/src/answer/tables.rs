//! The released tables of a stratification: exact only while the join runs, noised before anything is stored or shown.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tvaers_definitions::model::{Model, Outcome};
use tvaers_definitions::tables::{Cell as TableCell, Tables};
use tvaers_protocol::id::{NodeId, Sector};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::release::{BudgetLeft, Mechanism as Noised};
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_protocol::study::{Manifest, utc_date};
use tvaers_release::consistent::{Table, consistent_tables};
use tvaers_release::conversion::Delta;
use tvaers_release::error::ReleaseError;
use tvaers_release::exact::Exact;
use tvaers_release::measure::Measure;
use tvaers_release::mechanism::Mechanism;
use tvaers_release::of_query::PERSONS_MAX;
use tvaers_release::postprocess::{Presentation, Shown};
use tvaers_release::released::Released;
use tvaers_release::rho::Rho;

use super::cells::counted;
use super::combine::{epsilon, privacy};
use super::{
    Answer, Coverage, Data, Definition, Left, NOTE_INTERVALS, NOTE_SHOWN, NodePrivacy, Sensitivity,
    denominator, rho,
};
use crate::summary::NodeData;

/// The tables of a study while it is joined. What is in them cannot be read.
pub(crate) struct Gathered<'a> {
    tables: Tables<'a>,
    exact: Exact,
}

/// Empty tables of a study; none where none are asked for.
///
/// # Errors
/// [`ReleaseError`] where there is nothing to tabulate.
pub(crate) fn gather<'a>(
    manifest: &Manifest,
    model: &'a Model,
    roster: &VerifiedRoster,
) -> Result<Option<Gathered<'a>>, ReleaseError> {
    let Some(tables) = layout(manifest, model, roster) else { return Ok(None) };
    let measure = Measure::count(tables.cells_len(), tables.cells_per_person(), PERSONS_MAX)?;
    Ok(Some(Gathered { tables, exact: Exact::gather(measure) }))
}

fn layout<'a>(manifest: &Manifest, model: &'a Model, roster: &VerifiedRoster) -> Option<Tables<'a>> {
    let asked = manifest.request.content.tables.as_ref()?;
    Some(Tables::new(model, &roster.kommune_codes(utc_date(manifest.created)), asked.cut_off))
}

impl Gathered<'_> {
    /// Counts a resident of the population.
    ///
    /// # Errors
    /// [`ReleaseError::Overflow`].
    pub(crate) fn person(&mut self, kommune: u16, outcome: &Outcome) -> Result<(), ReleaseError> {
        let cells: Vec<(usize, i64)> =
            self.tables.cells_of(kommune, outcome).into_iter().map(|cell| (cell, 1)).collect();
        self.exact.person(&cells)
    }
}

/// The released tables of a study. It blocks while noise is drawn.
///
/// # Errors
/// [`Problem`] where no noise can be drawn for what was charged; nothing is released then.
pub(crate) fn of_tables(
    gathered: Gathered<'_>,
    manifest: &Manifest,
    model: &Model,
    roster: &VerifiedRoster,
    data: &[NodeData],
) -> Result<Answer, Problem> {
    released(gathered, manifest, model, roster, data).map_err(|error| {
        Problem::from_error(Exit::Failed, error.code(), &error).next("ask with another budget")
    })
}

fn released(
    gathered: Gathered<'_>,
    manifest: &Manifest,
    model: &Model,
    roster: &VerifiedRoster,
    data: &[NodeData],
) -> Result<Answer, ReleaseError> {
    let delta: Delta = roster.roster().delta.parse()?;
    let charged = Rho::from_nano(manifest.nano_rho);
    let mechanism = Mechanism::discrete_gaussian(*gathered.exact.measure(), charged)?;
    let measure = *gathered.exact.measure();
    let terms = || data.iter().filter_map(|data| data.tables);
    let smallest = terms().map(|terms| terms.showing.smallest).max().unwrap_or(0);
    let rounding = terms().map(|terms| terms.showing.rounding).max().unwrap_or(1);
    let presentation = Presentation::new(smallest, rounding.max(1))?;
    let noisy = gathered.exact.release(&mechanism)?;
    let at = gathered.tables.cells();
    let shown = shown(&at, &noisy, presentation)?;
    let cells = at.iter().zip(&noisy).zip(shown);
    let cells = cells.map(|((at, value), shown)| counted(key(at), value, shown)).collect();
    let sensitivity = measure.sensitivity();
    let charged_epsilon = epsilon(Noised::DiscreteGaussian, charged, delta);
    let nodes = data.iter().filter_map(|data| {
        let terms = data.tables?;
        // The least price of all nodes was agreed, so that a node whose policy asks for more has more left.
        let kept = terms.nano_rho.saturating_sub(manifest.nano_rho);
        let left = |nano: u64| nano.saturating_add(kept);
        Some(NodePrivacy {
            node: data.node.clone(),
            scale: mechanism.scale().get(),
            sensitivity: Sensitivity { l1: sensitivity.l1(), l2: sensitivity.l2() },
            parts: Vec::new(),
            charged_rho: rho(manifest.nano_rho),
            charged_epsilon,
            left: Left::from(BudgetLeft {
                permit: left(terms.left.permit),
                period: left(terms.left.period),
                life: left(terms.left.life),
            }),
            smallest_cell: terms.showing.smallest,
            rounding: terms.showing.rounding,
            policy: None,
        })
    });
    let mut answer = Answer {
        query: asked(manifest, model),
        as_of: manifest.as_of,
        laboratory: data.iter().any(|data| data.laboratory),
        cells,
        totals: Vec::new(),
        privacy: privacy(Noised::DiscreteGaussian, nodes.collect(), delta),
        coverage: coverage(manifest, roster),
        definitions: vec![Definition {
            feature: model.name.clone(),
            da: model.da.clone(),
            en: model.en.clone(),
            values: gathered.tables.categories().join(", "),
            denominator: format!(
                "{}, aged {} to {}",
                denominator(Sector::Municipality),
                model.population.from,
                model.population.to
            ),
        }],
        data: data.iter().map(of_node).collect(),
        notes: vec![
            NOTE_INTERVALS.to_owned(),
            NOTE_SHOWN.to_owned(),
            "The table was noised once, after the join, and charged at every node that contributed."
                .to_owned(),
        ],
    };
    // A joint release changes by one person's rows at one node, or at all of them together: it is the same noise.
    answer.privacy.rho_person_max = answer.privacy.rho;
    Ok(answer)
}

/// What is shown of the tables. Those of a municipality count the same persons, so they are made to have one total
/// where nothing is hidden.
fn shown(
    at: &[TableCell],
    noisy: &[Released],
    presentation: Presentation,
) -> Result<Vec<Shown>, ReleaseError> {
    let mut shown = vec![Shown::Hidden; noisy.len()];
    let place = |cell: &TableCell| match cell {
        TableCell::Stratum { kommune, .. } => (*kommune, false),
        TableCell::Included { kommune, .. } => (*kommune, true),
    };
    let kommuner: BTreeSet<u16> = at.iter().map(|cell| place(cell).0).collect();
    for kommune in kommuner {
        let of = |is_included| -> Vec<usize> {
            let own = |(index, cell)| (place(cell) == (kommune, is_included)).then_some(index);
            at.iter().enumerate().filter_map(own).collect()
        };
        let places: Vec<Vec<usize>> =
            [false, true].map(of).into_iter().filter(|own| !own.is_empty()).collect();
        let values: Vec<Vec<Released>> = places
            .iter()
            .map(|own| own.iter().filter_map(|index| noisy.get(*index)).copied().collect())
            .collect();
        let tables: Vec<Table<'_>> = values.iter().map(|cells| Table { cells, margins: &[] }).collect();
        for (own, table) in places.iter().zip(consistent_tables(&tables, presentation)?) {
            for (index, cell) in own.iter().zip(table.cells) {
                if let Some(slot) = shown.get_mut(*index) {
                    *slot = cell;
                }
            }
        }
    }
    Ok(shown)
}

fn key(cell: &TableCell) -> Map<String, Value> {
    let kommune = |code: u16| ("kommune".to_owned(), Value::from(code.to_string()));
    match cell {
        TableCell::Stratum { kommune: code, stratum } => {
            [kommune(*code), ("stratum".to_owned(), Value::from(stratum.as_str()))].into_iter().collect()
        }
        TableCell::Included { kommune: code, included } => {
            [kommune(*code), ("included".to_owned(), Value::from(*included))].into_iter().collect()
        }
    }
}

fn asked(manifest: &Manifest, model: &Model) -> Value {
    let cut_off = manifest.request.content.tables.as_ref().and_then(|tables| tables.cut_off);
    json!({
        "name": model.name,
        "kind": "stratification",
        "model": model.name,
        "version": model.version,
        "as_of": manifest.as_of.to_string(),
        "grain": manifest.grain.to_string(),
        "cut_off": cut_off,
        "run": manifest.run.to_string(),
    })
}

fn of_node(data: &NodeData) -> Data {
    Data {
        node: data.node.clone(),
        extracted_on: data.extracted_on,
        import: data.import,
        rejected_rows: data.rejected_rows,
        software: None,
    }
}

fn coverage(manifest: &Manifest, roster: &VerifiedRoster) -> Coverage {
    let answered: Vec<NodeId> = manifest.participants.iter().map(|part| part.node.clone()).collect();
    let missing: Vec<NodeId> = manifest.missing(roster).into_iter().map(|member| member.id.clone()).collect();
    let mut asked: Vec<NodeId> = answered.iter().chain(&missing).cloned().collect();
    asked.sort();
    let population_share = share(roster, &asked, &answered);
    Coverage { asked, answered, refused: Vec::new(), missing, population_share }
}

/// The share of those asked who answered, by what the roster says of their size.
#[expect(clippy::cast_precision_loss, reason = "it is a share for people")]
pub(crate) fn share(roster: &VerifiedRoster, asked: &[NodeId], answered: &[NodeId]) -> f64 {
    let size = |nodes: &[NodeId]| {
        let members = nodes.iter().filter_map(|node| roster.member(node));
        members.map(|member| u64::from(member.evaluations_max)).sum::<u64>()
    };
    let all = size(asked);
    if all == 0 { 0.0 } else { size(answered) as f64 / all as f64 }
}
