mod feature;
mod readmission;

use std::{fs, path::Path};

use jiff::civil::date;

use super::*;
use sad::{Answer, Stratum};

const PERSON: &str = "6101800011";

/// A row: node, table, and what follows the person's number.
type Row = (&'static str, &'static str, &'static str);

/// Writes one municipality and one region with a single person.
fn one_person(out: &Path, rows: &[Row]) {
    let headers = [
        ("k360", "persons", "birth_date,sex,citizenship,death_date,civil_status,preschool_children,a_kasse"),
        ("k360", "residence", "kommune,from_date,to_date"),
        ("k360", "sick_leave", "first_day,last_day"),
        ("k360", "benefits_weeks", "iso_year,iso_week,dream_code"),
        ("k360", "social_services", "law,from_date,to_date,cost_per_day_dkk"),
        ("k360", "survey", "survey_date,round,self_rated_health,life_satisfaction,satisfaction,coherence"),
        ("k360", "frontline_flags", "flag_date"),
        ("region_1085", "patients", "birth_date,sex,death_date,kommune,ydernr"),
        (
            "region_1085",
            "hospital_contacts",
            "contact_id,hospital,start,end,contact_type,priority,sector,specialty_group,dx,dx_secondary,drg_dkk",
        ),
        ("region_1085", "gp_contacts", "date,speciale,ydelse,kontakt,honorar_dkk,ydernr"),
        ("region_1085", "prescriptions", "date,atc,ddd,tilskud_dkk"),
        ("region_1085", "transport", "date,kind,cost_dkk"),
    ];
    for (node, table, columns) in headers {
        fs::create_dir_all(out.join(node)).unwrap();
        let mut text = format!("person_id,{columns}\n");
        for (_, _, row) in rows.iter().filter(|row| (row.0, row.1) == (node, table)) {
            text.push_str(&format!("{PERSON},{row}\n"));
        }
        fs::write(out.join(node).join(format!("{table}.csv")), text).unwrap();
    }
}

fn federation(rows: &[Row]) -> Federation {
    let out = tempfile::tempdir().unwrap();
    one_person(out.path(), rows);
    read::federation(out.path()).unwrap()
}

fn person() -> PersonId {
    PersonId::parse(PERSON).unwrap()
}

fn answer(rows: &[Row]) -> Answer {
    let mut answers = federation(rows).sad(date(2026, 2, 28)).unwrap();
    answers.remove(&person()).unwrap()
}

#[test]
fn every_item_at_its_most_adds_up_to_eighteen() {
    let mut rows = vec![
        ("k360", "persons", "1980-01-01,M,SE,,enlig,2,FTF"),
        ("k360", "residence", "360,2015-01-01,"),
        ("k360", "sick_leave", "2024-03-01,2024-03-20"),
        ("k360", "sick_leave", "2024-05-01,2024-05-20"),
        ("k360", "sick_leave", "2025-05-01,2025-05-20"),
        ("k360", "sick_leave", "2026-01-01,"),
        ("k360", "benefits_weeks", "2026,9,111"),
        ("region_1085", "patients", "1980-01-01,M,,360,"),
        (
            "region_1085",
            "hospital_contacts",
            "C1,NFS,1999-01-01T10:00,1999-01-01T11:00,ALCA00,ATA3,psykiatri,psykiatri,DI10,DZ032|DF412,0",
        ),
        ("region_1085", "gp_contacts", "2025-01-01,63,0101,1,0,"),
        ("region_1085", "prescriptions", "2025-01-01,N06AB04,28,91"),
    ];
    rows.extend([("region_1085", "gp_contacts", "2025-01-01,80,0101,1,0,"); 21]);
    let most = Answer {
        kommune: Some(360),
        several_residences: false,
        eligible: true,
        known: 3,
        repeat: 5,
        last: 1,
        labour: 1,
        treatment: 2,
        gp: 2,
        civil: 2,
        citizen: 1,
        akasse: 1,
        total: 18,
        stratum: Stratum::High,
        spells_cross: false,
        gp_cross: false,
    };
    assert_eq!(answer(&rows), most);
}

#[test]
fn a_person_with_master_data_alone_has_no_points() {
    let rows = [("k360", "persons", "1980-01-01,M,DK,,gift,0,3F"), ("k360", "residence", "360,2015-01-01,")];
    let none = answer(&rows);
    assert_eq!((none.eligible, none.total, none.stratum), (true, 0, Stratum::Low));
}

#[test]
fn a_region_has_nothing_to_say_of_those_who_live_elsewhere() {
    let drug = ("region_1085", "prescriptions", "2025-01-01,N06AB04,28,91");
    assert_eq!(answer(&[("region_1085", "patients", "1980-01-01,M,,,"), drug]).treatment, 0);
    assert_eq!(answer(&[("region_1085", "patients", "1980-01-01,M,,101,"), drug]).treatment, 0);
    assert_eq!(answer(&[("region_1085", "patients", "1980-01-01,M,,360,"), drug]).treatment, 1);
}

#[test]
fn a_folder_without_nodes_is_refused() {
    let out = tempfile::tempdir().unwrap();
    assert!(read::federation(out.path()).is_err());
}
