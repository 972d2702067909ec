//! What leaves the node about its persons: fixed-size records, sorted by pseudonym, streamed; once per run.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use tvaers_link::exchange::Exchange;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{Compute, Computed, Contributions, ContributionsEnd, Signed, StreamTotal};
use tvaers_protocol::sign::Purpose;

use crate::node::Node;
use crate::refusal::Refusal;
use crate::state::StudyState;
use crate::study::{Stage, Study};
use crate::work::Work;

/// For the coordinator to take one frame: its merge waits for the slowest node.
const FRAME_TIME: Duration = Duration::from_secs(600);

/// Works out the model's components of this node's persons.
pub(crate) async fn compute(node: &Node, study: &Study, _ask: &Compute) -> Result<Computed, Refusal> {
    let mut stage = study.at(Stage::Pinned).await?;
    let work = Work::compute(node, study).await.map_err(Refusal::internal)?;
    let persons = u32::try_from(work.persons()).map_err(Refusal::internal)?;
    study.work.set(work).map_err(|_| Refusal::internal("components were worked out twice"))?;
    *stage = Stage::Computed;
    Ok(Computed { persons })
}

/// Streams the contributions. That they have begun to leave is remembered first, so they never leave twice.
pub(crate) async fn stream(node: &Node, study: &Study, exchange: &mut Exchange) -> Result<(), Refusal> {
    let mut stage = study.at(Stage::Pseudonymised).await?;
    node.state()
        .move_study(study.digest, StudyState::Accepted, StudyState::Submitted)
        .await
        .map_err(Refusal::internal)?;
    *stage = Stage::Submitted;
    drop(stage);
    let shape = study.contribution;
    let mut rows = study.work()?.contributions(&study.layout);
    let mut frame = Vec::with_capacity(shape.per_frame() * shape.size());
    let mut sent = Sent { sequence: 0, records: 0, hash: Sha256::new() };
    while let Some(record) = rows.try_next().await.map_err(Refusal::internal)? {
        shape.write(&record, &mut frame);
        sent.records += 1;
        if frame.len() + shape.size() > shape.per_frame() * shape.size() {
            sent.send(std::mem::take(&mut frame), exchange).await?;
        }
    }
    if !frame.is_empty() {
        sent.send(frame, exchange).await?;
    }
    let total = StreamTotal {
        node: node.config().id.clone(),
        records: sent.records,
        digest: Digest(sent.hash.finalize().into()),
    };
    let end =
        ContributionsEnd { total: Signed::new(total, Purpose::Contributions, study.digest, node.signing()) };
    exchange.answer(&end, FRAME_TIME).await.map_err(|error| Refusal::because(error.code(), error))
}

struct Sent {
    sequence: u32,
    records: u64,
    hash: Sha256,
}

impl Sent {
    async fn send(&mut self, records: Vec<u8>, exchange: &mut Exchange) -> Result<(), Refusal> {
        self.hash.update(&records);
        let message = Contributions { sequence: self.sequence, records };
        self.sequence += 1;
        exchange.send(&message, FRAME_TIME).await.map_err(|error| Refusal::because(error.code(), error))
    }
}
