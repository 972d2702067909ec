//! What has fixed bytes and is no message: the header, the records inside of messages, and all that is hashed and
//! signed.

use ed25519_dalek::Signer as _;
use jiff::civil::date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tvaers_protocol::codec;
use tvaers_protocol::event::{ANSWER_ZERO, Event, EventRecord, EventRequest, ORDER_BYTES, OrderTag};
use tvaers_protocol::frame::{FrameHeader, Kind, VERSION};
use tvaers_protocol::id::{Digest, Pseudonym, Sector};
use tvaers_protocol::message::{Acceptance, Signed};
use tvaers_protocol::objection::Objection;
use tvaers_protocol::record::{
    Contribution, ContributionShape, HandBack, HandBackShape, Missing, NO_RECENCY,
};
use tvaers_protocol::release::Release;
use tvaers_protocol::roster::{Coordinator, Member, Person, Role, Roster, SealingPublic};
use tvaers_protocol::sign::{Purpose, Signature, SigningKey, VerifyingKey};

use crate::Golden;
use crate::messages::{
    acceptance, countersignature, log_head, manifest, node, presentation, query_request, release,
    signed as placeholder, study_request, testimony,
};

/// The seed of the key that signs here.
const SEED: [u8; 32] = [0x07; 32];

/// The study within which it signs.
const STUDY: Digest = Digest([0xb2; 32]);

/// The roster under which people ask.
const ROSTER: Digest = Digest([0xa1; 32]);

const SHAPE: ContributionShape = ContributionShape { values: 3, recencies: 2 };

const HAND_BACK_SHAPE: HandBackShape = HandBackShape { criteria: 2 };

/// Everything that is no message.
pub(crate) fn all() -> Vec<Golden> {
    vec![
        header(),
        contributions(),
        hand_backs(),
        event_requests(),
        events(),
        objections(),
        Golden::coded("manifest", &manifest()),
        Golden::coded("manifest-digest", &manifest().digest()),
        Golden::coded("roster", &roster()),
        Golden::coded("roster-digest", &roster().digest()),
        Golden::coded("roster-signature", &roster().sign(&SigningKey::from_seed(&SEED))),
        Golden::coded("signed", &signed()),
        signed_bytes("signed-bytes", "tvaers/v1/manifest", STUDY, &acceptance("k360")),
        signed_bytes("objection-bytes", "tvaers/v1/objection", STUDY, &Pseudonym::from_bytes([0x0c; 16])),
        signed_bytes("query-request-bytes", "tvaers/v1/query-request", ROSTER, &query_request()),
        signed_bytes("study-request-bytes", "tvaers/v1/study-request", ROSTER, &study_request()),
        signed_bytes("release-bytes", "tvaers/v1/release", release().question, &release()),
        signed_bytes("presentation-bytes", "tvaers/v1/presentation", Digest::NONE, &presentation()),
        signed_bytes("testimony-bytes", "tvaers/v1/testimony", testimony().presentation, &testimony()),
        signed_bytes("log-head-bytes", "tvaers/v1/log-head", Digest::NONE, &log_head()),
        signed_bytes(
            "countersignature-bytes",
            "tvaers/v1/countersignature",
            countersignature().head,
            &countersignature(),
        ),
        Golden::coded("presentation-digest", &placeholder(presentation(), 0x51).presentation_digest()),
        Golden::coded("log-head-digest", &placeholder(log_head(), 0x53).log_head_digest()),
        Golden::coded("request-digest", &placeholder(query_request(), 0x51).request_digest(2)),
    ]
}

fn header() -> Golden {
    let header = FrameHeader {
        version: VERSION,
        kind: Kind::Evaluate,
        body_bytes: 320_128,
        roster: Digest([0xa1; 32]),
        study: Digest([0xb2; 32]),
    };
    Golden {
        name: "header",
        bytes: header.encode().to_vec(),
        again: |bytes| {
            let bytes = bytes.try_into().map_err(|_| "no header's length".to_owned())?;
            FrameHeader::decode(bytes).map(|read| read.encode().to_vec()).map_err(|error| error.to_string())
        },
    }
}

