//! A number that is one released value over another: a cost per person, a share of those who were asked.

use crate::estimate::{Estimate, half_a_step};
use crate::released::Released;
use crate::spread::point;

/// S / n of two values with noise of their own, such as a sum and a count: S / max(n, 1), raw, so possibly outside of
/// what the data can have where n is small.
///
/// The standard error is that of a ratio by the delta method, √(s_S² + r²·s_n²) / max(n, 1). The interval is Fieller's
/// (1954): all r with |S − r·n| ≤ z·√(s_S² + r²·s_n²), cut to `bounds`, where the ratio lies whatever the data are (0 to 1
/// for a share, 0 to the clamp for a sum per person); where n cannot be told from 0 it is `bounds`.
#[must_use]
pub fn ratio(numerator: &Released, denominator: &Released, bounds: [f64; 2]) -> Estimate {
    let r = numerator.value() as f64 / (denominator.value() as f64).max(1.0);
    let fourth = numerator.spread().fourth() + r.powi(4) * denominator.spread().fourth();
    estimate(numerator, denominator, 0.0, fourth, bounds)
}

/// The share that one part has of a whole which was made by adding it up with others ([`Released::sum`]), so that the
/// noise of the part is in both: as [`ratio`], with the covariance, which is the variance of the part. Between 0 and 1.
#[must_use]
pub fn share(part: &Released, whole: &Released) -> Estimate {
    let r = part.value() as f64 / (whole.value() as f64).max(1.0);
    // S − r·(S + R) is (1 − r)·S − r·R, of noises that are independent.
    let rest = (whole.spread().fourth() - part.spread().fourth()).max(0.0);
    let fourth = (1.0 - r).powi(4) * part.spread().fourth() + r.powi(4) * rest;
    estimate(part, whole, part.spread().variance(), fourth, [0.0, 1.0])
}

fn estimate(
    numerator: &Released,
    denominator: &Released,
    covariance: f64,
    fourth: f64,
    [from, to]: [f64; 2],
) -> Estimate {
    let (sum, n) = (numerator.value() as f64, denominator.value() as f64);
    let r = sum / n.max(1.0);
    let variance =
        numerator.spread().variance() - 2.0 * r * covariance + r.powi(2) * denominator.spread().variance();
    let variance = variance.max(0.0);
    let errors = [numerator.standard_error(), denominator.standard_error()];
    let interval = fieller([sum, n], errors, covariance, point(fourth, variance));
    let interval = interval.map_or([from, to], |ends| ends.map(|end| end.clamp(from, to)));
    Estimate { value: r, standard_error: variance.sqrt() / n.max(1.0), interval }
}

/// All r with |S − r·n| ≤ z·√(s_S² − 2r·c + r²·s_n²): between the roots of
/// (n² − z²s_n²)·r² − 2(Sn − z²c)·r + S² − z²s_S² where that opens upwards and n is positive. Else it is everything, or
/// everything but a piece: `None`.
pub(crate) fn fieller(
    [sum, n]: [f64; 2],
    [sum_error, n_error]: [f64; 2],
    covariance: f64,
    z: f64,
) -> Option<[f64; 2]> {
    if n <= 0.0 || n <= z * n_error {
        return None;
    }
    let opening = n * n - (z * n_error).powi(2);
    // A sum is a whole number, which matters where noise is a few persons.
    let half_width = z * sum_error + if sum_error > 0.0 { half_a_step(1.0) } else { 0.0 };
    let common = z * z * covariance;
    let root =
        (z * n_error * sum).powi(2) + opening * half_width.powi(2) - 2.0 * common * sum * n + common.powi(2);
    let (middle, root) = (sum * n - common, root.max(0.0).sqrt());
    Some([(middle - root) / opening, (middle + root) / opening])
}

#[cfg(test)]
mod tests;
