//! One node's stream of records as it comes in: numbered frames, rising pseudonyms, an end that the node has signed.
//!
//! There are two kinds, contributions and events. What a stream says counts only once its end has been checked; until
//! then whoever reads it may go on with it, and must not let anything of it stand.

mod event;

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_protocol::frame::FrameError;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{Contributions, ContributionsEnd, Message, Signed, StreamTotal};
use tvaers_protocol::objection;
use tvaers_protocol::record::{Ascending, Contribution, ContributionShape, RecordError};
use tvaers_protocol::sign::{Purpose, Signature, VerifyingKey};

pub(crate) use event::{EventInlet, EventRecords};

/// Why a node's stream cannot be used. It names no record.
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
    #[error("the stream is not the one that the node sent before")]
    Changed,
    #[error("the stream's objections are not signed by the node")]
    UnsignedObjection,
    #[error("it has an event that was not asked for")]
    NotAsked,
    #[error("it has no event for a group that was asked for")]
    NoEvent,
    #[error("it has more events of one person and group than there can be")]
    TooManyEvents,
}

impl From<FrameError> for StreamFault {
    fn from(error: FrameError) -> Self {
        Self::Exchange(error.into())
    }
}

/// What a stream carries.
pub(crate) trait Records {
    /// One record.
    type Record;
    /// The message of one frame.
    type Part: Message;
    /// The message of the end.
    type End: Message;
    /// What the end is signed for.
    const PURPOSE: Purpose;

    /// The number of a frame.
    fn sequence(part: &Self::Part) -> u32;
    /// The bytes of its records.
    fn bytes(part: &Self::Part) -> &[u8];
    /// What the end says.
    fn total(end: Self::End) -> Signed<StreamTotal>;
    /// Reads the records of a frame, and checks what is signed beside them.
    fn read(&self, part: &Self::Part, expected: &Expected) -> Result<Vec<Self::Record>, StreamFault>;
    /// Takes note of the next record in a stream.
    fn follows(order: &mut Ascending, record: &Self::Record) -> Result<(), RecordError>;
    /// How many records the stream may have.
    fn records_max(&self) -> u64;
}

/// Contributions: one record a person.
pub(crate) struct ContributionRecords {
    /// The study's shape of records.
    pub(crate) shape: ContributionShape,
    /// What the node's sector fills of it; the rest is padding.
    pub(crate) own: ContributionShape,
    /// The evaluations that the manifest allows.
    pub(crate) quota: u32,
}

/// A contribution, with the node's signature where it objects.
pub(crate) struct Contributed {
    /// What the node says.
    pub(crate) contribution: Contribution,
    /// What it signed of one who objects, checked.
    pub(crate) objection: Option<Signature>,
}

impl Records for ContributionRecords {
    type Record = Contributed;
    type Part = Contributions;
    type End = ContributionsEnd;
    const PURPOSE: Purpose = Purpose::Contributions;

    fn sequence(part: &Contributions) -> u32 {
        part.sequence
    }

    fn bytes(part: &Contributions) -> &[u8] {
        &part.records
    }

    fn total(end: ContributionsEnd) -> Signed<StreamTotal> {
        end.total
    }

    fn read(&self, part: &Contributions, expected: &Expected) -> Result<Vec<Contributed>, StreamFault> {
        let records = self.shape.read(&part.records)?;
        if !records.iter().all(|record| self.own.is_padded(record)) {
            return Err(RecordError::Reserved.into());
        }
        let mut signatures = part.objections.iter().copied();
        let signed = |contribution: Contribution| {
            let objection = if contribution.objects {
                let signature = signatures.next().ok_or(StreamFault::UnsignedObjection)?;
                objection::verify(contribution.pseudonym, signature, expected.study, &expected.key)
                    .map_err(|_| StreamFault::UnsignedObjection)?;
                Some(signature)
            } else {
                None
            };
            Ok(Contributed { contribution, objection })
        };
        let records = records.into_iter().map(signed).collect::<Result<_, StreamFault>>()?;
        if signatures.next().is_none() { Ok(records) } else { Err(StreamFault::UnsignedObjection) }
    }

