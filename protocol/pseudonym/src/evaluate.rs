//! A holder's answer: each blinded point times the holder's secret, and one proof for the batch.
//!
//! The holder learns how many points there are and nothing else. Whether the requester may ask, and how often, the
//! caller has decided before: this module answers whatever is well-formed.

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar};
use rand_core::CryptoRng;
use rayon::prelude::*;
use zeroize::Zeroizing;

use crate::{
    batch::{self, BatchError, CHUNK},
    key::KeyShare,
    proof::{self, Pair, Statement},
    suite::{Mode, Suite},
};

/// What a holder sends back for a batch.
#[derive(Clone, PartialEq, Eq)]
pub struct Evaluated {
    /// The epoch of the share that it was evaluated under.
    pub epoch: u32,
    /// The evaluated points in the order of the blinded ones, 32 bytes each.
    pub elements: Vec<u8>,
    /// The proof for all of them: challenge and response, 32 bytes each.
    pub proof: [u8; 64],
}

/// Why a holder refuses a batch. The fault is the requester's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct EvaluateError(#[from] pub BatchError);

/// Evaluates a batch of blinded points under a share.
///
/// # Errors
/// [`EvaluateError`] where the batch is empty, larger than [`batch::POINTS_MAX`], or holds something that is not
/// the canonical encoding of a point, or the identity.
pub fn evaluate<R: CryptoRng + ?Sized>(
    share: &KeyShare,
    points: &[u8],
    rng: &mut R,
) -> Result<Evaluated, EvaluateError> {
    batch::count(points)?;
    let nonce = Zeroizing::new(Scalar::random(rng));
    let public = RistrettoPoint::mul_base(share.secret()).compress().0;
    let suite = Suite::new(Mode::Voprf);
    let (elements, proof) = evaluate_with(&suite, share.secret(), &public, points, &nonce)?;
    Ok(Evaluated { epoch: share.keys().epoch(), elements, proof })
}

/// Evaluates under a secret and its public key, with a given nonce for the proof, and gives points and proof.
pub(crate) fn evaluate_with(
    suite: &Suite,
    secret: &Scalar,
    public: &[u8; 32],
    points: &[u8],
    nonce: &Scalar,
) -> Result<(Vec<u8>, [u8; 64]), EvaluateError> {
    let blinded = batch::decode(points)?;
    // Half the secret, since the batched encoding doubles; it spares all but one of the inversions in it.
    let half = Zeroizing::new(secret.div_by_2());
    let evaluated: Vec<[u8; 32]> = blinded
        .par_chunks(CHUNK)
        .flat_map_iter(|blinded| {
            let halves: Vec<RistrettoPoint> = blinded.iter().map(|point| point * *half).collect();
            batch::encode_doubled(&halves)
        })
        .collect();
    let statement = Statement {
        public,
        blinded: Pair { points: &blinded, encoded: points.as_chunks().0 },
        evaluated: &evaluated,
    };
    let proof = proof::generate(suite, statement, secret, nonce);
    Ok((evaluated.into_flattened(), proof))
}
