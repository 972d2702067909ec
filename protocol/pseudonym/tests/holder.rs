//! A holder that was written from PROTOCOL.md alone, in Python (`tests/holder`), stands in a quorum with ours.
//!
//! It reads the frame of a request as it goes over the wire and writes the frame of its answer. So what this test
//! says of it, it says of the document: whoever follows that takes part, and refuses what must be refused.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic; clippy only knows the tests themselves"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use curve25519_dalek::scalar::{Scalar, clamp_integer};
use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use serde_json::json;
use sha2::{Digest as _, Sha512};
use tvaers_protocol::codec;
use tvaers_protocol::frame::{Frame, FrameHeader, HEADER_BYTES};
use tvaers_protocol::id::{Digest, NodeId, PersonId};
use tvaers_protocol::message::{Answer, Batch, Evaluate, Evaluated as Reply, Signed, Status};
use tvaers_protocol::population::Commitment;
use tvaers_protocol::reject::{Reject, RejectCode};
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_pseudonym::{
    blind::{Blinds, blind_batch},
    combine::{CombineError, Output, combine},
    confirmation::agree,
    dkg::{Ceremony, round1, round2, round3},
    evaluate::{Evaluated, evaluate},
    key::{KeyShare, PublicKeys},
    sealing::SealingKey,
};

const ROSTER: Digest = Digest([0xa1; 32]);
const STUDY: Digest = Digest([0xb2; 32]);
/// The holder that is the script.
const SCRIPT: u16 = 3;
const QUORUM: [u16; 3] = [1, SCRIPT, 5];
const QUOTA: u32 = 100;

/// A key of 3 of 5, made from a fixed seed, and those who use it.
struct World {
    /// Names the file from which the script reads what it knows.
    name: &'static str,
    rng: ChaCha20Rng,
    shares: Vec<KeyShare>,
    keys: PublicKeys,
    requester: SigningKey,
    holder: SigningKey,
}

