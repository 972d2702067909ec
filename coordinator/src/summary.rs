//! What is told of a request that has come to an end. Nothing in it is a count of persons: counts that are not noised
//! stay at the nodes.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tvaers_definitions::model::Model;
use tvaers_protocol::id::{NodeId, Sector};
use tvaers_protocol::message::TablesTerms;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_protocol::study::{Grain, Manifest, RunId};

use crate::answer::Answer;
use crate::query::Answered;

/// What is told about a stratification that has been carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The run's random name.
    pub run: RunId,
    /// The model and its version.
    pub model: String,
    /// The reference date.
    pub as_of: Date,
    /// The grain that all nodes granted.
    pub grain: Grain,
    /// Who took part.
    pub nodes: Vec<NodeId>,
    /// Members that did not: they did not come in time, or stayed away. Where the model's rules span nodes, everybody is
    /// marked incomplete for it.
    pub missing: Vec<NodeId>,
    /// Municipalities that took part and stayed away before they confirmed their work lists: theirs may not be written.
    pub unconfirmed: Vec<NodeId>,
    /// Which data each of them answered from.
    pub data: Vec<NodeData>,
    /// How many key holders evaluated each pseudonym, and of how many.
    pub quorum: (u16, u16),
    /// The last day on which the key is kept for later runs; none where it is erased with the run.
    #[serde(default)]
    pub key_until: Option<Date>,
    /// Rules that span several nodes and for which the stated fall-back is used at this grain.
    pub falls_back: Vec<FallsBack>,
    /// Where the work lists are; nowhere where none were asked for.
    pub worklists: Vec<NodeId>,
    /// The released tables; none where none were asked for.
    #[serde(default)]
    pub tables: Option<Answer>,
}

/// The data that a node answered from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeData {
    /// The node.
    pub node: NodeId,
    /// The number of its import.
    pub import: u32,
    /// The day on which its source systems were read.
    pub extracted_on: Date,
    /// Rows that the import set aside.
    pub rejected_rows: u64,
    /// Whether the node's policy is a laboratory's.
    #[serde(default)]
    pub laboratory: bool,
    /// On what terms it lets tables be released; none where none were asked for.
    #[serde(default)]
    pub tables: Option<TablesTerms>,
}

/// A rule that spans several nodes and falls back at the study's grain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FallsBack {
    /// The model's touch group, such as `spells`.
    pub group: String,
    /// The sector whose nodes it spans.
    pub sector: Sector,
    /// The criteria that it touches, by name.
    pub criteria: Vec<String>,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "there is one a request")]
pub enum Outcome {
    /// A stratification was carried out, perhaps without some nodes.
    Done(Summary),
    /// A query was answered, perhaps without some nodes; the answers are results of their own.
    Answered(Answered),
    /// It failed, with the exit code that goes with it.
    Failed(Problem, Exit),
}

impl Outcome {
    /// The outcome of what came of a request.
    #[must_use]
    pub fn of(result: &Result<Summary, Problem>) -> Self {
        match result {
            Ok(summary) => Self::Done(summary.clone()),
            Err(problem) => Self::failed(problem.clone()),
        }
    }

    /// The outcome of a request that failed.
    #[must_use]
    pub fn failed(problem: Problem) -> Self {
        let exit = problem.exit;
        Self::Failed(problem, exit)
    }

    /// What came of the request.
    ///
    /// # Errors
    /// The problem, where it failed.
    pub fn into_result(self) -> Result<Summary, Problem> {
        match self {
            Self::Done(summary) => Ok(summary),
            Self::Answered(_) => Err(Problem::new(Exit::Failed, "request.kind", "the request was a query")),
            // A problem's exit code does not travel in it.
            Self::Failed(problem, exit) => Err(Problem { exit, ..problem }),
        }
    }
}

impl Summary {
    pub(crate) fn new(
        roster: &VerifiedRoster,
        manifest: &Manifest,
        model: &Model,
        data: Vec<NodeData>,
        unconfirmed: Vec<NodeId>,
        tables: Option<Answer>,
    ) -> Self {
        let nodes: Vec<NodeId> =
            manifest.participants.iter().map(|participant| participant.node.clone()).collect();
        let has_list = |id: &&NodeId| {
            let sector = roster.member(id).map(|member| member.sector);
            let wanted = manifest.request.content.list.is_some();
            wanted && sector == Some(Sector::Municipality) && !unconfirmed.contains(id)
        };
        Self {
            run: manifest.run,
            model: format!("{} version {}", model.name, model.version),
            as_of: manifest.as_of,
            grain: manifest.grain,
            missing: manifest.missing(roster).into_iter().map(|member| member.id.clone()).collect(),
            data,
            quorum: (manifest.threshold, u16::try_from(manifest.staying().count()).unwrap_or(u16::MAX)),
            key_until: manifest.request.content.series.map(|series| series.until),
            falls_back: falls_back(model, manifest.grain),
            worklists: nodes.iter().filter(has_list).cloned().collect(),
            tables,
            unconfirmed,
            nodes,
        }
    }

