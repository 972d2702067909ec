//! Blinding: persons become points that say nothing of them.
//!
//! A person's input is hashed to a point and multiplied by a secret scalar, fresh for each person, so that what a
//! holder sees is uniform and independent of the person. The same blinded points go to every holder of a quorum; the
//! Lagrange weights need that. [`Blinds`] undoes the blinding and stays in the node's memory.

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar};
use rand_core::CryptoRng;
use rayon::prelude::*;
use tvaers_protocol::id::{Digest, PersonId};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    batch::{self, BatchError, CHUNK},
    suite::{Mode, Suite},
};

/// The version of the input's form. Another form of input has another tag.
const TAG: &[u8; 19] = b"tvaers-pseudonym/v1";

/// The secrets of one batch: whom it is about and what undoes its blinding, with the blinded points.
///
/// They are good for this batch only, but for any quorum: where a holder cheats, another one may answer for it.
///
/// ```compile_fail
/// fn print(blinds: &tvaers_pseudonym::blind::Blinds) -> String {
///     format!("{blinds:?}") // Blinds have no `Debug`.
/// }
/// ```
/// ```
/// fn print(blinds: &tvaers_pseudonym::blind::Blinds) -> String {
///     format!("{:?}", blinds.persons())
/// }
/// ```
pub struct Blinds {
    inputs: Vec<Input>,
    blinding: Blinding,
}

/// The blinding of some inputs, whatever they stand for.
pub(crate) struct Blinding {
    pub(crate) points: Vec<RistrettoPoint>,
    pub(crate) encoded: Vec<[u8; 32]>,
    /// Half the inverse of each blind: unblinded points are encoded by a batch that doubles them.
    pub(crate) unblinders: Zeroizing<Vec<Scalar>>,
}

/// Why persons cannot be blinded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlindError {
    /// None, or more than one proof covers.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The input hashes to the identity (RFC 9497 §3.3.1 wants this refused). No such input is known.
    #[error("the person at position {position} hashes to the identity")]
    Identity {
        /// Where it stands in the batch, from 0.
        position: usize,
    },
}

impl Blinds {
    /// How many persons the batch has.
    #[must_use]
    pub fn persons(&self) -> usize {
        self.inputs.len()
    }

    pub(crate) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    pub(crate) fn blinding(&self) -> &Blinding {
        &self.blinding
    }
}

/// Blinds a batch of persons for one study: 32 bytes a person to send, in the persons' order, and the secrets to
/// keep. `study` is the digest of the study's manifest; two studies give unrelated pseudonyms even under one key.
///
/// # Errors
/// [`BlindError`] where the batch is empty or has more than [`batch::POINTS_MAX`] persons.
pub fn blind_batch<R: CryptoRng + ?Sized>(
    persons: &[PersonId],
    study: &Digest,
    rng: &mut R,
) -> Result<(Vec<u8>, Blinds), BlindError> {
    batch::limit(persons.len())?;
    // The blinds are drawn one after the other, before the work is shared out. That costs a fraction of a percent,
    // and what a seed gives does not depend on the number of cores, so that blinds from a committed seed can be
    // opened to an auditor.
    let blinds = (0..persons.len()).map(|_| blind(rng)).collect();
    let blinds = blind_by(persons, study, Zeroizing::new(blinds))?;
    Ok((blinds.blinding.encoded.as_flattened().to_vec(), blinds))
}

/// Blinds persons by given scalars, none of them zero and one for each person.
pub(crate) fn blind_by(
    persons: &[PersonId],
    study: &Digest,
    blinds: Zeroizing<Vec<Scalar>>,
) -> Result<Blinds, BlindError> {
    let inputs = inputs(persons, study);
    let blinding = blind_inputs(&Suite::new(Mode::Voprf), &inputs, blinds)?;
    Ok(Blinds { inputs, blinding })
}

