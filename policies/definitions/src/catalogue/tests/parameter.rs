//! The parameters of sums, stays, lasting rows, answers and bands: each wrong one is refused where it stands.

use super::*;

const SUM: &str = r#"
[[feature]]
name = "cost_gp_1y"
sector = "region"
window = "12 months"
kind = { integer = { from = 0, to = 100 } }
da = "Honorar"
en = "Fees"
[feature.rule.sum-rows]
table = "gp_contacts"
date = "date"
amount = "honorar_dkk"
[[feature.rule.sum-rows.where]]
columns = ["speciale"]
any-of = ["80"]
"#;

const ACTIVE: &str = r#"
[[feature]]
name = "social_service"
sector = "municipality"
window = "on-day"
kind = "flag"
da = "Ydelse"
en = "Service"
[feature.rule.active-row]
table = "social_services"
from = "from_date"
to = "to_date"
[[feature.rule.active-row.where]]
columns = ["law"]
any-of = ["SEL_83"]
"#;

const DAILY: &str = r#"
[[feature]]
name = "cost_municipal_social_1y"
sector = "municipality"
window = "12 months"
kind = { integer = { from = 0, to = 100 } }
da = "Ydelser"
en = "Services"
[feature.rule.daily-sum]
table = "social_services"
from = "from_date"
to = "to_date"
amount = "cost_per_day_dkk"
"#;

const STAYS: &str = r#"
[[feature]]
name = "admissions_1y"
sector = "region"
window = "12 months"
kind = { integer = { from = 0, to = 50 } }
da = "Indlæggelser"
en = "Admissions"
[feature.rule.stays]
table = "hospital_contacts"
id = "contact_id"
start = "start"
end = "end"
gap-hours = 4
admission-hours = 12
measure = "count"
[feature.rule.stays.contact]
columns = ["contact_type"]
any-of = ["ALCA00"]
[feature.rule.stays.acute]
columns = ["priority"]
any-of = ["ATA1"]
"#;

const WITHIN: &str = r#"
[[feature]]
name = "acute_two_in_30_days_1y"
sector = "region"
window = "12 months"
kind = "flag"
da = "To akutte"
en = "Two acute"
[feature.rule.stays]
table = "hospital_contacts"
id = "contact_id"
start = "start"
end = "end"
gap-hours = 4
admission-hours = 12
only-acute = true
measure = { within-days = { count = 2, days = 30 } }
contact = { columns = ["contact_type"], any-of = ["ALCA00"] }
acute = { columns = ["priority"], any-of = ["ATA1"] }
"#;

const ANSWER: &str = r#"
[[feature]]
name = "coherence_change"
sector = "municipality"
window = "ever"
kind = { integer = { from = -4, to = 4, missing = true } }
da = "Ændring"
en = "Change"
[feature.rule.answer]
table = "survey"
date = "survey_date"
round = "round"
item = "coherence"
first = "baseline"
last = "followup"
"#;

const BANDS: &str = r#"
[[feature]]
name = "age_band"
sector = "both"
window = "on-day"
kind = { category = ["0-17", "18-64", "65+"] }
da = "Alder"
en = "Age"
[feature.rule.age-band]
birth = "birth_date"
from = [0, 18, 65]
"#;

const DIAGNOSIS: &str = r#"
[[feature]]
name = "somatic_2y"
sector = "region"
window = "2 years"
kind = "flag"
da = "Somatisk"
en = "Somatic"
[feature.rule.any-row]
table = "hospital_contacts"
date = "start"
[[feature.rule.any-row.where]]
columns = ["dx", "dx_secondary"]
starts-with = ["D", "DK"]
except = ["DF", "DZ"]
"#;

type Case = (&'static str, &'static str, &'static str, &'static str);

fn all_refused(cases: &[Case]) {
    for (file, right, wrong, reason) in cases {
        refused(file, right, wrong, reason);
    }
}

