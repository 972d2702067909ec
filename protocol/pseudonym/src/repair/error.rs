//! Why a share could not be repaired, and whose fault it is.

/// Why a share could not be repaired. Where a holder is at fault, [`RepairError::culprit`] names it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepairError {
    /// Not as many helpers as are needed, or one of them, or the lost index, holds no share, or the lost holder is to
    /// help itself.
    #[error("`{helpers}` helpers cannot repair a share of a key that needs `{threshold}` other holders")]
    Helpers {
        /// How many helpers were named.
        helpers: usize,
        /// The threshold.
        threshold: u16,
    },
    /// The share given is not a helper's share of this key, or what came out is not the lost share, which the checks
    /// before rule out.
    #[error("the share is none that this repair is about")]
    Share,
    /// What this holder gives to a step is not there: a sealing key to step 1, a package to step 2, a part to step 2 or
    /// a sum to step 3.
    #[error("what holder {holder} gives to step {step} is missing")]
    Missing {
        /// 1 to deal, 2 to add, 3 to recover.
        step: u8,
        /// Whose it is.
        holder: u16,
    },
    /// Something under an index that has nothing to give.
    #[error("index `{index}` gives nothing to step {step}")]
    Surplus {
        /// The step it was given to.
        step: u8,
        /// The index.
        index: u16,
    },
    /// This helper's own package came back changed: it was altered on the way or is of another repair.
    #[error("the own package came back changed")]
    Altered,
    /// A package that is not one point for each helper.
    #[error("the package of holder {culprit} is malformed")]
    Package {
        /// Who sent it.
        culprit: u16,
    },
    /// The published parts of a helper do not add up to its share's weight.
    #[error("the parts of holder {culprit} do not add up to its public share")]
    Sum {
        /// Who sent them.
        culprit: u16,
    },
    /// A holder's public sealing key is of low order.
    #[error("the sealing key of holder {culprit} is unusable")]
    SealingKey {
        /// Whose key it is.
        culprit: u16,
    },
    /// A sealed part or sum that this holder's key does not open in this place, or that holds no scalar.
    #[error("what holder {culprit} sealed does not open here")]
    Unsealing {
        /// Who sent it.
        culprit: u16,
    },
    /// A part, or a sum of parts, that is not what was published.
    #[error("what holder {culprit} gives is not what was published")]
    Part {
        /// Who sent it.
        culprit: u16,
    },
    /// A helper saw other packages. Whose packages differ, their signatures tell.
    #[error("holder {holder} saw other packages")]
    Transcript {
        /// The helper.
        holder: u16,
    },
    /// The lost holder confirms another repair or another key.
    #[error("holder {culprit} does not confirm this repair")]
    Confirmation {
        /// The lost holder.
        culprit: u16,
    },
    /// The library refused for a reason that names nobody.
    #[error("a repair failed: {reason}")]
    Library {
        /// The library's words; they hold no values.
        reason: String,
    },
}

impl RepairError {
    /// The holder whose fault it is, where that can be told.
    #[must_use]
    pub fn culprit(&self) -> Option<u16> {
        match self {
            Self::Package { culprit }
            | Self::Sum { culprit }
            | Self::SealingKey { culprit }
            | Self::Unsealing { culprit }
            | Self::Part { culprit }
            | Self::Confirmation { culprit } => Some(*culprit),
            Self::Helpers { .. }
            | Self::Share
            | Self::Missing { .. }
            | Self::Surplus { .. }
            | Self::Altered
            | Self::Transcript { .. }
            | Self::Library { .. } => None,
        }
    }
}
