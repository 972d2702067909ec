//! What a person may have meant who wrote a name that there is not.

/// How alike two names must be, of 1: every third letter may be another.
const ALIKE: f64 = 0.65;

/// The name that is most like the one that was written (Damerau and Levenshtein's distance over the length); none where
/// none is like it.
pub fn nearest<'n>(written: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let alike = known.into_iter().map(|name| (strsim::normalized_damerau_levenshtein(written, name), name));
    // The first of several that are as like.
    let best = alike.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.filter(|(alike, _)| *alike >= ALIKE).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_and_another_word_is_not() {
        let known = ["age", "age_band", "gp_contacts_1y", "gp_contacts_2y"];
        let cases = [
            ("aeg_band", Some("age_band")),
            ("gp_contact_1y", Some("gp_contacts_1y")),
            ("gp_contacts", Some("gp_contacts_1y")),
            ("income", None),
        ];
        for (written, expected) in cases {
            assert_eq!(nearest(written, known), expected, "{written}");
        }
        assert_eq!(nearest("age", []), None);
    }
}
