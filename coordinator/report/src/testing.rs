//! Result objects of every shape that there is, made up: for tests, and for the page that `tests/browser/run` looks at.

use serde_json::{Value, json};

const PLACES: [&str; 3] = ["360", "376", "461"];
const BANDS: [&str; 11] =
    ["0-17", "18-29", "30-39", "40-49", "50-59", "60-64", "65-69", "70-74", "75-79", "80-84", "85+"];

/// A cell, hidden where its number is below 20.
fn cell(key: Value, value: f64, error: f64) -> Value {
    let shown = if value < 20.0 { Value::Null } else { json!(value) };
    json!({"key": key, "value": value, "shown": shown, "standard_error": error,
        "ci95": [value - 1.96 * error, value + 1.96 * error]})
}

/// A cell that is never hidden.
fn plain(key: Value, value: f64, error: f64) -> Value {
    json!({"key": key, "value": value, "shown": value, "standard_error": error,
        "ci95": [value - 1.96 * error, value + 1.96 * error]})
}

fn node(name: &str) -> Value {
    json!({"node": name, "scale": 3.162, "sensitivity": {"l1": 1, "l2": 1.0}, "charged_rho": 0.05,
        "charged_epsilon": 1.94, "left": {"permit_rho": 0.45, "period_rho": 0.9, "life_rho": 4.2},
        "smallest_cell": 20, "rounding": 1, "policy": "03265d46f524858c"})
}

fn object(query: Value, cells: Vec<Value>, totals: Vec<Value>, more: Value) -> String {
    let nodes = ["k360", "k376", "k461", "region_1083", "region_1085"];
    let mut object = json!({
        "query": query, "as_of": "2026-02-28", "laboratory": true, "cells": cells, "totals": totals,
        "privacy": {"mechanism": "discrete_gaussian", "epsilon": 1.94, "delta": 1e-8, "rho": 0.05,
            "rho_person_max": 0.1, "nodes": nodes.map(node)},
        "coverage": {"asked": nodes, "answered": nodes, "refused": [], "missing": [], "population_share": 1.0},
        "definitions": [
            {"feature": "kommune", "da": "Bopælskommune", "en": "Municipality of residence", "values": "codes of member municipalities",
             "denominator": "persons alive and resident in the municipality on the reference date"},
            {"feature": "age_band", "da": "Aldersgruppe på opgørelsesdatoen", "en": "Age group on the reference date",
             "values": BANDS.join(", "), "denominator": "persons alive and resident in the municipality on the reference date"}],
        "data": nodes.map(|node| json!({"node": node, "extracted_on": "2026-02-28", "import": 1, "rejected_rows": 3, "software": "tvaers-node 0.1.0"})),
        "notes": [
            "Standard errors and intervals cover the noise that protects citizens, not sampling error or clamping.",
            "`value` is the raw noisy number, which may be negative; `shown` is post-processed: clipped, rounded, of counts and sums made to add up with the totals, and hidden where the noisy number of persons is small."],
    });
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object.to_string()
}

fn words(da: &str, en: &str) -> Value {
    json!({"da": da, "en": en})
}

fn measure(name: &str, unit: &str, da: &str, en: &str) -> Value {
    json!({"name": name, "unit": unit, "da": da, "en": en})
}

/// An indicator's own words, and who asked for it.
fn indicator(
    name: &str,
    title: Value,
    question: Value,
    of: [Value; 2],
    measures: Vec<Value>,
    keys: Value,
) -> Value {
    let [numerator, denominator] = of;
    json!({
        "indicator": {"name": name, "version": 1, "mode": "joined", "title": title, "question": question,
            "numerator": numerator, "denominator": denominator, "source": "S4 SOM-7", "measures": measures, "keys": keys},
        "request": {"permit": "triple-aim-2026", "purpose": "triple-aim-monitoring", "by": "Ane Analytiker", "at": "2026-02-28T09:00:00Z"},
    })
}

/// A table of a model.
pub(crate) fn stratification() -> String {
    let mut cells = Vec::new();
    for (kommune, size) in PLACES.into_iter().zip([1.0, 1.5, 5.0]) {
        for (stratum, value) in [("low", 231.0_f64), ("middle", 26.0), ("high", 12.0)] {
            cells.push(cell(json!({"kommune": kommune, "stratum": stratum}), (value * size).round(), 3.2));
        }
        for (included, value) in [(false, 257.0_f64), (true, 12.0)] {
            cells.push(cell(json!({"kommune": kommune, "included": included}), (value * size).round(), 3.2));
        }
    }
    let definitions = json!([{"feature": "sad", "da": "Stress, angst og depression", "en": "Stress, anxiety and depression",
        "values": "low, middle, high", "denominator": "persons alive and resident in the municipality on the reference date, aged 18 to 65"}]);
    let query = json!({"kind": "stratification", "name": "sad", "model": "sad", "version": 1, "as_of": "2026-02-28", "grain": "events", "run": "c8f9"});
    object(query, cells, vec![], json!({"definitions": definitions}))
}

