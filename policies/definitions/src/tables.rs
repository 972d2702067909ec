//! The tables that are released of a join: what is added up, in which cells, and what of it is told. Cells follow from
//! model, roster and date alone, empty ones included.
//!
//! # What one person can change
//! For whoever adds noise. A resident of the population is in one cell of each table, or in none. Two data sets are
//! neighbours when one has one person more, at all nodes; or, which is what each node's own charge answers for, when the
//! rows of one person at one node are added or taken away while the other nodes' rows of that person stay. Of no other
//! person does anything change in either case. Then, in one table:
//!
//! - Where the cell follows from what the municipality of residence says of the person (municipality, region, age band,
//!   and other components combined by `responsible`), another node's rows cannot move the person to another cell; the
//!   municipality's own rows take the person out of the table, or put them into it. One cell changes ([`Part::per_person`]
//!   is 1): a count by 1, a sum by no more than the clamp, whether the person comes, goes or has another value.
//! - Where the cell follows from what several nodes say (stratum, total, inclusion as a category, a diagram of problem
//!   areas), one node's rows can move the person from one cell to another: two cells change, each by 1 or the clamp.
//!
//! So L1 = k·C and L2 = C·√k with k of 1 or 2, for each quantity of each table, and one charge covers all quantities of
//! all tables of the model together. A test adds and removes a person everywhere and at each node, and compares.

use jiff::civil::Date;
use tvaers_protocol::study::Grain;

use crate::model::{Coding, Component, Model, Outcome};
use crate::regions::Regions;

/// Groups of flags that a dimension can have: two to the power of them are its labels.
pub const FLAGS_MAX: usize = 6;

/// A table of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Whether it is of those alone whom the model includes, and not of the whole population.
    pub included_only: bool,
    /// What its cells are.
    pub by: Vec<By>,
    /// Sums over cells that are told as well: what each of them still is by, as indices into [`Table::by`].
    pub totals: Vec<Vec<usize>>,
    /// What is told of each cell.
    pub rows: Vec<Row>,
    /// The change of a group beside that of a control group, where it is told.
    pub contrast: Option<Contrast>,
}

impl Table {
    /// What noise is drawn for: the persons first, by whom small cells are hidden, then what is told.
    #[must_use]
    pub fn quantities(&self) -> Vec<Quantity> {
        let mut quantities = vec![Quantity::Persons];
        for told in self.rows.iter().flat_map(|row| &row.measures) {
            let per = match told.per {
                Some(Per::Cell(quantity)) => Some(quantity),
                Some(Per::All) | None => None,
            };
            for quantity in [Some(told.of), per].into_iter().flatten() {
                if !quantities.contains(&quantity) {
                    quantities.push(quantity);
                }
            }
        }
        for quantity in self.contrast.iter().flat_map(|contrast| [contrast.before, contrast.after]) {
            if !quantities.contains(&quantity) {
                quantities.push(quantity);
            }
        }
        quantities
    }
}

/// How much a number of a group has changed from one period to another, and how much it has changed in a control group
/// that is given the target group's make-up: the other categories of the table are the strata that are matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contrast {
    /// The category that tells the groups apart, as an index into [`Table::by`].
    pub by: usize,
    /// The position of the target group's label.
    pub target: usize,
    /// The position of the control group's label.
    pub control: usize,
    /// What is added up of the period before.
    pub before: Quantity,
    /// What is added up of the period after.
    pub after: Quantity,
    /// As of [`Told::scale`].
    pub scale: u32,
}

impl Contrast {
    /// The measures that it tells: the change a person of the target group, of the matched control group, the one less
    /// the other, and the share of the target group in strata that have enough of both.
    pub const MEASURES: [&'static str; 4] = ["target_change", "control_change", "difference", "matched"];
}

/// What a table is grouped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// The municipality of residence.
    Kommune,
    /// The region that it lies in.
    Region(Regions),
    /// The model's stratum.
    Stratum,
    /// Whether the model includes the person; with a cut-off, whether the total is at least that.
    Included,
    /// The total.
    Total,
    /// The labels of a component that is a category.
    Label(usize),
    /// Which of several components a person has.
    Groups(Groups),
}

