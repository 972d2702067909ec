//! RFC 9497's own test vectors, through the same functions that production uses.

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Mode, Suite};
use crate::{
    batch, blind, combine, evaluate,
    lagrange::Weights,
    proof::{self, Pair, Statement},
};

#[derive(Deserialize)]
struct Vectors {
    oprf: Group,
    voprf: Group,
}

#[derive(Deserialize)]
struct Group {
    secret: String,
    public: Option<String>,
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    inputs: Vec<String>,
    blinds: Vec<String>,
    blinded: Vec<String>,
    evaluated: Vec<String>,
    outputs: Vec<String>,
    proof: Option<String>,
    nonce: Option<String>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../tests/rfc9497-ristretto255-sha512.json")).unwrap()
}

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn scalar(text: &str) -> Scalar {
    Scalar::from_canonical_bytes(bytes(text)).unwrap()
}

/// Blinds, evaluates and finishes one vector, and compares every value on the way. Gives the proof.
fn run(mode: Mode, group: &Group, vector: &Vector) -> [u8; 64] {
    let suite = Suite::new(mode);
    let inputs: Vec<Vec<u8>> = vector.inputs.iter().map(|input| hex::decode(input).unwrap()).collect();
    let blinds = Zeroizing::new(vector.blinds.iter().map(|blind| scalar(blind)).collect());
    let blinding = blind::blind_inputs(&suite, &inputs, blinds).unwrap();
    let blinded = blinding.encoded.concat();
    assert_eq!(hex::encode(&blinded), vector.blinded.concat());

    let secret = scalar(&group.secret);
    let public = RistrettoPoint::mul_base(&secret);
    let encoded = public.compress().0;
    let nonce = vector.nonce.as_deref().map_or(Scalar::ONE, scalar);
    let (elements, proof) = evaluate::evaluate_with(&suite, &secret, &encoded, &blinded, &nonce).unwrap();
    assert_eq!(hex::encode(&elements), vector.evaluated.concat());

    let points = batch::decode(&elements).unwrap();
    let statement = Statement {
        public: &encoded,
        blinded: Pair { points: &blinding.points, encoded: &blinding.encoded },
        evaluated: elements.as_chunks().0,
    };
    assert!(proof::verify(&suite, statement, &public, &points, &proof));
    // One server is a quorum of one, whose only weight is 1.
    let weights = Weights::new(&[1]).unwrap();
    let outputs = combine::finish(&inputs, &blinding, &weights, &[points], |bytes| hex::encode(bytes));
    assert_eq!(outputs, vector.outputs);
    proof
}

#[test]
fn the_vectors_without_proofs_are_met() {
    let group = vectors().oprf;
    assert_eq!(group.tests.len(), 2);
    for vector in &group.tests {
        run(Mode::Oprf, &group, vector);
    }
}

#[test]
fn the_vectors_with_proofs_are_met_byte_for_byte() {
    let group = vectors().voprf;
    let public = RistrettoPoint::mul_base(&scalar(&group.secret)).compress();
    assert_eq!(Some(hex::encode(public.0)), group.public);
    assert_eq!(group.tests.iter().map(|vector| vector.inputs.len()).collect::<Vec<_>>(), [1, 1, 2]);
    for vector in &group.tests {
        let proof = run(Mode::Voprf, &group, vector);
        assert_eq!(Some(hex::encode(proof)), vector.proof);
    }
}

#[test]
fn a_proof_of_one_mode_does_not_hold_in_the_other() {
    let secret = Scalar::from(5_u8);
    let public = RistrettoPoint::mul_base(&secret);
    let encoded = public.compress().0;
    let point = public.compress().0;
    let (elements, proof) =
        evaluate::evaluate_with(&Suite::new(Mode::Oprf), &secret, &encoded, &point, &Scalar::ONE).unwrap();
    let points = batch::decode(&elements).unwrap();
    let statement = Statement {
        public: &encoded,
        blinded: Pair { points: &[public], encoded: &[point] },
        evaluated: elements.as_chunks().0,
    };
    assert!(proof::verify(&Suite::new(Mode::Oprf), statement, &public, &points, &proof));
    assert!(!proof::verify(&Suite::new(Mode::Voprf), statement, &public, &points, &proof));
}
