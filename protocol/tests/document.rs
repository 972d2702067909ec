//! PROTOCOL.md keeps up with the code: what its tables say is what the numbers are.

use std::collections::BTreeSet;

use tvaers_protocol::frame::{HEADER_BYTES, Kind, VERSION};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::{limit, request, witness};

const DOCUMENT: &str = include_str!("../PROTOCOL.md");

/// The text of one section, up to the next heading of its level; none of it where there is no such section.
fn section(heading: &str) -> &'static str {
    let rest = DOCUMENT.split_once(&format!("\n## {heading}\n"));
    rest.and_then(|(_, rest)| rest.split("\n## ").next()).unwrap_or_default()
}

/// The cells of every row of a section's tables.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    section(heading)
        .lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .map(|row| row.split('|').map(str::trim).collect())
        .collect()
}

/// The rows that begin with a number and a name in code.
fn numbered(heading: &str) -> BTreeSet<(u16, &'static str)> {
    let named = |cells: Vec<&'static str>| {
        let name = cells.get(1)?.strip_prefix('`')?.strip_suffix('`')?;
        Some((cells.first()?.parse().ok()?, name))
    };
    rows(heading).into_iter().filter_map(named).collect()
}

#[test]
fn every_kind_stands_in_the_document_and_nothing_else() {
    let kinds: BTreeSet<(u16, &str)> =
        Kind::ALL.iter().map(|(kind, name)| (u16::from(kind.number()), *name)).collect();
    assert_eq!(numbered("Kinds"), kinds);
}

#[test]
fn every_refusal_stands_in_the_document_with_its_sentence_and_nothing_else() {
    let codes: BTreeSet<(u16, &str)> = RejectCode::all().map(|code| (code.number(), code.name())).collect();
    assert_eq!(numbered("Refusals"), codes);
    let found = rows("Refusals");
    for code in RejectCode::all() {
        let (number, sentence) = (code.number().to_string(), code.to_string());
        assert!(
            found
                .iter()
                .any(|row| row.first() == Some(&number.as_str()) && row.get(2) == Some(&sentence.as_str())),
            "the sentence of {number} is `{sentence}`"
        );
    }
}

#[test]
fn every_limit_that_both_ends_agree_on_stands_in_the_document() {
    let limits = [
        ("FRAME_BYTES_MAX", u64::from(limit::FRAME_BYTES_MAX)),
        ("RECORD_BYTES_MAX", limit::RECORD_BYTES_MAX as u64),
        ("BATCH_PERSONS", limit::BATCH_PERSONS as u64),
        ("MEMBERS_MAX", limit::MEMBERS_MAX as u64),
        ("STUDY_DAYS_MAX", limit::STUDY_DAYS_MAX.unsigned_abs()),
        ("SOFTWARE_CHARACTERS_MAX", limit::SOFTWARE_CHARACTERS_MAX as u64),
        ("DAYS_MAX", request::DAYS_MAX.unsigned_abs()),
        ("TIMES_MAX", u64::from(request::TIMES_MAX)),
        ("CLOCKS_DIFFER_S_MAX", witness::CLOCKS_DIFFER_S_MAX.unsigned_abs()),
    ];
    let found = rows("Limits");
    for (name, value) in limits {
        let row =
            found.iter().find(|row| row.first().is_some_and(|cell| cell.starts_with(&format!("`{name}`"))));
        let told = row.and_then(|row| row.get(1)).map(|cell| cell.replace(',', ""));
        assert_eq!(told, Some(value.to_string()), "{name}");
    }
    assert!(section("Frames").contains(&format!("a header of {HEADER_BYTES} bytes")));
}

#[test]
fn the_document_is_of_this_version_and_its_golden_files_stand_in_the_folder_it_names() {
    assert!(DOCUMENT.lines().next().is_some_and(|title| title.ends_with(&format!("version {VERSION}"))));
    assert!(DOCUMENT.contains(&format!("(tests/golden/v{VERSION})")));
}
