//! A holder's answer to another node's batch: who asks, whether it may, how often, then the evaluation itself.
//!
//! The batch came through the coordinator, so nothing about it is believed but what the requester signed.

use std::sync::Arc;

use tvaers_protocol::codec;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{Answer, Batch, Evaluate, Evaluated, Signed};
use tvaers_protocol::population;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::Purpose;
use tvaers_protocol::study::Participant;
use tvaers_pseudonym::batch;
use tvaers_pseudonym::evaluate::evaluate;
use tvaers_pseudonym::key::KeyShare;

use crate::node::Node;
use crate::refusal::Refusal;
use crate::study::Study;
use crate::study::account::Asked;

/// Answers one batch. Where it is refused, the log names the requester, in whose name it came.
pub(crate) async fn answer(node: &Node, study: &Study, ask: Evaluate) -> Result<Evaluated, Refusal> {
    let requester = ask.batch.content.requester.clone();
    judged(node, study, ask).await.map_err(|refusal| {
        let reason = format!("a batch in the name of `{requester}`: {}", refusal.chain());
        Refusal::because(refusal.code, reason)
    })
}

async fn judged(node: &Node, study: &Study, ask: Evaluate) -> Result<Evaluated, Refusal> {
    let keys = study.pinned()?;
    let participant = requester(study, &ask)?;
    let requester = node.member(&participant.node)?;
    ask.batch
        .verify(Purpose::Evaluate, study.digest, &requester.signing)
        .map_err(|error| Refusal::because(RejectCode::BadSignature, error))?;
    let population = &ask.batch.content.population;
    population
        .of_study(study.digest, &requester.signing)
        .map_err(|error| Refusal::because(RejectCode::BadSignature, error))?;
    if population.content.node != participant.node {
        return Err(Refusal::because(RejectCode::BadSignature, "a commitment in another node's name"));
    }
    let batch = ask.batch.content;
    let own = study.manifest.share_index(&node.config().id);
    if own != Some(batch.holder) || !participant.quorum.contains(&batch.holder) {
        return Err(Refusal::because(RejectCode::NotAHolder, "this node is not in the requester's quorum"));
    }
    if batch.epoch != keys.epoch() {
        return Err(Refusal::because(RejectCode::OtherStudy, "the batch is for another epoch of the key"));
    }
    let share = study.share().await.ok_or(Refusal::new(RejectCode::NotReady))?;
    let request = request_digest(&batch);
    // Under one key for several runs it is one population, and one quota.
    let left = study.base.left(&participant.node, requester.evaluations_max);
    count(study, participant, left, &batch, request).await?;
    let answer = run(node, share, batch.elements, request).await?;
    Ok(Evaluated { answer: Signed::new(answer, Purpose::Evaluated, study.digest, node.signing()) })
}

/// The digest by which an answer names its batch.
pub(crate) fn request_digest(batch: &Batch) -> Digest {
    Digest::of("tvaers/v1/batch", &[&codec::canonical(batch)])
}

fn requester<'a>(study: &'a Study, ask: &Evaluate) -> Result<&'a Participant, Refusal> {
    let name = &ask.batch.content.requester;
    study
        .manifest
        .participant(name)
        .ok_or(Refusal::because(RejectCode::UnknownNode, "the requester takes no part"))
}

/// Counts a batch against the requester's quota before anything is evaluated.
async fn count(
    study: &Study,
    participant: &Participant,
    left: u32,
    batch: &Batch,
    digest: Digest,
) -> Result<(), Refusal> {
    // A batch of no element would cost nothing and be remembered all the same.
    let elements =
        batch::count(&batch.elements).map_err(|error| Refusal::because(RejectCode::Malformed, error))?;
    let commitment = &batch.population.content;
    let asked = Asked {
        sequence: batch.sequence,
        digest,
        elements: u32::try_from(elements).map_err(Refusal::internal)?,
        root: population::elements_root(&batch.elements),
        commitment: commitment.digest(study.digest),
        persons: commitment.persons,
        share: commitment.elements(batch.sequence),
    };
    let counted = study.work.count(&participant.node, &asked, participant.quota.min(left)).await;
    counted.map_err(Refusal::internal)?.map_err(|error| {
        tracing::error!(node.id = %participant.node, quota = participant.quota.min(left), error = %error, "refused a batch");
        Refusal::because(error.code(), error)
    })
}

async fn run(
    node: &Node,
    share: Arc<KeyShare>,
    elements: Vec<u8>,
    request: Digest,
) -> Result<Answer, Refusal> {
    let (turn, mut rng) = (node.turn().await, node.rng());
    let evaluated = move || {
        let _turn = turn;
        evaluate(&share, &elements, &mut rng)
    };
    let evaluated = tokio::task::spawn_blocking(evaluated)
        .await
        .map_err(Refusal::internal)?
        .map_err(|error| Refusal::because(RejectCode::Malformed, error))?;
    Ok(Answer { request, elements: evaluated.elements, proof: evaluated.proof })
}
