//! What an import promises: good folders are loaded whole, bad ones change nothing and say where and why.

mod any;
mod bad;
mod sample;

use std::path::Path;

use sqlx::Row as _;

use self::sample::{Sample, names};
use super::*;
use crate::data::{OpenError, Warehouse};
use crate::table;

async fn rows(warehouse: &Warehouse, sql: &'static str) -> Vec<String> {
    let rows = sqlx::query(sql).fetch_all(warehouse.pool()).await.unwrap();
    let cell = |row: &sqlx::sqlite::SqliteRow, i| {
        let null = row.try_get::<Option<String>, _>(i).map(|text| text.unwrap_or_else(|| "NULL".into()));
        null.unwrap_or_else(|_| row.try_get_unchecked::<String, _>(i).unwrap())
    };
    rows.iter().map(|row| (0..row.len()).map(|i| cell(row, i)).collect::<Vec<_>>().join("|")).collect()
}

#[tokio::test]
async fn a_good_folder_is_loaded_with_every_value_as_it_is_stored() {
    let sample = Sample::new(Sector::Region);
    let imported = sample.import().await.unwrap();
    let warehouse = Warehouse::open(&imported.file, 2).await.unwrap();
    assert_eq!(warehouse.meta(), &imported.meta);
    assert_eq!(imported.meta.persons, 3);
    assert_eq!(imported.meta.made_up_persons, 3);
    assert_eq!(imported.file.file_name().unwrap().to_str().unwrap(), file_name(imported.meta.digest));
    assert_eq!(
        rows(&warehouse, "SELECT rowid, * FROM patients").await,
        [
            "2|6101653001|1965-01-01|F|NULL|360|100001",
            "3|6102703002|1970-02-01|M|2025-05-01|NULL|NULL",
            "4|6103803003|1980-03-01|M|NULL|376|100002",
        ]
    );
    assert_eq!(
        rows(&warehouse, "SELECT contact_id, \"end\", dx_secondary, drg_dkk FROM hospital_contacts").await,
        ["C1|2025-01-02T12:30|DF329|DI10|1193750", "C2|NULL|NULL|NULL"]
    );
    assert_eq!(rows(&warehouse, "SELECT ddd, tilskud_dkk FROM prescriptions").await, ["30.5|5400"]);
}

#[tokio::test]
async fn the_order_of_columns_a_bom_carriage_returns_quotes_and_a_hyphen_change_nothing() {
    let plain = Sample::new(Sector::Municipality);
    let dressed = Sample::new(Sector::Municipality);
    dressed.write(
        "residence",
        "\u{feff}\"to_date\",kommune,person_id,from_date\r\n,0360,610165-3001,2015-01-01\r\n\r\n\
         \"2020-12-31\",360,\"6102703002\",2015-01-01\r\n,360,6102703002,2021-01-01",
    );
    let sql = "SELECT person_id, kommune, from_date, to_date FROM residence";
    let mut found = Vec::new();
    for sample in [&plain, &dressed] {
        let imported = sample.import().await.unwrap();
        found.push(rows(&Warehouse::open(&imported.file, 1).await.unwrap(), sql).await);
        let told: &[&str] = if found.len() == 1 { &[] } else { &["residence"] };
        assert_eq!(imported.unterminated, told, "a missing line end is told");
    }
    assert_eq!(found[0], found[1]);
}

#[tokio::test]
async fn identical_contacts_and_persons_count_once_and_identical_events_each() {
    let sample = Sample::new(Sector::Region);
    for table in ["patients", "hospital_contacts", "gp_contacts", "prescriptions", "transport"] {
        let row = sample.line(table, 2);
        // Written otherwise, the same values.
        let again = row.replace("6101653001", "610165-3001");
        sample.append(table, &format!("{row}\n{again}\n"));
    }
    let imported = sample.import().await.unwrap();
    let counts: Vec<(u64, u64)> = imported.meta.tables.iter().map(|t| (t.rows, t.duplicates)).collect();
    assert_eq!(counts, [(3, 2), (2, 2), (4, 0), (3, 0), (3, 0)]);
    assert_eq!(imported.meta.persons, 3);
}

#[tokio::test]
async fn a_header_alone_is_a_table_without_rows() {
    let sample = Sample::new(Sector::Municipality);
    for table in table::MUNICIPALITY {
        sample.write(table.name, &format!("{}\n", sample.line(table.name, 1)));
    }
    let imported = sample.import().await.unwrap();
    assert!(imported.meta.tables.iter().all(|count| count.rows == 0));
}

