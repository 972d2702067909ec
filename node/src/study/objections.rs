//! What other nodes say: that persons whom this node contributed object to the processing. It leaves them out from then
//! on, of everything.
//!
//! Only who was contributed is believed to object, and only on the signature of the node that says so; anything else is
//! an alarm and all of it is refused. The first that holds together is the only one.

use tvaers_link::exchange::Exchange;
use tvaers_protocol::codec;
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{Objections, ObjectionsEnd, ObjectionsTaken, StreamTotal};
use tvaers_protocol::objection::{self, Objection};
use tvaers_protocol::record::Ascending;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::Purpose;

use crate::node::Node;
use crate::objection::store::Change;
use crate::refusal::Refusal;
use crate::study::stream::{FRAME_TIME, Share, Tally};
use crate::study::{Stage, Study, told};
use crate::work::record::Fixed;

/// Takes objections to their end and leaves those persons out. `first` is the frame that opened the exchange.
pub(crate) async fn take(
    node: &Node,
    study: &Study,
    first: Frame,
    exchange: &mut Exchange,
) -> Result<ObjectionsTaken, Refusal> {
    // Held to the end, so that one telling is judged at a time. Contributions and a hand-back are on their way meanwhile.
    let _telling = study.telling().await;
    drop(study.since(Stage::Submitted).await?);
    let work = &study.work;
    let known = work.fixed(Fixed::Objections).await.map_err(Refusal::internal)?;
    let total = read(node, study, first, exchange, known.is_some()).await?;
    let digest = Digest::of("tvaers/v1/objections", &[&codec::canonical(&total)]);
    match known {
        Some(known) if known != digest => {
            return Err(Refusal::because(RejectCode::Replay, "other objections than the ones before"));
        }
        Some(_) => {}
        None => judge(study, digest).await?,
    }
    if work.fixed(Fixed::ObjectionsTaken).await.map_err(Refusal::internal)?.is_none() {
        leave_out(node, study, digest).await?;
    }
    Ok(ObjectionsTaken {})
}

/// Reads objections to their signed end. They are kept to be judged as a whole, unless they are `known`.
async fn read(
    node: &Node,
    study: &Study,
    first: Frame,
    exchange: &mut Exchange,
    known: bool,
) -> Result<StreamTotal, Refusal> {
    let malformed =
        |error: &dyn std::error::Error| Refusal::because(RejectCode::Malformed, error.to_string());
    let work = &study.work;
    let persons = work.persons().await.map_err(Refusal::internal)?;
    work.begin_objections().await.map_err(Refusal::internal)?;
    let (mut order, mut tally, mut frame) = (Ascending::default(), Tally::default(), first);
    while frame.kind() == Kind::Objections {
        let message: Objections = frame.message().map_err(|error| malformed(&error))?;
        let records = Objection::read(&message.records).map_err(|error| malformed(&error))?;
        tally.take(message.sequence, &message.records, records.len())?;
        let mut objecting = Vec::with_capacity(records.len());
        for record in &records {
            order.next(record.pseudonym).map_err(|error| malformed(&error))?;
            objecting.push((record.pseudonym, said_by(node, study, record)?));
        }
        if tally.records() > persons {
            return Err(Refusal::because(RejectCode::Malformed, "more objections than persons"));
        }
        if !known {
            work.store_objections(&objecting).await.map_err(Refusal::internal)?;
        }
        frame = exchange.frame(FRAME_TIME).await.map_err(|error| Refusal::because(error.code(), error))?;
    }
    let end: ObjectionsEnd = frame.message().map_err(|error| malformed(&error))?;
    let coordinator = &node.roster().roster().coordinator.signing;
    let total = end
        .total
        .verify(Purpose::Objections, study.digest, coordinator)
        .map_err(|error| Refusal::because(RejectCode::BadSignature, error))?;
    if *total == tally.total(&node.config().id) {
        Ok(total.clone())
    } else {
        Err(Refusal::because(RejectCode::Malformed, "the objections are not what the coordinator signed"))
    }
}

/// The other participant that signed that the person objects.
fn said_by<'s>(node: &Node, study: &'s Study, record: &Objection) -> Result<&'s NodeId, Refusal> {
    let participant = study.manifest.participants.get(usize::from(record.by));
    let by = participant.map(|participant| &participant.node).filter(|by| **by != node.config().id);
    let by = by.ok_or(Refusal::because(RejectCode::Malformed, "an objection of no other participant"))?;
    let signed =
        objection::verify(record.pseudonym, record.signature, study.digest, &node.member(by)?.signing);
    signed.map_err(|error| {
        tracing::error!(node.id = %by, "the coordinator told of an objection that the node did not sign");
        Refusal::because(RejectCode::BadSignature, error)
    })?;
    Ok(by)
}

/// Makes what was read what counts, unless it is about someone whom this node did not contribute.
async fn judge(study: &Study, digest: Digest) -> Result<(), Refusal> {
    if study.work.strangers_objecting().await.map_err(Refusal::internal)? > 0 {
        tracing::error!("the coordinator told of objections of persons whom this node did not contribute");
        return Err(Refusal::because(
            RejectCode::PolicyRefused,
            "objections of persons that are not this node's",
        ));
    }
    study.work.end_objections(digest).await.map_err(Refusal::internal)
}

/// Remembers the persons. A node that stops in between does so again: who is remembered already stays as they are, and
/// the log may say it twice.
async fn leave_out(node: &Node, study: &Study, digest: Digest) -> Result<(), Refusal> {
    let work = &study.work;
    let objecting = work.objecting().await.map_err(Refusal::internal)?;
    let persons = work.persons().await.map_err(Refusal::internal)?;
    let mut change = Change::begin(node.state()).await.map_err(Refusal::internal)?;
    // Within the change: whatever begins later knows of them.
    let now = node.clock().now();
    change.receive(study.digest, &objecting, now).await.map_err(Refusal::internal)?;
    let share = Share::of(objecting.len() as u64, persons);
    // Logged before it holds: what holds and is not logged could not be explained.
    node.record(now, vec![told::objections(study.digest, share)]).await?;
    change.commit().await.map_err(Refusal::internal)?;
    if share != Share::Few {
        tracing::warn!(
            study.run = %study.manifest.run,
            share = share.name(),
            "other nodes say that many of this node's persons object: ask them"
        );
    }
    work.fix(Fixed::ObjectionsTaken, digest).await.map(drop).map_err(Refusal::internal)
}
