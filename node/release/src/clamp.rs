//! What one person can add to one cell.

use crate::error::{ReleaseError, require};

/// Bounds of a clamp, at most, on either side of 0: the feature catalogue's, ten thousand million kroner in øre.
pub const CLAMP_MAX: i64 = 1_000_000_000_000;

/// The greatest exact value, on either side of 0: it leaves as much room again for noise in an `i64`.
pub const EXACT_MAX: i64 = 1 << 62;

/// The bounds of what one person adds to one cell, both included. They are public: from the feature catalogue or a
/// policy, never from data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clamp {
    from: i64,
    to: i64,
}

impl Clamp {
    /// The clamp of a count: everyone adds 0 or 1.
    pub const COUNT: Self = Self { from: 0, to: 1 };

    /// A clamp of `from` to `to`, in the feature's unit (money: øre).
    ///
    /// # Errors
    /// `clamp`, if nothing but 0 lies in it or a bound is beyond [`CLAMP_MAX`].
    pub fn new(from: i64, to: i64) -> Result<Self, ReleaseError> {
        require(from <= to, "clamp", "must begin before it ends")?;
        require(from != 0 || to != 0, "clamp", "must hold another number than 0")?;
        let room = -CLAMP_MAX..=CLAMP_MAX;
        require(room.contains(&from) && room.contains(&to), "clamp", "must lie within 10^12 of 0")?;
        Ok(Self { from, to })
    }

    /// The least value.
    #[must_use]
    pub fn from(self) -> i64 {
        self.from
    }

    /// The greatest value.
    #[must_use]
    pub fn to(self) -> i64 {
        self.to
    }

    /// C: how much a cell can change at most when one person comes or goes, `max(|from|, |to|)`.
    #[must_use]
    pub fn magnitude(self) -> u64 {
        self.from.unsigned_abs().max(self.to.unsigned_abs())
    }

    /// A value, brought within the bounds.
    #[must_use]
    pub fn apply(self, value: i64) -> i64 {
        value.clamp(self.from, self.to)
    }

    /// The whole number in the middle, rounded down: what each value is taken less in a centred sum.
    #[must_use]
    pub fn centre(self) -> i64 {
        (self.from + self.to).div_euclid(2)
    }

    /// The clamp of values less the [centre](Self::centre). Its magnitude is `⌈(to − from) / 2⌉`, which is why a mean
    /// is made of a centred sum.
    ///
    /// # Errors
    /// `clamp`, if it holds one number only: there is nothing to add up.
    pub fn centred(self) -> Result<Self, ReleaseError> {
        Self::new(self.from - self.centre(), self.to - self.centre())
    }

    /// Whether sums over `population_max` persons, a public number, fit whatever the data are. Asked before any is read.
    ///
    /// # Errors
    /// `population`, if it is 0 or too large for this clamp.
    pub fn fits(self, population_max: u64) -> Result<(), ReleaseError> {
        require(population_max > 0, "population", "must be 1 or more")?;
        let sum_max = u128::from(self.magnitude()) * u128::from(population_max);
        let fits = sum_max <= u128::from(EXACT_MAX.unsigned_abs());
        require(fits, "population", "times the clamp must not be beyond 2^62")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(result: Result<impl Sized, ReleaseError>) -> &'static str {
        match result.err().unwrap() {
            ReleaseError::Parameter { field, .. } => field,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_clamp_that_holds_nothing_or_too_much_is_refused_by_name() {
        for (from, to) in [(0, 0), (0, -1), (1, 0), (i64::MIN, 0), (0, i64::MAX), (0, CLAMP_MAX + 1)] {
            assert_eq!(refused(Clamp::new(from, to)), "clamp", "{from} to {to}");
        }
        for (from, to) in [(0, 1), (-1, 0), (-4, 4), (5, 5), (-CLAMP_MAX, CLAMP_MAX)] {
            assert!(Clamp::new(from, to).is_ok(), "{from} to {to}");
        }
    }

    #[test]
    fn a_centred_clamp_reaches_half_as_far_rounded_up() {
        for (from, to) in [(0, 100), (0, 101), (-4, 4), (-5, -2), (18, 65), (-CLAMP_MAX, CLAMP_MAX - 1)] {
            let clamp = Clamp::new(from, to).unwrap();
            let half = u64::try_from(to - from).unwrap().div_ceil(2);
            assert_eq!(clamp.centred().unwrap().magnitude(), half, "{from} to {to}");
            assert_eq!(clamp.centred().unwrap().to() + clamp.centre(), to);
        }
        assert_eq!(refused(Clamp::new(7, 7).unwrap().centred()), "clamp");
    }

    #[test]
    fn a_population_too_large_for_the_clamp_is_refused_before_any_data() {
        let clamp = Clamp::new(-1, CLAMP_MAX).unwrap();
        let most = u64::try_from(EXACT_MAX / CLAMP_MAX).unwrap();
        assert_eq!(clamp.fits(most), Ok(()));
        assert_eq!(refused(clamp.fits(most + 1)), "population");
        assert_eq!(refused(clamp.fits(u64::MAX)), "population");
        assert_eq!(refused(clamp.fits(0)), "population");
        assert_eq!(Clamp::COUNT.fits(EXACT_MAX.unsigned_abs()), Ok(()));
    }
}
