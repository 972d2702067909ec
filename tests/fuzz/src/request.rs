//! The body of every message, the records within some of them, and the requests that people sign. What decodes is
//! written again as the same bytes, and nobody's word is believed that was not signed.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tvaers_protocol::codec::{self, CodecError};
use tvaers_protocol::event::{EventRecord, EventRequest};
use tvaers_protocol::frame::{Frame, FrameError, Kind};
use tvaers_protocol::hello::{Hello, Welcome};
use tvaers_protocol::id::Digest;
use tvaers_protocol::limit::FRAME_BYTES_MAX;
use tvaers_protocol::message::{
    Accepted, AskQuery, AskRevocations, Blames, Close, CloseSeries, Closed, Compute, Computed, Contribute,
    Contributions, ContributionsEnd, Declined, Evaluate, Evaluated, EventRequests, EventRequestsEnd, Events,
    EventsAsked, EventsEnd, HandBackEnd, HandBacks, HandedBack, KeyConfirmed, KeyPin, KeyPinned, KeyRound1,
    KeyRound1Package, KeyRound2, KeyRound2Packages, KeyRound3, Message, NodeStatus, Objections,
    ObjectionsEnd, ObjectionsTaken, Open, Opened, Prepare, Prepared, PreviewQuery, Previewed, Progress,
    Propose, Pseudonymise, Pseudonymised, Relay, Releases, ReleasesEnd, RepairAdd, RepairAdded, RepairDeal,
    RepairDealt, RepairRecover, RepairRecovered, Revocations, SeriesClosed, Signed, Status, SubmitEvents,
};
use tvaers_protocol::record::{ContributionShape, HandBackShape};
use tvaers_protocol::reject::Reject;
use tvaers_protocol::release::Release;
use tvaers_protocol::request::{Approval, PersonRequest, QueryRequest, RequestId, StudyRequest, Under};
use tvaers_protocol::roster::{Coordinator, Person, Role, Roster, SignedRoster, VerifiedRoster};
use tvaers_protocol::sign::{SigningKey, VerifyingKey};
use tvaers_protocol::study::{Grain, Manifest};
use tvaers_protocol::{audit, witness};

use crate::{Seeds, repository};

/// Bytes of memory that decoding may take beyond a few times what was sent: lengths that are claimed and not kept.
pub const MEMORY_BYTES: usize = 4 * FRAME_BYTES_MAX as usize;

/// The documents that travel inside of messages or are kept, by a number that is no kind's.
#[derive(Clone, Copy)]
enum Document {
    QueryRequest = 200,
    StudyRequest,
    Approval,
    Release,
    Manifest,
    Roster,
    Contributions,
    HandBacks,
    Events,
    EventRequests,
}

const DOCUMENTS: [(Document, &str); 10] = [
    (Document::QueryRequest, ""),
    (Document::StudyRequest, ""),
    (Document::Approval, ""),
    (Document::Release, ""),
    (Document::Manifest, "manifest"),
    (Document::Roster, "roster"),
    (Document::Contributions, "contribution-record"),
    (Document::HandBacks, "hand-back-record"),
    (Document::Events, "event-record"),
    (Document::EventRequests, "event-request-record"),
];

/// The sizes of the golden records.
const CONTRIBUTIONS: ContributionShape = ContributionShape { values: 3, recencies: 2 };
const HAND_BACKS: HandBackShape = HandBackShape { criteria: 2 };

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().expect("the time is right")
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

static ROSTER: LazyLock<VerifiedRoster> = LazyLock::new(|| {
    let person = |number: u8, role| Person {
        name: format!("person {number}"),
        role,
        signing: key(number).verifying_key(),
    };
    let roster = Roster {
        federation: "fuzz".to_owned(),
        version: 1,
        previous: None,
        valid_from: date(2026, 1, 1),
        valid_to: date(2026, 12, 31),
        quorum: 2,
        delta: "1e-8".to_owned(),
        coordinator: Coordinator {
            name: "hand".to_owned(),
            spki: Digest([1; 32]),
            signing: VerifyingKey([2; 32]),
        },
        members: Vec::new(),
        people: vec![person(7, Role::Analyst), person(8, Role::Dpo)],
    };
    VerifiedRoster::known(SignedRoster { signatures: std::collections::BTreeMap::new(), roster })
});

