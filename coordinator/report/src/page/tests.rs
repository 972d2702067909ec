use proptest::prelude::*;
use scraper::{Html, Selector};
use serde_json::{Value, json};

use super::{Language, Meta, Report};
use crate::testing;

fn meta() -> Meta {
    Meta {
        title_da: "Rapport".to_owned(),
        title_en: "Report".to_owned(),
        made: "2026-02-28".to_owned(),
        software: "tvaers 0.1.0".to_owned(),
        ..Meta::default()
    }
}

fn page(results: &[String], language: Language) -> String {
    let mut report = Report::new(meta());
    results.iter().for_each(|result| report.add(result).unwrap());
    report.html(language)
}

fn count(page: &Html, selector: &str) -> usize {
    page.select(&Selector::parse(selector).unwrap()).count()
}

fn text(page: &Html, selector: &str) -> String {
    page.select(&Selector::parse(selector).unwrap()).flat_map(|element| element.text()).collect()
}

/// Attributes that would run something.
fn handlers(page: &Html) -> usize {
    let all = Selector::parse("*").unwrap();
    let attributes = page.select(&all).flat_map(|element| element.value().attrs());
    attributes.filter(|(name, _)| name.starts_with("on")).count()
}

#[test]
fn a_page_is_well_formed_and_has_every_result_in_both_languages() {
    let results = testing::all();
    let html = page(&results, Language::Both);
    let parsed = Html::parse_document(&html);
    assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
    assert_eq!(count(&parsed, "#da section.result"), results.len());
    assert_eq!(count(&parsed, "#en section.result"), results.len());
    assert!(html.len() < 2_000_000, "{} bytes", html.len());
    let ids: Vec<&str> =
        parsed.select(&Selector::parse("[id]").unwrap()).filter_map(|e| e.attr("id")).collect();
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "every identifier is there once");
    for link in parsed.select(&Selector::parse("a").unwrap()) {
        let to = link.attr("href").unwrap().strip_prefix('#').unwrap();
        assert!(ids.contains(&to), "{to}");
    }
    for name in ["aria-labelledby", "aria-describedby"] {
        for element in parsed.select(&Selector::parse(&format!("[{name}]")).unwrap()) {
            assert!(ids.contains(&element.attr(name).unwrap()));
        }
    }
}

#[test]
fn a_page_of_one_language_has_that_one_alone() {
    let danish = Html::parse_document(&page(&testing::all(), Language::Danish));
    assert_eq!((count(&danish, "#da"), count(&danish, "#en"), count(&danish, "html[lang=da]")), (1, 0, 1));
    let english = Html::parse_document(&page(&testing::all(), Language::English));
    assert_eq!((count(&english, "#da"), count(&english, "#en"), count(&english, "html[lang=en]")), (0, 1, 1));
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    let html = page(&testing::all(), Language::Both);
    for needle in
        ["src=", "url(", "@import", "http:", "https:", "<script", "<link", "<iframe", "<img", "javascript:"]
    {
        assert!(!html.contains(needle), "{needle}");
    }
    let parsed = Html::parse_document(&html);
    assert_eq!(handlers(&parsed), 0);
}

/// Numbers that stand nowhere else on the page.
fn hidden_cell() -> Value {
    json!({"query": {"name": "q", "kind": "count"}, "cells": [
        {"key": {"a": "x"}, "value": 73_519, "shown": null, "standard_error": 61_487.5, "ci95": [-51_973, 98_641]},
        {"key": {"a": "y"}, "value": 40, "shown": 40, "standard_error": 1.0, "ci95": [38, 42]}]})
}

#[test]
fn of_a_hidden_cell_nothing_is_said() {
    let hidden = hidden_cell();
    let html = page(&[hidden.to_string()], Language::Both);
    for needle in
        ["73519", "73.519", "73,519", "61487", "61.487", "51973", "51.973", "51,973", "98641", "98.641"]
    {
        assert!(!html.contains(needle), "{needle}");
    }
    assert!(html.contains("skjult") && html.contains("hidden"));
    // Neither does anything else on the page depend on it.
    let mut other = hidden;
    other["cells"][0]["value"] = json!(3);
    other["cells"][0]["standard_error"] = json!(1.0);
    other["cells"][0]["ci95"] = json!([1, 5]);
    assert_eq!(html, page(&[other.to_string()], Language::Both));
}

#[test]
fn every_shown_number_is_in_the_table_with_its_interval() {
    let parsed = Html::parse_document(&page(&[testing::survey()], Language::English));
    let cells = text(&parsed, "td.number");
    for told in ["2.90", "2.78 to 3.02", "0.30", "0.12 to 0.48", "−0.10", "−0.28 to 0.08"] {
        assert!(cells.contains(told), "{told}");
    }
}

