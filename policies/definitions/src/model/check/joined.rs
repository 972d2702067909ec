//! The model of an indicator: of its own, or with what is added to a model that there is; and its tables.

use std::ops::Range;

use toml::Spanned;
use tvaers_protocol::id::Digest;

use super::super::{COMPONENTS_MAX, Component, Inclusion, Model, TOUCHES_MAX, Total, raw};
use super::{Placed, Result, component, group, table};
use crate::catalogue::Catalogue;
use crate::error::Reason;
use crate::indicator::Told;
use crate::model::check;
use crate::regions::Regions;
use crate::source::Source;
use crate::tables::By;

pub(in crate::model) fn joined(
    source: &Source<'_>,
    joined: Spanned<raw::Joined>,
    base: Option<&Source<'_>>,
    told: &Told<'_>,
    catalogue: &Catalogue,
    regions: &Regions,
) -> Result<Model> {
    let (span, mut raw) = (joined.span(), joined.into_inner());
    let mut model = match base {
        None => of_its_own(source, &span, &mut raw, catalogue)?,
        Some(base) => extended(source, &span, &mut raw, base, catalogue)?,
    };
    told.name.clone_into(&mut model.name);
    model.version = told.version;
    model.da.clone_from(&told.title.da);
    model.en.clone_from(&told.title.en);
    // `number NAME` must mean one thing: a criterion has a component's name where it is that component alone.
    for (index, component) in model.components.iter().enumerate() {
        let same = model.criteria.iter().find(|criterion| criterion.name == component.name);
        if same.is_some_and(|criterion| criterion.components != [index]) {
            let name = component.name.clone();
            return Err(source.refuse(span, Reason::Duplicate { what: "component or criterion", name }));
        }
    }
    let (tables, used) = table::tables(source, raw.dimension, raw.table, &model, told, regions)?;
    for (index, component) in model.components.iter().enumerate() {
        let counts = model.criteria.iter().any(|criterion| criterion.components.contains(&index))
            || model.population.exclude.contains(&index);
        if !counts && !used.contains(&index) {
            return Err(source.refuse(span, Reason::Unused { name: component.name.clone() }));
        }
    }
    if tables.iter().flat_map(|table| &table.by).any(|by| matches!(by, By::Region(_))) {
        // Which region a municipality lies in is part of what is agreed on.
        model.digest = Digest::of("tvaers indicator by region", &[&model.digest.0, &regions.digest().0]);
    }
    model.tables = tables;
    Ok(model)
}

fn digest(parts: &[&str]) -> Digest {
    let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
    Digest::of("tvaers indicator", &parts)
}

/// A model that the file states whole. Criteria and a result are for tables that count by them.
fn of_its_own(
    source: &Source<'_>,
    span: &Range<usize>,
    raw: &mut raw::Joined,
    catalogue: &Catalogue,
) -> Result<Model> {
    let (mut touches, groups) = check::touches(source, std::mem::take(&mut raw.touch))?;
    let listed = Spanned::new(span.clone(), std::mem::take(&mut raw.component));
    let components = check::components(source, listed, catalogue, &touches)?;
    let Some(of_file) = raw.population.take() else {
        return Err(source.refuse(span.clone(), Reason::Empty { what: "`population`" }));
    };
    let population = check::population(source, of_file.into_inner(), catalogue, &components)?;
    let (criteria, _) = if raw.criterion.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        let listed = Spanned::new(span.clone(), std::mem::take(&mut raw.criterion));
        check::criteria(source, listed, &components, &population.exclude)?
    };
    for (index, (touch, name)) in touches.iter_mut().zip(&groups).enumerate() {
        touch.has_events = group::has_events(source, name, index, &components)?;
    }
    let (total, inclusion) = match raw.result.take() {
        None => (Total::CriteriaMet(Vec::new()), Inclusion::Nobody),
        Some(result) => {
            let total = check::total(source, result.total, &criteria)?;
            let (_, inclusion) = check::inclusion(source, result.included, Vec::new(), &total, &criteria)?;
            (total, inclusion)
        }
    };
    Ok(Model {
        name: String::new(),
        version: 0,
        da: String::new(),
        en: String::new(),
        digest: digest(&[&source.canonical()]),
        population,
        touches,
        components: components.into_iter().map(|(component, _)| component).collect(),
        criteria,
        total,
        strata: Vec::new(),
        inclusion,
        tables: Vec::new(),
    })
}

/// A model that there is, with the file's own components and touch groups after its own.
fn extended(
    source: &Source<'_>,
    span: &Range<usize>,
    raw: &mut raw::Joined,
    base: &Source<'_>,
    catalogue: &Catalogue,
) -> Result<Model> {
    if raw.population.is_some() || raw.result.is_some() || !raw.criterion.is_empty() {
        return Err(
            source.refuse(span.clone(), Reason::OneOf { choice: "`model` and a population and result" })
        );
    }
    let mut model = check::model(base, base.parse()?, catalogue)?;
    let (mut touches, groups) = check::touches(source, std::mem::take(&mut raw.touch))?;
    let mut added = Vec::new();
    for component in std::mem::take(&mut raw.component) {
        let name = component.name.clone();
        let component = component::component(source, component, catalogue, &touches)?;
        let taken = model.components.iter().chain(added.iter().map(|(other, _): &Placed| other));
        if taken.clone().any(|other| other.name == component.name) {
            let reason = Reason::Duplicate { what: "component", name: component.name };
            return Err(source.refuse(name.span(), reason));
        }
        if taken.count() == COMPONENTS_MAX {
            let reason = Reason::TooMany { what: "components", max: COMPONENTS_MAX };
            return Err(source.refuse(name.span(), reason));
        }
        added.push((component, name));
    }
    for (index, (touch, name)) in touches.iter_mut().zip(&groups).enumerate() {
        touch.has_events = group::has_events(source, name, index, &added)?;
        if model.touches.iter().any(|other| other.group == touch.group) {
            let reason = Reason::Duplicate { what: "touch group", name: touch.group.clone() };
            return Err(source.refuse(name.span(), reason));
        }
    }
    if model.touches.len() + touches.len() > TOUCHES_MAX {
        return Err(source.refuse(span.clone(), Reason::TooMany { what: "touch groups", max: TOUCHES_MAX }));
    }
    let offset = model.touches.len();
    model.touches.extend(touches);
    model.components.extend(
        added.into_iter().map(|(component, _)| Component {
            touch: component.touch.map(|group| group + offset),
            ..component
        }),
    );
    model.digest = digest(&[&base.canonical(), &source.canonical()]);
    Ok(model)
}