/// All that was ever signed: a query, a stratification, and the approval of each.
struct Asked {
    query: Signed<QueryRequest>,
    study: Signed<StudyRequest>,
    approvals: [Signed<Approval>; 2],
}

static ASKED: LazyLock<Asked> = LazyLock::new(|| {
    let under = || Under { permit: "aims".to_owned(), purpose: "quality".to_owned() };
    let requester = key(7).verifying_key();
    let created = now();
    let expires = "2026-11-22T12:00:00Z".parse().expect("the time is right");
    let query = QueryRequest {
        id: RequestId([9; 16]),
        requester,
        under: under(),
        query: "kind = \"count\"\n".to_owned(),
        catalogue: Digest([3; 32]),
        times: 1,
        created,
        expires,
    };
    let study = StudyRequest {
        id: RequestId([10; 16]),
        requester,
        model: "sad".to_owned(),
        model_digest: Digest([4; 32]),
        catalogue_digest: Digest([3; 32]),
        as_of: date(2026, 2, 28),
        grain: Grain::Counts,
        list: Some(under()),
        tables: None,
        series: None,
        created,
        expires,
    };
    let roster = ROSTER.digest();
    let query = Signed::request(query, roster, &key(7));
    let study = Signed::request(study, roster, &key(7));
    let approvals =
        [Signed::approval(&query, now(), roster, &key(8)), Signed::approval(&study, now(), roster, &key(8))];
    Asked { query, study, approvals }
});

/// Every golden message and document, and requests that are truly signed; the first byte says what it is.
#[must_use]
pub fn seeds() -> Seeds {
    let golden_files = repository::files("protocol/tests/golden/v1", "hex");
    let named = |name: &str| {
        golden_files.iter().find(|(file, _)| *file == format!("{name}.hex")).map(|(_, text)| golden(text))
    };
    let kinds = Kind::ALL.iter().map(|(kind, name)| (kind.number(), *name));
    let documents = DOCUMENTS.iter().map(|(document, name)| (*document as u8, *name));
    let of_golden = kinds
        .chain(documents)
        .filter_map(|(number, name)| named(name).map(|bytes| (name.to_owned(), number, bytes)));
    let Asked { query, study, approvals } = &*ASKED;
    let request = query.clone();
    let signed = [
        ("signed-query", Document::QueryRequest as u8, codec::canonical(query)),
        ("signed-study", Document::StudyRequest as u8, codec::canonical(study)),
        ("signed-approval", Document::Approval as u8, codec::canonical(&approvals[0])),
        ("signed-ask", Kind::AskQuery.number(), codec::canonical(&AskQuery { request: request.clone() })),
        ("signed-preview", Kind::PreviewQuery.number(), codec::canonical(&PreviewQuery { request })),
        (
            "signed-prepare",
            Kind::Prepare.number(),
            codec::canonical(&Prepare { request: study.clone(), approval: Some(approvals[1].clone()) }),
        ),
    ];
    let signed = signed.into_iter().map(|(name, number, bytes)| (name.to_owned(), number, bytes));
    of_golden
        .chain(signed)
        .map(|(name, number, bytes)| (name, [&[number], bytes.as_slice()].concat()))
        .collect()
}

/// The bytes of an annotated golden file.
pub(crate) fn golden(text: &str) -> Vec<u8> {
    let digits = text.lines().flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace());
    hex::decode(digits.collect::<String>()).expect("a golden file holds hexadecimal digits and comments")
}