/// Blinds inputs by given scalars, none of them zero and one for each input.
pub(crate) fn blind_inputs<I: AsRef<[u8]> + Sync>(
    suite: &Suite,
    inputs: &[I],
    mut blinds: Zeroizing<Vec<Scalar>>,
) -> Result<Blinding, BlindError> {
    let half = Scalar::ONE.div_by_2();
    let chunks: Vec<(Vec<RistrettoPoint>, Vec<[u8; 32]>)> = inputs
        .par_chunks(CHUNK)
        .zip(blinds.par_chunks_mut(CHUNK))
        .map(|(inputs, blinds)| {
            let halves: Vec<RistrettoPoint> = inputs
                .iter()
                .zip(blinds.iter())
                .map(|(input, blind)| suite.hash_to_group(input.as_ref()) * (blind * half))
                .collect();
            Scalar::invert_batch_alloc(blinds);
            blinds.iter_mut().for_each(|blind| *blind *= half);
            let encoded = batch::encode_doubled(&halves);
            (halves.iter().map(|point| point + point).collect(), encoded)
        })
        .collect();
    let (points, encoded): (Vec<_>, Vec<_>) = chunks.into_iter().unzip();
    let encoded = encoded.concat();
    if let Some(position) = encoded.iter().position(|point| *point == [0; 32]) {
        return Err(BlindError::Identity { position });
    }
    Ok(Blinding { points: points.concat(), encoded, unblinders: blinds })
}

/// A person's input to the function: tag, the study's length and digest, the ten digits.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Input([u8; TAG.len() + 2 + 32 + 10]);

impl AsRef<[u8]> for Input {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The inputs of a batch of persons.
pub(crate) fn inputs(persons: &[PersonId], study: &Digest) -> Vec<Input> {
    let length = 32_u16.to_be_bytes();
    let input = |person: &PersonId| {
        let mut input = Input([0; _]);
        let parts = [TAG.as_slice(), &length, &study.0, person.expose().as_bytes()];
        for (to, from) in input.0.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        input
    };
    persons.iter().map(input).collect()
}

/// A uniform scalar other than zero, for which the blinding would not be undone.
pub(crate) fn blind<R: CryptoRng + ?Sized>(rng: &mut R) -> Scalar {
    loop {
        let blind = Scalar::random(rng);
        if blind != Scalar::ZERO {
            return blind;
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::ChaCha20Rng};

    use super::*;

    fn persons(count: usize) -> Vec<PersonId> {
        (0..count).map(|i| PersonId::parse(&format!("610165{:04}", i % 10_000)).unwrap()).collect()
    }

    #[test]
    fn an_input_is_the_tag_the_study_and_the_ten_digits() {
        let inputs = inputs(&persons(8)[7..], &Digest([0xab; 32]));
        let expected = [b"tvaers-pseudonym/v1\x00\x20".as_slice(), &[0xab; 32], b"6101650007"].concat();
        assert!(inputs[0].as_ref() == expected);
    }

    #[test]
    fn one_person_blinded_twice_gives_unrelated_points() {
        let twice = [persons(1), persons(1)].concat();
        let (bytes, _) = blind_batch(&twice, &Digest::NONE, &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
        assert_ne!(bytes[..32], bytes[32..]);
    }

    #[test]
    fn what_a_seed_gives_does_not_depend_on_the_number_of_cores() {
        let persons = persons(2 * CHUNK + 1);
        let with_threads = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                blind_batch(&persons, &Digest::NONE, &mut ChaCha20Rng::seed_from_u64(2)).unwrap().0
            })
        };
        assert!(with_threads(1) == with_threads(3));
    }

    #[test]
    fn the_points_kept_are_the_points_sent() {
        let (bytes, blinds) =
            blind_batch(&persons(5), &Digest::NONE, &mut ChaCha20Rng::seed_from_u64(3)).unwrap();
        assert!(batch::decode(&bytes).unwrap() == blinds.blinding.points);
    }

    #[test]
    fn a_batch_of_none_and_one_that_no_proof_covers_are_refused() {
        let refused =
            |count| blind_batch(&persons(count), &Digest::NONE, &mut ChaCha20Rng::seed_from_u64(4)).err();
        assert_eq!(refused(0), Some(BatchError::Empty.into()));
        assert_eq!(refused(65_536), Some(BatchError::Count { points: 65_536 }.into()));
    }
}
