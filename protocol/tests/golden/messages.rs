//! Every message once, with a value in which no two fields that could be mistaken for each other are alike.
//!
//! Signatures are placeholders here, and packages are texts: what they must be stands in `documents`.

use jiff::Timestamp;
use jiff::civil::date;
use tvaers_protocol::frame::Kind;
use tvaers_protocol::hello::{Hello, Software, Welcome};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{
    Acceptance, Accepted, Answer, Batch, Close, Closed, Compute, Computed, Contribute, Contributions,
    ContributionsEnd, DataStatement, Evaluate, Evaluated, EventRequests, EventRequestsEnd, Events,
    EventsAsked, EventsEnd, HandBackEnd, HandBackTotal, HandBacks, HandedBack, JoinCounts, KeyConfirmation,
    KeyConfirmed, KeyPackage, KeyPin, KeyPinned, KeyRound1, KeyRound1Package, KeyRound2, KeyRound2Packages,
    KeyRound3, Message, NodeStatus, Open, Opened, Prepare, Prepared, Progress, Propose, Pseudonymise,
    Pseudonymised, Relay, SealedKeyPackage, Signed, Status, StreamTotal, SubmitEvents,
};
use tvaers_protocol::reject::{Reject, RejectCode};
use tvaers_protocol::sign::Signature;
use tvaers_protocol::study::{Disclosure, Grain, Manifest, Participant, RunId};

use crate::Golden;
use crate::documents::{contribution_records, event_records, event_request_records, hand_back_records};

/// Every message; that none is missing is one of the tests.
pub(crate) fn all() -> Vec<Golden> {
    [greetings(), agreement(), keys(), evaluations(), records()].into_iter().flatten().collect()
}

fn message<M: Message>(message: &M) -> Golden {
    assert_eq!(Kind::try_from(M::KIND.number()), Ok(M::KIND), "every kind stands in the table");
    Golden::coded(M::KIND.name(), message)
}

pub(crate) fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

/// Content with a placeholder for its signature.
fn signed<T>(content: T, byte: u8) -> Signed<T> {
    Signed { content, signature: Signature([byte; 64]) }
}

fn greetings() -> Vec<Golden> {
    vec![
        message(&Hello {
            version_min: 1,
            version_max: 2,
            node: node("region_1085"),
            roster_version: 7,
            roster: Digest([0xa1; 32]),
            software: Software::new("tvaers-node 0.1.0").unwrap(),
        }),
        message(&Welcome { version: 1, software: Software::new("tvaers 0.1.0").unwrap() }),
        message(&Reject { code: RejectCode::OtherRoster }),
    ]
}

fn agreement() -> Vec<Golden> {
    vec![
        message(&Status {}),
        message(&NodeStatus {
            software: Software::new("tvaers-node 0.1.0").unwrap(),
            made_up: true,
            data: Some(data()),
        }),
        message(&Progress { done: 20_000, total: 50_001 }),
        message(&Prepare {
            model: "sad".to_owned(),
            model_digest: Digest([0xc3; 32]),
            catalogue_digest: Digest([0xd4; 32]),
            as_of: date(2026, 1, 31),
            grain: Grain::Counts,
        }),
        message(&Prepared {
            evaluations: 50_001,
            grain: Grain::Points,
            disclosure: Disclosure::Total,
            data: data(),
        }),
        message(&Propose { manifest: signed(manifest(), 0x51) }),
        message(&Accepted { acceptance: signed(acceptance("k360"), 0x51) }),
        message(&Open {
            acceptances: vec![signed(acceptance("k360"), 0x51), signed(acceptance("region_1085"), 0x52)],
        }),
        message(&Opened {}),
        message(&Close {}),
        message(&Closed {}),
    ]
}

