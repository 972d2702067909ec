use std::sync::Arc;

use tvaers_link::link::Link;
use tvaers_link::memory::pair;
use tvaers_protocol::event::EventRecord;
use tvaers_protocol::message::{Events as EventsPart, EventsEnd};
use tvaers_protocol::record::NO_RECENCY;
use tvaers_protocol::sign::SigningKey;

use super::*;
use crate::testing::{node, pseudonym, spell};

const STUDY: Digest = Digest([7; 32]);
const WAIT: Duration = Duration::from_secs(20);
const SHAPE: ContributionShape = ContributionShape { values: 2, recencies: 1 };

fn key() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}

fn expected(before: Option<StreamTotal>) -> Expected {
    let key = key().verifying_key();
    Expected { node: node("k360"), key, study: STUDY, before, first_wait: WAIT, wait: WAIT }
}

/// The coordinator's end of a stream on which `send` has said everything.
async fn sent(send: impl AsyncFnOnce(&mut Exchange)) -> (Exchange, Vec<Arc<dyn Link>>) {
    let (own, theirs) = pair(node("k360"));
    let (own, theirs): (Arc<dyn Link>, Arc<dyn Link>) = (Arc::new(own), Arc::new(theirs));
    let mut from = Exchange::open(&*own, Digest::NONE, STUDY).await.unwrap();
    send(&mut from).await;
    let to = Exchange::on(theirs.accept().await.unwrap(), Digest::NONE, STUDY);
    // Links end when they are dropped.
    (to, vec![own, theirs])
}

fn contribution(number: u8) -> Contribution {
    Contribution {
        pseudonym: pseudonym(number),
        resident: false,
        eligible: false,
        objects: false,
        touches: 0,
        kommune: 0,
        values: vec![1, 0],
        recencies: vec![NO_RECENCY],
    }
}

fn body(numbers: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    numbers.iter().for_each(|number| SHAPE.write(&contribution(*number), &mut body));
    body
}

fn total(records: u64, bytes: &[u8]) -> StreamTotal {
    StreamTotal { node: node("k360"), records, digest: Digest(Sha256::digest(bytes).into()) }
}

async fn end(exchange: &mut Exchange, total: StreamTotal) {
    let total = Signed::new(total, Purpose::Contributions, STUDY, &key());
    exchange.answer(&ContributionsEnd { total }, WAIT).await.unwrap();
}

/// What is made of these frames and this end.
async fn read(
    frames: &[(u32, Vec<u8>)],
    total: StreamTotal,
    before: Option<StreamTotal>,
) -> Result<usize, StreamFault> {
    let (exchange, _links) = sent(async |from: &mut Exchange| {
        for (sequence, records) in frames {
            let (sequence, records) = (*sequence, records.clone());
            from.send(&Contributions { sequence, records, objections: Vec::new() }, WAIT).await.unwrap();
        }
        end(from, total).await;
    })
    .await;
    let own = ContributionShape { values: 1, recencies: 0 };
    let records = ContributionRecords { shape: SHAPE, own, quota: 4 };
    let mut inlet = Inlet::new(expected(before), records, exchange);
    let mut count = 0;
    while inlet.next().await?.is_some() {
        count += 1;
    }
    assert!(inlet.total().is_some());
    Ok(count)
}

#[tokio::test]
async fn a_stream_is_read_to_its_signed_end() {
    let (one, two) = (body(&[1, 2]), body(&[5]));
    let all = [one.clone(), two.clone()].concat();
    let frames = [(0, one), (1, two)];
    assert_eq!(read(&frames, total(3, &all), None).await.unwrap(), 3);
    assert_eq!(read(&frames, total(3, &all), Some(total(3, &all))).await.unwrap(), 3);
    assert_eq!(read(&[], total(0, &[]), None).await.unwrap(), 0);
}

