//! The checks of an indicator's tables: that what they are by is a category, and what they add up a number.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;

use super::Result;
use crate::error::Reason;
use crate::feature::Rule;
use crate::indicator::{self, Unit};
use crate::model::{Coding, Combine, Model, raw};
use crate::regions::Regions;
use crate::source::{Source, check_name};
use crate::tables::{By, Contrast, FLAGS_MAX, Groups, Per, Quantity, Row, Table, Thing, Told};

const GROUP: &str = "be what a table is by";
const COUNT: &str = "be counted";

/// What every table can be by, so that nothing else has these names; and the name of a measure in keys.
const RESERVED: [&str; 6] = ["kommune", "region", "stratum", "included", "total", "measure"];

/// Municipalities that a table can have, at most.
const KOMMUNER_MAX: usize = 100;

/// Cells of a table, at most, as many as can be noised together.
const CELLS_MAX: usize = 100_000;

/// Quantities of all tables together, at most: they share one charge.
const QUANTITIES_MAX: usize = 64;

/// The tables, and the components that they use.
pub(super) fn tables(
    source: &Source<'_>,
    dimensions: Vec<raw::Dimension>,
    raw: Spanned<Vec<raw::Table>>,
    model: &Model,
    told: &indicator::Told<'_>,
    regions: &Regions,
) -> Result<(Vec<Table>, Vec<usize>)> {
    let place = raw.span();
    let mut check = Check {
        source,
        model,
        told,
        regions,
        groups: Vec::new(),
        used: Vec::new(),
        keys: BTreeSet::new(),
        measures: BTreeSet::new(),
    };
    for dimension in dimensions {
        let groups = check.groups(dimension)?;
        check.groups.push(groups);
    }
    if raw.get_ref().is_empty() {
        return Err(source.refuse(raw.span(), Reason::Empty { what: "the list of tables" }));
    }
    let mut tables: Vec<Table> = Vec::new();
    for table in raw.into_inner() {
        let place = table.row.span();
        let table = check.table(table)?;
        check.keys(&table, &place)?;
        tables.push(table);
    }
    check.all_told(&place)?;
    let quantities: usize = tables.iter().map(|table| table.quantities().len()).sum();
    if quantities > QUANTITIES_MAX {
        let reason = Reason::TooMany { what: "quantities of all tables", max: QUANTITIES_MAX };
        return Err(source.refuse(place, reason));
    }
    if let Some(component) = model.components.iter().find(|own| RESERVED.contains(&own.name.as_str())) {
        let name = component.name.clone();
        return Err(source.refuse(place, Reason::Duplicate { what: "name of a component", name }));
    }
    Ok((tables, check.used))
}

struct Check<'a> {
    source: &'a Source<'a>,
    model: &'a Model,
    told: &'a indicator::Told<'a>,
    regions: &'a Regions,
    groups: Vec<Groups>,
    used: Vec<usize>,
    /// What keys of results consist of, so that each number has a key of its own.
    keys: BTreeSet<String>,
    /// The measures that are told.
    measures: BTreeSet<String>,
}

