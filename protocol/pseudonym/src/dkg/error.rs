//! Why a key could not be made, and whose fault it is.

/// Why a key could not be made. Where a holder is at fault, [`DkgError::culprit`] names it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DkgError {
    /// The ceremony's numbers do not fit each other.
    #[error("holder `{index}` of `{holders}` with threshold `{threshold}` is outside the limits")]
    Size {
        /// The holder's own index.
        index: u16,
        /// How many holders there are.
        holders: u16,
        /// How many are needed.
        threshold: u16,
    },
    /// A package, or in round 2 a public sealing key, of this holder is not there.
    #[error("what holder {holder} gives to round {round} is missing")]
    Missing {
        /// 1, 2 or 3: the call that needs it.
        round: u8,
        /// Whose it is.
        holder: u16,
    },
    /// A package under an index that has none to give.
    #[error("index `{index}` gives nothing to round {round}")]
    Surplus {
        /// The call it was given to.
        round: u8,
        /// The index.
        index: u16,
    },
    /// This holder's own round-1 package came back changed: it was altered on the way or is of another ceremony.
    #[error("the own round-1 package came back changed")]
    Altered,
    /// A round-1 package that is none, is not in its one form, or commits to another threshold.
    #[error("the round-1 package of holder {culprit} is malformed")]
    Package {
        /// Who sent it.
        culprit: u16,
    },
    /// A holder did not show that it knows the secret it committed to.
    #[error("the proof of knowledge of holder {culprit} is invalid")]
    Knowledge {
        /// Who sent it.
        culprit: u16,
    },
    /// A holder's public sealing key is of low order.
    #[error("the sealing key of holder {culprit} is unusable")]
    SealingKey {
        /// Whose key it is.
        culprit: u16,
    },
    /// A round-2 package that this holder's key does not open in this place, or that holds no share.
    #[error("the round-2 package of holder {culprit} does not open here")]
    Unsealing {
        /// Who sent it.
        culprit: u16,
    },
    /// A share that does not fit the sender's round-1 commitment.
    #[error("the share from holder {culprit} does not fit its commitment")]
    Share {
        /// Who sent it.
        culprit: u16,
    },
    /// The library refused for a reason that names nobody.
    #[error("round {round} failed: {reason}")]
    Library {
        /// The call that failed.
        round: u8,
        /// The library's words; they hold no values.
        reason: String,
    },
}

impl DkgError {
    /// The holder whose fault it is, where that can be told.
    #[must_use]
    pub fn culprit(&self) -> Option<u16> {
        match self {
            Self::Package { culprit }
            | Self::Knowledge { culprit }
            | Self::SealingKey { culprit }
            | Self::Unsealing { culprit }
            | Self::Share { culprit } => Some(*culprit),
            Self::Size { .. }
            | Self::Missing { .. }
            | Self::Surplus { .. }
            | Self::Altered
            | Self::Library { .. } => None,
        }
    }
}
