//! The checks of an indicator's tables: that what they are by is a category, and what they add up a number.

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

/// The tables, and the components that they use.
pub(super) fn tables(
    source: &Source<'_>,
    dimensions: Vec<raw::Dimension>,
    raw: Spanned<Vec<raw::Table>>,
    model: &Model,
    told: &indicator::Told<'_>,
    regions: &Regions,
) -> Result<(Vec<Table>, Vec<usize>)> {
    let mut check = Check { source, model, told, regions, groups: Vec::new(), used: Vec::new() };
    for dimension in dimensions {
        let groups = check.groups(dimension)?;
        check.groups.push(groups);
    }
    if raw.get_ref().is_empty() {
        return Err(source.refuse(raw.span(), Reason::Empty { what: "the list of tables" }));
    }
    let tables = raw.into_inner().into_iter().map(|table| check.table(table)).collect::<Result<_>>()?;
    Ok((tables, check.used))
}

struct Check<'a> {
    source: &'a Source<'a>,
    model: &'a Model,
    told: &'a indicator::Told<'a>,
    regions: &'a Regions,
    groups: Vec<Groups>,
    used: Vec<usize>,
}

impl Check<'_> {
    fn groups(&mut self, raw: raw::Dimension) -> Result<Groups> {
        let name = check_name(self.source, &raw.name)?;
        if self.groups.iter().any(|other| other.name == name) || self.component(&name).is_some() {
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
        let rows = raw.row.into_inner().into_iter().map(|row| self.row(row)).collect::<Result<_>>()?;
        let contrast = raw.contrast.map(|contrast| self.contrast(contrast, &by)).transpose()?;
        Ok(Table { included_only, by, totals, rows, contrast })
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
        let is_money = matches!(of, Quantity::Sum(index) if self.is_money(index));
        if is_money != (words.unit == Unit::Dkk) {
            return Err(self.refuse(
                &raw.of,
                COUNT,
                "a sum of money has the unit `dkk`, and nothing else has",
            ));
        }
        let is_share = words.unit == Unit::Share;
        Ok(Told { name, of, per, plus, scale: if is_money { 100 } else { 1 }, is_money, is_share })
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
