//! Each key of the file once where it refuses and once where it permits, and three sweeps over all of them: left out,
//! of another type, and with an unknown key beside it.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::*;
use crate::keys::{KEYS, Needed};

/// Key; the path that is set, where it is not the key's own; what refuses, with its code; what permits.
pub(super) type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

pub(super) const ROWS: &[Row] = &[
    ("laboratory", "", "\"no\"", "policy.type", "false"),
    ("policy.node", "", "\"K360\"", "policy.node-id", "\"k376\""),
    ("policy.version", "", "0", "policy.bounds", "7"),
    (
        "policy.predecessor",
        "",
        "\"5fec\"",
        "policy.hex",
        "\"0000000000000000000000000000000000000000000000000000000000000000\"",
    ),
    ("policy.valid-from", "", "2026-12-16", "policy.not-yet-valid", "2026-12-15"),
    ("policy.valid-to", "", "2026-12-14", "policy.expired", "2026-12-15"),
    ("controller.name", "", "\" \"", "policy.text", "\"Lolland\""),
    ("controller.cvr", "", "\"10000008\"", "policy.cvr", "\"29190658\""),
    ("controller.contact", "", "\"\"", "policy.text", "\"post@eksempel.example\""),
    ("controller.dpo", "", "\"\"", "policy.text", "\"dpo@eksempel.example\""),
    ("controller.processor.name", "", "\"\"", "policy.text", "\"Drift\""),
    ("controller.processor.cvr", "", "\"2000000\"", "policy.cvr", "\"30000005\""),
    ("controller.processor.task", "", "\"\"", "policy.text", "\"Drift\""),
    ("dpia.reference", "", "\"\"", "policy.text", "\"Sag 1\""),
    ("dpia.version", "", "\"\"", "policy.text", "\"3\""),
    ("dpia.date", "", "2026-12-02", "policy.assessment-late", "2026-12-01"),
    ("population.opt-outs", "", "\"../opt-outs.csv\"", "policy.file", "\"none\""),
    ("population.protected-addresses", "", "\".hidden\"", "policy.file", "\"none\""),
    ("population.objections", "", "\"a/b.csv\"", "policy.file", "\"none\""),
    ("cells.smallest", "", "2", "policy.floor", "3"),
    ("cells.rounding", "", "0", "policy.bounds", "1"),
    ("cells.dimensions-max", "", "2", "cells.dimensions", "3"),
    ("cells.cells-max", "", "21", "cells.number", "22"),
    ("budget.unit", "", "\"row\"", "policy.word", "\"citizen\""),
    ("budget.per-period.rho", "", "2.000000001", "policy.budget-order", "2"),
    (
        "budget.per-period.epsilon",
        "budget.per-period",
        "{ epsilon = nan }",
        "policy.number",
        "{ epsilon = 5 }",
    ),
    ("budget.period-days", "", "0", "policy.bounds", "30"),
    ("budget.calendar.each", "", "\"week\"", "policy.word", "\"month\""),
    ("budget.calendar.at-most.rho", "", "2.000000001", "policy.budget-order", "2"),
    (
        "budget.calendar.at-most.epsilon",
        "budget.calendar.at-most",
        "{ epsilon = nan }",
        "policy.number",
        "{ epsilon = 5 }",
    ),
    ("budget.for-life.rho", "", "10.000000001", "policy.budget-life", "10"),
    (
        "budget.for-life.epsilon",
        "budget.for-life",
        "{ epsilon = 0.0001 }",
        "policy.budget-convert",
        "{ epsilon = 12 }",
    ),
    ("budget.raised-by", "", "[\"Kommunaldirektøren\"]", "policy.persons", "[\"A\", \"B\", \"C\"]"),
    ("release.reply-grid-ms", "", "49", "policy.floor", "50"),
    ("release.witnesses", "", "129", "policy.bounds", "0"),
    ("retention.results-days", "", "0", "policy.bounds", "1"),
    ("retention.work-lists-days", "", "36526", "policy.bounds", "36525"),
    ("retention.pseudonyms-days", "", "4", "retention.pseudonyms", "5"),
    ("retention.logs-days", "", "179", "policy.floor", "180"),
    ("permit.id", "", "\"monitoring-2027\"", "permit.unknown", "\"monitoring-2026\""),
    ("permit.mode", "", "\"aggregate\"", "policy.word", "\"aggregates\""),
    ("permit.issuer", "", "\"\"", "policy.text", "\"Direktionen\""),
    ("permit.valid-from", "", "2026-12-16", "permit.not-yet-valid", "2026-12-15"),
    ("permit.valid-to", "", "2026-12-14", "permit.expired", "2026-12-15"),
    ("permit.revoked", "", "2026-12-15", "permit.revoked", "2026-12-16"),
    ("permit.single-approval", "", "\"\"", "policy.text", "\"Bemyndiget\""),
    ("permit.purpose.id", "", "\"something-else\"", "purpose.other", "\"triple-aim-monitoring\""),
    ("permit.purpose.da", "", "\"\"", "policy.text", "\"Opgørelse\""),
    ("permit.purpose.en", "", "\"\"", "policy.text", "\"Monitoring\""),
    ("permit.purpose.ehds-53", "", "\"g\"", "policy.word", "\"a\""),
    ("permit.basis.compute.article-6", "", "\"g\"", "policy.word", "\"c\""),
    ("permit.basis.compute.article-9", "", "\"k\"", "policy.word", "\"g\""),
    ("permit.basis.compute.national", "", "\"\"", "policy.text", "\"sundhedsloven § 193 b\""),
    ("permit.basis.disclose.article-6", "", "\"E\"", "policy.word", "\"f\""),
    ("permit.basis.disclose.article-9", "", "\"2h\"", "policy.word", "\"a\""),
    ("permit.basis.disclose.national", "", "\"\"", "policy.text", "\"sundhedsloven § 193 b\""),
    ("permit.basis.disclose-items.article-6", "", "\"\"", "policy.word", "\"a\""),
    ("permit.basis.disclose-items.article-9", "", "\"j\"", "policy.statistics-only", "\"a\""),
    (
        "permit.basis.disclose-items.national",
        "",
        "\"Databeskyttelseslovens §10\"",
        "policy.statistics-only",
        "\"databeskyttelsesloven § 100\"",
    ),
    ("permit.basis.hand-to-practice.article-6", "", "\"x\"", "policy.word", "\"a\""),
    ("permit.basis.hand-to-practice.article-9", "", "\"j\"", "policy.statistics-only", "\"i\""),
    ("permit.basis.hand-to-practice.national", "", "\"\"", "policy.text", "\"sundhedsloven § 41\""),
    ("permit.asker.name", "", "\"\"", "policy.text", "\"Anna A.\""),
    (
        "permit.asker.key",
        "",
        "\"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a2\"",
        "asker.unknown",
        "\"A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1\"",
    ),
    ("permit.asker.role", "", "\"dpo\"", "asker.role", "\"analyst\""),
    ("permit.second-signature.name", "", "\"\"", "policy.text", "\"Bo B.\""),
    (
        "permit.second-signature.key",
        "",
        "\"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a2\"",
        "second-signature.unknown",
        "\"D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0\"",
    ),
    ("permit.second-signature.role", "", "\"analyst\"", "second-signature.role", "\"dpo\""),
    ("permit.approval.name", "", "\"Databeskyttelsesrådgiveren\"", "policy.twice", "\"Borgmesteren\""),
    ("permit.approval.date", "", "2026-12-16", "permit.not-approved", "2026-12-15"),
    (
        "permit.data.tables",
        "",
        "[\"persons\", \"residence\", \"benefits_weeks\"]",
        "policy.table-of-feature",
        "[\"persons\", \"residence\", \"sick_leave\", \"benefits_weeks\", \"social_services\", \"survey\", \"frontline_flags\"]",
    ),
    (
        "permit.data.features",
        "",
        "[\"cost_municipal_social_1y\"]",
        "data.feature",
        "[\"unemployed\", \"cost_municipal_social_1y\"]",
    ),
    ("permit.data.categories", "", "[\"sex\"]", "data.category", "[\"sex\", \"age_band\"]"),
    (
        "permit.data.sensitive",
        "",
        "[\"foreign_citizen\"]",
        "policy.sensitive",
        "[\"akasse_listed\", \"foreign_citizen\"]",
    ),
    ("permit.data.clamp.feature", "", "\"sex\"", "policy.clamp", "\"cost_municipal_social_1y\""),
    ("permit.data.clamp.from", "", "1", "policy.clamp", "-5"),
    ("permit.data.clamp.to", "", "99999999", "policy.clamp", "200000000"),
    ("permit.population.kommuner", "", "[36]", "policy.bounds", "[376, 360]"),
    ("permit.population.age-from", "", "151", "policy.bounds", "0"),
    ("permit.population.age-to", "", "17", "policy.ages", "150"),
    ("permit.budget.per-query.rho", "", "0.009", "policy.budget-order", "0.01"),
    (
        "permit.budget.per-query.epsilon",
        "permit.budget.per-query",
        "{ epsilon = -1 }",
        "policy.number",
        "{ epsilon = 2 }",
    ),
    ("permit.budget.default-query.rho", "", "0.050000001", "policy.budget-order", "0.05"),
    (
        "permit.budget.default-query.epsilon",
        "permit.budget.default-query",
        "{ epsilon = 1e308 }",
        "policy.number",
        "{ epsilon = 1 }",
    ),
    ("permit.budget.in-all.rho", "", "0.04", "policy.budget-order", "0.05"),
    (
        "permit.budget.in-all.epsilon",
        "permit.budget.in-all",
        "{ epsilon = 1, rho = 0.1 }",
        "policy.budget",
        "{ epsilon = 8 }",
    ),
    ("permit.model.name", "", "\"sod\"", "policy.unknown", "\"sad\""),
    ("permit.model.version", "", "2", "policy.model", "1"),
    (
        "permit.model.digest",
        "",
        "\"0000000000000000000000000000000000000000000000000000000000000000\"",
        "policy.model",
        "",
    ),
    ("permit.model.grain", "", "\"fine\"", "policy.word", "\"counts\""),
    (
        "permit.model.component",
        "",
        "{ repeat = \"points\" }",
        "policy.unknown",
        "{ long_spells = \"events\" }",
    ),
    ("permit.work-list.disclosure", "", "\"inclusion\"", "work-list.disclosure", "\"total\""),
    ("permit.work-list.persons", "", "\"all\"", "policy.laboratory", "\"selected\""),
    ("permit.work-list.to", "", "[\"citizens\"]", "policy.word", "[\"municipality\"]"),
    ("permit.pseudonyms.domain", "", "\"sad-list-2026\"", "policy.twice", "\"any-other\""),
    ("permit.pseudonyms.key", "", "\"for-ever\"", "policy.word", "\"per-run\""),
    ("permit.pseudonyms.evaluations-per-study", "", "49999", "pseudonyms.study", "50000"),
    ("permit.pseudonyms.evaluations-per-peer", "", "799999", "pseudonyms.peer", "800000"),
    ("permit.follow-up.until", "", "2027-01-30", "follow-up.until", "2027-01-31"),
    ("permit.follow-up.reason", "", "\"\"", "policy.text", "\"Forløb over to kørsler\""),
    ("permit.safeguards.human-review", "", "\"\"", "policy.text", "\"En visitator\""),
    ("permit.safeguards.joint-controllers", "", "\"\"", "policy.text", "\"Ordning\""),
    ("permit.safeguards.processor-agreement", "", "\"\"", "policy.text", "\"Aftale\""),
    ("permit.safeguards.notice", "", "\"\"", "policy.text", "\"Brev\""),
];

