use jiff::civil::date;

use super::*;
use crate::oracle::feature::{Features, Value, of_node};

/// What the node says of the one person on 28 February 2026.
fn features(node: &str, rows: &[Row]) -> Features {
    let out = tempfile::tempdir().unwrap();
    one_person(out.path(), rows);
    let mut all = of_node(&out.path().join(node), date(2026, 2, 28)).unwrap();
    all.remove(&person()).unwrap()
}

fn number(features: &Features, name: &str) -> i64 {
    match features[name] {
        Some(Value::Number(number)) => number,
        ref other => panic!("{name} is {other:?}"),
    }
}

fn label(features: &Features, name: &str) -> String {
    match &features[name] {
        Some(Value::Label(label)) => label.clone(),
        other => panic!("{name} is {other:?}"),
    }
}

const PERSONS: Row = ("k360", "persons", "1958-03-01,F,,,,,");
const PATIENTS: Row = ("region_1085", "patients", "1958-03-01,F,,360,");

#[test]
fn every_feature_is_there_for_one_with_master_data_alone() {
    let municipal = features("k360", &[PERSONS]);
    let missing: Vec<_> = municipal.iter().filter(|feature| feature.1.is_none()).map(|f| *f.0).collect();
    assert_eq!(
        missing,
        [
            "civil_status",
            "coherence_baseline",
            "coherence_change",
            "coherence_followup",
            "life_satisfaction_baseline",
            "life_satisfaction_change",
            "life_satisfaction_followup",
            "satisfaction_baseline",
            "satisfaction_change",
            "satisfaction_followup",
            "self_rated_health_baseline",
            "self_rated_health_change",
            "self_rated_health_followup",
        ]
    );
    assert_eq!(municipal.len(), 37);
    assert_eq!((number(&municipal, "age"), label(&municipal, "age_band").as_str()), (67, "65-69"));
    assert_eq!((number(&municipal, "kommune"), label(&municipal, "sex").as_str()), (360, "F"));
    assert_eq!((number(&municipal, "resident"), number(&municipal, "foreign_citizen")), (0, 0));
    let regional = features("region_1085", &[PATIENTS]);
    assert_eq!((regional.len(), number(&regional, "kommune"), number(&regional, "age")), (30, 360, 67));
    let elsewhere = features("region_1085", &[("region_1085", "patients", "1958-03-01,F,,,")]);
    assert_eq!(elsewhere["kommune"], None);
    let rest = |features: &Features, n: usize| {
        let zero = features.values().filter(|value| **value == Some(Value::Number(0)));
        assert_eq!(zero.count(), n);
    };
    rest(&municipal, 20);
    rest(&regional, 26);
}

#[test]
fn a_municipality_answers_from_its_own_rows() {
    let mut rows = vec![
        ("k360", "persons", "1958-03-01,M,SE,,samboende,2,DSA"),
        ("k360", "residence", "360,2015-01-01,2026-02-28"),
        // 8 and 7 days that are one spell, one outside, and one open since the 15th day before.
        ("k360", "sick_leave", "2025-01-01,2025-01-08"),
        ("k360", "sick_leave", "2025-01-09,2025-01-15"),
        ("k360", "sick_leave", "2024-02-28,2024-03-28"),
        ("k360", "sick_leave", "2026-02-13,"),
        ("k360", "benefits_weeks", "2026,9,735"),
        ("k360", "benefits_weeks", "2026,9,112"),
        // 365 days, and one.
        ("k360", "social_services", "SEL_85,2024-01-01,,1.01"),
        ("k360", "social_services", "SEL_99,2025-01-01,2025-03-01,0.5"),
        ("k360", "social_services", "SUL_138,2026-02-27,2026-03-30,317"),
        ("k360", "frontline_flags", "2026-02-28"),
        ("k360", "survey", "2025-03-01,baseline,,5,4,2"),
        ("k360", "survey", "2025-03-01,baseline,3,4,,1"),
        ("k360", "survey", "2025-06-01,baseline,1,0,,1"),
        ("k360", "survey", "2025-01-01,followup,5,9,1,"),
        ("k360", "survey", "2026-01-01,followup,,2,,"),
        ("k360", "survey", "2026-03-01,followup,1,1,1,1"),
    ];
    let found = features("k360", &rows);
    let expected = [
        ("resident", 1),
        ("preschool_children", 1),
        ("foreign_citizen", 1),
        ("akasse_listed", 1),
        ("early_retirement", 0),
        ("unemployed", 1),
        ("cash_benefit", 1),
        ("social_service", 1),
        ("frontline_flag", 1),
        ("sick_spells_2y", 2),
        ("long_sick_spells_2y", 2),
        ("last_spell_days", 16),
        ("cost_municipal_social_1y", 365 * 101 + 50),
        ("cost_municipal_health_1y", 2 * 31_700),
        ("cost_municipal_health_1y_before", 0),
        ("resident_or_died", 1),
        ("home_nursing", 1),
        ("home_care", 0),
        ("sickness_benefit", 0),
        ("self_rated_health_baseline", 3),
        ("self_rated_health_followup", 5),
        ("self_rated_health_change", 2),
        ("life_satisfaction_baseline", 4),
        ("life_satisfaction_followup", 2),
        ("life_satisfaction_change", -2),
        ("satisfaction_baseline", 4),
        ("satisfaction_followup", 1),
        ("satisfaction_change", -3),
        ("coherence_baseline", 1),
    ];
    for (name, value) in expected {
        assert_eq!(number(&found, name), value, "{name}");
    }
    assert_eq!(label(&found, "civil_status"), "samboende");
    assert_eq!((&found["coherence_followup"], &found["coherence_change"]), (&None, &None));

    rows.extend([
        ("k360", "sick_leave", "2023-01-01,"),
        ("k360", "social_services", "SEL_85,2024-01-01,,9000"),
    ]);
    let found = features("k360", &rows);
    let at_bounds =
        ["sick_spells_2y", "last_spell_days", "cost_municipal_social_1y"].map(|n| number(&found, n));
    assert_eq!(at_bounds, [0, 0, 100_000_000]);
}

