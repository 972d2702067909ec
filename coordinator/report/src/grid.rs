//! Cells as rows and columns. A result holds one grid for each set of categories: a stratification has one of strata and
//! one of inclusions, and totals have fewer categories than the cells that they are of.
//!
//! Of a grid's categories one makes the rows, one of two labels the series that stand beside each other, and the others
//! the panels, each of which is a plot and a part of the table.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::object::{Cell, Measure, Object, Seen};

/// Under this name a cell's key says which of an indicator's numbers it is.
const MEASURE: &str = "measure";

/// Categories of places: people look at one place at a time, as long as there are not many.
const PLACES: [&str; 3] = ["kommune", "region", "node"];

/// With more places, places are what is compared.
const PANELS_OF_PLACES: usize = 24;

/// A category and its labels, in order of appearance.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) name: String,
    pub(crate) labels: Vec<String>,
}

/// Cells with the same categories.
#[derive(Debug)]
pub(crate) struct Grid<'a> {
    /// Each makes one panel with each label of the others.
    pub(crate) panels: Vec<Axis>,
    /// None where there are no categories.
    pub(crate) rows: Option<Axis>,
    /// Beside each other in a row.
    pub(crate) series: Option<Axis>,
    /// At least one.
    pub(crate) measures: Vec<Measure>,
    /// Labels of the panels' categories that occur together.
    places: Vec<Vec<String>>,
    cells: BTreeMap<Place, &'a Cell>,
}

/// Labels by category, and the measure.
type Place = (BTreeMap<String, String>, String);

/// One label of each panel's category.
pub(crate) type Panel<'a> = Vec<(&'a str, &'a str)>;

impl<'a> Grid<'a> {
    /// The grids of these cells, in order of appearance.
    pub(crate) fn of(object: &Object, cells: &'a [Cell]) -> Vec<Self> {
        let mut names: Vec<Vec<String>> = Vec::new();
        for cell in cells {
            let own = categories(object, cell);
            if !names.contains(&own) {
                names.push(own);
            }
        }
        names.into_iter().map(|names| Self::with(object, cells, &names)).collect()
    }

    fn with(object: &Object, cells: &'a [Cell], names: &[String]) -> Self {
        let mut axes: Vec<Axis> =
            names.iter().map(|name| Axis { name: name.clone(), labels: Vec::new() }).collect();
        let mut measures: Vec<String> = Vec::new();
        let mut at = BTreeMap::new();
        for cell in cells.iter().filter(|cell| categories(object, cell) == names) {
            for axis in &mut axes {
                let label = text(cell.key.get(&axis.name));
                if !axis.labels.contains(&label) {
                    axis.labels.push(label);
                }
            }
            let measure = text(cell.key.get(MEASURE));
            if !measures.contains(&measure) {
                measures.push(measure.clone());
            }
            let labels = names.iter().map(|name| (name.clone(), text(cell.key.get(name)))).collect();
            at.entry((labels, measure)).or_insert(cell);
        }
        let rows = take_rows(&mut axes);
        let series = axes.iter().rposition(|axis| axis.labels.len() == 2 && !is_place(axis));
        let series = series.map(|at| axes.remove(at));
        let mut places: Vec<Vec<String>> = Vec::new();
        for cell in cells.iter().filter(|cell| categories(object, cell) == names) {
            let labels: Vec<String> = axes.iter().map(|axis| text(cell.key.get(&axis.name))).collect();
            if !places.contains(&labels) {
                places.push(labels);
            }
        }
        let measures = in_order(object, measures);
        Self { panels: axes, rows, series, measures, places, cells: at }
    }

    /// What may be seen at a place; none where the object has no such cell.
    pub(crate) fn seen(
        &self,
        panel: &Panel<'_>,
        row: Option<&str>,
        series: Option<&str>,
        measure: &Measure,
    ) -> Option<Seen> {
        let own = [(&self.rows, row), (&self.series, series)];
        let own = own.into_iter().filter_map(|(axis, label)| Some((axis.as_ref()?.name.as_str(), label?)));
        let labels = panel.iter().copied().chain(own);
        let labels = labels.map(|(name, label)| (name.to_owned(), label.to_owned())).collect();
        self.cells.get(&(labels, measure.name.clone())).map(|cell| cell.seen())
    }

    /// All panels that have a cell, in order of appearance; one without labels where there are no categories for it.
    pub(crate) fn each_panel(&self) -> Vec<Panel<'_>> {
        let names = || self.panels.iter().map(|axis| axis.name.as_str());
        self.places.iter().map(|labels| names().zip(labels.iter().map(String::as_str)).collect()).collect()
    }

    /// The rows of all panels; one without a label where there is no category.
    pub(crate) fn each_row(&self) -> Vec<Option<&str>> {
        labels(self.rows.as_ref())
    }

    /// The series of a row; one without a label where there is no category.
    pub(crate) fn each_series(&self) -> Vec<Option<&str>> {
        labels(self.series.as_ref())
    }

    /// How many cells it has.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// About how many rows a table of it has.
    pub(crate) fn n_rows(&self) -> usize {
        self.cells.len().div_ceil(self.measures.len().max(1) * self.each_series().len().max(1))
    }

    /// The names of its categories, those of panels first.
    pub(crate) fn categories(&self) -> impl Iterator<Item = &str> {
        self.panels.iter().chain(&self.series).chain(&self.rows).map(|axis| axis.name.as_str())
    }
}

