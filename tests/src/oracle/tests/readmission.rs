use jiff::civil::date;

use super::*;
use crate::oracle::readmission::Answer;

/// One medical admission of one born in 1950 in `first`, and another contact of the given row.
fn readmission(first: &'static str, next: &'static str, death: &'static str) -> Answer {
    let persons = match death {
        "" => "1950-01-01,M,DK,,gift,0,INGEN",
        _ => "1950-01-01,M,DK,2026-01-31,gift,0,INGEN",
    };
    let rows = [
        ("k360", "persons", persons),
        ("k360", "residence", "360,2015-01-01,"),
        ("region_1085", "patients", "1950-01-01,M,,360,"),
        ("region_1085", "hospital_contacts", first),
        ("region_1085", "hospital_contacts", next),
    ];
    let mut answers = federation(&rows).readmission(date(2026, 2, 28)).unwrap();
    answers.remove(&person()).unwrap()
}

const INDEX: &str = "C1,NFS,2025-12-01T10:00,2025-12-05T10:00,ALCA00,ATA3,somatik,medicin,DI10,,100";

#[test]
fn the_next_admission_decides_by_its_first_day_and_priority() {
    // The next contact, admissions that are an index, readmissions.
    let expected = [
        ("C2,NFS,2026-01-04T00:00,2026-01-04T12:00,ALCA00,ATA1,somatik,kirurgi,DI10,,100", 1, 1),
        ("C2,NFS,2026-01-05T00:00,2026-01-05T12:00,ALCA00,ATA1,somatik,kirurgi,DI10,,100", 1, 0),
        ("C2,NFS,2026-01-04T00:00,2026-01-04T12:00,ALCA00,ATA3,somatik,kirurgi,DI10,,100", 1, 0),
        ("C2,NFS,2026-01-04T00:00,2026-01-04T11:59,ALCA00,ATA1,somatik,kirurgi,DI10,,100", 1, 0),
        // An index itself, with nothing after it.
        ("C2,NFS,2026-01-04T00:00,2026-01-29T12:00,ALCA00,ATA1,somatik,medicin,DI10,,100", 2, 1),
        ("C2,NFS,2026-01-04T00:00,2026-01-30T12:00,ALCA00,ATA1,somatik,medicin,DI10,,100", 1, 1),
        // One stay: it ends with its second contact, and is medical by its first.
        ("C2,NFS,2025-12-05T14:00,2026-01-30T12:00,ALCA00,ATA1,somatik,kirurgi,DI10,,100", 0, 0),
    ];
    for (next, index, readmitted) in expected {
        let answer = readmission(INDEX, next, "");
        assert_eq!((answer.resident, answer.index, answer.readmitted), (true, index, readmitted), "{next}");
    }
}

#[test]
fn an_index_is_medical_of_someone_old_who_left_alive_in_time() {
    let other = "C2,NFS,2020-01-04T00:00,2020-01-04T10:00,ALCA00,ATA1,somatik,medicin,DI10,,100";
    let expected = [
        (INDEX, 1),
        ("C1,NFS,2025-02-20T10:00,2025-02-28T10:00,ALCA00,ATA3,somatik,medicin,DI10,,100", 0),
        ("C1,NFS,2025-02-20T10:00,2025-03-01T10:00,ALCA00,ATA3,somatik,medicin,DI10,,100", 1),
        ("C1,NFS,2026-01-20T10:00,2026-01-29T10:00,ALCA00,ATA3,somatik,medicin,DI10,,100", 1),
        ("C1,NFS,2026-01-20T10:00,2026-01-30T10:00,ALCA00,ATA3,somatik,medicin,DI10,,100", 0),
        ("C1,NFS,2025-12-01T10:00,,ALCA00,ATA3,somatik,medicin,DI10,,100", 0),
        ("C1,NFS,2025-12-01T10:00,2025-12-05T10:00,ALCA00,ATA3,somatik,kirurgi,DI10,,100", 0),
        ("C1,NFS,2025-12-01T10:00,2025-12-05T10:00,ALCA00,ATA3,psykiatri,medicin,DI10,,100", 0),
    ];
    for (first, index) in expected {
        assert_eq!(readmission(first, other, "").index, index, "{first}");
    }
    // Died resident at the end of January: counts, but for the admission in which it happened.
    let answer = readmission(INDEX, other, "dead");
    assert_eq!((answer.resident, answer.index), (true, 1));
    let last = "C1,NFS,2026-01-20T10:00,2026-01-31T10:00,ALCA00,ATA3,somatik,medicin,DI10,,100";
    assert_eq!(readmission(last, other, "dead").index, 0);
}
