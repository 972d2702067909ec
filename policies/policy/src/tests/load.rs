//! How a wrong policy is refused: what single keys cannot say, all faults at once, and which policy may follow which.

use proptest::prelude::*;

use super::*;
use crate::permit::{Allowed, Mode};
use crate::succession::Seen;
use crate::verdict::Verdict;

/// The codes and keys of a policy's faults.
fn told(text: &str) -> Vec<(&'static str, String)> {
    let faults = read(text).map(drop).expect_err("the policy is right");
    faults.into_iter().map(|fault| (fault.code, fault.key)).collect()
}

fn one(code: &'static str, key: &str) -> Vec<(&'static str, String)> {
    vec![(code, key.to_owned())]
}

const LIST_ID: &str = "id = \"sad-list-2026\"";

#[test]
fn parts_of_another_mode_have_no_place() {
    let cases = [
        (AGGREGATES, "[permit.work-list]\ndisclosure = \"items\"", "permit[1].work-list"),
        (AGGREGATES, "[permit.pseudonyms]\nkey = \"per-run\"", "permit[1].pseudonyms"),
        (AGGREGATES, "[permit.safeguards]\nnotice = \"a\"", "permit[1].safeguards"),
        (AGGREGATES, "[[permit.model]]\nname = \"sad\"", "permit[1].model"),
        (JOINED, "[permit.work-list]\ndisclosure = \"items\"", "permit[2].work-list"),
        (JOINED, "[permit.safeguards]\nnotice = \"a\"", "permit[2].safeguards"),
        (AGGREGATES, FOLLOW_UP, "permit[1].follow-up"),
        (JOINED, FOLLOW_UP, "permit[2].follow-up"),
        (JOINED, "[permit.basis.disclose-items]\narticle-6 = \"e\"", "permit[2].basis.disclose-items"),
        (LIST, "[permit.budget]\nper-query = { rho = 1 }", "permit[3].budget"),
        (LIST, "[permit.basis.disclose-items]\narticle-6 = \"e\"", "permit[3].basis.disclose-items"),
        (LIST, "[permit.basis.hand-to-practice]\narticle-6 = \"e\"", "permit[3].basis.hand-to-practice"),
    ];
    for (permit, part, key) in cases {
        let text = edit(
            municipality(),
            &format!("id = \"{permit}\""),
            "[permit.data]",
            &format!("{part}\n[permit.data]"),
        );
        assert_eq!(told(&text), one("policy.unneeded", key), "{part}");
    }
    let categories = edit(municipality(), LIST_ID, "sensitive =", "categories = [\"sex\"]\nsensitive =");
    assert_eq!(told(&categories), one("policy.unneeded", "permit[3].data.categories"));
    let clamp = "[[permit.data.clamp]]\nfeature = \"age\"\nfrom = 0\nto = 120\n[permit.budget]";
    let text = edit(municipality(), "id = \"sizing-2026\"", "[permit.budget]", clamp);
    assert_eq!(told(&text), one("policy.unneeded", "permit[2].data.clamp"));
    // A total is a category of joined statistics alone.
    let total = edit(municipality(), "features = [\n    \"age\",\n    \"sick", "\"sex\", ", "\"total\", ");
    assert_eq!(told(&total), one("policy.unknown", "permit[1].data.categories[1]"));
    assert!(read(&edit(municipality(), "id = \"sizing-2026\"", "\"stratum\"", "\"total\"")).is_ok());
}

#[test]
fn follow_up_ends_within_the_permit_and_says_why() {
    let until = |day: &str| edit(municipality(), "[permit.follow-up]", "2027-03-31", day);
    for day in ["2026-12-01", "2027-05-31"] {
        assert!(read(&until(day)).is_ok(), "{day}");
    }
    for day in ["2026-11-30", "2027-06-01"] {
        assert_eq!(told(&until(day)), one("policy.dates", "permit[3].follow-up.until"), "{day}");
    }
    let endless = edit(municipality(), "[permit.follow-up]", "until = 2027-03-31\n", "");
    assert_eq!(told(&endless), one("policy.missing", "permit[3].follow-up.until"));
    let silent = edit(municipality(), "[permit.follow-up]", "reason =", "# ");
    assert_eq!(told(&silent), one("policy.missing", "permit[3].follow-up.reason"));
    let list = read_right(LABORATORY).permit(crate::laboratory::PERSON_CONTRIBUTIONS).cloned().unwrap();
    assert_eq!(list.follow_up.map(|follow_up| follow_up.until), Some(None));
}

