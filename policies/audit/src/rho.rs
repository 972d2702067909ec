//! Privacy budget as an integer: nano-rho, that is 10⁻⁹ of the rho of zero-concentrated differential privacy.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount of budget in nano-rho, 0 to 2⁶³ − 1: what the database holds exactly and adds without rounding. Whoever
/// works out a price rounds it up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct NanoRho(u64);

/// An amount beyond what the ledger can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {} nano-rho", NanoRho::MAX.0)]
pub struct NanoRhoError;

impl NanoRho {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The least that can be charged.
    pub const SMALLEST: Self = Self(1);
    /// The most that the ledger can hold.
    pub const MAX: Self = Self(i64::MAX as u64);

    /// An amount.
    ///
    /// # Errors
    /// [`NanoRhoError`] beyond [`NanoRho::MAX`].
    pub const fn new(nano_rho: u64) -> Result<Self, NanoRhoError> {
        if nano_rho <= Self::MAX.0 { Ok(Self(nano_rho)) } else { Err(NanoRhoError) }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The sum; none where it does not fit.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(|sum| Self::new(sum).ok())
    }

    /// What is left of this budget when `spent` is gone: nothing where more was spent.
    #[must_use]
    pub const fn less(self, spent: Self) -> Self {
        Self(self.0.saturating_sub(spent.0))
    }

    /// In rho, without zeroes that say nothing.
    #[must_use]
    pub fn short(self) -> String {
        // There is a point in it, so no zero before that is lost.
        self.to_string().trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

impl TryFrom<u64> for NanoRho {
    type Error = NanoRhoError;
    fn try_from(nano_rho: u64) -> Result<Self, NanoRhoError> {
        Self::new(nano_rho)
    }
}

impl From<NanoRho> for u64 {
    fn from(amount: NanoRho) -> Self {
        amount.0
    }
}

/// In rho, with all nine decimals.
impl fmt::Display for NanoRho {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_fits_the_database_and_never_wraps() {
        assert_eq!(NanoRho::new(1 << 63), Err(NanoRhoError));
        assert_eq!(NanoRho::MAX.plus(NanoRho(1)), None);
        assert_eq!(NanoRho(u64::MAX >> 2).plus(NanoRho(1)), Some(NanoRho((u64::MAX >> 2) + 1)));
        assert_eq!(NanoRho(3).less(NanoRho(5)), NanoRho::ZERO);
        assert_eq!(NanoRho(1_020_000_000).to_string(), "1.020000000");
        let short = [0, 10, 1_020_000_000, 20_000_000_000].map(|amount| NanoRho(amount).short());
        assert_eq!(short, ["0", "0.00000001", "1.02", "20"]);
        assert!(serde_json::from_str::<NanoRho>("9223372036854775808").is_err());
    }
}