impl World {
    fn new(name: &'static str, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (mut kept, mut packages, mut sealing) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        for index in 1..=5 {
            let (secret, package) = round1(Ceremony::new(STUDY, index, 5, 3).unwrap(), &mut rng).unwrap();
            kept.push((index, secret));
            packages.insert(index, package);
            sealing.insert(index, SealingKey::generate(&mut rng));
        }
        let public = sealing.iter().map(|(index, key)| (*index, key.public())).collect();
        let (mut secrets, mut mail) = (Vec::new(), BTreeMap::<u16, BTreeMap<u16, Vec<u8>>>::new());
        for (sender, kept) in kept {
            let (secret, sealed) = round2(kept, &packages, &public, &mut rng).unwrap();
            secrets.push((sender, secret));
            for (recipient, text) in sealed {
                mail.entry(recipient).or_default().insert(sender, text);
            }
        }
        let finish = |(index, secret)| round3(secret, &sealing[&index], &mail[&index]).unwrap();
        let (shares, confirmations): (Vec<_>, Vec<_>) = secrets.into_iter().map(finish).unzip();
        let keys = agree(&confirmations).unwrap().clone();
        let (requester, holder) = (SigningKey::generate(&mut rng), SigningKey::generate(&mut rng));
        Self { name, rng, shares, keys, requester, holder }
    }

    fn blind(&mut self, count: usize) -> (Vec<u8>, Blinds) {
        blind_batch(&persons(count), &STUDY, &mut self.rng).unwrap()
    }

    /// A holder of ours.
    fn evaluate(&mut self, holder: u16, elements: &[u8]) -> (u16, Evaluated) {
        let share = &self.shares[usize::from(holder) - 1];
        (holder, evaluate(share, elements, &mut self.rng).unwrap())
    }

    fn batch(&self, sequence: u32, elements: Vec<u8>) -> Batch {
        let population = self.population("k360", u32::try_from(elements.len() / 32).unwrap());
        let (requester, epoch) = (NodeId::new("k360").unwrap(), self.keys.epoch());
        Batch { requester, holder: SCRIPT, epoch, sequence, population, elements }
    }

    fn population(&self, node: &str, persons: u32) -> Signed<Commitment> {
        let content = Commitment { node: NodeId::new(node).unwrap(), persons, root: ROSTER };
        Signed::population(content, STUDY, &self.requester)
    }

    fn signed(&self, batch: Batch) -> Frame {
        self.signed_otherwise(batch, Purpose::Evaluate, STUDY, &self.requester)
    }

    fn signed_otherwise(&self, batch: Batch, purpose: Purpose, context: Digest, key: &SigningKey) -> Frame {
        framed(Signed::new(batch, purpose, context, key))
    }

    /// What the script knows: see its head.
    fn setup(&self) -> serde_json::Value {
        let requester = |quorum: [u16; 3]| {
            let verifying_key = hex::encode(self.requester.verifying_key().0);
            json!({ "verifying_key": verifying_key, "quorum": quorum, "quota": QUOTA })
        };
        let share = &self.shares[usize::from(SCRIPT) - 1];
        json!({
            "roster": hex::encode(ROSTER.0),
            "study": hex::encode(STUDY.0),
            "signing_seed": hex::encode(*self.holder.seed()),
            "key": { "index": SCRIPT, "epoch": self.keys.epoch(), "share": hex::encode(*share.expose()) },
            "requesters": { "k360": requester(QUORUM), "r1085": requester([1, 2, 4]) },
        })
    }

    /// What the script answers to requests, one after the other.
    fn ask(&self, requests: &[Vec<u8>]) -> Vec<Frame> {
        self.ask_one_that_knows(&self.setup(), requests)
    }

    fn ask_one_that_knows(&self, setup: &serde_json::Value, requests: &[Vec<u8>]) -> Vec<Frame> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/holder/holder.py");
        let place =
            |what| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("holder-{}.{what}", self.name));
        let (knows, asked) = (place("json"), place("frames"));
        std::fs::write(&knows, setup.to_string()).unwrap();
        std::fs::write(&asked, requests.concat()).unwrap();
        let run = Command::new("python3").arg(script).arg(knows).stdin(File::open(asked).unwrap()).output();
        let run = match run {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                panic!(
                    "python3 is missing, which the holder of this test runs on: install Python 3.8 or later"
                )
            }
            run => run.unwrap(),
        };
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let answers = frames(&run.stdout);
        assert_eq!(answers.len(), requests.len());
        answers
    }

    /// The script's reply as the requester reads it: signed by the holder, about this batch.
    fn read(&self, batch: &Batch, frame: &Frame) -> Answer {
        frame.header().belongs_to(ROSTER, STUDY).unwrap();
        let reply: Reply = frame.message().unwrap();
        let answer = reply.answer.verify(Purpose::Evaluated, STUDY, &self.holder.verifying_key()).unwrap();
        assert_eq!(answer.request, Digest::of("tvaers/v1/batch", &[&codec::canonical(batch)]));
        answer.clone()
    }

    /// The outputs that a quorum of our own holders gives.
    fn ours(&mut self, quorum: [u16; 3], elements: &[u8], blinds: &Blinds) -> Vec<Output> {
        let replies = quorum.map(|holder| self.evaluate(holder, elements));
        combine(&self.keys, &quorum, blinds, &replies).unwrap()
    }
}

fn framed(batch: Signed<Batch>) -> Frame {
    Frame::of(ROSTER, STUDY, &Evaluate { batch }).unwrap()
}

fn frames(mut bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let header = FrameHeader::decode(bytes.first_chunk().unwrap()).unwrap();
        let (frame, rest) = bytes.split_at(HEADER_BYTES + usize::try_from(header.body_bytes).unwrap());
        frames.push(Frame::decode(frame).unwrap());
        bytes = rest;
    }
    frames
}

fn persons(count: usize) -> Vec<PersonId> {
    (0..count).map(|i| PersonId::parse(&format!("610165{i:04}")).unwrap()).collect()
}

fn refusal(frame: &Frame) -> Option<RejectCode> {
    frame.message::<Reject>().ok().map(|reject| reject.code)
}

/// Both halves of what comes out, to be compared and not printed.
fn bytes(outputs: &[Output]) -> Vec<([u8; 16], [u8; 32])> {
    outputs.iter().map(|output| (*output.pseudonym.as_bytes(), *output.event_secret.expose())).collect()
}