/// Judges bytes as what their first one says they are.
///
/// # Panics
/// Where a property does not hold.
pub fn check(data: &[u8]) {
    let Some((number, body)) = data.split_first() else { return };
    if let Ok(kind) = Kind::try_from(*number) {
        return check_kind(kind, body);
    }
    let Some((document, _)) = DOCUMENTS.iter().find(|(document, _)| *document as u8 == *number) else {
        return;
    };
    match document {
        Document::QueryRequest => check_decoded::<Signed<QueryRequest>>(body).iter().for_each(check_query),
        Document::StudyRequest => {
            check_decoded::<Signed<StudyRequest>>(body).iter().for_each(|request| check_study(request, None));
        }
        Document::Approval => check_decoded::<Signed<Approval>>(body).iter().for_each(check_approval),
        Document::Release => drop(check_decoded::<Signed<Release>>(body)),
        Document::Manifest => {
            if let Some(manifest) = check_decoded::<Manifest>(body) {
                assert!(manifest.check(&ROSTER, now()).is_err(), "a study without members");
                let _ = manifest.digest();
            }
        }
        Document::Roster => {
            if let Some(roster) = check_decoded::<Roster>(body) {
                let _ = (roster.check_form(), roster.quorum_least(), roster.digest());
                check_text(&roster);
            }
        }
        Document::Contributions => check_records(
            body,
            |body| CONTRIBUTIONS.read(body),
            |record, body| {
                assert!(CONTRIBUTIONS.is_padded(record));
                CONTRIBUTIONS.write(record, body);
            },
        ),
        Document::HandBacks => {
            check_records(body, |body| HAND_BACKS.read(body), |record, body| HAND_BACKS.write(record, body));
        }
        Document::Events => check_records(body, EventRecord::read, EventRecord::write),
        Document::EventRequests => check_records(body, EventRequest::read, EventRequest::write),
    }
}

fn check_kind(kind: Kind, body: &[u8]) {
    match kind {
        Kind::Hello => drop(check_message::<Hello>(body)),
        Kind::Welcome => drop(check_message::<Welcome>(body)),
        Kind::Reject => drop(check_message::<Reject>(body)),
        Kind::Status => drop(check_message::<Status>(body)),
        Kind::NodeStatus => drop(check_message::<NodeStatus>(body)),
        Kind::Progress => drop(check_message::<Progress>(body)),
        Kind::Prepare => {
            if let Some(Prepare { request, approval }) = check_message(body) {
                check_study(&request, approval.as_ref());
            }
        }
        Kind::Prepared => drop(check_message::<Prepared>(body)),
        Kind::Propose => drop(check_message::<Propose>(body)),
        Kind::Accepted => drop(check_message::<Accepted>(body)),
        Kind::Open => drop(check_message::<Open>(body)),
        Kind::Opened => drop(check_message::<Opened>(body)),
        Kind::Close => drop(check_message::<Close>(body)),
        Kind::Closed => drop(check_message::<Closed>(body)),
        Kind::Declined => drop(check_message::<Declined>(body)),
        Kind::Blames => drop(check_message::<Blames>(body)),
        Kind::KeyRound1 => drop(check_message::<KeyRound1>(body)),
        Kind::KeyRound1Package => drop(check_message::<KeyRound1Package>(body)),
        Kind::KeyRound2 => drop(check_message::<KeyRound2>(body)),
        Kind::KeyRound2Packages => drop(check_message::<KeyRound2Packages>(body)),
        Kind::KeyRound3 => drop(check_message::<KeyRound3>(body)),
        Kind::KeyConfirmed => drop(check_message::<KeyConfirmed>(body)),
        Kind::KeyPin => drop(check_message::<KeyPin>(body)),
        Kind::KeyPinned => drop(check_message::<KeyPinned>(body)),
        Kind::RepairDeal => drop(check_message::<RepairDeal>(body)),
        Kind::RepairDealt => drop(check_message::<RepairDealt>(body)),
        Kind::RepairAdd => drop(check_message::<RepairAdd>(body)),
        Kind::RepairAdded => drop(check_message::<RepairAdded>(body)),
        Kind::RepairRecover => drop(check_message::<RepairRecover>(body)),
        Kind::RepairRecovered => drop(check_message::<RepairRecovered>(body)),
        Kind::CloseSeries => drop(check_message::<CloseSeries>(body)),
        Kind::SeriesClosed => drop(check_message::<SeriesClosed>(body)),
        Kind::Pseudonymise => drop(check_message::<Pseudonymise>(body)),
        Kind::Pseudonymised => drop(check_message::<Pseudonymised>(body)),
        Kind::Relay => drop(check_message::<Relay>(body)),
        Kind::Evaluate => drop(check_message::<Evaluate>(body)),
        Kind::Evaluated => drop(check_message::<Evaluated>(body)),
        Kind::Compute => drop(check_message::<Compute>(body)),
        Kind::Computed => drop(check_message::<Computed>(body)),
        Kind::Contribute => drop(check_message::<Contribute>(body)),
        Kind::Contributions => drop(check_message::<Contributions>(body)),
        Kind::ContributionsEnd => drop(check_message::<ContributionsEnd>(body)),
        Kind::HandBacks => drop(check_message::<HandBacks>(body)),
        Kind::HandBackEnd => drop(check_message::<HandBackEnd>(body)),
        Kind::HandedBack => drop(check_message::<HandedBack>(body)),
        Kind::EventRequests => drop(check_message::<EventRequests>(body)),
        Kind::EventRequestsEnd => drop(check_message::<EventRequestsEnd>(body)),
        Kind::EventsAsked => drop(check_message::<EventsAsked>(body)),
        Kind::SubmitEvents => drop(check_message::<SubmitEvents>(body)),
        Kind::Events => drop(check_message::<Events>(body)),
        Kind::EventsEnd => drop(check_message::<EventsEnd>(body)),
        Kind::AskQuery => {
            if let Some(AskQuery { request }) = check_message(body) {
                check_query(&request);
            }
        }
        Kind::PreviewQuery => {
            if let Some(PreviewQuery { request }) = check_message(body) {
                check_query(&request);
            }
        }
        Kind::Releases => drop(check_message::<Releases>(body)),
        Kind::ReleasesEnd => drop(check_message::<ReleasesEnd>(body)),
        Kind::Previewed => drop(check_message::<Previewed>(body)),
        Kind::Objections => drop(check_message::<Objections>(body)),
        Kind::ObjectionsEnd => drop(check_message::<ObjectionsEnd>(body)),
        Kind::ObjectionsTaken => drop(check_message::<ObjectionsTaken>(body)),
        Kind::AskWitness => drop(check_message::<witness::AskWitness>(body)),
        Kind::Witnessed => drop(check_message::<witness::Witnessed>(body)),
        Kind::AskCountersign => drop(check_message::<audit::AskCountersign>(body)),
        Kind::AskRevocations => drop(check_message::<AskRevocations>(body)),
        Kind::Revocations => drop(check_message::<Revocations>(body)),
        Kind::Countersigned => drop(check_message::<audit::Countersigned>(body)),
    }
}

