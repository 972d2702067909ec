//! A holder that answers a batch with something else than its share gives: whatever it is, the requester notices, the
//! run stops, the holder is named, and the next run is as good as the first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use tvaers_link::memory::{Direction, Fate, Interceptor, Passage};
use tvaers_protocol::frame::Frame;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{Answer, Evaluate, Evaluated, Signed};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_pseudonym::evaluate::evaluate;
use tvaers_tests::federation::Federation;

use super::made_up::made_up_key;
use super::{Fault, assert_stopped, node, signing};
use crate::log::Log;

/// What k376 makes of its answer to these elements, before it signs it.
type Deed = fn(&[u8], &mut Answer);

#[derive(Default)]
struct Inside {
    deed: Option<(Deed, SigningKey)>,
    /// The elements that k376 was asked for last.
    elements: Vec<u8>,
    n_struck: u32,
}

/// Stands in the middle, and has k376 cheat.
#[derive(Default)]
struct Cheat(Mutex<Inside>);

impl Cheat {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Interceptor for Cheat {
    fn intercept(&self, passage: &Passage, bytes: &mut Vec<u8>) -> Fate {
        let Ok(frame) = Frame::decode(bytes) else { return Fate::Forward };
        let inside = &mut *self.inside();
        if passage.node != node("k376") {
            return Fate::Forward;
        }
        if let Ok(Evaluate { batch }) = frame.message()
            && passage.direction == Direction::ToNode
        {
            inside.elements = batch.content.elements;
        }
        let Some((deed, key)) = &inside.deed else { return Fate::Forward };
        if let Ok(Evaluated { answer }) = frame.message()
            && passage.direction == Direction::ToCoordinator
        {
            let (study, mut answer) = (frame.header().study, answer.content);
            deed(&inside.elements, &mut answer);
            let answer = Signed::new(answer, Purpose::Evaluated, study, key);
            *bytes = Frame::of(frame.header().roster, study, &Evaluated { answer }).unwrap().encode();
            inside.n_struck += 1;
        }
        Fate::Forward
    }
}

/// Answers under another share of the same holder, with a proof that is right for that one.
fn scaled(elements: &[u8], answer: &mut Answer) {
    let (share, _) = made_up_key(Digest([7; 32]), 3, 2).remove(1);
    let other = evaluate(&share, elements, &mut ChaCha20Rng::seed_from_u64(8)).unwrap();
    (answer.elements, answer.proof) = (other.elements, other.proof);
}

const DEEDS: [(&str, RejectCode, Deed); 14] = [
    ("two elements swapped", RejectCode::BadProof, |_, answer| {
        let (first, rest) = answer.elements.split_at_mut(32);
        first.swap_with_slice(&mut rest[..32]);
    }),
    ("one element in two places", RejectCode::BadProof, |_, answer| answer.elements.copy_within(..32, 32)),
    ("the elements as they came", RejectCode::BadProof, |elements, answer| {
        answer.elements = elements.to_vec();
    }),
    ("every element times something else, and a proof of that", RejectCode::BadProof, scaled),
    ("the proof alone of something else", RejectCode::BadProof, |elements, answer| {
        let honest = answer.elements.clone();
        scaled(elements, answer);
        answer.elements = honest;
    }),
    ("a bit of the proof", RejectCode::BadProof, |_, answer| answer.proof[5] ^= 1),
    ("a proof that is no number", RejectCode::BadProof, |_, answer| answer.proof = [0xff; 64]),
    ("the identity", RejectCode::BadProof, |_, answer| answer.elements[32..64].fill(0)),
    ("no canonical element", RejectCode::BadProof, |_, answer| answer.elements[32..64].fill(0xff)),
    ("an element less", RejectCode::BadProof, |_, answer| {
        answer.elements.truncate(answer.elements.len() - 32);
    }),
    ("an element more", RejectCode::BadProof, |_, answer| answer.elements.extend_from_within(..32)),
    ("half an element", RejectCode::BadProof, |_, answer| {
        answer.elements.truncate(answer.elements.len() - 16);
    }),
    ("nothing", RejectCode::BadProof, |_, answer| answer.elements.clear()),
    ("an answer to another batch", RejectCode::Replay, |_, answer| answer.request.0[0] ^= 1),
];

#[tokio::test]
async fn a_holder_that_answers_with_something_else_stops_the_run_and_is_named() {
    let middle = Arc::new(Cheat::default());
    let builder = Federation::builder().made(30, 11).interceptor(Arc::clone(&middle) as _);
    let mut federation = builder.build().await.unwrap();
    federation.connect_all().await.unwrap();
    let log = Log::begin();
    for (what, code, deed) in DEEDS {
        log.forget();
        middle.inside().deed = Some((deed, signing(&federation, &node("k376"))));
        let problem = federation.stratify().await.unwrap_err();
        assert_eq!(std::mem::take(&mut middle.inside().n_struck), 1, "{what}: it is not asked again");
        assert!(problem.what.starts_with("`k360` "), "{what}: {problem}");
        assert_stopped(&federation, &log, &problem, &Fault { what, holder: node("k376"), code }).await;
        if code == RejectCode::BadProof {
            assert!(log.line(&["does not prove what it must", "k376"]).is_some(), "{what}");
        }
    }
    middle.inside().deed = None;
    let summary = federation.stratify().await.unwrap();
    assert!(summary.missing.is_empty() && federation.worklist_texts().values().all(Option::is_some));
}

#[tokio::test]
async fn an_answer_under_another_signature_stops_the_run_and_is_told_under_whose_name_it_came() {
    let middle = Arc::new(Cheat::default());
    let builder = Federation::builder().made(30, 11).interceptor(Arc::clone(&middle) as _);
    let mut federation = builder.build().await.unwrap();
    federation.connect_all().await.unwrap();
    let log = Log::begin();
    let others = [
        ("the requester's own", signing(&federation, &node("k360"))),
        ("a stranger's", SigningKey::from_seed(&[9; 32])),
    ];
    for (what, key) in others {
        log.forget();
        middle.inside().deed = Some((|_, _| {}, key));
        let problem = federation.stratify().await.unwrap_err();
        let fault = Fault { what, holder: node("k376"), code: RejectCode::BadSignature };
        assert_stopped(&federation, &log, &problem, &fault).await;
    }
}
