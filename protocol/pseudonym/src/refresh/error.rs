//! Why a key could not be refreshed, and whose fault it is.

/// Why a key could not be refreshed. Where a holder is at fault, [`RefreshError::culprit`] names it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// Fewer stay than are needed, one of them holds no share, or this holder is not among them.
    #[error("`{stay}` holders cannot refresh shares of a key that needs `{threshold}` of its holders")]
    Holders {
        /// How many were to stay.
        stay: usize,
        /// The threshold.
        threshold: u16,
    },
    /// The epoch cannot count further.
    #[error("the key has no epoch after this one")]
    Epochs,
    /// A package, or in round 2 a public sealing key, of this holder is not there.
    #[error("what holder {holder} gives to round {round} is missing")]
    Missing {
        /// 2 or 3: the call that needs it.
        round: u8,
        /// Whose it is.
        holder: u16,
    },
    /// A package under an index that has none to give, such as that of a holder that is left out.
    #[error("index `{index}` gives nothing to round {round}")]
    Surplus {
        /// The call it was given to.
        round: u8,
        /// The index.
        index: u16,
    },
    /// This holder's own round-1 package came back changed: it was altered on the way or is of another refresh.
    #[error("the own round-1 package came back changed")]
    Altered,
    /// The share given to round 3 is not the one that the refresh was begun with.
    #[error("the share is not the one that the refresh was begun with")]
    Share,
    /// A round-1 package that is none, is not in its one form, or commits to another threshold.
    #[error("the round-1 package of holder {culprit} is malformed")]
    Package {
        /// Who sent it.
        culprit: u16,
    },
    /// A holder's public sealing key is of low order.
    #[error("the sealing key of holder {culprit} is unusable")]
    SealingKey {
        /// Whose key it is.
        culprit: u16,
    },
    /// A round-2 package that this holder's key does not open in this place, or that holds no scalar.
    #[error("the round-2 package of holder {culprit} does not open here")]
    Unsealing {
        /// Who sent it.
        culprit: u16,
    },
    /// A part that does not fit the sender's round-1 commitment.
    #[error("the part from holder {culprit} does not fit its commitment")]
    Part {
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

impl RefreshError {
    /// The holder whose fault it is, where that can be told.
    #[must_use]
    pub fn culprit(&self) -> Option<u16> {
        match self {
            Self::Package { culprit }
            | Self::SealingKey { culprit }
            | Self::Unsealing { culprit }
            | Self::Part { culprit } => Some(*culprit),
            Self::Holders { .. }
            | Self::Epochs
            | Self::Missing { .. }
            | Self::Surplus { .. }
            | Self::Altered
            | Self::Share
            | Self::Library { .. } => None,
        }
    }
}
