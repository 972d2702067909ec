//! Passing a node's batch on to a holder, or what it shows of its ledger or log on to a witness, and the answer back. The
//! coordinator sees headers and names, holds a small buffer at a time, and believes nothing: the two nodes check each
//! other's signatures.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tvaers_link::exchange::Exchange;
use tvaers_link::limit::PROMPT_TIME;
use tvaers_link::link::Link;
use tvaers_link::stream::{RelayError, Stream, StreamError};
use tvaers_protocol::frame::{Frame, FrameHeader, Kind};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::Relay;
use tvaers_protocol::reject::{Reject, RejectCode};

use crate::coordinator::Coordinator;
use crate::heads;
use crate::revocation;

/// Batches that are being passed on at a time, over all nodes: each holds two buffers.
pub(crate) const RELAYS_MAX: usize = 32;

/// Streams of one node that are looked at at a time: its batches under way times its quorum, with room to spare.
const STREAMS_A_NODE: usize = 16;

/// Serves the streams that a node opens until its link ends: what is for another node, and heads of its audit log.
pub(crate) async fn serve(coordinator: Arc<Coordinator>, link: Arc<dyn Link>, node: NodeId) {
    let places = Arc::new(Semaphore::new(STREAMS_A_NODE));
    while let Ok(stream) = link.accept().await {
        let (coordinator, node, places) = (Arc::clone(&coordinator), node.clone(), Arc::clone(&places));
        tokio::spawn(async move {
            // A node that opens streams and says nothing keeps its own places, never another's turn.
            let _place = places.acquire().await;
            take(&coordinator, &node, stream).await;
        });
    }
}

async fn take(coordinator: &Coordinator, node: &NodeId, mut stream: Stream) {
    // What cannot be read is refused below, where it is read again.
    let first = stream.receiver.peek(PROMPT_TIME).await;
    if matches!(first, Ok(Some(header)) if header.kind == Kind::AskCountersign) {
        if let Err(error) = heads::answer(coordinator, node, stream).await {
            tracing::warn!(node.id = %node, error = %error, "the head of a node's audit log was not countersigned");
        }
        return;
    }
    if matches!(first, Ok(Some(header)) if header.kind == Kind::AskRevocations) {
        if let Err(error) = revocation::answer(coordinator, node, stream).await {
            tracing::warn!(node.id = %node, error = %error, "a node was not handed the revocations of its policies");
        }
        return;
    }
    // A holder may take so long for one batch.
    let limit = coordinator.limits().relay;
    if let Err(error) = relay(coordinator, stream, limit).await {
        tracing::warn!(node.id = %node, error = %error, "a node's message to another could not be passed on");
    }
}

/// For a witness to take what it is shown, and to answer.
const WITNESS_TIME: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
enum RelayFailure {
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error(transparent)]
    Relay(#[from] RelayError),
    #[error("the other node did not answer: {0}")]
    Holder(RelayError),
    #[error("refused: {0}")]
    Refused(RejectCode),
}

async fn relay(coordinator: &Coordinator, mut from: Stream, limit: Duration) -> Result<(), RelayFailure> {
    let roster = coordinator.roster().digest();
    let result = pass_on(coordinator, &mut from, limit).await;
    if let Err(failure) = &result {
        let code = match failure {
            RelayFailure::Refused(code) => *code,
            RelayFailure::Stream(error) | RelayFailure::Relay(RelayError::From(error)) => error.code(),
            RelayFailure::Relay(RelayError::To(_)) | RelayFailure::Holder(_) => RejectCode::Unreachable,
        };
        if let Ok(frame) = Frame::of(roster, Digest::NONE, &Reject { code }) {
            // The requester may be gone; its own time limit tells it.
            let _ = from.send(&frame, PROMPT_TIME).await;
            let _ = from.finish().await;
        }
    }
    result
}

/// Whether a node has not answered, though nothing says that its connection has broken.
const fn is_silence(answer: &Result<Option<FrameHeader>, RelayError>) -> bool {
    match answer {
        Ok(answer) => answer.is_none(),
        Err(RelayError::From(error)) => {
            matches!(error, StreamError::TimedOut { .. } | StreamError::Ended | StreamError::Cut)
        }
        Err(RelayError::To(_)) => false,
    }
}

async fn pass_on(coordinator: &Coordinator, from: &mut Stream, limit: Duration) -> Result<(), RelayFailure> {
    let roster = coordinator.roster().digest();
    let first = from.expect(PROMPT_TIME).await?;
    first.header().belongs_to(roster, first.header().study).map_err(StreamError::Frame)?;
    let target: Relay = first.message().map_err(StreamError::Frame)?;
    let study = first.header().study;
    let header = from.receiver.peek(PROMPT_TIME).await?.ok_or(StreamError::Ended)?;
    header.belongs_to(roster, study).map_err(StreamError::Frame)?;
    // What a witness is shown is small, and an answer to an analyst may wait for it: it waits for no batch.
    let (_turn, limit) = if matches!(header.kind, Kind::AskWitness | Kind::AskCountersign) {
        (None, limit.min(WITNESS_TIME))
    } else {
        header.kind.expect(Kind::Evaluate).map_err(StreamError::Frame)?;
        (coordinator.relays().acquire().await.ok(), limit)
    };
    let link = coordinator.hub().link(&target.to).ok_or(RelayFailure::Refused(RejectCode::Unreachable))?;
    let exchange =
        Exchange::open(&*link, roster, study).await.map_err(|error| RelayFailure::Refused(error.code()))?;
    let mut to = exchange.into_stream();
    from.receiver.relay(&mut to.sender, limit).await?;
    to.finish().await?;
    let answer = to.receiver.relay(&mut from.sender, limit).await;
    if header.kind == Kind::Evaluate && is_silence(&answer) {
        coordinator.silences().note(study, &target.to);
    }
    let answer = answer.map_err(RelayFailure::Holder)?;
    // A holder that is stopped may end the stream without an answer; the requester must not take that for one.
    answer.ok_or(RelayFailure::Holder(RelayError::From(StreamError::Ended)))?;
    from.finish().await?;
    Ok(())
}
