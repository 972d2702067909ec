//! A stream of records as it goes out to one node: frames filled, numbered and hashed, so that its end can be signed.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{Message, StreamTotal};

/// One node's stream. It holds one frame.
pub(crate) struct Outlet<M> {
    node: NodeId,
    exchange: Exchange,
    /// Makes the message of a frame of its number and its records.
    message: fn(u32, Vec<u8>) -> M,
    /// The bytes of a full frame: a whole number of records.
    full: usize,
    frame: Vec<u8>,
    sequence: u32,
    records: u64,
    hash: Sha256,
    wait: Duration,
}

impl<M: Message> Outlet<M> {
    /// A stream of which nothing has been sent, with frames of so many bytes. Each may take so long to be taken.
    pub(crate) fn new(
        node: NodeId,
        exchange: Exchange,
        message: fn(u32, Vec<u8>) -> M,
        full: usize,
        wait: Duration,
    ) -> Self {
        let (frame, hash) = (Vec::new(), Sha256::new());
        Self { node, exchange, message, full, frame, sequence: 0, records: 0, hash, wait }
    }

    pub(crate) fn node(&self) -> &NodeId {
        &self.node
    }

    /// Adds the record that `write` appends, and sends the frame if it is full.
    pub(crate) async fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), ExchangeError> {
        write(&mut self.frame);
        self.records += 1;
        if self.frame.len() >= self.full { self.flush().await } else { Ok(()) }
    }

    /// Sends what there is.
    pub(crate) async fn flush(&mut self) -> Result<(), ExchangeError> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let records = std::mem::take(&mut self.frame);
        self.hash.update(&records);
        let message = (self.message)(self.sequence, records);
        self.sequence += 1;
        self.exchange.send(&message, self.wait).await
    }

    /// Fills the frame up with zeros and sends it, if it has anything, or nothing has been sent yet.
    pub(crate) async fn fill_up(&mut self) -> Result<(), ExchangeError> {
        if !self.frame.is_empty() || self.sequence == 0 {
            self.frame.resize(self.full, 0);
        }
        self.flush().await
    }

    /// What has been sent.
    pub(crate) fn total(&self) -> StreamTotal {
        let digest = Digest(self.hash.clone().finalize().into());
        StreamTotal { node: self.node.clone(), records: self.records, digest }
    }

    /// Sends the end and waits for the node's word.
    pub(crate) async fn end<E: Message, A: Message>(
        mut self,
        end: &E,
        wait: Duration,
    ) -> Result<A, ExchangeError> {
        self.exchange.ask(end, wait).await
    }
}
