//! What the demonstration shows of the indicators: a few small tables. The rest is in the report.

use std::path::Path;

use comfy_table::Table;
use serde_json::Value;
use tvaers_coordinator::answer::{Amount, Answer, Cell};
use tvaers_host::output::table;

/// A table with what it shows.
pub(crate) struct Highlight {
    pub(crate) title: &'static str,
    pub(crate) table: Table,
}

/// The highlights of the results that there are.
pub(crate) fn highlights(results: &Path) -> Vec<Highlight> {
    let read = |name: &str| -> Option<Cells> {
        let text = std::fs::read_to_string(results.join(format!("{name}.json"))).ok()?;
        let answer: Answer = serde_json::from_str(&text).ok()?;
        Some(Cells(answer.totals.into_iter().chain(answer.cells).collect()))
    };
    let made = [
        read("residents").map(|cells| residents(&cells)),
        read("readmission_30d").map(|cells| readmission(&cells)),
        read("cost_per_capita").map(|cells| cost(&cells)),
        read("triple_aim_survey").map(|cells| survey(&cells)),
        read("somv_diagram").map(|cells| diagram(&cells)),
    ];
    made.into_iter().flatten().collect()
}

/// The cells of a result and its totals.
struct Cells(Vec<Cell>);

impl Cells {
    /// The cell with exactly this key.
    fn at(&self, key: &[(&str, &str)]) -> Option<&Cell> {
        let has = |cell: &&Cell| {
            let of = |(name, label): &(&str, &str)| text(cell.key.get(*name)) == *label;
            cell.key.len() == key.len() && key.iter().all(of)
        };
        self.0.iter().find(has)
    }

    /// The labels of a category, each once.
    fn labels(&self, name: &str) -> Vec<String> {
        let mut labels = Vec::new();
        for label in self.0.iter().filter_map(|cell| cell.key.get(name)).map(|label| text(Some(label))) {
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        labels
    }
}

fn text(label: Option<&Value>) -> String {
    match label {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// A number as it is shown, with its interval; a share in percent.
fn told(cell: Option<&Cell>, places: usize, percent: bool) -> String {
    let number = |amount: Amount| {
        let number = if percent { amount.real() * 100.0 } else { amount.real() };
        format!("{number:.places$}{}", if percent { " %" } else { "" })
    };
    match cell.map(|cell| (cell.shown, cell.ci95)) {
        None | Some((None, _)) => "hidden".to_owned(),
        Some((Some(shown), None)) => number(shown),
        Some((Some(shown), Some([low, high]))) => {
            format!("{} ({} to {})", number(shown), number(low), number(high))
        }
    }
}

fn residents(cells: &Cells) -> Highlight {
    let mut table = table(["kommune", "residents (95 % interval)"], &[1]);
    for kommune in cells.labels("kommune") {
        let total = cells.at(&[("kommune", &kommune), ("measure", "persons")]);
        table.add_row([kommune.clone(), told(total, 0, false)]);
    }
    Highlight { title: "Residents", table }
}

fn readmission(cells: &Cells) -> Highlight {
    let mut table = table(["region", "index admissions", "readmitted in 30 days", "share"], &[1, 2, 3]);
    let regions = cells.labels("region").into_iter().map(|code| (code.clone(), vec![("region", code)]));
    for (name, region) in [("all".to_owned(), Vec::new())].into_iter().chain(regions) {
        let at = |measure| {
            let region = region.iter().map(|(name, code)| (*name, code.as_str()));
            cells.at(&region.chain([("measure", measure)]).collect::<Vec<_>>())
        };
        let row = [told(at("index"), 0, false), told(at("readmitted"), 0, false), told(at("share"), 1, true)];
        table.add_row([name].into_iter().chain(row));
    }
    Highlight { title: "Readmission of elderly medical patients", table }
}

fn cost(cells: &Cells) -> Highlight {
    let kommuner = cells.labels("kommune");
    let header = ["DKK a resident, 12 months".to_owned()].into_iter().chain(kommuner.iter().cloned());
    let mut table = table(header, &(1..=kommuner.len()).collect::<Vec<_>>());
    for component in cells.labels("component") {
        let of = |kommune: &String| {
            let key =
                [("kommune", kommune.as_str()), ("component", &component), ("measure", "per_capita_dkk")];
            told(cells.at(&key), 0, false)
        };
        table.add_row([component.replace('_', " ")].into_iter().chain(kommuner.iter().map(of)));
    }
    Highlight { title: "Cost per capita by municipality", table }
}

fn survey(cells: &Cells) -> Highlight {
    let mut table = table(["item", "baseline", "follow-up", "answered both", "mean change"], &[1, 2, 3, 4]);
    for item in cells.labels("item") {
        let at = |measure| cells.at(&[("item", &item), ("measure", measure)]);
        table.add_row([
            item.replace('_', " "),
            told(at("baseline_mean"), 2, false),
            told(at("followup_mean"), 2, false),
            told(at("pairs"), 0, false),
            told(at("mean_change"), 2, false),
        ]);
    }
    Highlight { title: "What citizens say before and after", table }
}

fn diagram(cells: &Cells) -> Highlight {
    let mut table = table(["problem areas", "residents of the target group (95 % interval)"], &[1]);
    for groups in cells.labels("groups") {
        let persons = |cell: &&Cell| {
            text(cell.key.get("groups")) == groups && text(cell.key.get("measure")) == "persons"
        };
        let parts: Vec<&Cell> = cells.0.iter().filter(persons).collect();
        if parts.iter().any(|cell| cell.shown.is_none()) {
            table.add_row([groups.replace('+', " + "), "hidden".to_owned()]);
            continue;
        }
        // Over age bands, of raw values: what is shown would be biased upwards.
        let sum: f64 = parts.iter().filter_map(|cell| cell.value).map(Amount::real).sum();
        let error =
            parts.iter().filter_map(|cell| cell.standard_error).map(|error| error * error).sum::<f64>();
        let half = 1.96 * error.sqrt();
        let [value, low, high] = [sum, sum - half, sum + half].map(|end| end.max(0.0));
        let interval = format!("{:.0} ({:.0} to {:.0})", value, low, high);
        table.add_row([groups.replace('+', " + "), interval]);
    }
    Highlight { title: "Problem areas of the target group, all ages", table }
}
