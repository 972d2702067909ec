//! An exact decimal number more than 0: what a budget is written as, and what it is counted in.
//!
//! Budgets are added and compared, so they are whole numbers of a thousand-millionth (nano). A text is read digit by
//! digit: 0.1 is a tenth, which no binary fraction is.

use std::fmt;

const PLACES: u32 = 9;
const NANO: u64 = 10_u64.pow(PLACES);

/// A number of 0.000000001 to 1,000,000,000 with at most nine decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal {
    nano: u64,
}

/// A text that is no such number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// No number at all, or none that can be counted: `nan`, `inf`.
    #[error("it is no number that can be counted")]
    NotANumber,
    /// 0 or less.
    #[error("it is not more than 0")]
    NotPositive,
    /// More than [`Decimal::MAX`].
    #[error("it is more than {}", Decimal::MAX)]
    TooLarge,
    /// More than nine decimals.
    #[error("it has more than nine decimals")]
    TooFine,
}

impl Decimal {
    /// The least: one thousand-millionth.
    pub const MIN: Self = Self { nano: 1 };
    /// The greatest: a thousand million. Sums of many fit 64 bits.
    pub const MAX: Self = Self { nano: 1_000_000_000 * NANO };
    /// One.
    pub const ONE: Self = Self { nano: NANO };
    /// A tenth.
    pub const TENTH: Self = Self { nano: NANO / 10 };
    /// What numbers must be, in words.
    pub const EXPECTED: &'static str =
        "a number more than 0 and at most 1000000000, with at most nine decimals";

    /// So many thousand-millionths, where that is within the bounds.
    #[must_use]
    pub fn from_nano(nano: u64) -> Option<Self> {
        (Self::MIN.nano..=Self::MAX.nano).contains(&nano).then_some(Self { nano })
    }

    /// The number in thousand-millionths.
    #[must_use]
    pub const fn nano(self) -> u64 {
        self.nano
    }

    /// The nearest number that a machine computes with.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "it is the nearest that there is, and exact for few decimals"
    )]
    pub fn real(self) -> f64 {
        // Read from the digits: a division would round twice.
        self.to_string().parse().unwrap_or(self.nano as f64 / NANO as f64)
    }

    /// Reads a number as TOML writes it: `0.5`, `1e-3`, `1_000`.
    ///
    /// # Errors
    /// [`DecimalError`].
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let text = text.replace('_', "");
        let (negative, text) = match text.strip_prefix(['+', '-']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text.as_str()),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = || whole.bytes().chain(fraction.bytes());
        if whole.is_empty() || !digits().all(|digit| digit.is_ascii_digit()) {
            return Err(DecimalError::NotANumber);
        }
        let exponent: i64 = exponent.parse().map_err(|_| DecimalError::NotANumber)?;
        if negative || digits().all(|digit| digit == b'0') {
            return Err(DecimalError::NotPositive);
        }
        // Zeros at the end carry nothing, so that 1.0000000000 has no more decimals than 1.
        let mut significant: Vec<u8> = digits().skip_while(|digit| *digit == b'0').collect();
        let kept = significant.len() - significant.iter().rev().take_while(|digit| **digit == b'0').count();
        let dropped = i64::try_from(significant.len() - kept).map_err(|_| DecimalError::TooLarge)?;
        significant.truncate(kept);
        let decimals = i64::try_from(fraction.len()).map_err(|_| DecimalError::TooFine)?;
        let shift =
            exponent.saturating_sub(decimals).saturating_add(dropped).saturating_add(i64::from(PLACES));
        if shift < 0 {
            return Err(DecimalError::TooFine);
        }
        let shift = u32::try_from(shift).map_err(|_| DecimalError::TooLarge)?;
        let number = significant
            .iter()
            .try_fold(0_u128, |number, digit| number.checked_mul(10)?.checked_add(u128::from(digit - b'0')));
        let nano =
            number.zip(10_u128.checked_pow(shift)).and_then(|(number, scale)| number.checked_mul(scale));
        let nano = nano.and_then(|nano| u64::try_from(nano).ok()).ok_or(DecimalError::TooLarge)?;
        Self::from_nano(nano).ok_or(DecimalError::TooLarge)
    }
}

impl fmt::Display for Decimal {
    /// The shortest writing: `0.5`, `1000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.nano / NANO)?;
        match self.nano % NANO {
            0 => Ok(()),
            rest => write!(f, ".{}", format!("{rest:09}").trim_end_matches('0')),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_read_exactly_and_written_shortly() {
        let cases = [
            ("0.1", 100_000_000, "0.1"),
            ("1", NANO, "1"),
            ("+0.500", 500_000_000, "0.5"),
            ("1e-9", 1, "0.000000001"),
            ("1e6", 1_000_000 * NANO, "1000000"),
            ("12.5E1", 125 * NANO, "125"),
            ("1_000.25", 1_000_250_000_000, "1000.25"),
            ("1.0000000000000", NANO, "1"),
            ("1000000000", 1_000_000_000 * NANO, "1000000000"),
        ];
        for (text, nano, shown) in cases {
            let number = Decimal::parse(text).unwrap();
            assert_eq!((number.nano(), number.to_string().as_str()), (nano, shown), "{text}");
        }
    }

    #[test]
    fn what_is_no_budget_is_refused_with_the_reason() {
        use DecimalError::{NotANumber, NotPositive, TooFine, TooLarge};
        let cases = [
            ("0", NotPositive),
            ("0.0", NotPositive),
            ("-0.0", NotPositive),
            ("0e9", NotPositive),
            ("-1", NotPositive),
            ("nan", NotANumber),
            ("-nan", NotANumber),
            ("inf", NotANumber),
            ("", NotANumber),
            (".5", NotANumber),
            ("1e", NotANumber),
            ("1e99999999999999999999", NotANumber),
            ("1e308", TooLarge),
            ("1e9223372036854775807", TooLarge),
            ("1000000000.000000001", TooLarge),
            ("1e-10", TooFine),
            ("0.0000000001", TooFine),
            ("1.0000000001", TooFine),
            ("1e-9223372036854775808", TooFine),
        ];
        for (text, error) in cases {
            assert_eq!(Decimal::parse(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_number_reads_back_as_it_is_written(nano in 1..=Decimal::MAX.nano) {
            let number = Decimal::from_nano(nano).unwrap();
            prop_assert_eq!(Decimal::parse(&number.to_string()), Ok(number));
        }

        #[test]
        fn no_text_is_too_much(text in "[-+]?[0-9_]{0,40}(\\.[0-9]{0,40})?(e[-+]?[0-9]{0,25})?") {
            let _ = Decimal::parse(&text);
        }
    }
}