    /// The exit code: 4 where a node is missing and that is not allowed.
    #[must_use]
    pub fn exit(&self, allow_missing: bool) -> Exit {
        let all = self.missing.is_empty() && self.unconfirmed.is_empty();
        if all || allow_missing { Exit::Done } else { Exit::Incomplete }
    }

    /// What a person is told of the nodes that are missing; none where that is nobody's problem.
    #[must_use]
    pub fn problem(&self, allow_missing: bool) -> Option<Problem> {
        if self.exit(allow_missing) == Exit::Done {
            return None;
        }
        let (missing, unconfirmed) = (names(&self.missing), names(&self.unconfirmed));
        let mut parts = Vec::new();
        if !self.missing.is_empty() {
            parts.push(format!(
                "{missing} did not take part; what can be said without is done, and marked incomplete"
            ));
        }
        if !self.unconfirmed.is_empty() {
            parts.push(format!(
                "{unconfirmed} stayed away before confirming the work list, which may not be written"
            ));
        }
        let all: Vec<NodeId> = self.missing.iter().chain(&self.unconfirmed).cloned().collect();
        Some(
            Problem::new(Exit::Incomplete, "stratify.missing", parts.join("; "))
                .at(format_args!("node {}", names(&all)))
                .expected("every member of the federation, or --allow-missing")
                .next("ask its IT to look at `tvaers-node check` and its log, then start again"),
        )
    }
}

fn names(nodes: &[NodeId]) -> String {
    nodes.iter().map(NodeId::as_str).collect::<Vec<_>>().join(", ")
}

fn falls_back(model: &Model, grain: Grain) -> Vec<FallsBack> {
    let groups = model.falling_back_groups(grain);
    let falling = model.touches.iter().enumerate().filter(|(group, _)| groups & (1 << group) != 0);
    let one = |(group, touch): (usize, &tvaers_definitions::model::Touch)| {
        let is_of_group = |index: &usize| model.components_of(group).any(|(other, _)| other == *index);
        let touched = model.criteria.iter().filter(|criterion| criterion.components.iter().any(is_of_group));
        FallsBack {
            group: touch.group.clone(),
            sector: touch.sector,
            criteria: touched.map(|criterion| criterion.name.clone()).collect(),
        }
    };
    falling.map(one).collect()
}

#[cfg(test)]
mod tests {
    use tvaers_definitions::library::Library;

    use super::*;

    #[test]
    fn a_rule_that_falls_back_names_its_criteria_and_one_that_is_joined_does_not_fall_back() {
        let library = Library::embedded().unwrap();
        let sad = library.model("sad").unwrap();
        let at = |grain| {
            let named = falls_back(sad, grain).into_iter();
            named
                .map(|rule| format!("{} {}: {}", rule.sector, rule.group, rule.criteria.join(" ")))
                .collect::<Vec<_>>()
        };
        assert_eq!(at(Grain::Points), ["municipality spells: repeat last", "region gp: gp"]);
        assert_eq!(at(Grain::Counts), ["municipality spells: repeat last"]);
        assert!(at(Grain::Events).is_empty());
    }

    #[test]
    fn a_missing_node_is_exit_4_unless_it_is_allowed() {
        let node = |name| NodeId::new(name).unwrap();
        let whole = Summary {
            run: RunId([1; 16]),
            model: "sad version 1".to_owned(),
            as_of: jiff::civil::date(2026, 2, 28),
            grain: Grain::Counts,
            nodes: vec![node("k360")],
            missing: Vec::new(),
            unconfirmed: Vec::new(),
            data: Vec::new(),
            quorum: (2, 3),
            key_until: None,
            falls_back: Vec::new(),
            worklists: vec![node("k360")],
            tables: None,
        };
        assert_eq!((whole.exit(false), whole.problem(false)), (Exit::Done, None));
        let missing = Summary { missing: vec![node("region_1085")], ..whole.clone() };
        assert_eq!((missing.exit(false), missing.exit(true)), (Exit::Incomplete, Exit::Done));
        assert_eq!(missing.problem(true), None);
        let problem = missing.problem(false).unwrap();
        assert_eq!((problem.exit, problem.place.as_str()), (Exit::Incomplete, "node region_1085"));
        let unconfirmed = Summary { unconfirmed: vec![node("k360")], ..whole };
        assert!(unconfirmed.problem(false).unwrap().what.contains("may not be written"));
    }

    #[test]
    fn an_outcome_keeps_its_exit_code_in_json() {
        let failed: Result<Summary, Problem> = Err(Problem::new(Exit::Refused, "node.refused", "refused"));
        let json = serde_json::to_string(&Outcome::of(&failed)).unwrap();
        let back: Outcome = serde_json::from_str(&json).unwrap();
        assert_eq!(back.into_result().unwrap_err().exit, Exit::Refused);
    }
}