#[test]
fn steps_that_are_taken_need_a_basis_each() {
    let items = edit(municipality(), LIST_ID, "disclosure = \"stratum\"", "disclosure = \"items\"");
    assert_eq!(told(&items), one("policy.missing", "permit[3].basis.disclose-items"));
    let practice = edit(municipality(), LIST_ID, "to = [\"municipality\"]", "to = [\"gp-practice\"]");
    assert_eq!(told(&practice), one("policy.missing", "permit[3].basis.hand-to-practice"));
}

#[test]
fn a_list_for_care_cannot_rest_on_a_basis_for_statistics() {
    let research = edit(municipality(), LIST_ID, "article-9 = \"h\"", "article-9 = \"j\"");
    assert_eq!(told(&research), one("policy.statistics-only", "permit[3].basis.compute.article-9"));
    for paragraph in [
        "databeskyttelsesloven § 10",
        "Databeskyttelseslovens §10, stk. 2",
        "jf. databeskyttelsesloven §  10",
    ] {
        let text = edit(municipality(), LIST_ID, "sundhedsloven § 119, stk. 1", paragraph);
        assert_eq!(
            told(&text),
            one("policy.statistics-only", "permit[3].basis.compute.national"),
            "{paragraph}"
        );
    }
    assert!(
        read(&edit(municipality(), LIST_ID, "sundhedsloven § 119, stk. 1", "databeskyttelsesloven § 11"))
            .is_ok()
    );
    let ehds = edit(municipality(), LIST_ID, "id = \"offer-help\"", "id = \"offer-help\"\nehds-53 = \"c\"");
    assert_eq!(told(&ehds), one("policy.ehds", "permit[3].purpose.ehds-53"));
}

#[test]
fn a_list_for_care_refers_to_an_agreement() {
    let text = municipality().replace("joint-controllers = ", "# ").replace("processor-agreement = ", "# ");
    assert_eq!(told(&text), one("policy.agreement", "permit[3].safeguards"));
}

#[test]
fn sensitive_features_are_approved_by_name_in_every_mode() {
    let text = edit(municipality(), "categories = [\"sex\"", "\"sex\"", "\"foreign_citizen\"");
    assert_eq!(told(&text), one("policy.sensitive", "permit[1].data.categories[1]"));
    let approved =
        edit(&text, "categories = [\"foreign_citizen\"", "]", "]\nsensitive = [\"foreign_citizen\"]");
    assert!(read(&approved).is_ok());
}

#[test]
fn two_different_persons_approve_or_the_permit_says_why_one_is_enough() {
    let second = "[[permit.approval]]\nname = \"Databeskyttelsesrådgiveren\"\ndate = 2026-11-21\n";
    let one_left = edit(municipality(), "id = \"monitoring-2026\"", second, "");
    assert_eq!(told(&one_left), one("policy.persons", "permit[1].approval"));
    let same = edit(
        municipality(),
        "[[permit.approval]]",
        "\"Kommunaldirektøren\"",
        "\"Databeskyttelsesrådgiveren\"",
    );
    assert_eq!(told(&same), one("policy.twice", "permit[1].approval[2].name"));
    let why =
        edit(&one_left, "id = \"monitoring-2026\"", "mode =", "single-approval = \"Delegation\"\nmode =");
    assert!(read(&why).is_ok());
    let none = edit(
        REGION,
        "single-approval = ",
        "[[permit.approval]]\nname = \"Koncerndirektøren\"\ndate = 2026-11-20\n",
        "",
    );
    assert_eq!(told(&none), one("policy.persons", "permit[2].approval"));
    let raised = municipality().replace("\"Databeskyttelsesrådgiveren\"]", "\"Kommunaldirektøren\"]");
    assert_eq!(told(&raised), one("policy.twice", "budget.raised-by[2]"));
    let blank = municipality().replace("\"Databeskyttelsesrådgiveren\"]", "\" \"]");
    assert_eq!(told(&blank), one("policy.persons", "budget.raised-by"));
}

