//! Keys and persons for tests: shares of a fixed polynomial, dealt by one hand, which no key in use ever is.

use std::collections::BTreeMap;

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar};
use rand::{Rng as _, SeedableRng as _, rngs::ChaCha20Rng};
use tvaers_protocol::id::{Digest, PersonId};

use crate::key::{KeyShare, PublicKeys};

/// A key that one hand dealt.
pub(crate) struct Dealt {
    /// The group's secret, which exists in tests only.
    pub(crate) secret: Scalar,
    pub(crate) keys: PublicKeys,
    /// By index from 1.
    pub(crate) shares: BTreeMap<u16, KeyShare>,
}

impl Dealt {
    pub(crate) fn share(&self, holder: u16) -> &KeyShare {
        &self.shares[&holder]
    }
}

/// Shares of the polynomial whose coefficients are hashes of `seed` and their place.
pub(crate) fn deal(seed: u8, holders: u16, threshold: u16) -> Dealt {
    let coefficient = |place: u16| {
        let hash = Digest::of("tvaers-pseudonym/test", &[&[seed], &place.to_be_bytes()]);
        Scalar::from_bytes_mod_order(hash.0)
    };
    let at = |x: u16| {
        (0..threshold).rev().fold(Scalar::ZERO, |sum, place| sum * Scalar::from(x) + coefficient(place))
    };
    let point = |scalar: &Scalar| RistrettoPoint::mul_base(scalar).compress().0;
    let shares = (1..=holders).map(|index| (index, point(&at(index)))).collect();
    let keys = PublicKeys::new(0, threshold, point(&at(0)), shares).unwrap();
    let share = |index| (index, KeyShare::new(index, at(index).as_bytes(), keys.clone()).unwrap());
    Dealt { secret: at(0), shares: (1..=holders).map(share).collect(), keys: keys.clone() }
}

/// Made-up persons, all different.
pub(crate) fn persons(count: usize) -> Vec<PersonId> {
    let person = |i: usize| PersonId::parse(&format!("6101{:02}{:04}", 30 + i / 4_000, i % 4_000)).unwrap();
    (0..count).map(person).collect()
}

/// A generator whose seed stands in the test that asks for it.
pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A generator under the traits that the `voprf` crate asks for.
pub(crate) struct Newer(pub(crate) ChaCha20Rng);

impl rand_core_09::RngCore for Newer {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

impl rand_core_09::CryptoRng for Newer {}
