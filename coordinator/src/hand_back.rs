//! The way back to one municipality: records about its own residents, and at the end a signed account of them.

use std::time::Duration;

use tvaers_definitions::model::Outcome;
use tvaers_link::exchange::Exchange;
use tvaers_protocol::id::{Digest, NodeId, Pseudonym};
use tvaers_protocol::message::{HandBackEnd, HandBackTotal, HandBacks, HandedBack, JoinCounts, Signed};
use tvaers_protocol::record::{HandBack, HandBackShape, Missing};
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_protocol::study::Disclosure;

use crate::combine::Combined;
use crate::failure::Failure;
use crate::outlet::Outlet;

const WHAT: &str = "hand-back";

/// The way back to one node.
pub(crate) struct Return {
    outlet: Outlet<HandBacks>,
    shape: HandBackShape,
    counts: JoinCounts,
}

impl Return {
    /// A way back on which nothing has been sent, of a model with so many touch groups.
    pub(crate) fn new(
        node: NodeId,
        exchange: Exchange,
        shape: HandBackShape,
        groups: usize,
        wait: Duration,
    ) -> Self {
        let counts = JoinCounts {
            residents: 0,
            handed_back: 0,
            claimed_twice: 0,
            kommune_differs: 0,
            fell_back: vec![0; groups],
            joined_events: vec![0; groups],
        };
        let message = |sequence, records| HandBacks { sequence, records };
        let full = shape.per_frame() * shape.size();
        Self { outlet: Outlet::new(node, exchange, message, full, wait), shape, counts }
    }

    pub(crate) fn node(&self) -> &NodeId {
        self.outlet.node()
    }

    /// Counts a resident whom another municipality claims too.
    pub(crate) fn claimed_twice(&mut self) {
        self.counts.claimed_twice += 1;
    }

    /// Counts a resident.
    pub(crate) fn resident(&mut self, combined: &Combined) {
        self.counts.residents += 1;
        self.counts.kommune_differs += u64::from(combined.kommune_differs);
    }

    /// Hands back one in the population.
    pub(crate) async fn push(&mut self, combined: &Combined, record: &HandBack) -> Result<(), Failure> {
        self.counts.handed_back += 1;
        add(&mut self.counts.fell_back, combined.fell_back);
        add(&mut self.counts.joined_events, combined.joined);
        let shape = self.shape;
        let sent = self.outlet.push(|frame| shape.write(record, frame)).await;
        sent.map_err(|error| Failure::of_delivery(self.outlet.node(), WHAT, &error))
    }

    /// Sends what is left.
    pub(crate) async fn flush(&mut self) -> Result<(), Failure> {
        let sent = self.outlet.flush().await;
        sent.map_err(|error| Failure::of_delivery(self.outlet.node(), WHAT, &error))
    }

    /// Says that all is handed back, and waits until the work list is written. Only now does any of it count.
    pub(crate) async fn end(
        self,
        study: Digest,
        key: &SigningKey,
        missing: Vec<NodeId>,
        wait: Duration,
    ) -> Result<NodeId, Failure> {
        let node = self.node().clone();
        let total = HandBackTotal { stream: self.outlet.total(), counts: self.counts, missing };
        let end = HandBackEnd { total: Signed::new(total, Purpose::HandBack, study, key) };
        match self.outlet.end::<_, HandedBack>(&end, wait).await {
            Ok(_) => Ok(node),
            Err(error) => Err(Failure::of_delivery(&node, WHAT, &error)),
        }
    }
}

fn add(counts: &mut [u64], groups: u16) {
    for (group, count) in counts.iter_mut().enumerate() {
        *count += u64::from(groups & (1 << group) != 0);
    }
}

/// What the policy lets the responsible node know; the rest is zero. That something is missing is always told.
pub(crate) fn disclosed(
    pseudonym: Pseudonym,
    combined: &Combined,
    outcome: Outcome,
    missing: Missing,
    disclosure: Disclosure,
) -> HandBack {
    let at_least = |level| disclosure >= level;
    HandBack {
        pseudonym,
        included: outcome.included,
        missing,
        fell_back: combined.fell_back,
        stratum: if at_least(Disclosure::Stratum) {
            u8::try_from(outcome.stratum).unwrap_or(u8::MAX)
        } else {
            0
        },
        total: if at_least(Disclosure::Total) { outcome.total } else { 0 },
        items: if at_least(Disclosure::Items) { outcome.items } else { Vec::new() },
    }
}
