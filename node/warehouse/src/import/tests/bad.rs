//! Every kind of bad input: the message has place, found and expected, and nothing has changed.

use tvaers_protocol::id::Sector;

use super::sample::{Sample, names, runtime};
use crate::import::{Options, What};
use crate::table;

/// How a folder is spoilt.
enum Spoil {
    /// A text of the file is replaced by another.
    Replace(&'static str, &'static str),
    /// Bytes are added at the end.
    Append(&'static [u8]),
    /// The file is these bytes.
    Whole(&'static [u8]),
    /// The file is removed.
    Remove,
}

use Spoil::{Append, Remove, Replace, Whole};

struct Bad {
    table: &'static str,
    spoil: Spoil,
    what: What,
    line: Option<u64>,
    column: Option<&'static str>,
    found: &'static str,
    expected: &'static str,
}

#[rustfmt::skip]
const BAD: &[Bad] = &[
    // The file and its header.
    bad("transport", Remove, What::MissingFile, None, None, "no such file", "a file for each table of a region"),
    bad("sick_leave", Whole(b""), What::NoHeader, None, None, "an empty file", "person_id,first_day,last_day"),
    bad("sick_leave", Whole(b"\xEF\xBB\xBF\r\n"), What::NoHeader, None, None, "an empty file", "person_id,first_day,last_day"),
    bad("sick_leave", Whole(b"\xFF\xFEp\0"), What::NoHeader, Some(1), None, "bytes that are not UTF-8", "person_id,first_day"),
    bad("sick_leave", Whole(b"person_id,first\"day\n"), What::NoHeader, None, None, "a misplaced quotation mark", "person_id,first_day"),
    bad("sick_leave", Replace("last_day", "until"), What::UnknownColumn, Some(1), Some("until"), "until", "person_id,first_day,last_day"),
    bad("sick_leave", Replace("person_id,first_day,", "person_id;first_day;"), What::UnknownColumn, Some(1), Some("person_id;first_day;last_day"), "person_id;first_day;last_day", "separated by commas"),
    bad("sick_leave", Replace("last_day", "Last_Day"), What::UnknownColumn, Some(1), Some("Last_Day"), "Last_Day", "last_day"),
    bad("sick_leave", Replace(",last_day", ""), What::MissingColumn, Some(1), Some("last_day"), "person_id,first_day", "person_id,first_day,last_day"),
    bad("sick_leave", Replace("first_day", "last_day"), What::ColumnTwice, Some(1), Some("last_day"), "last_day", "person_id,first_day,last_day"),
    // The row as such.
    bad("sick_leave", Append(b"6101653001,2025-0"), What::CutShort, Some(4), None, "2 fields", "3 fields"),
    bad("sick_leave", Append(b"6101653001,2025-03-01,2025-0"), What::CutShort, Some(4), Some("last_day"), "2025-0", "a date YYYY-MM-DD"),
    bad("sick_leave", Append(b"6101653001,2025-03-01,\"2025-03-02\n"), What::CutShort, Some(4), None, "the end of the file", "closes the field"),
    bad("sick_leave", Append(b"6101653001,2025-03-01\n"), What::FieldCount, Some(4), None, "2 fields", "3 fields"),
    bad("sick_leave", Append(b"6101653001,2025-03-01,,\n"), What::FieldCount, Some(4), None, "4 fields", "3 fields"),
    bad("sick_leave", Append(b"6101653001,2025\"-03-01,\n"), What::Quoting, Some(4), None, "one inside a field", "doubled inside it"),
    bad("hospital_contacts", Replace("SUH", "K\u{f8}ge\n"), What::FieldCount, Some(2), None, "3 fields", "12 fields"),
    bad("hospital_contacts", Append(b"C3,6101653001,K\xF8ge,2025-01-02T10:00,,ALCA00,ATA1,somatik,medicin,,,\n"), What::NotUtf8, Some(4), Some("hospital"), "byte 0xF8", "UTF-8"),
    bad("hospital_contacts", Replace("SUH", "S\tH"), What::Type, Some(2), Some("hospital"), "S\\tH", "a text"),
    bad("persons", Append(b"6104903004,1990-04-01,F,DK,,enlig,0,F\xC3"), What::CutShort, Some(4), Some("a_kasse"), "byte 0xC3", "UTF-8"),
    // Values.
    bad("patients", Replace("1965-01-01,F", "1965-01-01,"), What::Empty, Some(2), Some("sex"), "nothing", "one of M, F"),
    bad("persons", Replace("enlig", "enlig "), What::Spaces, Some(2), Some("civil_status"), "enlig ", "one of gift"),
    bad("patients", Replace("1965-01-01", "1965-02-30"), What::ImpossibleDate, Some(2), Some("birth_date"), "1965-02-30", "a date YYYY-MM-DD"),
    bad("patients", Replace("1965-01-01", "65-01-01"), What::TwoDigitYear, Some(2), Some("birth_date"), "65-01-01", "a date YYYY-MM-DD"),
    bad("patients", Replace("1965-01-01", "01-01-1965"), What::Type, Some(2), Some("birth_date"), "01-01-1965", "a date YYYY-MM-DD"),
    bad("patients", Replace("1965-01-01", "1765-01-01"), What::Range, Some(2), Some("birth_date"), "1765-01-01", "years 1850 to 2100"),
    bad("hospital_contacts", Replace("2025-03-02T10:00", "2025-03-02T25:00"), What::ImpossibleDate, Some(3), Some("start"), "2025-03-02T25:00", "a time YYYY-MM-DDTHH:MM"),
    bad("hospital_contacts", Replace("2025-01-02T12:30", "2025-01-02"), What::Type, Some(2), Some("end"), "2025-01-02", "a time YYYY-MM-DDTHH:MM"),
    bad("patients", Replace(",F,", ",K,"), What::UnknownCode, Some(2), Some("sex"), "K", "one of M, F"),
    bad("patients", Replace("360", "36"), What::UnknownCode, Some(2), Some("kommune"), "36", "a municipality code"),
    bad("hospital_contacts", Replace("ATA1", "ATA9"), What::UnknownCode, Some(2), Some("priority"), "ATA9", "one of ATA1, ATA3"),
    bad("hospital_contacts", Replace("somatik", "somatic"), What::UnknownCode, Some(2), Some("sector"), "somatic", "one of somatik, psykiatri"),
    bad("hospital_contacts", Replace("DI509", "I509"), What::UnknownCode, Some(2), Some("dx"), "I509", "an SKS code"),
    bad("hospital_contacts", Replace("DF329|", "DF329;"), What::UnknownCode, Some(2), Some("dx_secondary"), "DF329;DI10", "separated by |"),
    bad("hospital_contacts", Replace("11937.5", "-5"), What::Range, Some(2), Some("drg_dkk"), "-5", "kroner from 0"),
    bad("gp_contacts", Replace("30.25", "\"30,25\""), What::Type, Some(3), Some("honorar_dkk"), "30,25", "decimal point"),
    bad("gp_contacts", Replace(",80,", ",8,"), What::UnknownCode, Some(2), Some("speciale"), "8", "two digits"),
    bad("gp_contacts", Replace("0101", "101"), What::UnknownCode, Some(2), Some("ydelse"), "101", "four digits"),
    bad("gp_contacts", Replace("0101,1,", "0101,2,"), What::Range, Some(2), Some("kontakt"), "2", "a whole number from 0 to 1"),
    bad("prescriptions", Replace("N06AB04", "n06ab04"), What::UnknownCode, Some(2), Some("atc"), "n06ab04", "an ATC code"),
    bad("prescriptions", Replace("30.5", "-1"), What::Range, Some(2), Some("ddd"), "-1", "a number from 0"),
    bad("prescriptions", Replace("30.5", "thirty"), What::Type, Some(2), Some("ddd"), "thirty", "a number from 0"),
    bad("transport", Replace("planlagt", "planned"), What::UnknownCode, Some(2), Some("kind"), "planned", "one of akut, planlagt"),
    bad("persons", Replace("enlig", "single"), What::UnknownCode, Some(2), Some("civil_status"), "single", "one of gift, samboende, enlig"),
    bad("persons", Replace(",DK,", ",Denmark,"), What::UnknownCode, Some(2), Some("citizenship"), "Denmark", "two capital letters"),
    bad("persons", Replace("enlig,0", "enlig,-1"), What::Range, Some(2), Some("preschool_children"), "-1", "from 0 to 20"),
    bad("benefits_weeks", Replace("2026,9", "2026,54"), What::Range, Some(2), Some("iso_week"), "54", "from 1 to 53"),
    bad("benefits_weeks", Replace("2020,53", "2021,53"), What::Range, Some(3), Some("iso_week"), "53", "a week of ISO year 2021, which has 52"),
    bad("benefits_weeks", Replace("2026,", "26,"), What::Range, Some(2), Some("iso_year"), "26", "from 1850 to 2100"),
    bad("benefits_weeks", Replace("111", "11"), What::UnknownCode, Some(2), Some("dream_code"), "11", "three digits"),
    bad("social_services", Replace("SEL_85", "SEL 85"), What::UnknownCode, Some(2), Some("law"), "SEL 85", "such as SEL_85"),
    bad("survey", Replace("baseline", "middle"), What::UnknownCode, Some(2), Some("round"), "middle", "one of baseline, followup"),
    bad("survey", Replace("baseline,1", "baseline,0"), What::Range, Some(2), Some("self_rated_health"), "0", "from 1 to 5"),
    bad("survey", Replace(",10,", ",11,"), What::Range, Some(2), Some("life_satisfaction"), "11", "from 0 to 10"),
    bad("survey", Replace(",5,", ",good,"), What::Type, Some(2), Some("satisfaction"), "good", "from 1 to 5"),
    // Values that contradict each other.
    bad("residence", Replace("2020-12-31", "2014-12-31"), What::EndBeforeStart, Some(3), Some("to_date"), "2014-12-31", "not before `from_date`, which is 2015-01-01"),
    bad("sick_leave", Replace("2025-02-18", "2025-01-28"), What::EndBeforeStart, Some(2), Some("last_day"), "2025-01-28", "2025-01-29"),
    bad("social_services", Replace("2025-12-30", "2023-12-30"), What::EndBeforeStart, Some(2), Some("to_date"), "2023-12-30", "2024-11-19"),
    bad("hospital_contacts", Replace("2025-01-02T12:30", "2025-01-02T09:59"), What::EndBeforeStart, Some(2), Some("end"), "2025-01-02T09:59", "2025-01-02T10:00"),
    bad("patients", Replace("2025-05-01", "1969-05-01"), What::EndBeforeStart, Some(3), Some("death_date"), "1969-05-01", "1970-02-01"),
    // Persons and keys.
    bad("patients", Replace("6101653001", "61016530"), What::PersonForm, Some(2), Some("person_id"), "8 characters: 8 digits", "a CPR number"),
    bad("patients", Replace("6101653001", "6101-653001"), What::PersonForm, Some(2), Some("person_id"), "11 characters: 10 digits, 1 others", "a CPR number"),
    bad("patients", Replace("6101653001", "9901653001"), What::PersonForm, Some(2), Some("person_id"), "10 characters: 10 digits", "begins with a day"),
    bad("patients", Replace("6101653001", ""), What::Empty, Some(2), Some("person_id"), "nothing", "a CPR number"),
    bad("patients", Replace("6101653001", "0101605000"), What::PersonNotMadeUp, Some(2), Some("person_id"), "another form", "raised by 60"),
    bad("gp_contacts", Replace("6103803003", "6104903004"), What::PersonUnknown, Some(3), Some("person_id"), "a number that it does not have", "a person of `patients.csv`"),
    bad("survey", Replace("6101653001", "6104903004"), What::PersonUnknown, Some(2), Some("person_id"), "a number that it does not have", "a person of `persons.csv`"),
    bad("hospital_contacts", Replace("C2", "C1"), What::DifferentTwice, Some(3), Some("contact_id"), "line 2", "one row for each contact_id"),
    bad("persons", Append(b"6101653001,1965-01-01,F,DK,,gift,0,FTF\n"), What::DifferentTwice, Some(4), Some("person_id"), "line 2", "one row for each person_id"),
];

const fn bad(
    table: &'static str,
    spoil: Spoil,
    what: What,
    line: Option<u64>,
    column: Option<&'static str>,
    found: &'static str,
    expected: &'static str,
) -> Bad {
    Bad { table, spoil, what, line, column, found, expected }
}

fn spoil(sample: &Sample, table: &str, spoil: &Spoil) {
    match spoil {
        Replace(from, to) => {
            let text = sample.text(table);
            assert!(text.contains(from), "{table} has no {from}");
            sample.write(table, &text.replacen(from, to, 1));
        }
        Append(bytes) => sample.append_bytes(table, bytes),
        Whole(bytes) => sample.write_bytes(table, bytes),
        Remove => sample.remove(table),
    }
}

#[tokio::test]
async fn every_bad_input_is_refused_by_place_and_changes_nothing() {
    for bad in BAD {
        let sample = Sample::new(table::table(bad.table).unwrap().sector);
        let before = sample.import().await.unwrap();
        let content = std::fs::read(&before.file).unwrap();
        spoil(&sample, bad.table, &bad.spoil);
        let error = sample.import().await.unwrap_err();
        let case = format!("{error}\nin a case of {:?} in {}", bad.what, bad.table);
        assert_eq!(error.what, bad.what, "{case}");
        assert_eq!(&*error.file, format!("{}.csv", bad.table), "{case}");
        assert_eq!(error.line, bad.line, "{case}");
        assert_eq!(error.column.as_deref(), bad.column, "{case}");
        assert!(error.found.contains(bad.found), "{case}");
        assert!(error.expected.contains(bad.expected), "{case}");
        assert!(!error.next.is_empty());
        let message = error.to_string();
        for part in [&*error.file, bad.found, bad.expected, error.next] {
            assert!(message.contains(part), "{message}");
        }
        assert_eq!(names(&sample.out()), [before.file.file_name().unwrap().to_str().unwrap()], "{case}");
        assert_eq!(std::fs::read(&before.file).unwrap(), content, "{case}");
    }
}

#[tokio::test]
async fn faults_of_a_row_can_be_set_aside_and_no_others() {
    for bad in BAD {
        let sample = Sample::new(table::table(bad.table).unwrap().sector);
        spoil(&sample, bad.table, &bad.spoil);
        let options = Options { rejects: Some(sample.out().join("rejects")), ..sample.options() };
        match sample.import_with(&options).await {
            Ok(imported) => {
                assert!(bad.what.is_of_a_row() && imported.meta.rejected() >= 1, "{:?}", bad.what);
            }
            Err(error) => {
                assert!(!bad.what.is_of_a_row() && error.what == bad.what, "{error}");
                assert!(names(&sample.out()).is_empty(), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_csv_file_that_nobody_reads_is_refused() {
    for name in ["hospital_contacts_2.csv", "persons.csv", "TRANSPORT.CSV"] {
        let sample = Sample::new(Sector::Region);
        std::fs::write(sample.folder().join(name), "x").unwrap();
        let error = sample.import().await.unwrap_err();
        assert_eq!((error.what, &*error.file), (What::UnknownFile, name));
        assert!(error.expected.contains("patients.csv") && names(&sample.out()).is_empty());
    }
}

#[tokio::test]
async fn folders_that_cannot_be_read_or_written_are_named() {
    let sample = Sample::new(Sector::Region);
    let elsewhere = sample.out().join("none");
    let mut quiet = |_| {};
    let options = sample.options();
    let import = crate::import::import;
    let error = import(&elsewhere, Sector::Region, &sample.out(), &options, &mut quiet).await.unwrap_err();
    assert_eq!(error.what, What::Unreadable);
    assert!(error.file.ends_with("none"), "{error}");
    let error = import(&sample.folder(), Sector::Region, &elsewhere, &options, &mut quiet).await.unwrap_err();
    assert_eq!(error.what, What::Unwritable);
    let rejects = Options { rejects: Some(elsewhere.join("rejects")), ..sample.options() };
    assert_eq!(sample.import_with(&rejects).await.unwrap_err().what, What::Unwritable);
    sample.remove("patients");
    std::fs::create_dir(sample.folder().join("patients.csv")).unwrap();
    assert_eq!(sample.import().await.unwrap_err().what, What::Unreadable);
    let member = Options { member: 36, ..sample.options() };
    assert_eq!(sample.import_with(&member).await.unwrap_err().what, What::Option);
    assert!(names(&sample.out()).is_empty());
}

/// Plants a number in every field of every table, as a value, beside one, and as the name of a column.
#[test]
fn no_message_holds_a_persons_number() {
    const PLANTED: [&str; 6] = [
        "6709783579",
        "670978-3579",
        "670978 3579",
        " 6709783579",
        "DF32|6709783579",
        "2025-01-01 6709783579",
    ];
    let runtime = runtime();
    for sector in [Sector::Region, Sector::Municipality] {
        for table in table::tables(sector) {
            for place in 0..table.columns.len() {
                for line in [1, 2] {
                    let planted = PLANTED[(place + line) % PLANTED.len()];
                    let sample = Sample::new(sector);
                    let mut lines: Vec<String> = sample.text(table.name).lines().map(String::from).collect();
                    let mut fields: Vec<&str> = lines[line - 1].split(',').collect();
                    fields[place] = planted;
                    lines[line - 1] = fields.join(",");
                    sample.write(table.name, &(lines.join("\n") + "\n"));
                    match runtime.block_on(sample.import()) {
                        // The number is a good value here, such as the name of a contact.
                        Ok(_) => assert!(line == 2),
                        Err(error) => {
                            let told = format!("{error} {error:?}");
                            for secret in ["6709", "0978", "7835", "3579"] {
                                assert!(!told.contains(secret), "{} {place}", table.name);
                            }
                        }
                    }
                }
            }
        }
    }
}
