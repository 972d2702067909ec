use std::collections::BTreeMap;

use jiff::civil::date;

use super::*;
use crate::roster::{Coordinator, Role, Roster, SignedRoster};

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

/// A roster that names these keys, and nobody else.
fn roster(version: u64, keys: &[u8]) -> VerifiedRoster {
    let person = |number: &u8| Person {
        name: format!("person {number}"),
        role: Role::Analyst,
        signing: key(*number).verifying_key(),
    };
    let roster = Roster {
        federation: "test".to_owned(),
        version,
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
        people: keys.iter().map(person).collect(),
    };
    VerifiedRoster::known(SignedRoster { signatures: BTreeMap::new(), roster })
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn at(offset: SignedDuration) -> Timestamp {
    now().checked_add(offset).unwrap()
}

fn under() -> Under {
    Under { permit: "aims".to_owned(), purpose: "quality".to_owned() }
}

/// A request of person 7 that holds from `created` to `expires`, counted from now.
fn content(created: SignedDuration, expires: SignedDuration) -> QueryRequest {
    QueryRequest {
        id: RequestId([9; 16]),
        requester: key(7).verifying_key(),
        under: under(),
        query: "kind = \"count\"\n".to_owned(),
        catalogue: Digest([3; 32]),
        times: 1,
        created: at(created),
        expires: at(expires),
    }
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// What the roster says to a request that holds from `created` to `expires`.
fn judged(created: SignedDuration, expires: SignedDuration) -> Result<String, RequestError> {
    let roster = roster(1, &[7]);
    let signed = Signed::request(content(created, expires), roster.digest(), &key(7));
    signed.asker(&roster, now()).map(|person| person.name.clone())
}

fn study() -> StudyRequest {
    StudyRequest {
        id: RequestId([9; 16]),
        requester: key(7).verifying_key(),
        model: "sad".to_owned(),
        model_digest: Digest([4; 32]),
        catalogue_digest: Digest([3; 32]),
        as_of: date(2026, 2, 28),
        grain: Grain::Counts,
        list: Some(under()),
        tables: None,
        series: None,
        created: now(),
        expires: at(hours(1)),
    }
}

#[test]
fn a_request_of_a_person_of_the_roster_is_believed_with_the_persons_name() {
    assert_eq!(judged(SignedDuration::ZERO, hours(1)), Ok("person 7".to_owned()));
    let roster = roster(1, &[6, 7]);
    let signed = Signed::request(study(), roster.digest(), &key(7));
    assert_eq!(signed.asker(&roster, now()).unwrap().name, "person 7");
}

#[test]
fn a_request_that_was_signed_under_another_roster_is_not_believed() {
    let (old, new) = (roster(1, &[7]), roster(2, &[7]));
    let signed = Signed::request(content(SignedDuration::ZERO, hours(1)), old.digest(), &key(7));
    assert_eq!(signed.asker(&new, now()), Err(RequestError::Signature));
    assert_eq!(signed.signer(&new), Err(RequestError::Signature));
    assert!(signed.asker(&old, now()).is_ok());
}

#[test]
fn a_request_in_anothers_name_or_changed_after_it_was_signed_is_not_believed() {
    let roster = roster(1, &[6, 7]);
    let signed = Signed::request(content(SignedDuration::ZERO, hours(1)), roster.digest(), &key(6));
    assert_eq!(signed.asker(&roster, now()), Err(RequestError::Signature));
    let mut signed = Signed::request(content(SignedDuration::ZERO, hours(1)), roster.digest(), &key(7));
    signed.content.times = 2;
    assert_eq!(signed.asker(&roster, now()), Err(RequestError::Signature));
}

#[test]
fn a_signature_for_one_kind_of_request_is_none_for_the_other() {
    let roster = roster(1, &[7]);
    let mut signed = Signed::request(study(), roster.digest(), &key(7));
    signed.signature = Signed::new(study(), Purpose::QueryRequest, roster.digest(), &key(7)).signature;
    assert_eq!(signed.asker(&roster, now()), Err(RequestError::Signature));
}

#[test]
fn a_key_that_is_nobodys_in_the_roster_asks_for_nothing() {
    let roster = roster(1, &[6]);
    let signed = Signed::request(content(SignedDuration::ZERO, hours(1)), roster.digest(), &key(7));
    assert_eq!(signed.asker(&roster, now()), Err(RequestError::Unknown));
}

#[test]
fn a_clock_may_be_a_little_ahead_and_no_more() {
    let second = SignedDuration::from_secs(1);
    assert!(judged(CLOCK_GRACE, CLOCK_GRACE + hours(1)).is_ok());
    assert_eq!(judged(CLOCK_GRACE + second, CLOCK_GRACE + hours(1)), Err(RequestError::Created));
}

#[test]
fn a_request_holds_for_as_long_as_it_may_and_not_for_longer() {
    let (longest, second) = (hours(24 * DAYS_MAX), SignedDuration::from_secs(1));
    assert!(judged(SignedDuration::ZERO, longest).is_ok());
    assert_eq!(judged(SignedDuration::ZERO, longest + second), Err(RequestError::Created));
    assert_eq!(judged(SignedDuration::ZERO, -second), Err(RequestError::Created));
}

#[test]
fn an_expired_request_is_refused_and_still_says_who_asked() {
    let second = SignedDuration::from_secs(1);
    assert!(judged(-hours(1), SignedDuration::ZERO).is_ok());
    assert_eq!(judged(-hours(1), -second), Err(RequestError::Expired));
    let roster = roster(1, &[7]);
    let signed = Signed::request(content(-hours(1), -second), roster.digest(), &key(7));
    assert_eq!(signed.signer(&roster).unwrap().name, "person 7");
}

#[test]
fn each_answer_to_a_request_has_a_digest_of_its_own_and_so_has_each_request() {
    let signed = Signed::request(content(SignedDuration::ZERO, hours(1)), Digest([1; 32]), &key(7));
    let (first, second) = (signed.request_digest(0), signed.request_digest(1));
    assert_ne!(first, second);
    assert_eq!(signed.clone().request_digest(0), first);
    let other = QueryRequest { id: RequestId([8; 16]), ..signed.content.clone() };
    assert_ne!(Signed::request(other, Digest([1; 32]), &key(7)).request_digest(0), first);
    // The roster is in the signature alone.
    assert_ne!(Signed::request(signed.content, Digest([2; 32]), &key(7)).request_digest(0), first);
}

#[test]
fn a_name_reads_back_and_other_texts_are_refused() {
    let id = RequestId([0xa9; 16]);
    assert_eq!(id.to_string().parse(), Ok(id));
    for text in ["", "a9", &"0".repeat(33), &"G".repeat(32), &"A".repeat(32)] {
        assert_eq!(text.parse::<RequestId>(), Err(RequestIdError), "{text}");
    }
}

#[test]
fn every_refusal_has_a_code_of_its_own_and_says_what_to_do() {
    let all = [RequestError::Signature, RequestError::Unknown, RequestError::Created, RequestError::Expired];
    let codes: std::collections::BTreeSet<&str> = all.iter().map(|error| error.code()).collect();
    assert_eq!(codes.len(), all.len());
    assert!(all.iter().all(|error| error.code().starts_with("request.") && !error.mend().is_empty()));
}
