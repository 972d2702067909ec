//! How a file is read, whatever it is about.

use jiff::civil::Date;
use proptest::prelude::*;

use crate::strict::{Document, Faults, Form, Number, Place, Placed, Scalar, Wrong};

/// What is told of a text when these keys are asked for.
fn told(text: &str) -> Vec<(usize, usize, String)> {
    let faults: Faults<Form> = Faults::new(10);
    if let Some(document) = Document::parse(text, 1_000, &faults) {
        let root = document.root(&faults);
        let _ = (root.optional::<i64>("number"), root.optional::<Date>("day"), root.optional::<bool>("flag"));
        for table in root.tables("part") {
            let _ = table.required::<String>("name");
            let _ = table.optional_list::<Scalar>("list");
            table.close();
        }
        root.close();
    }
    let wrong = faults.into_sorted();
    wrong.into_iter().map(|wrong| (wrong.place.line, wrong.place.column, wrong.key)).collect()
}

#[test]
fn places_count_lines_and_characters() {
    let text = "flag = true\n\"ævl\" = 1\n  number = 'æ'\r\n[[part]]\nname = \"ø\"\nlist = [1, \"b\",\n  true]\n[[part]]\n";
    let told = told(text);
    let expected = [(2, 1, "ævl"), (3, 12, "number"), (7, 3, "part[1].list[3]"), (8, 1, "part[2].name")];
    assert_eq!(told, expected.map(|(line, column, key)| (line, column, key.to_owned())));
}

#[test]
fn an_integer_that_is_too_large_is_told_apart_from_one_that_is_none() {
    let faults: Faults<Form> = Faults::new(10);
    let document = Document::parse("a = 9223372036854775808\nb = 0xff\nc = 1_000.5", 1_000, &faults).unwrap();
    let root = document.root(&faults);
    assert_eq!(root.optional::<i64>("a"), None);
    assert_eq!(root.optional::<i64>("b").map(|b| b.value), Some(255));
    // A hexadecimal number is no decimal one.
    assert_eq!(root.optional::<Number>("b"), None);
    assert_eq!(root.optional::<Number>("c").map(|c| c.value), Some(Number("1000.5".to_owned())));
    let wrong = faults.into_sorted();
    let found = |wrong: &Wrong<Form>| match &wrong.reason {
        Form::Type { found, .. } => *found,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        wrong.iter().map(found).collect::<Vec<_>>(),
        ["a whole number that is too large", "a whole number"]
    );
}

#[test]
fn no_more_faults_are_kept_than_asked_for() {
    let text: String = (0..50).map(|n| format!("key{n} = 1\n")).collect();
    assert_eq!(told(&text).len(), 10);
}

#[test]
fn a_key_that_is_missing_is_told_at_its_table() {
    let faults: Faults<Form> = Faults::new(10);
    let document = Document::parse("\n\n[table]\na = 1", 1_000, &faults).unwrap();
    let root = document.root(&faults);
    let table = root.required_table("table").unwrap();
    assert!(table.require("a") && !table.require("b"));
    assert_eq!(
        table.at(),
        &Placed { value: (), key: "table".to_owned(), place: Place { line: 3, column: 1 }, length: 7 }
    );
    assert_eq!(faults.asked().into_iter().collect::<Vec<_>>(), ["table", "table.a", "table.b"]);
    let wrong = faults.into_sorted();
    assert_eq!(
        (wrong[0].place.line, wrong[0].key.as_str(), &wrong[0].reason),
        (3, "table.b", &Form::Missing)
    );
}

#[test]
fn a_key_is_found_by_its_path_and_else_what_it_would_be_a_part_of() {
    let faults: Faults<Form> = Faults::new(10);
    let text = "[a]\nb = 1\n[[c]]\nd = \"æ\"\n[[c]]\nd = [10,\n  2]\ne = { f = true }\n";
    let document = Document::parse(text, 1_000, &faults).unwrap();
    for (path, line, column, length) in [
        ("a.b", 2, 5, 1),
        ("c[1].d", 4, 5, 3),
        // Of what goes on over several lines the first one counts.
        ("c[2].d", 6, 5, 4),
        ("c[2].d[2]", 7, 3, 1),
        ("c[2].e.f", 8, 11, 4),
        ("c[2].missing", 5, 1, 5),
        ("a.b.missing", 2, 5, 1),
        ("missing.a", 1, 1, 1),
    ] {
        let at = document.place_of(path);
        assert_eq!(
            (at.place.line, at.place.column, at.length, at.key.as_str()),
            (line, column, length, path)
        );
    }
    for path in ["", ".", "c[0].d", "c[99].d", "c[x]", "c[-1]", "[[[", "c[18446744073709551616]"] {
        let place = document.place_of(path).place;
        assert!(place.line >= 1 && place.column >= 1, "{path}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Tables, dotted keys and arrays in any order and against each other: read or refused, never a panic.
    #[test]
    fn no_order_of_lines_is_too_much(lines in prop::collection::vec(prop::sample::select(vec![
        "[part]", "[[part]]", "[part.list]", "[[part.list]]", "[part.list.deep]", "part.name = 1", "part = {}",
        "part = []", "part = [{ name = 1 }]", "part.list.name = \"a\"", "list = [[[[]]]]", "name = \"a\"", "name",
        "list = [", "]", "}", "name = { a.b = 1, a = 2 }", "[ part . name ]", "[[name]]", "day = 2026-02-30",
        "number = 1e", "flag = true", "\"\" = 1", "[\"\"]", "'''", "\"\"\"", "#", "=",
    ]), 0..12)) {
        let text = lines.join("\n");
        for (line, column, _) in told(&text) {
            prop_assert!(line >= 1 && line <= lines.len().max(1) + 1 && column >= 1);
        }
    }
}

#[test]
fn past_a_slip_the_rest_is_read_and_past_anything_else_it_is_not() {
    let read = |text: &str| {
        let faults: Faults<Form> = Faults::new(10);
        let later = Document::parse_past_slips(text, 1_000, &faults)
            .and_then(|document| document.root(&faults).optional::<i64>("later").map(|later| later.value));
        (later, faults.into_sorted().into_iter().map(|wrong| wrong.reason).collect::<Vec<_>>())
    };
    assert_eq!(read("later = 7"), (Some(7), vec![]));
    // The first of two keys counts.
    let twice = vec![Form::Duplicate("later".to_owned())];
    assert_eq!(read("later = 7\nlater = 8"), (Some(7), twice.clone()));
    assert_eq!(read("day = 2026-02-31\nlater = 7"), (Some(7), vec![Form::Date("2026-02-31".to_owned())]));
    assert_eq!(read("a = \nlater = 7").0, None);
    assert_eq!(read("later = 7\nlater = 8\na = \n").0, None);
    // Where nobody asks for the rest, a slip is as bad as anything.
    let faults: Faults<Form> = Faults::new(10);
    assert!(Document::parse("later = 7\nlater = 8", 1_000, &faults).is_none());
    assert_eq!(faults.into_sorted().into_iter().map(|wrong| wrong.reason).collect::<Vec<_>>(), twice);
}