/// How a policy refuses its usual requests.
pub(super) type Judge = fn(&Policy) -> Vec<&'static str>;

/// The examples in which every key stands.
pub(super) fn bases() -> [(Table, Judge); 2] {
    [(parsed(municipality()), refused), (parsed(REGION), refused_by_region)]
}

pub(super) fn parsed(text: &str) -> Table {
    text.parse().unwrap()
}

pub(super) fn value(text: &str) -> Value {
    parsed(&format!("value = {text}")).remove("value").unwrap()
}

/// The first table that has the path, and the path's last key; `None` where none has.
pub(super) fn place<'t>(table: &'t mut Table, path: &[&str]) -> Option<(&'t mut Table, String)> {
    let (first, rest) = path.split_first()?;
    if rest.is_empty() {
        return table.contains_key(*first).then(|| (table, (*first).to_owned()));
    }
    match table.get_mut(*first)? {
        Value::Table(inner) => place(inner, rest),
        Value::Array(inner) => inner.iter_mut().filter_map(Value::as_table_mut).find_map(|t| place(t, rest)),
        _ => None,
    }
}

/// Every table in which a path's last key can stand.
pub(super) fn tables<'t>(table: &'t mut Table, path: &[&str]) -> Vec<&'t mut Table> {
    let Some((first, rest)) = path.split_first() else { return vec![table] };
    match table.get_mut(*first) {
        Some(Value::Table(inner)) => tables(inner, rest),
        Some(Value::Array(inner)) => {
            inner.iter_mut().filter_map(Value::as_table_mut).flat_map(|t| tables(t, rest)).collect()
        }
        _ => Vec::new(),
    }
}

