//! Every message once, with a value in which no two fields that could be mistaken for each other are alike.
//!
//! Signatures are placeholders here, and packages are texts: what they must be stands in `documents`.

use jiff::Timestamp;
use jiff::civil::date;
use tvaers_protocol::audit::{AskCountersign, Countersignature, Countersigned, LogHead, Seer};
use tvaers_protocol::frame::Kind;
use tvaers_protocol::hello::{Hello, Software, Welcome};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{
    Acceptance, Accepted, Answer, AskQuery, AskRevocations, Batch, Blames, Close, CloseSeries, Closed,
    Compute, Computed, Contribute, Contributions, ContributionsEnd, DataStatement, Declined, EpochHeld,
    Evaluate, Evaluated, EventRequests, EventRequestsEnd, Events, EventsAsked, EventsEnd, HandBackEnd,
    HandBackTotal, HandBacks, HandedBack, JoinCounts, KeyConfirmation, KeyConfirmed, KeyPackage, KeyPin,
    KeyPinned, KeyRound1, KeyRound1Package, KeyRound2, KeyRound2Packages, KeyRound3, Message, NodeStatus,
    Objections, ObjectionsEnd, ObjectionsTaken, Open, Opened, PolicyStatement, Prepare, Prepared,
    PreviewQuery, Previewed, Progress, Propose, Pseudonymise, Pseudonymised, Relay, Releases, ReleasesEnd,
    RepairAdd, RepairAdded, RepairDeal, RepairDealt, RepairPackage, RepairRecover, RepairRecovered,
    RevocationFile, Revocations, Rule, SealedKeyPackage, SealedRepair, SeriesClosed, SeriesHeld, Signed,
    Status, StreamTotal, SubmitEvents, TablesTerms,
};
use tvaers_protocol::population::Commitment;
use tvaers_protocol::reject::{Reject, RejectCode};
use tvaers_protocol::release::{BudgetLeft, Mechanism, Noise, PartNoise, PartOf, Release, Showing};
use tvaers_protocol::request::{
    Approval, QueryRequest, RequestId, Series, StudyRequest, TablesRequest, Under,
};
use tvaers_protocol::sign::{Signature, VerifyingKey};
use tvaers_protocol::study::{Disclosure, Follows, Grain, Manifest, Participant, RunId};
use tvaers_protocol::witness::{AskWitness, Presentation, Standing, Testimony, Witnessed};

use crate::Golden;
use crate::documents::{
    contribution_records, event_records, event_request_records, hand_back_records, objection_frame,
    release_bodies,
};

/// Every message; that none is missing is one of the tests.
pub(crate) fn all() -> Vec<Golden> {
    [greetings(), agreement(), keys(), repairs(), evaluations(), records(), queries(), witnesses()]
        .into_iter()
        .flatten()
        .collect()
}

fn message<M: Message>(message: &M) -> Golden {
    assert_eq!(Kind::try_from(M::KIND.number()), Ok(M::KIND), "every kind stands in the table");
    Golden::coded(M::KIND.name(), message)
}

pub(crate) fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

/// Content with a placeholder for its signature.
pub(crate) fn signed<T>(content: T, byte: u8) -> Signed<T> {
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
            policy: Some(PolicyStatement {
                digest: Digest([0xb8; 32]),
                version: 4,
                laboratory: false,
                valid_to: Some(date(2026, 12, 31)),
                left_period: 700_000_000,
                left_life: 6_000_000_000,
            }),
            certificate_to: time("2027-02-28T23:59:59Z"),
        }),
        message(&Progress { done: 20_000, total: 50_001 }),
        message(&Prepare {
            request: signed(study_request(), 0x51),
            approval: Some(signed(approval(), 0x56)),
        }),
        message(&Prepared {
            evaluations: 50_001,
            grain: Grain::Points,
            disclosure: Disclosure::Total,
            everyone: true,
            tables: Some(TablesTerms { nano_rho: 20_000_000, left: left(), showing: showing() }),
            laboratory: false,
            data: data(),
            series: Some(series()),
        }),
        message(&Declined { rules: vec![rule()] }),
        message(&Blames { holder: node("k376"), code: RejectCode::BadProof }),
        message(&Propose { manifest: signed(manifest(), 0x51) }),
        message(&Accepted { acceptance: signed(acceptance("k360"), 0x51) }),
        message(&Open {
            acceptances: vec![signed(acceptance("k360"), 0x51), signed(acceptance("region_1085"), 0x52)],
        }),
        message(&Opened {}),
        message(&Close { is_complete: true }),
        message(&Closed { is_kept: true }),
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