#[test]
fn every_definition_and_denominator_is_on_the_page() {
    for json in testing::all() {
        let object: Value = serde_json::from_str(&json).unwrap();
        let page = Html::parse_document(&page(&[json], Language::Both));
        let (danish, english) = (text(&page, "#da"), text(&page, "#en"));
        for definition in object["definitions"].as_array().unwrap() {
            assert!(danish.contains(definition["da"].as_str().unwrap()));
            for member in ["en", "values", "denominator"] {
                assert!(english.contains(definition[member].as_str().unwrap()));
            }
        }
        for member in ["title", "question", "numerator", "denominator"] {
            let told = &object["indicator"][member];
            assert!(danish.contains(told["da"].as_str().unwrap_or_default()));
            assert!(english.contains(told["en"].as_str().unwrap_or_default()));
        }
        assert_eq!(count(&page, "figure"), count(&page, "figure > figcaption"));
        let captions = text(&page, "#en figcaption");
        assert!(captions.contains("Numerator") && captions.contains("Denominator"));
    }
}

#[test]
fn it_says_who_asked_and_who_did_not_answer() {
    let page = Html::parse_document(&page(&[testing::cost_per_capita()], Language::English));
    let told = text(&page, "dl.facts");
    for said in [
        "triple-aim-2026",
        "triple-aim-monitoring",
        "Ane Analytiker, 2026-02-28 09:00 UTC",
        "budget.period",
        "70%",
    ] {
        assert!(told.contains(said), "{said}");
    }
    assert!(text(&page, ".banner").contains("Made-up data"));
}

fn headings(page: &Html) -> Vec<String> {
    let headings = Selector::parse("#da h2").unwrap();
    page.select(&headings).map(|heading| heading.text().collect()).collect()
}

#[test]
fn results_of_several_dates_are_told_apart_by_date() {
    let page = Html::parse_document(&page(&testing::series(2), Language::Both));
    let headings = headings(&page);
    for day in ["28-02-2026", "28-02-2025"] {
        let title = format!("Kontanthjælp og hospital, {day}");
        assert!(headings.contains(&title), "{headings:?}");
        assert!(text(&page, "#da nav.contents").contains(&title));
        assert!(text(&page, "#da .cite").contains(&format!("{title}. ")));
    }
    assert_eq!(count(&page, "section.trend"), 0);
}

#[test]
fn three_dates_are_drawn_over_time() {
    let html = page(&testing::series(3), Language::Both);
    let parsed = Html::parse_document(&html);
    assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
    assert!(headings(&parsed).contains(&"Kontanthjælp og hospital, over tid".to_owned()));
    assert_eq!(count(&parsed, "#da section.trend svg"), 3 * 2, "a panel for each measure and key");
    // A dot for each date, but for the hidden one of each measure.
    assert_eq!(count(&parsed, "#da section.trend svg circle"), 3 * (2 * 3 - 1));
    assert!(text(&parsed, "#da section.trend desc").contains("28-02-2024: skjult; 28-02-2025: 0,232 "));
    assert_eq!(count(&parsed, "#da section.trend table"), 3);
    // With other keys on one date two are left.
    let mut other = testing::series(3);
    other[1] = other[1].replace("\"without\"", "\"none\"");
    assert_eq!(count(&Html::parse_document(&page(&other, Language::Both)), "section.trend"), 0);
}

#[test]
fn the_same_object_again_is_there_once() {
    let [one, two] = [testing::survey(), testing::readmission(false)];
    let twice = Html::parse_document(&page(&[one.clone(), two, one.clone()], Language::English));
    assert_eq!(count(&twice, "section.result"), 2);
    let noised_afresh = one.replace("2.9,", "2.95,");
    assert_ne!(one, noised_afresh);
    let other = Html::parse_document(&page(&[one, noised_afresh], Language::English));
    assert_eq!(count(&other, "section.result"), 2);
}

#[test]
fn real_data_have_no_banner() {
    let mut object: Value = serde_json::from_str(&testing::residents()).unwrap();
    object["laboratory"] = json!(false);
    assert!(!page(&[object.to_string()], Language::Both).contains("class=\"banner\""));
}

#[test]
fn a_federation_of_all_municipalities_keeps_the_page_small() {
    let places: Vec<String> =
        include_str!("../../data/places.csv").lines().skip(6).map(|l| l[..3].to_owned()).collect();
    let cells = places.iter().flat_map(|kommune| {
        (0..19).map(move |total| {
            json!({"key": {"kommune": kommune, "total": total.to_string(), "measure": "persons"},
            "value": 12_345, "shown": 12_345, "standard_error": 3.2, "ci95": [12_339, 12_351]})
        })
    });
    let object = json!({"cells": cells.collect::<Vec<_>>()}).to_string();
    let html = page(&[object], Language::Both);
    assert!(html.len() < 2_000_000, "{} bytes", html.len());
    assert_eq!(count(&Html::parse_document(&html), "#en tbody tr th[scope=row]"), 98 * 19 + 1);
}

