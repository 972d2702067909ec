//! A mean, read from a noisy centred sum and a noisy count of the same persons.
//!
//! Whoever has no value is in neither. The sum is centred (each clamped value less the middle of the clamp), because one
//! person changes it by half the clamp's width only ([`Clamp::centred`]).

use crate::clamp::Clamp;
use crate::estimate::Estimate;
use crate::ratio::fieller;
use crate::released::Released;
use crate::spread::point;

/// The mean of values of `clamp`, the feature's own: centre + S / max(n, 1), raw, so possibly outside of the clamp
/// where there are few persons. Given expected values in place of released ones it says what error to expect.
///
/// The standard error is that of a ratio by the delta method, √(s_S² + (m − centre)²·s_n²) / max(n, 1). The interval is
/// Fieller's (1954): all m with |S − (m − centre)·n| ≤ z·√(s_S² + (m − centre)²·s_n²), cut to the clamp, where the mean
/// lies whatever the data are; where n cannot be told from 0 it is the whole clamp.
#[must_use]
pub fn mean(clamp: Clamp, centred_sum: &Released, persons: &Released) -> Estimate {
    let (from, to, centre) = (clamp.from() as f64, clamp.to() as f64, clamp.centre() as f64);
    let (sum, n) = (centred_sum.value() as f64, persons.value() as f64);
    let from_centre = sum / n.max(1.0);
    let variance = centred_sum.spread().variance() + from_centre.powi(2) * persons.spread().variance();
    let fourth = centred_sum.spread().fourth() + from_centre.powi(4) * persons.spread().fourth();
    let z = point(fourth, variance);
    let interval = fieller([sum, n], [centred_sum.standard_error(), persons.standard_error()], 0.0, z);
    let interval = interval.map_or([from, to], |ends| ends.map(|end| (centre + end).clamp(from, to)));
    Estimate { value: centre + from_centre, standard_error: variance.sqrt() / n.max(1.0), interval }
}

#[cfg(test)]
mod tests;
