//! Whether a holder answers a batch: the requester's quota and commitment, and the numbers that it has used. Pure.

use std::cmp::Ordering;

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
    pub(crate) elements: u32,
    /// The root of the tree over them.
    pub(crate) root: Digest,
    /// The digest of the commitment that it comes with.
    pub(crate) commitment: Digest,
    /// How many persons that is.
    pub(crate) persons: u32,
    /// How many of them this batch is to have, by its number.
    pub(crate) share: u32,
}

/// What is known of a number that was used before.
pub(crate) struct Known {
    /// The digest of the batch.
    pub(crate) digest: Digest,
    /// How often it was answered.
    pub(crate) times: u32,
}

/// What is known of a requester that has asked before.
pub(crate) struct Account {
    /// Elements evaluated so far.
    pub(crate) evaluated: u64,
    /// The digest of the commitment that came with its first batch.
    pub(crate) commitment: Digest,
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
    #[error("the batch goes beyond the quota, or beyond the persons committed to")]
    Quota,
    #[error("the batch comes with another commitment than the requester's first one")]
    Population,
    #[error("the batch does not have all persons of its number")]
    Part,
}

impl AccountError {
    pub(crate) const fn code(self) -> RejectCode {
        match self {
            Self::Replay | Self::TooOften | Self::Population => RejectCode::Replay,
            Self::Part => RejectCode::Malformed,
            Self::Quota => RejectCode::QuotaExceeded,
        }
    }
}

/// Judges a batch, given what is known of its number and of the requester.
///
/// Each batch has just the persons that its number says, so an element's place says whose it must be when a sample is
/// opened.
pub(crate) fn judge(
    asked: &Asked,
    known: Option<&Known>,
    account: Option<&Account>,
    quota: u32,
) -> Result<Counted, AccountError> {
    if account.is_some_and(|account| account.commitment != asked.commitment) {
        return Err(AccountError::Population);
    }
    let evaluated = account.map_or(0, |account| account.evaluated);
    match known {
        Some(known) if known.digest != asked.digest => Err(AccountError::Replay),
        Some(known) if known.times >= TIMES_MAX => Err(AccountError::TooOften),
        Some(known) => Ok(Counted { times: known.times + 1, evaluated }),
        None => {
            let evaluated = evaluated.saturating_add(u64::from(asked.elements));
            let within = evaluated <= u64::from(asked.persons) && asked.persons <= quota;
            match asked.elements.cmp(&asked.share) {
                _ if !within => Err(AccountError::Quota),
                Ordering::Greater => Err(AccountError::Quota),
                Ordering::Less => Err(AccountError::Part),
                Ordering::Equal => Ok(Counted { times: 1, evaluated }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(digest: u8, elements: u32) -> Asked {
        Asked {
            sequence: 0,
            digest: Digest([digest; 32]),
            elements,
            root: Digest([digest; 32]),
            commitment: Digest([7; 32]),
            persons: 100,
            share: elements,
        }
    }

    fn account(evaluated: u64) -> Account {
        Account { evaluated, commitment: Digest([7; 32]) }
    }

    #[test]
    fn the_same_batch_is_answered_again_and_counts_once_and_another_under_its_number_is_refused() {
        let known = Known { digest: Digest([1; 32]), times: 1 };
        let judge = |asked: &Asked, known| judge(asked, Some(known), Some(&account(60)), 100);
        assert_eq!(judge(&asked(1, 60), &known), Ok(Counted { times: 2, evaluated: 60 }));
        assert_eq!(judge(&asked(2, 1), &known), Err(AccountError::Replay));
        let often = Known { times: TIMES_MAX, ..known };
        assert_eq!(judge(&asked(1, 60), &often), Err(AccountError::TooOften));
    }

    #[test]
    fn the_persons_committed_to_are_reached_and_not_passed_and_are_within_the_quota() {
        let of_60 = account(60);
        assert_eq!(judge(&asked(1, 40), None, Some(&of_60), 100), Ok(Counted { times: 1, evaluated: 100 }));
        assert_eq!(judge(&asked(1, 41), None, Some(&of_60), 200), Err(AccountError::Quota));
        assert_eq!(judge(&asked(1, 100), None, None, 100), Ok(Counted { times: 1, evaluated: 100 }));
        assert_eq!(judge(&asked(1, 1), None, None, 99), Err(AccountError::Quota), "persons above the quota");
        assert_eq!(judge(&asked(1, u32::MAX), None, None, u32::MAX), Err(AccountError::Quota));
        // What was counted when there was room is answered again when there is none.
        let known = Known { digest: Digest([1; 32]), times: 1 };
        let full = account(100);
        assert_eq!(
            judge(&asked(1, 40), Some(&known), Some(&full), 100),
            Ok(Counted { times: 2, evaluated: 100 })
        );
    }

    #[test]
    fn a_batch_has_the_persons_of_its_number_and_the_commitment_of_the_first() {
        for (share, judged) in [
            (39, Err(AccountError::Quota)),
            (40, Ok(Counted { times: 1, evaluated: 40 })),
            (41, Err(AccountError::Part)),
        ] {
            assert_eq!(judge(&Asked { share, ..asked(1, 40) }, None, None, 100), judged, "{share}");
        }
        let other = Asked { commitment: Digest([8; 32]), ..asked(1, 40) };
        assert_eq!(judge(&other, None, None, 100), Ok(Counted { times: 1, evaluated: 40 }));
        assert_eq!(judge(&other, None, Some(&account(40)), 100), Err(AccountError::Population));
        let known = Known { digest: Digest([1; 32]), times: 1 };
        assert_eq!(judge(&other, Some(&known), Some(&account(40)), 100), Err(AccountError::Population));
    }
}
