//! The second round: the coordinator names persons whom another node of the sector touches too, and this node tells
//! it their spells, stays, answers or amounts, with shifted times.
//!
//! Only who was contributed with that very touch is told of; anything else is an alarm and the whole list is refused.
//! The first list is the only one.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, future};
use tvaers_definitions::feature::Rule;
use tvaers_link::exchange::Exchange;
use tvaers_protocol::codec;
use tvaers_protocol::event::{Event, EventRecord, EventRequest, ORDER_BYTES, OrderTag};
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::{Digest, PersonId};
use tvaers_protocol::message::{
    EventRequests, EventRequestsEnd, Events, EventsAsked, EventsEnd, Signed, StreamTotal,
};
use tvaers_protocol::record::Ascending;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::Purpose;
use tvaers_pseudonym::seed::BlindSeed;
use tvaers_pseudonym::shift::Shift;
use tvaers_warehouse::sql::EventRow;

use crate::node::Node;
use crate::refusal::Refusal;
use crate::study::stream::{FRAME_TIME, Tally};
use crate::study::{Stage, Study};
use crate::work::event::{Asked, Told};
use crate::work::record::Fixed;
use crate::work::source;

/// Events that are shifted and kept at a time.
const EVENTS_A_TURN: usize = 2_000;

/// Takes the list of those whose events are asked for. `first` is the frame that opened the exchange.
pub(crate) async fn take_list(
    node: &Node,
    study: &Study,
    first: Frame,
    exchange: &mut Exchange,
) -> Result<EventsAsked, Refusal> {
    if study.model.joined_groups(study.manifest.grain) == 0 {
        tracing::error!("the coordinator asked for events in a study that has none");
        return Err(Refusal::because(RejectCode::PolicyRefused, "the study's grain or model has no events"));
    }
    // Held to the end, so that one list is judged at a time.
    let _list = study.list().await;
    drop(study.since(Stage::Submitted).await?);
    let known = fixed_list(study).await?;
    let total = read_list(node, study, first, exchange, known.is_some()).await?;
    let digest = list_digest(&total);
    if let Some(known) = known {
        return if known == digest {
            Ok(EventsAsked {})
        } else {
            Err(Refusal::because(RejectCode::Replay, "another list of events than the one before"))
        };
    }
    let work = &study.work;
    let strangers = work.strangers_asked(study.joined_groups()).await.map_err(Refusal::internal)?;
    if strangers > 0 {
        tracing::error!("the coordinator asked for events of persons whom this node did not call touched");
        return Err(Refusal::because(
            RejectCode::PolicyRefused,
            "a list of persons that are not this node's",
        ));
    }
    // A work list that is written is not changed by any event.
    let step = study.since(Stage::Submitted).await?;
    if step.stage > Stage::Submitted {
        return Err(Refusal::because(RejectCode::NotReady, "the study is over"));
    }
    work.end_list(digest).await.map_err(Refusal::internal)?;
    // How many is a count of persons, which a log that is passed on does not hold.
    tracing::info!(study.run = %study.manifest.run, "asked for events");
    Ok(EventsAsked {})
}

/// Reads a list to its signed end. The requests are kept to be judged as a whole, unless the list is `known`.
async fn read_list(
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
    work.begin_list().await.map_err(Refusal::internal)?;
    let (mut order, mut tally, mut frame) = (Ascending::default(), Tally::default(), first);
    while frame.kind() == Kind::EventRequests {
        let message: EventRequests = frame.message().map_err(|error| malformed(&error))?;
        let requests = EventRequest::read(&message.records).map_err(|error| malformed(&error))?;
        tally.take(message.sequence, &message.records, requests.len())?;
        for request in &requests {
            order.next(request.pseudonym).map_err(|error| malformed(&error))?;
        }
        if tally.records() > persons {
            return Err(Refusal::because(RejectCode::Malformed, "the list has more persons than the node"));
        }
        if !known {
            work.store_requests(&requests).await.map_err(Refusal::internal)?;
        }
        frame = exchange.frame(FRAME_TIME).await.map_err(|error| Refusal::because(error.code(), error))?;
    }
    let end: EventRequestsEnd = frame.message().map_err(|error| malformed(&error))?;
    let coordinator = &node.roster().roster().coordinator.signing;
    let total = end
        .total
        .verify(Purpose::EventRequests, study.digest, coordinator)
        .map_err(|error| Refusal::because(RejectCode::BadSignature, error))?;
    if *total == tally.total(&node.config().id) {
        Ok(total.clone())
    } else {
        Err(Refusal::because(RejectCode::Malformed, "the list is not what the coordinator signed"))
    }
}

