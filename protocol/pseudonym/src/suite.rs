//! The hash functions of RFC 9497's suite ristretto255-SHA512 (§4.1), all of them SHA-512 under separate tags.
//!
//! Every other module asks here, so that the bytes of the standard stand in one place. Expansion is
//! `expand_message_xmd` (RFC 9380 §5.3.1) to 64 bytes; its first hash starts with a block of zeros, whose state is
//! kept, which saves one of the four compressions a composite costs.

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar};
use sha2::{Digest as _, Sha512};
use zeroize::Zeroizing;

/// The modes of RFC 9497 §3.1 that the suite can stand in. Production uses the verifiable one.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Mode {
    /// Without proofs. Only the standard's test vectors use it.
    #[cfg(test)]
    Oprf = 0x00,
    /// With proofs that every point was evaluated under the announced key.
    Voprf = 0x01,
}

/// The suite with its context string absorbed. Cheap to make: once a batch.
pub(crate) struct Suite {
    group: Expander,
    scalar: Expander,
    seed_tag: Vec<u8>,
}

impl Suite {
    /// The suite under the context string of `mode` (RFC 9497 §3.1, `CreateContextString`).
    pub(crate) fn new(mode: Mode) -> Self {
        let context = [b"OPRFV1-".as_slice(), &[mode as u8], b"-ristretto255-SHA512"].concat();
        let tag = |name: &[u8]| [name, &context].concat();
        Self {
            group: Expander::new(&tag(b"HashToGroup-")),
            scalar: Expander::new(&tag(b"HashToScalar-")),
            seed_tag: tag(b"Seed-"),
        }
    }

    /// `HashToGroup`: a point whose discrete logarithm nobody knows.
    pub(crate) fn hash_to_group(&self, input: &[u8]) -> RistrettoPoint {
        RistrettoPoint::from_uniform_bytes(&self.group.expand(&[input]))
    }

    /// `HashToScalar` over the concatenation of `parts`: 512 bits, little-endian, reduced.
    pub(crate) fn hash_to_scalar(&self, parts: &[&[u8]]) -> Scalar {
        Scalar::from_bytes_mod_order_wide(&self.scalar.expand(parts))
    }

    /// The seed of a batch's composites (RFC 9497 §2.2.1), which binds them to the public key.
    pub(crate) fn seed(&self, public: &[u8; 32]) -> [u8; 64] {
        let mut hash = Sha512::new();
        update_prefixed(&mut hash, public);
        update_prefixed(&mut hash, &self.seed_tag);
        hash.finalize().into()
    }

    /// The coefficients `d_i` of a batch under one seed.
    pub(crate) fn composite(
        &self,
        seed: &[u8; 64],
        index: u16,
        blinded: &[u8; 32],
        evaluated: &[u8; 32],
    ) -> Scalar {
        self.hash_to_scalar(&[
            &64_u16.to_be_bytes(),
            seed,
            &index.to_be_bytes(),
            &32_u16.to_be_bytes(),
            blinded,
            &32_u16.to_be_bytes(),
            evaluated,
            b"Composite",
        ])
    }

    /// The challenge of a proof over five encoded points (RFC 9497 §2.2.1).
    pub(crate) fn challenge(&self, points: [&[u8; 32]; 5]) -> Scalar {
        let length = 32_u16.to_be_bytes();
        let [public, m, z, t2, t3] = points;
        self.hash_to_scalar(&[
            &length,
            public,
            &length,
            m,
            &length,
            z,
            &length,
            t2,
            &length,
            t3,
            b"Challenge",
        ])
    }
}

/// The end of `Finalize` (RFC 9497 §3.3.1): the PRF's 64 bytes for an input and its unblinded point.
pub(crate) fn finalize(input: &[u8], unblinded: &[u8; 32]) -> Zeroizing<[u8; 64]> {
    let mut hash = Sha512::new();
    update_prefixed(&mut hash, input);
    update_prefixed(&mut hash, unblinded);
    hash.update(b"Finalize");
    Zeroizing::new(hash.finalize().into())
}

/// Hashes a text after its length as two bytes, big-endian.
fn update_prefixed(hash: &mut Sha512, text: &[u8]) {
    debug_assert!(text.len() <= usize::from(u16::MAX), "no text hashed here is that long");
    #[expect(clippy::cast_possible_truncation, reason = "inputs are 63 bytes, points 32, tags below 100")]
    hash.update((text.len() as u16).to_be_bytes());
    hash.update(text);
}

/// `expand_message_xmd` with SHA-512 to 64 bytes under one domain separation tag.
struct Expander {
    /// The state after the block of zeros that every message starts with.
    start: Sha512,
    /// The tag, followed by its length in one byte.
    tag: Vec<u8>,
}

impl Expander {
    fn new(tag: &[u8]) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the suite's tags are below 50 bytes")]
        let length = tag.len() as u8;
        Self { start: Sha512::new_with_prefix([0; 128]), tag: [tag, &[length]].concat() }
    }

    fn expand(&self, parts: &[&[u8]]) -> [u8; 64] {
        let mut hash = self.start.clone();
        for part in parts {
            hash.update(part);
        }
        // The output's length in two bytes, then the block number 0.
        hash.update([0, 64, 0]);
        hash.update(&self.tag);
        let first = hash.finalize();
        Sha512::new().chain_update(first).chain_update([1]).chain_update(&self.tag).finalize().into()
    }
}

#[cfg(test)]
mod tests;
