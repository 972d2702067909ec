//! Numbers as people read them: 1.234,5 in Danish, 1,234.5 in English.

use crate::words::Tongue;

/// Beyond it digits say nothing, and a power of ten is read more easily.
const DIGITS_MAX: f64 = 1e15;

/// A number with so many places.
pub(crate) fn decimal(value: f64, places: usize, tongue: Tongue) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value.abs() >= DIGITS_MAX {
        return power(value, tongue);
    }
    let text = format!("{:.places$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (thousands, point) = match tongue {
        Tongue::Da => ('.', ','),
        Tongue::En => (',', '.'),
    };
    let mut told = String::new();
    // Nothing that is rounded to zero has a sign.
    if value < 0.0 && text.chars().any(|digit| ('1'..='9').contains(&digit)) {
        told.push('−');
    }
    let length = whole.len();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (length - at).is_multiple_of(3) {
            told.push(thousands);
        }
        told.push(digit);
    }
    if !fraction.is_empty() {
        told.push(point);
        told.push_str(fraction);
    }
    told
}

/// A number with as many places as it needs, up to so many.
pub(crate) fn trimmed(value: f64, places: usize, tongue: Tongue) -> String {
    let told = decimal(value, places, tongue);
    let point = if tongue == Tongue::Da { ',' } else { '.' };
    match told.rsplit_once(point) {
        Some((_, fraction)) if places > 0 && fraction.len() == places => {
            told.trim_end_matches('0').trim_end_matches(point).to_owned()
        }
        _ => told,
    }
}

/// A cost in epsilon, rho or delta, of which the size matters and not every digit.
pub(crate) fn size(value: f64, tongue: Tongue) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        small if small < 1e-4 => power(value, tongue),
        small if small < 1.0 => trimmed(value, 6, tongue),
        middle if middle < 1000.0 => trimmed(value, 3, tongue),
        _ => decimal(value, 0, tongue),
    }
}

/// A number as a power of ten.
fn power(value: f64, tongue: Tongue) -> String {
    let text = format!("{value:.3e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = trimmed(digits.parse().unwrap_or_default(), 3, tongue);
    let raised: String = exponent.chars().map(superscript).collect();
    format!("{digits} · 10{raised}")
}

fn superscript(digit: char) -> char {
    match digit {
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => '⁻',
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Count,
    Dkk,
    Share,
    Points,
    Days,
    /// Not said.
    Plain,
}

impl Unit {
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "count" => Self::Count,
            "dkk" => Self::Dkk,
            "share" => Self::Share,
            "points" => Self::Points,
            "days" => Self::Days,
            _ => Self::Plain,
        }
    }

    /// Said once, at the head of a column or beside an axis; a per cent sign stands at every number.
    pub(crate) fn name(self, tongue: Tongue) -> &'static str {
        match self {
            Self::Dkk => tongue.say("kr.", "DKK"),
            Self::Points => tongue.say("point", "points"),
            Self::Days => tongue.say("dage", "days"),
            Self::Count | Self::Share | Self::Plain => "",
        }
    }

    /// A number of it, and the ends of its interval with as many places.
    pub(crate) fn tell(
        self,
        value: f64,
        interval: Option<[f64; 2]>,
        tongue: Tongue,
    ) -> (String, Option<[String; 2]>) {
        let places = self.places(value, interval);
        let one = |value: f64| match self {
            Self::Share => per_cent(decimal(value * 100.0, places, tongue), tongue),
            _ => decimal(value, places, tongue),
        };
        (one(value), interval.map(|ends| ends.map(one)))
    }

    /// How many places a number has: a share one of a per cent, whole numbers none, another so many that three digits of
    /// it are told, or two of what it may be off by where that is less; but always one of these.
    fn places(self, value: f64, interval: Option<[f64; 2]>) -> usize {
        let [from, to] = interval.unwrap_or([value, value]);
        let off_by = (to - from) / 2.0;
        let of_digits = |own: usize| match () {
            () if off_by > 0.0 => own.min(places_of(off_by, 2)).max(places_of(off_by, 1)),
            () if value == 0.0 => 0,
            () => own,
        };
        let is_whole = |number: f64| number.fract() == 0.0;
        let own = if value == 0.0 { PLACES_MAX } else { places_of(value, 3) };
        match self {
            Self::Share => 1,
            Self::Dkk => {
                let largest = value.abs().max(from.abs()).max(to.abs());
                if largest < 100.0 { of_digits(own).max(2) } else { 0 }
            }
            _ if is_whole(value) && (off_by >= 1.0 || (is_whole(from) && is_whole(to))) => 0,
            _ => of_digits(own),
        }
    }
}