/// A message in its frame: read as its own kind and as no other.
fn check_message<M: Message>(body: &[u8]) -> Option<M> {
    let Ok(frame) = Frame::new(M::KIND, Digest([1; 32]), Digest([2; 32]), body.to_vec()) else { return None };
    if M::KIND != Kind::Reject {
        let other = frame.message::<Reject>();
        assert!(matches!(other, Err(FrameError::OtherKind { .. })), "a message of another kind");
    }
    let message = check_decoded::<M>(body);
    assert_eq!(frame.message::<M>().is_ok(), message.is_some());
    if let Some(message) = &message {
        let again = Frame::of(Digest([1; 32]), Digest([2; 32]), message).map(|frame| frame.encode());
        assert_eq!(again, Ok(frame.encode()), "a message that is written in two ways");
    }
    message
}

/// What decodes has these bytes and no others.
fn check_decoded<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let value = codec::decode::<T>(bytes).ok()?;
    assert_eq!(codec::encode(&value).as_deref(), Ok(bytes), "bytes that are not what they mean");
    let longer = [bytes, &[0]].concat();
    let longer = codec::decode::<T>(&longer).err();
    assert!(matches!(longer, Some(CodecError::Trailing { bytes: 1 } | CodecError::TooLarge { .. })));
    if let Some((_, shorter)) = bytes.split_last() {
        assert_eq!(codec::decode::<T>(shorter).err(), Some(CodecError::Truncated));
    }
    Some(value)
}