pub(super) fn split(path: &str) -> Vec<&str> {
    path.split('.').collect()
}

/// The base in which the path stands, with its value replaced. `revoked` stands in none and is added.
pub(super) fn with(path: &str, new: &str) -> (String, Judge) {
    for (mut base, judge) in bases() {
        if path == "laboratory" {
            base.insert(path.to_owned(), value(new));
            return (base.to_string(), judge);
        }
        if path == "permit.revoked" {
            let permit = tables(&mut base, &["permit"]).remove(0);
            permit.insert("revoked".to_owned(), value(new));
            return (base.to_string(), judge);
        }
        if let Some((table, key)) = place(&mut base, &split(path)) {
            if !new.is_empty() {
                table.insert(key, value(new));
            }
            return (base.to_string(), judge);
        }
    }
    panic!("no example has `{path}`")
}

#[test]
fn the_bases_permit_their_usual_requests() {
    for (base, judge) in bases() {
        assert_eq!(judge(&read_right(&base.to_string())), Vec::<&str>::new());
    }
}

#[test]
fn every_key_has_a_value_that_refuses_and_one_that_permits() {
    for (key, set, bad, code, good) in ROWS {
        let path = if set.is_empty() { key } else { set };
        let (text, judge) = with(path, bad);
        let codes = match read(&text) {
            Err(faults) => faults.iter().map(|fault| fault.code).collect(),
            Ok(policy) => judge(&policy),
        };
        assert!(codes.contains(code), "{key} = {bad}: {codes:?} and not {code}");
        assert!(codes.iter().all(|found| found == code), "{key} = {bad}: {codes:?} beside {code}");
        let (text, judge) = with(path, good);
        assert_eq!(judge(&read_right(&text)), Vec::<&str>::new(), "{key} = {good}");
    }
}

