//! How many CPR numbers there are to try: counted, not estimated, by our own reader's table of centuries.

use jiff::civil::{Date, date};
use tvaers_protocol::id::PersonId;

/// Days of birth of those who may be alive, both in.
const BORN: [Date; 2] = [date(1917, 1, 1), date(2026, 12, 31)];

/// The weights of the ten digits by which numbers were checked until 2007.
const WEIGHTS: [u32; 10] = [4, 3, 2, 7, 6, 5, 4, 3, 2, 1];

/// Numbers that a person born on one of the days can have.
pub(crate) struct Numbers {
    /// All: numbers that fail modulus 11 have been issued since 2007.
    pub(crate) all: u64,
    /// Those that keep to modulus 11, as nearly all that are in use.
    pub(crate) modulus_11: u64,
}

/// Counts them.
pub(crate) fn count() -> Numbers {
    let mut numbers = Numbers { all: 0, modulus_11: 0 };
    for (day, month, year) in days() {
        for seventh in 0..=9 {
            let text = format!("{day:02}{month:02}{year:02}{seventh}");
            let read = PersonId::parse(&format!("{text}000")).ok().and_then(|person| person.birth_date());
            if read.is_none_or(|born| !(BORN[0]..=BORN[1]).contains(&born)) {
                continue;
            }
            let first: u32 =
                text.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
            let keeps = |serial: &u32| {
                (first + serial / 100 * 3 + serial / 10 % 10 * 2 + serial % 10).is_multiple_of(11)
            };
            numbers.all += 1_000;
            numbers.modulus_11 += (0..1_000).filter(keeps).count() as u64;
        }
    }
    numbers
}

/// Day, month and year of two digits; some are no day of the calendar.
fn days() -> impl Iterator<Item = (u8, u8, u8)> {
    (0..100).flat_map(|year| (1..=12).flat_map(move |month| (1..=31).map(move |day| (day, month, year))))
}
