//! This node's persons get their pseudonyms: blind, have a quorum evaluate, check every proof, combine.
//!
//! Two batches are under way at a time, so that one is worked on here while the other is with the holders; what is
//! held in memory does not grow with the population.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tvaers_link::exchange::Exchange;
use tvaers_protocol::id::{NodeId, PersonId, Pseudonym};
use tvaers_protocol::limit;
use tvaers_protocol::message::{Batch, Evaluate, Evaluated, Progress, Pseudonymised, Relay, Signed};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::Purpose;
use tvaers_pseudonym::blind::{Blinds, blind_batch};
use tvaers_pseudonym::combine::combine;
use tvaers_pseudonym::evaluate::Evaluated as Reply;

use crate::node::Node;
use crate::refusal::Refusal;
use crate::study::evaluate::{self, request_digest};
use crate::study::{Stage, Study};

/// Batches under way at a time.
const PIPELINE: usize = 2;

/// For a holder to answer one batch: it takes about half a second, and other nodes may be before us.
const BATCH_TIME: Duration = Duration::from_secs(300);

/// Gives every person of this node a pseudonym. Progress goes to `progress`, in persons.
pub(crate) async fn run(
    node: &Arc<Node>,
    study: &Arc<Study>,
    progress: mpsc::Sender<Progress>,
) -> Result<Pseudonymised, Refusal> {
    let mut stage = study.at(Stage::Computed).await?;
    let work = study.work()?;
    let total = work.persons();
    let mut under_way = JoinSet::new();
    let (mut next_row, mut sequence, mut done) = (1, 0_u32, 0_u64);
    loop {
        while under_way.len() < PIPELINE {
            let batch = work.persons_from(next_row, limit::BATCH_PERSONS).await.map_err(Refusal::internal)?;
            let Some((last, _)) = batch.last() else { break };
            next_row = last + 1;
            under_way.spawn(one_batch(Arc::clone(node), Arc::clone(study), sequence, batch));
            sequence += 1;
        }
        let Some(finished) = under_way.join_next().await else {
            break;
        };
        let named = finished.map_err(Refusal::internal)??;
        done += named.len() as u64;
        work.store_pseudonyms(&named).await.map_err(Refusal::internal)?;
        // Progress is a courtesy: nobody may be listening.
        let _ = progress.send(Progress { done, total }).await;
    }
    let persons = u32::try_from(done).map_err(Refusal::internal)?;
    *stage = Stage::Pseudonymised;
    Ok(Pseudonymised { persons })
}

async fn one_batch(
    node: Arc<Node>,
    study: Arc<Study>,
    sequence: u32,
    batch: Vec<(i64, PersonId)>,
) -> Result<Vec<(i64, Pseudonym)>, Refusal> {
    let (rows, persons): (Vec<i64>, Vec<PersonId>) = batch.into_iter().unzip();
    let (points, blinds) = blind(&node, &study, persons).await?;
    let own = study.manifest.participant(&node.config().id).ok_or(Refusal::new(RejectCode::OtherStudy))?;
    let mut asked = JoinSet::new();
    for &holder in &own.quorum {
        asked.spawn(ask_holder(Arc::clone(&node), Arc::clone(&study), holder, sequence, points.clone()));
    }
    let mut replies = Vec::with_capacity(own.quorum.len());
    while let Some(reply) = asked.join_next().await {
        replies.push(reply.map_err(Refusal::internal)??);
    }
    let quorum = own.quorum.clone();
    let names = named(&node, &study, quorum, blinds, replies).await?;
    Ok(rows.into_iter().zip(names).collect())
}

async fn blind(node: &Node, study: &Study, persons: Vec<PersonId>) -> Result<(Vec<u8>, Blinds), Refusal> {
    let _turn = node.turn().await;
    let (digest, mut rng) = (study.digest, node.rng());
    tokio::task::spawn_blocking(move || blind_batch(&persons, &digest, &mut rng))
        .await
        .map_err(Refusal::internal)?
        .map_err(Refusal::internal)
}

async fn named(
    node: &Node,
    study: &Arc<Study>,
    quorum: Vec<u16>,
    blinds: Blinds,
    replies: Vec<(u16, Reply)>,
) -> Result<Vec<Pseudonym>, Refusal> {
    let _turn = node.turn().await;
    let keys = study.pinned()?.clone();
    let outcome = tokio::task::spawn_blocking(move || combine(&keys, &quorum, &blinds, &replies))
        .await
        .map_err(Refusal::internal)?;
    match outcome {
        Ok(outputs) => Ok(outputs.iter().map(|output| output.pseudonym).collect()),
        Err(error) => {
            let culprit = error.culprit().and_then(|index| study.manifest.holder(index));
            tracing::error!(
                holder = culprit.map(NodeId::as_str),
                "a holder's answer does not prove what it must"
            );
            Err(Refusal::because(RejectCode::BadProof, error))
        }
    }
}

async fn ask_holder(
    node: Arc<Node>,
    study: Arc<Study>,
    holder: u16,
    sequence: u32,
    elements: Vec<u8>,
) -> Result<(u16, Reply), Refusal> {
    let epoch = study.pinned()?.epoch();
    let batch = Batch { requester: node.config().id.clone(), holder, epoch, sequence, elements };
    let request = request_digest(&batch);
    let ask = Evaluate { batch: Signed::new(batch, Purpose::Evaluate, study.digest, node.signing()) };
    let name = study.manifest.holder(holder).ok_or(Refusal::new(RejectCode::NotAHolder))?;
    let reply: Evaluated = if *name == node.config().id {
        evaluate::answer(&node, &study, ask).await?
    } else {
        over_the_coordinator(&node, &study, name, &ask).await?
    };
    let answer = reply
        .answer
        .verify(Purpose::Evaluated, study.digest, &node.member(name)?.signing)
        .map_err(|error| Refusal::because(RejectCode::BadSignature, error))?;
    if answer.request != request {
        return Err(Refusal::because(RejectCode::Replay, "an answer to another batch"));
    }
    Ok((holder, Reply { elements: answer.elements.clone(), proof: answer.proof }))
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