#[test]
fn the_rows_are_all_keys_that_are_no_tables() {
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.0).collect();
    let is_table = |path: &str| {
        let begins = |other: &str| other.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
        KEYS.iter().any(|key| begins(key.path))
    };
    let leaves: BTreeSet<&str> = KEYS.iter().map(|key| key.path).filter(|path| !is_table(path)).collect();
    assert_eq!(rows, leaves);
    assert_eq!(rows.len(), ROWS.len());
}

#[test]
fn a_key_that_is_left_out_refuses_unless_it_may_be() {
    let mut swept = 0;
    for key in KEYS.iter().filter(|key| key.needed != Needed::Optional) {
        for (mut base, _) in bases() {
            let Some((table, last)) = place(&mut base, &split(key.path)) else { continue };
            table.remove(&last);
            let faults = read(&base.to_string()).map(drop).expect_err(key.path);
            // Without enough approvals it is persons who are missing.
            let code = if key.path == "permit.approval" { "policy.persons" } else { "policy.missing" };
            let told = faults.iter().filter(|fault| fault.code == code);
            let paths: Vec<String> = told.map(|fault| plain(&fault.key)).collect();
            assert_eq!(paths, [key.path], "{}", shown(&faults));
            swept += 1;
        }
    }
    assert!(swept > 120, "{swept}");
}

