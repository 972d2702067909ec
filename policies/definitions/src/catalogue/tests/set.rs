//! Sets of flags: what is read, what is refused, and under which flags a person is counted.

use super::*;

const SET: &str = r#"
[[feature]]
name = "danish"
sector = "municipality"
window = "on-day"
kind = "flag"
da = "Statsborgerskab"
en = "Citizenship"
[feature.rule.person]
column = "citizenship"
any-of = ["5100"]

[[feature]]
name = "single"
sector = "municipality"
window = "on-day"
kind = "flag"
da = "Enlig"
en = "Single"
[feature.rule.person]
column = "civil_status"
any-of = ["enlig"]

[[set]]
name = "both_things"
of = ["single", "danish"]
at-most = 1
da = "Begge ting"
en = "Both things"
"#;

fn read(text: &str) -> Result<Catalogue, DefinitionError> {
    Catalogue::read(&[Source { file: "set.toml", text }])
}

#[test]
fn a_set_has_its_flags_in_the_order_in_which_they_count() {
    let catalogue = read(SET).unwrap();
    let set = catalogue.set("both_things").unwrap();
    let names: Vec<&str> = set.members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!((names, set.at_most), (vec!["single", "danish"], 1));
    assert!(catalogue.feature("both_things").is_none() && catalogue.set("single").is_none());
}

#[test]
fn a_person_counts_under_the_first_flags_that_hold_and_no_more() {
    let embedded = Catalogue::read(crate::library::CATALOGUE).unwrap();
    let set = embedded.set("support").unwrap();
    let counted = |values: &[Option<i64>]| set.counted(values.iter().copied()).collect::<Vec<_>>();
    let (yes, no) = (Some(1), Some(0));
    assert_eq!(counted(&[no, no, no, no]), []);
    assert_eq!(counted(&[no, no, no, yes]), [3]);
    assert_eq!(counted(&[no, yes, None, yes]), [1, 3]);
    assert_eq!(counted(&[yes, yes, yes, yes]), [0, 1]);
    assert_eq!(counted(&[no, yes, yes, yes, yes, yes]), [1, 2], "more values than flags");
}

#[test]
fn a_wrong_set_is_refused_with_the_reason() {
    let cases = [
        ("at-most = 1", "at-most = 0", "`at-most` is 1 to 2, the members of the set, not 0"),
        ("at-most = 1", "at-most = 3", "`at-most` is 1 to 2, the members of the set, not 3"),
        ("\"single\", \"danish\"", "\"single\", \"singles\"", "there is no feature `singles`"),
        ("\"single\", \"danish\"", "\"single\", \"single\"", "feature `single` stands twice"),
        ("\"single\", \"danish\"", "", "set has no entry"),
        ("\"both_things\"", "\"single\"", "feature `single` stands twice"),
        ("\"Both things\"", "\" \"", "the description is empty"),
    ];
    for (good, bad, reason) in cases {
        let text = SET.replace(good, bad);
        assert_ne!(text, SET, "{good}");
        assert_eq!(read(&text).unwrap_err().reason.to_string(), reason, "{bad}");
    }
    let number = format!("{SET}{}", FILE).replace("\"single\", \"danish\"", "\"gp_contacts_2y\"");
    assert_eq!(
        read(&number).unwrap_err().reason.to_string(),
        "`gp_contacts_2y` is no flag, so it is no member of a set"
    );
}
