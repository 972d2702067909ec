mod embedded;
mod parameter;
mod refusal;
mod set;

use super::*;
use crate::source::Source;

/// A file with one feature that is right; each case makes one thing wrong.
const FILE: &str = r#"
[[feature]]
name = "gp_contacts_2y"
sector = "region"
window = "2 years"
kind = { integer = { from = 0, to = 100 } }
da = "Kontakter"
en = "Contacts"
[feature.rule.count-rows]
table = "gp_contacts"
date = "date"
[[feature.rule.count-rows.where]]
columns = ["speciale"]
any-of = ["80"]
[[feature.rule.count-rows.where]]
columns = ["kontakt"]
any-of = [1]
"#;

const WEEK: &str = r#"
[[feature]]
name = "unemployed"
sector = "municipality"
window = "on-day"
kind = "flag"
da = "Ledig"
en = "Unemployed"
[feature.rule.week-code]
table = "benefits_weeks"
year = "iso_year"
week = "iso_week"
code = "dream_code"
codes = ["111-113"]
"#;

const SPELL: &str = r#"
[[feature]]
name = "last_spell_days"
sector = "municipality"
window = "2 years"
kind = { integer = { from = 0, to = 730 } }
da = "Seneste"
en = "Latest"
[feature.rule.spells]
table = "sick_leave"
first = "first_day"
last = "last_day"
measure = "length-of-latest"
"#;

const PERSON: &str = r#"
[[feature]]
name = "sex"
sector = "both"
window = "on-day"
kind = { category = ["F", "M"] }
da = "Køn"
en = "Sex"
[feature.rule.person]
column = "sex"
"#;

fn read(text: &str) -> Result<Catalogue, DefinitionError> {
    Catalogue::read(&[Source { file: "test.toml", text }])
}

/// Replaces one text, and expects the refusal at the line where the replacement stands.
fn refused(file: &str, right: &str, wrong: &str, reason: &str) {
    assert!(read(file).is_ok());
    let start = file.find(right).unwrap_or_else(|| panic!("`{right}` is not in the file"));
    let text = file.replacen(right, wrong, 1);
    let error = read(&text).expect_err(wrong);
    let line = 1 + file.bytes().take(start).filter(|b| *b == b'\n').count();
    assert_eq!(error.to_string(), format!("`test.toml`, line {line}: {reason}"), "for `{wrong}`");
}

#[test]
fn a_wrong_condition_is_refused_at_the_condition() {
    // A prefix of a number has no meaning.
    let text = FILE.replace("any-of = [1]", "starts-with = [\"1\"]");
    let error = read(&text).unwrap_err();
    assert_eq!(
        (error.line, error.reason.to_string().as_str()),
        (16, "column `kontakt` holds a whole number; the rule needs text or a list of codes")
    );

    let text = FILE.replace("any-of = [1]", "any-of = [1]\nat-least = 1");
    let error = read(&text).unwrap_err();
    let choice = "exactly one of `starts-with`, `any-of`, `none-of` and `at-least` is needed";
    assert_eq!((error.line, error.reason.to_string().as_str()), (18, choice));

    let text = FILE.replace("any-of = [1]", "");
    let error = read(&text).unwrap_err();
    assert_eq!((error.line, error.reason.to_string().as_str()), (16, choice));

    let text = SPELL.to_owned() + "longer-than-days = 14";
    let error = read(&text).unwrap_err();
    assert_eq!(error.line, 14);
}

#[test]
fn a_feature_of_both_sectors_names_what_both_hold() {
    let text = PERSON.replace("column = \"sex\"", "column = \"civil_status\"");
    let error = read(&text).unwrap_err();
    assert_eq!(
        (error.line, error.reason.to_string().as_str()),
        (10, "there is no column `patients.civil_status`")
    );
}

#[test]
fn a_feature_that_stands_twice_is_refused_in_whichever_file() {
    let sources = [Source { file: "a.toml", text: WEEK }, Source { file: "b.toml", text: WEEK }];
    let error = Catalogue::read(&sources).unwrap_err();
    assert_eq!(error.to_string(), "`b.toml`, line 3: feature `unemployed` stands twice");
}

#[test]
fn what_is_no_toml_or_lacks_a_key_is_refused_with_its_line() {
    let error = read("[[feature]]\nname = \"a\nsector = 1").unwrap_err();
    assert_eq!(error.line, 2);
    let error = read(&FILE.replace("en = \"Contacts\"\n", "")).unwrap_err();
    assert_eq!((error.line, error.reason.to_string().as_str()), (2, "missing field `en`"));
    let error = read(&"#".repeat(crate::source::FILE_BYTES_MAX + 1)).unwrap_err();
    assert_eq!(error.line, 1);
}

#[test]
fn the_digest_changes_with_the_text_and_not_with_the_line_ends() {
    let digest = read(FILE).unwrap().digest();
    assert_eq!(read(&FILE.replace('\n', "\r\n")).unwrap().digest(), digest);
    assert_ne!(read(&FILE.replace("\"80\"", "\"81\"")).unwrap().digest(), digest);
}
