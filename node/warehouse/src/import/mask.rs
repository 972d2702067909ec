//! Makes a value from a file fit for a message.
//!
//! No message holds a CPR number: of a person's column it tells the shape only, and elsewhere every long run of
//! digits is masked, because a row whose columns have slipped may have the number anywhere.

/// A value from a file as a message may show it: masked, cut at 40 characters, control characters escaped.
pub(super) fn shown(text: &str) -> Box<str> {
    const CHARS_MAX: usize = 40;
    let mut out = String::new();
    // Masking looks at a little more than is shown, so that a number at the cut is still seen whole.
    let head: String = text.chars().take(CHARS_MAX * 2).collect();
    let masked = masked(&head);
    for c in masked.chars().take(CHARS_MAX) {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    if text.chars().nth(CHARS_MAX).is_some() {
        out.push('…');
    }
    out.into()
}

/// The shape of a text that may be a CPR number: how many characters of which sort, and nothing of what they are.
pub(super) fn shape(text: &str) -> String {
    let count = |is: fn(char) -> bool| text.chars().filter(|&c| is(c)).count();
    let n_digits = count(|c| c.is_ascii_digit());
    let n_letters = count(char::is_alphabetic);
    let n_spaces = count(char::is_whitespace);
    let n = text.chars().count();
    let mut parts = vec![format!("{n_digits} digits")];
    for (n, name) in
        [(n_letters, "letters"), (n_spaces, "spaces"), (n - n_digits - n_letters - n_spaces, "others")]
    {
        if n > 0 {
            parts.push(format!("{n} {name}"));
        }
    }
    format!("{n} characters: {}", parts.join(", "))
}

/// The text with the digits of every number that could be a CPR number, or part of one, replaced by `#`.
///
/// A number is digits with at most two separators between two of them. It is masked where six digits stand together,
/// or nine or more in all; a date has eight, in groups of four and two, and stays.
pub(super) fn masked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut rest = chars.as_slice();
    while let Some((&first, tail)) = rest.split_first() {
        if !first.is_numeric() {
            out.push(first);
            rest = tail;
            continue;
        }
        let (number, after) = rest.split_at(number_length(rest));
        let secret = number.iter().filter(|c| c.is_numeric()).count() >= 9
            || number.split(|c| !c.is_numeric()).any(|run| run.len() >= 6);
        out.extend(number.iter().map(|&c| if secret && c.is_numeric() { '#' } else { c }));
        rest = after;
    }
    out
}

/// How many characters the number at the head of `chars` has. It begins and ends with a digit.
fn number_length(chars: &[char]) -> usize {
    let mut end = 0;
    for (i, c) in chars.iter().enumerate() {
        if c.is_numeric() {
            end = i + 1;
        } else if c.is_alphanumeric() || i > end + 1 {
            break;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpr_number_is_masked_however_it_is_written_and_wherever_it_stands() {
        for written in [
            "6101653000",
            "610165-3000",
            "610165 3000",
            "61 01 65 30 00",
            "61.01.65-3000",
            "61-01-65-3000",
            "610165--3000",
            "x6101653000y",
            "DF32|610165-3000",
            "６１０１６５３０００",
            "6101653",
            "61\u{0}01\u{0}65\u{0}3000",
        ] {
            let shown = shown(written);
            assert!(!shown.contains("3000") && !shown.contains("0165"), "{shown}");
            assert!(!shown.contains("61"), "{shown}");
        }
        let late = format!("{}6101653000", "a".repeat(35));
        assert_eq!(
            &*shown(&late),
            format!("{}#####…", "a".repeat(35)),
            "a number at the cut is still masked"
        );
    }

    #[test]
    fn dates_codes_and_small_numbers_stay_readable() {
        for text in ["2025-02-30", "2025-02-30T25:00", "DF438A", "-1", "12.345", "enlig ", "01-02-25"] {
            assert_eq!(&*shown(text), text);
        }
        assert_eq!(&*shown("a\tb\u{7}"), "a\\tb\\u{7}");
        assert_eq!(shape("610165-3OO0"), "11 characters: 8 digits, 2 letters, 1 others");
    }
}
