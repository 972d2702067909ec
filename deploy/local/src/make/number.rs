//! Made-up CPR numbers: day + 60, which the national register never issues, and each number once.

use super::{MakeError, calendar::Calendar};

/// Ten digits. No `Debug`, although it is nobody's: what is printed for the made-up would be printed for the real.
#[derive(Clone, Copy)]
pub(super) struct Number([u8; 10]);

impl Number {
    pub(super) fn as_str(&self) -> &str {
        // Only digits are ever put in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// How many numbers of each birth date and sex have been used.
pub(super) struct Numbers {
    used: Vec<[u16; 2]>,
}

/// A step that is prime and divides neither 2000 nor 3000, so that it visits every serial before the first again.
const STEP: usize = 1237;

impl Numbers {
    pub(super) fn new(calendar: &Calendar) -> Self {
        Self { used: vec![[0; 2]; calendar.n_days()] }
    }

    /// The next number for one born on `birth`: the seventh digit tells the century, the last digit's parity the sex.
    pub(super) fn next(
        &mut self,
        calendar: &Calendar,
        birth: i32,
        female: bool,
    ) -> Result<Number, MakeError> {
        let date = calendar.date(birth);
        // The CPR office's table: 0 to 3 say 1900s; 4 and 9 say 1937-1999 or 2000-2036; 5 to 8 say 2000-2057.
        let sevenths: &[u8] = match date.year() {
            ..=1936 => b"0123",
            1937..=1999 => b"012349",
            _ => b"456789",
        };
        let position = calendar.position(birth);
        let [women, men] = self.used.get_mut(position).ok_or(MakeError::NumbersExhausted { birth: date })?;
        let used = if female { women } else { men };
        let capacity = sevenths.len() * 500;
        if usize::from(*used) >= capacity {
            return Err(MakeError::NumbersExhausted { birth: date });
        }
        let place = (position * 7919 + usize::from(*used) * STEP) % capacity;
        *used += 1;
        let seventh = sevenths.get(place / 500).copied().unwrap_or(b'4');
        let serial = (place % 500) * 2 + usize::from(!female);
        let digit = |value: usize| u8::try_from(value % 10).unwrap_or(0) + b'0';
        let part = |value: i16| usize::from(value.unsigned_abs());
        let (d, m, y) = (part(date.day().into()) + 60, part(date.month().into()), part(date.year() % 100));
        Ok(Number([
            digit(d / 10),
            digit(d),
            digit(m / 10),
            digit(m),
            digit(y / 10),
            digit(y),
            seventh,
            digit(serial / 100),
            digit(serial / 10),
            digit(serial),
        ]))
    }
}
