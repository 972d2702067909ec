//! What the files of this repository say: names, sectors, clamps and labels are promised to every installation.

use tvaers_protocol::id::Sector::{self, Municipality as M, Region as R};

use super::*;
use crate::feature::{
    Answer, Condition, Index, Kind, Literal, Measure, PersonColumn, Pick, Residence, Rows, Rule, StayMeasure,
    Stays, Test,
};
use crate::library;
use crate::window::{Length, Window};

const BOTH: &[Sector] = &[R, M];
const REGION: &[Sector] = &[R];
const MUNICIPALITY: &[Sector] = &[M];

/// 1,000,000 kroner, in øre.
const COST_MAX: i64 = 100_000_000;

const AGE_BANDS: &[&str] =
    &["0-17", "18-29", "30-39", "40-49", "50-59", "60-64", "65-69", "70-74", "75-79", "80-84", "85+"];

fn embedded() -> Catalogue {
    Catalogue::read(library::CATALOGUE).unwrap()
}

fn flag() -> Kind {
    Kind::Flag
}

fn number(from: i64, to: i64) -> Kind {
    Kind::Integer { from, to, missing: false }
}

fn answer(from: i64, to: i64) -> Kind {
    Kind::Integer { from, to, missing: true }
}

fn labels(labels: &[&str]) -> Kind {
    Kind::Category(labels.iter().map(|label| (*label).to_owned()).collect())
}

/// Every feature, in the order of the files.
fn promised() -> Vec<(&'static str, &'static [Sector], Kind)> {
    vec![
        ("age", BOTH, number(0, 120)),
        ("age_band", BOTH, labels(AGE_BANDS)),
        ("sex", BOTH, labels(&["F", "M"])),
        ("kommune", BOTH, Kind::Municipality),
        ("resident", MUNICIPALITY, flag()),
        ("resident_or_died", MUNICIPALITY, flag()),
        ("civil_status", MUNICIPALITY, labels(&["gift", "samboende", "enlig"])),
        ("preschool_children", MUNICIPALITY, flag()),
        ("foreign_citizen", MUNICIPALITY, flag()),
        ("akasse_listed", MUNICIPALITY, flag()),
        ("early_retirement", MUNICIPALITY, flag()),
        ("unemployed", MUNICIPALITY, flag()),
        ("cash_benefit", MUNICIPALITY, flag()),
        ("sickness_benefit", MUNICIPALITY, flag()),
        ("education_grant", MUNICIPALITY, flag()),
        ("social_service", MUNICIPALITY, flag()),
        ("home_nursing", MUNICIPALITY, flag()),
        ("home_care", MUNICIPALITY, flag()),
        ("frontline_flag", MUNICIPALITY, flag()),
        ("sick_spells_2y", MUNICIPALITY, number(0, 20)),
        ("long_sick_spells_2y", MUNICIPALITY, number(0, 20)),
        ("last_spell_days", MUNICIPALITY, number(0, 730)),
        ("self_rated_health_baseline", MUNICIPALITY, answer(1, 5)),
        ("self_rated_health_followup", MUNICIPALITY, answer(1, 5)),
        ("self_rated_health_change", MUNICIPALITY, answer(-4, 4)),
        ("life_satisfaction_baseline", MUNICIPALITY, answer(0, 10)),
        ("life_satisfaction_followup", MUNICIPALITY, answer(0, 10)),
        ("life_satisfaction_change", MUNICIPALITY, answer(-10, 10)),
        ("satisfaction_baseline", MUNICIPALITY, answer(1, 5)),
        ("satisfaction_followup", MUNICIPALITY, answer(1, 5)),
        ("satisfaction_change", MUNICIPALITY, answer(-4, 4)),
        ("coherence_baseline", MUNICIPALITY, answer(1, 5)),
        ("coherence_followup", MUNICIPALITY, answer(1, 5)),
        ("coherence_change", MUNICIPALITY, answer(-4, 4)),
        ("known_sad", REGION, flag()),
        ("somatic_2y", REGION, flag()),
        ("psychiatric_2y", REGION, flag()),
        ("substance_2y", REGION, flag()),
        ("psychotropic_2y", REGION, flag()),
        ("psychologist_2y", REGION, flag()),
        ("psychiatrist_2y", REGION, flag()),
        ("gp_contacts_2y", REGION, number(0, 100)),
        ("gp_contacts_1y", REGION, number(0, 100)),
        ("gp_contacts_6m", REGION, number(0, 100)),
        ("gp_contacts_1y_before", REGION, number(0, 100)),
        ("admissions_1y", REGION, number(0, 50)),
        ("acute_admissions_1y", REGION, number(0, 30)),
        ("bed_days_1y", REGION, number(0, 365)),
        ("acute_two_in_30_days_1y", REGION, flag()),
        ("acute_three_in_6_months_1y", REGION, flag()),
        ("admissions_1y_before", REGION, number(0, 50)),
        ("acute_admissions_1y_before", REGION, number(0, 30)),
        ("index_admissions_1y", REGION, number(0, 20)),
        ("readmissions_30d_1y", REGION, number(0, 20)),
        ("cost_hospital_somatic_1y", REGION, number(0, COST_MAX)),
        ("cost_hospital_psychiatric_1y", REGION, number(0, COST_MAX)),
        ("cost_gp_1y", REGION, number(0, COST_MAX)),
        ("cost_specialist_1y", REGION, number(0, COST_MAX)),
        ("cost_medicine_1y", REGION, number(0, COST_MAX)),
        ("cost_transport_acute_1y", REGION, number(0, COST_MAX)),
        ("cost_transport_planned_1y", REGION, number(0, COST_MAX)),
        ("cost_municipal_social_1y", MUNICIPALITY, number(0, COST_MAX)),
        ("cost_municipal_health_1y", MUNICIPALITY, number(0, COST_MAX)),
        ("cost_hospital_somatic_1y_before", REGION, number(0, COST_MAX)),
        ("cost_municipal_health_1y_before", MUNICIPALITY, number(0, COST_MAX)),
    ]
}

