//! From the form of a model file to a checked model.

mod component;
mod group;
mod joined;
mod table;

pub(super) use self::joined::joined;

use std::sync::Arc;

use toml::Spanned;

use super::{
    COMPONENTS_MAX, Component, Criterion, Inclusion, Model, Population, TOUCHES_MAX, Total, Touch, raw,
    strata,
};
use crate::catalogue::Catalogue;
use crate::error::{DefinitionError, Reason};
use crate::feature::{Feature, Rule};
use crate::layout::Grain;
use crate::source::{Source, check_name};

type Result<T> = std::result::Result<T, DefinitionError>;

/// The greatest age that a population can name.
const AGE_MAX: u16 = 150;

/// Codes that a municipality can have: three digits.
const KOMMUNE_CODES: std::ops::RangeInclusive<u16> = 100..=999;

pub(super) fn model(source: &Source<'_>, raw: raw::Model, catalogue: &Catalogue) -> Result<Model> {
    let name = check_name(source, &raw.name)?;
    for title in [&raw.da, &raw.en] {
        if title.get_ref().trim().is_empty() {
            return Err(source.refuse(title.span(), Reason::NoDescription));
        }
    }
    let (mut touches, groups) = touches(source, raw.touch)?;
    let components = components(source, raw.component, catalogue, &touches)?;
    let population = population(source, raw.population, catalogue, &components)?;
    let (criteria, placed) = criteria(source, raw.criterion, &components, &population.exclude)?;
    for (index, (component, name)) in components.iter().enumerate() {
        let excludes = population.exclude.contains(&index);
        if !placed.contains(&index) || component.bands.is_empty() != excludes {
            return Err(source.refuse(name.span(), Reason::Place { name: component.name.clone() }));
        }
    }
    for (index, (touch, name)) in touches.iter_mut().zip(&groups).enumerate() {
        touch.has_events = group::has_events(source, name, index, &components)?;
    }
    let total = total(source, raw.result.total, &criteria)?;
    let (strata, inclusion) = inclusion(source, raw.result.included, raw.stratum, &total, &criteria)?;
    Ok(Model {
        name,
        version: raw.version,
        da: raw.da.into_inner(),
        en: raw.en.into_inner(),
        digest: source.digest("tvaers model"),
        population,
        touches,
        components: components.into_iter().map(|(component, _)| component).collect(),
        criteria,
        total,
        strata,
        inclusion,
        tables: Vec::new(),
    })
}

/// A checked component with the place of its name, for what is found wrong later.
type Placed = (Component, Spanned<String>);

fn touches(source: &Source<'_>, raw: Vec<raw::Touch>) -> Result<(Vec<Touch>, Vec<Spanned<String>>)> {
    let mut touches: Vec<Touch> = Vec::new();
    let mut groups = Vec::new();
    for raw in raw {
        let group = check_name(source, &raw.group)?;
        if touches.iter().any(|other| other.group == group) {
            return Err(
                source.refuse(raw.group.span(), Reason::Duplicate { what: "touch group", name: group })
            );
        }
        if touches.len() == TOUCHES_MAX {
            let reason = Reason::TooMany { what: "touch groups", max: TOUCHES_MAX };
            return Err(source.refuse(raw.group.span(), reason));
        }
        if raw.at.get_ref().is_empty() {
            return Err(source.refuse(raw.at.span(), Reason::Empty { what: "`at`" }));
        }
        if raw.at.get_ref().contains(&Grain::Events) {
            return Err(source.refuse(raw.at.span(), Reason::TouchAtEvents));
        }
        let mut at: Vec<Grain> = raw.at.into_inner();
        at.sort_unstable();
        at.dedup();
        let fall_back = raw.fall_back.into_inner();
        // Whether its rules have events is seen once the components are there.
        touches.push(Touch { group, sector: raw.sector, at, fall_back, has_events: false });
        groups.push(raw.group);
    }
    Ok((touches, groups))
}

