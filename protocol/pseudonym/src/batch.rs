//! A batch of points as it stands on the wire: 32 bytes a point, one after the other.
//!
//! Both sides read the other's points here, strictly: RFC 9496 has one encoding for each point, every other is
//! refused, and so is the identity, which would let a peer choose a result.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use rayon::prelude::*;

/// The most points in one batch. RFC 9497 numbers the points under one proof with two bytes.
pub const POINTS_MAX: usize = 65_535;

/// Points a unit of parallel work takes: enough to share one field inversion, few enough to balance two cores.
pub(crate) const CHUNK: usize = 512;

/// Why the bytes of a batch are refused. Positions count from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// No point at all: a proof over nothing proves nothing.
    #[error("the batch is empty")]
    Empty,
    /// Not a whole number of points.
    #[error("`{bytes}` bytes are no whole number of 32-byte points")]
    Length {
        /// The length found.
        bytes: usize,
    },
    /// More than [`POINTS_MAX`].
    #[error("`{points}` points are more than the {POINTS_MAX} that one proof covers")]
    Count {
        /// The count found.
        points: usize,
    },
    /// Not the canonical encoding of a point.
    #[error("the point at position {position} is no canonical encoding")]
    Encoding {
        /// Where the first such point stands.
        position: usize,
    },
    /// The neutral element.
    #[error("the point at position {position} is the identity")]
    Identity {
        /// Where the first such point stands.
        position: usize,
    },
}

/// Checks a batch's length before anything is allocated for it, and gives the number of points.
///
/// # Errors
/// [`BatchError`] where it is empty, too large, or no whole number of points.
pub fn count(bytes: &[u8]) -> Result<usize, BatchError> {
    let points = bytes.len() / 32;
    if !bytes.len().is_multiple_of(32) {
        return Err(BatchError::Length { bytes: bytes.len() });
    }
    limit(points)
}

/// Refuses a batch of none, and one that a proof cannot cover.
pub(crate) fn limit(points: usize) -> Result<usize, BatchError> {
    match points {
        0 => Err(BatchError::Empty),
        1..=POINTS_MAX => Ok(points),
        _ => Err(BatchError::Count { points }),
    }
}

/// The points of a batch, decoded on all cores. The first bad position is named, however the work was shared.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<RistrettoPoint>, BatchError> {
    count(bytes)?;
    let (encoded, _) = bytes.as_chunks::<32>();
    let decoded: Vec<Result<RistrettoPoint, BatchError>> = encoded
        .par_iter()
        .enumerate()
        .with_min_len(CHUNK)
        .map(|(position, bytes)| point(*bytes).map_err(|fault| fault.at(position)))
        .collect();
    decoded.into_iter().collect()
}

/// What is wrong with one point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PointFault {
    Encoding,
    Identity,
}

impl PointFault {
    fn at(self, position: usize) -> BatchError {
        match self {
            Self::Encoding => BatchError::Encoding { position },
            Self::Identity => BatchError::Identity { position },
        }
    }
}

/// Decodes one point. The identity's one encoding is all zeros.
pub(crate) fn point(bytes: [u8; 32]) -> Result<RistrettoPoint, PointFault> {
    if bytes == [0; 32] {
        return Err(PointFault::Identity);
    }
    CompressedRistretto(bytes).decompress().ok_or(PointFault::Encoding)
}

/// Encodes the doubles of points, with one inversion for all of them in place of one for each.
pub(crate) fn encode_doubled(halves: &[RistrettoPoint]) -> Vec<[u8; 32]> {
    RistrettoPoint::double_and_compress_batch(halves).into_iter().map(|point| point.0).collect()
}
