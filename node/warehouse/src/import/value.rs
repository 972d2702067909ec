//! Checks one field against its column and reads it into the value that is stored.
//!
//! Nothing is guessed: a value with spaces around it, a thousands separator or a decimal comma is refused, not
//! repaired, because what repairs one file damages another.

use jiff::civil::Date;
use tvaers_protocol::id::{PersonId, PersonIdError};

use super::fault::What;
use crate::table::{Column, DECIMAL_MAX, Kind, MONEY_MAX_OERE, YEARS};

/// A value as it is stored. It has no `Debug`: it may be a person.
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a str),
    Person(PersonId),
}

/// What is wrong with a field, and what was expected where the column's kind does not say it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) what: What,
    pub(crate) expected: Option<&'static str>,
}

impl From<What> for Wrong {
    fn from(what: What) -> Self {
        Self { what, expected: None }
    }
}

/// Reads `text` as a value of `column`.
pub(crate) fn read<'a>(column: &Column, text: &'a str) -> Result<Value<'a>, Wrong> {
    if text.is_empty() {
        return if column.required { Err(What::Empty.into()) } else { Ok(Value::Null) };
    }
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        return Err(What::Spaces.into());
    }
    match column.kind {
        Kind::Person => PersonId::parse(text).map(Value::Person).map_err(person),
        Kind::Date => check_date(text).map(|()| Value::Text(text)),
        Kind::Time => check_time(text).map(|()| Value::Text(text)),
        Kind::Integer(min, max) => integer(text, min, max).map(Value::Integer),
        Kind::Money => fixed_point(text, 2, MONEY_MAX_OERE).map(Value::Integer),
        Kind::Decimal => {
            fixed_point(text, 6, DECIMAL_MAX * 1_000_000)?;
            text.parse().map(Value::Real).map_err(|_| What::Type.into())
        }
        Kind::Kommune => kommune(text).map(Value::Integer),
        Kind::OneOf(words) if words.contains(&text) => Ok(Value::Text(text)),
        Kind::Code(form) if (form.matches)(text) => Ok(Value::Text(text)),
        Kind::OneOf(_) | Kind::Code(_) => Err(What::UnknownCode.into()),
        Kind::Text(max) => {
            let fits = text.chars().count() <= max && !text.chars().any(char::is_control);
            if fits { Ok(Value::Text(text)) } else { Err(What::Type.into()) }
        }
    }
}

fn person(error: PersonIdError) -> Wrong {
    let expected = match error {
        PersonIdError::Form => None,
        PersonIdError::Date => {
            Some("a CPR number, which begins with a day of the calendar, raised by 60 or not")
        }
    };
    Wrong { what: What::PersonForm, expected }
}

/// `YYYY-MM-DD`, a day that exists. Such texts compare as the days do.
fn check_date(text: &str) -> Result<(), Wrong> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else {
        return Err(if has_two_digit_year(text) { What::TwoDigitYear } else { What::Type }.into());
    };
    let (Some(century), Some(year), Some(month), Some(day)) =
        (pair(y1, y2), pair(y3, y4), pair(m1, m2), pair(d1, d2))
    else {
        return Err(What::Type.into());
    };
    let year = i16::from(century) * 100 + i16::from(year);
    Date::new(year, month, day).map_err(|_| What::ImpossibleDate)?;
    if (YEARS.0..=YEARS.1).contains(&year) { Ok(()) } else { Err(What::Range.into()) }
}

/// `YYYY-MM-DDTHH:MM`, local time as the register has it; the hour that a clock change repeats is not told apart.
fn check_time(text: &str) -> Result<(), Wrong> {
    let Some((date, [b'T', h1, h2, b':', m1, m2])) =
        text.split_at_checked(10).map(|(d, t)| (d, t.as_bytes()))
    else {
        return Err(if has_two_digit_year(text) { What::TwoDigitYear } else { What::Type }.into());
    };
    check_date(date)?;
    match (pair(*h1, *h2), pair(*m1, *m2)) {
        (Some(0..=23), Some(0..=59)) => Ok(()),
        (Some(_), Some(_)) => Err(What::ImpossibleDate.into()),
        _ => Err(What::Type.into()),
    }
}

fn pair(tens: u8, ones: u8) -> Option<i8> {
    let digit = |b: u8| b.is_ascii_digit().then(|| (b - b'0').cast_signed());
    Some(digit(tens)? * 10 + digit(ones)?)
}

/// Whether a text that is no date looks like one with a short year: three short numbers, with or without a time.
fn has_two_digit_year(text: &str) -> bool {
    let date = text.split(['T', ' ']).next().unwrap_or_default();
    let mut parts = date.split(['-', '/', '.']);
    let short = |part: Option<&str>| {
        part.is_some_and(|p| (1..=2).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
    };
    short(parts.next()) && short(parts.next()) && short(parts.next()) && parts.next().is_none()
}

fn integer(text: &str, min: i64, max: i64) -> Result<i64, Wrong> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(What::Type.into());
    }
    // A number too long for the type is out of range too.
    match text.parse() {
        Ok(n) if (min..=max).contains(&n) => Ok(n),
        _ => Err(What::Range.into()),
    }
}

