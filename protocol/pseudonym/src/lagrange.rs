//! The weights of a quorum: `f(0) = Σ λ_j·f(j)` for a polynomial known at the quorum's indices.
//!
//! Indices are small, so the weights times their common denominator are small whole numbers: for holders 1, 2, 3
//! they are 3, −3 and 1. Adding points that often costs a hundredth of multiplying by weights modulo the group's
//! order; the denominator is divided out with the blind, which is multiplied by anyway. All of it is public, so
//! running time may depend on it.

use curve25519_dalek::{
    ristretto::RistrettoPoint,
    scalar::Scalar,
    traits::{Identity, VartimeMultiscalarMul},
};
use rayon::prelude::*;

use crate::batch::CHUNK;

/// Beyond this many bits, adding points bit by bit costs about as much as a general multiplication.
const BITS_MAX: u32 = 48;

/// The weights of one quorum, in the quorum's order.
pub(crate) enum Weights {
    /// Whole numbers, and the scalar `1/L` by which the weighted sum must still be multiplied.
    Small { weights: Vec<i64>, scale: Scalar },
    /// Weights that are no small numbers even after scaling: large indices, large quorums.
    Large(Vec<Scalar>),
}

impl Weights {
    /// The weights for distinct, non-zero indices; whatever is given otherwise yields nothing.
    pub(crate) fn new(quorum: &[u16]) -> Option<Self> {
        let distinct =
            quorum.iter().enumerate().all(|(at, j)| *j != 0 && !quorum.iter().skip(at + 1).any(|m| m == j));
        if !distinct || quorum.is_empty() {
            return None;
        }
        Some(small(quorum).unwrap_or_else(|| Self::Large(scalars(quorum, 0))))
    }

    /// The factor that turns [`Weights::sums`] into the interpolated point.
    pub(crate) fn scale(&self) -> Scalar {
        match self {
            Self::Small { scale, .. } => *scale,
            Self::Large(_) => Scalar::ONE,
        }
    }

    /// For each position, the weighted sum of the columns' points there. Columns are in the quorum's order and of
    /// `length` points each.
    pub(crate) fn sums(&self, columns: &[Vec<RistrettoPoint>], length: usize) -> Vec<RistrettoPoint> {
        debug_assert!(columns.iter().all(|column| column.len() == length));
        let mut sums = vec![RistrettoPoint::identity(); length];
        sums.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, sums)| match self {
            Self::Small { weights, .. } => add_small(sums, weights, columns, chunk * CHUNK),
            Self::Large(weights) => {
                for (position, sum) in (chunk * CHUNK..).zip(sums) {
                    let points =
                        columns.iter().map(|column| column.get(position).copied().unwrap_or_default());
                    *sum = RistrettoPoint::vartime_multiscalar_mul(weights, points);
                }
            }
        });
        sums
    }
}

/// Whether `points`, the shares' public points at `indices`, interpolate at `at` to `expected`.
pub(crate) fn interpolates(
    indices: &[u16],
    points: &[RistrettoPoint],
    at: u16,
    expected: &RistrettoPoint,
) -> bool {
    RistrettoPoint::vartime_multiscalar_mul(scalars(indices, at), points) == *expected
}

/// Double and add over the weights' bits, for a chunk of positions at a time so that columns are read in order.
fn add_small(sums: &mut [RistrettoPoint], weights: &[i64], columns: &[Vec<RistrettoPoint>], start: usize) {
    let largest = weights.iter().map(|weight| weight.unsigned_abs()).max().unwrap_or(0);
    let bits = u64::BITS - largest.leading_zeros();
    for bit in (0..bits).rev() {
        if bit + 1 < bits {
            sums.iter_mut().for_each(|sum| *sum += *sum);
        }
        for (weight, column) in weights.iter().zip(columns) {
            if weight.unsigned_abs() >> bit & 1 == 0 {
                continue;
            }
            for (sum, point) in sums.iter_mut().zip(column.iter().skip(start)) {
                if *weight < 0 {
                    *sum -= point;
                } else {
                    *sum += point;
                }
            }
        }
    }
}