#[test]
fn names_and_keys_stand_once() {
    let cases = [
        (edit(municipality(), "id = \"sizing-2026\"", "sizing-2026", "monitoring-2026"), "permit[2].id"),
        (
            edit(
                municipality(),
                "id = \"monitoring-2026\"",
                "\"c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3\"",
                "\"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\"",
            ),
            "permit[1].asker[2].key",
        ),
        (
            edit(municipality(), LIST_ID, "domain = \"sad-list-2026\"", "domain = \"sizing-2026\""),
            "permit[3].pseudonyms.domain",
        ),
        (edit(municipality(), LIST_ID, "[360]", "[360, 360]"), "permit[3].population.kommuner[2]"),
        (
            edit(municipality(), LIST_ID, "[\"municipality\"]", "[\"municipality\", \"municipality\"]"),
            "permit[3].work-list.to[2]",
        ),
        (
            edit(
                municipality(),
                "[permit.data]",
                "tables = [\"persons\"",
                "tables = [\"persons\", \"persons\"",
            ),
            "permit[1].data.tables[2]",
        ),
        (
            edit(
                municipality(),
                "[[permit.data.clamp]]",
                "cost_municipal_social_1y",
                "cost_municipal_health_1y",
            ),
            "permit[1].data.clamp[2].feature",
        ),
    ];
    for (text, key) in cases {
        assert_eq!(told(&text), one("policy.twice", key));
    }
    let model = "[[permit.model]]\nname = \"sad\"\nversion = 1\ndigest = \"";
    let start = municipality().find(model).unwrap();
    let digest = &municipality()[start + model.len()..][..64];
    let twice = edit(
        municipality(),
        LIST_ID,
        "[permit.work-list]",
        &format!("{model}{digest}\"\ngrain = \"events\"\n[permit.work-list]"),
    );
    assert_eq!(told(&twice), one("policy.twice", "permit[3].model[2].name"));
    let faults = read(&municipality().replace("version = 2\n", "version = 2\nversion = 3\n")).unwrap_err();
    assert_eq!((faults[0].code, faults[0].column, faults[0].length), ("policy.duplicate", 1, 7));
    assert_eq!(faults[0].sentence.da, "`version` står her to gange.");
    let table = format!("{}\n[cells]\nsmallest = 4\n", municipality());
    assert_eq!(told(&table)[0].0, "policy.duplicate");
}

#[test]
fn a_key_that_stands_twice_and_a_day_that_is_none_hide_nothing_else() {
    let text = municipality()
        .replace("version = 2\n", "version = 2\nversion = 3\n")
        .replacen("valid-to = 2027-11-30", "valid-to = 2027-02-31", 1)
        .replace("rounding = 5", "rounding = 0")
        .replace("[cells]\n", "[cells]\nsurprise = 1\n");
    let codes: Vec<&str> = told(&text).iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, ["policy.duplicate", "policy.date", "policy.unknown-key", "policy.bounds"]);
    // A table that stands twice is one table, whose keys are not missing.
    let table = format!("{}\n[cells]\nsmallest = 4\nrounding = 0\n", municipality());
    let codes: Vec<&str> = told(&table).iter().map(|(code, _)| *code).collect();
    assert!(codes.iter().all(|code| *code == "policy.duplicate"), "{codes:?}");
    let faults = read(&text).unwrap_err();
    assert!(!faults.iter().any(Fault::hides_more));
}

#[test]
fn what_is_no_toml_is_said_in_danish_with_the_line_and_hides_the_rest() {
    let cases = [
        ("version = 2\n", "version 2\n", "efter en nøgle mangler der et lighedstegn og en værdi"),
        (
            "version = 2\n",
            "version = \n",
            "tekst skal stå i anførselstegn, og efter et lighedstegn skal der stå en værdi",
        ),
        (
            "node = \"k360\"",
            "node = k360",
            "tekst skal stå i anførselstegn, og efter et lighedstegn skal der stå en værdi",
        ),
        ("node = \"k360\"", "node = \"k360", "et anførselstegn er ikke lukket"),
        (
            "kommuner = [360]",
            "kommuner = [360",
            "i en liste mangler der et komma, eller listen er ikke lukket med ]",
        ),
        ("[cells]\n", "[cells\n", "overskriftens klamme er ikke lukket med ]"),
        ("[[permit]]\n", "[[permit]\n", "overskriftens dobbelte klammer er ikke lukket"),
        (
            "{ rho = 0.5 }\nperiod",
            "{ rho = 0.5 \nperiod",
            "i krøllede klammer mangler der et komma, eller de er ikke lukket med }",
        ),
        ("version = 2\n", "version = 02\n", "et tal begynder med 0"),
    ];
    for (from, to, why) in cases {
        assert!(municipality().contains(from), "{from}");
        let text = municipality().replacen(from, to, 1);
        let faults = read(&text).unwrap_err();
        let fault = &faults[0];
        assert_eq!((fault.code, fault.hides_more()), ("policy.syntax", true), "{to}");
        let expected = format!("Linje {} kan ikke læses som TOML: {why}.", fault.line);
        assert_eq!(fault.sentence.da, expected, "{}", fault.sentence.en);
        assert!(fault.sentence.en.starts_with(&format!("Line {} is no TOML: ", fault.line)));
    }
    // What has no Danish words of its own has no English ones either.
    let odd = read(&municipality().replacen("version = 2\n", "version = 0X2\n", 1)).unwrap_err();
    assert_eq!(odd[0].sentence.da, format!("Linje {} kan ikke læses som TOML.", odd[0].line));
}