#[test]
fn an_amount_is_of_money_or_a_number_and_an_amount_a_day_of_money() {
    assert!(read(&SUM.replace("\"honorar_dkk\"", "\"kontakt\"")).is_ok());
    all_refused(&[
        (
            SUM,
            "\"honorar_dkk\"",
            "\"ydelse\"",
            "column `ydelse` holds text; the rule needs money or a whole number",
        ),
        (SUM, "\"honorar_dkk\"", "\"honorar\"", "there is no column `gp_contacts.honorar`"),
        (
            SUM,
            "date = \"date\"",
            "date = \"kontakt\"",
            "column `kontakt` holds a whole number; the rule needs a date or a time",
        ),
        (SUM, "12 months", "on-day", "the rule `sum-rows` needs the window `ever` or a length"),
        (
            SUM,
            "{ integer = { from = 0, to = 100 } }",
            "\"flag\"",
            "the rule `sum-rows` gives a whole number, which the kind does not say",
        ),
        // Money is added up, and no test of a row compares it.
        (
            SUM,
            "columns = [\"speciale\"]",
            "columns = [\"honorar_dkk\"]",
            "column `honorar_dkk` holds money; the rule needs text, a list of codes or a whole number",
        ),
        (DAILY, "\"cost_per_day_dkk\"", "\"law\"", "column `law` holds text; the rule needs money"),
        (DAILY, "12 months", "ever", "the rule `daily-sum` needs the window of a length"),
        (DAILY, "12 months", "on-day", "the rule `daily-sum` needs the window of a length"),
        (
            DAILY,
            "{ integer = { from = 0, to = 100 } }",
            "{ category = [\"a\"] }",
            "the rule `daily-sum` gives a whole number, which the kind does not say",
        ),
    ]);
}

#[test]
fn a_lasting_row_has_two_dates_and_is_looked_at_on_the_day() {
    all_refused(&[
        (ACTIVE, "from = \"from_date\"", "from = \"law\"", "column `law` holds text; the rule needs a date"),
        (
            ACTIVE,
            "to = \"to_date\"",
            "to = \"cost_per_day_dkk\"",
            "column `cost_per_day_dkk` holds money; the rule needs a date",
        ),
        (ACTIVE, "on-day", "2 years", "the rule `active-row` needs the window `on-day`"),
        (
            ACTIVE,
            "\"flag\"",
            "{ integer = { from = 0, to = 1 } }",
            "the rule `active-row` gives a flag, which the kind does not say",
        ),
        (
            ACTIVE,
            "\"social_services\"",
            "\"transport\"",
            "`transport` belongs to the sector region, not to municipality",
        ),
        (
            DAILY,
            "to = \"to_date\"",
            "until = \"to_date\"",
            "unknown field `until`, expected one of `table`, `from`, `to`, `amount`, `where`",
        ),
    ]);
}

#[test]
fn stays_name_their_contacts_and_what_is_told_of_them() {
    assert!(read(&STAYS.replace("\"count\"", "\"bed-days\"")).is_ok());
    assert!(
        read(
            &WITHIN.replace(
                "within-days = { count = 2, days = 30 }",
                "within-months = { count = 3, months = 6 }"
            )
        )
        .is_ok()
    );
    all_refused(&[
        (
            STAYS,
            "\"contact_id\"",
            "\"dx_secondary\"",
            "column `dx_secondary` holds a list of codes; the rule needs text",
        ),
        (
            STAYS,
            "start = \"start\"",
            "start = \"hospital\"",
            "column `hospital` holds text; the rule needs a time",
        ),
        (STAYS, "end = \"end\"", "end = \"drg_dkk\"", "column `drg_dkk` holds money; the rule needs a time"),
        (STAYS, "[\"contact_type\"]", "[\"kind\"]", "there is no column `hospital_contacts.kind`"),
        (STAYS, "[\"priority\"]", "[]", "columns has no entry"),
        (STAYS, "12 months", "ever", "the rule `stays` needs the window of a length"),
        (STAYS, "12 months", "on-day", "the rule `stays` needs the window of a length"),
        (STAYS, "gap-hours = 4", "gap-hours = -4", "invalid value: integer `-4`, expected u16"),
        (
            STAYS,
            "\"count\"",
            "\"nights\"",
            "unknown variant `nights`, expected one of `count`, `bed-days`, `within-days`, `within-months`, `index`, \
             `readmitted`",
        ),
        (
            STAYS,
            "{ integer = { from = 0, to = 50 } }",
            "\"flag\"",
            "the rule `stays` gives a whole number, which the kind does not say",
        ),
        (
            WITHIN,
            "\"flag\"",
            "{ integer = { from = 0, to = 50 } }",
            "the rule `stays` gives a flag, which the kind does not say",
        ),
        (WITHIN, "count = 2", "count = 1", "`within-days` needs a count of 2 to 999, within 1 to 999 days"),
        (WITHIN, "days = 30", "days = 0", "`within-days` needs a count of 2 to 999, within 1 to 999 days"),
        (
            WITHIN,
            "within-days = { count = 2, days = 30 }",
            "within-months = { count = 2, months = 1000 }",
            "`within-months` needs a count of 2 to 999, within 1 to 999 months",
        ),
        (
            WITHIN,
            "within-days = { count = 2, days = 30 }",
            "within-days = { count = 2, months = 1 }",
            "unknown field `months`, expected `count` or `days`",
        ),
    ]);
    // A parameter that is left out stands nowhere, so it is missed at the table of the rule.
    for line in
        ["gap-hours = 4\n", "admission-hours = 12\n", "measure = \"count\"\n", "id = \"contact_id\"\n"]
    {
        let error = read(&STAYS.replace(line, "")).unwrap_err();
        let key = line.split(' ').next().unwrap();
        assert_eq!(error.to_string(), format!("`test.toml`, line 9: missing field `{key}`"));
    }
}