fn labels(axis: Option<&Axis>) -> Vec<Option<&str>> {
    axis.map_or_else(|| vec![None], |axis| axis.labels.iter().map(|label| Some(label.as_str())).collect())
}

fn is_place(axis: &Axis) -> bool {
    PLACES.contains(&axis.name.as_str())
}

/// The category with the most labels, places last.
fn take_rows(axes: &mut Vec<Axis>) -> Option<Axis> {
    let weight = |axis: &Axis| {
        let apart = is_place(axis) && axis.labels.len() <= PANELS_OF_PLACES;
        (!apart, axis.labels.len())
    };
    let most = axes.iter().enumerate().max_by_key(|(_, axis)| weight(axis)).map(|(at, _)| at)?;
    Some(axes.remove(most))
}

/// A cell's place but for its measure, as its labels in order.
pub(crate) fn place(object: &Object, cell: &Cell) -> Vec<(String, String)> {
    let label = |name: String| (name.clone(), text(cell.key.get(&name)));
    categories(object, cell).into_iter().map(label).collect()
}

/// The measure of a cell, by name.
pub(crate) fn measure(cell: &Cell) -> String {
    text(cell.key.get(MEASURE))
}

/// The names of a cell's categories: in the indicator's order, then the query's, then any other.
fn categories(object: &Object, cell: &Cell) -> Vec<String> {
    let of_indicator = object.indicator.iter().flat_map(|indicator| &indicator.keys);
    let of_indicator = of_indicator.map(|key| key.name.as_str());
    let of_query = object.query.get("by").and_then(Value::as_array).into_iter().flatten();
    let first: Vec<&str> = of_indicator.chain(of_query.filter_map(Value::as_str)).collect();
    let mut names: Vec<String> = cell.key.keys().filter(|name| *name != MEASURE).cloned().collect();
    names.sort_by_key(|name| first.iter().position(|other| other == name).unwrap_or(first.len()));
    names
}

/// The measures in the indicator's order, with its words; a plain query's one has no name.
pub(crate) fn in_order(object: &Object, names: Vec<String>) -> Vec<Measure> {
    let known: Vec<&Measure> = object.indicator.iter().flat_map(|indicator| &indicator.measures).collect();
    let position = |name: &str| known.iter().position(|measure| measure.name == name);
    let mut names = names;
    names.sort_by_key(|name| position(name).unwrap_or(known.len()));
    let of = |name: String| {
        let told = position(&name).and_then(|at| known.get(at)).map(|measure| (*measure).clone());
        told.unwrap_or_else(|| Measure { name, unit: unit_of_query(object), ..Measure::default() })
    };
    names.into_iter().map(of).collect()
}

/// Counts are known as such; the unit of a feature stands in its definition.
fn unit_of_query(object: &Object) -> String {
    let counts = matches!(object.asked("kind"), "count" | "histogram" | "stratification");
    if counts && object.indicator.is_none() { "count".to_owned() } else { String::new() }
}

/// A label as text.
pub(crate) fn text(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::Grid;
    use crate::object::{Object, Seen};
    use crate::testing;

    #[test]
    fn a_stratification_has_a_grid_of_strata_and_one_of_inclusions() {
        let object = Object::parse(&testing::stratification()).unwrap();
        let grids = Grid::of(&object, &object.cells);
        assert_eq!(grids.len(), 2);
        assert_eq!(grids[0].rows.as_ref().unwrap().name, "stratum");
        assert_eq!(grids[1].rows.as_ref().unwrap().name, "included");
        assert_eq!(grids[0].each_panel().len(), 3);
    }

    #[test]
    fn places_make_panels_and_two_labels_stand_beside_each_other() {
        let object = Object::parse(&testing::residents()).unwrap();
        let grids = Grid::of(&object, &object.cells);
        let [grid] = grids.as_slice() else { panic!("one grid") };
        assert_eq!(grid.rows.as_ref().unwrap().labels.len(), 11);
        assert_eq!(grid.series.as_ref().unwrap().name, "sex");
        assert_eq!(grid.panels[0].name, "kommune");
    }

    #[test]
    fn every_cell_is_at_its_place_once() {
        for json in testing::all() {
            let object = Object::parse(&json).unwrap();
            let mut seen = 0;
            for grid in Grid::of(&object, &object.cells) {
                for panel in grid.each_panel() {
                    for row in grid.each_row() {
                        for series in grid.each_series() {
                            let at = |measure| grid.seen(&panel, row, series, measure);
                            seen += grid.measures.iter().filter_map(at).count();
                        }
                    }
                }
            }
            assert_eq!(seen, object.cells.len());
        }
    }

    #[test]
    fn an_indicators_measures_keep_its_order_and_words() {
        let object = Object::parse(&testing::cost_per_capita()).unwrap();
        let grids = Grid::of(&object, &object.cells);
        let names: Vec<&str> = grids[0].measures.iter().map(|measure| measure.name.as_str()).collect();
        assert_eq!(names, ["total_dkk", "persons", "per_capita_dkk"]);
        let hidden =
            grids[0].seen(&vec![("kommune", "461")], Some("transport_acute"), None, &grids[0].measures[2]);
        assert_eq!(hidden, Some(Seen::Hidden));
    }
}
