//! The join: merged contributions to outcomes, outcomes to the responsible nodes, nothing kept.
//!
//! A person passes through as one group of records and leaves as one record to one node. What this file knows of
//! anyone is gone before the next group.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tvaers_definitions::model::{Model, Outcome};
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_protocol::id::{Digest, NodeId, Pseudonym};
use tvaers_protocol::message::{
    HandBackEnd, HandBackTotal, HandBacks, HandedBack, JoinCounts, Signed, StreamTotal,
};
use tvaers_protocol::record::{Contribution, HandBack, HandBackShape};
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_protocol::study::{Disclosure, Grain};

use crate::combine::{Combined, Combiner, Residence};
use crate::merge::{Merge, MergeError};

/// For a node to take the next frame of its hand-back.
const FRAME_TIME: Duration = Duration::from_secs(300);

/// For a node to write its work list.
const WORKLIST_TIME: Duration = Duration::from_secs(600);

/// Why a join stopped, and at which node.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JoinError {
    #[error(transparent)]
    Merge(#[from] MergeError),
    #[error("the hand-back to `{node}` failed: {fault}")]
    HandBack { node: NodeId, fault: ExchangeError },
}

impl JoinError {
    /// The node whose stream or hand-back it was.
    pub(crate) fn node(&self) -> &NodeId {
        match self {
            Self::Merge(error) => &error.node,
            Self::HandBack { node, .. } => node,
        }
    }
}

/// The way back to one node.
pub(crate) struct Return {
    node: NodeId,
    exchange: Exchange,
    shape: HandBackShape,
    frame: Vec<u8>,
    sequence: u32,
    records: u64,
    hash: Sha256,
    counts: JoinCounts,
}

impl Return {
    pub(crate) fn new(node: NodeId, exchange: Exchange, shape: HandBackShape) -> Self {
        let counts =
            JoinCounts { residents: 0, handed_back: 0, claimed_twice: 0, kommune_differs: 0, fell_back: 0 };
        Self {
            node,
            exchange,
            shape,
            frame: Vec::new(),
            sequence: 0,
            records: 0,
            hash: Sha256::new(),
            counts,
        }
    }

    async fn push(&mut self, record: &HandBack) -> Result<(), JoinError> {
        self.shape.write(record, &mut self.frame);
        self.records += 1;
        self.counts.handed_back += 1;
        if self.frame.len() >= self.shape.per_frame() * self.shape.size() {
            self.flush().await
        } else {
            Ok(())
        }
    }

    async fn flush(&mut self) -> Result<(), JoinError> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let records = std::mem::take(&mut self.frame);
        self.hash.update(&records);
        let message = HandBacks { sequence: self.sequence, records };
        self.sequence += 1;
        self.exchange.send(&message, FRAME_TIME).await.map_err(|fault| self.failed(fault))
    }

    fn failed(&self, fault: ExchangeError) -> JoinError {
        JoinError::HandBack { node: self.node.clone(), fault }
    }

    /// Says that all is handed back, and waits until the work list is written.
    pub(crate) async fn end(mut self, study: Digest, key: &SigningKey) -> Result<(), JoinError> {
        let digest = Digest(self.hash.clone().finalize().into());
        let stream = StreamTotal { node: self.node.clone(), records: self.records, digest };
        let total = HandBackTotal { stream, counts: self.counts.clone() };
        let end = HandBackEnd { total: Signed::new(total, Purpose::HandBack, study, key) };
        let written: Result<HandedBack, _> = self.exchange.ask(&end, WORKLIST_TIME).await;
        written.map(|_| ()).map_err(|fault| self.failed(fault))
    }
}

/// What the join needs to know of the study.
pub(crate) struct Join<'a> {
    pub(crate) model: &'a Model,
    pub(crate) grain: Grain,
    pub(crate) disclosure: Disclosure,
    pub(crate) combiner: Combiner<'a>,
    /// The way back to each source, by the source's index; none for regions.
    pub(crate) returns: Vec<Option<Return>>,
}

impl Join<'_> {
    /// Joins all that the merge gives; what is left are the ways back, to be ended.
    pub(crate) async fn run(mut self, mut merge: Merge) -> Result<Vec<Return>, JoinError> {
        let mut group: Vec<(usize, Contribution)> = Vec::new();
        while merge.next(&mut group).await? {
            self.person(&group).await?;
        }
        let mut returns: Vec<Return> = self.returns.into_iter().flatten().collect();
        for way in &mut returns {
            way.flush().await?;
        }
        Ok(returns)
    }

    async fn person(&mut self, group: &[(usize, Contribution)]) -> Result<(), JoinError> {
        let Some((_, first)) = group.first() else { return Ok(()) };
        let combined = self.combiner.combine(group);
        let (source, eligible) = match combined.residence {
            Residence::None => return Ok(()),
            Residence::At { source, eligible } => (source, eligible),
            Residence::Disputed => {
                for (source, _) in group.iter().filter(|(_, contribution)| contribution.resident) {
                    if let Some(way) = self.returns.get_mut(*source).and_then(Option::as_mut) {
                        way.counts.claimed_twice += 1;
                    }
                }
                return Ok(());
            }
        };
        let outcome = self.model.outcome(&combined.values, self.grain);
        let Some(way) = self.returns.get_mut(source).and_then(Option::as_mut) else { return Ok(()) };
        way.counts.residents += 1;
        way.counts.kommune_differs += u64::from(combined.kommune_differs);
        if !eligible || outcome.excluded {
            return Ok(());
        }
        way.counts.fell_back += u64::from(!combined.fell_back.is_empty());
        let record = disclosed(first.pseudonym, &combined, outcome, self.disclosure);
        way.push(&record).await
    }
}

/// What the policy lets the responsible node know; the rest is zero.
fn disclosed(
    pseudonym: Pseudonym,
    combined: &Combined,
    outcome: Outcome,
    disclosure: Disclosure,
) -> HandBack {
    let at_least = |level| disclosure >= level;
    HandBack {
        pseudonym,
        included: outcome.included,
        complete: combined.fell_back.is_empty(),
        stratum: if at_least(Disclosure::Stratum) {
            u8::try_from(outcome.stratum).unwrap_or(u8::MAX)
        } else {
            0
        },
        total: if at_least(Disclosure::Total) { outcome.total } else { 0 },
        items: if at_least(Disclosure::Items) { outcome.items } else { Vec::new() },
    }
}