/// Puts a text into every text and name of a value.
fn poison(value: &mut Value, with: &str) {
    match value {
        Value::String(text) => *text = format!("{text}{with}"),
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, with)),
        Value::Object(members) => {
            members.values_mut().for_each(|value| poison(value, with));
            if let Some(Value::Object(key)) = members.get_mut("key") {
                let named = std::mem::take(key).into_iter();
                key.extend(named.map(|(name, value)| (format!("{name}{with}"), value)));
            }
        }
        _ => {}
    }
}

const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title></style></svg><b>",
    "]]><!--",
    "{{7*7}} &amp; &lt;",
    "\u{0}\u{1}\u{202e}\u{fffe}",
    "\n\r\t \"#010101\"",
];

#[test]
fn hostile_texts_are_shown_as_they_are() {
    for with in HOSTILE {
        let mut plain = Report::new(meta());
        let mut hostile =
            Report::new(Meta { missing: vec![with.to_owned()], made: with.to_owned(), ..meta() });
        for json in testing::all().into_iter().chain(testing::series(3)) {
            plain.add(&json).unwrap();
            let mut object: Value = serde_json::from_str(&json).unwrap();
            let as_of = object["as_of"].clone();
            poison(&mut object, with);
            // A series is known by its days.
            if object["indicator"]["name"].as_str().unwrap_or_default().starts_with("cash_hospital") {
                object["as_of"] = as_of;
            }
            hostile.add(&object.to_string()).unwrap();
        }
        let parsed = Html::parse_document(&hostile.html(Language::Both));
        assert_eq!(count(&parsed, "script, img, b[onerror], iframe"), 0, "{with}");
        assert_eq!(count(&parsed, "section.trend"), 2, "{with}");
        assert_eq!(handlers(&parsed), 0, "{with}");
        assert_eq!(count(&parsed, "head > *"), 6, "{with}");
        assert_eq!(count(&parsed, "body > *"), 1, "{with}");
        assert_eq!(count(&parsed, "main > *"), 2, "{with}");
        if !with.contains('\u{0}') {
            assert!(parsed.errors.is_empty(), "{with}: {:?}", parsed.errors);
            assert!(text(&parsed, "#en h2").contains(with.trim()), "{with}");
        }
    }
}

/// Any JSON, with the names of an object's members among its names.
fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "query",
        "cells",
        "totals",
        "key",
        "shown",
        "value",
        "ci95",
        "indicator",
        "measures",
        "keys",
        "labels",
        "name",
        "unit",
        "privacy",
        "nodes",
        "left",
        "coverage",
        "asked",
        "refused",
        "rules",
        "definitions",
        "data",
        "notes",
        "by",
        "where",
        "measure",
        "da",
        "en",
        "title",
        "request",
        "at",
        "kind",
        "feature",
        "population_share",
        "epsilon",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(HOSTILE.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 80, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..7).prop_map(|members| Value::Object(
                members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
            )),
        ]
    })
}

/// Replaces what is at one place of a good object.
fn replace(value: &mut Value, path: &[usize], with: Value) {
    let Some((first, rest)) = path.split_first() else {
        *value = with;
        return;
    };
    let inner = match value {
        Value::Array(items) if !items.is_empty() => {
            let at = first % items.len();
            items.get_mut(at)
        }
        Value::Object(members) if !members.is_empty() => {
            let at = first % members.len();
            members.values_mut().nth(at)
        }
        _ => None,
    };
    match inner {
        Some(inner) => replace(inner, rest, with),
        None => *value = with,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_a_page_or_an_error(value in any_json()) {
        let mut report = Report::new(meta());
        if report.add(&value.to_string()).is_ok() {
            let parsed = Html::parse_document(&report.html(Language::Both));
            prop_assert_eq!(count(&parsed, "script, img"), 0);
            prop_assert_eq!(count(&parsed, "main > div > div > section.result"), 2);
        }
    }

    #[test]
    fn an_object_with_something_else_in_it_is_a_page_or_an_error(
        which in 0_usize..9, path in prop::collection::vec(any::<usize>(), 1..5), with in any_json(),
    ) {
        let mut object: Value = serde_json::from_str(&testing::all()[which]).unwrap();
        replace(&mut object, &path, with);
        let mut report = Report::new(meta());
        if report.add(&object.to_string()).is_ok() {
            let parsed = Html::parse_document(&report.html(Language::Both));
            prop_assert_eq!(count(&parsed, "script, img"), 0);
            prop_assert_eq!(count(&parsed, "main > div > div > section.result"), 2);
        }
    }
}
