//! The witness's side: remembering what another node shows, and saying so.

use tvaers_protocol::message::Signed;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::witness::{AskWitness, Testimony, Witnessed};

use super::kept::{Kept, keep};
use crate::node::Node;
use crate::refusal::Refusal;

/// Answers a node that shows its ledger. A node that was found to be behind remembers too little to testify.
pub(crate) async fn testify(node: &Node, ask: &AskWitness) -> Result<Witnessed, Refusal> {
    node.witnesses().stands()?;
    let presentation = &ask.presentation;
    let (from, own) = (&presentation.content.node, &node.config().id);
    if presentation.content.witness != *own || from == own {
        return Err(Refusal::because(RejectCode::UnknownNode, "a presentation to another witness"));
    }
    presentation
        .shown(&node.member(from)?.signing)
        .map_err(|error| Refusal::because(RejectCode::BadSignature, error))?;
    let now = node.clock().now();
    if !presentation.is_timely(now) {
        return Err(Refusal::because(RejectCode::OtherTime, format!("`{from}` has another time")));
    }
    let kept = keep(&node.state().pool(), presentation, now).await.map_err(Refusal::internal)?;
    let (kept, remembers) = match kept {
        Kept::Yes => (true, None),
        Kept::No(before) => {
            let (has, shown) = (before.content.shows.entries, presentation.content.shows.entries);
            tracing::info!(node.id = %from, entries = shown, remembered = has, "another standing is remembered");
            (false, Some(*before))
        }
        Kept::Nothing => (false, None),
    };
    let testimony = Testimony {
        witness: own.clone(),
        presentation: presentation.presentation_digest(),
        time: now,
        kept,
        remembers,
    };
    Ok(Witnessed { testimony: Signed::testimony(testimony, node.signing()) })
}
