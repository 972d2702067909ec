//! The k-way merge of the nodes' sorted streams: one decoded frame a node is held, never a table.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_protocol::frame::{FrameError, Kind};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{Contributions, ContributionsEnd, StreamTotal};
use tvaers_protocol::record::{Ascending, Contribution, ContributionShape, RecordError};
use tvaers_protocol::sign::{Purpose, VerifyingKey};

/// For a node to send its next frame.
const FRAME_TIME: Duration = Duration::from_secs(300);

/// Why a node's stream cannot be merged. It names no record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamFault {
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("frame {found} of the stream came where frame {expected} must")]
    Sequence { expected: u32, found: u32 },
    #[error("the stream has more records than the study allows the node")]
    BeyondQuota,
    #[error("the stream's end is not signed by the node")]
    Unsigned,
    #[error("the stream is not what the node signed")]
    OtherTotal,
}

impl From<FrameError> for StreamFault {
    fn from(error: FrameError) -> Self {
        Self::Exchange(error.into())
    }
}

/// What a node's stream must be.
pub(crate) struct Expected {
    /// Whose it is.
    pub(crate) node: NodeId,
    /// The key that signs its end.
    pub(crate) key: VerifyingKey,
    /// The study's shape of records.
    pub(crate) shape: ContributionShape,
    /// What the node's sector fills of it; the rest is padding.
    pub(crate) own: ContributionShape,
    /// The most records that it may have: the evaluations that the manifest allows.
    pub(crate) quota: u32,
}

/// One node's stream of contributions.
pub(crate) struct Source {
    node: NodeId,
    key: VerifyingKey,
    study: Digest,
    shape: ContributionShape,
    own: ContributionShape,
    quota: u32,
    exchange: Exchange,
    frame: std::vec::IntoIter<Contribution>,
    order: Ascending,
    sequence: u32,
    records: u64,
    hash: Sha256,
    ended: bool,
}

impl Source {
    /// A stream that is about to begin.
    pub(crate) fn new(expected: Expected, study: Digest, exchange: Exchange) -> Self {
        let Expected { node, key, shape, own, quota } = expected;
        Self {
            node,
            key,
            study,
            shape,
            own,
            quota,
            exchange,
            frame: Vec::new().into_iter(),
            order: Ascending::default(),
            sequence: 0,
            records: 0,
            hash: Sha256::new(),
            ended: false,
        }
    }

    pub(crate) fn node(&self) -> &NodeId {
        &self.node
    }

    /// The next contribution; none once the node's signed end has been checked.
    pub(crate) async fn next(&mut self) -> Result<Option<Contribution>, StreamFault> {
        loop {
            if let Some(contribution) = self.frame.next() {
                self.order.next(contribution.pseudonym)?;
                return Ok(Some(contribution));
            }
            if self.ended {
                return Ok(None);
            }
            let frame = self.exchange.frame(FRAME_TIME).await?;
            if frame.kind() == Kind::ContributionsEnd {
                self.check_end(&frame.message()?)?;
                self.ended = true;
            } else {
                self.fill(frame.message()?)?;
            }
        }
    }

    fn fill(&mut self, message: Contributions) -> Result<(), StreamFault> {
        if message.sequence != self.sequence {
            return Err(StreamFault::Sequence { expected: self.sequence, found: message.sequence });
        }
        self.sequence = self.sequence.saturating_add(1);
        self.hash.update(&message.records);
        let records = self.shape.read(&message.records)?;
        self.records += records.len() as u64;
        if self.records > u64::from(self.quota) {
            return Err(StreamFault::BeyondQuota);
        }
        if !records.iter().all(|record| self.own.is_padded(record)) {
            return Err(RecordError::Reserved.into());
        }
        self.frame = records.into_iter();
        Ok(())
    }

    fn check_end(&self, end: &ContributionsEnd) -> Result<(), StreamFault> {
        let total = end
            .total
            .verify(Purpose::Contributions, self.study, &self.key)
            .map_err(|_| StreamFault::Unsigned)?;
        let found = StreamTotal {
            node: self.node.clone(),
            records: self.records,
            digest: Digest(self.hash.clone().finalize().into()),
        };
        if *total == found { Ok(()) } else { Err(StreamFault::OtherTotal) }
    }
}

/// Merges sorted streams into groups of one pseudonym.
pub(crate) struct Merge {
    sources: Vec<Source>,
    heads: Vec<Option<Contribution>>,
}

/// A fault with the node whose stream it is.
#[derive(Debug, thiserror::Error)]
#[error("the contributions of `{node}` cannot be used: {fault}")]
pub(crate) struct MergeError {
    pub(crate) node: NodeId,
    #[source]
    pub(crate) fault: StreamFault,
}

impl Merge {
    /// Reads the first contribution of every stream.
    pub(crate) async fn begin(mut sources: Vec<Source>) -> Result<Self, MergeError> {
        let mut heads = Vec::with_capacity(sources.len());
        for source in &mut sources {
            heads.push(next_of(source).await?);
        }
        Ok(Self { sources, heads })
    }

    /// All contributions about the least pseudonym that is left, each with the index of its source; none at the end.
    pub(crate) async fn next(&mut self, group: &mut Vec<(usize, Contribution)>) -> Result<bool, MergeError> {
        group.clear();
        let Some(least) = self.heads.iter().flatten().map(|head| head.pseudonym).min() else {
            return Ok(false);
        };
        for (index, (head, source)) in self.heads.iter_mut().zip(&mut self.sources).enumerate() {
            if head.as_ref().is_some_and(|head| head.pseudonym == least)
                && let Some(contribution) = std::mem::replace(head, next_of(source).await?)
            {
                group.push((index, contribution));
            }
        }
        Ok(true)
    }
}

async fn next_of(source: &mut Source) -> Result<Option<Contribution>, MergeError> {
    source.next().await.map_err(|fault| MergeError { node: source.node().clone(), fault })
}