/// Labels for which of several things a person has: `none`, or those that it has, joined by `+`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    /// Its name in keys.
    pub name: String,
    /// The label of one who has none.
    pub none: String,
    /// A label, and what gives it.
    pub flags: Vec<(String, Thing)>,
}

/// Something that a person has or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A value of a component that is not 0, or not missing.
    Component(usize),
    /// Points of a criterion.
    Criterion(usize),
    /// The model includes the person.
    Included,
}

/// A line of a result for each cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What its key says beside the cell's labels.
    pub key: Vec<(String, String)>,
    /// What is told.
    pub measures: Vec<Told>,
}

/// A number that is told of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The measure's name; empty where there is only one, as of a stratification.
    pub name: String,
    /// What is added up.
    pub of: Quantity,
    /// What it is divided by.
    pub per: Option<Per>,
    /// What is added after the division: the least value of a number that is coded from it.
    pub plus: i64,
    /// What it is divided by to be in its unit: 100 of øre told as kroner.
    pub scale: u32,
    /// Whether it is an amount of money, told as a real number.
    pub is_money: bool,
    /// Whether it is a part of 1, so that what it is divided by is never less.
    pub is_share: bool,
}

/// What is added up over the persons of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// The persons.
    Persons,
    /// Those who have something.
    Number(Thing),
    /// A component's values, each less the least value where a person can have none.
    Sum(usize),
}

impl Quantity {
    /// Whether it adds up numbers, and not persons.
    #[must_use]
    pub const fn is_sum(self) -> bool {
        matches!(self, Self::Sum(_))
    }
}

/// What a number is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Another quantity of the same cell.
    Cell(Quantity),
    /// The persons of all cells of the table.
    All,
}

/// One quantity of one table: what noise is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The table, by number.
    pub table: usize,
    /// What is added up.
    pub quantity: Quantity,
    /// In how many cells.
    pub cells: usize,
    /// In how many of them one person's rows at one node, or all of a person's rows, can change something.
    pub per_person: u32,
    /// The most that a person adds to a cell; the least is 0.
    pub most: u32,
}

/// The tables of one join.
#[derive(Clone, Debug)]
pub struct Tables<'a> {
    model: &'a Model,
    cut_off: Option<u16>,
    tables: Vec<Laid>,
    parts: Vec<Part>,
}

/// A table with the labels of its cells.
#[derive(Clone, Debug)]
struct Laid {
    table: Table,
    labels: Vec<Vec<String>>,
    /// The municipalities that it has, where it is by municipality or region: the codes and the label of each.
    places: Vec<(u16, usize)>,
}

impl<'a> Tables<'a> {
    /// The tables of a model over these member municipalities on a reference date. With a `cut_off` there is one table
    /// only: those whose total is at least that, and the others.
    #[must_use]
    pub fn new(model: &'a Model, members: &[u16], as_of: Date, cut_off: Option<u16>) -> Self {
        let of_model = &model.population.kommuner;
        let kommuner = members.iter().copied().filter(|code| of_model.is_empty() || of_model.contains(code));
        let mut kommuner: Vec<u16> = kommuner.collect();
        kommuner.sort_unstable();
        let tables = if cut_off.is_some() || model.tables.is_empty() {
            of_stratification(model, cut_off)
        } else {
            model.tables.clone()
        };
        let tables: Vec<Laid> =
            tables.into_iter().map(|table| Laid::new(table, model, &kommuner, as_of)).collect();
        let parts = tables.iter().enumerate().flat_map(|(at, laid)| laid.parts(at, model)).collect();
        Self { model, cut_off, tables, parts }
    }