#[test]
fn an_answer_is_that_of_a_round_and_may_be_missing() {
    for side in ["first = \"baseline\"\n", "last = \"followup\"\n"] {
        assert!(read(&ANSWER.replace(side, "")).is_ok(), "{side}");
    }
    all_refused(&[
        (
            ANSWER,
            "item = \"coherence\"\nfirst = \"baseline\"\nlast = \"followup\"\n",
            "item = \"coherence\"\n",
            "at least one of `first` and `last` is needed",
        ),
        (ANSWER, "\"baseline\"", "\"\"", "the name of the round has no entry"),
        (
            ANSWER,
            "item = \"coherence\"",
            "item = \"round\"",
            "column `round` holds text; the rule needs a whole number",
        ),
        (
            ANSWER,
            "round = \"round\"",
            "round = \"coherence\"",
            "column `coherence` holds a whole number; the rule needs text",
        ),
        (
            ANSWER,
            "\"survey_date\"",
            "\"coherence\"",
            "column `coherence` holds a whole number; the rule needs a date",
        ),
        (ANSWER, "ever", "on-day", "the rule `answer` needs the window `ever` or a length"),
        (ANSWER, ", missing = true", "", "with the rule `answer` the clamp states `missing = true`"),
        (
            SUM,
            "to = 100",
            "to = 100, missing = true",
            "with the rule `sum-rows` the clamp states no `missing`",
        ),
        (
            ANSWER,
            "{ integer = { from = -4, to = 4, missing = true } }",
            "\"flag\"",
            "the rule `answer` gives a whole number, which the kind does not say",
        ),
        (ANSWER, "from = -4, to = 4", "from = 4, to = -4", "the clamp 4 to -4 holds no number"),
        (
            ANSWER,
            "to = 4",
            "to = 1_000_000_000_001",
            "the clamp -4 to 1000000000001 reaches beyond 1000000000000 on one side of 0",
        ),
        (
            ANSWER,
            "from = -4",
            "from = -9_223_372_036_854_775_808",
            "the clamp -9223372036854775808 to 4 reaches beyond 1000000000000 on one side of 0",
        ),
    ]);
}

#[test]
fn bands_of_age_rise_from_0_one_for_each_label() {
    let order = "the ages of `from` rise, from 0 on and to 150 at most, which";
    refused(BANDS, "[0, 18, 65]", "[1, 18, 65]", &format!("{order} 1 breaks"));
    refused(BANDS, "[0, 18, 65]", "[0, 65, 18]", &format!("{order} 18 breaks"));
    refused(BANDS, "[0, 18, 65]", "[0, 18, 18]", &format!("{order} 18 breaks"));
    refused(BANDS, "[0, 18, 65]", "[0, 18, 151]", &format!("{order} 151 breaks"));
    all_refused(&[
        (BANDS, "[0, 18, 65]", "[]", "`from` has no entry"),
        (
            BANDS,
            "\"0-17\", \"18-64\", \"65+\"",
            "\"0-17\", \"18+\"",
            "the category has 2 labels and `from` 3 ages; each label begins at one age",
        ),
        (
            BANDS,
            "birth = \"birth_date\"",
            "birth = \"sex\"",
            "column `sex` holds text; the rule needs a date",
        ),
        (BANDS, "on-day", "ever", "the rule `age-band` needs the window `on-day`"),
        (
            BANDS,
            "{ category = [\"0-17\", \"18-64\", \"65+\"] }",
            "\"flag\"",
            "the rule `age-band` gives a category, which the kind does not say",
        ),
    ]);
}