#[test]
fn the_features_have_the_names_sectors_clamps_and_labels_that_every_installation_has() {
    let catalogue = embedded();
    let found: Vec<_> = catalogue
        .features()
        .iter()
        .map(|f| (f.name.as_str(), f.holder.sectors().collect::<Vec<_>>(), f.kind.clone()))
        .collect();
    let promised: Vec<_> =
        promised().into_iter().map(|(name, sectors, kind)| (name, sectors.to_vec(), kind)).collect();
    assert_eq!(found, promised);
}

#[test]
fn what_looks_back_says_so_in_its_name() {
    for feature in embedded().features() {
        let before = feature.name.strip_suffix("_before");
        assert_eq!(feature.earlier, before.map(|_| Length::Months(12)), "{}", feature.name);
        let expected = match before.unwrap_or(&feature.name).rsplit_once('_') {
            Some((_, "2y")) => Window::Last(Length::Years(2)),
            Some((_, "1y")) => Window::Last(Length::Months(12)),
            Some((_, "6m")) => Window::Last(Length::Months(6)),
            _ if feature.name == "last_spell_days" => Window::Last(Length::Years(2)),
            _ if matches!(feature.rule, Rule::Answer(_) | Rule::AnyRow(_)) => Window::Ever,
            _ => Window::OnDay,
        };
        assert_eq!(feature.window, expected, "{}", feature.name);
    }
}