/// The digest by which a list is fixed.
fn list_digest(total: &StreamTotal) -> Digest {
    Digest::of("tvaers/v1/event-requests", &[&codec::canonical(total)])
}

async fn fixed_list(study: &Study) -> Result<Option<Digest>, Refusal> {
    study.work.fixed(Fixed::EventRequests).await.map_err(Refusal::internal)
}

/// Streams the events of those on the list.
pub(crate) async fn stream(node: &Node, study: &Arc<Study>, exchange: &mut Exchange) -> Result<(), Refusal> {
    let fixed = fix(node, study).await?;
    let mut tally = Tally::default();
    let mut pages = Pages::new(study);
    while let Some((records, count)) = pages.next().await? {
        tally.send::<Events>(records, count, exchange).await?;
    }
    if tally.digest() != fixed {
        return Err(Refusal::internal("the events are not those that were fixed"));
    }
    let total = Signed::new(tally.total(&node.config().id), Purpose::Events, study.digest, node.signing());
    let end = EventsEnd { total };
    exchange.answer(&end, FRAME_TIME).await.map_err(|error| Refusal::because(error.code(), error))
}

/// Fixes the events before the first one leaves. Gives the digest over all records.
async fn fix(node: &Node, study: &Arc<Study>) -> Result<Digest, Refusal> {
    let _list = study.list().await;
    if fixed_list(study).await?.is_none() {
        return Err(Refusal::because(RejectCode::NotReady, "no events have been asked for"));
    }
    let work = &study.work;
    if let Some(fixed) = work.fixed(Fixed::Events).await.map_err(Refusal::internal)? {
        return Ok(fixed);
    }
    work_out(node, study).await?;
    let mut tally = Tally::default();
    let mut pages = Pages::new(study);
    while let Some((records, count)) = pages.next().await? {
        tally.add(&records, count);
    }
    work.fix(Fixed::Events, tally.digest()).await.map_err(Refusal::internal)
}

/// The events as the bodies of frames. Nothing but the place of the last is held between two of them.
struct Pages<'a> {
    study: &'a Study,
    last: Option<Told>,
}

impl<'a> Pages<'a> {
    const fn new(study: &'a Study) -> Self {
        Self { study, last: None }
    }

    /// The next frame's records, and how many; none at the end.
    async fn next(&mut self) -> Result<Option<(Vec<u8>, usize)>, Refusal> {
        let page = self.study.work.events_after(self.last.as_ref()).await.map_err(Refusal::internal)?;
        let records = page.iter().flat_map(|told| &told.record).copied().collect();
        let count = page.len();
        self.last = page.into_iter().next_back();
        Ok(self.last.is_some().then_some((records, count)))
    }
}

