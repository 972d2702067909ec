//! One result: what was asked, plots, definitions, tables, who answered, what it cost, and how to cite it.

use maud::{Markup, html};

use crate::grid::{Grid, Panel};
use crate::number::{Unit, per_cent, trimmed};
use crate::object::{Measure, Object, Seen};
use crate::plot::{self, Row, Scale, Told};
use crate::table::{self, measure_name, of_interval, of_measure, of_panel, of_row, of_series};
use crate::words::{self, Tongue};
use crate::{asked, day, place, spending};

/// Plots of one measure: more would be looked at by nobody, and everything is in the table.
const PANELS_MAX: usize = 24;
/// Dots of one measure.
const MARKS_MAX: usize = 400;
/// Rows of a table; a longer one is folded away, but on paper.
const TABLE_OPEN_MAX: usize = 30;
/// Dots that a description tells one by one.
pub(crate) const TOLD_MAX: usize = 12;

/// A result with what its page knows of it.
pub(crate) struct Shown<'a> {
    pub(crate) object: &'a Object,
    /// The beginning of its identifiers.
    pub(crate) id: String,
    /// Its heading, unlike any other's.
    pub(crate) title: String,
    /// Of how many answers to the same question it is the first.
    pub(crate) answers: u64,
    pub(crate) software: &'a str,
    pub(crate) made: &'a str,
    pub(crate) tongue: Tongue,
}