#[test]
fn an_exception_takes_away_a_part_of_what_is_stated() {
    let vain = |code: &str| format!("`{code}` must begin with a text of `starts-with` and be longer");
    for code in ["E", "D", "DK"] {
        refused(DIAGNOSIS, "[\"DF\", \"DZ\"]", &format!("[\"{code}\"]"), &vain(code));
    }
    all_refused(&[
        (DIAGNOSIS, "except = [\"DF\", \"DZ\"]", "except = []", "`except` has no entry"),
        (DIAGNOSIS, "\"DZ\"", "\"D%\"", "`D%` is no code: capital letters and digits only"),
    ]);
    let text = DIAGNOSIS.replace("starts-with = [\"D\", \"DK\"]\n", "");
    let error = read(&text).unwrap_err();
    let expected = "`test.toml`, line 14: `except` takes away from `starts-with`, which is not stated";
    assert_eq!(error.to_string(), expected);
    let text = DIAGNOSIS.replace("starts-with", "any-of");
    let error = read(&text).unwrap_err();
    assert_eq!((error.line, error.reason), (15, Reason::ExceptOfNothing));
}

const READMITTED: &str = r#"
[[feature]]
name = "readmissions_30d_1y"
sector = "region"
window = "12 months"
kind = { integer = { from = 0, to = 20 } }
da = "Genindlæggelser"
en = "Readmissions"
[feature.rule.stays]
table = "hospital_contacts"
id = "contact_id"
start = "start"
end = "end"
gap-hours = 4
admission-hours = 12
measure = { readmitted = { days = 30, birth = "birth_date", least-age = 65, death = "death_date", days-ago = 30 } }
[feature.rule.stays.contact]
columns = ["contact_type"]
any-of = ["ALCA00"]
[feature.rule.stays.acute]
columns = ["priority"]
any-of = ["ATA1"]
"#;

#[test]
fn index_admissions_have_an_age_and_a_time_in_which_the_next_one_is_known() {
    let later = "the `days` of `readmitted` are 1 to 30, those of `days-ago`: later ones may lie ahead";
    let cases = [
        ("days = 30,", "days = 31,", later),
        ("days = 30,", "days = 0,", later),
        ("days-ago = 30", "days-ago = 0", "`days-ago` is 1 to 999, and `least-age` no more than 150"),
        ("days-ago = 30", "days-ago = 1000", "`days-ago` is 1 to 999, and `least-age` no more than 150"),
        ("least-age = 65", "least-age = 151", "`days-ago` is 1 to 999, and `least-age` no more than 150"),
        ("\"birth_date\"", "\"birthday\"", "there is no column `patients.birthday`"),
        ("\"death_date\"", "\"sex\"", "column `sex` holds text; the rule needs a date"),
        (
            "{ integer = { from = 0, to = 20 } }",
            "\"flag\"",
            "the rule `stays` gives a whole number, which the kind does not say",
        ),
        ("12 months", "ever", "the rule `stays` needs the window of a length"),
    ];
    for (right, wrong, reason) in cases {
        refused(READMITTED, right, wrong, reason);
    }
    let text = READMITTED.replace("admission-hours = 12", "admission-hours = 12\nonly-acute = true");
    let error = read(&text).unwrap_err();
    let reason = "`only-acute` goes with no measure of index admissions";
    assert_eq!((error.line, error.reason.to_string().as_str()), (17, reason));
}

#[test]
fn a_sum_names_an_identifier_of_its_table_and_a_feature_an_earlier_day() {
    let sum = SUM.replace("amount = \"honorar_dkk\"", "amount = \"honorar_dkk\"\nid = \"ydernr\"");
    refused(&sum, "\"ydernr\"", "\"contact_id\"", "there is no column `gp_contacts.contact_id`");
    refused(&sum, "\"ydernr\"", "\"kontakt\"", "column `kontakt` holds a whole number; the rule needs text");
    let sum = SUM.replace("window = \"12 months\"", "window = \"12 months\"\nearlier = \"1 years\"");
    assert_eq!(read(&sum).unwrap().features()[0].earlier, Some(crate::window::Length::Years(1)));
    let reason = "a window is `on-day`, `ever`, or 1 to 999 days, months or years, such as `2 years`";
    for wrong in ["\"ever\"", "\"on-day\"", "\"0 years\"", "\"12\""] {
        refused(&sum, "\"1 years\"", wrong, reason);
    }
    let person = PERSON.replace("window = \"on-day\"", "window = \"on-day\"\nearlier = \"1 years\"");
    let error = read(&person).unwrap_err();
    let reason = "the rule `person` knows no `earlier`: the register of persons has what holds today";
    assert_eq!((error.line, error.reason.to_string().as_str()), (6, reason));
}