fn contributions() -> Golden {
    Golden {
        name: "contribution-record",
        bytes: contribution_records(),
        again: |bytes| {
            let records = SHAPE.read(whole(bytes, 3, SHAPE.size())?);
            let records = records.map_err(|error| error.to_string())?;
            let mut body = Vec::new();
            records.iter().for_each(|record| SHAPE.write(record, &mut body));
            Ok(body)
        },
    }
}

/// Three contributions, the first of a sector with fewer components than the study's records have room for, the third of
/// one who objects.
pub(crate) fn contribution_records() -> Vec<u8> {
    let first = Contribution {
        pseudonym: Pseudonym::from_bytes([0x0a; 16]),
        resident: true,
        eligible: false,
        objects: false,
        touches: 0b101,
        kommune: 360,
        values: vec![2, 1],
        recencies: vec![731],
    };
    let second = Contribution {
        pseudonym: Pseudonym::from_bytes([0x0b; 16]),
        resident: false,
        eligible: true,
        objects: false,
        touches: 0,
        kommune: 0,
        values: vec![3, 0, u32::MAX],
        recencies: vec![NO_RECENCY, 0],
    };
    let mut body = Vec::new();
    SHAPE.write(&first, &mut body);
    SHAPE.write(&second, &mut body);
    SHAPE.write(&Contribution::objection(Pseudonym::from_bytes([0x0c; 16]), SHAPE), &mut body);
    body
}

fn hand_backs() -> Golden {
    Golden {
        name: "hand-back-record",
        bytes: hand_back_records(),
        again: |bytes| {
            let records = HAND_BACK_SHAPE.read(whole(bytes, 2, HAND_BACK_SHAPE.size())?);
            let records = records.map_err(|error| error.to_string())?;
            let mut body = Vec::new();
            records.iter().for_each(|record| HAND_BACK_SHAPE.write(record, &mut body));
            Ok(body)
        },
    }
}

/// Two hand-backs, the second with nothing disclosed.
pub(crate) fn hand_back_records() -> Vec<u8> {
    let first = HandBack {
        pseudonym: Pseudonym::from_bytes([0x0c; 16]),
        included: true,
        missing: Missing { region: false, municipality: true },
        fell_back: 0b101,
        stratum: 2,
        total: 18,
        items: vec![3, 15],
    };
    let second = HandBack {
        pseudonym: Pseudonym::from_bytes([0x0d; 16]),
        included: false,
        missing: Missing::default(),
        fell_back: 0,
        stratum: 0,
        total: 0,
        items: Vec::new(),
    };
    let mut body = Vec::new();
    HAND_BACK_SHAPE.write(&first, &mut body);
    HAND_BACK_SHAPE.write(&second, &mut body);
    body
}

fn event_requests() -> Golden {
    Golden {
        name: "event-request-record",
        bytes: event_request_records(),
        again: |bytes| {
            let records = EventRequest::read(whole(bytes, 2, EventRequest::SIZE)?);
            let mut body = Vec::new();
            records.map_err(|error| error.to_string())?.iter().for_each(|record| record.write(&mut body));
            Ok(body)
        },
    }
}

/// Two requests for events.
pub(crate) fn event_request_records() -> Vec<u8> {
    let mut body = Vec::new();
    for (byte, groups) in [(0x0a, 0b1), (0x0b, 0b101)] {
        EventRequest { pseudonym: Pseudonym::from_bytes([byte; 16]), groups }.write(&mut body);
    }
    body
}

fn objections() -> Golden {
    Golden {
        name: "objection-record",
        bytes: objection_records(),
        again: |bytes| {
            let mut frame = whole(bytes, 2, Objection::SIZE)?.to_vec();
            if !frame.len().is_multiple_of(Objection::SIZE) {
                return Err("half a record".to_owned());
            }
            frame.resize(Objection::FRAME_BYTES, 0);
            let records = Objection::read(&frame).map_err(|error| error.to_string())?;
            let mut body = Vec::new();
            records.iter().for_each(|record| record.write(&mut body));
            Ok(body)
        },
    }
}