fn components(
    source: &Source<'_>,
    raw: Spanned<Vec<raw::Component>>,
    catalogue: &Catalogue,
    touches: &[Touch],
) -> Result<Vec<Placed>> {
    let span = raw.span();
    let mut components: Vec<Placed> = Vec::new();
    for raw in raw.into_inner() {
        let name = raw.name.clone();
        let component = component::component(source, raw, catalogue, touches)?;
        if components.iter().any(|(other, _)| other.name == component.name) {
            let reason = Reason::Duplicate { what: "component", name: component.name };
            return Err(source.refuse(name.span(), reason));
        }
        if components.len() == COMPONENTS_MAX {
            let reason = Reason::TooMany { what: "components", max: COMPONENTS_MAX };
            return Err(source.refuse(name.span(), reason));
        }
        components.push((component, name));
    }
    if components.is_empty() {
        return Err(source.refuse(span, Reason::Empty { what: "the list of components" }));
    }
    Ok(components)
}

fn population(
    source: &Source<'_>,
    raw: raw::Population,
    catalogue: &Catalogue,
    components: &[Placed],
) -> Result<Population> {
    let of_rule = |name: &Spanned<String>, expected: &'static str, fits: fn(&Rule) -> bool| {
        let feature = feature(source, catalogue, name)?;
        if fits(&feature.rule) && feature.earlier.is_none() {
            Ok(Arc::clone(feature))
        } else {
            let name_text = name.get_ref().clone();
            Err(source.refuse(name.span(), Reason::Population { name: name_text, expected }))
        }
    };
    let resident = of_rule(&raw.resident, "resident", |rule| matches!(rule, Rule::Resident(_)))?;
    let kommune = of_rule(&raw.kommune, "kommune", |rule| matches!(rule, Rule::Kommune { .. }))?;
    let age = of_rule(&raw.age, "age", |rule| matches!(rule, Rule::Age { .. }))?;
    let (from, to) = (*raw.from.get_ref(), raw.to);
    if from > to || to > AGE_MAX {
        return Err(source.refuse(raw.from.span(), Reason::Ages { from, to }));
    }
    let mut kommuner = Vec::new();
    for code in raw.kommuner {
        let number = *code.get_ref();
        if !KOMMUNE_CODES.contains(&number) {
            return Err(source.refuse(code.span(), Reason::Kommune { found: number }));
        }
        if kommuner.contains(&number) {
            let name = number.to_string();
            return Err(source.refuse(code.span(), Reason::Duplicate { what: "municipality", name }));
        }
        kommuner.push(number);
    }
    let mut exclude = Vec::new();
    for name in raw.exclude {
        let index = component_index(source, components, &name)?;
        if exclude.contains(&index) || components.get(index).is_some_and(|(c, _)| !c.bands.is_empty()) {
            let place = Reason::Place { name: name.get_ref().clone() };
            return Err(source.refuse(name.span(), place));
        }
        exclude.push(index);
    }
    Ok(Population { resident, kommune, kommuner, age, from, to, exclude })
}

/// The criteria, and the components that stand in them or exclude: each once, with points to give.
fn criteria(
    source: &Source<'_>,
    raw: Spanned<Vec<raw::Criterion>>,
    components: &[Placed],
    exclude: &[usize],
) -> Result<(Vec<Criterion>, Vec<usize>)> {
    let span = raw.span();
    let mut criteria: Vec<Criterion> = Vec::new();
    let mut placed: Vec<usize> = exclude.to_vec();
    for raw in raw.into_inner() {
        let name = check_name(source, &raw.name)?;
        if criteria.iter().any(|other| other.name == name) {
            return Err(source.refuse(raw.name.span(), Reason::Duplicate { what: "criterion", name }));
        }
        if raw.components.get_ref().is_empty() {
            return Err(source.refuse(raw.components.span(), Reason::Empty { what: "the criterion" }));
        }
        let mut indices = Vec::new();
        for component in raw.components.into_inner() {
            let index = component_index(source, components, &component)?;
            if placed.contains(&index) {
                let place = Reason::Place { name: component.get_ref().clone() };
                return Err(source.refuse(component.span(), place));
            }
            if components.get(index).is_some_and(|(component, _)| component.bands.is_empty()) {
                let place = Reason::Place { name: component.get_ref().clone() };
                return Err(source.refuse(component.span(), place));
            }
            placed.push(index);
            indices.push(index);
        }
        let points =
            indices.iter().filter_map(|index| components.get(*index)).map(|(c, _)| c.points_max()).sum();
        let cap = match raw.cap {
            None => points,
            Some(cap) if (1..points).contains(cap.get_ref()) => *cap.get_ref(),
            Some(cap) => return Err(source.refuse(cap.span(), Reason::Cap { found: *cap.get_ref(), points })),
        };
        criteria.push(Criterion { name, components: indices, cap });
    }
    if criteria.is_empty() {
        return Err(source.refuse(span, Reason::Empty { what: "the list of criteria" }));
    }
    Ok((criteria, placed))
}

