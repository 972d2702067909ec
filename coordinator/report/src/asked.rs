//! What was asked, in words: of an indicator its own, of a query and a stratification what their few members say.

use maud::{Markup, html};
use serde_json::Value;

use crate::grid::{Grid, text};
use crate::object::{Definition, Object};
use crate::words::{self, Tongue};

/// A result's heading.
pub(crate) fn title(object: &Object, tongue: Tongue) -> String {
    if let Some(indicator) = &object.indicator {
        let title = tongue.of(&indicator.title);
        return if title.is_empty() { object.name().to_owned() } else { title.to_owned() };
    }
    let name = object.name();
    if object.asked("kind") == "stratification" {
        let model = object.definitions.iter().find(|definition| definition.feature == object.asked("model"));
        let told = model.map(|model| tongue.or_other(&model.da, &model.en));
        let stratification = tongue.say("Stratificering", "Stratification");
        return match told.filter(|told| !told.is_empty()) {
            Some(told) => format!("{stratification}: {told} ({name})"),
            None => format!("{stratification}: {name}"),
        };
    }
    match name {
        "" => tongue.say("Resultat uden navn", "Result without a name").to_owned(),
        name => name.to_owned(),
    }
}

/// A heading with what the numbers are grouped by.
pub(crate) fn title_with_grouping(object: &Object, title: &str, tongue: Tongue) -> String {
    match Grid::of(object, &object.cells).first() {
        Some(grid) => format!("{title}, {}", grouping(object, grid, tongue)),
        None => title.to_owned(),
    }
}

/// What a grid is grouped by, such as `by municipality × stratum`.
pub(crate) fn grouping(object: &Object, grid: &Grid<'_>, tongue: Tongue) -> String {
    let names: Vec<String> =
        grid.categories().map(|name| words::category(object, name, tongue).to_lowercase()).collect();
    match names.as_slice() {
        [] => tongue.say("alle under ét", "all together").to_owned(),
        names => format!("{} {}", tongue.say("efter", "by"), names.join(" × ")),
    }
}

/// The question, as a sentence.
pub(crate) fn question(object: &Object, tongue: Tongue) -> Markup {
    if let Some(indicator) = &object.indicator {
        return html! { (tongue.of(&indicator.question)) };
    }
    if object.asked("kind") == "stratification" {
        return stratification(object, tongue);
    }
    html! { (numerator(object, tongue)) (by(object, tongue)) "." }
}

fn stratification(object: &Object, tongue: Tongue) -> Markup {
    let version = object.query.get("version").map(|version| text(Some(version))).unwrap_or_default();
    let cut_off = object.query.get("cut_off").filter(|cut_off| !cut_off.is_null());
    html! {
        (tongue.say(
            "Hvor mange borgere i hver kommune er i hvert stratum af modellen, og hvor mange vælger den ud?",
            "How many citizens of each municipality are in each stratum of the model, and how many does it select?",
        ))
        " " (tongue.say("Model", "Model")) " " code { (object.asked("model")) }
        @if !version.is_empty() { ", version " (version) }
        @if !object.asked("grain").is_empty() {
            ", " (tongue.say("detaljeringsgrad", "grain")) " " code { (object.asked("grain")) }
        }
        @if let Some(cut_off) = cut_off { ", " (tongue.say("grænse", "cut-off")) " " (text(Some(cut_off))) }
        "."
    }
}

/// What is counted or added up.
pub(crate) fn numerator(object: &Object, tongue: Tongue) -> Markup {
    if let Some(indicator) = &object.indicator {
        return html! { (tongue.of(&indicator.numerator)) };
    }
    let feature = object.asked("feature");
    let what = match object.asked("kind") {
        "count" => tongue.say("Antal personer", "Number of persons"),
        "sum" => tongue.say("Summen af", "The sum of"),
        "mean" => tongue.say("Gennemsnittet af", "The mean of"),
        "histogram" => tongue.say("Fordelingen af", "The distribution of"),
        "quantiles" => tongue.say("Fraktilerne af", "The quantiles of"),
        "stratification" => {
            return html! { (tongue.say("Antal personer i hver gruppe", "Number of persons in each group")) };
        }
        other => other,
    };
    html! {
        (what)
        @if !feature.is_empty() { " " code { (feature) } }
        (filters(object, tongue))
    }
}

fn by(object: &Object, tongue: Tongue) -> Markup {
    let by = object.query.get("by").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<String> = by
        .filter_map(Value::as_str)
        .map(|name| words::category(object, name, tongue).to_lowercase())
        .collect();
    html! { @if !names.is_empty() { (tongue.say(", fordelt på ", ", by ")) (names.join(", ")) } }
}

/// The conditions of a query.
fn filters(object: &Object, tongue: Tongue) -> Markup {
    const CONDITIONS: [(&str, &str, &str); 6] = [
        ("from", "er mindst", "is at least"),
        ("to", "er højst", "is at most"),
        ("above", "er over", "is above"),
        ("below", "er under", "is below"),
        ("is", "er", "is"),
        ("any_of", "er en af", "is one of"),
    ];
    let filters = object.query.get("where").and_then(Value::as_array).into_iter().flatten();
    let told = |filter: &Value| {
        let conditions = CONDITIONS.iter().filter_map(|(name, da, en)| {
            Some(format!("{} {}", tongue.say(da, en), value_of(filter.get(name)?)))
        });
        conditions.collect::<Vec<_>>().join(tongue.say(" og ", " and "))
    };
    html! {
        @for (index, filter) in filters.enumerate() {
            @if index == 0 { (tongue.say(", hvor ", ", where ")) } @else { (tongue.say(" og ", " and ")) }
            code { (text(filter.get("feature"))) } " " (told(filter))
        }
    }
}

fn value_of(value: &Value) -> String {
    match value {
        Value::Array(values) => values.iter().map(|value| text(Some(value))).collect::<Vec<_>>().join(", "),
        value => text(Some(value)),
    }
}

/// Whom it is about: of a query and a stratification the distinct denominators of what they use.
pub(crate) fn denominator(object: &Object, tongue: Tongue) -> Markup {
    if let Some(indicator) = &object.indicator {
        return html! { (tongue.of(&indicator.denominator)) };
    }
    let mut known: Vec<&str> = Vec::new();
    for Definition { denominator, .. } in &object.definitions {
        if !known.contains(&denominator.as_str()) {
            known.push(denominator);
        }
    }
    html! {
        @for (index, denominator) in known.iter().enumerate() {
            @if index > 0 { "; " }
            (words::denominator(object, denominator, tongue))
        }
    }
}
