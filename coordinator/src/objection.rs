//! The way of objections: from the node that a citizen objects at to the others that hold the person. Nothing is kept of
//! them, and how many there are is told to nobody.

use std::time::Duration;

use futures_util::future::try_join_all;
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{Objections, ObjectionsEnd, ObjectionsTaken, Signed};
use tvaers_protocol::objection::Objection;
use tvaers_protocol::record::Contribution;
use tvaers_protocol::sign::{Purpose, Signature, SigningKey};

use crate::failure::Failure;
use crate::outlet::Outlet;

const WHAT: &str = "objections";

/// The ways to all participants of a study, by their place in its manifest. Each holds one small frame.
#[derive(Default)]
pub(crate) struct Telling(Vec<Outlet<Objections>>);

impl Telling {
    /// A way to the next participant.
    pub(crate) fn add(&mut self, node: NodeId, exchange: Exchange, wait: Duration) {
        let message = |sequence, records| Objections { sequence, records };
        self.0.push(Outlet::new(node, exchange, message, Objection::FRAME_BYTES, wait));
    }

    /// Tells those of a group who do not say so themselves that the person objects, by the word of the first who does.
    pub(crate) async fn tell(
        &mut self,
        group: &[(usize, Contribution)],
        objections: &[(usize, Signature)],
    ) -> Result<(), Failure> {
        let Some((source, signature)) = objections.first() else { return Ok(()) };
        // A roster has fewer members than that.
        let by = u16::try_from(*source).unwrap_or(u16::MAX);
        for (source, contribution) in group.iter().filter(|(_, contribution)| !contribution.objects) {
            let Some(way) = self.0.get_mut(*source) else { continue };
            let objection = Objection { pseudonym: contribution.pseudonym, by, signature: *signature };
            let sent = way.push(|frame| objection.write(frame)).await;
            sent.map_err(|error| failed(way.node(), &error))?;
        }
        Ok(())
    }

    /// Says that this is all, and waits until every node leaves those persons out.
    pub(crate) async fn end(self, study: Digest, key: &SigningKey, wait: Duration) -> Result<(), Failure> {
        let ended = self.0.into_iter().map(|mut way| async move {
            let node = way.node().clone();
            way.fill_up().await.map_err(|error| failed(&node, &error))?;
            let total = Signed::new(way.total(), Purpose::Objections, study, key);
            let taken: Result<ObjectionsTaken, _> = way.end(&ObjectionsEnd { total }, wait).await;
            taken.map(drop).map_err(|error| failed(&node, &error))
        });
        try_join_all(ended).await.map(drop)
    }
}

fn failed(node: &NodeId, error: &ExchangeError) -> Failure {
    Failure::of_delivery(node, WHAT, error)
}