    /// What the tables are grouped by, in the words of results.
    #[must_use]
    pub fn categories(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.tables.iter().flat_map(|laid| &laid.table.by).map(|by| by.name(self.model)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The most categories that one of the tables has.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.tables.iter().map(|laid| laid.table.by.len()).max().unwrap_or(0)
    }

    /// How many numbers are noised; 0 where no member municipality is of the model's population.
    #[must_use]
    pub fn cells_len(&self) -> usize {
        self.parts.iter().map(|part| part.cells).sum()
    }

    /// What noise is drawn for, table by table.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// How many tables there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// A table, by number.
    #[must_use]
    pub fn table(&self, table: usize) -> Option<&Table> {
        self.tables.get(table).map(|laid| &laid.table)
    }

    /// The name of a category of a table.
    #[must_use]
    pub fn name<'n>(&'n self, by: &'n By) -> &'n str {
        by.name(self.model)
    }

    /// How many labels each category of a table has.
    #[must_use]
    pub fn sizes(&self, table: usize) -> Vec<usize> {
        self.tables.get(table).map_or_else(Vec::new, |laid| laid.labels.iter().map(Vec::len).collect())
    }

    /// What a part adds up, in words of results.
    #[must_use]
    pub fn told_of(&self, part: &Part) -> String {
        let component = |index: usize| self.model.components.get(index).map_or("", |own| &own.name);
        let criterion = |index: usize| self.model.criteria.get(index).map_or("", |own| &own.name);
        let name = match part.quantity {
            Quantity::Persons => "persons".to_owned(),
            Quantity::Sum(index) => format!("sum {}", component(index)),
            Quantity::Number(Thing::Component(index)) => format!("number {}", component(index)),
            Quantity::Number(Thing::Criterion(index)) => format!("number {}", criterion(index)),
            Quantity::Number(Thing::Included) => "number included".to_owned(),
        };
        if self.tables.len() > 1 { format!("{name} (table {})", part.table + 1) } else { name }
    }

    /// Whether they are those of every stratification: strata and inclusion, of the same persons.
    #[must_use]
    pub fn are_of_stratification(&self) -> bool {
        self.cut_off.is_some() || self.model.tables.is_empty()
    }

    /// The labels of each cell of a table, in the order of its cells.
    #[must_use]
    pub fn cells(&self, table: usize) -> Vec<Vec<&str>> {
        let Some(laid) = self.tables.get(table) else { return Vec::new() };
        (0..laid.cells_len()).map(|cell| laid.labels_of(cell)).collect()
    }

    /// What a resident of the population adds: for each part, in order, the cell and how much; nothing where it is in none.
    #[must_use]
    pub fn of_person(
        &self,
        kommune: u16,
        outcome: &Outcome,
        values: &[u32],
        grain: Grain,
    ) -> Vec<Option<(usize, u32)>> {
        let person = Person { model: self.model, kommune, outcome, values, grain, cut_off: self.cut_off };
        let cells: Vec<Option<usize>> = self.tables.iter().map(|laid| laid.cell(&person)).collect();
        let adds = |part: &Part| {
            let cell = cells.get(part.table).copied().flatten()?;
            let amount = person.amount(part.quantity).min(part.most);
            Some((cell, amount))
        };
        self.parts.iter().map(adds).collect()
    }
}

/// Strata and inclusion by municipality: what is released of a stratification.
fn of_stratification(model: &Model, cut_off: Option<u16>) -> Vec<Table> {
    let counted = || {
        let told = Told {
            name: String::new(),
            of: Quantity::Persons,
            per: None,
            plus: 0,
            scale: 1,
            is_money: false,
            is_share: false,
        };
        vec![Row { key: Vec::new(), measures: vec![told] }]
    };
    let table = |by| Table {
        included_only: false,
        by: vec![By::Kommune, by],
        totals: Vec::new(),
        rows: counted(),
        contrast: None,
    };
    let has_strata = cut_off.is_none() && !model.strata.is_empty();
    let strata = has_strata.then(|| table(By::Stratum));
    strata.into_iter().chain([table(By::Included)]).collect()
}

impl By {
    pub(crate) fn name<'n>(&'n self, model: &'n Model) -> &'n str {
        match self {
            Self::Kommune => "kommune",
            Self::Region(_) => "region",
            Self::Stratum => "stratum",
            Self::Included => "included",
            Self::Total => "total",
            Self::Label(index) => model.components.get(*index).map_or("", |component| &component.name),
            Self::Groups(groups) => &groups.name,
        }
    }

