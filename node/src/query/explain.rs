//! What would become of a query: the verdict of the policy, the plan, and the statement that would run. It goes the
//! way of a request as far as the statement, and then stops: nothing is charged, and no row is read.

use serde::Serialize;
use tvaers_definitions::feature::Feature;
use tvaers_policy::reach;
use tvaers_policy::request::Ask;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::Rule;
use tvaers_protocol::release::PartNoise;
use tvaers_query::Query;
use tvaers_query::query::Kind;
use tvaers_release::mechanism::Mechanism;
use tvaers_release::of_query;
use tvaers_warehouse::sql::{Dialect, Holding, SqlError};

use super::admit::{Granted, admit};
use super::question::{Ground, Question};
use super::selection::{Selection, Untold};
use crate::ledger::claim::Spent;
use crate::objection::by_person;
use crate::policy;

/// What would become of a query.
#[derive(Debug, Serialize)]
pub(crate) struct Explained {
    /// Every rule that is broken; none where it would be answered.
    pub(crate) rules: Vec<Rule>,
    /// On which terms it would be answered; none where it would not.
    pub(crate) offer: Option<Offer>,
    /// What would be worked out; none where the query is not one for this node.
    pub(crate) plan: Option<Plan>,
}

/// On which terms a query would be answered. Amounts are thousand-millionths of rho.
#[derive(Debug, Serialize)]
pub(crate) struct Offer {
    pub(crate) nano_rho: u64,
    pub(crate) left_permit: u64,
    pub(crate) left_period: u64,
    pub(crate) left_life: u64,
    /// The noise in each cell of each part.
    pub(crate) parts: Vec<OfferedPart>,
}

/// The noise of one part of an answer.
#[derive(Debug, Serialize)]
pub(crate) struct OfferedPart {
    #[serde(flatten)]
    pub(crate) noise: PartNoise,
    /// The standard error of each cell.
    pub(crate) standard_error: f64,
    /// Half the width of each cell's 95 % interval.
    pub(crate) ci95_half_width: i64,
}

/// What would be worked out, from the query and public names alone.
#[derive(Debug, Serialize)]
pub(crate) struct Plan {
    /// The digest of the query, as the audit log names it.
    pub(crate) query: Digest,
    /// The digest of what is charged once, as the ledger names it.
    pub(crate) charged: Digest,
    pub(crate) features: Vec<Reads>,
    /// The tables that say who is counted.
    pub(crate) tables_of_persons: Vec<&'static str>,
    /// The cells that this node answers.
    pub(crate) cells: usize,
    /// All cells of the query.
    pub(crate) cells_in_all: usize,
    /// Whether the database gives a row for each person, because persons may have to be left out or a person can be in
    /// several cells; else a row for each cell. It does not say whether anyone is left out.
    pub(crate) by_person: bool,
    /// The statement, with the bounds of conditions in it.
    pub(crate) sql: String,
}

/// A feature and what it reads.
#[derive(Debug, Serialize)]
pub(crate) struct Reads {
    pub(crate) feature: String,
    pub(crate) used: &'static str,
    pub(crate) tables: Vec<&'static str>,
    /// The columns that its value depends on, beside days.
    pub(crate) columns: Vec<&'static str>,
}

/// Why a statement cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExplainError {
    #[error(transparent)]
    Catalogue(#[from] Untold),
    #[error(transparent)]
    Sql(#[from] SqlError),
}

/// On what a query would run.
pub(crate) struct On<'a> {
    /// Whose residents the data is about.
    pub(crate) holding: Holding<'a>,
    /// The database's dialect.
    pub(crate) dialect: Dialect,
    /// How often objections have changed in the node's memory.
    pub(crate) objections_changed: i64,
}

/// Explains a query in its one form.
pub(crate) fn explain(
    ground: &Ground<'_>,
    ask: Ask<'_>,
    text: &str,
    spent: &Spent,
    on: On<'_>,
) -> Result<Explained, ExplainError> {
    let question = match Question::read(ground, ask.permit, text) {
        Ok(question) => question,
        Err(rule) => return Ok(Explained { rules: vec![rule], offer: None, plan: None }),
    };
    let (today, sums) = (policy::day(spent.at), ground.in_force.spent(spent));
    let (rules, offer) = match admit(&question, ask, ground.in_force, 0, &sums, today) {
        Ok(granted) => (Vec::new(), Some(offer(&question, &granted))),
        Err(rules) => (rules, None),
    };
    let plan = Some(plan(ground, &question, &on)?);
    Ok(Explained { rules, offer, plan })
}

fn offer(question: &Question, granted: &Granted) -> Offer {
    let Granted { grant, joint } = granted;
    // They are each other's: the mechanisms were made of these parts.
    let told = of_query::told(question.parts(), joint).unwrap_or_default();
    let part = |(noise, mechanism): (PartNoise, &Mechanism)| OfferedPart {
        noise,
        standard_error: mechanism.spread().standard_error(),
        ci95_half_width: mechanism.spread().half_width(),
    };
    Offer {
        nano_rho: grant.price.nano_rho,
        left_permit: grant.price.left_permit,
        left_period: grant.price.left_period,
        left_life: grant.price.left_life,
        parts: told.into_iter().zip(joint.parts()).map(part).collect(),
    }
}

fn plan(ground: &Ground<'_>, question: &Question, on: &On<'_>) -> Result<Plan, ExplainError> {
    let dialect = on.dialect;
    let permit = ground.in_force.policy().permit(question.permit().as_str());
    let population = permit.map(|permit| &permit.population);
    let selection = Selection::of(ground.library, question, population, on.holding)?;
    let by_person = selection.is_by_person(by_person(ground.in_force.policy(), on.objections_changed));
    let sql = if by_person {
        let features = selection.features();
        selection.persons(&features).statement(dialect)?.explain(dialect)
    } else {
        let by = selection.by_features();
        selection.cells(&by).statement(dialect)?.explain(dialect)
    };
    let query = question.query();
    Ok(Plan {
        query: query.digest(),
        charged: question.charged(),
        features: reads(query, &selection),
        tables_of_persons: reach::tables_of_persons(query.sector()).to_vec(),
        cells: question.cells().len(),
        cells_in_all: query.cells_len(),
        by_person,
        sql,
    })
}

/// Every feature with its use: those of the query, then those by which the permit says whom it is about.
fn reads(query: &Query, selection: &Selection<'_>) -> Vec<Reads> {
    let of = |feature: &Feature, used| Reads {
        feature: feature.name.clone(),
        used,
        tables: reach::tables(feature, query.sector()),
        columns: reach::columns(feature).iter().map(|column| column.name).collect(),
    };
    let used = match query.kind() {
        Kind::Count => "",
        Kind::Sum { .. } | Kind::Mean { .. } => "added up",
        Kind::Histogram { .. } | Kind::Quantiles { .. } => "bins",
    };
    let number = query.kind().feature().map(|feature| of(feature, used));
    let by = query.by().iter().flat_map(|grouping| grouping.category.features());
    let by = by.map(|feature| of(feature, "category"));
    let mut asked: Vec<&Feature> = Vec::new();
    for condition in query.conditions() {
        if !asked.iter().any(|other| other.name == condition.feature.name) {
            asked.push(&condition.feature);
        }
    }
    let of_permit = selection.conditions().get(query.conditions().len()..).unwrap_or_default();
    let conditions = asked.into_iter().map(|feature| of(feature, "condition"));
    let population = of_permit.iter().map(|(feature, _)| of(feature, "the permit's population"));
    number.into_iter().chain(by).chain(conditions).chain(population).collect()
}