/// Works out the events of those on the list from this node's rows, and keeps them as they leave.
async fn work_out(node: &Node, study: &Arc<Study>) -> Result<(), Refusal> {
    let work = &study.work;
    work.begin_events().await.map_err(Refusal::internal)?;
    let asked = Arc::new(work.asked().await.map_err(Refusal::internal)?);
    if asked.is_empty() {
        return Ok(());
    }
    let warehouse = source::data(node, &study.import).await?;
    let mut reading = warehouse.reading().await.map_err(Refusal::internal)?;
    let rows = source::events(node, study, &warehouse, &mut reading).map_err(Refusal::internal)?;
    let wanted = |row: &EventRow| {
        let groups = asked.get(&row.person).map_or(0, |asked| asked.groups);
        future::ready(groups.checked_shr(row.group.into()).is_some_and(|groups| groups & 1 == 1))
    };
    let mut chunks = rows.try_filter(wanted).try_chunks(EVENTS_A_TURN);
    let mut place = 0;
    while let Some(chunk) = chunks.next().await {
        let rows = chunk.map_err(|error| Refusal::internal(error.1))?;
        let count = i64::try_from(rows.len()).map_err(Refusal::internal)?;
        let (turn, seed) = (node.turn().await, study.hiding().await?);
        let (study, asked) = (Arc::clone(study), Arc::clone(&asked));
        let shifted = move || {
            let _turn = turn;
            told(&study, &seed, &asked, &rows, place)
        };
        let told = tokio::task::spawn_blocking(shifted).await.map_err(Refusal::internal)?;
        work.store_events(&told).await.map_err(Refusal::internal)?;
        place += count;
    }
    drop(chunks);
    reading.end().await;
    warehouse.close().await;
    work.check_events().await.map_err(Refusal::internal)
}

/// These rows as they leave.
fn told(
    study: &Study,
    seed: &BlindSeed,
    asked: &HashMap<PersonId, Asked>,
    rows: &[EventRow],
    first_place: i64,
) -> Vec<Told> {
    let mut told = Vec::with_capacity(rows.len());
    for (place, row) in (first_place..).zip(rows) {
        let group = study.model.touches.get(usize::from(row.group));
        let (Some(asked), Some(group)) = (asked.get(&row.person), group) else { continue };
        let secret = seed.show(&asked.pseudonym, &asked.secret);
        let shift = Shift::new(&secret, &study.digest, &group.group);
        let mut components = study.model.components_of(row.group.into());
        let Some((_, component)) = components.next() else { continue };
        let event = match component.feature.rule {
            Rule::Stays(_) => stay(row, &shift),
            Rule::SumRows { .. } => amount(row, &shift),
            Rule::Answer(_) => answer(row, &shift),
            _ => spell(row, &shift),
        };
        let mut record = Vec::with_capacity(EventRecord::SIZE);
        EventRecord { pseudonym: asked.pseudonym, event }.write(&mut record);
        told.push(Told { pseudonym: asked.pseudonym, group: row.group, place, record });
    }
    told
}

/// An event that tells nothing yet. What is not of its kind stays 0.
const fn empty(row: &EventRow) -> Event {
    Event {
        group: row.group,
        in_window: row.in_window,
        acute: false,
        index: false,
        discharged: false,
        first_round: false,
        last_round: false,
        first_day: 0,
        last_day: 0,
        begins: 0,
        ends: 0,
        first_ends: 0,
        reach: 0,
        amount: 0,
        order: OrderTag([0; ORDER_BYTES]),
    }
}

fn spell(row: &EventRow, shift: &Shift) -> Event {
    Event {
        first_day: shift.day(row.first_day.into()),
        last_day: shift.day(row.last_day.into()),
        ..empty(row)
    }
}

fn answer(row: &EventRow, shift: &Shift) -> Event {
    Event {
        first_round: row.first_round,
        last_round: row.last_round,
        amount: row.amount,
        ..spell(row, shift)
    }
}

fn amount(row: &EventRow, shift: &Shift) -> Event {
    Event { amount: row.amount, order: shift.order(row.id.expose()), ..empty(row) }
}

fn stay(row: &EventRow, shift: &Shift) -> Event {
    Event {
        acute: row.acute,
        index: row.index,
        discharged: row.discharged,
        begins: shift.minute(row.begins.into()),
        ends: shift.minute(row.ends.into()),
        first_ends: shift.minute(row.first_ends.into()),
        reach: row.reach,
        order: shift.order(row.id.expose()),
        ..spell(row, shift)
    }
}
