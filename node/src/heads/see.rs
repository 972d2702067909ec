//! The seer's side: remembering the head of another node's audit log, and signing that it was seen.

use tvaers_protocol::audit::{AskCountersign, Countersignature, Countersigned, Seer};
use tvaers_protocol::message::Signed;
use tvaers_protocol::reject::RejectCode;
use tvaers_seer::{Kept, keep};

use crate::node::Node;
use crate::refusal::Refusal;

/// Answers a node that shows the head of its log. A node that was found to be behind remembers too little to sign.
pub(crate) async fn see(node: &Node, ask: &AskCountersign) -> Result<Countersigned, Refusal> {
    node.witnesses().stands()?;
    let head = &ask.head;
    let (from, own) = (&head.content.node, &node.config().id);
    if from == own {
        return Err(Refusal::because(RejectCode::UnknownNode, "a head of this node's own log"));
    }
    head.of_log(&node.member(from)?.signing)
        .map_err(|error| Refusal::because(RejectCode::BadSignature, error))?;
    let now = node.clock().now();
    if !head.is_timely(now) {
        return Err(Refusal::because(RejectCode::OtherTime, format!("`{from}` has another time")));
    }
    let by = Seer::Witness(own.clone());
    let word = Countersignature { by, head: head.log_head_digest(), time: now };
    let word = Signed::countersignature(word, node.signing());
    let kept = keep(&node.state().pool(), ask, word, now).await.map_err(Refusal::internal)?;
    Ok(match kept {
        Kept::Yes(word) => Countersigned { countersignature: Some(*word), before: None },
        Kept::No(before) => {
            let before = before.map(|before| *before);
            // A node that has started again only asks.
            if let Some(before) = before.as_ref().filter(|before| !head.content.follows(&before.content)) {
                tracing::warn!(
                    node.id = %from,
                    entries = head.content.entries,
                    remembered = before.content.entries,
                    "a node shows an audit log that is not the one it showed before; both heads are kept"
                );
            }
            Countersigned { countersignature: None, before }
        }
    })
}