#[test]
fn a_holder_written_from_the_document_gives_the_pseudonyms_that_ours_give() {
    let mut world = World::new("quorum", 1);
    let (elements, blinds) = world.blind(60);
    let batch = world.batch(0, elements.clone());
    let answer = world.ask(&[world.signed(batch.clone()).encode()]).remove(0);
    let Answer { elements: points, proof, .. } = world.read(&batch, &answer);
    let own = world.evaluate(SCRIPT, &elements).1;
    assert!(points == own.elements);
    let replies = [
        world.evaluate(1, &elements),
        (SCRIPT, Evaluated { epoch: 0, elements: points, proof }),
        world.evaluate(5, &elements),
    ];
    let outputs = bytes(&combine(&world.keys, &QUORUM, &blinds, &replies).unwrap());
    assert_eq!(outputs.len(), 60);
    for quorum in [QUORUM, [1, 2, 4]] {
        assert!(outputs == bytes(&world.ours(quorum, &elements, &blinds)), "{quorum:?}");
    }
}

#[test]
fn every_changed_bit_of_its_proof_is_laid_at_its_door() {
    let mut world = World::new("proof", 2);
    let (elements, blinds) = world.blind(3);
    let batch = world.batch(0, elements.clone());
    let answer = world.ask(&[world.signed(batch.clone()).encode()]).remove(0);
    let reply: Reply = answer.message().unwrap();
    let Answer { elements: points, proof, .. } = world.read(&batch, &answer);
    let (first, last) = (world.evaluate(1, &elements), world.evaluate(5, &elements));
    let combined = |proof| {
        let script = (SCRIPT, Evaluated { epoch: 0, elements: points.clone(), proof });
        combine(&world.keys, &QUORUM, &blinds, &[first.clone(), script, last.clone()]).map(|_| ())
    };
    assert_eq!(combined(proof), Ok(()));
    for bit in 0..512 {
        let mut changed = proof;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(combined(changed), Err(CombineError::Proof { culprit: SCRIPT }), "bit {bit}");
        // Changed on the way, it does not come as far as that.
        let mut reply = reply.clone();
        reply.answer.content.proof = changed;
        let key = world.holder.verifying_key();
        assert!(reply.answer.verify(Purpose::Evaluated, STUDY, &key).is_err(), "bit {bit}");
    }
}

/// Encodings that are no element, or that a holder must not multiply.
fn wrong_points(good: &[u8; 32]) -> Vec<(&'static str, [u8; 32])> {
    let mut field = [0xff; 32];
    (field[0], field[31]) = (0xed, 0x7f); // p = 2^255 - 19
    let mut field_and_two = field;
    field_and_two[0] = 0xef;
    let mut high = *good;
    high[31] |= 0x80;
    let mut negative = field; // p - s, the other root, which is odd as s is even
    let mut borrow = 0;
    for (to, from) in negative.iter_mut().zip(good) {
        let difference = i16::from(*to) - i16::from(*from) - borrow;
        borrow = i16::from(difference < 0);
        *to = difference.to_le_bytes()[0];
    }
    // RFC 9496, appendix A.2: a non-square x².
    let no_square = "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371";
    let mut square = [0; 32];
    hex::decode_to_slice(no_square, &mut square).unwrap();
    vec![
        ("the identity", [0; 32]),
        ("zero written as p", field),
        ("two written as p + 2", field_and_two),
        ("the highest bit set", high),
        ("a negative root", negative),
        ("no square", square),
    ]
}