/// The weights as whole numbers over a common denominator, unless one would be too large.
fn small(quorum: &[u16]) -> Option<Weights> {
    let mut fractions = Vec::with_capacity(quorum.len());
    let mut common: i128 = 1;
    for j in quorum {
        let (mut above, mut below): (i128, i128) = (1, 1);
        for m in quorum.iter().filter(|m| *m != j) {
            above = above.checked_mul(i128::from(*m))?;
            below = below.checked_mul(i128::from(*m) - i128::from(*j))?;
            let shared = gcd(above, below);
            (above, below) = (above / shared, below / shared);
        }
        common = common.checked_mul((below / gcd(common, below)).abs())?;
        fractions.push((above, below));
    }
    let weights = fractions
        .into_iter()
        .map(|(above, below)| {
            let weight = i64::try_from(above.checked_mul(common / below)?).ok()?;
            (weight.unsigned_abs() < 1 << BITS_MAX).then_some(weight)
        })
        .collect::<Option<Vec<_>>>()?;
    let common = Scalar::from(u128::try_from(common).ok()?);
    Some(Weights::Small { weights, scale: common.invert() })
}

/// The greatest common divisor, positive.
fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The weights modulo the group's order, of the interpolation at `at`. Indices are distinct, so no divisor is zero.
pub(crate) fn scalars(indices: &[u16], at: u16) -> Vec<Scalar> {
    let at = Scalar::from(at);
    indices
        .iter()
        .map(|j| {
            let (above, below) =
                indices.iter().filter(|m| *m != j).fold((Scalar::ONE, Scalar::ONE), |(above, below), m| {
                    (above * (Scalar::from(*m) - at), below * (Scalar::from(*m) - Scalar::from(*j)))
                });
            above * below.invert()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `f(x) = 7 + 11x + 13x²` at an index.
    fn polynomial(index: u16) -> Scalar {
        let x = Scalar::from(index);
        Scalar::from(7_u8) + Scalar::from(11_u8) * x + Scalar::from(13_u8) * x * x
    }

    fn columns(quorum: &[u16], length: usize) -> Vec<Vec<RistrettoPoint>> {
        let column = |index: &u16| {
            (1..=length as u64)
                .map(|i| RistrettoPoint::mul_base(&(polynomial(*index) * Scalar::from(i))))
                .collect()
        };
        quorum.iter().map(column).collect()
    }

    #[test]
    fn the_weights_of_the_first_three_holders_are_three_minus_three_and_one() {
        let Some(Weights::Small { weights, scale }) = Weights::new(&[1, 2, 3]) else {
            panic!("small indices have small weights");
        };
        assert_eq!((weights, scale), (vec![3, -3, 1], Scalar::ONE));
    }

    #[test]
    fn small_and_large_weights_give_the_same_point() {
        let length = CHUNK + 3;
        for quorum in [[1, 2, 3], [5, 2, 4], [9, 200, 31], [65_535, 65_521, 65_519]] {
            let columns = columns(&quorum, length);
            for weights in [Weights::new(&quorum).unwrap(), Weights::Large(scalars(&quorum, 0))] {
                let sums = weights.sums(&columns, length);
                for (i, sum) in (1_u64..).zip(sums) {
                    assert_eq!(
                        sum * weights.scale(),
                        RistrettoPoint::mul_base(&Scalar::from(7 * i)),
                        "{quorum:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_large_scattered_quorum_falls_back_to_general_weights() {
        let primes: Vec<u16> = (2..180).filter(|n| (2..*n).all(|d| n % d != 0)).collect();
        let weights = Weights::new(&primes).unwrap();
        assert!(matches!(weights, Weights::Large(_)));
        let sums = weights.sums(&columns(&primes, 1), 1);
        assert_eq!(sums, [RistrettoPoint::mul_base(&Scalar::from(7_u8))]);
    }

    #[test]
    fn indices_that_repeat_or_are_zero_have_no_weights() {
        for quorum in [&[][..], &[0, 1, 2], &[1, 2, 1]] {
            assert!(Weights::new(quorum).is_none());
        }
    }

    #[test]
    fn interpolation_finds_the_share_of_an_index_outside_the_quorum() {
        let points: Vec<_> = [1, 4, 6].map(|i| RistrettoPoint::mul_base(&polynomial(i))).to_vec();
        assert!(interpolates(&[1, 4, 6], &points, 9, &RistrettoPoint::mul_base(&polynomial(9))));
        assert!(!interpolates(&[1, 4, 6], &points, 8, &RistrettoPoint::mul_base(&polynomial(9))));
    }
}