#[tokio::test]
async fn the_name_follows_the_content_and_a_second_import_takes_the_first_ones_place() {
    let sample = Sample::new(Sector::Region);
    let first = sample.import().await.unwrap();
    let open = Warehouse::open(&first.file, 1).await.unwrap();
    assert_eq!(sample.import().await.unwrap(), first);
    assert_eq!(
        rows(&open, "SELECT count(*) || '' FROM transport").await,
        ["1"],
        "the open one is still read"
    );
    sample.append("transport", &format!("{}\n", sample.line("transport", 2)));
    let other = sample.import().await.unwrap();
    assert_ne!(other.file, first.file);
    let later = Options { extracted_on: jiff::civil::date(2026, 4, 1), ..sample.options() };
    assert_ne!(
        sample.import_with(&later).await.unwrap().file,
        other.file,
        "another extraction is another name"
    );
}

#[tokio::test]
async fn the_same_rows_under_another_salt_cannot_be_told_to_be_the_same() {
    let sample = Sample::new(Sector::Region);
    let first = sample.import().await.unwrap();
    let salted = Options { salt: Salt::new([8; 32]), ..sample.options() };
    let second = sample.import_with(&salted).await.unwrap();
    assert_eq!(first.meta.tables, second.meta.tables, "the same rows");
    assert_ne!(first.meta.digest, second.meta.digest);
    assert_ne!(first.file, second.file);
    // The salt stays in the file: what is told of an import does not hold it.
    let salt = "08".repeat(32);
    assert!(std::fs::read(&second.file).unwrap().windows(64).any(|window| window == salt.as_bytes()));
    let told = format!("{:?} {}", second.meta, serde_json::to_string(&second.meta).unwrap());
    assert!(!told.contains(&salt) && !told.contains("8, 8, 8"), "{told}");
    // An import that is opened again is the same one.
    let opened = Warehouse::open(&second.file, 1).await.unwrap();
    assert_eq!(opened.meta(), &second.meta);
}

#[tokio::test]
async fn other_files_of_the_folder_are_none_of_the_imports_business() {
    let sample = Sample::new(Sector::Municipality);
    for name in ["policy.toml", "notes.txt", "._persons.csv", "persons.csv.bak"] {
        std::fs::write(sample.folder().join(name), "anything").unwrap();
    }
    sample.import().await.unwrap();
}

#[tokio::test]
async fn a_real_node_keeps_and_counts_replacement_numbers() {
    let sample = Sample::new(Sector::Region);
    sample.append("patients", "2902565003,2056-02-29,F,,360,\n");
    let real = Options { made_up: false, ..sample.options() };
    let imported = sample.import_with(&real).await.unwrap();
    assert_eq!((imported.meta.persons, imported.meta.made_up_persons), (4, 3));
    let error = sample.import().await.unwrap_err();
    assert_eq!((error.what, error.line), (What::PersonNotMadeUp, Some(5)));
    let rejects = Options { rejects: Some(sample.out().join("rejects")), ..sample.options() };
    assert_eq!(sample.import_with(&rejects).await.unwrap_err().what, What::PersonNotMadeUp);
}

#[tokio::test]
async fn bad_rows_are_set_aside_with_their_reason_and_the_rest_is_loaded() {
    let sample = Sample::new(Sector::Region);
    sample.append("patients", "6104903004,1990-13-01,F,,360,\n6103803003,1980-03-01,F,,376,100002\n");
    sample
        .append("hospital_contacts", "C1,6101653001,SUH,2025-01-02T10:00,,ALCA00,ATA1,somatik,medicin,,,\n");
    sample.append("gp_contacts", "6104903004,2025-01-01,80,0101,1,155,100001\n6101653001,2025-01-01,80\n");
    sample.append("gp_contacts", "6101653001,2025-01-01,80,0101,1,1\"5,100001\n");
    sample.append_bytes("transport", b"6101653001,2025-01-01,\xE6,10\n6101653001,2025-01-02,akut,10\n");
    let path = sample.out().join("rejects.csv");
    let imported =
        sample.import_with(&Options { rejects: Some(path.clone()), ..sample.options() }).await.unwrap();
    let counts: Vec<(u64, u64)> = imported.meta.tables.iter().map(|t| (t.rows, t.rejected)).collect();
    assert_eq!(counts, [(3, 2), (2, 1), (2, 3), (1, 0), (2, 1)]);
    assert_eq!(imported.meta.rejected(), 7);
    let warehouse = Warehouse::open(&imported.file, 1).await.unwrap();
    assert_eq!(rows(&warehouse, "SELECT sex FROM patients WHERE person_id = '6103803003'").await, ["M"]);

    use std::os::unix::fs::PermissionsExt;
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(&path).unwrap();
    let found: Vec<Vec<String>> = reader
        .byte_records()
        .map(|record| record.unwrap().iter().map(|f| String::from_utf8_lossy(f).into_owned()).collect())
        .collect();
    let heads: Vec<String> = found.iter().map(|record| record[..3].join(" ")).collect();
    assert_eq!(
        heads,
        [
            "patients.csv 5 birth_date",
            "gp_contacts.csv 4 person_id",
            "gp_contacts.csv 5 ",
            "gp_contacts.csv 6 ",
            "transport.csv 3 kind",
            "patients.csv 6 person_id",
            "hospital_contacts.csv 4 contact_id",
        ]
    );
    assert_eq!(found[0][4..], ["6104903004", "1990-13-01", "F", "", "360", ""]);
    assert_eq!(found[3][4..], ["6101653001,2025-01-01,80,0101,1,1\"5,100001\n"]);
    assert!(found[6][3].contains("differs from the one on line 2"), "{}", found[6][3]);
    assert_eq!(names(&sample.out()).len(), 2, "the database and the rejects, nothing aside");
}

