//! Public bins over a number: what a histogram counts in, and what quantiles are read from.

use crate::label::Label;

/// Bins that follow one another and cover a clamp: everyone who has a value is in one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bins {
    starts: Vec<i64>,
    to: i64,
}

/// Why numbers make no bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BinsError {
    /// There is none.
    #[error("there is no bin")]
    None,
    /// A number that is not more than the one before it.
    #[error("the {}th is not more than the one before it", .0 + 1)]
    Order(usize),
    /// A number outside the clamp.
    #[error("the {}th lies outside the feature's bounds", .0 + 1)]
    Outside(usize),
}

impl Bins {
    /// Each number begins a bin that ends before the next, the last one with the clamp `from..=to`. What the clamp has
    /// below the first number is a bin too, so that nobody is left out.
    ///
    /// # Errors
    /// [`BinsError`] for an empty list, one that does not rise, and a number outside the clamp.
    pub fn new(starts: &[i64], from: i64, to: i64) -> Result<Self, BinsError> {
        let first = *starts.first().ok_or(BinsError::None)?;
        for (index, start) in starts.iter().enumerate() {
            if !(from..=to).contains(start) {
                return Err(BinsError::Outside(index));
            }
            if index > 0 && starts.get(index - 1).is_some_and(|before| before >= start) {
                return Err(BinsError::Order(index));
            }
        }
        let below = (first > from).then_some(from);
        Ok(Self { starts: below.into_iter().chain(starts.iter().copied()).collect(), to })
    }

    /// How many there are, at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Where each begins, rising; the first is the least of the clamp.
    #[must_use]
    pub fn starts(&self) -> &[i64] {
        &self.starts
    }

    /// The first and the last number of each, both included, rising.
    pub fn ranges(&self) -> impl Iterator<Item = (i64, i64)> {
        let ends = self.starts.iter().skip(1).map(|next| next - 1).chain([self.to]);
        self.starts.iter().copied().zip(ends)
    }

    /// The bin that a number lies in. A number outside the clamp is taken as its nearest bound.
    #[must_use]
    pub fn of(&self, number: i64) -> usize {
        self.starts.partition_point(|start| *start <= number).saturating_sub(1)
    }

    /// Their labels, in order.
    pub(crate) fn labels(&self) -> Vec<Label> {
        self.ranges().map(|(from, to)| Label::Bin { from, to }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_cover_the_clamp_and_everyone_is_in_one() {
        let bins = Bins::new(&[5, 10, 11], 0, 100).unwrap();
        assert_eq!(bins.ranges().collect::<Vec<_>>(), [(0, 4), (5, 9), (10, 10), (11, 100)]);
        assert_eq!(bins, Bins::new(&[0, 5, 10, 11], 0, 100).unwrap(), "one form");
        for number in -3..=105_i64 {
            let (from, to) = bins.ranges().nth(bins.of(number)).unwrap();
            assert!((from..=to).contains(&number.clamp(0, 100)), "{number}");
        }
        let labels: Vec<String> = bins.labels().iter().map(ToString::to_string).collect();
        assert_eq!(labels, ["0-4", "5-9", "10", "11-100"]);
        let signed = Bins::new(&[-10, -1, 5], -10, 10).unwrap();
        let labels: Vec<String> = signed.labels().iter().map(ToString::to_string).collect();
        assert_eq!(labels, ["-10 to -2", "-1 to 4", "5-10"]);
    }

    #[test]
    fn numbers_that_make_no_bins_are_refused() {
        assert_eq!(Bins::new(&[], 0, 10), Err(BinsError::None));
        assert_eq!(Bins::new(&[0, 3, 3], 0, 10), Err(BinsError::Order(2)));
        assert_eq!(Bins::new(&[5, 3], 0, 10), Err(BinsError::Order(1)));
        assert_eq!(Bins::new(&[-1, 3], 0, 10), Err(BinsError::Outside(0)));
        assert_eq!(Bins::new(&[3, 11], 0, 10), Err(BinsError::Outside(1)));
        assert_eq!(Bins::new(&[3, i64::MAX], 0, 10), Err(BinsError::Outside(1)));
        assert_eq!(Bins::new(&[0], 0, 10).unwrap().len(), 1);
    }
}