#[test]
fn what_a_holder_must_refuse_it_refuses_with_the_code_of_the_document() {
    let mut world = World::new("refusals", 3);
    let (elements, _) = world.blind(3);
    let good: [u8; 32] = *elements.first_chunk().unwrap();
    let changed = |change: &dyn Fn(&mut Batch)| {
        let mut batch = world.batch(0, elements.clone());
        change(&mut batch);
        batch
    };
    let signed = |change: &dyn Fn(&mut Batch)| world.signed(changed(change)).encode();
    let other_key = SigningKey::from_seed(&[9; 32]);
    let batch = || world.batch(0, elements.clone());
    let by_another = world.signed_otherwise(batch(), Purpose::Evaluate, STUDY, &other_key);
    let of_another_study = world.signed_otherwise(batch(), Purpose::Evaluate, ROSTER, &world.requester);
    let for_another_use = world.signed_otherwise(batch(), Purpose::Evaluated, STUDY, &world.requester);
    let mut altered = Signed::new(batch(), Purpose::Evaluate, STUDY, &world.requester);
    altered.content.elements[0] ^= 2;
    // A signature of whose two halves the second has the group's order added verifies for who does not look.
    let mut beyond_the_order = Signed::new(batch(), Purpose::Evaluate, STUDY, &world.requester);
    add_order(&mut beyond_the_order.signature.0);
    // The holder of the key can make one, and what libraries say of it differs.
    let mut small_order = Signed::new(batch(), Purpose::Evaluate, STUDY, &world.requester);
    small_order.signature.0 = sign_by_the_identity(&world.requester, &small_order.content);

    let mut cases = vec![
        (
            "unknown requester",
            signed(&|b| b.requester = NodeId::new("k101").unwrap()),
            RejectCode::UnknownNode,
        ),
        ("another's signature", by_another.encode(), RejectCode::BadSignature),
        ("another study's signature", of_another_study.encode(), RejectCode::BadSignature),
        ("a signature for another use", for_another_use.encode(), RejectCode::BadSignature),
        ("an element altered on the way", framed(altered).encode(), RejectCode::BadSignature),
        ("a signature's other spelling", framed(beyond_the_order).encode(), RejectCode::BadSignature),
        ("a commitment of small order", framed(small_order).encode(), RejectCode::BadSignature),
        (
            "another's commitment",
            signed(&|b| {
                b.population.signature =
                    Signed::population(b.population.content.clone(), STUDY, &other_key).signature
            }),
            RejectCode::BadSignature,
        ),
        (
            "a commitment in another's name",
            signed(&|b| b.population = world.population("r1085", 3)),
            RejectCode::BadSignature,
        ),
        ("another holder", signed(&|b| b.holder = 1), RejectCode::NotAHolder),
        (
            "another quorum",
            signed(&|b| {
                b.requester = NodeId::new("r1085").unwrap();
                b.population = world.population("r1085", 3);
            }),
            RejectCode::NotAHolder,
        ),
        ("wrong epoch", signed(&|b| b.epoch = 1), RejectCode::OtherStudy),
        ("no element", signed(&|b| b.elements.clear()), RejectCode::Malformed),
        ("half an element", signed(&|b| b.elements.truncate(80)), RejectCode::Malformed),
        ("beyond the commitment", signed(&|b| b.elements = good.repeat(4)), RejectCode::QuotaExceeded),
        ("a part of a batch", signed(&|b| b.elements.truncate(64)), RejectCode::Malformed),
        (
            "beyond the quota",
            signed(&|b| {
                b.elements = good.repeat(101);
                b.population = world.population("k360", 101);
            }),
            RejectCode::QuotaExceeded,
        ),
    ];
    for (name, point) in wrong_points(&good) {
        // Among good ones: a holder that looked at the first alone would answer.
        let elements = [good, point, good].concat();
        cases.push((name, signed(&|b| b.elements.clone_from(&elements)), RejectCode::Malformed));
    }
    for (name, request, code) in &cases {
        // Each to a holder that has counted nothing yet.
        let answer = world.ask(std::slice::from_ref(request)).remove(0);
        assert_eq!(refusal(&answer), Some(*code), "{name}");
        // Signatures and points are what two implementations could well judge differently.
        let asked: Evaluate = Frame::decode(request).unwrap().message().unwrap();
        let (key, content) = (world.requester.verifying_key(), &asked.batch.content);
        let signed = asked.batch.verify(Purpose::Evaluate, STUDY, &key).is_ok()
            && content.population.of_study(STUDY, &key).is_ok_and(|of| of.node == content.requester);
        let unknown = *code == RejectCode::UnknownNode;
        assert_eq!(!signed && !unknown, *code == RejectCode::BadSignature, "{name}, ours");
        let share = &world.shares[usize::from(SCRIPT) - 1];
        let evaluated = evaluate(share, &asked.batch.content.elements, &mut ChaCha20Rng::seed_from_u64(3));
        // Another point is a point as often as not, and so are those of a part of a batch.
        if *code != RejectCode::BadSignature && *name != "a part of a batch" {
            assert_eq!(evaluated.is_err(), *code == RejectCode::Malformed, "{name}, ours");
        }
    }
    // The same batch without a fault is answered, and by a holder that has not pinned the key it is not.
    let request = [world.signed(batch()).encode()];
    assert_eq!(refusal(&world.ask(&request)[0]), None);
    let mut unpinned = world.setup();
    unpinned["key"] = serde_json::Value::Null;
    assert_eq!(refusal(&world.ask_one_that_knows(&unpinned, &request)[0]), Some(RejectCode::NotReady));
}