#[tokio::test]
async fn a_folder_that_fails_leaves_no_file_of_rejects() {
    let sample = Sample::new(Sector::Region);
    sample.append("patients", "x\n");
    sample.write("transport", "nonsense\n");
    let options = Options { rejects: Some(sample.out().join("rejects.csv")), ..sample.options() };
    assert_eq!(sample.import_with(&options).await.unwrap_err().what, What::UnknownColumn);
    assert!(names(&sample.out()).is_empty());
}

#[tokio::test]
async fn an_import_that_is_dropped_leaves_nothing_and_a_second_one_at_a_time_is_refused() {
    let sample = Sample::new(Sector::Region);
    let (folder, out, options) = (sample.folder(), sample.out(), sample.options());
    let mut quiet = |_: Progress| {};
    {
        let mut import = Box::pin(import(&folder, Sector::Region, &out, &options, &mut quiet));
        // Polled once: the new file is there, the import is not done.
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let polled = import.as_mut().poll(&mut context);
        assert!(polled.is_pending());
        assert_eq!(names(&out), [NEW_FILE]);
        assert_eq!(sample.import().await.unwrap_err().what, What::Busy);
    }
    assert!(names(&out).is_empty());
    sample.import().await.unwrap();
}

#[tokio::test]
async fn progress_ends_with_all_bytes_and_all_rows() {
    let sample = Sample::new(Sector::Region);
    let mut told = Vec::new();
    let (folder, out, options) = (sample.folder(), sample.out(), sample.options());
    let imported = import(&folder, Sector::Region, &out, &options, &mut |p| told.push(p)).await.unwrap();
    let last = told.last().unwrap();
    assert_eq!((last.stage, last.table), (Stage::Indices, "transport"));
    assert_eq!(last.bytes_read, last.bytes_total);
    assert_eq!(last.rows, imported.meta.tables.iter().map(|t| t.rows).sum::<u64>());
    assert!(told.is_sorted_by_key(|p| p.bytes_read));
}

#[tokio::test]
async fn many_rows_over_many_batches_are_all_there_in_order() {
    let sample = Sample::new(Sector::Municipality);
    let days: String = (0..5000).map(|i| format!("6101653001,{}-01-01\n", 1900 + i % 200)).collect();
    sample.append("frontline_flags", &days);
    let imported = sample.import().await.unwrap();
    let warehouse = Warehouse::open(&imported.file, 1).await.unwrap();
    let sql = "SELECT count(*), max(rowid), sum(CAST(flag_date AS INTEGER) = 1900 + (rowid - 3) % 200) \
               FROM frontline_flags WHERE rowid > 2";
    assert_eq!(rows(&warehouse, sql).await, ["5000|5002|5000"]);
}

#[tokio::test]
async fn a_database_that_is_not_one_or_not_private_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let sample = Sample::new(Sector::Region);
    let file = sample.import().await.unwrap().file;
    let warehouse = Warehouse::open(&file, 1).await.unwrap();
    assert!(sqlx::query("DELETE FROM patients").execute(warehouse.pool()).await.is_err(), "it is read-only");
    warehouse.close().await;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(Warehouse::open(&file, 1).await, Err(OpenError::Permissions { mode: 0o640, .. })));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    // https://sqlite.org/fileformat.html: user version at 60, application id at 68.
    // One without a salt.
    bytes[63] = 1;
    std::fs::write(&file, &bytes).unwrap();
    assert!(matches!(Warehouse::open(&file, 1).await, Err(OpenError::Version { found: 1, .. })));
    bytes[68] = 0;
    std::fs::write(&file, &bytes).unwrap();
    assert!(matches!(Warehouse::open(&file, 1).await, Err(OpenError::Foreign(_))));
    std::fs::write(&file, "no database").unwrap();
    assert!(matches!(Warehouse::open(&file, 1).await, Err(OpenError::Database(..))));
    assert!(matches!(Warehouse::open(Path::new("nowhere"), 1).await, Err(OpenError::Unreadable(..))));
}