/// Of any number that is told.
const PLACES_MAX: usize = 6;

/// After how many places a number has so many digits.
fn places_of(value: f64, digits: usize) -> usize {
    let told = |places: &usize| value.abs() * 10_f64.powi(i32::try_from(*places).unwrap_or_default());
    let least = 10_f64.powi(i32::try_from(digits).unwrap_or_default() - 1);
    (0..PLACES_MAX).find(|places| told(places) >= least).unwrap_or(PLACES_MAX)
}

/// With the sign, which in Danish has a blank before it.
pub(crate) fn per_cent(number: String, tongue: Tongue) -> String {
    number + tongue.say("\u{a0}%", "%")
}

#[cfg(test)]
mod tests {
    use super::{Unit, decimal, size, trimmed};
    use crate::words::Tongue::{Da, En};

    #[test]
    fn thousands_and_decimals_are_those_of_the_language() {
        assert_eq!(decimal(1_234_567.25, 1, Da), "1.234.567,2");
        assert_eq!(decimal(1_234_567.25, 1, En), "1,234,567.2");
        assert_eq!(decimal(-999.0, 0, Da), "−999");
        assert_eq!(decimal(-0.04, 1, Da), "0,0");
        assert_eq!(decimal(100.0, 0, En), "100");
        assert_eq!(decimal(f64::NAN, 0, En), "–");
        assert_eq!(trimmed(1000.0, 2, Da), "1.000");
        assert_eq!(trimmed(1.5, 2, Da), "1,5");
    }

    #[test]
    fn a_number_is_told_by_its_unit() {
        let told = |unit: Unit, value: f64, tongue| unit.tell(value, None, tongue).0;
        assert_eq!(told(Unit::Share, 0.1834, Da), "18,3\u{a0}%");
        assert_eq!(told(Unit::Share, 0.0049, En), "0.5%");
        assert_eq!(told(Unit::Dkk, 12_345.6, Da), "12.346");
        assert_eq!(told(Unit::Dkk, 12.5, En), "12.50");
        assert_eq!(told(Unit::Dkk, 0.1239, En), "0.124");
        assert_eq!(told(Unit::Count, 1234.0, En), "1,234");
        assert_eq!(told(Unit::Count, 0.0, En), "0");
        assert_eq!(told(Unit::Count, 0.1239, Da), "0,124");
        assert_eq!(told(Unit::Days, 12.34, Da), "12,3");
        assert_eq!(told(Unit::Points, -0.3, Da), "−0,300");
        assert_eq!(told(Unit::Plain, 1234.5, Da), "1.234");
    }

    #[test]
    fn a_number_has_no_more_places_than_its_interval_supports_and_ends_differ() {
        let told = |unit: Unit, value: f64, half: f64| {
            let (value, ends) = unit.tell(value, Some([value - half, value + half]), En);
            let [from, to] = ends.unwrap();
            format!("{value} ({from} to {to})")
        };
        assert_eq!(told(Unit::Count, 0.108, 0.004), "0.108 (0.104 to 0.112)");
        assert_eq!(told(Unit::Count, 0.124, 0.0), "0.124 (0.124 to 0.124)");
        assert_eq!(told(Unit::Points, 0.3, 0.18), "0.30 (0.12 to 0.48)");
        assert_eq!(told(Unit::Days, 1000.25, 0.02), "1,000.25 (1,000.23 to 1,000.27)");
        assert_eq!(told(Unit::Count, 40.0, 6.3), "40 (34 to 46)");
        assert_eq!(told(Unit::Count, 2.0, 0.07), "2.00 (1.93 to 2.07)");
        assert_eq!(told(Unit::Count, 0.0, 0.04), "0.000 (−0.040 to 0.040)");
        assert_eq!(told(Unit::Dkk, 80.0, 5e6), "80 (−4,999,920 to 5,000,080)");
        assert_eq!(told(Unit::Points, 1.0, 1e-9), "1.000000 (1.000000 to 1.000000)");
        assert_eq!(told(Unit::Days, f64::NAN, 1.0), "– (– to –)");
    }

    #[test]
    fn a_cost_is_told_by_its_size() {
        assert_eq!(size(1e-8, Da), "1 · 10⁻⁸");
        assert_eq!(size(0.05, En), "0.05");
        assert_eq!(size(1_011_836.46, Da), "1.011.836");
        assert_eq!(size(1e300, En), "1 · 10³⁰⁰");
    }
}
