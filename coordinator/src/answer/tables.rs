//! The released tables of a join: exact only while the join runs, noised before anything is stored or shown.
//!
//! Each quantity of each table is a part with noise of its own, all parts under one charge. [`present`] says what is
//! told of the noisy numbers.

mod contrast;
mod present;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};
use tvaers_definitions::model::{Model, Outcome};
use tvaers_definitions::tables::{Part, Tables};
use tvaers_protocol::id::{NodeId, Sector};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::release::{BudgetLeft, Mechanism as Noised};
use tvaers_protocol::roster::{Member, VerifiedRoster};
use tvaers_protocol::study::{Grain, Manifest, utc_date};
use tvaers_release::clamp::Clamp;
use tvaers_release::conversion::Delta;
use tvaers_release::error::ReleaseError;
use tvaers_release::exact::Exact;
use tvaers_release::joint::Joint;
use tvaers_release::measure::Measure;
use tvaers_release::mechanism::Family;
use tvaers_release::of_query::PERSONS_MAX;
use tvaers_release::postprocess::Presentation;
use tvaers_release::released::Released;
use tvaers_release::rho::Rho;

use super::combine::{epsilon, privacy};
use super::{
    Answer, Coverage, Data, Definition, Left, NOTE_INTERVALS, NOTE_SHOWN, NodePrivacy, PartPrivacy,
    Requested, Sensitivity, denominator, describe, rho,
};
use crate::summary::NodeData;

/// The tables of a study while it is joined. What is in them cannot be read.
pub(crate) struct Gathered<'a> {
    tables: Tables<'a>,
    grain: Grain,
    /// One for each part of the tables.
    exact: Vec<Exact>,
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
    // Lists of a model none of whose municipalities is a member are empty, and tables of nobody are none.
    if tables.cells_len() == 0 && manifest.request.content.list.is_some() {
        return Ok(None);
    }
    let exact = tables.parts().iter().map(|part| measure(part).map(Exact::gather));
    let exact = exact.collect::<Result<_, _>>()?;
    Ok(Some(Gathered { tables, grain: manifest.grain, exact }))
}

fn layout<'a>(manifest: &Manifest, model: &'a Model, roster: &VerifiedRoster) -> Option<Tables<'a>> {
    let asked = manifest.request.content.tables.as_ref()?;
    let kommuner = roster.kommune_codes(utc_date(manifest.created));
    Some(Tables::new(model, &kommuner, manifest.as_of, asked.cut_off))
}

/// The noise of tables for what is charged.
///
/// # Errors
/// [`ReleaseError`] where there is nothing to tabulate, or no such noise.
pub(crate) fn noise(tables: &Tables<'_>, charged: Rho) -> Result<Joint, ReleaseError> {
    let measures = tables.parts().iter().map(|part| Ok((measure(part)?, 1)));
    let measures = measures.collect::<Result<Vec<(Measure, u32)>, ReleaseError>>()?;
    Joint::new(Family::DiscreteGaussian, &measures, charged)
}

/// What is added up for a part, with what one person can change.
fn measure(part: &Part) -> Result<Measure, ReleaseError> {
    if part.quantity.is_sum() {
        let clamp = Clamp::new(0, i64::from(part.most))?;
        Measure::sum(part.cells, part.per_person, clamp, PERSONS_MAX)
    } else {
        Measure::count(part.cells, part.per_person, PERSONS_MAX)
    }
}

