//! What a thief pays for one CPR number: somebody who has as many shares of a run's key as give a pseudonym, and so the
//! key itself. There is nobody to ask, so nothing to blind and nothing to prove.
//!
//! Written by RFC 9497 and RFC 9380 as a thief would, apart from our own code, over whole batches and in variable time:
//! it is the thief's own secret that could be timed. It must come to our pseudonyms.

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar, traits::Identity as _};
use hkdf::Hkdf;
use sha2::{Digest as _, Sha512};
use tvaers_protocol::id::{Digest, PersonId, Pseudonym};
use tvaers_pseudonym::key::KeyShare;

/// `HashToGroup` of ristretto255-SHA512 in the verifiable mode (RFC 9497 §4.1), and the tag's own length.
const HASH_TO_GROUP: &[u8] = b"HashToGroup-OPRFV1-\x01-ristretto255-SHA512\x28";

/// What goes before a person's digits: the form of the input, the study's digest and its length.
fn prefix(study: &Digest) -> Vec<u8> {
    [b"tvaers-pseudonym/v1\x00\x20".as_slice(), &study.0].concat()
}

/// A stolen key.
pub(crate) struct Thief {
    /// Half of it: points are encoded by a batch that doubles them.
    half: Scalar,
    prefix: Vec<u8>,
    zeros: Sha512,
}

impl Thief {
    /// Interpolates the shares' secrets at 0.
    pub(crate) fn with(shares: &[KeyShare], study: &Digest) -> Self {
        let at = |share: &KeyShare| Scalar::from(share.index());
        let weighted = |share: &KeyShare| {
            let secret = Scalar::from_canonical_bytes(*share.expose()).unwrap();
            let others = shares.iter().filter(|other| other.index() != share.index());
            others.fold(secret, |product, other| product * at(other) * (at(other) - at(share)).invert())
        };
        let key: Scalar = shares.iter().map(weighted).sum();
        Self { half: key.div_by_2(), prefix: prefix(study), zeros: Sha512::new_with_prefix([0; 128]) }
    }

    /// The pseudonyms of all these persons, to be looked up among those that passed through the coordinator.
    pub(crate) fn pseudonyms(&self, persons: &[PersonId]) -> Vec<Pseudonym> {
        let halves = persons.iter().map(|person| self.half_of(person));
        let points = RistrettoPoint::double_and_compress_batch(&halves.collect::<Vec<_>>());
        persons.iter().zip(points).map(|(person, point)| self.derive(person, &point.0)).collect()
    }

    /// Half of the person's point times the key. `expand_message_xmd` to 64 bytes, then the map to the group.
    fn half_of(&self, person: &PersonId) -> RistrettoPoint {
        let message = self.zeros.clone().chain_update(&self.prefix).chain_update(person.expose());
        let first = message.chain_update([0, 64, 0]).chain_update(HASH_TO_GROUP).finalize();
        let uniform =
            Sha512::new().chain_update(first).chain_update([1]).chain_update(HASH_TO_GROUP).finalize();
        let point = RistrettoPoint::from_uniform_bytes(&uniform.into());
        debug_assert!(point != RistrettoPoint::identity());
        RistrettoPoint::vartime_double_scalar_mul_basepoint(&self.half, &point, &Scalar::ZERO)
    }

    /// `Finalize` (RFC 9497 §3.3.1), and what we derive from it.
    fn derive(&self, person: &PersonId, point: &[u8; 32]) -> Pseudonym {
        let hash =
            Sha512::new().chain_update([0, 63]).chain_update(&self.prefix).chain_update(person.expose());
        let output = hash.chain_update([0, 32]).chain_update(point).chain_update(b"Finalize").finalize();
        let mut pseudonym = [0; 16];
        let key = Hkdf::<Sha512>::from_prk(&output).unwrap();
        key.expand(b"tvaers-pseudonym/pseudonym/v1", &mut pseudonym).unwrap();
        Pseudonym::from_bytes(pseudonym)
    }
}
