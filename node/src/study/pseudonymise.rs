//! This node's persons get their pseudonyms: blind, have a quorum evaluate, check every proof, combine.
//!
//! Two batches are under way at a time, so that one is worked on here while the other is with the holders; what is
//! held in memory does not grow with the population. Which persons are in a batch and how they are blinded follows
//! from its number, so that one that was broken off is asked again to the byte.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tvaers_link::exchange::Exchange;
use tvaers_protocol::id::{Digest, NodeId, PersonId};
use tvaers_protocol::limit;
use tvaers_protocol::message::{Answer, Batch, Evaluate, Evaluated, Progress, Pseudonymised, Relay, Signed};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::Purpose;
use tvaers_pseudonym::blind::{Blinds, blind_batch};
use tvaers_pseudonym::combine::{Output, combine};
use tvaers_pseudonym::evaluate::Evaluated as Reply;

use crate::node::Node;
use crate::refusal::Refusal;
use crate::study::evaluate::{self, request_digest};
use crate::study::{Stage, Study};
use crate::work::pseudonym::Named;

/// Batches under way at a time.
const PIPELINE: usize = 2;

/// For a holder to answer one batch: it takes about half a second, and other nodes may be before us. Longer than the
/// coordinator's own wait, so that it is seen there who was silent.
const BATCH_TIME: Duration = Duration::from_secs(330);

/// Gives every person of this node a pseudonym. Progress goes to `progress`, in persons.
pub(crate) async fn run(
    node: &Arc<Node>,
    study: &Arc<Study>,
    progress: mpsc::Sender<Progress>,
) -> Result<Pseudonymised, Refusal> {
    let step = study.since(Stage::Computed).await?;
    let total = study.work.evaluated().await.map_err(Refusal::internal)?;
    if step.stage == Stage::Computed {
        name_all(node, study, total, progress).await?;
        study.work.reach(Stage::Pseudonymised).await.map_err(Refusal::internal)?;
    }
    let persons = study.work.persons().await.map_err(Refusal::internal)?;
    Ok(Pseudonymised { persons: u32::try_from(persons).map_err(Refusal::internal)? })
}

async fn name_all(
    node: &Arc<Node>,
    study: &Arc<Study>,
    total: u64,
    progress: mpsc::Sender<Progress>,
) -> Result<(), Refusal> {
    let work = &study.work;
    let named = work.named_batches().await.map_err(Refusal::internal)?;
    let mut done = work.named_persons().await.map_err(Refusal::internal)?;
    let n_batches = u32::try_from(total.div_ceil(limit::BATCH_PERSONS as u64)).map_err(Refusal::internal)?;
    let mut left = (0..n_batches).filter(|sequence| !named.contains(sequence));
    let mut under_way = JoinSet::new();
    loop {
        while under_way.len() < PIPELINE
            && let Some(sequence) = left.next()
        {
            under_way.spawn(one_batch(Arc::clone(node), Arc::clone(study), sequence));
        }
        let Some(finished) = under_way.join_next().await else { break };
        let named = finished.map_err(Refusal::internal)??;
        work.store_pseudonyms(&named).await.map_err(Refusal::internal)?;
        done += named.len() as u64;
        // Progress is a courtesy: nobody may be listening.
        let _ = progress.send(Progress { done, total }).await;
    }
    // Sixteen bytes do not collide by chance.
    if work.named_persons().await.map_err(Refusal::internal)? == total {
        Ok(())
    } else {
        Err(Refusal::internal("some persons share a pseudonym or have none"))
    }
}

/// The pseudonyms of one batch's persons.
async fn one_batch(node: Arc<Node>, study: Arc<Study>, sequence: u32) -> Result<Vec<Named>, Refusal> {
    let before = u64::from(sequence) * limit::BATCH_PERSONS as u64;
    let persons =
        study.work.evaluated_after(before, limit::BATCH_PERSONS).await.map_err(Refusal::internal)?;
    let (rows, persons): (Vec<i64>, Vec<PersonId>) = persons.into_iter().unzip();
    let (points, blinds) = blind(&node, &study, sequence, persons).await?;
    let own = study.manifest.participant(&node.config().id).ok_or(Refusal::new(RejectCode::OtherStudy))?;
    let population = study.work.population().await.map_err(Refusal::internal)?;
    let mut asked = JoinSet::new();
    for &holder in &own.quorum {
        let batch = Batch {
            requester: node.config().id.clone(),
            holder,
            epoch: study.pinned()?.epoch(),
            sequence,
            population: population.clone(),
            elements: points.clone(),
        };
        asked.spawn(ask_holder(Arc::clone(&node), Arc::clone(&study), batch));
    }
    let mut replies = Vec::with_capacity(own.quorum.len());
    while let Some(reply) = asked.join_next().await {
        replies.push(reply.map_err(Refusal::internal)??);
    }
    named(&node, &study, rows, own.quorum.clone(), blinds, replies).await
}

