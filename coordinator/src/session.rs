//! One study as the coordinator runs it: the manifest, and asking its nodes.

use std::time::Duration;

use futures_util::future::try_join_all;
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::Message;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::study::Manifest;

use crate::coordinator::Coordinator;

/// A study under way.
pub(crate) struct Session<'a> {
    coordinator: &'a Coordinator,
    manifest: Manifest,
    digest: Digest,
}

impl<'a> Session<'a> {
    pub(crate) fn new(coordinator: &'a Coordinator, manifest: Manifest) -> Self {
        Self { coordinator, digest: manifest.digest(), manifest }
    }

    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(crate) fn digest(&self) -> Digest {
        self.digest
    }

    /// All participants, in the manifest's order.
    pub(crate) fn nodes(&self) -> Vec<NodeId> {
        self.manifest.participants.iter().map(|participant| participant.node.clone()).collect()
    }

    /// Opens an exchange of this study with a node.
    pub(crate) async fn exchange(&self, node: &NodeId) -> Result<Exchange, Problem> {
        open(self.coordinator, node, self.digest).await
    }

    /// Asks every node at the same time; answers come in the order of `nodes`. The first failure ends it.
    pub(crate) async fn ask_all<Q: Message, A: Message>(
        &self,
        nodes: &[NodeId],
        question: impl Fn(&NodeId) -> Q,
        wait: Duration,
    ) -> Result<Vec<A>, Problem> {
        ask_all(self.coordinator, nodes, self.digest, question, wait).await
    }
}

/// Opens an exchange with a node, within a study or outside any.
pub(crate) async fn open(
    coordinator: &Coordinator,
    node: &NodeId,
    study: Digest,
) -> Result<Exchange, Problem> {
    let link = coordinator.hub().link(node).ok_or_else(|| lost(node))?;
    Exchange::open(&*link, coordinator.roster().digest(), study).await.map_err(|error| failed(node, &error))
}

/// Asks every node the same kind of question at the same time.
pub(crate) async fn ask_all<Q: Message, A: Message>(
    coordinator: &Coordinator,
    nodes: &[NodeId],
    study: Digest,
    question: impl Fn(&NodeId) -> Q,
    wait: Duration,
) -> Result<Vec<A>, Problem> {
    let asked = nodes.iter().map(|node| {
        let question = question(node);
        async move {
            let mut exchange = open(coordinator, node, study).await?;
            exchange.ask(&question, wait).await.map_err(|error| failed(node, &error))
        }
    });
    try_join_all(asked).await
}

/// A node that is not connected.
pub(crate) fn lost(node: &NodeId) -> Problem {
    Problem::new(Exit::Incomplete, "node.missing", format!("`{node}` is not connected"))
        .at(format!("node {node}"))
        .expected("every node that the study needs")
        .next("ask its IT to look at `tvaers-node check` and its log, then start again")
}

/// The exit code that goes with a node's failure.
pub(crate) const fn exit(error: &ExchangeError) -> Exit {
    match error {
        ExchangeError::Refused(
            RejectCode::PolicyRefused | RejectCode::QuotaExceeded | RejectCode::NotMadeUp,
        ) => Exit::Refused,
        ExchangeError::Refused(RejectCode::AsOfAfterExtract | RejectCode::UnknownModel) => Exit::BadInput,
        // A node that could not reach another one.
        ExchangeError::Refused(RejectCode::Unreachable | RejectCode::TimedOut) => Exit::Incomplete,
        ExchangeError::Refused(_) => Exit::Failed,
        ExchangeError::Link(_) | ExchangeError::Stream(_) => Exit::Incomplete,
    }
}

/// What a node's failure means for the person who asked.
pub(crate) fn failed(node: &NodeId, error: &ExchangeError) -> Problem {
    let exit = exit(error);
    let code = match exit {
        Exit::BadInput => "node.cannot-answer",
        Exit::Incomplete => "node.lost",
        _ => "node.refused",
    };
    Problem::new(exit, code, format!("`{node}`: {error}"))
        .at(format!("node {node}"))
        .next(format!("the reason stands in the log of `{node}`; it is not told to others"))
}
