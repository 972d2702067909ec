//! The types that a key's value can have.

use jiff::civil::Date;
use toml::de::DeValue;

/// A type that a value of a TOML file can be read as.
pub trait Value: Sized {
    /// The type in words, for faults.
    const EXPECTED: &'static str;

    /// The value, where it is of this type.
    fn read(value: &DeValue<'_>) -> Option<Self>;
}

/// A number as it is written, so that none is rounded before anyone has looked at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(pub String);

/// A text or a whole number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
}

impl Value for String {
    const EXPECTED: &'static str = "a text in quotation marks";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_bool()
    }
}

impl Value for i64 {
    const EXPECTED: &'static str = "a whole number";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        let integer = value.as_integer()?;
        Self::from_str_radix(integer.as_str(), integer.radix()).ok()
    }
}

impl Value for Number {
    const EXPECTED: &'static str = "a number";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::Integer(integer) if integer.radix() == 10 => Some(Self(integer.as_str().to_owned())),
            DeValue::Float(float) => Some(Self(float.as_str().to_owned())),
            _ => None,
        }
    }
}

impl Value for Scalar {
    const EXPECTED: &'static str = "a text in quotation marks or a whole number";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        let text = String::read(value).map(Self::Text);
        text.or_else(|| i64::read(value).map(Self::Integer))
    }
}

impl Value for Date {
    const EXPECTED: &'static str = "a date such as 2026-02-28, without quotation marks";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        let day = value.as_datetime()?;
        let (Some(date), None, None) = (day.date, day.time, day.offset) else { return None };
        let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
        Self::new(i16::try_from(date.year).ok()?, month, day).ok()
    }
}

/// What a value is, in words.
pub(super) fn words(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) if i64::read(value).is_none() => "a whole number that is too large",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with decimals",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
