//! Days, which objects have as in RFC 3339: 28-02-2026 in Danish, 2026-02-28 in English.

use jiff::civil::{Date, date};

use crate::words::Tongue;

/// A day as people write it; another text as it is.
pub(crate) fn told(day: &str, tongue: Tongue) -> String {
    match (tongue, day.parse::<Date>()) {
        (Tongue::Da, Ok(day)) => day.strftime("%d-%m-%Y").to_string(),
        _ => day.to_owned(),
    }
}

/// A moment as people write it; another text as it is.
pub(crate) fn moment(at: &str, tongue: Tongue) -> String {
    match at.strip_suffix('Z').and_then(|at| at.split_once('T')) {
        Some((day, time)) => format!("{} {} UTC", told(day, tongue), time.get(..5).unwrap_or(time)),
        None => at.to_owned(),
    }
}

/// The number of a day, counted from one; none where the text is no day.
pub(crate) fn number(day: &str) -> Option<i32> {
    let day: Date = day.parse().ok()?;
    Some(day.since(date(2000, 1, 1)).ok()?.get_days())
}

#[cfg(test)]
mod tests {
    use super::{moment, number, told};
    use crate::words::Tongue::{Da, En};

    #[test]
    fn a_day_is_written_as_in_the_language() {
        assert_eq!(
            (told("2025-02-28", Da), told("2025-02-28", En)),
            ("28-02-2025".into(), "2025-02-28".into())
        );
        assert_eq!(told("2025-02-30", Da), "2025-02-30");
        assert_eq!(moment("2026-02-28T09:00:00Z", Da), "28-02-2026 09:00 UTC");
        assert_eq!(moment("<T", Da), "<T");
    }

    #[test]
    fn days_are_counted() {
        assert_eq!(number("2000-03-01"), Some(60));
        assert_eq!(number("1999-12-31"), Some(-1));
        assert_eq!(number("soon"), None);
    }
}
