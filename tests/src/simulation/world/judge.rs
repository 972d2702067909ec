//! What must hold after a run: its end, every list, and what is kept of persons.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use jiff::civil::Date;
use tvaers_coordinator::stratify::Summary;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::Problem;
use tvaers_protocol::study::Grain;

use super::{AllFiles, World, id};
use crate::leak::Needles;
use crate::simulation::expect::{self, Files, Question};
use crate::simulation::plan::{NODES, QUORUM};

/// Runs between two looks at what the coordinator keeps, each of which goes through all of its files.
const LEAK_EVERY: u64 = 25;

impl World {
    /// Whether the run's end is one that it may have had.
    pub(super) fn judge(
        &mut self,
        model: &str,
        as_of: Date,
        grain: Grain,
        ended: &Result<Summary, Problem>,
        is_disturbed: bool,
    ) -> anyhow::Result<()> {
        let mut all = BTreeSet::new();
        for node in NODES {
            all.insert(id(node)?);
        }
        let summary = match ended {
            Err(problem) => {
                self.report.failed += 1;
                let is_enough = self.up.len() >= QUORUM && self.up.iter().any(|node| node.starts_with('k'));
                ensure!(is_disturbed || !is_enough, "failed without any fault: {problem}");
                return Ok(());
            }
            Ok(summary) => summary,
        };
        let nodes: BTreeSet<NodeId> = summary.nodes.iter().cloned().collect();
        let missing: BTreeSet<NodeId> = summary.missing.iter().cloned().collect();
        ensure!(
            nodes.is_disjoint(&missing) && &nodes | &missing == all,
            "the summary does not account for everyone"
        );
        ensure!(
            summary.as_of == as_of && summary.model.starts_with(model),
            "the summary is of another request"
        );
        ensure!(summary.grain <= grain, "a finer grain than was asked");
        if !is_disturbed {
            ensure!(
                summary.grain == grain && summary.unconfirmed.is_empty(),
                "not as asked without any fault"
            );
            let is_up = |node: &NodeId| self.up.iter().any(|up| *up == node.as_str());
            ensure!(nodes.iter().all(is_up) && !missing.iter().any(is_up), "someone is missing who is there");
        }
        if missing.is_empty() && summary.unconfirmed.is_empty() {
            self.report.complete += 1;
        } else {
            self.report.incomplete += 1;
        }
        Ok(())
    }

    /// Every file is either as it was, or what one of the run's studies must have written, and the summary says which.
    pub(super) fn compare(
        &mut self,
        model: &'static str,
        as_of: Date,
        ended: &Result<Summary, Problem>,
        before: &AllFiles,
    ) -> anyhow::Result<()> {
        let proposals = self.tap.proposals();
        let after = self.files()?;
        for ((of_model, node), found) in &after {
            let was = before.get(&(*of_model, node.clone()));
            let is_listed = ended.as_ref().is_ok_and(|summary| summary.worklists.contains(node));
            if *of_model != model {
                ensure!(Some(found) == was, "{node}: the list of another model has changed");
                continue;
            }
            let last = ended.as_ref().ok().filter(|_| is_listed);
            let is_possible = |nodes: &BTreeSet<NodeId>, grain| match last {
                Some(summary) => summary.nodes.iter().eq(nodes) && summary.grain == grain,
                None => true,
            };
            let mut is_right = !is_listed && Some(found) == was;
            let mut tried = Vec::new();
            for proposal in proposals.iter().filter(|proposal| proposal.nodes.contains(node)) {
                if is_right || !is_possible(&proposal.nodes, proposal.grain) {
                    continue;
                }
                // What a list holds that is to hold less is not compared: only a fault brings it about.
                if !proposal.is_full {
                    is_right = true;
                    continue;
                }
                let (nodes, grain) = (proposal.nodes.clone(), proposal.grain);
                let expected = self.expected(Question { model, as_of, grain, nodes })?;
                let expected = expected.get(node).context("no list is expected")?;
                is_right = found == expected;
                if !is_right {
                    tried.push(difference(expected, found));
                }
                self.report.lists += 1;
            }
            ensure!(
                is_right,
                "{node}: a wrong list of {model} ({} studies; listed: {is_listed}; as before: {}): {}",
                proposals.len(),
                Some(found) == was,
                tried.join("; ")
            );
        }
        Ok(())
    }

    fn expected(&mut self, question: Question) -> anyhow::Result<&BTreeMap<NodeId, Files>> {
        if !self.expected.contains_key(&question) {
            let files = expect::files(&self.federation.data(), &question)?;
            self.expected.insert(question.clone(), files);
        }
        self.expected.get(&question).context("it was just worked out")
    }

    pub(super) fn look_for_leaks(&mut self, ended: &Result<Summary, Problem>) -> anyhow::Result<()> {
        let told = match ended {
            Ok(summary) => serde_json::to_string(summary)?,
            Err(problem) => problem.to_string(),
        };
        ensure!(self.persons.count(told.as_bytes()) == 0, "a client is told a person's number");
        if !self.runs.is_multiple_of(LEAK_EVERY) {
            return Ok(());
        }
        let pseudonyms = self.tap.take_pseudonyms();
        let home = self.federation.coordinator_home();
        for needles in [&self.persons, &Needles::pseudonyms(&pseudonyms)] {
            let found = needles.files(home.dir(), |_| false)?;
            ensure!(found.is_empty(), "the coordinator keeps something about a person");
        }
        Ok(())
    }
}

/// Where two files differ, without a number of anybody.
fn difference(expected: &Files, found: &Files) -> String {
    let without = |line: Option<&str>| {
        line.and_then(|line| line.split_once(',')).map_or("nothing".to_owned(), |(_, rest)| rest.to_owned())
    };
    for (name, expected, found) in
        [("list", &expected.list, &found.list), ("incomplete", &expected.incomplete, &found.incomplete)]
    {
        let (Some(expected), Some(found)) = (expected, found) else {
            if expected.is_some() != found.is_some() {
                return format!("{name}: there: {}", found.is_some());
            }
            continue;
        };
        let lines = expected.lines().count().max(found.lines().count());
        for at in 0..lines {
            let (expected, found) = (expected.lines().nth(at), found.lines().nth(at));
            if expected != found {
                return format!("{name} line {at}: {} and not {}", without(found), without(expected));
            }
        }
    }
    "nothing".to_owned()
}
