//! Heads of nodes' audit logs: the coordinator signs that it saw them, so that a node cannot change its past alone. It
//! learns how many entries a log has, and nothing of what they say.

use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_link::limit::PROMPT_TIME;
use tvaers_link::stream::Stream;
use tvaers_protocol::audit::{AskCountersign, Countersignature, Countersigned, LogHead, Seer};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::Signed;
use tvaers_protocol::reject::RejectCode;
use tvaers_seer::{Kept, SeerError, keep};

use crate::coordinator::Coordinator;

/// Why a head was not looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeadFailure {
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error("{0}")]
    Refused(RejectCode),
    #[error(transparent)]
    State(#[from] SeerError),
}

impl HeadFailure {
    fn code(&self) -> RejectCode {
        match self {
            Self::Exchange(error) => error.code(),
            Self::Refused(code) => *code,
            Self::State(_) => RejectCode::Internal,
        }
    }
}

/// Answers a node that shows the head of its own log.
pub(crate) async fn answer(
    coordinator: &Coordinator,
    node: &NodeId,
    stream: Stream,
) -> Result<(), HeadFailure> {
    let mut exchange = Exchange::on(stream, coordinator.roster().digest(), Digest::NONE);
    let seen = async { see(coordinator, node, &exchange.receive(PROMPT_TIME).await?).await }.await;
    match seen {
        Ok(countersigned) => Ok(exchange.answer(&countersigned, PROMPT_TIME).await?),
        Err(failure) => {
            // The node may be gone; its own time limit tells it.
            let _ = exchange.refuse(failure.code()).await;
            Err(failure)
        }
    }
}

async fn see(
    coordinator: &Coordinator,
    node: &NodeId,
    ask: &AskCountersign,
) -> Result<Countersigned, HeadFailure> {
    let refused = |code| Err(HeadFailure::Refused(code));
    let head = &ask.head;
    let member = coordinator.roster().member(node).filter(|_| head.content.node == *node);
    let Some(member) = member else { return refused(RejectCode::UnknownNode) };
    if head.of_log(&member.signing).is_err() {
        return refused(RejectCode::BadSignature);
    }
    let now = coordinator.clock().now();
    if !head.is_timely(now) {
        return refused(RejectCode::OtherTime);
    }
    let word = Countersignature { by: Seer::Coordinator, head: head.log_head_digest(), time: now };
    let word = Signed::countersignature(word, coordinator.signing());
    Ok(match keep(coordinator.state().pool(), ask, word, now).await? {
        Kept::Yes(word) => Countersigned { countersignature: Some(*word), before: None },
        Kept::No(before) => {
            let before = before.map(|before| *before);
            tell(&head.content, before.as_ref().map(|before| &before.content));
            Countersigned { countersignature: None, before }
        }
    })
}

/// What was not countersigned is told where it cannot be the log that was seen; a node that started again only asks.
fn tell(shown: &LogHead, before: Option<&LogHead>) {
    if let Some(before) = before.filter(|before| !shown.follows(before)) {
        tracing::warn!(
            node.id = %shown.node,
            entries = shown.entries,
            remembered = before.entries,
            "a node shows an audit log that is not the one it showed before; both heads are kept"
        );
    }
}

#[cfg(test)]
mod tests;
