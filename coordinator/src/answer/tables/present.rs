//! What is told of noisy tables: counts, sums, means and shares, cell by cell, hidden where few persons are. Every
//! function here sees noisy values and public parameters only, so nothing of it costs anything.

use serde_json::{Map, Value};
use tvaers_definitions::tables::{By, Contrast, Part, Per, Quantity, Tables, Told};
use tvaers_release::consistent::{Table as Counts, consistent, consistent_tables};
use tvaers_release::error::ReleaseError;
use tvaers_release::estimate::Estimate;
use tvaers_release::postprocess::{Presentation, Shown};
use tvaers_release::ratio::{ratio, share};
use tvaers_release::released::Released;

use super::super::cells::{counted, nobody};
use super::super::{Amount, Cell};
use super::contrast::{Group, Stratum, contrast};

type Key = Map<String, Value>;

/// The cells of a result: table by table, in each the totals first. `away` are municipalities that took no part, by their
/// labels.
///
/// # Errors
/// [`ReleaseError`] where values do not add up.
pub(super) fn cells(
    tables: &Tables<'_>,
    noisy: &[Vec<Released>],
    away: &[String],
    presentation: Presentation,
) -> Result<Vec<Cell>, ReleaseError> {
    let mut presented = Vec::new();
    for at in 0..tables.len() {
        let parts = tables.parts().iter().zip(noisy).filter(|(part, _)| part.table == at);
        let parts: Vec<Noisy<'_>> = parts.map(|(part, values)| Noisy { part: *part, values }).collect();
        presented.extend(OfTable::new(tables, at, parts));
    }
    let shown = if tables.are_of_stratification() {
        together(&presented, presentation)?
    } else {
        presented.iter().map(|table| table.alone(presentation)).collect::<Result<_, _>>()?
    };
    let mut cells = Vec::new();
    for (table, shown) in presented.iter().zip(shown) {
        cells.extend(table.cells(&shown, presentation)?);
    }
    // Of a municipality that took no part there is noise, and no number.
    let is_away = |cell: &Cell| {
        cell.key.get("kommune").and_then(Value::as_str).is_some_and(|code| away.iter().any(|own| own == code))
    };
    for cell in cells.iter_mut().filter(|cell| is_away(cell)) {
        *cell = nobody(std::mem::take(&mut cell.key));
    }
    Ok(cells)
}

/// One quantity of a table.
struct Noisy<'a> {
    part: Part,
    values: &'a [Released],
}

/// A place of a result: a cell of the table, or a total over several.
struct Place {
    key: Key,
    over: Vec<usize>,
}

/// One table with its noisy numbers.
struct OfTable<'a> {
    table: &'a tvaers_definitions::tables::Table,
    parts: Vec<Noisy<'a>>,
    /// How many labels each category has.
    sizes: Vec<usize>,
    cells: Vec<Place>,
    totals: Vec<Place>,
}

/// The persons of each place as they are shown.
struct ShownPersons {
    cells: Vec<Shown>,
    totals: Vec<Shown>,
}

impl<'a> OfTable<'a> {
    fn new(tables: &'a Tables<'_>, at: usize, parts: Vec<Noisy<'a>>) -> Option<Self> {
        let table = tables.table(at)?;
        let names: Vec<&str> = table.by.iter().map(|by| tables.name(by)).collect();
        let labels = tables.cells(at);
        let label = |by: &By, text: &str| match by {
            By::Included => Value::from(text == "true"),
            _ => Value::from(text),
        };
        let key = |labels: &[&str], kept: &dyn Fn(usize) -> bool| -> Key {
            let named = table.by.iter().zip(&names).zip(labels).enumerate();
            let named = named.filter(|(position, _)| kept(*position));
            named.map(|(_, ((by, name), text))| ((*name).to_owned(), label(by, text))).collect()
        };
        let cells = labels.iter().enumerate();
        let cells =
            cells.map(|(cell, labels)| Place { key: key(labels, &|_| true), over: vec![cell] }).collect();
        let mut totals: Vec<Place> = Vec::new();
        for kept in &table.totals {
            let mut of_kept: Vec<Place> = Vec::new();
            for (cell, labels) in labels.iter().enumerate() {
                let key = key(labels, &|position| kept.contains(&position));
                match of_kept.iter_mut().find(|place| place.key == key) {
                    Some(place) => place.over.push(cell),
                    None => of_kept.push(Place { key, over: vec![cell] }),
                }
            }
            totals.extend(of_kept);
        }
        Some(Self { table, parts, sizes: tables.sizes(at), cells, totals })
    }

