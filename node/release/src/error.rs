//! Why nothing is released: fixed codes, which never depend on a value of the data and never carry one.

/// Why a parameter is refused or a release fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// A parameter of a query, a policy or a roster that cannot be used. Refused before any data is read.
    #[error("`{field}` {expected}")]
    Parameter {
        /// The parameter, in the words of query files and results.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A value for a cell that the measure does not have: the caller's mistake.
    #[error("a value came for a cell that the measure does not have")]
    Cell,
    /// More persons than the measure states, or sums of values that were not clamped: the caller's mistake.
    #[error("more was added up than the measure has room for")]
    Overflow,
    /// A mechanism that was made for another measure: the caller's mistake.
    #[error("the mechanism was made for another measure")]
    OtherMeasure,
    /// OpenDP's own map says that the noise is too small for what was charged.
    #[error("the release would cost more than what was charged")]
    Loss,
    /// No noise: the random generator failed. Nothing was released.
    #[error("no noise could be drawn")]
    Noise,
}

impl ReleaseError {
    /// The code for logs and refusals. It stays the same over versions.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Parameter { .. } => "release-parameter",
            Self::Cell => "release-cell",
            Self::Overflow => "release-overflow",
            Self::OtherMeasure => "release-measure",
            Self::Loss => "release-loss",
            Self::Noise => "release-noise",
        }
    }
}

/// Refuses the parameter `field` unless `holds`.
pub(crate) fn require(holds: bool, field: &'static str, expected: &'static str) -> Result<(), ReleaseError> {
    if holds { Ok(()) } else { Err(ReleaseError::Parameter { field, expected }) }
}
