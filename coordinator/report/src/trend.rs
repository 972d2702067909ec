//! An indicator on several dates, which is drawn over time: a panel for each key, a dot for each date.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::grid;
use crate::number::Unit;
use crate::object::{Measure, Object, Seen};
use crate::plot::{self, Moment, Row, Scale, Told};
use crate::section::{Shown, TOLD_MAX, in_words};
use crate::table::{self, measure_name, of_measure};
use crate::words::{self, Tongue};
use crate::{asked, day};

/// With fewer dates results are read side by side.
const DATES_MIN: usize = 3;
/// Keys that are drawn; all are in the table.
const KEYS_MAX: usize = 8;

/// A cell's labels by category.
type Key = Vec<(String, String)>;

/// Results of one indicator with the same keys, on three dates or more.
pub(crate) struct Trend<'a> {
    pub(crate) id: String,
    pub(crate) title: String,
    /// One for each date, in their order.
    results: Vec<(i32, &'a Shown<'a>)>,
    begins_at: &'a str,
    /// Whether a date has several answers, of which the first is drawn.
    has_more: bool,
    tongue: Tongue,
}

/// Every series of these results.
pub(crate) fn of<'a>(results: &'a [Shown<'a>]) -> Vec<Trend<'a>> {
    let mut series: Vec<(Series<'a>, Vec<(i32, &'a Shown<'a>)>)> = Vec::new();
    for result in results {
        let Some((day, own)) = day::number(&result.object.as_of).zip(Series::of(result.object)) else {
            continue;
        };
        match series.iter_mut().find(|(other, _)| *other == own) {
            Some((_, results)) => results.push((day, result)),
            None => series.push((own, vec![(day, result)])),
        }
    }
    let trends = series.into_iter().filter_map(|(_, mut results)| {
        let begins_at = results.first()?.1;
        let all = results.len();
        // The order of equal days is kept.
        results.sort_by_key(|(day, _)| *day);
        results.dedup_by_key(|(day, _)| *day);
        let tongue = begins_at.tongue;
        let title =
            format!("{}, {}", asked::title(begins_at.object, tongue), tongue.say("over tid", "over time"));
        (results.len() >= DATES_MIN).then(|| Trend {
            id: format!("{}-time", begins_at.id),
            title,
            begins_at: &begins_at.id,
            has_more: results.len() < all,
            results,
            tongue,
        })
    });
    trends.collect()
}

/// What results that can be compared have in common.
#[derive(PartialEq, Eq)]
struct Series<'a> {
    name: &'a str,
    version: u32,
    keys: BTreeSet<(Key, String)>,
}

impl<'a> Series<'a> {
    fn of(object: &'a Object) -> Option<Self> {
        let indicator = object.indicator.as_ref().filter(|indicator| !indicator.name.is_empty())?;
        let keys = object.cells.iter().map(|cell| (grid::place(object, cell), grid::measure(cell)));
        let keys: BTreeSet<_> = keys.collect();
        (!keys.is_empty()).then_some(Self { name: &indicator.name, version: indicator.version, keys })
    }
}

/// What may be seen of each key on each date.
struct Line {
    /// By what its key is told from others.
    categories: Vec<String>,
    label: String,
    seen: Vec<Seen>,
}

/// The lines that are drawn: all of the same categories as long as there is room for them, else the first ones.
fn drawn(lines: &[Line]) -> Vec<&Line> {
    let mut sets: Vec<Vec<&Line>> = Vec::new();
    for line in lines {
        match sets.iter_mut().find(|set| set.iter().any(|other| other.categories == line.categories)) {
            Some(set) => set.push(line),
            None => sets.push(vec![line]),
        }
    }
    let mut drawn: Vec<&Line> = Vec::new();
    for set in sets {
        if drawn.len() + set.len() <= KEYS_MAX {
            drawn.extend(set);
        }
    }
    if drawn.is_empty() { lines.iter().take(KEYS_MAX).collect() } else { drawn }
}

impl Trend<'_> {
    /// Whether this is the first of its results.
    pub(crate) fn begins_at(&self, result: &Shown<'_>) -> bool {
        self.begins_at == result.id
    }

    pub(crate) fn html(&self) -> Markup {
        let tongue = self.tongue;
        let heading = format!("{}-h", self.id);
        let Some((_, first)) = self.results.first() else { return html! {} };
        let measures = self.measures(first.object);
        let drawn = measures.iter().enumerate().rev();
        html! {
            section.trend id=(self.id) aria-labelledby=(heading) {
                h2 id=(heading) { (self.title) }
                p {
                    (tongue.say("De samme tal på ", "The same numbers on ")) (self.results.len())
                    (tongue.say(" datoer; hver dato har sit eget afsnit: ", " dates; each date has a section of its own: "))
                    @for (index, (_, result)) in self.results.iter().enumerate() {
                        @if index > 0 { ", " }
                        a.day href={ "#" (result.id) } { (day::told(&result.object.as_of, tongue)) }
                    }
                    "."
                }
                @if self.has_more {
                    p.note { (tongue.say("Hvor en dato har flere svar, er det første tegnet.", "Where a date has several answers, the first is drawn.")) }
                }
                figure {
                    @for (index, measure) in drawn {
                        @let id = format!("{}-m{index}", self.id);
                        @if index + 1 == measures.len() {
                            p.figure-title { (of_measure(measure, tongue)) }
                            (self.measure(&id, measure))
                        } @else {
                            details {
                                summary { (tongue.say("Figur: ", "Plot: ")) (of_measure(measure, tongue)) }
                                (self.measure(&id, measure))
                            }
                        }
                    }
                    figcaption {
                        p { b { (tongue.say("Tæller: ", "Numerator: ")) } (asked::numerator(first.object, tongue)) }
                        p { b { (tongue.say("Nævner: ", "Denominator: ")) } (asked::denominator(first.object, tongue)) }
                        p { (tongue.say("Prikken er det viste tal, stregen op og ned det 95 %-interval, som dækker den tilsatte støj. Hver dato er et svar for sig med sin egen støj.", "The dot is the shown number, the bar up and down the 95% interval, which covers the added noise. Each date is an answer of its own with noise of its own.")) }
                    }
                }
            }
        }
    }

    fn measures(&self, object: &Object) -> Vec<Measure> {
        let mut names: Vec<String> = Vec::new();
        for name in object.cells.iter().map(grid::measure) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        grid::in_order(object, names)
    }

    fn lines(&self, measure: &Measure) -> Vec<Line> {
        let by_key = |object: &Object| -> BTreeMap<Key, Seen> {
            let own = object.cells.iter().filter(|cell| grid::measure(cell) == measure.name);
            own.map(|cell| (grid::place(object, cell), cell.seen())).collect()
        };
        let dates: Vec<BTreeMap<Key, Seen>> =
            self.results.iter().map(|(_, result)| by_key(result.object)).collect();
        let Some((_, first)) = self.results.first() else { return Vec::new() };
        let mut known = BTreeSet::new();
        let own = first.object.cells.iter().filter(|cell| grid::measure(cell) == measure.name);
        let keys = own.map(|cell| grid::place(first.object, cell)).filter(|key| known.insert(key.clone()));
        let line = |key: Key| {
            let labels = key.iter().map(|(name, label)| words::label(first.object, name, label, self.tongue));
            let label = labels.collect::<Vec<_>>().join(" · ");
            let all = self.tongue.say("Alle", "All");
            Line {
                categories: key.iter().map(|(name, _)| name.clone()).collect(),
                label: if label.is_empty() { all.to_owned() } else { label },
                seen: dates.iter().filter_map(|date| date.get(&key).copied()).collect(),
            }
        };
        keys.map(line).collect()
    }

    fn measure(&self, id: &str, measure: &Measure) -> Markup {
        let tongue = self.tongue;
        let lines = self.lines(measure);
        let drawn = drawn(&lines);
        let row =
            |line: &Line| Row { label: String::new(), marks: line.seen.iter().copied().map(Some).collect() };
        let rows: Vec<Row> = drawn.iter().copied().map(row).collect();
        // One scale, so that panels can be compared.
        let scale = Scale::of(&rows, Unit::of(&measure.unit));
        html! {
            div.panels {
                @for (index, line) in drawn.iter().enumerate() {
                    div.panel {
                        p.panel-title { (line.label) }
                        (plot::over_time(&self.moments(line), &scale, &self.told(&format!("{id}-p{index}"), line, measure), tongue))
                    }
                }
            }
            @if drawn.len() < lines.len() {
                p.note {
                    (tongue.say("Tegnet er ", "Drawn are ")) (drawn.len())
                    (tongue.say(" af ", " of ")) (lines.len())
                    (tongue.say("; alle tal står i tabellen.", "; all numbers are in the table."))
                }
            }
            (self.table(&lines, measure))
        }
    }

    fn moments(&self, line: &Line) -> Vec<Moment> {
        let moment = |((day, result), seen): (&(i32, &Shown<'_>), &Seen)| Moment {
            day: *day,
            label: day::told(&result.object.as_of, self.tongue),
            seen: *seen,
        };
        self.results.iter().zip(&line.seen).map(moment).collect()
    }

    fn told(&self, id: &str, line: &Line, measure: &Measure) -> Told {
        let tongue = self.tongue;
        let name = measure_name(measure, tongue);
        let title = [self.title.as_str(), &name, &line.label].into_iter().filter(|part| !part.is_empty());
        let description = if line.seen.len() <= TOLD_MAX {
            let told =
                |moment: Moment| format!("{}: {}", moment.label, in_words(moment.seen, measure, tongue));
            self.moments(line).into_iter().map(told).collect::<Vec<_>>().join("; ")
        } else {
            let more = tongue.say("datoer; tallene står i tabellen.", "dates; the numbers are in the table.");
            format!("{} {more}", line.seen.len())
        };
        Told {
            id: id.to_owned(),
            title: title.collect::<Vec<_>>().join(", "),
            description,
            axis: String::new(),
        }
    }

    fn table(&self, lines: &[Line], measure: &Measure) -> Markup {
        let tongue = self.tongue;
        let caption = format!("{}, {}", self.title, of_measure(measure, tongue));
        let table = html! {
            table {
                caption { (caption) }
                thead { tr {
                    th scope="col" { (tongue.say("Gruppe", "Group")) }
                    @for (_, result) in &self.results { th.number.day scope="col" { (day::told(&result.object.as_of, tongue)) } }
                } }
                tbody {
                    @for line in lines {
                        tr {
                            th scope="row" { (line.label) }
                            @for seen in &line.seen { (table::number(Some(*seen), measure, tongue)) }
                        }
                    }
                }
            }
        };
        html! {
            details {
                summary { (tongue.say("Tabel: ", "Table: ")) (of_measure(measure, tongue)) }
                (table::scrolled(&caption, &table))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, drawn};

    #[test]
    fn keys_of_the_same_categories_are_drawn_together_or_cut() {
        let set = |categories: &[&str], n_lines: usize| {
            let line = |at: usize| Line {
                categories: categories.iter().map(ToString::to_string).collect(),
                label: at.to_string(),
                seen: Vec::new(),
            };
            (0..n_lines).map(line).collect::<Vec<_>>()
        };
        let n_drawn = |lines: Vec<Line>| drawn(&lines).len();
        assert_eq!(
            n_drawn([set(&["a"], 2), set(&[], 1), set(&["a", "b"], 22)].into_iter().flatten().collect()),
            3
        );
        assert_eq!(n_drawn([set(&["a", "b"], 22), set(&["a"], 2)].into_iter().flatten().collect()), 2);
        assert_eq!(n_drawn(set(&["a"], 8)), 8);
        assert_eq!(n_drawn(set(&["a"], 9)), 8);
    }
}