    fn values(&self, quantity: Quantity) -> Option<&'a [Released]> {
        self.parts.iter().find(|noisy| noisy.part.quantity == quantity).map(|noisy| noisy.values)
    }

    fn most(&self, quantity: Quantity) -> u32 {
        self.parts.iter().find(|noisy| noisy.part.quantity == quantity).map_or(1, |noisy| noisy.part.most)
    }

    fn persons(&self) -> &'a [Released] {
        self.values(Quantity::Persons).unwrap_or_default()
    }

    /// The persons of this table alone, made to add up with its totals.
    fn alone(&self, presentation: Presentation) -> Result<ShownPersons, ReleaseError> {
        let margins: Vec<Vec<usize>> = self.totals.iter().map(|place| place.over.clone()).collect();
        let table = consistent(self.persons(), &margins, presentation)?;
        let totals = table.margins.into_iter().map(|margin| margin.shown).collect();
        Ok(ShownPersons { cells: table.cells, totals })
    }

    /// The cells of the result.
    fn cells(&self, shown: &ShownPersons, presentation: Presentation) -> Result<Vec<Cell>, ReleaseError> {
        let places = self.totals.iter().zip(&shown.totals).chain(self.cells.iter().zip(&shown.cells));
        let mut cells = self.contrasted(presentation);
        for (place, shown) in places {
            for row in &self.table.rows {
                for told in &row.measures {
                    let mut key = place.key.clone();
                    key.extend(
                        row.key.iter().map(|(name, label)| (name.clone(), Value::from(label.as_str()))),
                    );
                    if !told.name.is_empty() {
                        key.insert("measure".to_owned(), Value::from(told.name.as_str()));
                    }
                    cells.push(self.told(key, place, *shown, told, presentation)?);
                }
            }
        }
        Ok(cells)
    }

    /// The change of a group beside that of a control group, where the table tells it.
    fn contrasted(&self, presentation: Presentation) -> Vec<Cell> {
        let Some(asked) = &self.table.contrast else { return Vec::new() };
        let strata = self.strata(asked);
        let told = contrast(&strata, f64::from(presentation.smallest_cell()));
        let scale = f64::from(asked.scale);
        let cell = |name: &str, estimate: Option<Estimate>| {
            let key = Key::from_iter([("measure".to_owned(), Value::from(name))]);
            Cell {
                key,
                value: estimate.map(|estimate| estimate.value.into()),
                shown: estimate.map(|estimate| estimate.value.into()),
                standard_error: estimate.map(|estimate| estimate.standard_error),
                ci95: estimate.map(|estimate| estimate.interval.map(Amount::from)),
                persons: None,
            }
        };
        let of = |told: Option<Estimate>| told.map(|estimate| scaled(estimate, scale, 0));
        let [target, control, difference, matched] = Contrast::MEASURES;
        let share = told.as_ref().map(|told| Amount::from(told.matched));
        // The share tells how many of the target group there are in all.
        let is_hidden = strata.iter().any(|stratum| presentation.hides(&stratum.target.persons));
        vec![
            cell(target, of(told.as_ref().map(|told| told.target))),
            cell(control, of(told.as_ref().map(|told| told.control))),
            cell(difference, of(told.as_ref().map(|told| told.difference))),
            Cell { value: share, shown: share.filter(|_| !is_hidden), ..cell(matched, None) },
        ]
    }

    /// The cells of the two groups, stratum by stratum.
    fn strata(&self, asked: &Contrast) -> Vec<Stratum> {
        let label = |label: usize| self.by_label(asked.by, label);
        let group = |cell: usize| {
            let of = |quantity| self.values(quantity).and_then(|values| values.get(cell)).copied();
            Some(Group {
                persons: of(Quantity::Persons)?,
                before: of(asked.before)?,
                after: of(asked.after)?,
            })
        };
        let pairs = label(asked.target).into_iter().zip(label(asked.control));
        pairs
            .filter_map(|(target, control)| {
                Some(Stratum { target: group(target)?, control: group(control)? })
            })
            .collect()
    }

    /// The cells with one label of one category, in the order of the others.
    fn by_label(&self, by: usize, label: usize) -> Vec<usize> {
        let after: usize = self.sizes.iter().skip(by + 1).product();
        let size = self.sizes.get(by).copied().unwrap_or(1).max(1);
        let own = |cell: &usize| (cell / after.max(1)) % size == label;
        (0..self.cells.len()).filter(own).collect()
    }

    fn at(&self, quantity: Quantity, place: &Place) -> Result<Released, ReleaseError> {
        let values = self.values(quantity).unwrap_or_default();
        let of_place: Vec<Released> =
            place.over.iter().filter_map(|cell| values.get(*cell)).copied().collect();
        Released::sum(&of_place)
    }

    fn told(
        &self,
        key: Key,
        place: &Place,
        shown: Shown,
        told: &Told,
        presentation: Presentation,
    ) -> Result<Cell, ReleaseError> {
        let of = self.at(told.of, place)?;
        let per = match told.per {
            None => None,
            Some(Per::Cell(quantity)) => Some(self.at(quantity, place)?),
            Some(Per::All) => Some(Released::sum(self.persons())?),
        };
        // Hidden where any number of persons that it tells of is small, in the place itself or in a cell of a total: what
        // is hidden could be worked out from the total. A share of all tells the total over all cells.
        let small = |quantity: Quantity, place: &Place| {
            let values = self.values(quantity).unwrap_or_default();
            let mut cells = place.over.iter().filter_map(|cell| values.get(*cell));
            !quantity.is_sum() && cells.any(|value| presentation.hides(value))
        };
        let is_hidden = shown == Shown::Hidden
            || small(told.of, place)
            || match told.per {
                None => false,
                Some(Per::Cell(quantity)) => small(quantity, place),
                Some(Per::All) => self.persons().iter().any(|value| presentation.hides(value)),
            };
        if let Some(per) = per {
            let scale = f64::from(told.scale);
            let greatest = if told.is_share { 1.0 } else { f64::from(self.most(told.of)) };
            let estimate = match told.per {
                Some(Per::All) => share(&of, &per),
                _ => ratio(&of, &per, [0.0, greatest]),
            };
            // A denominator that cannot be told from nobody says nothing.
            let is_hidden = is_hidden || estimate.interval == [0.0, greatest];
            return Ok(estimated(
                key,
                scaled(estimate, scale, told.plus),
                [0.0, greatest],
                scale,
                told.plus,
                is_hidden,
            ));
        }
        if told.of == Quantity::Persons {
            let shown = if is_hidden { Shown::Hidden } else { shown };
            return Ok(counted(key, &of, shown));
        }
        let clipped = of.value().max(0);
        if told.is_money {
            return Ok(money(key, &of, (!is_hidden).then_some(clipped), told.scale));
        }
        let shown = match (is_hidden, told.of) {
            (true, _) => Shown::Hidden,
            (false, Quantity::Sum(_)) => Shown::Value(clipped),
            (false, _) => presentation.shown(&of),
        };
        Ok(counted(key, &of, shown))
    }
}