fn keys() -> Vec<Golden> {
    let first = |holder: u16, byte| {
        let bytes = format!("first round of {holder}").into_bytes();
        signed(KeyPackage { holder, bytes }, byte)
    };
    let second = |from: u16, to: u16, byte| {
        let content = SealedKeyPackage {
            from,
            to,
            transcript: Digest([0x7e; 32]),
            bytes: format!("sealed by {from} to {to}").into_bytes(),
        };
        signed(content, byte)
    };
    let confirmation = |holder: u16, byte| {
        let bytes = format!("confirmed by {holder}").into_bytes();
        signed(KeyConfirmation { holder, bytes }, byte)
    };
    vec![
        message(&KeyRound1 {}),
        message(&KeyRound1Package { package: first(2, 0x51) }),
        message(&KeyRound2 { packages: vec![first(1, 0x51), first(2, 0x52)] }),
        message(&KeyRound2Packages { packages: vec![second(2, 1, 0x51), second(2, 3, 0x52)] }),
        message(&KeyRound3 { packages: vec![second(1, 2, 0x51), second(3, 2, 0x52)] }),
        message(&KeyConfirmed { confirmation: confirmation(2, 0x51) }),
        message(&KeyPin { confirmations: vec![confirmation(1, 0x51), confirmation(2, 0x52)] }),
        message(&KeyPinned {}),
    ]
}

fn evaluations() -> Vec<Golden> {
    let batch = Batch {
        requester: node("k360"),
        holder: 2,
        epoch: 5,
        sequence: 4,
        elements: [[0x11; 32], [0x22; 32]].concat(),
    };
    let mut proof = [0x66; 64];
    proof[32..].fill(0x77);
    let answer = Answer { request: Digest([0xf6; 32]), elements: [[0x33; 32], [0x44; 32]].concat(), proof };
    vec![
        message(&Pseudonymise {}),
        message(&Pseudonymised { persons: 50_001 }),
        message(&Relay { to: node("region_1085") }),
        message(&Evaluate { batch: signed(batch, 0x51) }),
        message(&Evaluated { answer: signed(answer, 0x51) }),
    ]
}

fn records() -> Vec<Golden> {
    let stream = |name: &str, records| StreamTotal { node: node(name), records, digest: Digest([0xf6; 32]) };
    vec![
        message(&Compute {}),
        message(&Computed { persons: 50_002 }),
        message(&Contribute {}),
        message(&Contributions { sequence: 3, records: contribution_records() }),
        message(&ContributionsEnd { total: signed(stream("k360", 50_001), 0x51) }),
        message(&HandBacks { sequence: 2, records: hand_back_records() }),
        message(&HandBackEnd {
            total: signed(
                HandBackTotal {
                    stream: stream("k376", 812),
                    counts: JoinCounts {
                        residents: 50_001,
                        handed_back: 813,
                        claimed_twice: 2,
                        kommune_differs: 17,
                        fell_back: vec![29, 0],
                        joined_events: vec![0, 31],
                    },
                    missing: vec![node("region_1083")],
                },
                0x51,
            ),
        }),
        message(&HandedBack { persons: 812 }),
        message(&EventRequests { sequence: 1, records: event_request_records() }),
        message(&EventRequestsEnd { total: signed(stream("region_1085", 154), 0x51) }),
        message(&EventsAsked {}),
        message(&SubmitEvents {}),
        message(&Events { sequence: 2, records: event_records() }),
        message(&EventsEnd { total: signed(stream("region_1085", 311), 0x51) }),
    ]
}

pub(crate) fn acceptance(name: &str) -> Acceptance {
    Acceptance { node: node(name), manifest: Digest([0xb2; 32]) }
}

fn data() -> DataStatement {
    DataStatement {
        import: 3,
        digest: Digest([0xe5; 32]),
        extracted_on: date(2026, 2, 28),
        rejected_rows: 41,
    }
}

pub(crate) fn manifest() -> Manifest {
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let participant =
        |name, quota, quorum, data| Participant { node: node(name), quota, quorum, data: Digest([data; 32]) };
    Manifest {
        run: RunId([0x99; 16]),
        roster: Digest([0xa1; 32]),
        permit: "laboratory".to_owned(),
        model: "sad".to_owned(),
        model_digest: Digest([0xc3; 32]),
        catalogue_digest: Digest([0xd4; 32]),
        as_of: date(2026, 1, 31),
        grain: Grain::Counts,
        disclosure: Disclosure::Items,
        holders: vec![node("k360"), node("k376"), node("region_1085")],
        threshold: 2,
        participants: vec![
            participant("k360", 50_001, vec![2, 3], 0xe5),
            participant("region_1085", 120_002, vec![1, 2], 0xe6),
        ],
        created: time("2026-03-01T12:00:00Z"),
        deadline: time("2026-03-02T12:00:00Z"),
    }
}