/// A long table of three categories.
pub(crate) fn residents() -> String {
    let (mut cells, mut totals) = (Vec::new(), Vec::new());
    for (place, kommune) in (1_u32..).zip(PLACES) {
        for (band, age_band) in (1_u32..).zip(BANDS) {
            for (sex, name) in (0_u32..).zip(["F", "M"]) {
                let value = f64::from((place * 997 + band * 331 + sex * 77) % 450 + 8 * place);
                let key =
                    json!({"age_band": age_band, "kommune": kommune, "sex": name, "measure": "persons"});
                cells.push(cell(key, value, 3.2));
            }
        }
        totals.push(plain(json!({"kommune": kommune, "measure": "persons"}), f64::from(place * 4321), 10.0));
    }
    totals.push(plain(json!({"measure": "persons"}), 25_926.0, 18.0));
    let more = indicator(
        "residents",
        words("Indbyggere", "Residents"),
        words("Hvor mange indbyggere er der?", "How many residents are there?"),
        [words("Indbyggere", "Residents"), words("Ingen: et antal", "None: a count")],
        vec![measure("persons", "count", "Personer", "Persons")],
        json!([{"name": "kommune"}, {"name": "sex"}, {"name": "age_band"}]),
    );
    object(json!({"name": "residents"}), cells, totals, more)
}

/// Three measures of two categories, money among them, and a node that refused.
pub(crate) fn cost_per_capita() -> String {
    let components = [
        "hospital_somatic",
        "hospital_psychiatric",
        "gp",
        "specialist",
        "medicine",
        "transport_acute",
        "transport_planned",
        "municipal_social",
        "municipal_health",
    ];
    let mut cells = Vec::new();
    for (place, kommune) in (1_u32..).zip(PLACES) {
        for (at, component) in (1_u32..).zip(components) {
            let persons = f64::from(place * 10_000);
            let each = f64::from((at * 7919 + place * 101) % 9000) + 120.5;
            let key = |measure: &str| json!({"kommune": kommune, "component": component, "measure": measure});
            let hidden = kommune == "461" && component == "transport_acute";
            for (measure, value, error) in [
                ("total_dkk", persons * each, 2e6),
                ("persons", persons, 3.2),
                ("per_capita_dkk", each, 2e6 / persons),
            ] {
                let mut cell = plain(key(measure), value, error);
                if hidden {
                    cell["shown"] = Value::Null;
                }
                cells.push(cell);
            }
        }
    }
    let more = indicator(
        "cost_per_capita",
        words("Udgift pr. indbygger", "Cost per capita"),
        words(
            "Hvad koster sundhed og omsorg pr. indbygger, fordelt på seks udgiftsgrupper?",
            "What do health and care cost per resident, by cost component?",
        ),
        [
            words("Udgifter i de seneste 12 måneder, i kroner", "Costs in the last 12 months, in DKK"),
            words("Alle indbyggere i kommunen", "All residents of the municipality"),
        ],
        vec![
            measure("total_dkk", "dkk", "Udgift i alt", "Total cost"),
            measure("persons", "count", "Personer", "Persons"),
            measure("per_capita_dkk", "dkk", "Udgift pr. indbygger", "Cost per capita"),
        ],
        json!([{"name": "kommune", "da": "Kommune", "en": "Municipality"},
            {"name": "component", "da": "Udgiftsart", "en": "Component", "labels": [{"label": "gp", "da": "Almen praksis", "en": "General practice"}]}]),
    );
    let mut object: Value =
        serde_json::from_str(&object(json!({"name": "cost_per_capita"}), cells, vec![], more))
            .unwrap_or_default();
    object["coverage"]["answered"] = json!(["k360", "k376", "k461", "region_1083"]);
    object["coverage"]["refused"] = json!([{"node": "region_1085", "rules": [{"code": "budget.period", "what": "the budget of the period is spent", "allowed": "", "next": ""}]}]);
    object["coverage"]["population_share"] = json!(0.7);
    object.to_string()
}