/// The persons of a stratification's tables. Those of a municipality count the same persons, so they are made to have
/// one total where nothing is hidden.
fn together(tables: &[OfTable<'_>], presentation: Presentation) -> Result<Vec<ShownPersons>, ReleaseError> {
    let hidden = |table: &OfTable<'_>| ShownPersons {
        cells: vec![Shown::Hidden; table.cells.len()],
        totals: Vec::new(),
    };
    let mut shown: Vec<ShownPersons> = tables.iter().map(hidden).collect();
    let kommune = |place: &Place| place.key.get("kommune").cloned().unwrap_or_default();
    let mut kommuner: Vec<Value> = Vec::new();
    for code in tables.iter().flat_map(|table| &table.cells).map(kommune) {
        if !kommuner.contains(&code) {
            kommuner.push(code);
        }
    }
    for code in kommuner {
        let own = |table: &OfTable<'_>| -> Vec<usize> {
            let cells = table.cells.iter().enumerate();
            cells.filter(|(_, place)| kommune(place) == code).map(|(cell, _)| cell).collect()
        };
        let places: Vec<Vec<usize>> = tables.iter().map(own).collect();
        let values: Vec<Vec<Released>> = tables
            .iter()
            .zip(&places)
            .map(|(table, own)| own.iter().filter_map(|cell| table.persons().get(*cell)).copied().collect())
            .collect();
        let counts: Vec<Counts<'_>> = values.iter().map(|cells| Counts { cells, margins: &[] }).collect();
        let fitted = consistent_tables(&counts, presentation)?;
        for ((shown, own), fitted) in shown.iter_mut().zip(&places).zip(fitted) {
            for (cell, value) in own.iter().zip(fitted.cells) {
                if let Some(slot) = shown.cells.get_mut(*cell) {
                    *slot = value;
                }
            }
        }
    }
    Ok(shown)
}

/// In the measure's unit.
fn scaled(estimate: Estimate, scale: f64, plus: i64) -> Estimate {
    let unit = |number: f64| number / scale + real(plus);
    Estimate {
        value: unit(estimate.value),
        standard_error: estimate.standard_error / scale,
        interval: estimate.interval.map(unit),
    }
}

fn estimated(key: Key, estimate: Estimate, bounds: [f64; 2], scale: f64, plus: i64, is_hidden: bool) -> Cell {
    let [least, greatest] = bounds.map(|bound| bound / scale + real(plus));
    Cell {
        key,
        value: Some(estimate.value.into()),
        shown: (!is_hidden).then(|| estimate.value.clamp(least, greatest).into()),
        standard_error: Some(estimate.standard_error),
        ci95: Some(estimate.interval.map(Amount::from)),
        persons: None,
    }
}

/// An amount in øre, told in kroner.
fn money(key: Key, released: &Released, shown: Option<i64>, scale: u32) -> Cell {
    let kroner = |ore: i64| Amount::from(real(ore) / f64::from(scale));
    Cell {
        key,
        value: Some(kroner(released.value())),
        shown: shown.map(kroner),
        standard_error: Some(released.standard_error() / f64::from(scale)),
        ci95: Some(released.interval().map(kroner)),
        persons: None,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "it is a number for people, with noise far above its last digits"
)]
fn real(whole: i64) -> f64 {
    whole as f64
}
