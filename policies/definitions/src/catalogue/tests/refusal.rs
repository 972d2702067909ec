use super::*;

#[test]
fn a_wrong_feature_is_refused_with_its_line_and_the_reason() {
    let cases = [
        (
            FILE,
            "\"gp_contacts_2y\"",
            "\"GP-contacts\"",
            "`GP-contacts` is no name: 1 to 64 characters of a-z, 0-9 and _, the first a letter",
        ),
        (
            FILE,
            "2 years",
            "2 weeks",
            "a window is `on-day`, `ever`, or 1 to 999 days, months or years, such as `2 years`",
        ),
        (FILE, "2 years", "on-day", "the rule `count-rows` needs the window `ever` or a length"),
        (SPELL, "2 years", "ever", "the rule `spells` needs the window of a length"),
        (WEEK, "on-day", "ever", "the rule `week-code` needs the window `on-day`"),
        (FILE, "from = 0, to = 100", "from = 100, to = 0", "the clamp 100 to 0 holds no number"),
        (FILE, "from = 0, to = 100", "from = 7, to = 7", "the clamp 7 to 7 holds no number"),
        (
            FILE,
            "{ integer = { from = 0, to = 100 } }",
            "\"flag\"",
            "the rule `count-rows` gives a whole number, which the kind does not say",
        ),
        (
            WEEK,
            "\"flag\"",
            "{ category = [\"a\"] }",
            "the rule `week-code` gives a flag, which the kind does not say",
        ),
        (
            PERSON,
            "{ category = [\"F\", \"M\"] }",
            "\"flag\"",
            "the rule `person` gives a category, which the kind does not say",
        ),
        (PERSON, "[\"F\", \"M\"]", "[\"F\", \"F\"]", "label `F` stands twice"),
        (PERSON, "[\"F\", \"M\"]", "[]", "category has no entry"),
        (FILE, "\"Contacts\"", "\" \"", "the description is empty"),
        (FILE, "\"gp_contacts\"", "\"gp_visits\"", "there is no table `gp_visits`"),
        (
            FILE,
            "table = \"gp_contacts\"",
            "table = \"sick_leave\"",
            "`sick_leave` belongs to the sector municipality, not to region",
        ),
        (FILE, "\"date\"", "\"day\"", "there is no column `gp_contacts.day`"),
        (
            FILE,
            "date = \"date\"",
            "date = \"ydelse\"",
            "column `ydelse` holds text; the rule needs a date or a time",
        ),
        (FILE, "\"speciale\"", "\"honorar\"", "there is no column `gp_contacts.honorar`"),
        (FILE, "[\"speciale\"]", "[]", "columns has no entry"),
        (
            FILE,
            "any-of = [1]",
            "any-of = [\"1\"]",
            "column `kontakt` holds a whole number, which `\"1\"` is not",
        ),
        (FILE, "any-of = [\"80\"]", "any-of = [80]", "column `speciale` holds text, which `80` is not"),
        (FILE, "any-of = [\"80\"]", "any-of = [true]", "column `speciale` holds text, which `true` is not"),
        (FILE, "any-of = [\"80\"]", "any-of = []", "the list of values has no entry"),
        (
            FILE,
            "any-of = [\"80\"]",
            "starts-with = [\"8%\"]",
            "`8%` is no code: capital letters and digits only",
        ),
        (
            FILE,
            "any-of = [\"80\"]",
            "some-of = [\"80\"]",
            "unknown field `some-of`, expected one of `columns`, `starts-with`, `except`, `any-of`, `none-of`, \
             `at-least`",
        ),
        (
            WEEK,
            "week-code]",
            "month-code]",
            "unknown variant `month-code`, expected one of `any-row`, `count-rows`, `sum-rows`, \
             `active-row`, `daily-sum`, `spells`, `stays`, `answer`, `week-code`, `person`, `age`, `age-band`, `resident`, `kommune`",
        ),
        (
            WEEK,
            "\"iso_week\"",
            "\"dream_code\"",
            "column `dream_code` holds text; the rule needs a whole number",
        ),
        (WEEK, "111-113", "113-111", "`113-111` is no code or range of codes, such as `111-113`"),
        (WEEK, "111-113", "1-113", "`1-113` is no code or range of codes, such as `111-113`"),
        (WEEK, "111-113", "000000-999999", "`000000-999999` is no code or range of codes, such as `111-113`"),
        (WEEK, "\"111-113\"", "\"11x\"", "`11x` is no code or range of codes, such as `111-113`"),
        (
            SPELL,
            "\"length-of-latest\"",
            "\"sum-of-lengths\"",
            "unknown variant `sum-of-lengths`, expected `count` or `length-of-latest`",
        ),
    ];
    for (file, right, wrong, reason) in cases {
        refused(file, right, wrong, reason);
    }
}