/// What is made of the records of three persons, of whom the second objects, under these signatures.
async fn read_objecting(objections: Vec<Signature>) -> Result<Vec<bool>, StreamFault> {
    let mut records = body(&[1]);
    SHAPE.write(&Contribution::objection(pseudonym(2), SHAPE), &mut records);
    records.extend(body(&[3]));
    let total = total(3, &records);
    let (exchange, _links) = sent(async |from: &mut Exchange| {
        from.send(&Contributions { sequence: 0, records, objections }, WAIT).await.unwrap();
        end(from, total).await;
    })
    .await;
    let own = ContributionShape { values: 1, recencies: 0 };
    let mut inlet = Inlet::new(expected(None), ContributionRecords { shape: SHAPE, own, quota: 4 }, exchange);
    let mut objecting = Vec::new();
    while let Some(record) = inlet.next().await? {
        objecting.push(record.objection.is_some());
    }
    Ok(objecting)
}

#[tokio::test]
async fn an_objection_counts_with_the_nodes_signature_over_that_person_alone() {
    let good = objection::sign(pseudonym(2), STUDY, &key());
    assert_eq!(read_objecting(vec![good]).await.unwrap(), [false, true, false]);
    let of_another = objection::sign(pseudonym(1), STUDY, &key());
    let other_study = objection::sign(pseudonym(2), Digest([8; 32]), &key());
    let other_node = objection::sign(pseudonym(2), STUDY, &SigningKey::from_seed(&[4; 32]));
    for signatures in [vec![], vec![good, good], vec![of_another], vec![other_study], vec![other_node]] {
        let fault = read_objecting(signatures).await.unwrap_err();
        assert!(matches!(fault, StreamFault::UnsignedObjection), "{fault}");
    }
}

#[tokio::test]
async fn a_stream_out_of_order_too_long_or_other_than_signed_is_refused() {
    let one = body(&[1, 2]);
    let frame = |sequence, numbers: &[u8]| (sequence, body(numbers));
    let fault =
        async |frames: &[(u32, Vec<u8>)], total, before| read(frames, total, before).await.unwrap_err();

    let total_of = |frames: &[(u32, Vec<u8>)]| {
        let all: Vec<u8> = frames.iter().flat_map(|(_, records)| records.clone()).collect();
        total((all.len() / SHAPE.size()) as u64, &all)
    };
    let gap = [frame(0, &[1]), frame(2, &[2])];
    assert!(matches!(
        fault(&gap, total_of(&gap), None).await,
        StreamFault::Sequence { expected: 1, found: 2 }
    ));
    let back = [frame(0, &[1, 3]), frame(1, &[2])];
    assert!(matches!(fault(&back, total_of(&back), None).await, StreamFault::Record(RecordError::Order)));
    let twice = [frame(0, &[1, 1])];
    assert!(matches!(fault(&twice, total_of(&twice), None).await, StreamFault::Record(RecordError::Order)));
    let many = [frame(0, &[1, 2, 3]), frame(1, &[4, 5])];
    assert!(matches!(fault(&many, total_of(&many), None).await, StreamFault::BeyondQuota));
    let whole = [(0, one.clone())];
    assert!(matches!(fault(&whole, total(1, &one), None).await, StreamFault::OtherTotal));
    assert!(matches!(fault(&whole, total(2, &one[1..]), None).await, StreamFault::OtherTotal));
    assert!(matches!(fault(&whole, total_of(&whole), Some(total(2, &[]))).await, StreamFault::Changed));
    let mut padded = one;
    // The sector has one value, so the second is padding, and that of the first record is not.
    padded[16 + 1 + 2 + 2 + 4 + 3] = 1;
    let padded = [(0, padded)];
    assert!(matches!(
        fault(&padded, total_of(&padded), None).await,
        StreamFault::Record(RecordError::Reserved)
    ));
}

