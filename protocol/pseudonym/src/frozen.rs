//! Our own vectors: a key of three out of five, three persons and every value on the way to their pseudonyms.
//!
//! RFC 9497 has none for shared keys. The file is meant for whoever writes another implementation, so everything in
//! it is hexadecimal text as it goes over the wire, scalars little-endian. A change of anything but its words is a
//! change of every pseudonym or of the protocol. An implementation in Python's whole numbers, written for this after
//! RFC 9380, 9496 and 9497, came to every value in it; the `voprf` crate accepts its proofs here.

use std::collections::BTreeMap;

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar};
use serde::Deserialize;
use tvaers_protocol::id::{Digest, PersonId};
use voprf::{EvaluationElement, Proof, Ristretto255, VoprfClient, VoprfServer};
use zeroize::Zeroizing;

use crate::{
    blind::{Blinds, blind_by},
    combine::{combine, finish},
    evaluate::{Evaluated, evaluate_with},
    key::{KeyShare, PublicKeys},
    lagrange,
    suite::{Mode, Suite},
    testing::deal,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors {
    #[serde(rename = "about")]
    _about: Vec<String>,
    study: String,
    threshold: u16,
    group: Group,
    holders: Vec<Holder>,
    persons: Vec<Person>,
    quorums: Vec<Quorum>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    secret: String,
    public: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holder {
    index: u16,
    secret: String,
    public: String,
    nonce: String,
    evaluated: Vec<String>,
    proof: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    person: String,
    input: String,
    blind: String,
    blinded: String,
    output: String,
    pseudonym: String,
    event_secret: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Quorum {
    holders: [u16; 3],
    weights: [String; 3],
}

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn scalar(text: &str) -> Scalar {
    Scalar::from_canonical_bytes(bytes(text)).unwrap()
}

impl Vectors {
    fn read() -> Self {
        serde_json::from_str(include_str!("../tests/threshold-3-of-5.json")).unwrap()
    }

    fn keys(&self) -> PublicKeys {
        let shares = self.holders.iter().map(|holder| (holder.index, bytes(&holder.public))).collect();
        PublicKeys::new(0, self.threshold, bytes(&self.group.public), shares).unwrap()
    }

    fn blinds(&self) -> Blinds {
        let persons: Vec<_> =
            self.persons.iter().map(|person| PersonId::parse(&person.person).unwrap()).collect();
        let blinds = self.persons.iter().map(|person| scalar(&person.blind)).collect();
        blind_by(&persons, &Digest(bytes(&self.study)), Zeroizing::new(blinds)).unwrap()
    }

    fn replies(&self) -> BTreeMap<u16, Evaluated> {
        let reply = |holder: &Holder| {
            let elements = hex::decode(holder.evaluated.concat()).unwrap();
            (holder.index, Evaluated { epoch: 0, elements, proof: bytes(&holder.proof) })
        };
        self.holders.iter().map(reply).collect()
    }
}

#[test]
fn the_key_is_the_one_that_tests_deal_and_its_halves_fit() {
    let vectors = Vectors::read();
    let (keys, dealt) = (vectors.keys(), deal(1, 5, 3));
    assert!(keys == dealt.keys);
    assert_eq!(vectors.holders.len(), 5);
    assert_eq!(scalar(&vectors.group.secret), dealt.secret);
    assert_eq!(RistrettoPoint::mul_base(&dealt.secret).compress().0, bytes(&vectors.group.public));
    for holder in &vectors.holders {
        assert!(KeyShare::new(holder.index, &bytes(&holder.secret), keys.clone()).is_ok());
    }
}

#[test]
fn the_weights_of_every_quorum_give_the_groups_secret() {
    let vectors = Vectors::read();
    let quorums: Vec<_> = vectors.quorums.iter().map(|quorum| quorum.holders).collect();
    let all = (1..=5).flat_map(|a| (a + 1..=5).flat_map(move |b| (b + 1..=5).map(move |c| [a, b, c])));
    assert_eq!(quorums, all.collect::<Vec<[u16; 3]>>());
    for quorum in &vectors.quorums {
        let weights: Vec<_> = quorum.weights.iter().map(|weight| scalar(weight)).collect();
        assert_eq!(lagrange::scalars(&quorum.holders, 0), weights);
        let secret = |index: &u16| scalar(&vectors.holders[usize::from(*index) - 1].secret);
        let sum: Scalar = quorum.holders.iter().map(secret).zip(&weights).map(|(s, w)| s * w).sum();
        assert_eq!(sum, scalar(&vectors.group.secret), "{:?}", quorum.holders);
    }
}

#[test]
fn inputs_and_blinded_points_are_met() {
    let vectors = Vectors::read();
    let blinds = vectors.blinds();
    for (position, person) in vectors.persons.iter().enumerate() {
        assert_eq!(hex::encode(blinds.inputs()[position].as_ref()), person.input);
        assert_eq!(hex::encode(blinds.blinding().encoded[position]), person.blinded);
    }
}

#[test]
fn every_holders_points_and_proof_are_met_byte_for_byte() {
    let vectors = Vectors::read();
    let points = vectors.blinds().blinding().encoded.concat();
    for holder in &vectors.holders {
        let suite = Suite::new(Mode::Voprf);
        let (secret, nonce) = (scalar(&holder.secret), scalar(&holder.nonce));
        let (elements, proof) =
            evaluate_with(&suite, &secret, &bytes(&holder.public), &points, &nonce).unwrap();
        assert_eq!(hex::encode(elements), holder.evaluated.concat(), "holder {}", holder.index);
        assert_eq!(hex::encode(proof), holder.proof, "holder {}", holder.index);
    }
}

#[test]
fn every_quorum_gives_the_outputs_pseudonyms_and_event_secrets() {
    let vectors = Vectors::read();
    let (keys, blinds, replies) = (vectors.keys(), vectors.blinds(), vectors.replies());
    for Quorum { holders, .. } in &vectors.quorums {
        let replies: Vec<_> = holders.iter().map(|holder| (*holder, replies[holder].clone())).collect();
        let outputs = combine(&keys, holders, &blinds, &replies).unwrap();
        assert_eq!(outputs.len(), vectors.persons.len());
        for (output, person) in outputs.iter().zip(&vectors.persons) {
            assert_eq!(hex::encode(output.pseudonym.as_bytes()), person.pseudonym, "{holders:?}");
            assert_eq!(hex::encode(output.event_secret.expose()), person.event_secret, "{holders:?}");
        }
        let columns: Vec<_> =
            replies.iter().map(|(_, reply)| crate::batch::decode(&reply.elements).unwrap()).collect();
        let weights = lagrange::Weights::new(holders).unwrap();
        let outputs = finish(blinds.inputs(), blinds.blinding(), &weights, &columns, |bytes| *bytes);
        for (output, person) in outputs.iter().zip(&vectors.persons) {
            assert_eq!(hex::encode(output), person.output, "{holders:?}");
        }
    }
}

#[test]
fn the_reference_blinds_evaluates_and_accepts_the_same() {
    let vectors = Vectors::read();
    let server = |secret: &str| VoprfServer::<Ristretto255>::new_with_key(&bytes::<32>(secret)).unwrap();
    let inputs: Vec<Vec<u8>> =
        vectors.persons.iter().map(|person| hex::decode(&person.input).unwrap()).collect();
    let mut clients = Vec::new();
    for (person, input) in vectors.persons.iter().zip(&inputs) {
        let output = server(&vectors.group.secret).evaluate(input).unwrap();
        assert_eq!(hex::encode(output), person.output);
        // The crate's own scalar type is of an older version of the group's crate: the blind crosses in a client.
        let state = [bytes::<32>(&person.blind), bytes(&person.blinded)].concat();
        clients.push(VoprfClient::<Ristretto255>::deserialize(&state).unwrap());
    }
    for holder in &vectors.holders {
        let elements: Vec<_> = holder
            .evaluated
            .iter()
            .map(|text| EvaluationElement::<Ristretto255>::deserialize(&bytes::<32>(text)).unwrap())
            .collect();
        let proof = Proof::deserialize(&bytes::<64>(&holder.proof)).unwrap();
        let server = server(&holder.secret);
        let outputs =
            VoprfClient::batch_finalize(&inputs, &clients, &elements, &proof, server.get_public_key());
        for (output, input) in outputs.unwrap().zip(&inputs) {
            assert!(output.unwrap() == server.evaluate(input).unwrap());
        }
    }
}