/// Without categories, of two units.
pub(crate) fn readmission(by_region: bool) -> String {
    let regions: &[&str] = if by_region { &["1083", "1085"] } else { &[""] };
    let mut cells = Vec::new();
    for region in regions {
        for (measure, value, error) in
            [("index", 8123.0, 14.0), ("readmitted", 1533.0, 14.0), ("share", 0.1887, 0.0018)]
        {
            let mut key = json!({"measure": measure});
            if by_region {
                key["region"] = json!(region);
            }
            cells.push(plain(key, value, error));
        }
    }
    let more = indicator(
        "readmission_30d",
        words("Genindlæggelse inden for 30 dage", "Readmission within 30 days"),
        words(
            "Hvor stor en del af indlæggelserne følges af en akut genindlæggelse inden for 30 dage?",
            "What share of admissions is followed by an acute readmission within 30 days?",
        ),
        [
            words(
                "Indlæggelser med akut genindlæggelse inden for 30 dage efter udskrivning",
                "Admissions with an acute readmission within 30 days of discharge",
            ),
            words("Alle indeksindlæggelser", "All index admissions"),
        ],
        vec![
            measure("index", "count", "Indeksindlæggelser", "Index admissions"),
            measure("readmitted", "count", "Genindlagte", "Readmitted"),
            measure("share", "share", "Andel genindlagt", "Share readmitted"),
        ],
        if by_region { json!([{"name": "region"}]) } else { json!([]) },
    );
    object(json!({"name": "readmission_30d"}), cells, vec![], more)
}

/// Means and their change, which can be negative.
pub(crate) fn survey() -> String {
    let mut cells = Vec::new();
    let items = [
        ("self_rated_health", 2.9, 3.2),
        ("life_satisfaction", 5.8, 6.4),
        ("satisfaction", 3.7, 3.6),
        ("coherence", 3.1, 3.5),
    ];
    for (item, before, after) in items {
        for (measure, value, error) in [
            ("baseline_mean", before, 0.06),
            ("followup_mean", after, 0.06),
            ("pairs", 214.0, 3.0),
            ("mean_change", after - before, 0.09),
        ] {
            cells.push(plain(json!({"item": item, "measure": measure}), value, error));
        }
    }
    let more = indicator(
        "triple_aim_survey",
        words("Triple Aim: borgernes svar", "Triple Aim: citizens' answers"),
        words("Hvordan har borgerne det før og efter?", "How are citizens before and after?"),
        [
            words(
                "Summen af svar (og af forskelle) hos dem, der svarede begge gange",
                "Sum of answers (and of changes) of those who answered both times",
            ),
            words("Borgere, der svarede begge gange", "Citizens who answered both times"),
        ],
        vec![
            measure("baseline_mean", "points", "Gennemsnit før", "Mean at baseline"),
            measure("followup_mean", "points", "Gennemsnit efter", "Mean at follow-up"),
            measure("pairs", "count", "Par af svar", "Pairs of answers"),
            measure("mean_change", "points", "Gennemsnitlig ændring", "Mean change"),
        ],
        json!([{"name": "item"}]),
    );
    object(json!({"name": "triple_aim_survey"}), cells, vec![], more)
}

/// Combinations by age group, some of them hidden.
pub(crate) fn diagram() -> String {
    let groups = [
        "none",
        "psychiatry",
        "somatic",
        "abuse",
        "psychiatry+somatic",
        "psychiatry+abuse",
        "somatic+abuse",
        "psychiatry+somatic+abuse",
    ];
    let mut cells = Vec::new();
    for (at, groups) in (0_u32..).zip(groups) {
        for (band, age_band) in (0_u32..).zip(BANDS.into_iter().skip(1).take(5)) {
            let persons = f64::from((at * 7 + band * 13 + 5) % 83);
            let mut share = plain(
                json!({"groups": groups, "age_band": age_band, "measure": "share"}),
                persons / 900.0,
                0.0035,
            );
            let persons =
                cell(json!({"groups": groups, "age_band": age_band, "measure": "persons"}), persons, 3.2);
            if persons["shown"].is_null() {
                share["shown"] = Value::Null;
            }
            cells.extend([persons, share]);
        }
    }
    let more = indicator(
        "somv_diagram",
        words("Problemgrupper i målgruppen", "Problem groups of the target group"),
        words(
            "Hvor mange har fysiske, psykiske og misbrugsproblemer, og hvor mange flere på én gang?",
            "How many have physical, psychiatric and substance problems, and how many several at once?",
        ),
        [
            words(
                "Borgere i målgruppen med netop disse problemer",
                "Citizens of the target group with exactly these problems",
            ),
            words("Alle borgere i målgruppen", "All citizens of the target group"),
        ],
        vec![measure("persons", "count", "Personer", "Persons"), measure("share", "share", "Andel", "Share")],
        json!([{"name": "groups"}, {"name": "age_band"}]),
    );
    object(json!({"name": "somv_diagram"}), cells, vec![], more)
}