#[tokio::test]
async fn an_end_that_another_key_signed_or_for_another_use_is_refused() {
    let keys = [(SigningKey::from_seed(&[4; 32]), Purpose::Contributions), (key(), Purpose::Events)];
    for (key, purpose) in keys {
        let (exchange, _links) = sent(async |from: &mut Exchange| {
            let total = Signed::new(total(0, &[]), purpose, STUDY, &key);
            from.answer(&ContributionsEnd { total }, WAIT).await.unwrap();
        })
        .await;
        let records = ContributionRecords { shape: SHAPE, own: SHAPE, quota: 4 };
        let mut inlet = Inlet::new(expected(None), records, exchange);
        assert!(matches!(inlet.next().await, Err(StreamFault::Unsigned)));
    }
}

/// A stream of these events, each in a frame of its own.
async fn events(records: &[EventRecord]) -> (EventInlet, Vec<Arc<dyn Link>>) {
    let (exchange, links) = sent(async |from: &mut Exchange| {
        let mut hash = Sha256::new();
        for (sequence, record) in (0..).zip(records) {
            let mut body = Vec::new();
            record.write(&mut body);
            hash.update(&body);
            from.send(&EventsPart { sequence, records: body }, WAIT).await.unwrap();
        }
        let digest = Digest(hash.finalize().into());
        let total = StreamTotal { node: node("k360"), records: records.len() as u64, digest };
        let total = Signed::new(total, Purpose::Events, STUDY, &key());
        from.answer(&EventsEnd { total }, WAIT).await.unwrap();
    })
    .await;
    let begun = EventInlet::begin(Inlet::new(expected(None), EventRecords, exchange)).await;
    (begun.map_err(|(_, fault)| fault).unwrap(), links)
}

fn of_group(mut record: EventRecord, group: u8) -> EventRecord {
    record.event.group = group;
    record
}

#[tokio::test]
async fn events_are_taken_person_by_person() {
    let records = [spell(1, 0, 1), of_group(spell(1, 0, 1), 2), spell(4, 0, 1), spell(4, 5, 6)];
    let (mut inlet, _links) = events(&records).await;
    let mut taken = Vec::new();
    inlet.take(pseudonym(1), 0b101, &mut taken).await.unwrap();
    assert_eq!(taken.len(), 2);
    inlet.take(pseudonym(4), 0b1, &mut taken).await.unwrap();
    assert_eq!(taken.len(), 4);
    assert!(inlet.end().await.is_ok());
}

#[tokio::test]
async fn events_of_others_or_of_other_groups_or_none_at_all_are_a_fault() {
    let take = async |records: &[EventRecord], groups| {
        let (mut inlet, _links) = events(records).await;
        match inlet.take(pseudonym(3), groups, &mut Vec::new()).await {
            Ok(()) => inlet.end().await.map_err(|(_, fault)| fault),
            Err(fault) => Err(fault),
        }
    };
    assert!(take(&[spell(3, 0, 1)], 1).await.is_ok());
    assert!(matches!(take(&[], 1).await, Err(StreamFault::NoEvent)));
    assert!(matches!(take(&[spell(3, 0, 1)], 0b11).await, Err(StreamFault::NoEvent)));
    assert!(matches!(take(&[spell(4, 0, 1)], 1).await, Err(StreamFault::NoEvent)));
    assert!(matches!(take(&[spell(2, 0, 1), spell(3, 0, 1)], 1).await, Err(StreamFault::NotAsked)));
    assert!(matches!(take(&[spell(3, 0, 1), spell(4, 0, 1)], 1).await, Err(StreamFault::NotAsked)));
    for group in [1, 15, 16, 255] {
        let stranger = of_group(spell(3, 0, 1), group);
        assert!(matches!(take(&[stranger], 1).await, Err(StreamFault::NotAsked)), "group {group}");
    }
    let back = [of_group(spell(3, 0, 1), 1), spell(3, 0, 1)];
    assert!(matches!(take(&back, 0b11).await, Err(StreamFault::Record(RecordError::Order))));
}