/// Records are read as what they were written from.
fn check_records<R, E>(
    body: &[u8],
    read: impl Fn(&[u8]) -> Result<Vec<R>, E>,
    write: impl Fn(&R, &mut Vec<u8>),
) {
    let Ok(records) = read(body) else { return };
    let mut again = Vec::new();
    records.iter().for_each(|record| write(record, &mut again));
    assert_eq!(again, body, "records that are written in two ways");
    assert!(body.is_empty() || read(&body[1..]).is_err(), "a part of a record is read");
}

/// A roster as a file means the same.
fn check_text(roster: &Roster) {
    if roster.check_form().is_ok()
        && let Ok(text) = (SignedRoster { signatures: Default::default(), roster: roster.clone() }).to_text()
    {
        let read = SignedRoster::parse(&text).expect("a roster's own file is a roster");
        assert_eq!(read.roster.digest(), roster.digest());
    }
}

fn check_query(request: &Signed<QueryRequest>) {
    believed_only(request, &ASKED.query);
    approved_only(&ASKED.approvals[0], request, &ASKED.query);
}

fn check_study(request: &Signed<StudyRequest>, approval: Option<&Signed<Approval>>) {
    believed_only(request, &ASKED.study);
    approved_only(&ASKED.approvals[1], request, &ASKED.study);
    if let Some(approval) = approval {
        check_approval(approval);
    }
}

/// An approval counts only as one that was given, and for what it was given.
fn check_approval(approval: &Signed<Approval>) {
    let Asked { query, study, approvals } = &*ASKED;
    assert!(approval.approver(query, &ROSTER).is_err() || *approval == approvals[0], "approved by nobody");
    assert!(approval.approver(study, &ROSTER).is_err() || *approval == approvals[1], "approved by nobody");
}

/// Only what was signed has an asker.
fn believed_only<T: PersonRequest + PartialEq>(request: &Signed<T>, signed: &Signed<T>) {
    let asker = request.asker(&ROSTER, now());
    assert!(asker.is_err() || request == signed, "a request that nobody signed is believed");
    assert!(request != signed || asker.is_ok_and(|person| person.name == "person 7"));
}

/// An approval of one request is of no other.
fn approved_only<T: PersonRequest + PartialEq>(
    approval: &Signed<Approval>,
    request: &Signed<T>,
    signed: &Signed<T>,
) {
    assert_eq!(
        approval.approver(request, &ROSTER).is_ok(),
        request == signed,
        "an approval of another request"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_keeps_the_properties() {
        assert!(seeds().len() > Kind::ALL.len());
        for (_, seed) in seeds() {
            check(&seed);
        }
    }

    #[test]
    fn the_seeds_decode_so_that_the_properties_say_something() {
        for (name, seed) in seeds().into_iter().filter(|(name, _)| name.starts_with("signed-query")) {
            assert!(check_decoded::<Signed<QueryRequest>>(&seed[1..]).is_some(), "{name}");
        }
        let golden = seeds().into_iter().find(|(name, _)| name == "propose").unwrap().1;
        assert!(check_message::<Propose>(&golden[1..]).is_some());
        for (name, seed) in seeds() {
            match seed[0] {
                number if number == Document::Contributions as u8 => {
                    assert!(CONTRIBUTIONS.read(&seed[1..]).is_ok_and(|all| !all.is_empty()), "{name}");
                }
                number if number == Document::HandBacks as u8 => {
                    assert!(HAND_BACKS.read(&seed[1..]).is_ok_and(|all| !all.is_empty()), "{name}");
                }
                number if number == Document::Events as u8 => {
                    assert!(EventRecord::read(&seed[1..]).is_ok_and(|all| !all.is_empty()), "{name}");
                }
                _ => {}
            }
        }
    }

    #[test]
    fn somebody_elses_word_breaks_the_property() {
        let forged = Signed { content: ASKED.query.content.clone(), signature: ASKED.study.signature };
        assert!(forged.asker(&ROSTER, now()).is_err());
        // It can fail: where another was signed, the signed one is one too many.
        let other = Signed::request(ASKED.query.content.clone(), Digest::NONE, &key(7));
        assert!(std::panic::catch_unwind(|| believed_only(&ASKED.query, &other)).is_err());
    }
}
