//! One thing wrong with a log.

use jiff::SignedDuration;
use serde::Serialize;
use tvaers_protocol::audit::Seer;

use crate::text::Text;

/// What was done to a log, or what befell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tampering {
    /// Entries are not as they were written.
    Changed,
    /// Entries that others follow are not there.
    Removed,
    /// Entries stand after later ones.
    Reordered,
    /// There is an entry more than there was.
    Inserted,
    /// The log was begun anew.
    Restarted {
        /// Who remembers another one; none where the log shows it itself.
        seen: Option<Seen>,
    },
    /// The log was longer.
    Truncated {
        /// Who saw it so.
        seen: Seen,
    },
    /// Another log was shown to somebody.
    Forked {
        /// To whom.
        seen: Seen,
    },
    /// The clock went back.
    ClockBack {
        /// By how much.
        by: SignedDuration,
    },
    /// A signature in the log does not verify.
    Signature {
        /// Whose it should be; none for the node's own.
        of: Option<Seer>,
    },
    /// A signed head in the log is none of this log.
    OtherHead {
        /// The entry that it claims to end with.
        of: u64,
    },
    /// A head that somebody brings was not signed by those who it says.
    Unproven {
        /// How many such heads there are.
        count: u64,
    },
    /// The oldest entries are missing, and the log does not prove that they were deleted as its policy says.
    Front,
    /// The log ends in half an entry.
    Torn {
        /// So many bytes of it.
        bytes: u64,
    },
    /// An entry is unchanged, and of a kind that this version does not know.
    Unknown,
}

/// Who saw a head of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Who countersigned it, and whose signature verified.
    By(Seer),
    /// Nobody that is known: the node signed it, and it was kept.
    Kept,
}

impl Tampering {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Changed => "audit.changed",
            Self::Removed => "audit.removed",
            Self::Reordered => "audit.reordered",
            Self::Inserted => "audit.inserted",
            Self::Restarted { .. } => "audit.restarted",
            Self::Truncated { .. } => "audit.truncated",
            Self::Forked { .. } => "audit.forked",
            Self::ClockBack { .. } => "audit.clock-back",
            Self::Signature { .. } | Self::OtherHead { .. } => "audit.head-signature",
            Self::Unproven { .. } => "audit.head-unproven",
            Self::Front => "audit.front",
            Self::Torn { .. } => "audit.torn",
            Self::Unknown => "audit.unknown",
        }
    }
}

/// Something wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable code, such as `audit.removed`.
    pub code: &'static str,
    /// The first entry concerned.
    pub entry: u64,
    /// The last one.
    pub through: u64,
    /// What is wrong.
    pub sentence: Text,
    /// What to do about it.
    pub advice: Text,
    /// The same as a value.
    #[serde(skip)]
    pub tampering: Tampering,
}

impl Finding {
    pub(super) fn new(entry: u64, through: u64, tampering: Tampering) -> Self {
        let (sentence, advice) = super::words::finding(entry, through, &tampering);
        Self { code: tampering.code(), entry, through, sentence, advice, tampering }
    }
}
