//! (epsilon, delta) and rho, by OpenDP's own conversion (Canonne, Kamath and Steinke, 2020), and pure epsilon and rho
//! (Bun and Steinke, 2016, proposition 1.4: ε-DP is ε²/2-zCDP), by OpenDP's own as well.
//!
//! Delta is a constant of the roster, so that the reports of all members mean the same; no query names one.

use std::str::FromStr;

use crate::error::{ReleaseError, require};
use crate::opendp;
use crate::rho::Rho;

/// The greatest delta: with more, a mechanism could give away someone among a hundred thousand outright.
pub const DELTA_MAX: f64 = 1e-5;

/// The least delta: below it, the conversion's own rounding would begin to show.
pub const DELTA_MIN: f64 = 1e-15;

/// The greatest epsilon that is converted: as good as no privacy, and far within floating point.
pub const EPSILON_MAX: f64 = 1e9;

/// How far √(2ρ) in floating point can be off, with much to spare.
const PURE_ROOM: f64 = 1e-12;

/// The roster's delta, within [`DELTA_MIN`] and [`DELTA_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Delta(f64);

impl Delta {
    /// A delta.
    ///
    /// # Errors
    /// `delta`, if it is out of bounds or not a number.
    pub fn new(delta: f64) -> Result<Self, ReleaseError> {
        require((DELTA_MIN..=DELTA_MAX).contains(&delta), "delta", "must be 1e-15 to 1e-5")?;
        Ok(Self(delta))
    }

    /// As a number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

/// As a roster has it: a decimal number, also with an exponent.
impl FromStr for Delta {
    type Err = ReleaseError;

    fn from_str(text: &str) -> Result<Self, ReleaseError> {
        Self::new(text.parse().unwrap_or(f64::NAN))
    }
}

/// An epsilon that is asked for: more than 0, and at most [`EPSILON_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Epsilon(f64);

impl Epsilon {
    /// An epsilon.
    ///
    /// # Errors
    /// `epsilon`, if it is out of bounds or not a number.
    pub fn new(epsilon: f64) -> Result<Self, ReleaseError> {
        let usable = epsilon > 0.0 && epsilon <= EPSILON_MAX;
        require(usable, "epsilon", "must be more than 0 and at most 1e9")?;
        Ok(Self(epsilon))
    }

    /// As a number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

/// The greatest rho that is within (`epsilon`, `delta`): what a query that names an epsilon is charged.
///
/// # Errors
/// `epsilon`, if not even a billionth of rho is within it.
pub fn rho_within(epsilon: Epsilon, delta: Delta) -> Result<Rho, ReleaseError> {
    // Invariant: `low` is within, except where it is 0; `high` is not, or is the end of the unit's room.
    let (mut low, mut high) = (0, u64::MAX);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if opendp::delta(Rho::from_nano(middle).above(), epsilon.0) <= delta.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    require(low > 0, "epsilon", "must be large enough for a billionth of rho")?;
    Ok(Rho::from_nano(low))
}

/// What a pure `epsilon` costs: ε²/2, rounded up.
///
/// # Errors
/// `epsilon`, if it is not more than 0 or costs more than there is room for.
pub fn rho_of_pure(epsilon: f64) -> Result<Rho, ReleaseError> {
    let epsilon = Epsilon::new(epsilon)?;
    let expected = "must cost no more than there is room for in a rho";
    opendp::rho_of_pure(epsilon.0).ok_or(ReleaseError::Parameter { field: "epsilon", expected })
}

/// The greatest pure epsilon that costs no more than `rho`; 0 for a rho of 0.
#[must_use]
pub fn pure_of(rho: Rho) -> f64 {
    if rho == Rho::ZERO {
        return 0.0;
    }
    // √(2ρ) is right to a few units in the last place; the answer is searched for a little to either side of it.
    // Invariant: `low` costs no more, `high` costs more.
    let near = (2.0 * rho.nearest()).sqrt();
    let (mut low, mut high) = (near * (1.0 - PURE_ROOM), near * (1.0 + PURE_ROOM));
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return low;
        }
        let within = opendp::rho_of_pure(middle).is_some_and(|cost| cost <= rho);
        if within { low = middle } else { high = middle }
    }
}

/// The least epsilon that `rho` is within at `delta`, rounded up: what people are told beside a rho.
#[must_use]
pub fn epsilon_of(rho: Rho, delta: Delta) -> f64 {
    if rho == Rho::ZERO {
        return 0.0;
    }
    let rho = rho.above();
    // Searched here, because OpenDP's own search fails for a great rho. Invariant: `high` is within. The classic bound
    // (Bun and Steinke, 2016, proposition 1.3) is an upper one, which leaves room for rounding when doubled.
    let mut high = 2.0 * (rho + 2.0 * (rho * -delta.0.ln()).sqrt());
    let mut low = 0.0;
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return high;
        }
        if opendp::delta(rho, middle) <= delta.0 { high = middle } else { low = middle }
    }
}

#[cfg(test)]
mod tests;