    fn follows(order: &mut Ascending, record: &Contributed) -> Result<(), RecordError> {
        order.next(record.contribution.pseudonym)
    }

    fn records_max(&self) -> u64 {
        u64::from(self.quota)
    }
}

/// Whose stream it is and how it must end.
pub(crate) struct Expected {
    /// Whose it is.
    pub(crate) node: NodeId,
    /// The key that signs its end.
    pub(crate) key: VerifyingKey,
    /// The study.
    pub(crate) study: Digest,
    /// What the node signed when it sent the stream before.
    pub(crate) before: Option<StreamTotal>,
    /// For the first frame to come: there may be work behind it.
    pub(crate) first_wait: Duration,
    /// For each further one.
    pub(crate) wait: Duration,
}

/// One node's stream. It holds one decoded frame.
pub(crate) struct Inlet<R: Records> {
    expected: Expected,
    records: R,
    exchange: Exchange,
    frame: std::vec::IntoIter<R::Record>,
    order: Ascending,
    sequence: u32,
    count: u64,
    hash: Sha256,
    total: Option<StreamTotal>,
}

impl<R: Records> Inlet<R> {
    /// A stream that is about to begin.
    pub(crate) fn new(expected: Expected, records: R, exchange: Exchange) -> Self {
        Self {
            expected,
            records,
            exchange,
            frame: Vec::new().into_iter(),
            order: Ascending::default(),
            sequence: 0,
            count: 0,
            hash: Sha256::new(),
            total: None,
        }
    }

    pub(crate) fn node(&self) -> &NodeId {
        &self.expected.node
    }

    /// What the node signed, once the end has been checked.
    pub(crate) const fn total(&self) -> Option<&StreamTotal> {
        self.total.as_ref()
    }

    /// The next record; none once the node's signed end has been checked.
    pub(crate) async fn next(&mut self) -> Result<Option<R::Record>, StreamFault> {
        loop {
            if let Some(record) = self.frame.next() {
                R::follows(&mut self.order, &record)?;
                return Ok(Some(record));
            }
            if self.total.is_some() {
                return Ok(None);
            }
            let Expected { first_wait, wait, .. } = self.expected;
            let frame = self.exchange.frame(if self.sequence == 0 { first_wait } else { wait }).await?;
            if frame.kind() == R::End::KIND {
                self.end(&R::total(frame.message()?))?;
            } else {
                self.fill(&frame.message()?)?;
            }
        }
    }

    fn fill(&mut self, part: &R::Part) -> Result<(), StreamFault> {
        let sequence = R::sequence(part);
        if sequence != self.sequence {
            return Err(StreamFault::Sequence { expected: self.sequence, found: sequence });
        }
        self.sequence = self.sequence.saturating_add(1);
        self.hash.update(R::bytes(part));
        let records = self.records.read(part, &self.expected)?;
        self.count = self.count.saturating_add(records.len() as u64);
        if self.count > self.records.records_max() {
            return Err(StreamFault::BeyondQuota);
        }
        self.frame = records.into_iter();
        Ok(())
    }

    fn end(&mut self, end: &Signed<StreamTotal>) -> Result<(), StreamFault> {
        let Expected { node, key, study, before, .. } = &self.expected;
        let total = end.verify(R::PURPOSE, *study, key).map_err(|_| StreamFault::Unsigned)?;
        let digest = Digest(self.hash.clone().finalize().into());
        let found = StreamTotal { node: node.clone(), records: self.count, digest };
        if *total != found {
            return Err(StreamFault::OtherTotal);
        }
        if before.as_ref().is_some_and(|before| *before != found) {
            return Err(StreamFault::Changed);
        }
        self.total = Some(found);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