/// A signature that fulfils the equation, its commitment being the identity.
fn sign_by_the_identity(key: &SigningKey, batch: &Batch) -> [u8; 64] {
    let public = key.verifying_key().0;
    let secret = clamp_integer(*Sha512::digest(*key.seed()).first_chunk().unwrap());
    let commitment = [[1].as_slice(), &[0; 31]].concat();
    let message = [b"\x12tvaers/v1/evaluate".as_slice(), &STUDY.0, &codec::canonical(batch)].concat();
    let hash = Sha512::new().chain_update(&commitment).chain_update(public).chain_update(message).finalize();
    let response = Scalar::from_bytes_mod_order_wide(&hash.into()) * Scalar::from_bytes_mod_order(secret);
    [commitment.as_slice(), response.as_bytes()].concat().try_into().unwrap()
}

/// Adds the order of the group to the second half of a signature.
fn add_order(signature: &mut [u8; 64]) {
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let mut carry = 0;
    for (to, from) in signature[32..].iter_mut().zip(hex::decode(order).unwrap()) {
        let sum = u16::from(*to) + u16::from(from) + carry;
        (*to, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
}

#[test]
fn frames_and_bodies_that_are_none_are_refused_as_our_own_reader_refuses_them() {
    let mut world = World::new("frames", 4);
    let (elements, _) = world.blind(2);
    let good = world.signed(world.batch(0, elements)).encode();
    let with = |at: usize, bytes: &[u8]| {
        let mut frame = good.clone();
        frame[at..at + bytes.len()].copy_from_slice(bytes);
        frame
    };
    // A body of another length, with the header to it.
    let resized =
        |body: &[u8]| Frame::new(tvaers_protocol::frame::Kind::Evaluate, ROSTER, STUDY, body.to_vec());
    let body = &good[HEADER_BYTES..];
    // Of the elements, after "k360" and the commitment.
    let length_at = HEADER_BYTES + 8 + 4 + 2 + 4 + 4 + (8 + 4 + 4 + 32 + 64);
    let status = Frame::of(ROSTER, STUDY, &Status {}).unwrap();
    let cases = [
        ("another version", with(0, &[2]), RejectCode::UnsupportedVersion),
        ("a kind that does not exist", with(1, &[63]), RejectCode::UnknownKind),
        ("another version of a kind that does not exist", with(0, &[2, 63]), RejectCode::UnsupportedVersion),
        ("a kind that comes elsewhere", status.encode(), RejectCode::UnexpectedKind),
        ("a flag", with(3, &[1]), RejectCode::Malformed),
        ("another roster", with(8, &[0]), RejectCode::OtherRoster),
        ("another study", with(40, &[0]), RejectCode::OtherStudy),
        (
            "another roster and study",
            [with(8, &[0])[..40].to_vec(), with(40, &[0])[40..].to_vec()].concat(),
            RejectCode::OtherRoster,
        ),
        ("a body too short", resized(&body[..body.len() - 1]).unwrap().encode(), RejectCode::Malformed),
        ("a byte too many", resized(&[body, &[0]].concat()).unwrap().encode(), RejectCode::Malformed),
        ("no body", resized(&[]).unwrap().encode(), RejectCode::Malformed),
        ("a name with a capital", with(HEADER_BYTES + 8, b"K"), RejectCode::Malformed),
        ("a name that is not UTF-8", with(HEADER_BYTES + 8, &[0xff]), RejectCode::Malformed),
        ("a name longer than the body", with(HEADER_BYTES, &u64::to_be_bytes(5_000)), RejectCode::Malformed),
        ("a name beyond the limit", with(HEADER_BYTES, &u64::to_be_bytes(1_048_577)), RejectCode::TooLarge),
        ("elements longer than the body", with(length_at, &u64::to_be_bytes(96)), RejectCode::Malformed),
        ("elements beyond the limit", with(length_at, &u64::MAX.to_be_bytes()), RejectCode::Malformed),
    ];
    for (name, request, code) in &cases {
        let ours = Frame::decode(request).and_then(|frame| {
            frame.header().belongs_to(ROSTER, STUDY)?;
            frame.message::<Evaluate>().map(|_| ())
        });
        assert_eq!(ours.map_err(|error| error.code()), Err(*code), "{name}, ours");
        assert_eq!(refusal(&world.ask(std::slice::from_ref(request))[0]), Some(*code), "{name}, the script");
    }
    // Whose body is not there, or not whole.
    let too_large = with(4, &[0, 16, 0, 1])[..HEADER_BYTES].to_vec();
    assert_eq!(refusal(&world.ask(&[too_large])[0]), Some(RejectCode::TooLarge));
    for end in [HEADER_BYTES - 1, good.len() - 1] {
        assert_eq!(
            refusal(&world.ask(&[good[..end].to_vec()])[0]),
            Some(RejectCode::BrokenOff),
            "cut at {end}"
        );
    }
}

#[test]
fn a_batch_is_counted_once_answered_a_hundred_times_and_stays_counted_though_it_failed() {
    let mut world = World::new("account", 5);
    let (elements, blinds) = world.blind(1);
    let batch = world.batch(0, elements.clone());
    let again = world.signed(batch.clone()).encode();
    // The answers differ in the proof alone, and each is good.
    let answers = world.ask(&vec![again; 101]);
    let read: Vec<Answer> = answers[..100].iter().map(|answer| world.read(&batch, answer)).collect();
    assert!(read.iter().all(|answer| answer.elements == read[0].elements));
    assert_ne!(read[0].proof, read[99].proof);
    assert_eq!(refusal(&answers[100]), Some(RejectCode::Replay));
    let last = (SCRIPT, Evaluated { epoch: 0, elements: read[99].elements.clone(), proof: read[99].proof });
    let replies = [world.evaluate(1, &elements), last, world.evaluate(5, &elements)];
    assert!(combine(&world.keys, &QUORUM, &blinds, &replies).is_ok());

    let of = |sequence, persons, elements: Vec<u8>| {
        let population = world.population("k360", persons);
        world.signed(Batch { population, ..world.batch(sequence, elements) })
    };
    let many = |count| elements.repeat(count);
    let identities = || vec![0; 3 * 32];
    let (quota, replay) = (Some(RejectCode::QuotaExceeded), Some(RejectCode::Replay));
    let malformed = Some(RejectCode::Malformed);
    for steps in [
        vec![
            (of(0, 101, many(101)), quota),
            (of(0, 3, many(4)), quota),
            (of(0, 3, many(2)), malformed),
            // What was refused is not counted, its number is free, and its commitment is not kept.
            (of(0, 4, many(4)), None),
            (of(0, 4, many(4)), None),
            (of(0, 3, many(3)), replay),
            (of(1, 4, many(1)), quota),
        ],
        vec![
            // What failed stays counted.
            (of(0, 3, identities()), malformed),
            (of(0, 3, many(3)), replay),
            (of(0, 3, identities()), malformed),
        ],
    ] {
        let requests: Vec<Vec<u8>> = steps.iter().map(|(request, _)| request.encode()).collect();
        for ((step, (_, code)), answer) in steps.iter().enumerate().zip(world.ask(&requests)) {
            assert_eq!(refusal(&answer), *code, "step {step}");
        }
    }
}
