//! Showing one seer the head of this node's log: only what is signed is believed, and only what the log contains is gone
//! on from.

use std::time::Duration;

use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_protocol::audit::{AskCountersign, Countersignature, Countersigned, LogHead, Seer};
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{Relay, Signed};
use tvaers_protocol::sign::VerifyingKey;

use super::lost;
use crate::audit::AuditError;
use crate::node::Node;
use crate::state::StateError;
use crate::witness::denied::Behind;

/// For a seer to answer, the way there and back over the coordinator included.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Heads shown to one seer in one round: one that learns what the seer remembers, one that goes on from it, and a third
/// where another of this node's was still on its way.
const TRIES: usize = 3;

/// Why a seer did not countersign.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unseen {
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error("there is no connection to the coordinator")]
    Unconnected,
    #[error("the roster does not name it")]
    Unknown,
    #[error("its countersignature bears no signature of its own over what was shown")]
    Signature,
    #[error("it says to have seen what this node's key did not sign")]
    Unproven,
    #[error("its clock, or this node's, is wrong by more than an hour")]
    OtherTime,
    #[error("it keeps remembering something else")]
    Unsettled,
    #[error("this node is behind")]
    Behind(Behind),
    #[error(transparent)]
    Log(#[from] AuditError),
    #[error(transparent)]
    State(#[from] StateError),
}

/// Shows a head until the seer remembers it; gives its word, which is believed.
pub(super) async fn show(
    node: &Node,
    seer: &Seer,
    head: &Signed<LogHead>,
    mut seen: Digest,
) -> Result<Signed<Countersignature>, Unseen> {
    let key = key(node, seer)?;
    let mut recovers = false;
    for _ in 0..TRIES {
        let ask = AskCountersign { head: head.clone(), seen, recovers };
        let answer = exchange(node, seer, &ask).await?;
        if let Some(word) = answer.countersignature {
            believe(node, seer, head, &word, &key)?;
            lost::accepted(&node.state().pool(), seer).await?;
            return Ok(word);
        }
        (seen, recovers) = match &answer.before {
            None => {
                if seen != Digest::NONE {
                    tracing::warn!(seer = %seer, "one who saw this node's audit log has lost what it remembered");
                }
                (Digest::NONE, false)
            }
            Some(before) => (before.log_head_digest(), judge(node, seer, before).await?),
        };
    }
    Err(Unseen::Unsettled)
}

fn key(node: &Node, seer: &Seer) -> Result<VerifyingKey, Unseen> {
    Ok(match seer {
        Seer::Coordinator => node.roster().roster().coordinator.signing,
        Seer::Witness(witness) => node.roster().member(witness).ok_or(Unseen::Unknown)?.signing,
    })
}

async fn exchange(node: &Node, seer: &Seer, ask: &AskCountersign) -> Result<Countersigned, Unseen> {
    let link = node.link().map_err(|_| Unseen::Unconnected)?;
    let mut exchange = Exchange::open(&*link, node.roster().digest(), Digest::NONE).await?;
    if let Seer::Witness(witness) = seer {
        exchange.send(&Relay { to: witness.clone() }, ANSWER_TIME).await?;
    }
    exchange.send(ask, ANSWER_TIME).await?;
    exchange.finish().await?;
    Ok(exchange.receive(ANSWER_TIME).await?)
}

fn believe(
    node: &Node,
    seer: &Seer,
    head: &Signed<LogHead>,
    word: &Signed<Countersignature>,
    key: &VerifyingKey,
) -> Result<(), Unseen> {
    let said = word.seen(head.log_head_digest(), key).map_err(|_| Unseen::Signature)?;
    if said.by != *seer {
        return Err(Unseen::Signature);
    }
    if word.is_timely(node.clock().now()) { Ok(()) } else { Err(Unseen::OtherTime) }
}

/// Whether the log contains what a seer remembers; gives whether it does not, and two persons have answered for that.
/// What it lacks otherwise must be proved by this node's own signature.
async fn judge(node: &Node, seer: &Seer, before: &Signed<LogHead>) -> Result<bool, Unseen> {
    let saw = &before.content;
    if saw.node != node.config().id {
        return Err(Unseen::Unproven);
    }
    if node.heads().contains(node, saw).await? {
        return Ok(false);
    }
    before.of_log(&node.signing().verifying_key()).map_err(|_| Unseen::Unproven)?;
    let pool = node.state().pool();
    if lost::is_answered(&pool, saw, seer).await? {
        return Ok(true);
    }
    lost::note(&pool, before, seer, node.clock().now()).await?;
    let entries = node.audit().head().entries;
    Err(Unseen::Behind(Behind::Log { seer: seer.clone(), seen: saw.entries, entries }))
}