/// The columns and the test of a rule's conditions.
fn asked(conditions: &[Condition]) -> Vec<(Vec<&str>, Test)> {
    let asked = |c: &Condition| (c.columns.iter().map(|column| column.name).collect(), c.test.clone());
    conditions.iter().map(asked).collect()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn any_of(values: &[&str]) -> Test {
    Test::AnyOf(texts(values).into_iter().map(Literal::Text).collect())
}

fn starts_with(any_of: &[&str], except: &[&str]) -> Test {
    Test::StartsWith { any_of: texts(any_of), except: texts(except) }
}

#[test]
fn diagnoses_are_those_of_the_action_and_of_secondary_codes() {
    let catalogue = embedded();
    let tens = ["DF10", "DF11", "DF12", "DF13", "DF14", "DF15", "DF16", "DF17", "DF18", "DF19"];
    let without_tobacco: Vec<&str> = tens.into_iter().filter(|code| *code != "DF17").collect();
    for (name, test) in [
        ("known_sad", starts_with(&["DF32", "DF33", "DF40", "DF41", "DF43"], &[])),
        ("somatic_2y", starts_with(&["D"], &["DF", "DZ"])),
        ("psychiatric_2y", starts_with(&["DF"], &tens)),
        ("substance_2y", starts_with(&without_tobacco, &[])),
    ] {
        let Rule::AnyRow(rows) = &catalogue.feature(name).unwrap().rule else { panic!("another rule") };
        assert_eq!((rows.table.name, rows.date.name), ("hospital_contacts", "start"), "{name}");
        assert_eq!(asked(&rows.conditions), [(vec!["dx", "dx_secondary"], test)], "{name}");
    }
}

#[test]
fn a_cost_adds_up_the_rows_that_its_name_says() {
    let catalogue = embedded();
    let region = [
        ("cost_hospital_somatic_1y", "start", "drg_dkk", vec![(vec!["sector"], any_of(&["somatik"]))]),
        ("cost_hospital_psychiatric_1y", "start", "drg_dkk", vec![(vec!["sector"], any_of(&["psykiatri"]))]),
        ("cost_gp_1y", "date", "honorar_dkk", vec![(vec!["speciale"], any_of(&["80"]))]),
        (
            "cost_specialist_1y",
            "date",
            "honorar_dkk",
            vec![(vec!["speciale"], Test::NoneOf(vec![Literal::Text("80".to_owned())]))],
        ),
        ("cost_medicine_1y", "date", "tilskud_dkk", vec![]),
        ("cost_transport_acute_1y", "date", "cost_dkk", vec![(vec!["kind"], any_of(&["akut"]))]),
        ("cost_transport_planned_1y", "date", "cost_dkk", vec![(vec!["kind"], any_of(&["planlagt"]))]),
    ];
    for (name, date, amount, conditions) in region {
        let Rule::SumRows { rows, amount: found, id } = &catalogue.feature(name).unwrap().rule else {
            panic!("another rule")
        };
        assert_eq!((rows.date.name, found.name), (date, amount), "{name}");
        // Of the rest, identical rows are separate events.
        let expected = (rows.table.name == "hospital_contacts").then_some("contact_id");
        assert_eq!(id.map(|id| id.name), expected, "{name}");
        assert_eq!(asked(&rows.conditions), conditions, "{name}");
    }
    for (name, laws) in [
        ("cost_municipal_social_1y", ["SEL_85", "SEL_99"]),
        ("cost_municipal_health_1y", ["SEL_83", "SUL_138"]),
        ("cost_municipal_health_1y_before", ["SEL_83", "SUL_138"]),
    ] {
        let Rule::DailySum { rows, amount } = &catalogue.feature(name).unwrap().rule else {
            panic!("another rule")
        };
        assert_eq!((rows.from.name, rows.to.name), ("from_date", "to_date"), "{name}");
        assert_eq!(amount.name, "cost_per_day_dkk", "{name}");
        assert_eq!(asked(&rows.conditions), [(vec!["law"], any_of(&laws))], "{name}");
    }
}

#[test]
fn admissions_merge_alike_and_differ_in_what_is_told_of_them() {
    let catalogue = embedded();
    let stays = |name: &str| {
        let Rule::Stays(stays) = &catalogue.feature(name).unwrap().rule else { panic!("another rule") };
        stays
    };
    let first: &Stays = stays("admissions_1y");
    assert_eq!((first.gap_hours, first.admission_hours), (4, 12));
    assert_eq!(first.contact.test, any_of(&["ALCA00"]));
    assert_eq!(first.acute.test, any_of(&["ATA1"]));
    for (name, only_acute, measure) in [
        ("admissions_1y", false, StayMeasure::Count),
        ("acute_admissions_1y", true, StayMeasure::Count),
        ("bed_days_1y", false, StayMeasure::BedDays),
        ("acute_two_in_30_days_1y", true, StayMeasure::WithinDays { count: 2, days: 30 }),
        ("acute_three_in_6_months_1y", true, StayMeasure::WithinMonths { count: 3, months: 6 }),
        ("admissions_1y_before", false, StayMeasure::Count),
        ("acute_admissions_1y_before", true, StayMeasure::Count),
    ] {
        let found = stays(name);
        assert!(found.merges_like(first), "{name}");
        assert_eq!((found.only_acute, &found.measure), (only_acute, &measure), "{name}");
    }
}

#[test]
fn an_index_admission_is_a_medical_one_at_65_that_ended_alive_30_days_ago() {
    let catalogue = embedded();
    let stays = |name: &str| {
        let Rule::Stays(stays) = &catalogue.feature(name).unwrap().rule else { panic!("another rule") };
        stays
    };
    let (index, readmitted) = (stays("index_admissions_1y"), stays("readmissions_30d_1y"));
    assert!(index.merges_like(readmitted) && !index.merges_like(stays("admissions_1y")));
    assert!(matches!(index.measure, StayMeasure::Index(_)));
    assert!(matches!(readmitted.measure, StayMeasure::Readmitted { days: 30, .. }));
    let Index { conditions, birth, least_age, death, days_ago } = index.index().unwrap();
    assert_eq!((birth.name, *least_age, death.name, *days_ago), ("birth_date", 65, "death_date", 30));
    let expected = [(vec!["sector"], any_of(&["somatik"])), (vec!["specialty_group"], any_of(&["medicin"]))];
    assert_eq!(asked(conditions), expected);
    assert_eq!((index.gap_hours, index.admission_hours), (4, 12));
    assert_eq!((&index.contact.test, &index.acute.test), (&any_of(&["ALCA00"]), &any_of(&["ATA1"])));
}

#[test]
fn who_is_resident_lives_and_who_is_resident_or_died_need_not() {
    let catalogue = embedded();
    for (name, counts) in [("resident", false), ("resident_or_died", true)] {
        let Rule::Resident(Residence { died, .. }) = catalogue.feature(name).unwrap().rule else {
            panic!("another rule")
        };
        assert_eq!(died, counts, "{name}");
    }
}

#[test]
fn an_item_of_the_survey_has_a_baseline_a_follow_up_and_a_change() {
    let catalogue = embedded();
    let (first, last) = (|| "baseline".to_owned(), || "followup".to_owned());
    for item in ["self_rated_health", "life_satisfaction", "satisfaction", "coherence"] {
        for (part, pick) in [
            ("baseline", Pick::First(first())),
            ("followup", Pick::Last(last())),
            ("change", Pick::Change { first: first(), last: last() }),
        ] {
            let name = format!("{item}_{part}");
            let Rule::Answer(Answer { item: found, pick: picked, .. }) =
                &catalogue.feature(&name).unwrap().rule
            else {
                panic!("another rule")
            };
            assert_eq!((found.name, picked), (item, &pick), "{name}");
        }
    }
}

#[test]
fn a_rule_reads_as_the_file_states_it() {
    let catalogue = embedded();
    let rule = |name: &str| &catalogue.feature(name).unwrap().rule;

    let Rule::Spells(spells) = rule("long_sick_spells_2y") else { panic!("another rule") };
    assert_eq!(spells.measure, Measure::Count { longer_than_days: 14 });

    let codes = |name: &str| {
        let Rule::WeekCode(week) = rule(name) else { panic!("another rule") };
        week.codes.iter().flat_map(|range| range.codes()).collect::<Vec<String>>()
    };
    assert_eq!(codes("early_retirement"), ["781", "782", "783"]);
    assert_eq!(codes("education_grant"), ["651", "652"]);
    let sickness: Vec<String> = (890..=899).map(|code: u32| code.to_string()).collect();
    assert_eq!(codes("sickness_benefit"), sickness);
    let cash: Vec<String> = (130..=138).chain(730..=738).map(|code: u32| code.to_string()).collect();
    assert_eq!(codes("cash_benefit"), cash);

    let Rule::Person(PersonColumn { test, .. }) = rule("foreign_citizen") else { panic!("another rule") };
    assert_eq!(*test, Some(Test::NoneOf(vec![Literal::Text("DK".to_owned())])));

    for (name, laws) in [
        ("social_service", &["SEL_83", "SEL_85", "SEL_99"][..]),
        ("home_nursing", &["SUL_138"]),
        ("home_care", &["SEL_83"]),
    ] {
        let Rule::ActiveRow(rows) = rule(name) else { panic!("another rule") };
        assert_eq!(asked(&rows.conditions), [(vec!["law"], any_of(laws))], "{name}");
    }

    let Rule::AnyRow(Rows { table, date, conditions }) = rule("frontline_flag") else {
        panic!("another rule")
    };
    assert_eq!((table.name, date.name, conditions.len()), ("frontline_flags", "flag_date", 0));

    let Rule::AgeBand { from, .. } = rule("age_band") else { panic!("another rule") };
    assert_eq!(*from, [0, 18, 30, 40, 50, 60, 65, 70, 75, 80, 85]);
}
