//! How long a request bears with nodes that are away, and how often it tries again.
//!
//! A node may be away for the request's deadline each time it goes; who is away for longer is missing. What breaks again
//! and again while everybody is there ends too: tries are counted, and the pauses between them grow.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::Problem;

use crate::event::{Events, Phase};
use crate::failure::{Cause, Failure};
use crate::hub::{Absent, Hub};
use crate::limits::Limits;

/// Why a study came to no end of its own.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Nothing helps.
    Failed(Problem),
    /// These nodes are missing: it can be begun anew without them.
    Missing(Vec<NodeId>),
    /// It cannot go on, and another one can be begun with all who are there.
    Anew(Failure),
}

/// What one request bears.
pub(crate) struct Patience<'a> {
    pub(crate) hub: &'a Hub,
    pub(crate) limits: &'a Limits,
    pub(crate) events: &'a Events,
    /// How long a node may be away.
    pub(crate) deadline: Duration,
    /// From when on a node that was away before is waited for: when the request was taken up, or a little later.
    pub(crate) begin: Instant,
}

impl Patience<'_> {
    /// Waits until all of these nodes are connected, or those that are not have been away for longer than the deadline:
    /// gives them.
    pub(crate) async fn gather(&self, phase: Phase, nodes: &[NodeId]) -> Vec<NodeId> {
        self.wait(phase, nodes, |_, away| away.is_empty()).await
    }

    /// The tries of a step for which these nodes must be there.
    pub(crate) fn tries<'t>(&'t self, phase: Phase, nodes: &'t [NodeId]) -> Tries<'t> {
        Tries { patience: self, phase, nodes, losses: 0, timeouts: 0, furthest: 0 }
    }

    /// Waits until `enough` says so of the nodes that are gone, which is for longer than the deadline, and of those that
    /// are merely away. Gives those that are gone.
    async fn wait(
        &self,
        phase: Phase,
        nodes: &[NodeId],
        enough: impl Fn(&[Absent], &[Absent]) -> bool,
    ) -> Vec<NodeId> {
        let mut changes = self.hub.changes();
        let mut told = BTreeSet::new();
        loop {
            let now = Instant::now();
            let until = |absent: &Absent| absent.since + self.deadline;
            let absent = self.hub.absent(nodes, self.begin);
            let (gone, away): (Vec<_>, Vec<_>) = absent.into_iter().partition(|absent| until(absent) <= now);
            let next = away.iter().map(until).min();
            match next {
                Some(next) if !enough(&gone, &away) => {
                    for absent in away {
                        if told.insert(absent.node.clone()) {
                            tracing::warn!(node.id = %absent.node, deadline_s = self.deadline.as_secs(), "waiting for a node that is away");
                            self.events.away(phase, &absent.node);
                        }
                    }
                    changes.next_until(next).await;
                }
                _ => return gone.into_iter().map(|absent| absent.node).collect(),
            }
        }
    }
}

/// The tries of one step.
pub(crate) struct Tries<'a> {
    patience: &'a Patience<'a>,
    phase: Phase,
    nodes: &'a [NodeId],
    losses: u32,
    timeouts: u32,
    furthest: u64,
}

impl Tries<'_> {
    /// Takes note that the step has come so far; where that is further than before, what went wrong so far is forgiven.
    pub(crate) fn progressed(&mut self, done: u64) {
        if done > self.furthest {
            (self.furthest, self.losses, self.timeouts) = (done, 0, 0);
        }
    }

    /// Waits until the step may be tried again.
    ///
    /// # Errors
    /// [`Ended`] where it may not.
    pub(crate) async fn again(&mut self, failure: Failure) -> Result<(), Ended> {
        let limits = self.patience.limits;
        match failure.cause {
            Cause::Final => return Err(Ended::Failed(failure.problem)),
            Cause::Forgotten => return Err(Ended::Anew(failure)),
            Cause::TimedOut => self.timeouts += 1,
            Cause::Lost | Cause::Held | Cause::Behind => {}
        }
        self.losses += 1;
        if self.losses > limits.losses_max || self.timeouts > limits.timeouts_max {
            return Err(match failure.cause {
                Cause::Lost | Cause::TimedOut => Ended::Missing(vec![failure.node]),
                // Not this node's own doing, as far as can be told from here.
                _ => Ended::Failed(failure.problem),
            });
        }
        tracing::warn!(node.id = %failure.node, phase = self.phase.name(), reason = failure.problem.what, tries = self.losses, "a step is tried again");
        // Also where the connection broke: that it is gone is noticed a moment later.
        sleep(limits.pause(self.losses)).await;
        let gone = self.patience.wait(self.phase, self.nodes, |gone, _| !gone.is_empty()).await;
        if gone.is_empty() { Ok(()) } else { Err(Ended::Missing(gone)) }
    }
}

#[cfg(test)]
mod tests;
