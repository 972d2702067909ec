//! Runs under one key: from which epoch of it the next run goes on, who stays, who has lost a share; and the end.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{Prepared, SeriesHeld};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::study::Follows;

use crate::coordinator::Coordinator;
use crate::request::RequestId;

/// From where a run goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// What stands in the manifest.
    pub(crate) follows: Follows,
    /// The holders of the series, whether they stay or not.
    pub(crate) holders: Vec<NodeId>,
}

/// What one epoch has among the nodes that are here.
struct Candidate {
    epoch: u32,
    keys: Digest,
    have: BTreeSet<u16>,
    lost: BTreeSet<u16>,
}

/// Chooses the epoch that most of the holders have, the newest among those, so that nobody is left out who need not be: a
/// holder that has not heard of the end of the last run has the epoch before it alone. Who has its keys and no share is
/// given it again, as long as `threshold` others have theirs.
///
/// # Errors
/// [`Problem`] where nodes have different series under the name, or too few have shares of one epoch.
pub(crate) fn base(
    first: Digest,
    threshold: u16,
    of_roster: &[NodeId],
    nodes: &[NodeId],
    prepared: &[Prepared],
) -> Result<Base, Problem> {
    let held: Vec<(&NodeId, &SeriesHeld)> = nodes
        .iter()
        .zip(prepared)
        .filter_map(|(node, prepared)| Some((node, prepared.series.as_ref()?)))
        .collect();
    let Some((_, any)) = held.first() else { return Err(too_few(threshold, 0, &[])) };
    if let Some((node, _)) = held.iter().find(|(_, held)| held.first != first || held.holders != any.holders)
    {
        return Err(Problem::new(
            Exit::Failed,
            "series.other",
            format_args!("`{node}` has another series under this run"),
        )
        .at(format_args!("node {node}"))
        .expected("the series that the other nodes have")
        .next("ask its IT to look at `tvaers-node series list`, or begin a new series"));
    }
    let candidates = candidates(&held, of_roster);
    let most =
        candidates.iter().map(|candidate| candidate.have.len() - candidate.lost.len()).max().unwrap_or(0);
    let usable = candidates
        .into_iter()
        .filter(|candidate| candidate.have.len() - candidate.lost.len() >= usize::from(threshold));
    let best = usable.max_by_key(|candidate| (candidate.have.len(), candidate.epoch, candidate.keys));
    let Some(best) = best else { return Err(too_few(threshold, most, &any.holders)) };
    let indices = (1..).take(any.holders.len());
    Ok(Base {
        follows: Follows {
            first,
            before: best.keys,
            left_out: indices.filter(|index| !best.have.contains(index)).collect(),
            lost: best.lost.into_iter().collect(),
        },
        holders: any.holders.clone(),
    })
}

fn candidates(held: &[(&NodeId, &SeriesHeld)], of_roster: &[NodeId]) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for (node, held) in held {
        let position = held.holders.iter().position(|holder| holder == *node);
        let index = position.and_then(|position| u16::try_from(position + 1).ok());
        let Some(index) = index.filter(|_| of_roster.contains(node)) else { continue };
        for epoch in held.epochs.iter().filter(|epoch| epoch.holders.contains(&index)) {
            let known = candidates.iter().position(|candidate| candidate.keys == epoch.keys);
            let at = known.unwrap_or_else(|| {
                let (have, lost) = (BTreeSet::new(), BTreeSet::new());
                candidates.push(Candidate { epoch: epoch.epoch, keys: epoch.keys, have, lost });
                candidates.len() - 1
            });
            let Some(candidate) = candidates.get_mut(at) else { continue };
            candidate.have.insert(index);
            if !epoch.has_share {
                candidate.lost.insert(index);
            }
        }
    }
    candidates
}

fn too_few(threshold: u16, most: usize, holders: &[NodeId]) -> Problem {
    let names: Vec<&str> = holders.iter().map(NodeId::as_str).collect();
    let what = format_args!(
        "{most} key holders of the series are there with a share of one epoch, and {threshold} must work together; nothing was made"
    );
    let problem = Problem::new(Exit::Incomplete, "series.too-few", what)
        .expected("its holders, connected, with what they keep of it")
        .next("ask their IT to look at `tvaers-node series list`; where shares are lost for good, begin a new series");
    if names.is_empty() { problem } else { problem.at(format_args!("node {}", names.join(", "))) }
}

/// What came of the end of a series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The nodes that have erased what they kept.
    pub erased: Vec<NodeId>,
    /// Those that could not be told yet: they are when they connect, and erase it by themselves after its last day.
    pub away: Vec<NodeId>,
}

/// Ends the series of a run: every node that took part erases its shares and pseudonyms.
///
/// # Errors
/// [`Problem`] where there is no such run, or it is of no series.
pub async fn end(coordinator: &Coordinator, run: &RequestId) -> Result<Ended, Problem> {
    let state = |error| Problem::from_error(Exit::Failed, "state", &error);
    // No run of it is begun meanwhile, and one that is under way comes to its end first.
    let _turn = coordinator.turn.lock().await;
    let now = coordinator.clock().now();
    let Some((first, nodes)) = coordinator.state().end_series(run.as_str(), now).await.map_err(state)? else {
        return Err(Problem::new(
            Exit::BadInput,
            "series.unknown",
            format_args!("there is no series with a run `{run}`"),
        )
        .expected("a run that was asked with --keep-key-until; `tvaers study list` shows all runs")
        .next("name such a run; the key of any other is erased already"));
    };
    tracing::info!(series.first = %first, "a series is closed");
    let told = join_all(nodes.iter().map(|node| coordinator.close_series_at(first, node))).await;
    let (mut erased, mut away) = (Vec::new(), Vec::new());
    let left = coordinator.state();
    for (node, told) in nodes.into_iter().zip(told) {
        let is_left = !told && left.unclosed_series(&node).await.map_err(state)?.contains(&first);
        if is_left { away.push(node) } else { erased.push(node) }
    }
    Ok(Ended { erased, away })
}

#[cfg(test)]
mod tests;
