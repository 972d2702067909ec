//! The currency of the budget: rho of zero-concentrated differential privacy, in whole billionths.
//!
//! A budget in floating point would drift (fifty times 0.02 is not 1), so rho is counted. What a mechanism costs is
//! rounded up; what is read from a text is read exactly or not at all, because a limit may not grow and a charge may not
//! shrink.

use std::fmt;
use std::str::FromStr;

use crate::error::{ReleaseError, require};

/// Nano-rho in one rho.
const NANO: u64 = 1_000_000_000;

/// Decimals of a rho.
const DECIMALS: usize = 9;

/// A cost or a budget, in whole nano-rho.
///
/// ```
/// use tvaers_release::rho::Rho;
/// let rho: Rho = "0.02".parse().unwrap();
/// let spent = (0..50).try_fold(Rho::ZERO, |sum, _| sum.checked_add(rho)).unwrap();
/// assert_eq!(spent.to_string(), "1");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rho(u64);

impl Rho {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many billionths.
    #[must_use]
    pub const fn from_nano(nano: u64) -> Self {
        Self(nano)
    }

    /// How many billionths.
    #[must_use]
    pub const fn nano(self) -> u64 {
        self.0
    }

    /// The sum; `None` where it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// What is left; `None` where that would be less than nothing.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The least rho that is not below `rho`; `None` for what is negative, not a number or beyond the unit's room.
    /// Exact: a floating-point number is a whole number times a power of two.
    pub(crate) fn at_least(rho: f64) -> Option<Self> {
        const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
        if !(rho.is_finite() && rho >= 0.0) {
            return None;
        }
        // A subnormal number, or 0, has no hidden bit; the least exponent is the same as that of the next ones.
        let (bits, fraction) = (rho.to_bits(), rho.to_bits() & ((1 << FRACTION_BITS) - 1));
        let exponent = (bits >> FRACTION_BITS) & 0x7ff;
        let mantissa = if exponent == 0 { fraction } else { fraction | 1 << FRACTION_BITS };
        let nano = u128::from(mantissa) * u128::from(NANO);
        // rho is mantissa · 2^(exponent − 1075), and nano is below 2^83.
        let down = 1075_u64.checked_sub(exponent.max(1));
        let whole = match down.map(u32::try_from) {
            Some(Ok(down)) if down < u128::BITS => {
                let floor = nano >> down;
                floor + u128::from(floor << down != nano)
            }
            Some(_) => u128::from(nano > 0),
            None => return None,
        };
        u64::try_from(whole).ok().map(Self)
    }

    /// The same in floating point, to the nearest number.
    pub(crate) fn nearest(self) -> f64 {
        self.0 as f64 / NANO as f64
    }

    /// A number in floating point that is not below it.
    pub(crate) fn above(self) -> f64 {
        // Conversion and division each err by half a unit in the last place at most.
        ((self.0 as f64).next_up() / NANO as f64).next_up()
    }
}

/// Decimal text: digits, and up to nine decimals. No sign and no exponent.
impl FromStr for Rho {
    type Err = ReleaseError;

    fn from_str(text: &str) -> Result<Self, ReleaseError> {
        const EXPECTED: &str = "must be a decimal number of at most nine decimals, 0 to 18446744073";
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        require(is_number(whole) && is_number(decimals) && decimals.len() <= DECIMALS, "rho", EXPECTED)?;
        let nano = whole.parse::<u64>().ok().and_then(|whole| whole.checked_mul(NANO));
        let rest = format!("{decimals:0<DECIMALS$}").parse::<u64>().ok();
        let sum = nano.zip(rest).and_then(|(nano, rest)| nano.checked_add(rest));
        sum.map(Self).ok_or(ReleaseError::Parameter { field: "rho", expected: EXPECTED })
    }
}

/// A number of a TOML or JSON file, as the shortest decimal text that stands for it: 0.1 is a tenth.
impl TryFrom<f64> for Rho {
    type Error = ReleaseError;

    fn try_from(number: f64) -> Result<Self, ReleaseError> {
        number.to_string().parse()
    }
}

/// The shortest decimal text, which reads back as the same.
impl fmt::Display for Rho {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) = (self.0 / NANO, format!("{:0DECIMALS$}", self.0 % NANO));
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            decimals => write!(f, "{whole}.{decimals}"),
        }
    }
}

#[cfg(test)]
mod tests;