    pub(crate) fn labels(&self, model: &Model, places: &[(u16, String)]) -> Vec<String> {
        match self {
            Self::Kommune | Self::Region(_) => {
                let mut labels: Vec<String> = places.iter().map(|(_, label)| label.clone()).collect();
                labels.sort();
                labels.dedup();
                labels
            }
            Self::Stratum => model.strata.iter().map(|stratum| stratum.name.clone()).collect(),
            Self::Included => vec!["false".to_owned(), "true".to_owned()],
            Self::Total => (0..=model.total_max()).map(|total| total.to_string()).collect(),
            Self::Label(index) => {
                let kind = model.components.get(*index).map(|component| &component.feature.kind);
                match kind {
                    Some(crate::feature::Kind::Category(labels)) => labels.clone(),
                    _ => Vec::new(),
                }
            }
            Self::Groups(groups) => groups.labels(),
        }
    }

    /// Whether it follows from the municipality of residence alone.
    fn is_of_residence(&self, model: &Model) -> bool {
        let responsible = |index: usize| {
            // In a touch group nodes' results are put together whatever the way of combining.
            model.components.get(index).is_some_and(|component| {
                component.combine == crate::model::Combine::Responsible && component.touch.is_none()
            })
        };
        match self {
            Self::Kommune | Self::Region(_) => true,
            Self::Stratum | Self::Included | Self::Total => false,
            Self::Label(index) => responsible(*index),
            Self::Groups(groups) => groups.flags.iter().all(|(_, thing)| match thing {
                Thing::Component(index) => responsible(*index),
                Thing::Criterion(_) | Thing::Included => false,
            }),
        }
    }
}

impl Groups {
    /// All combinations: none, then by the first flags first.
    pub(crate) fn labels(&self) -> Vec<String> {
        let of = |bits: usize| {
            let has = self.flags.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
            let labels: Vec<&str> = has.map(|(_, (label, _))| label.as_str()).collect();
            if labels.is_empty() { self.none.clone() } else { labels.join("+") }
        };
        (0..1 << self.flags.len()).map(of).collect()
    }
}

impl Laid {
    fn new(table: Table, model: &Model, kommuner: &[u16], as_of: Date) -> Self {
        let label = |code: u16| {
            let region = table.by.iter().find_map(|by| match by {
                By::Region(regions) => Some(regions),
                _ => None,
            });
            match region {
                // A table is by one of the two.
                Some(regions) => regions.of(code, as_of).map(|region| region.to_string()),
                None => Some(code.to_string()),
            }
        };
        let named: Vec<(u16, String)> =
            kommuner.iter().filter_map(|code| Some((*code, label(*code)?))).collect();
        let labels: Vec<Vec<String>> = table.by.iter().map(|by| by.labels(model, &named)).collect();
        let of_places = table.by.iter().position(|by| matches!(by, By::Kommune | By::Region(_)));
        let of_places = of_places.and_then(|at| labels.get(at));
        let place =
            |label: &String| of_places.map_or(Some(0), |own| own.iter().position(|other| other == label));
        let places = named.iter().filter_map(|(code, label)| Some((*code, place(label)?))).collect();
        Self { table, labels, places }
    }

    fn cells_len(&self) -> usize {
        if self.places.is_empty() { 0 } else { self.labels.iter().map(Vec::len).product() }
    }

    fn labels_of(&self, cell: usize) -> Vec<&str> {
        let mut rest = cell;
        let mut labels: Vec<&str> = self
            .labels
            .iter()
            .rev()
            .map(|labels| {
                let label = labels.get(rest % labels.len().max(1)).map_or("", String::as_str);
                rest /= labels.len().max(1);
                label
            })
            .collect();
        labels.reverse();
        labels
    }

