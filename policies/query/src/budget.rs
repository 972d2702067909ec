//! What an answer may cost, as it is stated.

use std::fmt;

use crate::decimal::Decimal;

pub use tvaers_protocol::release::Mechanism;

/// A budget as a person states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Zero-concentrated differential privacy: what the ledger counts.
    Rho(Decimal),
    /// Under the discrete Gaussian (epsilon, delta)-differential privacy at the roster's constant delta; under the
    /// discrete Laplace pure epsilon, whatever delta.
    Epsilon(Decimal),
}

impl Budget {
    /// The name of the form, as in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rho(_) => "rho",
            Self::Epsilon(_) => "epsilon",
        }
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> Decimal {
        match self {
            Self::Rho(number) | Self::Epsilon(number) => number,
        }
    }

    /// The budget in thousand-millionths of rho. `rho_of_epsilon` gives the greatest rho, in thousand-millionths,
    /// that keeps the promise of that epsilon, and rises with it; `None` where there is none.
    #[must_use]
    pub fn nano_rho(self, rho_of_epsilon: &dyn Fn(Decimal) -> Option<u64>) -> Option<u64> {
        match self {
            Self::Rho(rho) => Some(rho.nano()),
            Self::Epsilon(epsilon) => rho_of_epsilon(epsilon),
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.name(), self.number())
    }
}
