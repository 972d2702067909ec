//! The end of the way: `t` holders' replies become pseudonyms.
//!
//! Each reply is checked against its holder's public share, so that a wrong one is laid at that holder's door. The
//! quorum's public shares must interpolate to the group key: with shares of different epochs every proof verifies
//! and every pseudonym is wrong. Then the points are added with the quorum's weights, unblinded, and hashed to the
//! function's 64 bytes, from which two things are derived that say nothing of each other: the pseudonym, which may
//! leave the node, and an event secret, which may not.

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar};
use hkdf::Hkdf;
use rayon::prelude::*;
use sha2::Sha512;
use tvaers_protocol::id::Pseudonym;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::{
    batch::{self, BatchError, CHUNK},
    blind::{Blinding, Blinds},
    evaluate::Evaluated,
    key::PublicKeys,
    lagrange::{self, Weights},
    proof::{self, Pair, Statement},
    suite::{self, Mode, Suite},
};

/// Separates the pseudonym from all else that is derived from the function's output.
const PSEUDONYM: &[u8] = b"tvaers-pseudonym/pseudonym/v1";

/// The same for the event secret.
const EVENT: &[u8] = b"tvaers-pseudonym/event-secret/v1";

/// What the function gives for one person.
pub struct Output {
    /// The person's name in this study run.
    pub pseudonym: Pseudonym,
    /// A secret of the same person, equal at every node that has the person, and nowhere else.
    pub event_secret: EventSecret,
}

/// 32 secret bytes of one person in one study run, cleared when dropped.
///
/// ```compile_fail
/// fn print(secret: &tvaers_pseudonym::combine::EventSecret) -> String {
///     format!("{secret:?}") // A secret has no `Debug`.
/// }
/// ```
/// ```
/// fn print(secret: &tvaers_pseudonym::combine::EventSecret) -> String {
///     format!("{:?}", secret.expose().len())
/// }
/// ```
#[derive(ZeroizeOnDrop)]
pub struct EventSecret([u8; 32]);

impl EventSecret {
    /// Takes 32 bytes that were derived before, as read from where the node keeps them hidden.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes. Call it only to derive a key from them, or to hide them.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Why a quorum cannot be combined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuorumError {
    /// Not exactly as many holders as the threshold says.
    #[error("a quorum has `{expected}` holders, not `{actual}`")]
    Size {
        /// The threshold.
        expected: u16,
        /// How many were named.
        actual: usize,
    },
    /// A holder named twice.
    #[error("holder {holder} stands twice in the quorum")]
    Twice {
        /// Its index.
        holder: u16,
    },
    /// Somebody who holds no share.
    #[error("`{holder}` holds no share of the key")]
    Unknown {
        /// The index.
        holder: u16,
    },
    /// The quorum's shares are not shares of the group key: they are of different epochs.
    #[error("the quorum's public shares do not interpolate to the group key")]
    Mixed,
}

/// Why a batch cannot be combined. Where a holder is at fault, [`CombineError::culprit`] names it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CombineError {
    /// The quorum does not fit the key.
    #[error(transparent)]
    Quorum(#[from] QuorumError),
    /// A holder of the quorum has not replied.
    #[error("the reply of holder {holder} is missing")]
    Missing {
        /// Its index.
        holder: u16,
    },
    /// A reply from outside the quorum, or a second one.
    #[error("the reply of holder {holder} was not asked for")]
    Surplus {
        /// Its index.
        holder: u16,
    },
    /// A reply under a share of another epoch than the keys: a holder that missed a refresh, or that was left out of it
    /// and answers still. No pseudonym could be right.
    #[error("holder {culprit} replied under epoch `{actual}` of its share, not `{expected}`")]
    Epoch {
        /// Who replied.
        culprit: u16,
        /// The epoch of the keys.
        expected: u32,
        /// The epoch of the reply.
        actual: u32,
    },
    /// A reply with another number of points than were sent.
    #[error("holder {culprit} replied with `{actual}` points to `{expected}`")]
    Count {
        /// Who replied.
        culprit: u16,
        /// How many were sent.
        expected: usize,
        /// How many came back.
        actual: usize,
    },
    /// A reply whose points are none.
    #[error("the reply of holder {culprit} is malformed: {fault}")]
    Points {
        /// Who replied.
        culprit: u16,
        /// What is wrong with it.
        fault: BatchError,
    },
    /// A reply whose proof does not hold: some point was not multiplied by the holder's share.
    #[error("the proof of holder {culprit} does not hold")]
    Proof {
        /// Who replied.
        culprit: u16,
    },
}

impl CombineError {
    /// The holder whose fault it is, where that can be told. Another holder can be asked about the same points.
    #[must_use]
    pub fn culprit(&self) -> Option<u16> {
        match self {
            Self::Epoch { culprit, .. }
            | Self::Count { culprit, .. }
            | Self::Points { culprit, .. }
            | Self::Proof { culprit } => Some(*culprit),
            Self::Quorum(_) | Self::Missing { .. } | Self::Surplus { .. } => None,
        }
    }
}

/// Combines the replies of a quorum into the outputs of the batch's persons, in the order in which they were blinded.
///
/// Replies may come in any order. Where a holder cheats, `blinds` is good for another quorum.
///
/// # Errors
/// [`CombineError`] where the quorum or the replies do not fit, or a holder's reply is wrong.
pub fn combine(
    keys: &PublicKeys,
    quorum: &[u16],
    blinds: &Blinds,
    replies: &[(u16, Evaluated)],
) -> Result<Vec<Output>, CombineError> {
    let weights = weigh(keys, quorum)?;
    if let Some((holder, _)) = surplus(quorum, replies) {
        return Err(CombineError::Surplus { holder: *holder });
    }
    let suite = Suite::new(Mode::Voprf);
    let blinding = blinds.blinding();
    let mut columns = Vec::with_capacity(quorum.len());
    for holder in quorum {
        let reply = replies.iter().find(|(from, _)| from == holder);
        let (_, reply) = reply.ok_or(CombineError::Missing { holder: *holder })?;
        columns.push(verify(&suite, keys, *holder, blinding, reply)?);
    }
    Ok(finish(blinds.inputs(), blinding, &weights, &columns, output))
}