fn total(source: &Source<'_>, raw: raw::Total, criteria: &[Criterion]) -> Result<Total> {
    Ok(match raw {
        raw::Total::SumOfCriteria => Total::SumOfCriteria,
        raw::Total::CriteriaMet(names) => {
            Total::CriteriaMet(criteria_named(source, names, "`criteria-met`", criteria)?)
        }
    })
}

/// Strata go with inclusion by strata, and with nothing else.
fn inclusion(
    source: &Source<'_>,
    raw: Spanned<raw::Included>,
    raw_strata: Vec<raw::Stratum>,
    total: &Total,
    criteria: &[Criterion],
) -> Result<(Vec<super::Stratum>, Inclusion)> {
    let span = raw.span();
    match raw.into_inner() {
        raw::Included::Strata(names) => {
            let max = match total {
                Total::SumOfCriteria => criteria.iter().map(|criterion| criterion.cap).sum(),
                Total::CriteriaMet(met) => u16::try_from(met.len()).unwrap_or(u16::MAX),
            };
            Ok((strata::strata(source, raw_strata, &names, max)?, Inclusion::Strata))
        }
        raw::Included::AllOf(lists) => {
            if let Some(stratum) = raw_strata.first() {
                return Err(source.refuse(stratum.name.span(), Reason::StrataUnused));
            }
            if lists.get_ref().is_empty() {
                return Err(source.refuse(span, Reason::Empty { what: "`all-of`" }));
            }
            let one = |list: Spanned<Vec<Spanned<String>>>| {
                criteria_named(source, list, "a list of `all-of`", criteria)
            };
            let lists = lists.into_inner().into_iter().map(one).collect::<Result<_>>()?;
            Ok((Vec::new(), Inclusion::AllOf(lists)))
        }
    }
}

fn criteria_named(
    source: &Source<'_>,
    names: Spanned<Vec<Spanned<String>>>,
    what: &'static str,
    criteria: &[Criterion],
) -> Result<Vec<usize>> {
    if names.get_ref().is_empty() {
        return Err(source.refuse(names.span(), Reason::Empty { what }));
    }
    let mut indices = Vec::new();
    for name in names.into_inner() {
        let text = name.get_ref().clone();
        let Some(index) = criteria.iter().position(|criterion| criterion.name == text) else {
            return Err(source.refuse(name.span(), Reason::Unknown { what: "criterion", name: text }));
        };
        if indices.contains(&index) {
            return Err(source.refuse(name.span(), Reason::Duplicate { what: "criterion", name: text }));
        }
        indices.push(index);
    }
    Ok(indices)
}

fn component_index(source: &Source<'_>, components: &[Placed], name: &Spanned<String>) -> Result<usize> {
    components.iter().position(|(component, _)| &component.name == name.get_ref()).ok_or_else(|| {
        source.refuse(name.span(), Reason::Unknown { what: "component", name: name.get_ref().clone() })
    })
}

fn feature<'c>(
    source: &Source<'_>,
    catalogue: &'c Catalogue,
    name: &Spanned<String>,
) -> Result<&'c Arc<Feature>> {
    catalogue.feature(name.get_ref()).ok_or_else(|| {
        source.refuse(name.span(), Reason::Unknown { what: "feature", name: name.get_ref().clone() })
    })
}
