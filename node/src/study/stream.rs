//! Records on their way, in or out: counted, hashed and numbered frame by frame, and summed up by a signed end.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tvaers_link::exchange::Exchange;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{Events, Message, StreamTotal};
use tvaers_protocol::reject::RejectCode;

use crate::refusal::Refusal;

/// For the other side to take one frame or send the next: its merge waits for the slowest node.
pub(crate) const FRAME_TIME: Duration = Duration::from_secs(600);

/// A message that carries records.
pub(crate) trait Part: Message {
    /// The frame of this number.
    fn new(sequence: u32, records: Vec<u8>) -> Self;
}

impl Part for Events {
    fn new(sequence: u32, records: Vec<u8>) -> Self {
        Self { sequence, records }
    }
}

/// What has passed of a stream so far.
#[derive(Default)]
pub(crate) struct Tally {
    sequence: u32,
    records: u64,
    hash: Sha256,
}

impl Tally {
    /// Takes note of a frame's records; gives the frame's number.
    pub(crate) fn add(&mut self, records: &[u8], count: usize) -> u32 {
        self.hash.update(records);
        self.records += count as u64;
        let sequence = self.sequence;
        self.sequence = self.sequence.saturating_add(1);
        sequence
    }

    /// Takes note of a frame that came in, if its number is the next one.
    pub(crate) fn take(&mut self, sequence: u32, records: &[u8], count: usize) -> Result<(), Refusal> {
        if self.add(records, count) == sequence {
            Ok(())
        } else {
            Err(Refusal::because(RejectCode::Replay, "a frame of the stream is missing or repeated"))
        }
    }

    /// How many records have passed.
    pub(crate) const fn records(&self) -> u64 {
        self.records
    }

    /// The digest over all records.
    pub(crate) fn digest(&self) -> Digest {
        Digest(self.hash.clone().finalize().into())
    }

    /// What the end of a node's stream must say.
    pub(crate) fn total(&self, node: &NodeId) -> StreamTotal {
        StreamTotal { node: node.clone(), records: self.records, digest: self.digest() }
    }

    /// Sends a frame of records.
    pub(crate) async fn send<M: Part>(
        &mut self,
        records: Vec<u8>,
        count: usize,
        exchange: &mut Exchange,
    ) -> Result<(), Refusal> {
        let message = M::new(self.add(&records, count), records);
        exchange.send(&message, FRAME_TIME).await.map_err(|error| Refusal::because(error.code(), error))
    }
}

/// How many of some persons something concerns, as far as a log may say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// Up to one in a hundred.
    Few,
    /// Up to one in ten.
    Some,
    /// More.
    Many,
}

impl Share {
    /// The share of `all` that `some` are; of nobody few.
    pub(crate) const fn of(some: u64, all: u64) -> Self {
        if some <= all / 100 {
            Self::Few
        } else if some <= all / 10 {
            Self::Some
        } else {
            Self::Many
        }
    }

    /// Its words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Few => "up to 1 %",
            Self::Some => "up to 10 %",
            Self::Many => "above 10 %",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_over_all_records_however_they_are_cut() {
        let (mut one, mut two) = (Tally::default(), Tally::default());
        one.add(b"abcdef", 3);
        assert_eq!((two.add(b"ab", 1), two.add(b"cdef", 2)), (0, 1));
        let node = NodeId::new("k360").unwrap();
        assert_eq!(one.total(&node), two.total(&node));
        assert_eq!(one.total(&node).digest, Digest(Sha256::digest(b"abcdef").into()));
        assert_eq!(one.records(), 3);
    }

    #[test]
    fn a_frame_that_is_repeated_or_missing_is_refused() {
        let mut tally = Tally::default();
        tally.take(0, b"ab", 1).unwrap();
        assert_eq!(tally.take(0, b"ab", 1).unwrap_err().code, RejectCode::Replay);
        assert_eq!(tally.take(3, b"ab", 1).unwrap_err().code, RejectCode::Replay);
    }

    #[test]
    fn a_log_tells_a_class_and_no_count() {
        let share = |some, all| Share::of(some, all);
        assert_eq!([share(0, 0), share(0, 5), share(10, 1_000)], [Share::Few; 3]);
        assert_eq!([share(11, 1_000), share(100, 1_000)], [Share::Some; 2]);
        assert_eq!([share(101, 1_000), share(1, 5), share(u64::MAX, u64::MAX)], [Share::Many; 3]);
    }
}