#[test]
fn lists_that_permit_nothing_are_mistakes() {
    let cases = [
        (edit(municipality(), LIST_ID, "[\"municipality\"]", "[]"), "permit[3].work-list.to"),
        (edit(municipality(), LIST_ID, "[360]", "[]"), "permit[3].population.kommuner"),
    ];
    for (text, key) in cases {
        assert_eq!(told(&text), one("policy.empty", key));
    }
    let no_grain = edit(municipality(), "id = \"sizing-2026\"", "grain = \"points\"", "");
    assert_eq!(told(&no_grain), one("policy.grain", "permit[2].model[1]"));
    // Components by name are enough, and whoever is not named does not contribute.
    assert!(read(&edit(municipality(), LIST_ID, "grain = \"points\"", "")).is_ok());
}

#[test]
fn budgets_are_no_larger_than_what_they_are_part_of() {
    let cases = [
        ("per-period = { rho = 0.5 }", "per-period = { rho = 2.1 }", "budget.per-period"),
        ("per-query = { rho = 0.05 }", "per-query = { rho = 0.6 }", "permit[1].budget.per-query"),
        (
            "default-query = { rho = 0.01 }",
            "default-query = { rho = 0.06 }",
            "permit[1].budget.default-query",
        ),
        ("in-all = { rho = 0.5 }", "in-all = { rho = 2.1 }", "permit[1].budget.in-all"),
        // The same in the other form: epsilon 13 is worth more than rho 2.
        ("in-all = { rho = 0.5 }", "in-all = { epsilon = 13 }", "permit[1].budget.in-all"),
    ];
    for (from, to, key) in cases {
        let told = told(&municipality().replace(from, to));
        assert!(
            told.iter().all(|(code, found)| *code == "policy.budget-order" && found == key),
            "{to}: {told:?}"
        );
    }
}

#[test]
fn a_budget_is_stated_in_one_form_and_without_limit_in_a_laboratory_alone() {
    for wrong in ["{}", "{ rho = 0.1, epsilon = 1 }", "\"lots\"", "0.1"] {
        let text = municipality().replace("in-all = { rho = 0.5 }", &format!("in-all = {wrong}"));
        let code = if wrong == "0.1" { "policy.type" } else { "policy.budget" };
        assert_eq!(told(&text), one(code, "permit[1].budget.in-all"), "{wrong}");
    }
    let text = municipality().replace("in-all = { rho = 0.5 }", "in-all = \"unlimited\"");
    assert_eq!(told(&text), one("policy.budget-unlimited", "permit[1].budget.in-all"));
    for number in ["0", "-1", "nan", "inf", "1e308", "1e-10"] {
        let text =
            municipality().replace("in-all = { rho = 0.5 }", &format!("in-all = {{ rho = {number} }}"));
        assert_eq!(told(&text), one("policy.number", "permit[1].budget.in-all.rho"), "{number}");
    }
}