/// Two objections, each of another node.
pub(crate) fn objection_records() -> Vec<u8> {
    let mut body = Vec::new();
    for (byte, by) in [(0x0c, 2), (0x0d, 0)] {
        let pseudonym = Pseudonym::from_bytes([byte; 16]);
        Objection { pseudonym, by, signature: Signature([0x50 + byte; 64]) }.write(&mut body);
    }
    body
}

/// The records of a frame: these two, filled up.
pub(crate) fn objection_frame() -> Vec<u8> {
    let mut body = objection_records();
    body.resize(Objection::FRAME_BYTES, 0);
    body
}

fn events() -> Golden {
    Golden {
        name: "event-record",
        bytes: event_records(),
        again: |bytes| {
            let records = EventRecord::read(whole(bytes, 4, EventRecord::SIZE)?);
            let mut body = Vec::new();
            records.map_err(|error| error.to_string())?.iter().for_each(|record| record.write(&mut body));
            Ok(body)
        },
    }
}

/// A stay, a spell, an answer and an amount of one person.
pub(crate) fn event_records() -> Vec<u8> {
    let mut order = [0x0102; ORDER_BYTES];
    order[ORDER_BYTES - 1] = 0x01ff;
    let stay = Event {
        group: 0,
        in_window: true,
        acute: true,
        index: true,
        discharged: true,
        first_round: false,
        last_round: false,
        first_day: 0xffff_fffe,
        last_day: 1,
        begins: 0x8000_0000,
        ends: 0x8000_1000,
        first_ends: 0x8000_0800,
        reach: 184,
        amount: 0,
        order: OrderTag(order),
    };
    let spell = Event {
        group: 2,
        in_window: false,
        acute: false,
        index: false,
        discharged: false,
        first_round: false,
        last_round: false,
        first_day: 7,
        last_day: 21,
        begins: 0,
        ends: 0,
        first_ends: 0,
        reach: 0,
        amount: 0,
        order: OrderTag([0; ORDER_BYTES]),
    };
    let answer = Event {
        group: 3,
        in_window: true,
        first_round: true,
        last_round: true,
        last_day: 7,
        amount: ANSWER_ZERO + 4,
        ..spell.clone()
    };
    let amount = Event {
        group: 4,
        in_window: true,
        first_day: 0,
        last_day: 0,
        amount: 3_811_125,
        order: OrderTag(order),
        ..spell.clone()
    };
    let mut body = Vec::new();
    for event in [stay, spell, answer, amount] {
        EventRecord { pseudonym: Pseudonym::from_bytes([0x0a; 16]), event }.write(&mut body);
    }
    body
}

/// A body cut between two records is a shorter body and no error: nothing in it counts its records, the signed total
/// does. Every other cut is left to the shape to refuse.
fn whole(bytes: &[u8], records: usize, size: usize) -> Result<&[u8], String> {
    let is_cut = bytes.len() < records * size && bytes.len().is_multiple_of(size);
    if is_cut { Err(format!("fewer than {records} records")) } else { Ok(bytes) }
}

fn roster() -> Roster {
    let member = |name, sector, code: u16, keys: u8| Member {
        id: node(name),
        sector,
        code,
        name: String::new(),
        valid_from: date(2026, 1, 1),
        valid_to: None,
        spki: Digest([keys | 1; 32]),
        signing: VerifyingKey([keys | 2; 32]),
        sealing: SealingPublic([keys | 3; 32]),
        holder: true,
        evaluations_max: 60_000,
    };
    let person =
        |name: &str, role, key| Person { name: name.to_owned(), role, signing: VerifyingKey([key; 32]) };
    Roster {
        federation: "Laboratory".to_owned(),
        version: 7,
        previous: Some(Digest([0xa0; 32])),
        valid_from: date(2026, 1, 1),
        valid_to: date(2027, 12, 31),
        quorum: 2,
        delta: "1e-8".to_owned(),
        coordinator: Coordinator {
            name: "Secretariat".to_owned(),
            spki: Digest([0x01; 32]),
            signing: VerifyingKey([0x02; 32]),
        },
        members: vec![
            Member { name: "Lolland".to_owned(), ..member("k360", Sector::Municipality, 360, 0x10) },
            Member {
                name: "Region Sjælland".to_owned(),
                valid_to: Some(date(2026, 12, 31)),
                evaluations_max: 900_000,
                ..member("region_1085", Sector::Region, 1085, 0x20)
            },
        ],
        people: vec![person("Analyst A", Role::Analyst, 0x31), person("DPO D", Role::Dpo, 0x32)],
    }
}

