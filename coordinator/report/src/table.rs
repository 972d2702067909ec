//! A grid as a table: a part for each panel, a row for each label, a column for each measure of each series.

use maud::{Markup, html};

use crate::grid::{Grid, Panel};
use crate::number::Unit;
use crate::object::{Measure, Object, Seen};
use crate::plot::seen_word;
use crate::words::{self, Tongue};

/// A table that can be scrolled sideways where it is too wide, by the keyboard too.
pub(crate) fn scrolled(label: &str, table: &Markup) -> Markup {
    html! { div.scroll role="region" aria-label=(label) tabindex="0" { (table) } }
}

/// The table of a grid. The caption is its name; no two on a page have the same one.
pub(crate) fn table(object: &Object, grid: &Grid<'_>, caption: &str, tongue: Tongue) -> Markup {
    let columns: Vec<(Option<&str>, &Measure)> = grid
        .each_series()
        .into_iter()
        .flat_map(|series| grid.measures.iter().map(move |measure| (series, measure)))
        .collect();
    let panels = grid.each_panel();
    let rows = grid.each_row();
    let head = grid.rows.as_ref().map(|axis| words::category(object, &axis.name, tongue));
    let table = html! {
        table {
            caption { (caption) }
            thead {
                tr {
                    th scope="col" { (head.as_deref().unwrap_or(tongue.say("Alle", "All"))) }
                    @for (series, measure) in &columns { th.number scope="col" { (column(object, grid, *series, measure, tongue)) } }
                }
            }
            @for panel in &panels {
                tbody {
                    @if !panel.is_empty() {
                        tr { th.part scope="rowgroup" colspan=(columns.len() + 1) { (of_panel(object, panel, tongue)) } }
                    }
                    @for row in rows.iter().filter(|row| columns.iter().any(|(series, measure)| grid.seen(panel, **row, *series, measure).is_some())) {
                        tr {
                            th scope="row" { (of_row(object, grid, *row, tongue)) }
                            @for (series, measure) in &columns { (number(grid.seen(panel, *row, *series, measure), measure, tongue)) }
                        }
                    }
                }
            }
        }
    };
    scrolled(caption, &table)
}

/// What a column is of.
fn column(
    object: &Object,
    grid: &Grid<'_>,
    series: Option<&str>,
    measure: &Measure,
    tongue: Tongue,
) -> String {
    let series = of_series(object, grid, series, tongue);
    let measure = of_measure(measure, tongue);
    match (series, grid.measures.len()) {
        (Some(series), 1) => series,
        (Some(series), _) => format!("{series}: {measure}"),
        (None, _) => measure,
    }
}

/// What a measure is called, with its unit.
pub(crate) fn of_measure(measure: &Measure, tongue: Tongue) -> String {
    let name = measure_name(measure, tongue);
    let unit = Unit::of(&measure.unit).name(tongue);
    if unit.is_empty() || name.contains(unit) { name } else { format!("{name} ({unit})") }
}

/// What a measure is called.
pub(crate) fn measure_name(measure: &Measure, tongue: Tongue) -> String {
    let told = tongue.or_other(&measure.da, &measure.en);
    match (told.is_empty(), measure.name.as_str()) {
        (false, _) => told.to_owned(),
        (true, "") => match Unit::of(&measure.unit) {
            Unit::Count => tongue.say("Antal", "Number").to_owned(),
            _ => tongue.say("Værdi", "Value").to_owned(),
        },
        (true, name) => name.to_owned(),
    }
}

/// What a panel is of.
pub(crate) fn of_panel(object: &Object, panel: &Panel<'_>, tongue: Tongue) -> String {
    let labels = panel.iter().map(|(name, label)| words::label(object, name, label, tongue));
    labels.collect::<Vec<_>>().join(" · ")
}

/// What a row is of.
pub(crate) fn of_row(object: &Object, grid: &Grid<'_>, row: Option<&str>, tongue: Tongue) -> String {
    match (&grid.rows, row) {
        (Some(axis), Some(label)) => words::label(object, &axis.name, label, tongue),
        _ => tongue.say("I alt", "Total").to_owned(),
    }
}

/// What a series is of.
pub(crate) fn of_series(
    object: &Object,
    grid: &Grid<'_>,
    series: Option<&str>,
    tongue: Tongue,
) -> Option<String> {
    Some(words::label(object, &grid.series.as_ref()?.name, series?, tongue))
}

/// What is seen, in a cell of a table.
pub(crate) fn number(seen: Option<Seen>, measure: &Measure, tongue: Tongue) -> Markup {
    let unit = Unit::of(&measure.unit);
    match seen {
        None => html! { td.number { "–" } },
        Some(Seen::Shown(shown, interval)) => html! {
            td.number {
                @let (told, ends) = unit.tell(shown, interval, tongue);
                (told)
                @if let Some(ends) = ends { " " span.interval { (of_interval(&ends, tongue)) } }
            }
        },
        Some(seen) => html! { td.number { span.hidden { (seen_word(seen, tongue)) } } },
    }
}

/// An interval in words.
pub(crate) fn of_interval([from, to]: &[String; 2], tongue: Tongue) -> String {
    format!("{from} {} {to}", tongue.say("til", "to"))
}