/// A decimal number from 0 to `max` as a whole number of its smallest unit, without the rounding of binary fractions.
fn fixed_point(text: &str, decimals: usize, max: i64) -> Result<i64, Wrong> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((_, "")) => return Err(What::Type.into()),
        Some(parts) => parts,
        None => (unsigned, ""),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > decimals {
        return Err(What::Type.into());
    }
    if unsigned.len() < text.len() {
        return Err(What::Range.into());
    }
    match format!("{whole}{fraction:0<decimals$}").parse() {
        Ok(n) if n <= max => Ok(n),
        _ => Err(What::Range.into()),
    }
}

fn kommune(text: &str) -> Result<i64, Wrong> {
    let code = match text.len() {
        4 => text.strip_prefix('0').ok_or(What::UnknownCode)?,
        _ => text,
    };
    match (code.len(), integer(code, 0, 999)?) {
        (3, n @ 100..) => Ok(n),
        _ => Err(What::UnknownCode.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(kind: Kind, text: &str) -> Option<What> {
        read(&Column { name: "x", kind, required: true }, text).err().map(|wrong| wrong.what)
    }

    fn stored(kind: Kind, text: &str) -> Option<i64> {
        match read(&Column { name: "x", kind, required: true }, text) {
            Ok(Value::Integer(n)) => Some(n),
            _ => None,
        }
    }

    #[test]
    fn money_is_read_exactly_into_oere() {
        for (text, oere) in [
            ("0", 0),
            ("155", 15_500),
            ("0.1", 10),
            ("0.29", 29),
            ("1005.55", 100_555),
            ("007", 700),
            ("100000000", MONEY_MAX_OERE),
        ] {
            assert_eq!(stored(Kind::Money, text), Some(oere), "{text}");
        }
        for (text, fault) in [
            ("-1", What::Range),
            ("-0.01", What::Range),
            ("100000000.01", What::Range),
            ("99999999999999999999", What::Range),
            ("1.005", What::Type),
            ("1,50", What::Type),
            ("1.", What::Type),
            (".5", What::Type),
            ("1e3", What::Type),
            ("NaN", What::Type),
            ("+1", What::Type),
            ("-", What::Type),
            ("1 000", What::Type),
            ("", What::Empty),
            ("1 ", What::Spaces),
            ("\u{a0}1", What::Spaces),
        ] {
            assert_eq!(what(Kind::Money, text), Some(fault), "{text}");
        }
    }

    #[test]
    fn dates_and_times_exist_and_have_four_digit_years() {
        for text in ["2024-02-29", "1850-01-01", "2100-12-31"] {
            assert_eq!(what(Kind::Date, text), None, "{text}");
        }
        assert_eq!(what(Kind::Time, "2025-07-19T00:15"), None);
        for (kind, text, fault) in [
            (Kind::Date, "2025-02-30", What::ImpossibleDate),
            (Kind::Date, "2025-02-29", What::ImpossibleDate),
            (Kind::Date, "2025-13-01", What::ImpossibleDate),
            (Kind::Date, "2025-00-10", What::ImpossibleDate),
            (Kind::Date, "25-02-03", What::TwoDigitYear),
            (Kind::Date, "03/02/25", What::TwoDigitYear),
            (Kind::Date, "3.2.25", What::TwoDigitYear),
            (Kind::Time, "25-02-03T10:00", What::TwoDigitYear),
            (Kind::Date, "1849-12-31", What::Range),
            (Kind::Date, "2205-01-01", What::Range),
            (Kind::Date, "03-02-2025", What::Type),
            (Kind::Date, "20250203", What::Type),
            (Kind::Date, "2025-2-3", What::Type),
            (Kind::Date, "2025-02-03T10:00", What::Type),
            (Kind::Time, "2025-02-03", What::Type),
            (Kind::Time, "2025-02-03 10:00", What::Type),
            (Kind::Time, "2025-02-03T10:00:00", What::Type),
            (Kind::Time, "2025-02-03T24:00", What::ImpossibleDate),
            (Kind::Time, "2025-02-30T10:00", What::ImpossibleDate),
            (Kind::Time, "2025-02-0éT10:00", What::Type),
        ] {
            assert_eq!(what(kind, text), Some(fault), "{text}");
        }
    }

    #[test]
    fn numbers_and_codes_outside_their_range_are_refused() {
        assert_eq!(stored(Kind::Integer(1, 53), "09"), Some(9));
        assert_eq!(what(Kind::Integer(1, 53), "54"), Some(What::Range));
        assert_eq!(what(Kind::Integer(1, 53), "0"), Some(What::Range));
        assert_eq!(what(Kind::Integer(1, 53), "-3"), Some(What::Range));
        assert_eq!(what(Kind::Integer(1, 53), "3.0"), Some(What::Type));
        assert_eq!(what(Kind::Integer(1, 53), "99999999999999999999"), Some(What::Range));
        assert_eq!((stored(Kind::Kommune, "360"), stored(Kind::Kommune, "0360")), (Some(360), Some(360)));
        for text in ["36", "036", "1360", "00360", "099"] {
            assert_eq!(what(Kind::Kommune, text), Some(What::UnknownCode), "{text}");
        }
        assert_eq!(what(Kind::Kommune, "Odense"), Some(What::Type));
        assert_eq!(what(Kind::OneOf(&["M", "F"]), "m"), Some(What::UnknownCode));
        assert_eq!(what(Kind::Text(3), "abcd"), Some(What::Type));
        assert_eq!(what(Kind::Text(3), "a\0b"), Some(What::Type));
        for text in ["32", "1e2", "-1", "0.0000001"] {
            assert_eq!(what(Kind::Decimal, text).is_none(), text == "32", "{text}");
        }
    }
}