async fn blind(
    node: &Node,
    study: &Study,
    sequence: u32,
    persons: Vec<PersonId>,
) -> Result<(Vec<u8>, Blinds), Refusal> {
    let (turn, seed, digest) = (node.turn().await, study.seed().await?, study.manifest.persons_context());
    let blinded = move || {
        let _turn = turn;
        blind_batch(&persons, &digest, &mut seed.batch(sequence))
    };
    tokio::task::spawn_blocking(blinded).await.map_err(Refusal::internal)?.map_err(Refusal::internal)
}

async fn named(
    node: &Node,
    study: &Arc<Study>,
    rows: Vec<i64>,
    quorum: Vec<u16>,
    blinds: Blinds,
    replies: Vec<(u16, Reply)>,
) -> Result<Vec<Named>, Refusal> {
    let (turn, hiding, keys) = (node.turn().await, study.hiding().await?, study.pinned()?.clone());
    // Where nobody can ask for events, there is nothing to shift.
    let with_secrets = study.joined_groups() != 0;
    let combined = move || {
        let _turn = turn;
        let outputs = combine(&keys, &quorum, &blinds, &replies)?;
        let named = |(row, Output { pseudonym, event_secret }): (i64, Output)| {
            let secret = with_secrets.then(|| hiding.hide(&pseudonym, &event_secret));
            Named { row, pseudonym, secret }
        };
        Ok(rows.into_iter().zip(outputs).map(named).collect())
    };
    tokio::task::spawn_blocking(combined).await.map_err(Refusal::internal)?.map_err(
        |error: tvaers_pseudonym::combine::CombineError| {
            let culprit = error.culprit().and_then(|index| study.manifest.holder(index));
            tracing::error!(
                holder = culprit.map(NodeId::as_str),
                "a holder's answer does not prove what it must"
            );
            let refusal = Refusal::because(RejectCode::BadProof, error);
            // One's own fault is no other's.
            match culprit.filter(|culprit| **culprit != node.config().id) {
                Some(culprit) => refusal.of_holder(culprit),
                None => refusal,
            }
        },
    )
}

async fn ask_holder(node: Arc<Node>, study: Arc<Study>, batch: Batch) -> Result<(u16, Reply), Refusal> {
    let (holder, epoch) = (batch.holder, batch.epoch);
    let request = request_digest(&batch);
    let ask = Evaluate { batch: Signed::new(batch, Purpose::Evaluate, study.digest, node.signing()) };
    let name = study.manifest.holder(holder).ok_or(Refusal::new(RejectCode::NotAHolder))?;
    let answer = if *name == node.config().id {
        evaluate::answer(&node, &study, ask)
            .await
            .and_then(|reply| checked(&node, &study, name, request, reply))
    } else {
        let reply = over_the_coordinator(&node, &study, name, &ask).await;
        let answer = reply.and_then(|reply| checked(&node, &study, name, request, reply));
        answer.map_err(|refusal| refusal.of_holder(name))
    };
    let Answer { elements, proof, .. } = answer?;
    // The answer names the batch by its digest, and the epoch stands in the batch.
    Ok((holder, Reply { epoch, elements, proof }))
}

/// An answer that its holder signed for this batch.
fn checked(
    node: &Node,
    study: &Study,
    holder: &NodeId,
    request: Digest,
    reply: Evaluated,
) -> Result<Answer, Refusal> {
    reply
        .answer
        .verify(Purpose::Evaluated, study.digest, &node.member(holder)?.signing)
        .map_err(|error| Refusal::because(RejectCode::BadSignature, error))?;
    match reply.answer.content {
        answer if answer.request == request => Ok(answer),
        _ => Err(Refusal::because(RejectCode::Replay, "an answer to another batch")),
    }
}

async fn over_the_coordinator(
    node: &Node,
    study: &Study,
    holder: &NodeId,
    ask: &Evaluate,
) -> Result<Evaluated, Refusal> {
    let failed = |error: tvaers_link::exchange::ExchangeError| {
        let code = error.code();
        Refusal::because(code, format!("holder `{holder}`: {error}"))
    };
    let link = node.link()?;
    let mut exchange = Exchange::open(&*link, node.roster().digest(), study.digest).await.map_err(failed)?;
    exchange.send(&Relay { to: holder.clone() }, BATCH_TIME).await.map_err(failed)?;
    exchange.send(ask, BATCH_TIME).await.map_err(failed)?;
    exchange.finish().await.map_err(failed)?;
    exchange.receive(BATCH_TIME).await.map_err(failed)
}
