//! One proof that a whole batch was multiplied by the secret of a public key (RFC 9497 §2.2).
//!
//! The batch is folded into two points, `M = Σ d_i·C_i` and `Z = Σ d_i·D_i`, with coefficients from a hash over all
//! of it; the proof shows that `Z` is to `M` as the public key is to the generator. Folding is the cost, and it is
//! over public points with public coefficients, so it may take variable time. What touches the secret or the nonce
//! takes constant time.

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar, traits::VartimeMultiscalarMul};
use rayon::prelude::*;

use crate::suite::Suite;

/// The most points in one multiscalar sum: beyond it the buckets' work no longer shrinks and the cache overflows.
const SUM_MAX: usize = 10_000;

/// A point with its encoding, which the hashes are over.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) points: &'a [RistrettoPoint],
    pub(crate) encoded: &'a [[u8; 32]],
}

/// What a proof is about: the public key, the points it was asked about, and what came back.
#[derive(Clone, Copy)]
pub(crate) struct Statement<'a> {
    pub(crate) public: &'a [u8; 32],
    pub(crate) blinded: Pair<'a>,
    /// The encodings of the evaluated points.
    pub(crate) evaluated: &'a [[u8; 32]],
}

/// Proves a statement with the key's secret and a fresh uniform nonce (`GenerateProof`).
///
/// The holder needs one sum only: `Z` is the secret times `M` (`ComputeCompositesFast`).
pub(crate) fn generate(suite: &Suite, statement: Statement<'_>, secret: &Scalar, nonce: &Scalar) -> [u8; 64] {
    let (m, _) = composites(suite, statement, None);
    let z = m * secret;
    let t2 = RistrettoPoint::mul_base(nonce);
    let t3 = m * nonce;
    let challenge = challenge(suite, statement.public, [m, z, t2, t3]);
    let response = nonce - challenge * secret;
    let mut proof = [0; 64];
    let parts = [challenge.to_bytes(), response.to_bytes()];
    for (to, from) in proof.iter_mut().zip(parts.iter().flatten()) {
        *to = *from;
    }
    proof
}

/// Whether the proof shows the statement (`VerifyProof`). `key` is the point of the statement's public key and
/// `evaluated` the points whose encodings stand in it.
pub(crate) fn verify(
    suite: &Suite,
    statement: Statement<'_>,
    key: &RistrettoPoint,
    evaluated: &[RistrettoPoint],
    proof: &[u8; 64],
) -> bool {
    let read = |bytes: &[u8; 32]| Option::<Scalar>::from(Scalar::from_canonical_bytes(*bytes));
    let ([challenged, response], []) = proof.as_chunks::<32>() else {
        return false;
    };
    let (Some(challenged), Some(response)) = (read(challenged), read(response)) else {
        return false;
    };
    let (m, z) = composites(suite, statement, Some(evaluated));
    let t2 = RistrettoPoint::vartime_double_scalar_mul_basepoint(&challenged, key, &response);
    let t3 = RistrettoPoint::vartime_multiscalar_mul([response, challenged], [m, z]);
    challenge(suite, statement.public, [m, z, t2, t3]) == challenged
}

/// The sums `M` and, where the evaluated points are given, `Z` (`ComputeComposites`).
fn composites(
    suite: &Suite,
    statement: Statement<'_>,
    evaluated: Option<&[RistrettoPoint]>,
) -> (RistrettoPoint, RistrettoPoint) {
    let seed = suite.seed(statement.public);
    let length = chunk(statement.evaluated.len());
    // Group addition is commutative and exact, so the sums do not depend on how they are cut.
    (0..statement.evaluated.len().div_ceil(length))
        .into_par_iter()
        .map(|piece| {
            let start = piece * length;
            let blinded = statement.blinded.encoded.iter().skip(start).take(length);
            let coefficients: Vec<Scalar> = blinded
                .zip(statement.evaluated.iter().skip(start))
                .zip(start..)
                .map(|((blinded, evaluated), index)| {
                    #[expect(clippy::cast_possible_truncation, reason = "a batch has at most 65,535 points")]
                    suite.composite(&seed, index as u16, blinded, evaluated)
                })
                .collect();
            let sum = |points: &[RistrettoPoint]| {
                let points = points.iter().skip(start).take(coefficients.len());
                RistrettoPoint::vartime_multiscalar_mul(&coefficients, points)
            };
            (sum(statement.blinded.points), evaluated.map(sum).unwrap_or_default())
        })
        .reduce(Default::default, |one, other| (one.0 + other.0, one.1 + other.1))
}

/// How many points a piece of a sum has: pieces as large as pays, and as many as keep every core busy.
fn chunk(points: usize) -> usize {
    let threads = rayon::current_num_threads().max(1);
    let pieces = points.div_ceil(SUM_MAX).next_multiple_of(threads);
    points.div_ceil(pieces.max(1)).max(1)
}

fn challenge(suite: &Suite, public: &[u8; 32], points: [RistrettoPoint; 4]) -> Scalar {
    let [m, z, t2, t3] = points.map(|point| point.compress().0);
    suite.challenge([public, &m, &z, &t2, &t3])
}