#[test]
fn a_region_answers_from_its_own_rows() {
    let mut rows = vec![
        PATIENTS,
        // Outside by its start; by its second contact it reaches into the window.
        (
            "region_1085",
            "hospital_contacts",
            "C1,NFS,2025-02-28T20:00,2025-02-28T23:00,ALCA00,ATA1,somatik,medicin,DI10,,100",
        ),
        (
            "region_1085",
            "hospital_contacts",
            "C2,NFS,2025-03-01T01:00,2025-03-02T01:00,ALCA00,ATA1,somatik,medicin,DI10,,100.25",
        ),
        // Twelve hours within a day: one bed day.
        (
            "region_1085",
            "hospital_contacts",
            "C3,NFS,2025-06-01T08:00,2025-06-01T20:00,ALCA00,ATA3,psykiatri,psykiatri,DF102,DF171|DF430,5.5",
        ),
        // Over midnight, still there, and a virtual contact.
        (
            "region_1085",
            "hospital_contacts",
            "C4,NFS,2026-02-26T23:00,,ALCA00,ATA1,somatik,medicin,DZ032,DF172,",
        ),
        (
            "region_1085",
            "hospital_contacts",
            "C5,NFS,2026-02-28T23:59,2026-03-09T12:00,ALCA10,ATA1,psykiatri,psykiatri,DF200,,1",
        ),
        (
            "region_1085",
            "hospital_contacts",
            "C6,NFS,2026-03-01T00:00,2026-03-09T12:00,ALCA00,ATA1,psykiatri,psykiatri,DF200,,1000",
        ),
        ("region_1085", "gp_contacts", "2024-02-28,80,0101,1,155,"),
        ("region_1085", "gp_contacts", "2024-02-29,80,0101,1,155,"),
        ("region_1085", "gp_contacts", "2025-02-28,80,0101,1,155,"),
        ("region_1085", "gp_contacts", "2025-03-01,80,0101,1,155.05,"),
        ("region_1085", "gp_contacts", "2026-02-28,80,7101,0,10,"),
        ("region_1085", "gp_contacts", "2026-02-28,63,0101,1,400,"),
        ("region_1085", "gp_contacts", "2026-02-28,24,0101,0,0.5,"),
        ("region_1085", "prescriptions", "2026-02-28,N05BA01,28,91.5"),
        ("region_1085", "prescriptions", "2025-02-28,C09AA02,28,1000"),
        ("region_1085", "transport", "2026-01-01,akut,4300"),
        ("region_1085", "transport", "2025-03-01,planlagt,800.75"),
    ];
    let found = features("region_1085", &rows);
    let expected = [
        ("known_sad", 1),
        ("somatic_2y", 1),
        ("psychiatric_2y", 1),
        ("substance_2y", 1),
        ("psychotropic_2y", 1),
        ("psychologist_2y", 1),
        ("psychiatrist_2y", 0),
        ("gp_contacts_2y", 3),
        ("gp_contacts_1y", 1),
        ("gp_contacts_6m", 0),
        ("gp_contacts_1y_before", 2),
        // Of the stay over the turn of the two years only its first three hours had been when the earlier one ended.
        ("admissions_1y_before", 0),
        ("acute_admissions_1y_before", 0),
        ("cost_hospital_somatic_1y_before", 10_000),
        ("index_admissions_1y", 1),
        ("readmissions_30d_1y", 0),
        ("admissions_1y", 2),
        ("acute_admissions_1y", 1),
        ("bed_days_1y", 3),
        ("cost_hospital_somatic_1y", 10_025),
        ("cost_hospital_psychiatric_1y", 650),
        ("cost_gp_1y", 16_505),
        ("cost_specialist_1y", 40_050),
        ("cost_medicine_1y", 9_150),
        ("cost_transport_acute_1y", 430_000),
        ("cost_transport_planned_1y", 80_075),
    ];
    for (name, value) in expected {
        assert_eq!(number(&found, name), value, "{name}");
    }

    rows.extend([("region_1085", "gp_contacts", "2026-01-01,80,0101,1,0,"); 200]);
    let found = features("region_1085", &rows);
    assert_eq!([number(&found, "gp_contacts_2y"), number(&found, "gp_contacts_1y")], [100, 100]);
}

#[test]
fn a_known_end_after_the_day_makes_an_admission_and_no_bed_days_to_come() {
    let rows = [
        PATIENTS,
        (
            "region_1085",
            "hospital_contacts",
            "C1,NFS,2026-02-27T20:00,2026-03-09T12:00,ALCA00,ATA1,somatik,medicin,DI10,,",
        ),
    ];
    let found = features("region_1085", &rows);
    assert_eq!([number(&found, "admissions_1y"), number(&found, "bed_days_1y")], [1, 1]);
}
