//! What is told of a query that has been answered. The answers themselves are results.

use serde::{Deserialize, Serialize};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};

use crate::answer::Coverage;
use crate::request::RequestId;

/// A query that has been answered, perhaps without some nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// The request, by which these very results are found: another of the same name may be newer.
    pub request: RequestId,
    /// The query's name.
    pub name: String,
    /// How many results there are.
    pub results: u32,
    /// Who was asked, answered, refused and is missing, of the last result.
    pub coverage: Coverage,
    /// What went wrong at nodes that are counted as missing although they are connected.
    pub failed: Vec<Problem>,
}

impl Answered {
    /// The exit code: 3 where a node refused, 4 where one is missing and that is not allowed.
    #[must_use]
    pub fn exit(&self, allow_missing: bool) -> Exit {
        match (self.coverage.refused.is_empty(), self.coverage.missing.is_empty() || allow_missing) {
            (false, _) => Exit::Refused,
            (true, false) => Exit::Incomplete,
            (true, true) => Exit::Done,
        }
    }

    /// What a person is told of nodes that refused or are missing; none where that is nobody's problem.
    #[must_use]
    pub fn problem(&self, allow_missing: bool) -> Option<Problem> {
        match self.exit(allow_missing) {
            Exit::Refused => self.refused(),
            Exit::Incomplete => Some(self.missing()),
            _ => None,
        }
    }

    /// Every rule of every node that refused, and what mends the first.
    fn refused(&self) -> Option<Problem> {
        let refused = &self.coverage.refused;
        let first = refused.iter().find_map(|node| node.rules.first())?;
        let told = refused.iter().map(|node| {
            let rules = node.rules.iter().map(|rule| format!("{} ({})", rule.what, rule.code));
            format!("`{}` refuses: {}", node.node, rules.collect::<Vec<_>>().join(" "))
        });
        let what = told.collect::<Vec<_>>().join("; ");
        let nodes = names(refused.iter().map(|node| &node.node));
        let problem = Problem::new(Exit::Refused, &first.code, what)
            .at(format_args!("query {}, node {nodes}", self.name))
            .next(&first.next);
        Some(if first.allowed.is_empty() { problem } else { problem.expected(&first.allowed) })
    }

    fn missing(&self) -> Problem {
        let missing = names(self.coverage.missing.iter());
        let failed: Vec<&str> = self.failed.iter().map(|problem| problem.what.as_str()).collect();
        let why = if failed.is_empty() { String::new() } else { format!(": {}", failed.join("; ")) };
        let what = format_args!("{missing} did not answer{why}");
        Problem::new(Exit::Incomplete, "query.missing", what)
            .at(format_args!("query {}, node {missing}", self.name))
            .expected("every node that the query is for, or --allow-missing")
            .next("ask its IT to look at `tvaers-node check` and its log, then ask again: nothing is charged twice")
    }
}

fn names<'a>(nodes: impl Iterator<Item = &'a NodeId>) -> String {
    nodes.map(NodeId::as_str).collect::<Vec<_>>().join(", ")
}