impl Check<'_> {
    fn groups(&mut self, raw: raw::Dimension) -> Result<Groups> {
        let name = check_name(self.source, &raw.name)?;
        let is_taken = RESERVED.contains(&name.as_str()) || self.component(&name).is_some();
        if is_taken || self.groups.iter().any(|other| other.name == name) {
            return Err(self.source.refuse(raw.name.span(), Reason::Duplicate { what: "dimension", name }));
        }
        if raw.flags.get_ref().is_empty() {
            return Err(self.source.refuse(raw.flags.span(), Reason::Empty { what: "`flags`" }));
        }
        if raw.flags.get_ref().len() > FLAGS_MAX {
            return Err(self
                .source
                .refuse(raw.flags.span(), Reason::TooMany { what: "flags", max: FLAGS_MAX }));
        }
        let none = check_name(self.source, &raw.none)?;
        let mut labels = vec![none.clone()];
        let mut flags = Vec::new();
        for flag in raw.flags.into_inner() {
            let label = check_name(self.source, &flag.label)?;
            if labels.contains(&label) {
                return Err(self
                    .source
                    .refuse(flag.label.span(), Reason::Duplicate { what: "label", name: label }));
            }
            labels.push(label.clone());
            let thing = self.thing(flag.component.get_ref(), &flag.component)?;
            flags.push((label, thing));
        }
        Ok(Groups { name, none, flags })
    }

    fn table(&mut self, raw: raw::Table) -> Result<Table> {
        let included_only = matches!(raw.of, raw::Of::Included);
        let mut by = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for name in &raw.by {
            if names.contains(name.get_ref()) {
                let name_text = name.get_ref().clone();
                return Err(self
                    .source
                    .refuse(name.span(), Reason::Duplicate { what: "category", name: name_text }));
            }
            names.push(name.get_ref().clone());
            by.push(self.by(name)?);
        }
        let places = by.iter().filter(|by| matches!(by, By::Kommune | By::Region(_))).count();
        if let (Some(first), true) = (raw.by.first(), places > 1) {
            let why = "a table is by municipality or by region; totals over municipalities need no region";
            return Err(self.refuse(first, GROUP, why));
        }
        let mut totals = Vec::new();
        for kept in raw.totals {
            let mut indices = Vec::new();
            for name in kept.into_inner() {
                let Some(at) = names.iter().position(|other| other == name.get_ref()) else {
                    let name_text = name.get_ref().clone();
                    return Err(self
                        .source
                        .refuse(name.span(), Reason::Unknown { what: "category", name: name_text }));
                };
                indices.push(at);
            }
            indices.sort_unstable();
            indices.dedup();
            totals.push(indices);
        }
        if raw.row.get_ref().is_empty() {
            return Err(self.source.refuse(raw.row.span(), Reason::Empty { what: "the list of rows" }));
        }
        let row_span = raw.row.span();
        let rows = raw.row.into_inner().into_iter().map(|row| self.row(row)).collect::<Result<_>>()?;
        let contrast = raw.contrast.map(|contrast| self.contrast(contrast, &by)).transpose()?;
        let labels = |by: &By| match by {
            By::Kommune | By::Region(_) => KOMMUNER_MAX,
            other => other.labels(self.model, &[]).len(),
        };
        let cells = by.iter().map(labels).try_fold(1_usize, usize::checked_mul);
        if cells.is_none_or(|cells| cells > CELLS_MAX) {
            return Err(self
                .source
                .refuse(row_span, Reason::TooMany { what: "cells of a table", max: CELLS_MAX }));
        }
        Ok(Table { included_only, by, totals, rows, contrast })
    }

    /// Every number of a result has a key of its own: by the categories of its place, what its row says, its measure.
    fn keys(&mut self, table: &Table, place: &Range<usize>) -> Result<()> {
        let names: Vec<&str> = table.by.iter().map(|by| by.name(self.model)).collect();
        let whole: Vec<usize> = (0..names.len()).collect();
        let places: Vec<&Vec<usize>> = table.totals.iter().chain([&whole]).collect();
        for row in &table.rows {
            for (name, _) in &row.key {
                if names.contains(&name.as_str()) || name == "measure" {
                    let reason = Reason::Duplicate { what: "name in a key", name: name.clone() };
                    return Err(self.source.refuse(place.clone(), reason));
                }
            }
            for told in &row.measures {
                self.measures.insert(told.name.clone());
                for kept in &places {
                    let mut by: Vec<&str> = kept.iter().filter_map(|at| names.get(*at)).copied().collect();
                    by.sort_unstable();
                    if !self.keys.insert(format!("{by:?} {:?} {}", row.key, told.name)) {
                        let reason =
                            Reason::Duplicate { what: "measure of one key", name: told.name.clone() };
                        return Err(self.source.refuse(place.clone(), reason));
                    }
                }
            }
        }
        if table.contrast.is_some() {
            self.measures.extend(Contrast::MEASURES.map(str::to_owned));
            if !self.keys.insert("contrast".to_owned()) {
                let reason = Reason::Duplicate { what: "contrast", name: "of another table".to_owned() };
                return Err(self.source.refuse(place.clone(), reason));
            }
        }
        Ok(())
    }

    /// No measure is described that nothing tells.
    fn all_told(&self, place: &Range<usize>) -> Result<()> {
        match self.told.measures.iter().find(|measure| !self.measures.contains(&measure.name)) {
            None => Ok(()),
            Some(measure) => {
                let reason = Reason::Untold { name: measure.name.clone() };
                Err(self.source.refuse(place.clone(), reason))
            }
        }
    }

    fn contrast(&mut self, raw: raw::Contrast, by: &[By]) -> Result<Contrast> {
        let is_it = |by: &By| matches!(by, By::Groups(groups) if groups.name == *raw.group.get_ref());
        let Some((at, By::Groups(groups))) = by.iter().enumerate().find(|(_, by)| is_it(by)) else {
            return Err(self.refuse(
                &raw.group,
                "tell the groups apart",
                "a dimension that the table is by does",
            ));
        };
        let labels = groups.labels();
        let place = |label: &Spanned<String>| {
            let found = labels.iter().position(|other| other == label.get_ref());
            let unknown = || Reason::Unknown { what: "label", name: label.get_ref().clone() };
            found.ok_or_else(|| self.source.refuse(label.span(), unknown()))
        };
        let (target, control) = (place(&raw.target)?, place(&raw.control)?);
        if target == control {
            let name = raw.control.get_ref().clone();
            return Err(self.source.refuse(raw.control.span(), Reason::Duplicate { what: "label", name }));
        }
        let (before, is_money) = self.change(&raw.before)?;
        let (after, after_is_money) = self.change(&raw.after)?;
        if is_money != after_is_money {
            return Err(self.refuse(&raw.after, COUNT, "before and after are both of money, or neither is"));
        }
        for name in Contrast::MEASURES {
            if !self.told.measures.iter().any(|measure| measure.name == name) {
                let name = name.to_owned();
                return Err(self.source.refuse(raw.group.span(), Reason::Unknown { what: "measure", name }));
            }
        }
        let scale = if is_money { 100 } else { 1 };
        Ok(Contrast { by: at, target, control, before, after, scale })
    }

    /// What is added up of one period, and whether it is money.
    fn change(&mut self, text: &Spanned<String>) -> Result<(Quantity, bool)> {
        match self.quantity(text.get_ref(), text)? {
            Quantity::Sum(index) => Ok((Quantity::Sum(index), self.is_money(index))),
            _ => Err(self.refuse(text, COUNT, "a change is of a sum")),
        }
    }

    fn by(&mut self, name: &Spanned<String>) -> Result<By> {
        if let Some(groups) = self.groups.iter().find(|groups| groups.name == *name.get_ref()) {
            return Ok(By::Groups(groups.clone()));
        }
        if let Some(index) = self.component(name.get_ref()) {
            let component = self.model.components.get(index);
            let is_label = component.is_some_and(|component| component.coding == Coding::Label);
            if !is_label || component.is_some_and(|component| component.combine != Combine::Responsible) {
                let why = "a component is one where it is a category without `is`, combined by `responsible`";
                return Err(self.refuse(name, GROUP, why));
            }
            self.used.push(index);
            return Ok(By::Label(index));
        }
        match name.get_ref().as_str() {
            "kommune" => Ok(By::Kommune),
            "region" => Ok(By::Region(self.regions.clone())),
            "stratum" if self.model.strata.is_empty() => {
                Err(self.refuse(name, GROUP, "the model has no strata"))
            }
            "stratum" => Ok(By::Stratum),
            "included" => Ok(By::Included),
            "total" => Ok(By::Total),
            _ => {
                let name_text = name.get_ref().clone();
                Err(self.source.refuse(name.span(), Reason::Unknown { what: "category", name: name_text }))
            }
        }
    }

    fn row(&mut self, raw: raw::Row) -> Result<Row> {
        if raw.measures.get_ref().is_empty() {
            return Err(self.source.refuse(raw.measures.span(), Reason::Empty { what: "`measures`" }));
        }
        let measures = raw.measures.into_inner().into_iter().map(|measure| self.measure(&measure));
        let measures = measures.collect::<Result<_>>()?;
        Ok(Row { key: raw.key.into_iter().collect(), measures })
    }

    fn measure(&mut self, raw: &raw::Measure) -> Result<Told> {
        let name = check_name(self.source, &raw.name)?;
        let Some(words) = self.told.measures.iter().find(|measure| measure.name == name) else {
            return Err(self.source.refuse(raw.name.span(), Reason::Unknown { what: "measure", name }));
        };
        let text = raw.of.get_ref();
        let (of, mut per, plus) = match text.strip_prefix("mean ") {
            Some(component) => {
                let index = self.summed(component, &raw.of)?;
                let coding =
                    self.model.components.get(index).map_or(Coding::Plain, |component| component.coding);
                match coding {
                    Coding::Optional { from } => (
                        Quantity::Sum(index),
                        Some(Per::Cell(Quantity::Number(Thing::Component(index)))),
                        from,
                    ),
                    _ => (Quantity::Sum(index), Some(Per::Cell(Quantity::Persons)), 0),
                }
            }
            None => {
                let quantity = self.quantity(text, &raw.of)?;
                if let Quantity::Sum(index) = quantity
                    && self
                        .model
                        .components
                        .get(index)
                        .is_some_and(|component| component.coding != Coding::Plain)
                {
                    return Err(self.refuse(
                        &raw.of,
                        COUNT,
                        "of a number that a person may lack there is a mean",
                    ));
                }
                (quantity, None, 0)
            }
        };
        if let Some(of_what) = &raw.per {
            if per.is_some() {
                return Err(self.refuse(of_what, COUNT, "a mean has its own denominator"));
            }
            per = Some(match of_what.get_ref().as_str() {
                "all" if of != Quantity::Persons => {
                    return Err(self.refuse(of_what, COUNT, "only persons are a share of all"));
                }
                "all" => Per::All,
                other => Per::Cell(self.quantity(other, of_what)?),
            });
        }
        self.check_ratio(raw, of, per, words.unit)?;
        let money = |quantity| matches!(quantity, Quantity::Sum(index) if self.is_money(index));
        let is_money = money(of) && !matches!(per, Some(Per::Cell(other)) if money(other));
        match (is_money, words.unit == Unit::Dkk) {
            (true, false) => {
                return Err(self.refuse(&raw.of, COUNT, "it is money: its measure must have the unit `dkk`"));
            }
            (false, true) => {
                return Err(self.refuse(
                    &raw.of,
                    COUNT,
                    "it is no money: its measure cannot have the unit `dkk`",
                ));
            }
            _ => {}
        }
        let is_share = words.unit == Unit::Share;
        Ok(Told { name, of, per, plus, scale: if is_money { 100 } else { 1 }, is_money, is_share })
    }

    /// A number that is told per another lies within bounds that are known: from 0 to 1 as a share, to the clamp as an
    /// amount of the persons that it is told per.
    fn check_ratio(&self, raw: &raw::Measure, of: Quantity, per: Option<Per>, unit: Unit) -> Result<()> {
        let is_share = unit == Unit::Share;
        let flag =
            |index: usize| self.model.components.get(index).is_some_and(|component| component.value_max <= 1);
        let why = match (of, per) {
            (_, None) if is_share => "its measure has the unit `share`, and it is told per nothing",
            (_, None) | (Quantity::Persons, Some(Per::All)) => return Ok(()),
            (Quantity::Persons, Some(Per::Cell(_))) => "persons are told per `all`",
            (Quantity::Number(_), Some(Per::Cell(Quantity::Persons | Quantity::Number(_)))) => return Ok(()),
            (Quantity::Sum(index), Some(Per::Cell(Quantity::Persons))) if is_share && !flag(index) => {
                "its measure has the unit `share`, and a person can add more than 1"
            }
            (Quantity::Sum(_), Some(Per::Cell(Quantity::Persons))) => return Ok(()),
            (Quantity::Sum(index), Some(Per::Cell(Quantity::Number(Thing::Component(other)))))
                if index == other =>
            {
                return Ok(());
            }
            (Quantity::Sum(_), Some(Per::Cell(Quantity::Sum(_)))) if is_share => return Ok(()),
            (Quantity::Sum(_), Some(Per::Cell(Quantity::Sum(_)))) => {
                "a sum is told per another where it is a part of it, with the unit `share`"
            }
            _ => {
                "a sum is told per `persons`, per the number of those who have it, or per a sum that it is part of"
            }
        };
        Err(self.refuse(raw.per.as_ref().unwrap_or(&raw.of), COUNT, why))
    }

    fn quantity(&mut self, text: &str, place: &Spanned<String>) -> Result<Quantity> {
        if text == "persons" {
            return Ok(Quantity::Persons);
        }
        if let Some(name) = text.strip_prefix("sum ") {
            return Ok(Quantity::Sum(self.summed(name, place)?));
        }
        if let Some(name) = text.strip_prefix("number ") {
            return Ok(Quantity::Number(self.thing(name, place)?));
        }
        Err(self.refuse(place, COUNT, "`persons`, `sum NAME`, `number NAME` or `mean NAME` can"))
    }

    fn summed(&mut self, name: &str, place: &Spanned<String>) -> Result<usize> {
        let Some(index) = self.component(name) else {
            return Err(self
                .source
                .refuse(place.span(), Reason::Unknown { what: "component", name: name.to_owned() }));
        };
        let component = self.model.components.get(index);
        if component.is_none_or(|component| !component.bands.is_empty() || component.coding == Coding::Label)
        {
            return Err(self.refuse(
                place,
                COUNT,
                "a component is added up where it is a number without bands",
            ));
        }
        self.used.push(index);
        Ok(index)
    }

    fn thing(&mut self, name: &str, place: &Spanned<String>) -> Result<Thing> {
        if name == "included" {
            return Ok(Thing::Included);
        }
        if let Some(index) = self.component(name) {
            self.used.push(index);
            return Ok(Thing::Component(index));
        }
        let criterion = self.model.criteria.iter().position(|criterion| criterion.name == name);
        criterion.map(Thing::Criterion).ok_or_else(|| {
            let what = "component or criterion";
            self.source.refuse(place.span(), Reason::Unknown { what, name: name.to_owned() })
        })
    }

    fn component(&self, name: &str) -> Option<usize> {
        self.model.components.iter().position(|component| component.name == name)
    }

    fn is_money(&self, index: usize) -> bool {
        let rule = self.model.components.get(index).map(|component| &component.feature.rule);
        matches!(rule, Some(Rule::SumRows { .. } | Rule::DailySum { .. }))
    }

    fn refuse(
        &self,
        place: &Spanned<String>,
        what: &'static str,
        why: &'static str,
    ) -> crate::error::DefinitionError {
        self.source.refuse(place.span(), Reason::Table { name: place.get_ref().clone(), what, why })
    }
}