fn series() -> SeriesHeld {
    let held = EpochHeld { epoch: 3, keys: Digest([0xc8; 32]), holders: vec![1, 2], has_share: true };
    SeriesHeld { first: Digest([0xb7; 32]), holders: vec![node("k360"), node("k376")], epochs: vec![held] }
}

fn repairs() -> Vec<Golden> {
    let package = |helper: u16, byte| {
        let bytes = format!("parts of {helper} for 3").into_bytes();
        signed(RepairPackage { helper, lost: 3, bytes }, byte)
    };
    let sealed = |what: &str, from: u16, to: u16, byte| {
        let bytes = format!("{what} of {from} to {to}").into_bytes();
        signed(SealedRepair { from, to, lost: 3, bytes }, byte)
    };
    vec![
        message(&RepairDeal {}),
        message(&RepairDealt { packages: vec![package(1, 0x51)], parts: vec![sealed("part", 1, 2, 0x52)] }),
        message(&RepairAdd {
            packages: vec![package(1, 0x51), package(2, 0x52)],
            parts: vec![sealed("part", 2, 1, 0x53)],
        }),
        message(&RepairAdded { sums: vec![sealed("sum", 1, 3, 0x51)] }),
        message(&RepairRecover { packages: vec![package(1, 0x51)], sums: vec![sealed("sum", 1, 3, 0x52)] }),
        message(&RepairRecovered {}),
        message(&CloseSeries { first: Digest([0xb7; 32]) }),
        message(&SeriesClosed { was_kept: true }),
    ]
}

fn evaluations() -> Vec<Golden> {
    let batch = Batch {
        requester: node("k360"),
        holder: 2,
        epoch: 5,
        sequence: 4,
        population: signed(
            Commitment { node: node("k360"), persons: 40_002, root: Digest([0x3c; 32]) },
            0x52,
        ),
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
        message(&Contributions {
            sequence: 3,
            records: contribution_records(),
            objections: vec![Signature([0x5c; 64])],
        }),
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
        message(&Objections { sequence: 0, records: objection_frame() }),
        message(&ObjectionsEnd { total: signed(stream("region_1085", 2), 0x51) }),
        message(&ObjectionsTaken {}),
    ]
}

