//! One study as the coordinator runs it: the manifest, and asking its nodes.

use std::time::Duration;

use futures_util::future::join_all;
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_protocol::frame::Kind;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{Declined, Message, Prepare, Prepared};
use tvaers_protocol::study::Manifest;

use crate::coordinator::Coordinator;
use crate::failure::Failure;

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

    pub(crate) fn coordinator(&self) -> &'a Coordinator {
        self.coordinator
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
    pub(crate) async fn exchange(&self, node: &NodeId) -> Result<Exchange, Failure> {
        let link = self.coordinator.hub().link(node).ok_or_else(|| Failure::absent(node))?;
        let exchange = Exchange::open(&*link, self.coordinator.roster().digest(), self.digest).await;
        exchange.map_err(|error| self.failure(node, error))
    }

    /// Opens an exchange with a question whose answer is more than one message.
    pub(crate) async fn begin<Q: Message>(&self, node: &NodeId, question: &Q) -> Result<Exchange, Failure> {
        let mut exchange = self.exchange(node).await?;
        let sent = exchange.send(question, self.coordinator.limits().prompt).await;
        sent.map_err(|error| self.failure(node, error))?;
        Ok(exchange)
    }

    /// What it means that a node did not answer as it must. Only holders can be blamed, and nobody for oneself.
    pub(crate) fn failure(&self, node: &NodeId, error: ExchangeError) -> Failure {
        let error = match error {
            ExchangeError::Blamed { holder, code }
                if holder == *node || !self.manifest.holders.contains(&holder) =>
            {
                ExchangeError::Refused(code)
            }
            error => error,
        };
        Failure::within(node, &error)
    }

    /// Asks a node.
    pub(crate) async fn ask<Q: Message, A: Message>(
        &self,
        node: &NodeId,
        question: &Q,
        wait: Duration,
    ) -> Result<A, Failure> {
        let mut exchange = self.exchange(node).await?;
        exchange.ask(question, wait).await.map_err(|error| self.failure(node, error))
    }

    /// Asks every node at the same time; answers come in the order of `nodes`. Where some
    /// fail, a failure that names whose fault it is tells more than those of nodes that were merely stopped by it.
    pub(crate) async fn ask_all<Q: Message, A: Message>(
        &self,
        nodes: &[NodeId],
        question: impl Fn(&NodeId) -> Q,
        wait: Duration,
    ) -> Result<Vec<A>, Failure> {
        let asked = nodes.iter().map(|node| {
            let question = question(node);
            async move { self.ask(node, &question, wait).await }
        });
        let mut answers = join_all(asked).await;
        let blame = |answer: &Result<A, Failure>| matches!(answer, Err(failure) if failure.is_blame());
        if let Some(at) = answers.iter().position(blame) {
            answers.swap(0, at);
        }
        answers.into_iter().collect()
    }
}

/// Asks a node what it could contribute: it says so, or which rules keep it from that.
pub(crate) async fn prepare(
    coordinator: &Coordinator,
    node: &NodeId,
    question: &Prepare,
) -> Result<Result<Prepared, Declined>, Failure> {
    let link = coordinator.hub().link(node).ok_or_else(|| Failure::absent(node))?;
    let answer = async {
        let mut exchange = Exchange::open(&*link, coordinator.roster().digest(), Digest::NONE).await?;
        exchange.send(question, coordinator.limits().prompt).await?;
        let frame = exchange.frame(coordinator.limits().work).await?;
        Ok(match frame.kind() {
            Kind::Declined => Err(frame.message()?),
            _ => Ok(frame.message()?),
        })
    };
    answer.await.map_err(|error: ExchangeError| Failure::outside(node, &error))
}

/// Asks a node outside any study.
pub(crate) async fn ask_outside<Q: Message, A: Message>(
    coordinator: &Coordinator,
    node: &NodeId,
    question: &Q,
    wait: Duration,
) -> Result<A, Failure> {
    let link = coordinator.hub().link(node).ok_or_else(|| Failure::absent(node))?;
    let answer = async {
        let mut exchange = Exchange::open(&*link, coordinator.roster().digest(), Digest::NONE).await?;
        exchange.ask(question, wait).await
    };
    answer.await.map_err(|error: ExchangeError| Failure::outside(node, &error))
}