fn signed() -> Signed<Acceptance> {
    let key = SigningKey::from_seed(&SEED);
    Signed::new(acceptance("k360"), Purpose::Manifest, STUDY, &key)
}

/// The bytes under a signature, put together here anew and read again by their parts.
fn signed_bytes<T: Serialize + DeserializeOwned>(
    name: &'static str,
    tag: &str,
    context: Digest,
    content: &T,
) -> Golden {
    let length = u8::try_from(tag.len()).unwrap();
    Golden {
        name,
        bytes: [&[length], tag.as_bytes(), &context.0, &codec::canonical(content)].concat(),
        again: |bytes| {
            let cut = || "cut".to_owned();
            let (length, rest) = bytes.split_first().ok_or_else(cut)?;
            let (tag, rest) = rest.split_at_checked(usize::from(*length)).ok_or_else(cut)?;
            let (context, content) = rest.split_at_checked(32).ok_or_else(cut)?;
            let content: T = codec::decode(content).map_err(|error| error.to_string())?;
            Ok([&[*length], tag, context, &codec::canonical(&content)].concat())
        },
    }
}

/// Two answers to one question as a node stores and sends them, with placeholders for its signature.
pub(crate) fn release_bodies() -> Vec<Vec<u8>> {
    let second = Release { request: Digest([0xf8; 32]), cells: vec![vec![809, 4], vec![39, 8]], ..release() };
    vec![codec::canonical(&placeholder(release(), 0x51)), codec::canonical(&placeholder(second, 0x52))]
}

/// Signs for a purpose, and checks that what is signed are these golden bytes.
fn assert_signs<T: Serialize>(content: T, purpose: Purpose, context: Digest, golden: &Golden) {
    let signature = ed25519_dalek::SigningKey::from_bytes(&SEED).sign(&golden.bytes).to_bytes();
    let signed = Signed::new(content, purpose, context, &SigningKey::from_seed(&SEED));
    assert!(signed.signature.0 == signature, "{}", golden.name);
}

#[test]
fn a_signature_is_plain_ed25519_over_the_golden_bytes() {
    let bytes = |name| all().into_iter().find(|golden| golden.name == name).unwrap();
    assert_signs(acceptance("k360"), Purpose::Manifest, STUDY, &bytes("signed-bytes"));
    assert_signs(query_request(), Purpose::QueryRequest, ROSTER, &bytes("query-request-bytes"));
    assert_signs(study_request(), Purpose::StudyRequest, ROSTER, &bytes("study-request-bytes"));
    assert_signs(release(), Purpose::Release, release().question, &bytes("release-bytes"));
    let key = ed25519_dalek::SigningKey::from_bytes(&SEED);
    let verifying = SigningKey::from_seed(&SEED).verifying_key();
    assert!(verifying.0 == key.verifying_key().to_bytes());
    assert!(signed().verify(Purpose::Manifest, STUDY, &verifying).is_ok());
}

#[test]
fn a_signature_of_one_study_or_purpose_is_none_of_another() {
    let verifying = SigningKey::from_seed(&SEED).verifying_key();
    assert!(signed().verify(Purpose::Manifest, Digest([0xb3; 32]), &verifying).is_err());
    assert!(signed().verify(Purpose::Proposal, STUDY, &verifying).is_err());
    let other = Signed { content: acceptance("k376"), ..signed() };
    assert!(other.verify(Purpose::Manifest, STUDY, &verifying).is_err());
}