#[test]
fn everything_is_a_word_of_laboratories() {
    for (from, to, key) in [
        ("tables = [\"persons\", \"residence\"]", "tables = \"all\"", "permit[1].data.tables"),
        ("features = [\"age\"]", "features = \"all\"", "permit[1].data.features"),
        (
            "categories = [\"sex\", \"age_band\", \"civil_status\", \"kommune\"]",
            "categories = \"all\"",
            "permit[1].data.categories",
        ),
        ("features = [\"age\"]", "features = [\"age\"]\nsensitive = \"all\"", "permit[1].data.sensitive"),
    ] {
        assert!(PILOT.contains(from));
        assert_eq!(told(&PILOT.replace(from, to)), one("policy.laboratory", key));
    }
    let start = municipality().rfind("name = \"sad\"").unwrap();
    let text = format!("{}name = \"all\"{}", &municipality()[..start], &municipality()[start + 12..]);
    assert_eq!(told(&text), one("policy.laboratory", "permit[3].model[1].name"));
}

#[test]
fn the_first_version_has_no_predecessor_and_every_other_names_it() {
    let first = municipality().replace("version = 2\n", "version = 1\n");
    assert_eq!(told(&first), one("policy.predecessor", "policy.predecessor"));
    let second = PILOT.replace("version = 1\n", "version = 2\n");
    assert_eq!(told(&second), one("policy.predecessor", "policy.predecessor"));
}

#[test]
fn days_that_no_calendar_has_and_days_in_the_wrong_order_are_refused() {
    for day in ["2026-02-29", "2026-13-01", "26-12-01"] {
        let text = municipality().replacen("valid-from = 2026-12-01", &format!("valid-from = {day}"), 1);
        let fault = &read(&text).unwrap_err()[0];
        assert_eq!((fault.code, fault.length), ("policy.date", day.len()));
        assert_eq!(fault.sentence.en, format!("{day} is no day of the calendar."));
    }
    let quoted = municipality().replacen("valid-from = 2026-12-01", "valid-from = \"2026-12-01\"", 1);
    assert_eq!(told(&quoted), one("policy.type", "policy.valid-from"));
    let order = municipality().replacen("valid-to = 2027-11-30", "valid-to = 2026-11-30", 1);
    assert_eq!(told(&order), one("policy.dates", "policy.valid-to"));
}

#[test]
fn all_faults_are_told_at_once_in_both_languages_with_their_places_and_mends() {
    let text = municipality()
        .replace("smallest = 5", "smallest = 2")
        .replace("cvr = \"20000007\"", "cvr = \"20000008\"")
        .replace("mode = \"joined-statistics\"", "mode = \"both\"")
        .replace("notice = ", "note = ");
    let faults = read(&text).unwrap_err();
    let told: Vec<_> = faults.iter().map(|fault| (fault.code, fault.key.as_str())).collect();
    assert_eq!(
        told,
        [
            ("policy.cvr", "controller.processor[1].cvr"),
            ("policy.floor", "cells.smallest"),
            ("policy.word", "permit[2].mode"),
            ("policy.missing", "permit[3].safeguards.notice"),
            ("policy.unknown-key", "permit[3].safeguards.note"),
        ]
    );
    for fault in &faults {
        let line = text.lines().nth(fault.line - 1).unwrap();
        let last = fault.key.rsplit('.').next().unwrap();
        assert!(line.contains(last) || fault.code == "policy.missing", "{fault}: `{line}`");
        let texts = [&fault.sentence, &fault.mend];
        assert!(texts.iter().all(|text| text.da.ends_with('.') && text.en.ends_with('.')), "{fault:?}");
        assert!(texts.iter().all(|text| text.da != text.en), "{fault:?}");
    }
    let problem = faults[1].problem();
    assert_eq!((problem.code.as_str(), problem.exit.code()), ("policy.floor", 2));
    assert!(problem.place.starts_with("policy.toml:") && problem.place.ends_with("`cells.smallest`"));
}

#[test]
fn a_wrong_key_is_not_quoted() {
    // It may be half a secret in the wrong place.
    let text = municipality().replace("key = \"a1a1", "key = \"SECRET");
    let faults = read(&text).unwrap_err();
    assert!(faults.iter().all(|fault| fault.code == "policy.hex"));
    assert!(!format!("{faults:?}").contains("SECRET"));
}

#[test]
fn a_policy_without_permits_permits_nothing() {
    let start = PILOT.find("[[permit]]").unwrap();
    let policy = read_right(&PILOT[..start]);
    assert!(policy.permits().is_empty());
    let sum = query(SUM);
    let verdict = policy.admit_aggregate(&aggregate(&sum), &Spent::default(), TODAY);
    assert_eq!(verdict.codes(), ["permit.unknown"]);
}