#[test]
fn a_key_that_may_be_left_out_leaves_a_policy() {
    // Those whose absence says that something is wrong are tested by themselves.
    let alone = [
        "policy.predecessor",
        "permit.single-approval",
        "permit.data.sensitive",
        "permit.model.grain",
        "permit",
    ];
    let mut swept = 0;
    for key in KEYS.iter().filter(|key| key.needed == Needed::Optional && !alone.contains(&key.path)) {
        // One of rho and epsilon is needed.
        if key.path.ends_with(".rho") || key.path.ends_with(".epsilon") {
            continue;
        }
        for (mut base, _) in bases() {
            let Some((table, last)) = place(&mut base, &split(key.path)) else { continue };
            table.remove(&last);
            if key.path != "permit.safeguards.joint-controllers" || table.contains_key("processor-agreement")
            {
                read_right(&base.to_string());
                swept += 1;
            }
        }
    }
    assert!(swept > 15, "{swept}");
}

#[test]
fn a_value_of_another_type_refuses_at_every_key() {
    for key in KEYS.iter().filter(|key| key.path != "laboratory") {
        for (mut base, _) in bases() {
            let Some((table, last)) = place(&mut base, &split(key.path)) else { continue };
            table.insert(last, value("true"));
            let faults = read(&base.to_string()).map(drop).expect_err(key.path);
            let told = |fault: &Fault| fault.code == "policy.type" && plain(&fault.key) == key.path;
            assert!(faults.iter().any(told), "{}: {}", key.path, shown(&faults));
        }
    }
}

#[test]
fn an_unknown_key_refuses_in_every_table() {
    let paths: BTreeSet<&str> =
        KEYS.iter().filter_map(|key| key.path.rsplit_once('.')).map(|(t, _)| t).collect();
    let mut swept = 0;
    for path in paths.into_iter().chain([""]) {
        let steps = if path.is_empty() { Vec::new() } else { split(path) };
        for (base, _) in bases() {
            let count = tables(&mut base.clone(), &steps).len();
            for index in 0..count {
                let mut base = base.clone();
                tables(&mut base, &steps).remove(index).insert("zz-unknown".to_owned(), value("1"));
                let faults = read(&base.to_string()).map(drop).expect_err(path);
                let told: Vec<_> = faults.iter().map(|fault| (fault.code, plain(&fault.key))).collect();
                let key =
                    if path.is_empty() { "zz-unknown".to_owned() } else { format!("{path}.zz-unknown") };
                assert_eq!(told, [("policy.unknown-key", key)], "{path}[{index}]");
                swept += 1;
            }
        }
    }
    assert!(swept > 60, "{swept}");
}

/// A key's path without positions.
fn plain(key: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in key.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    text
}