fn queries() -> Vec<Golden> {
    vec![
        message(&AskQuery { request: signed(query_request(), 0x51) }),
        message(&Releases { sequence: 1, bodies: release_bodies() }),
        message(&ReleasesEnd { count: 2, refused: vec![rule()] }),
        message(&PreviewQuery { request: signed(query_request(), 0x51) }),
        message(&Previewed { rules: Vec::new(), noise: Some(noise()), left: Some(left()) }),
    ]
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rule() -> Rule {
    Rule {
        code: "budget.permit".to_owned(),
        what: "Over budget.".to_owned(),
        allowed: "0.2".to_owned(),
        next: "Wait.".to_owned(),
    }
}

fn under(permit: &str, purpose: &str) -> Under {
    Under { permit: permit.to_owned(), purpose: purpose.to_owned() }
}

pub(crate) fn query_request() -> QueryRequest {
    QueryRequest {
        id: RequestId([0x97; 16]),
        requester: VerifyingKey([0x31; 32]),
        under: under("aims", "quality"),
        query: "kind = \"count\"\n".to_owned(),
        catalogue: Digest([0xd4; 32]),
        times: 3,
        created: time("2026-03-01T11:58:00Z"),
        expires: time("2026-03-02T11:59:00Z"),
    }
}

pub(crate) fn study_request() -> StudyRequest {
    StudyRequest {
        id: RequestId([0x98; 16]),
        requester: VerifyingKey([0x31; 32]),
        model: "sad".to_owned(),
        model_digest: Digest([0xc3; 32]),
        catalogue_digest: Digest([0xd4; 32]),
        as_of: date(2026, 1, 31),
        grain: Grain::Events,
        list: Some(under("lists", "care")),
        tables: Some(TablesRequest {
            under: under("tables", "plans"),
            nano_rho: Some(20_000_000),
            cut_off: Some(9),
        }),
        series: Some(Series { first: Some(RunId([0x97; 16])), until: date(2026, 6, 30) }),
        created: time("2026-03-01T11:58:00Z"),
        expires: time("2026-03-02T11:59:00Z"),
    }
}

pub(crate) fn approval() -> Approval {
    Approval {
        request: Digest([0xf9; 32]),
        approver: VerifyingKey([0x32; 32]),
        created: time("2026-03-01T11:59:00Z"),
    }
}

pub(crate) fn release() -> Release {
    Release {
        node: node("k360"),
        request: Digest([0xf7; 32]),
        question: Digest([0xb7; 32]),
        policy: Digest([0xb8; 32]),
        laboratory: true,
        data: data(),
        cells: vec![vec![812, -3], vec![40, 7]],
        noise: noise(),
        left: left(),
        showing: showing(),
        software: Software::new("tvaers-node 0.1.0").unwrap(),
    }
}

fn noise() -> Noise {
    Noise {
        mechanism: Mechanism::DiscreteLaplace,
        nano_rho: 180_000_000,
        parts: vec![
            PartNoise { of: PartOf::CentredSum, scale: 2.5, sensitivity_l1: 2, sensitivity_l2: 1.5 },
            PartNoise { of: PartOf::Persons, scale: 1.5, sensitivity_l1: 1, sensitivity_l2: 1.0 },
        ],
    }
}

fn left() -> BudgetLeft {
    BudgetLeft { permit: 50_000_000, period: 700_000_000, life: 6_000_000_000 }
}

fn showing() -> Showing {
    Showing { smallest: 5, rounding: 10 }
}

fn witnesses() -> Vec<Golden> {
    vec![
        message(&AskWitness { presentation: signed(presentation(), 0x51) }),
        message(&Witnessed { testimony: signed(testimony(), 0x52) }),
        message(&AskCountersign { head: signed(log_head(), 0x53), seen: Digest([0xe4; 32]), recovers: true }),
        message(&Countersigned {
            countersignature: Some(signed(countersignature(), 0x54)),
            before: Some(signed(log_head(), 0x55)),
        }),
        message(&AskRevocations {}),
        message(&revocations()),
    ]
}

/// One revocation with two signatures.
fn revocations() -> Revocations {
    let item = |role: &str, signature: &str| RevocationFile {
        text: "[revocation]\n".to_owned(),
        role: role.to_owned(),
        signature: signature.to_owned(),
    };
    Revocations { items: vec![item("controller", "RUS1"), item("dpo", "RUS22")] }
}

pub(crate) fn presentation() -> Presentation {
    Presentation {
        node: node("k360"),
        witness: node("region_1085"),
        nonce: Digest([0x9c; 32]),
        time: time("2026-03-01T12:00:00Z"),
        seen: standing(40, 0xc0, 4),
        shows: standing(42, 0xc2, 5),
        recovers: true,
    }
}

pub(crate) fn testimony() -> Testimony {
    Testimony {
        witness: node("region_1085"),
        presentation: Digest([0xf8; 32]),
        time: time("2026-03-01T12:00:01Z"),
        kept: true,
        remembers: Some(signed(presentation(), 0x53)),
    }
}

pub(crate) fn log_head() -> LogHead {
    LogHead {
        node: node("k360"),
        log: Digest([0xe1; 32]),
        entries: 43,
        head: Digest([0xe2; 32]),
        time: time("2026-03-01T12:00:00Z"),
    }
}

pub(crate) fn countersignature() -> Countersignature {
    Countersignature {
        by: Seer::Witness(node("region_1085")),
        head: Digest([0xe3; 32]),
        time: time("2026-03-01T12:00:01Z"),
    }
}

fn standing(entries: u64, head: u8, policy_version: u64) -> Standing {
    let life = 6_000_000_000 + entries;
    Standing { entries, head: Digest([head; 32]), life, policy_version, policy: Digest([0xb8; 32]) }
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
    let participant =
        |name, quota, quorum, data| Participant { node: node(name), quota, quorum, data: Digest([data; 32]) };
    Manifest {
        run: RunId([0x99; 16]),
        roster: Digest([0xa1; 32]),
        request: signed(study_request(), 0x52),
        approval: Some(signed(approval(), 0x57)),
        nano_rho: 20_000_000,
        model: "sad".to_owned(),
        model_digest: Digest([0xc3; 32]),
        catalogue_digest: Digest([0xd4; 32]),
        as_of: date(2026, 1, 31),
        grain: Grain::Counts,
        disclosure: Disclosure::Items,
        everyone: true,
        holders: vec![node("k360"), node("k376"), node("region_1085")],
        threshold: 2,
        follows: Some(Follows {
            first: Digest([0xb7; 32]),
            before: Digest([0xc8; 32]),
            left_out: vec![1],
            lost: vec![3],
        }),
        participants: vec![
            participant("k360", 50_001, vec![2, 3], 0xe5),
            participant("region_1085", 120_002, vec![1, 2], 0xe6),
        ],
        created: time("2026-03-01T12:00:00Z"),
        deadline: time("2026-03-02T12:00:00Z"),
    }
}
