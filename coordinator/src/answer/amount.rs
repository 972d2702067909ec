//! A number of a result: whole where persons or units are counted, real where it is worked out from such.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number of a result.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// Of a count, a sum or a bin.
    Whole(i64),
    /// Of a mean or a quantile.
    Real(f64),
}

impl Amount {
    /// The number where it is whole.
    #[must_use]
    pub const fn whole(self) -> Option<i64> {
        match self {
            Self::Whole(whole) => Some(whole),
            Self::Real(_) => None,
        }
    }

    /// The number.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "it is for people, and for comparing")]
    pub const fn real(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }
}

impl fmt::Display for Amount {
    /// A real number with three decimals: errors of noise are hardly ever smaller.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Real(real) => write!(f, "{real:.3}"),
        }
    }
}

impl From<i64> for Amount {
    fn from(whole: i64) -> Self {
        Self::Whole(whole)
    }
}

impl From<f64> for Amount {
    fn from(real: f64) -> Self {
        Self::Real(real)
    }
}