/// Many rows, most of them at one end.
pub(crate) fn histogram() -> String {
    let mut cells = Vec::new();
    for (place, kommune) in (1_u32..).zip(PLACES) {
        for total in 0_u32..=18 {
            let value = (f64::from(place) * 900.0 * (-f64::from(total) / 3.0).exp()).round();
            cells.push(cell(
                json!({"kommune": kommune, "total": total.to_string(), "measure": "persons"}),
                value,
                3.2,
            ));
        }
    }
    let more = indicator(
        "sad_histogram",
        words("SAD: fordeling af point", "SAD: distribution of points"),
        words(
            "Hvor mange point har borgerne i SAD-modellen?",
            "How many points do citizens have in the SAD model?",
        ),
        [
            words("Borgere med netop så mange point", "Citizens with exactly so many points"),
            words("Alle i modellens population", "All of the model's population"),
        ],
        vec![measure("persons", "count", "Personer", "Persons")],
        json!([{"name": "kommune"}, {"name": "total"}]),
    );
    object(json!({"name": "sad_histogram"}), cells, vec![], more)
}

/// A query's sum, with a filter and a missing node.
pub(crate) fn query() -> String {
    let cells = PLACES.into_iter().zip([42_804_405.0, 52_598_462.0, 183_009_162.0]);
    let mut cells: Vec<Value> =
        cells.map(|(kommune, value)| plain(json!({"kommune": kommune}), value, 1e5)).collect();
    cells.push(json!({"key": {"kommune": "370"}, "value": null, "shown": null, "standard_error": null, "ci95": null}));
    let query = json!({"name": "gp-sum", "kind": "sum", "feature": "cost_gp_1y", "by": ["kommune"], "as_of": "2026-02-28",
        "where": [{"feature": "age", "from": 18, "to": 120}], "privacy": {"rho": 0.05}});
    let coverage = json!({"asked": ["region_1083", "region_1085"], "answered": ["region_1083"], "refused": [], "missing": ["region_1085"], "population_share": 0.61});
    object(query, cells, vec![], json!({"coverage": coverage}))
}

/// An indicator on so many dates, a year apart, with a hidden number on the first.
pub(crate) fn series(dates: i32) -> Vec<String> {
    let on = |back: i32| {
        let mut cells = Vec::new();
        for (at, benefit) in (1_u32..).zip(["without", "with"]) {
            let persons = f64::from(at * 400) - f64::from(back) * 37.0;
            let each = 0.108 * f64::from(at) + 0.016 * f64::from(back);
            for (measure, value, error) in [
                ("persons", persons, 3.2),
                ("acute_per_person", each, 0.004),
                ("cost_per_person", 1e5 * each, 900.0),
            ] {
                let mut cell = plain(json!({"benefit": benefit, "measure": measure}), value, error);
                if back + 1 == dates && at == 2 {
                    cell["shown"] = Value::Null;
                }
                cells.push(cell);
            }
        }
        let more = indicator(
            "cash_hospital",
            words("Kontanthjælp og hospital", "Cash benefit and hospital"),
            words("Hvor mange akutte indlæggelser?", "How many acute admissions?"),
            [
                words("Akutte indlæggelser", "Acute admissions"),
                words("Borgere på 18 til 65 år", "Residents aged 18 to 65"),
            ],
            vec![
                measure("persons", "count", "Borgere", "Residents"),
                measure(
                    "acute_per_person",
                    "count",
                    "Akutte indlæggelser pr. borger",
                    "Acute admissions per resident",
                ),
                measure("cost_per_person", "dkk", "Hospitalsudgift pr. borger", "Hospital cost per resident"),
            ],
            json!([{"name": "benefit", "da": "Kontanthjælp", "en": "Cash benefit", "labels": [
                {"label": "without", "da": "Uden kontanthjælp", "en": "Without cash benefit"},
                {"label": "with", "da": "Med kontanthjælp", "en": "With cash benefit"}]}]),
        );
        let mut object: Value =
            serde_json::from_str(&object(json!({"name": "cash_hospital"}), cells, vec![], more))
                .unwrap_or_default();
        object["as_of"] = json!(format!("{}-02-28", 2026 - back));
        object.to_string()
    };
    (0..dates).map(on).collect()
}

/// All of them.
pub(crate) fn all() -> Vec<String> {
    vec![
        cost_per_capita(),
        readmission(false),
        readmission(true),
        survey(),
        diagram(),
        histogram(),
        residents(),
        stratification(),
        query(),
    ]
}