impl Shown<'_> {
    pub(crate) fn html(&self) -> Markup {
        let (object, tongue) = (self.object, self.tongue);
        let grids = Grid::of(object, &object.cells);
        let totals = Grid::of(object, &object.totals);
        let heading = format!("{}-h", self.id);
        html! {
            section.result id=(self.id) aria-labelledby=(heading) {
                h2 id=(heading) { (self.title) }
                p.question { (asked::question(object, tongue)) }
                @if self.answers > 1 {
                    p.note { (tongue.say("Spurgt flere gange, hver gang betalt og med ny støj; vist er det første svar. Antal svar: ", "Asked several times, each charged and noised afresh; this is the first answer. Number of answers: ")) (self.answers) "." }
                }
                (self.request())
                @for (index, grid) in grids.iter().enumerate() { (self.figure(index, grid)) }
                (self.definitions())
                h3 { (tongue.say("Tal", "Numbers")) }
                @if grids.is_empty() { p { (tongue.say("Resultatet har ingen tal.", "The result has no numbers.")) } }
                @for grid in &grids { (self.table(grid, tongue.say("tal", "numbers"))) }
                @if !totals.is_empty() {
                    details {
                        summary { (tongue.say("Totaler", "Totals")) }
                        @for grid in &totals { (self.table(grid, tongue.say("totaler", "totals"))) }
                    }
                }
                (self.notes())
                (self.coverage())
                (spending::of_result(object, &self.title, tongue))
                (self.data())
                (self.citation())
            }
        }
    }

    /// Who asked, why and under which permit.
    fn request(&self) -> Markup {
        let (object, tongue) = (self.object, self.tongue);
        let unsaid = tongue.say("står ikke i resultatet", "not stated in the result");
        let said = |text: Option<&str>| text.filter(|text| !text.is_empty()).unwrap_or(unsaid).to_owned();
        let request = object.request.as_ref();
        html! {
            dl.facts {
                div { dt { (tongue.say("Opgørelsesdato", "Reference date")) } dd { (day::told(&object.as_of, tongue)) } }
                div { dt { (tongue.say("Formål", "Purpose")) } dd { (said(request.map(|request| request.purpose.as_str()))) } }
                div { dt { (tongue.say("Tilladelse", "Permit")) } dd { (said(request.map(|request| request.permit.as_str()))) } }
                div {
                    dt { (tongue.say("Spurgt af", "Asked by")) }
                    dd {
                        (said(request.map(|request| request.by.as_str())))
                        @if let Some(request) = request.filter(|request| !request.at.is_empty()) { ", " (day::moment(&request.at, tongue)) }
                    }
                }
                @if let Some(indicator) = &object.indicator {
                    div {
                        dt { (tongue.say("Indikator", "Indicator")) }
                        dd {
                            code { (indicator.name) } ", version " (indicator.version)
                            @match indicator.mode.as_str() {
                                "joined" => { ", " (tongue.say("sammenstillet på tværs under pseudonym", "joined across members under pseudonyms")) }
                                "aggregate" => { ", " (tongue.say("lagt sammen af hvert medlems tal", "added up from each member's numbers")) }
                                _ => {}
                            }
                        }
                    }
                    @if !indicator.source.is_empty() { div { dt { (tongue.say("Kilde", "Source")) } dd { (indicator.source) } } }
                }
            }
        }
    }

    /// The plots of a grid. The last measure is the one that an indicator is named for; the others lead to it.
    fn figure(&self, index: usize, grid: &Grid<'_>) -> Markup {
        let tongue = self.tongue;
        let Some((main, others)) = grid.measures.split_last() else { return html! {} };
        let id = |measure: usize| format!("{}-g{index}-m{measure}", self.id);
        html! {
            figure {
                p.figure-title { (measure_name(main, tongue)) ", " (asked::grouping(self.object, grid, self.tongue)) }
                (self.plots(&id(others.len()), grid, main))
                @for (measure, other) in others.iter().enumerate() {
                    details {
                        summary { (tongue.say("Figur: ", "Plot: ")) (of_measure(other, tongue)) }
                        (self.plots(&id(measure), grid, other))
                    }
                }
                figcaption {
                    (self.legend(grid))
                    p { b { (tongue.say("Tæller: ", "Numerator: ")) } (asked::numerator(self.object, tongue)) }
                    p { b { (tongue.say("Nævner: ", "Denominator: ")) } (asked::denominator(self.object, tongue)) }
                    p { (tongue.say("Prikken er det viste tal, stregen det 95 %-interval, som dækker den tilsatte støj.", "The dot is the shown number, the bar the 95% interval, which covers the added noise.")) }
                }
            }
        }
    }

    fn legend(&self, grid: &Grid<'_>) -> Markup {
        let of = |series: Option<&str>| of_series(self.object, grid, series, self.tongue);
        let mut labels = grid.each_series().into_iter().filter_map(of);
        html! {
            @if let (Some(first), Some(second)) = (labels.next(), labels.next()) {
                p {
                    span.first aria-hidden="true" { "● " } (self.tongue.say("udfyldt prik: ", "filled dot: ")) (first) "; "
                    span.second aria-hidden="true" { "○ " } (self.tongue.say("åben prik: ", "open dot: ")) (second)
                }
            }
        }
    }

    fn plots(&self, id: &str, grid: &Grid<'_>, measure: &Measure) -> Markup {
        let tongue = self.tongue;
        let panels = grid.each_panel();
        let mut marks = 0;
        let drawn: Vec<(&Panel<'_>, Vec<Row>)> = panels
            .iter()
            .map(|panel| (panel, self.rows(grid, panel, measure)))
            .take_while(|(_, rows)| {
                let first = marks == 0;
                marks += rows.iter().map(|row| row.marks.len()).sum::<usize>();
                first || marks <= MARKS_MAX
            })
            .take(PANELS_MAX)
            .collect();
        // One scale, so that panels can be compared.
        let scale = Scale::of(drawn.iter().flat_map(|(_, rows)| rows), Unit::of(&measure.unit));
        html! {
            div.panels {
                @for (index, (panel, rows)) in drawn.iter().enumerate() {
                    div.panel {
                        @if !panel.is_empty() { p.panel-title { (of_panel(self.object, panel, tongue)) } }
                        (plot::svg(rows, &scale, &self.told(&format!("{id}-p{index}"), panel, rows, grid, measure), tongue))
                    }
                }
            }
            @if drawn.len() < panels.len() {
                p.note {
                    (tongue.say("Tegnet er de første ", "Drawn are the first ")) (drawn.len())
                    (tongue.say(" af ", " of ")) (panels.len())
                    (tongue.say("; alle tal står i tabellen.", "; all numbers are in the table."))
                }
            }
        }
    }

    fn rows(&self, grid: &Grid<'_>, panel: &Panel<'_>, measure: &Measure) -> Vec<Row> {
        let series = grid.each_series();
        let row = |row: Option<&str>| Row {
            label: if grid.rows.is_some() {
                of_row(self.object, grid, row, self.tongue)
            } else {
                measure_name(measure, self.tongue)
            },
            marks: series.iter().map(|series| grid.seen(panel, row, *series, measure)).collect(),
        };
        let rows = grid.each_row().into_iter().map(row);
        rows.filter(|row| row.marks.iter().any(Option::is_some)).collect()
    }

    fn told(&self, id: &str, panel: &Panel<'_>, rows: &[Row], grid: &Grid<'_>, measure: &Measure) -> Told {
        let tongue = self.tongue;
        let of = of_panel(self.object, panel, tongue);
        let name = measure_name(measure, tongue);
        let title = [self.title.as_str(), &name, &of].into_iter().filter(|part| !part.is_empty());
        let description = if rows.iter().map(|row| row.marks.len()).sum::<usize>() <= TOLD_MAX {
            let series = grid.each_series();
            let told = |row: &Row| {
                let marks = row.marks.iter().zip(&series).filter_map(|(seen, series)| {
                    let seen = in_words((*seen)?, measure, tongue);
                    let series = of_series(self.object, grid, *series, tongue);
                    Some(series.map_or_else(|| seen.clone(), |series| format!("{series} {seen}")))
                });
                format!("{}: {}", row.label, marks.collect::<Vec<_>>().join(", "))
            };
            rows.iter().map(told).collect::<Vec<_>>().join("; ")
        } else {
            let more = tongue.say("rækker; tallene står i tabellen.", "rows; the numbers are in the table.");
            format!("{} {more}", rows.len())
        };
        Told { id: id.to_owned(), title: title.collect::<Vec<_>>().join(", "), description, axis: name }
    }

    fn table(&self, grid: &Grid<'_>, what: &str) -> Markup {
        let tongue = self.tongue;
        let caption = format!("{}, {what} {}", self.title, asked::grouping(self.object, grid, self.tongue));
        let table = table::table(self.object, grid, &caption, tongue);
        html! {
            @if grid.n_rows() > TABLE_OPEN_MAX {
                details {
                    summary { (tongue.say("Tabel: ", "Table: ")) (what) " " (asked::grouping(self.object, grid, self.tongue)) " (" (grid.len()) ")" }
                    (table)
                }
            } @else { (table) }
        }
    }

    fn definitions(&self) -> Markup {
        let tongue = self.tongue;
        html! {
            @if !self.object.definitions.is_empty() {
                h3 { (tongue.say("Definitioner", "Definitions")) }
                dl.definitions {
                    @for definition in &self.object.definitions {
                        dt { (self.head(&definition.feature)) code { (definition.feature) } }
                        dd {
                            (closed(&words::definition(definition, tongue)))
                            @if !definition.values.is_empty() { " " (tongue.say("Værdier: ", "Values: ")) (closed(&words::values(self.object, definition, tongue))) }
                            @if !definition.denominator.is_empty() { " " (tongue.say("Opgjort blandt: ", "Counted over: ")) (closed(&words::denominator(self.object, &definition.denominator, tongue))) }
                        }
                    }
                }
            }
        }
    }

    /// What people call a feature, where it has a word of its own beside its name.
    fn head(&self, feature: &str) -> Markup {
        let indicator = self.object.indicator.as_ref().filter(|indicator| indicator.name == feature);
        let word = match indicator.map(|indicator| self.tongue.of(&indicator.title)) {
            Some(title) => title.to_owned(),
            None => words::category(self.object, feature, self.tongue),
        };
        html! { @if !word.is_empty() && word != feature { (word) " " } }
    }

    fn notes(&self) -> Markup {
        let tongue = self.tongue;
        html! {
            @if !self.object.notes.is_empty() {
                h3 { (tongue.say("Sådan læses tallene", "How to read the numbers")) }
                ul { @for note in &self.object.notes { li { (words::sentence(note, tongue)) } } }
            }
        }
    }

    fn coverage(&self) -> Markup {
        let tongue = self.tongue;
        let coverage = &self.object.coverage;
        let list = |nodes: &[String]| {
            nodes.iter().map(|node| place::of_node(node, tongue)).collect::<Vec<_>>().join(", ")
        };
        html! {
            h3 { (tongue.say("Hvem svarede", "Who answered")) }
            dl.facts {
                div.wide { dt { (tongue.say("Svarede", "Answered")) } dd { (coverage.answered.len()) (tongue.say(" af ", " of ")) (coverage.asked.len()) @if !coverage.answered.is_empty() { ": " (list(&coverage.answered)) } } }
                @if !coverage.missing.is_empty() { div.wide { dt { (tongue.say("Mangler", "Missing")) } dd { (list(&coverage.missing)) } } }
                @for refused in &coverage.refused {
                    div.wide {
                        dt { (tongue.say("Afslog", "Refused")) }
                        dd {
                            (place::of_node(&refused.node, tongue))
                            @for rule in &refused.rules {
                                "; " code { (rule.code) }
                                @if !rule.what.is_empty() { ": " (words::sentence(&rule.what, tongue)) }
                            }
                        }
                    }
                }
                @if let Some(share) = coverage.population_share {
                    div { dt { (tongue.say("Andel af befolkningen", "Share of the population")) } dd { (per_cent(trimmed(share * 100.0, 1, tongue), tongue)) } }
                }
            }
        }
    }

    fn data(&self) -> Markup {
        let tongue = self.tongue;
        let caption = format!("{}, {}", self.title, tongue.say("data", "data"));
        let count = |number: Option<u64>| number.map_or_else(|| "–".to_owned(), |number| number.to_string());
        let table = html! {
            table {
                caption { (caption) }
                thead { tr {
                    th scope="col" { "Node" }
                    th scope="col" { (tongue.say("Udtrukket", "Extracted")) }
                    th.number scope="col" { (tongue.say("Indlæsning nr.", "Import no.")) }
                    th.number scope="col" { (tongue.say("Afviste rækker", "Rejected rows")) }
                } }
                tbody {
                    @for data in &self.object.data {
                        tr {
                            th scope="row" { (place::of_node(&data.node, tongue)) @if let Some(software) = &data.software { " " span.interval { (software) } } }
                            td { (day::told(&data.extracted_on, tongue)) }
                            td.number { (count(data.import)) }
                            td.number { (count(data.rejected_rows)) }
                        }
                    }
                }
            }
        };
        html! {
            @if !self.object.data.is_empty() {
                h3 { (tongue.say("Data", "Data")) }
                (table::scrolled(&caption, &table))
            }
        }
    }

    /// A line that says what the number is, of what, by whom and how exact.
    fn citation(&self) -> Markup {
        let (object, tongue) = (self.object, self.tongue);
        let mut days: Vec<&str> = object.data.iter().map(|data| data.extracted_on.as_str()).collect();
        days.sort_unstable();
        days.dedup();
        let days: Vec<String> = days.into_iter().map(|day| day::told(day, tongue)).collect();
        let request = object.request.as_ref();
        html! {
            h3 { (tongue.say("Sådan citeres", "How to cite")) }
            p.cite {
                (self.title) ". "
                @if object.laboratory { (tongue.say("Opdigtede data. ", "Made-up data. ")) }
                @if let Some(indicator) = &object.indicator { code { (indicator.name) } " version " (indicator.version) ". " }
                (tongue.say("Opgjort pr. ", "As of ")) (day::told(&object.as_of, tongue)) ". "
                @if !days.is_empty() { (tongue.say("Data udtrukket ", "Data extracted ")) (days.join(", ")) ". " }
                (object.coverage.answered.len()) (tongue.say(" af ", " of ")) (object.coverage.asked.len()) (tongue.say(" noder svarede. ", " nodes answered. "))
                (spending::in_short(&object.privacy, tongue)) " "
                @if let Some(request) = request.filter(|request| !request.permit.is_empty()) {
                    (tongue.say("Tilladelse ", "Permit ")) (request.permit) ". "
                }
                (self.software) ". " (tongue.say("Rapport af ", "Report of ")) (day::told(self.made, tongue)) "."
            }
        }
    }
}

/// A sentence with its full stop, which `kr.` has already.
fn closed(sentence: &Markup) -> Markup {
    html! { (sentence) @if !sentence.0.ends_with('.') { "." } }
}

/// A mark in words.
pub(crate) fn in_words(seen: Seen, measure: &Measure, tongue: Tongue) -> String {
    match seen {
        Seen::Shown(shown, interval) => match Unit::of(&measure.unit).tell(shown, interval, tongue) {
            (told, Some(ends)) => format!("{told} (95 %: {})", of_interval(&ends, tongue)),
            (told, None) => told,
        },
        seen => plot::seen_word(seen, tongue).to_owned(),
    }
}
