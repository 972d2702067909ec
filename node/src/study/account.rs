//! Whether a holder answers a batch: the requester's quota, and the numbers that it has used. Pure.

use tvaers_protocol::id::Digest;
use tvaers_protocol::reject::RejectCode;

/// How often one batch is answered. Once is meant, and again for each time that the answer was lost on its way; who
/// replays what others have signed cannot keep a holder busy for ever.
const TIMES_MAX: u32 = 100;

/// A batch that a requester asks for.
pub(crate) struct Asked {
    /// Its number.
    pub(crate) sequence: u32,
    /// Its digest, over all that the requester signed.
    pub(crate) digest: Digest,
    /// How many elements it has.
    pub(crate) elements: u64,
}

/// What is known of a number that was used before.
pub(crate) struct Known {
    /// The digest of the batch.
    pub(crate) digest: Digest,
    /// How often it was answered.
    pub(crate) times: u32,
}

/// The requester's account once the batch is counted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// How often the batch is answered then.
    pub(crate) times: u32,
    /// Elements evaluated then, each batch counted once.
    pub(crate) evaluated: u64,
}

/// A batch that is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AccountError {
    #[error("the batch's number was used for another batch")]
    Replay,
    #[error("the batch was answered {TIMES_MAX} times already")]
    TooOften,
    #[error("the batch goes beyond the quota")]
    Quota,
}

impl AccountError {
    pub(crate) const fn code(self) -> RejectCode {
        match self {
            Self::Replay | Self::TooOften => RejectCode::Replay,
            Self::Quota => RejectCode::QuotaExceeded,
        }
    }
}

/// Judges a batch, given what is known of its number and the elements evaluated for the requester so far.
pub(crate) fn judge(
    asked: &Asked,
    known: Option<&Known>,
    evaluated: u64,
    quota: u32,
) -> Result<Counted, AccountError> {
    match known {
        Some(known) if known.digest != asked.digest => Err(AccountError::Replay),
        Some(known) if known.times >= TIMES_MAX => Err(AccountError::TooOften),
        Some(known) => Ok(Counted { times: known.times + 1, evaluated }),
        None => {
            let evaluated = evaluated.saturating_add(asked.elements);
            let within = evaluated <= u64::from(quota);
            if within { Ok(Counted { times: 1, evaluated }) } else { Err(AccountError::Quota) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(digest: u8, elements: u64) -> Asked {
        Asked { sequence: 0, digest: Digest([digest; 32]), elements }
    }

    #[test]
    fn the_same_batch_is_answered_again_and_counts_once_and_another_under_its_number_is_refused() {
        let known = Known { digest: Digest([1; 32]), times: 1 };
        assert_eq!(judge(&asked(1, 60), Some(&known), 60, 100), Ok(Counted { times: 2, evaluated: 60 }));
        assert_eq!(judge(&asked(2, 1), Some(&known), 60, 100), Err(AccountError::Replay));
        let often = Known { times: TIMES_MAX, ..known };
        assert_eq!(judge(&asked(1, 60), Some(&often), 60, 100), Err(AccountError::TooOften));
    }

    #[test]
    fn the_quota_is_reached_and_not_passed() {
        assert_eq!(judge(&asked(1, 40), None, 60, 100), Ok(Counted { times: 1, evaluated: 100 }));
        assert_eq!(judge(&asked(1, 41), None, 60, 100), Err(AccountError::Quota));
        assert_eq!(judge(&asked(1, u64::MAX), None, 60, u32::MAX), Err(AccountError::Quota));
        // What was counted when the quota had room is answered again when it is used up.
        let known = Known { digest: Digest([1; 32]), times: 1 };
        assert_eq!(judge(&asked(1, 40), Some(&known), 100, 100), Ok(Counted { times: 2, evaluated: 100 }));
    }
}
