//! What a holder has answered one requester: the quota and the numbers of its batches. Pure.

use std::collections::BTreeSet;

use tvaers_protocol::reject::RejectCode;

/// Batch numbers that may be ahead of one that has not come: batches travel on streams of their own and can overtake
/// each other, but only by as many as a requester has under way.
const AHEAD_MAX: usize = 64;

/// The account of one requester in one study.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// All numbers below this one have been answered.
    next: u32,
    /// Answered numbers above it.
    ahead: BTreeSet<u32>,
    /// Elements evaluated so far.
    evaluated: u64,
}

/// A batch that is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AccountError {
    #[error("the batch number was used before")]
    Replay,
    #[error("the batch number is too far ahead of those before it")]
    TooFarAhead,
    #[error("the batch goes beyond the quota")]
    Quota,
}

impl AccountError {
    pub(crate) const fn code(self) -> RejectCode {
        match self {
            Self::Replay => RejectCode::Replay,
            Self::TooFarAhead => RejectCode::Malformed,
            Self::Quota => RejectCode::QuotaExceeded,
        }
    }
}

impl Account {
    /// Takes note of a batch, or says why it may not be answered and takes no note. What is counted stays counted,
    /// whatever becomes of the answer.
    pub(crate) fn count(&mut self, sequence: u32, elements: u64, quota: u32) -> Result<(), AccountError> {
        if sequence < self.next || self.ahead.contains(&sequence) {
            return Err(AccountError::Replay);
        }
        if self.ahead.len() >= AHEAD_MAX && sequence != self.next {
            return Err(AccountError::TooFarAhead);
        }
        let evaluated = self.evaluated.saturating_add(elements);
        if evaluated > u64::from(quota) {
            return Err(AccountError::Quota);
        }
        self.evaluated = evaluated;
        self.ahead.insert(sequence);
        while self.ahead.remove(&self.next) {
            self.next = self.next.saturating_add(1);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_may_overtake_each_other_and_none_is_answered_twice() {
        let mut account = Account::default();
        for sequence in [1, 0, 3, 2, 4] {
            assert_eq!(account.count(sequence, 10, 1000), Ok(()));
            assert_eq!(account.count(sequence, 10, 1000), Err(AccountError::Replay));
        }
        assert_eq!((account.next, account.ahead.len()), (5, 0));
        for sequence in 0..5 {
            assert_eq!(account.count(sequence, 10, 1000), Err(AccountError::Replay));
        }
    }

    #[test]
    fn the_quota_is_reached_and_not_passed_and_a_refused_batch_costs_nothing() {
        let mut account = Account::default();
        assert_eq!(account.count(0, 60, 100), Ok(()));
        assert_eq!(account.count(1, 41, 100), Err(AccountError::Quota));
        assert_eq!(account.count(1, 40, 100), Ok(()));
        assert_eq!(account.count(2, 1, 100), Err(AccountError::Quota));
    }

    #[test]
    fn what_is_remembered_of_numbers_is_bounded() {
        let mut account = Account::default();
        let bound = u32::try_from(AHEAD_MAX).unwrap();
        for sequence in 1..=bound {
            assert_eq!(account.count(sequence, 1, u32::MAX), Ok(()));
        }
        assert_eq!(account.count(bound + 1, 1, u32::MAX), Err(AccountError::TooFarAhead));
        assert_eq!(account.count(0, 1, u32::MAX), Ok(()));
        assert_eq!(account.count(bound + 1, 1, u32::MAX), Ok(()));
    }
}