/// Checks a quorum against the key and gives its weights.
fn weigh(keys: &PublicKeys, quorum: &[u16]) -> Result<Weights, QuorumError> {
    if quorum.len() != usize::from(keys.threshold()) {
        return Err(QuorumError::Size { expected: keys.threshold(), actual: quorum.len() });
    }
    let mut points = Vec::with_capacity(quorum.len());
    for (position, holder) in quorum.iter().enumerate() {
        let holder = *holder;
        if quorum.iter().take(position).any(|other| *other == holder) {
            return Err(QuorumError::Twice { holder });
        }
        points.push(*keys.share_point(holder).ok_or(QuorumError::Unknown { holder })?);
    }
    if !lagrange::interpolates(quorum, &points, 0, keys.group_point()) {
        return Err(QuorumError::Mixed);
    }
    // Known holders are distinct by now and none has the index 0, so there are weights.
    Weights::new(quorum).ok_or(QuorumError::Mixed)
}

/// The first reply from outside the quorum, or the second one from a holder in it.
fn surplus<'a>(quorum: &[u16], replies: &'a [(u16, Evaluated)]) -> Option<&'a (u16, Evaluated)> {
    let expected = |(position, (from, _)): &(usize, &(u16, Evaluated))| {
        quorum.contains(from) && !replies.iter().take(*position).any(|(other, _)| other == from)
    };
    replies.iter().enumerate().find(|reply| !expected(reply)).map(|(_, reply)| reply)
}

/// Checks one holder's reply and gives its points.
fn verify(
    suite: &Suite,
    keys: &PublicKeys,
    holder: u16,
    blinding: &Blinding,
    reply: &Evaluated,
) -> Result<Vec<RistrettoPoint>, CombineError> {
    let (Some(public), Some(key)) = (keys.shares().get(&holder), keys.share_point(holder)) else {
        return Err(QuorumError::Unknown { holder }.into());
    };
    let culprit = holder;
    let (expected, actual) = (keys.epoch(), reply.epoch);
    if actual != expected {
        return Err(CombineError::Epoch { culprit, expected, actual });
    }
    let points = |fault| CombineError::Points { culprit, fault };
    let actual = batch::count(&reply.elements).map_err(points)?;
    let expected = blinding.points.len();
    if actual != expected {
        return Err(CombineError::Count { culprit, expected, actual });
    }
    let evaluated = batch::decode(&reply.elements).map_err(points)?;
    let statement = Statement {
        public,
        blinded: Pair { points: &blinding.points, encoded: &blinding.encoded },
        evaluated: reply.elements.as_chunks().0,
    };
    if proof::verify(suite, statement, key, &evaluated, &reply.proof) {
        Ok(evaluated)
    } else {
        Err(CombineError::Proof { culprit })
    }
}

/// Adds the columns with their weights, unblinds, and makes of each input's 64 bytes what `derive` says.
pub(crate) fn finish<I: AsRef<[u8]> + Sync, T: Send>(
    inputs: &[I],
    blinding: &Blinding,
    weights: &Weights,
    columns: &[Vec<RistrettoPoint>],
    derive: impl Fn(&[u8; 64]) -> T + Sync,
) -> Vec<T> {
    let sums = weights.sums(columns, blinding.points.len());
    let scale = weights.scale();
    inputs
        .par_chunks(CHUNK)
        .zip(blinding.unblinders.par_chunks(CHUNK))
        .zip(sums.par_chunks(CHUNK))
        .flat_map_iter(|((inputs, unblinders), sums)| {
            let unblind = |(sum, unblinder): (&RistrettoPoint, &Scalar)| sum * (unblinder * scale);
            let halves: Zeroizing<Vec<RistrettoPoint>> =
                Zeroizing::new(sums.iter().zip(unblinders).map(unblind).collect());
            let unblinded = Zeroizing::new(RistrettoPoint::double_and_compress_batch(halves.iter()));
            let finalize = |(input, point): (&I, _)| derive(&suite::finalize(input.as_ref(), point));
            inputs.iter().zip(unblinded.iter().map(|point| &point.0)).map(finalize).collect::<Vec<T>>()
        })
        .collect()
}

/// Derives a person's output from the function's 64 bytes.
///
/// These are the output of SHA-512 over what nobody else can compute, so they serve as HKDF's key without the step
/// of extraction (RFC 5869 §3.3).
fn output(bytes: &[u8; 64]) -> Output {
    #[expect(clippy::expect_used, reason = "64 bytes are as long a key as HKDF-SHA512 asks for")]
    let key = Hkdf::<Sha512>::from_prk(bytes).expect("64 bytes are a key");
    let (mut pseudonym, mut event_secret) = ([0; 16], EventSecret([0; 32]));
    #[expect(clippy::expect_used, reason = "one block of HKDF-SHA512 has 64 bytes")]
    for (label, text) in [(PSEUDONYM, pseudonym.as_mut_slice()), (EVENT, &mut event_secret.0)] {
        key.expand(label, text).expect("the text is below 64 bytes");
    }
    Output { pseudonym: Pseudonym::from_bytes(pseudonym), event_secret }
}

#[cfg(test)]
mod tests;