    /// The quantities that noise is drawn for.
    fn parts(&self, table: usize, model: &Model) -> Vec<Part> {
        let quantities = self.table.quantities();
        let stays = self.table.by.iter().all(|by| by.is_of_residence(model));
        let cells = self.cells_len();
        let per_person = if stays || cells < 2 { 1 } else { 2 };
        let part = |quantity| Part { table, quantity, cells, per_person, most: most(quantity, model) };
        quantities.into_iter().map(part).collect()
    }

    fn cell(&self, person: &Person<'_>) -> Option<usize> {
        if self.table.included_only && !person.included() {
            return None;
        }
        let (_, place) = self.places.iter().find(|(code, _)| *code == person.kommune)?;
        self.table.by.iter().zip(&self.labels).try_fold(0, |cell, (by, labels)| {
            let label = match by {
                By::Kommune | By::Region(_) => Some(*place),
                By::Stratum => Some(person.outcome.stratum),
                By::Included => Some(usize::from(person.included())),
                By::Total => Some(usize::from(person.outcome.total)),
                By::Label(index) => person.number(*index).and_then(|label| usize::try_from(label).ok()),
                By::Groups(groups) => {
                    let has = groups.flags.iter().enumerate();
                    Some(has.fold(0, |bits, (at, (_, thing))| bits | usize::from(person.has(*thing)) << at))
                }
            };
            let label = label.filter(|label| *label < labels.len())?;
            Some(cell * labels.len() + label)
        })
    }
}

/// The most that a person adds.
fn most(quantity: Quantity, model: &Model) -> u32 {
    match quantity {
        Quantity::Persons | Quantity::Number(_) => 1,
        Quantity::Sum(index) => model.components.get(index).map_or(1, |component| match component.coding {
            Coding::Plain => component.value_max,
            Coding::Optional { .. } | Coding::Label => component.value_max.saturating_sub(1),
        }),
    }
}

/// One person of a join.
struct Person<'a> {
    model: &'a Model,
    kommune: u16,
    outcome: &'a Outcome,
    values: &'a [u32],
    grain: Grain,
    cut_off: Option<u16>,
}

impl Person<'_> {
    fn included(&self) -> bool {
        self.cut_off.map_or(self.outcome.included, |cut_off| self.outcome.total >= cut_off)
    }

    fn component(&self, index: usize) -> Option<(&Component, u32)> {
        let component = self.model.components.get(index)?;
        let value = self.values.get(index).copied().unwrap_or(0);
        let is_points = self.grain == Grain::Points && !component.bands.is_empty();
        // Clamped, whatever a node sent.
        let value = if is_points { value } else { value.clamp(component.value_min, component.value_max) };
        Some((component, value))
    }

    fn number(&self, index: usize) -> Option<i64> {
        let (component, value) = self.component(index)?;
        component.coding.number(value)
    }

    fn has(&self, thing: Thing) -> bool {
        match thing {
            // The same at every grain: at points the node has applied the bands, at others they are applied here.
            Thing::Component(index) => self.component(index).is_some_and(|(component, value)| {
                let is_scored = self.grain != Grain::Points && !component.bands.is_empty();
                if is_scored { component.points(value) > 0 } else { value > 0 }
            }),
            Thing::Criterion(index) => self.outcome.items.get(index).is_some_and(|points| *points > 0),
            Thing::Included => self.included(),
        }
    }

    fn amount(&self, quantity: Quantity) -> u32 {
        match quantity {
            Quantity::Persons => 1,
            Quantity::Number(thing) => u32::from(self.has(thing)),
            Quantity::Sum(index) => {
                self.component(index).map_or(0, |(component, value)| match component.coding {
                    Coding::Plain => value,
                    Coding::Optional { .. } | Coding::Label => value.saturating_sub(1),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests;