#[test]
fn too_many_permits_are_refused() {
    let start = LABORATORY.find("[[permit]]").unwrap();
    let end = LABORATORY.find("# Noised tables").unwrap();
    let (head, permit) = (&LABORATORY[..start], &LABORATORY[start..end]);
    let permits = |n: usize| -> String {
        (0..n).map(|i| permit.replace("laboratory-aggregates", &format!("p{i}"))).collect()
    };
    assert!(read(&format!("{head}{}", permits(crate::limit::PERMITS_MAX))).is_ok());
    assert_eq!(
        told(&format!("{head}{}", permits(crate::limit::PERMITS_MAX + 1))),
        one("policy.too-many", "permit")
    );
}

#[test]
fn a_node_loads_its_own_policy_and_no_older_one() {
    let municipality = read_right(municipality());
    let load = |policy: &Policy, node: &str, made_up, seen| {
        policy.admit_load(&NodeId::new(node).unwrap(), made_up, seen).codes()
    };
    let digest = |hex: &str| {
        let mut bytes = [0; 32];
        hex::decode_to_slice(hex, &mut bytes).unwrap();
        tvaers_protocol::id::Digest(bytes)
    };
    let predecessor = digest("5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9");
    let other = digest(&"00".repeat(32));
    let seen = |version, digest| Some(Seen { version, digest });
    let none: [&str; 0] = [];
    assert_eq!(load(&municipality, "k360", false, None), none);
    assert_eq!(load(&municipality, "k360", false, seen(1, predecessor)), none);
    assert_eq!(load(&municipality, "k360", false, seen(2, municipality.digest())), none);
    assert_eq!(load(&municipality, "k360", false, seen(1, other)), ["policy.predecessor"]);
    assert_eq!(load(&municipality, "k360", false, seen(2, other)), ["policy.replaced"]);
    assert_eq!(load(&municipality, "k360", false, seen(3, other)), ["policy.superseded"]);
    assert_eq!(load(&municipality, "k376", true, seen(3, other)), ["policy.other-node", "policy.superseded"]);
    let laboratory = read_right(LABORATORY);
    assert_eq!(load(&laboratory, "k360", true, None), none);
    assert_eq!(load(&laboratory, "k360", false, None), ["policy.not-made-up"]);
    assert!(matches!(
        municipality.admit_load(&NodeId::new("k360").unwrap(), false, None),
        Verdict::Permitted(())
    ));
}

#[test]
fn what_a_policy_says_is_there_for_those_who_keep_it() {
    let policy = read_right(municipality());
    let permit = policy.permit(LIST).unwrap();
    assert_eq!(permit.mode, Mode::PersonContributions);
    let Allowed::Only(askers) = &permit.askers else { panic!("anyone") };
    assert_eq!((askers.len(), askers[0].key), (1, STINE));
    assert_eq!(permit.basis.len(), 2);
    assert!(permit.safeguards.is_some() && permit.budget.is_none());
    assert!(policy.permit("SAD-list-2026").is_none() && policy.permit("sad-list").is_none());
    let monitoring = policy.permit(AGGREGATES).unwrap();
    assert_eq!(monitoring.purpose.as_ref().unwrap().ehds_53, Some('b'));
    let limit = monitoring.budget.unwrap().per_query;
    assert_eq!((limit.words().as_str(), limit.nano_rho), ("rho = 0.05", 50_000_000));
    let pilot = read_right(PILOT).permits()[0].budget.unwrap();
    assert_eq!((pilot.per_query.words().as_str(), pilot.per_query.nano_rho), ("epsilon = 0.2", 500_000));
    assert_eq!(pilot.default_query, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// A file cut, doubled or scrambled anywhere is a policy or refused with a place in it, and nothing else.
    #[test]
    fn no_text_is_too_much(cut in 0..REGION.len(), paste in 0..REGION.len(), noise in "[\\[\\]=\"'{}.#\n a-z0-9-]{0,12}") {
        let char_boundary = |at: usize| (0..=at).rev().find(|at| REGION.is_char_boundary(*at)).unwrap();
        let text = format!("{}{noise}{}", &REGION[..char_boundary(cut)], &REGION[char_boundary(paste)..]);
        if let Err(faults) = read(&text) {
            prop_assert!(!faults.is_empty());
            prop_assert!(faults.iter().all(|fault| fault.line >= 1 && fault.column >= 1));
        }
    }
}