impl Gathered<'_> {
    /// Adds a resident of the population, once.
    ///
    /// # Errors
    /// [`ReleaseError::Overflow`].
    pub(crate) fn person(
        &mut self,
        kommune: u16,
        outcome: &Outcome,
        values: &[u32],
    ) -> Result<(), ReleaseError> {
        let adds = self.tables.of_person(kommune, outcome, values, self.grain);
        for (exact, added) in self.exact.iter_mut().zip(adds) {
            if let Some((cell, amount)) = added {
                exact.person(&[(cell, i64::from(amount))])?;
            }
        }
        Ok(())
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
    let Gathered { tables, exact, .. } = gathered;
    let joint = noise(&tables, charged)?;
    let noisy = exact.into_iter().zip(joint.parts()).map(|(exact, mechanism)| exact.release(mechanism));
    let noisy = noisy.collect::<Result<Vec<Vec<Released>>, _>>()?;
    let terms = || data.iter().filter_map(|data| data.tables);
    let smallest = terms().map(|terms| terms.showing.smallest).max().unwrap_or(0);
    let rounding = terms().map(|terms| terms.showing.rounding).max().unwrap_or(1);
    let presentation = Presentation::new(smallest, rounding.max(1))?;
    let missing: Vec<&Member> = manifest.missing(roster);
    let sectors: Vec<Sector> = missing.iter().map(|member| member.sector).collect();
    let away = missing.iter().filter(|member| member.sector == Sector::Municipality);
    let away: Vec<String> = away.map(|member| member.code.to_string()).collect();
    let cells = present::cells(&tables, &noisy, &away, presentation)?;
    let parts = parts(&tables, &joint);
    let charged_epsilon = epsilon(Noised::DiscreteGaussian, charged, delta);
    let nodes = data.iter().filter_map(|data| {
        let terms = data.tables?;
        // The least price of all nodes was agreed, so that a node whose policy asks for more has more left.
        let kept = terms.nano_rho.saturating_sub(manifest.nano_rho);
        let left = |nano: u64| nano.saturating_add(kept);
        Some(NodePrivacy {
            node: data.node.clone(),
            scale: joint.parts().first().map_or(0.0, |mechanism| mechanism.scale().get()),
            sensitivity: together(&tables, &joint),
            parts: if parts.len() > 1 { parts.clone() } else { Vec::new() },
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
        definitions: definitions(model, &tables),
        data: data.iter().map(of_node).collect(),
        notes: notes(model, &sectors),
        indicator: None,
        request: manifest.request.content.tables.as_ref().map(|tables| {
            let content = &manifest.request.content;
            Requested::new(roster, &content.requester, &tables.under, content.created)
        }),
    };
    // A joint release changes by one person's rows at one node, or at all of them together: it is the same noise.
    answer.privacy.rho_person_max = answer.privacy.rho;
    Ok(answer)
}

/// What one person can change in all parts together, where all of them count persons; else in the first.
fn together(tables: &Tables<'_>, joint: &Joint) -> Sensitivity {
    let of = |mechanism: &tvaers_release::mechanism::Mechanism| mechanism.measure().sensitivity();
    let parts = joint.parts();
    let count = if tables.parts().iter().any(|part| part.quantity.is_sum()) { 1 } else { parts.len() };
    let counted = || parts.iter().take(count).map(of);
    Sensitivity {
        l1: counted().map(|sensitivity| sensitivity.l1()).sum(),
        l2: counted().map(|sensitivity| sensitivity.l2().powi(2)).sum::<f64>().sqrt(),
    }
}

/// The noise of each part.
fn parts(tables: &Tables<'_>, joint: &Joint) -> Vec<PartPrivacy> {
    let one = |(part, mechanism): (&Part, &tvaers_release::mechanism::Mechanism)| {
        let sensitivity = mechanism.measure().sensitivity();
        PartPrivacy {
            of: tables.told_of(part),
            scale: mechanism.scale().get(),
            sensitivity: Sensitivity { l1: sensitivity.l1(), l2: sensitivity.l2() },
        }
    };
    tables.parts().iter().zip(joint.parts()).map(one).collect()
}

/// The model in words, and, where it is an indicator's, every feature that it uses.
fn definitions(model: &Model, tables: &Tables<'_>) -> Vec<Definition> {
    let population = &model.population;
    let own = |residents: &str| Definition {
        feature: model.name.clone(),
        da: model.da.clone(),
        en: model.en.clone(),
        values: match tables.categories().as_slice() {
            [] => "numbers of all together".to_owned(),
            categories => format!("numbers by {}", categories.join(", ")),
        },
        denominator: format!("{residents}, aged {} to {}", population.from, population.to),
    };
    if model.tables.is_empty() {
        return vec![own(&denominator(Sector::Municipality))];
    }
    let resident = describe::definition(&population.resident, Sector::Municipality);
    let mut definitions = vec![own(&resident.en), resident];
    for component in &model.components {
        let mut definition = describe::definition(&component.feature, component.sector);
        if let Some(to) = component.tightened_to() {
            definition.values = format!("{}; here to {to}", definition.values);
        }
        if !definitions.iter().any(|other| other.feature == definition.feature) {
            definitions.push(definition);
        }
    }
    definitions
}

fn notes(model: &Model, missing: &[Sector]) -> Vec<String> {
    let mut notes = vec![NOTE_INTERVALS, NOTE_SHOWN];
    notes.push("The table was noised once, after the join, and charged at every node that contributed.");
    if !model.tables.is_empty() {
        notes.push("A person counts at the municipality of residence, with what all nodes together know; whoever two municipalities claim counts nowhere.");
    }
    if missing.contains(&Sector::Municipality) {
        notes.push("Municipalities are missing: of their residents nothing is told, and numbers of several municipalities are without them.");
    }
    if missing.iter().any(|sector| model.spans(*sector)) {
        notes.push("Members that can know something of other members' residents are missing: of these, what the missing ones know is not in the numbers.");
    }
    notes.into_iter().map(str::to_owned).collect()
}

fn asked(manifest: &Manifest, model: &Model) -> Value {
    let cut_off = manifest.request.content.tables.as_ref().and_then(|tables| tables.cut_off);
    json!({
        "name": model.name,
        "kind": if model.tables.is_empty() { "stratification" } else { "indicator" },
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
