//! Bad input ends with exit code 2 and one message that names the place, and changes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Place, problem, program, text};

/// A file of `k360` or `region_1085`, how it is spoilt, and what the message must say: line, column, and parts of
/// what was found and expected.
struct Bad {
    file: &'static str,
    spoil: fn(String) -> Vec<u8>,
    line: Option<usize>,
    column: Option<&'static str>,
    found: &'static str,
    expected: &'static str,
}

/// Sets a field of the first row.
fn set(rows: &str, column: &str, value: &str) -> Vec<u8> {
    let (header, rest) = rows.split_once('\n').unwrap();
    let (row, rest) = rest.split_once('\n').unwrap();
    let at = header.split(',').position(|name| name == column).unwrap();
    let mut fields: Vec<&str> = row.split(',').collect();
    fields[at] = value;
    format!("{header}\n{}\n{rest}", fields.join(",")).into_bytes()
}

const BAD: &[Bad] = &[
    bad(
        "k360/sick_leave.csv",
        |rows| rows.replacen("last_day", "until", 1).into(),
        Some(1),
        Some("until"),
        "until",
        "last_day",
    ),
    bad(
        "k360/sick_leave.csv",
        |rows| rows.replacen(",last_day", "", 1).into(),
        Some(1),
        Some("last_day"),
        "first_day",
        "last_day",
    ),
    bad(
        "k360/persons.csv",
        |rows| set(&rows, "preschool_children", "two"),
        Some(2),
        Some("preschool_children"),
        "two",
        "from 0 to 20",
    ),
    bad(
        "k360/persons.csv",
        |rows| set(&rows, "birth_date", "1970-02-30"),
        Some(2),
        Some("birth_date"),
        "1970-02-30",
        "YYYY-MM-DD",
    ),
    bad(
        "k360/persons.csv",
        |rows| set(&rows, "birth_date", "70-02-03"),
        Some(2),
        Some("birth_date"),
        "70-02-03",
        "YYYY-MM-DD",
    ),
    bad(
        "k360/persons.csv",
        |rows| set(&rows, "person_id", "61017030"),
        Some(2),
        Some("person_id"),
        "8 digits",
        "CPR",
    ),
    // A real number, as far as anyone can tell: the first one that the register's own table shows.
    bad(
        "k360/persons.csv",
        |rows| set(&rows, "person_id", "0101605000"),
        Some(2),
        Some("person_id"),
        "another form",
        "60",
    ),
    bad(
        "k360/residence.csv",
        |rows| set(&rows, "to_date", "1850-01-01"),
        Some(2),
        Some("to_date"),
        "1850-01-01",
        "not before",
    ),
    bad(
        "k360/residence.csv",
        |rows| set(&rows, "person_id", "6101003009"),
        Some(2),
        Some("person_id"),
        "does not have",
        "persons.csv",
    ),
    bad(
        "k360/benefits_weeks.csv",
        |rows| set(&rows, "iso_week", "54"),
        Some(2),
        Some("iso_week"),
        "54",
        "from 1 to 53",
    ),
    bad(
        "k360/survey.csv",
        |rows| with(&rows, b"6101003009,2025-01-01,K\xf8ge,,,,\n"),
        None,
        None,
        "UTF-8",
        "",
    ),
    bad("region_1085/transport.csv", |rows| with(&rows, b"610"), None, None, "1 field", "4 fields"),
    bad(
        "region_1085/hospital_contacts.csv",
        |rows| second_version(&rows),
        Some(3),
        Some("contact_id"),
        "line 2",
        "one row",
    ),
    bad(
        "region_1085/gp_contacts.csv",
        |rows| set(&rows, "kontakt", "2"),
        Some(2),
        Some("kontakt"),
        "2",
        "from 0 to 1",
    ),
];

const fn bad(
    file: &'static str,
    spoil: fn(String) -> Vec<u8>,
    line: Option<usize>,
    column: Option<&'static str>,
    found: &'static str,
    expected: &'static str,
) -> Bad {
    Bad { file, spoil, line, column, found, expected }
}

/// Adds bytes at the end, without a line end.
fn with(rows: &str, bytes: &[u8]) -> Vec<u8> {
    [rows.as_bytes(), bytes].concat()
}

/// Puts the first contact a second time behind itself, as another kind of contact.
fn second_version(rows: &str) -> Vec<u8> {
    let (header, rest) = rows.split_once('\n').unwrap();
    let (row, rest) = rest.split_once('\n').unwrap();
    let other = if row.contains("ALCA00") {
        row.replace("ALCA00", "ALCA10")
    } else {
        row.replace("ALCA10", "ALCA00")
    };
    format!("{header}\n{row}\n{other}\n{rest}").into_bytes()
}

/// The content of the folders' data databases: what serving nodes answer from.
fn databases(place: &Place, id: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(place.node(id)).unwrap().map(|entry| entry.unwrap().path());
    let data = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("data-");
    let mut found: Vec<_> = files.filter(data).map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    found.sort();
    found
}

#[test]
fn bad_input_is_named_by_file_line_and_column_and_changes_nothing() {
    let place = Place::with_population(150, 5);
    place.run_well(&[]);
    let (list, last) = (place.list("k360"), |id: &str| (databases(&place, id), latest_import(&place, id)));
    let before = ["k360", "region_1085"].map(last);
    for bad in BAD {
        let path = place.data().join(bad.file);
        let good = fs::read(&path).unwrap();
        fs::write(&path, (bad.spoil)(text(&good))).unwrap();
        let output = place.run(&["--format", "json", "--quiet"]);
        fs::write(&path, &good).unwrap();

        assert_eq!(output.status.code(), Some(2), "{}: {}", bad.file, text(&output.stderr));
        let problem = problem(&output);
        let part = |name: &str| problem[name].as_str().unwrap().to_owned();
        let mut place_expected = bad.file.to_owned();
        if let Some(line) = bad.line {
            place_expected.push_str(&format!(", line {line}"));
        }
        if let Some(column) = bad.column {
            place_expected.push_str(&format!(", column `{column}`"));
        }
        assert!(part("where").starts_with(&place_expected), "{place_expected}: {problem}");
        assert!(part("what").contains(bad.found) && part("expected").contains(bad.expected), "{problem}");
        assert!(part("code").starts_with("import.") && !part("next").is_empty(), "{problem}");
        let (node, _) = bad.file.split_once('/').unwrap();
        let at = usize::from(node != "k360");
        assert!(last(node) == before[at], "{}: {node} answers from other data", bad.file);
        assert!(place.list("k360") == list, "{}: the list is as it was", bad.file);
    }
    place.run_well(&[]);
    assert!(place.list("k360") == list);
}

fn latest_import(place: &Place, id: &str) -> Option<String> {
    let home = tvaers_node::home::Home::new(place.node(id));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let state = tvaers_node::app::state(&home).await.unwrap();
        let import = state.latest_import().await.unwrap();
        state.close().await;
        import.map(|import| format!("{:?}", import.statement))
    })
}

#[test]
fn a_missing_table_is_bad_input_too() {
    let place = Place::with_population(60, 5);
    fs::remove_file(place.data().join("region_1085/prescriptions.csv")).unwrap();
    let output = place.run(&["--format", "json", "--quiet"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(problem(&output)["where"], "region_1085/prescriptions.csv");
}

#[test]
fn a_byte_order_mark_and_carriage_returns_change_nothing() {
    let place = Place::with_population(60, 5);
    place.run_well(&[]);
    let list = place.list("k360");
    for path in tvaers_tests::leak::files(&place.data()).unwrap() {
        let rows = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("\u{feff}{}", rows.replace('\n', "\r\n"))).unwrap();
    }
    place.run_well(&[]);
    assert!(place.list("k360") == list);
}

#[test]
fn folders_and_options_that_this_version_cannot_honour_are_refused_before_anything_is_made() {
    let place = Place::with_population(60, 6);
    let refused = |arguments: &[&str], code: &str| {
        let output = place.run(&[&["--format", "json", "--quiet"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{code}: {}", text(&output.stderr));
        let problem = problem(&output);
        assert_eq!(problem["code"], code, "{problem}");
        for part in ["what", "next"] {
            assert!(!problem[part].as_str().unwrap().is_empty(), "{code}: {part}");
        }
        assert!(!place.out().exists(), "{code}: something was made");
    };
    refused(&["--model", "happiness"], "run.model");
    refused(&["--indicator", "happiness"], "run.indicator");
    refused(&["--query", "nowhere.toml"], "query.file");
    let query = place.dir.path().join("q.toml");
    let file = query.to_str().unwrap();
    fs::write(&query, "name = \"q\"\nkind = \"count\"\nas_of = 2026-02-28\nby = [\"shoe_size\"]\n").unwrap();
    refused(&["--query", file], "query.feature");
    fs::write(&query, "name = \"q\"\nkind = \"count\"\nas_of = 2026-02-28\n").unwrap();
    refused(&["--query", file, "--query", file], "query.twice");

    let policy = place.data().join("k360/policy.toml");
    fs::write(&policy, "[[permit").unwrap();
    refused(&[], "policy.read");
    fs::remove_file(&policy).unwrap();

    for name in ["hospital", "k36", "k3600", "region_10850", "region_abcd", "K360", "kabc"] {
        let folder = place.data().join(name);
        fs::create_dir(&folder).unwrap();
        refused(&[], "data.folder");
        fs::remove_dir(&folder).unwrap();
    }
    fs::rename(place.data(), place.dir.path().join("elsewhere")).unwrap();
    refused(&[], "data.read");
    fs::create_dir(place.data()).unwrap();
    refused(&[], "data.nodes");
}

#[test]
fn wrong_usage_is_exit_code_2_and_help_is_0() {
    let code = |arguments: &[&str]| program().args(arguments).output().unwrap().status.code();
    let wrong: [&[&str]; 9] = [
        &["run"],
        &["run", "--data", "x", "--out", "y", "--as-of", "2026-02-30"],
        &["run", "--data", "x", "--out", "y", "--as-of", "2026-02-28", "--grain", "rows"],
        &["run", "--data", "x", "--out", "y", "--as-of", "2026-02-28", "--nonsense"],
        &["run", "--data", "x", "--out", "y", "--as-of", "2026-02-28", "--rho", "0"],
        &["run", "--data", "x", "--out", "y", "--as-of", "2026-02-28", "--rho", "nan"],
        &["run", "--data", "x", "--out", "y", "--as-of", "2026-02-28", "--rho", "1e308"],
        &["run", "--data", "x", "--out", "y", "--as-of", "2026-02-28", "--query", "q", "--times", "0"],
        &["make", "--persons", "many", "--seed", "1", "--out", "z"],
    ];
    for arguments in wrong {
        assert_eq!(code(arguments), Some(2), "{arguments:?}");
    }
    assert_eq!(
        (code(&["--help"]), code(&["run", "--help"]), code(&["--version"])),
        (Some(0), Some(0), Some(0))
    );
    assert!(!Path::new("y").exists() && !Path::new("z").exists());
}
