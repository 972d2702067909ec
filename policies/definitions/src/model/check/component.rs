//! The checks of one component: that its feature, combination, touch group and bands fit each other.

use std::sync::Arc;

use toml::Spanned;
use tvaers_protocol::id::Sector;

use super::super::{Band, Coding, Combine, Component, FallBack, POINTS_MAX, Touch, raw};
use super::{Result, feature};
use crate::catalogue::Catalogue;
use crate::error::Reason;
use crate::feature::{Feature, Kind, Rule};
use crate::layout::Grain;
use crate::source::{Source, check_name};

pub(super) fn component(
    source: &Source<'_>,
    raw: raw::Component,
    catalogue: &Catalogue,
    touches: &[Touch],
) -> Result<Component> {
    let name = check_name(source, &raw.name)?;
    let feature = feature(source, catalogue, &raw.feature)?;
    let is = labels(source, feature, &raw)?;
    let (coding, value_min, value_max) = values(source, feature, &raw)?;
    let value_max = tightened(source, &raw, coding, value_min, value_max)?;
    let sector = feature.holder.sector();
    let combine = raw.combine.get_ref();
    check_combine(source, *combine, &raw.combine, feature, value_max)?;
    if *combine == Combine::Sum && coding != Coding::Plain {
        let why = "a label, or a number that a person may lack, cannot be added up";
        return Err(source.refuse(raw.combine.span(), Reason::Combine { combine: combine.name(), why }));
    }
    let touch = match &raw.touch {
        None => None,
        Some(group) => Some(touch(source, group, touches, feature, sector)?),
    };
    let touched = touch.and_then(|index| touches.get(index));
    check_touch(source, touched, *combine, feature, raw.bands.is_some(), &raw.name)?;
    let bands = match raw.bands {
        None => Vec::new(),
        Some(bands) => self::bands(source, bands, value_max)?,
    };
    Ok(Component {
        name,
        feature: Arc::clone(feature),
        is,
        coding,
        sector,
        value_min,
        value_max,
        combine: *combine,
        touch,
        bands,
    })
}

/// The bounds of a component's value; a value must fit the four bytes of a contribution.
fn values(source: &Source<'_>, feature: &Feature, raw: &raw::Component) -> Result<(Coding, u32, u32)> {
    let name = &raw.feature;
    let refuse = |why| {
        let name_text = name.get_ref().clone();
        source.refuse(name.span(), Reason::NoComponent { name: name_text, why })
    };
    match &feature.rule {
        Rule::Resident(_) => {
            return Err(refuse("every contribution states residence beside the components"));
        }
        Rule::Kommune { .. } => return Err(refuse("every contribution states it beside the components")),
        _ => {}
    }
    match feature.kind {
        Kind::Category(ref labels) if raw.is.is_empty() => {
            if raw.bands.is_some() {
                return Err(refuse("a category with bands needs `is`, the labels that count"));
            }
            Ok((Coding::Label, 0, u32::try_from(labels.len()).unwrap_or(u32::MAX)))
        }
        Kind::Flag | Kind::Category(_) => Ok((Coding::Plain, 0, 1)),
        Kind::Municipality => Err(refuse("every contribution states it beside the components")),
        Kind::Integer { missing: true, .. } if raw.bands.is_some() => {
            Err(refuse("a person may have none, and a band needs a number"))
        }
        Kind::Integer { from, to, missing: true } => {
            let coding = Coding::Optional { from };
            match u32::try_from(to.saturating_sub(from).saturating_add(1)) {
                Ok(greatest) => Ok((coding, 0, greatest)),
                Err(_) => {
                    Err(refuse("its clamp does not fit a contribution, whose values are 0 to 4294967295"))
                }
            }
        }
        Kind::Integer { from, to, missing: false } => match (u32::try_from(from), u32::try_from(to)) {
            (Ok(from), Ok(to)) => Ok((Coding::Plain, from, to)),
            _ => Err(refuse("its clamp does not fit a contribution, whose values are 0 to 4294967295")),
        },
    }
}

/// The clamp that the file states where it is tighter than the feature's: less noise, and a known loss above it.
fn tightened(
    source: &Source<'_>,
    raw: &raw::Component,
    coding: Coding,
    value_min: u32,
    value_max: u32,
) -> Result<u32> {
    let Some(to) = &raw.to else { return Ok(value_max) };
    let found = *to.get_ref();
    if coding == Coding::Plain && raw.bands.is_none() && (value_min + 1..value_max).contains(&found) {
        return Ok(found);
    }
    let name = raw.feature.get_ref().clone();
    let why = "`to` is a clamp tighter than the feature's, of a number without bands that nobody lacks";
    Err(source.refuse(to.span(), Reason::NoComponent { name, why }))
}

fn labels(source: &Source<'_>, feature: &Feature, raw: &raw::Component) -> Result<Vec<String>> {
    let why = match (&feature.kind, raw.is.as_slice()) {
        (Kind::Category(labels), is) => {
            for label in is {
                if !labels.contains(label.get_ref()) {
                    let name = label.get_ref().clone();
                    return Err(source.refuse(label.span(), Reason::Unknown { what: "label", name }));
                }
            }
            return Ok(is.iter().map(|label| label.get_ref().clone()).collect());
        }
        (_, []) => return Ok(Vec::new()),
        _ => "only a category has labels, so it cannot have `is`",
    };
    let name = raw.feature.get_ref().clone();
    Err(source.refuse(raw.feature.span(), Reason::NoComponent { name, why }))
}

fn check_combine(
    source: &Source<'_>,
    combine: Combine,
    place: &Spanned<Combine>,
    feature: &Feature,
    value_max: u32,
) -> Result<()> {
    let why = match combine {
        Combine::Or if value_max != 1 => "its value is no flag",
        Combine::Latest if !feature.rule.is_dated() => "its value belongs to no dated event",
        Combine::Responsible if feature.holder.sector() == Sector::Region => {
            "the responsible node is a municipality, and it belongs to the regions"
        }
        _ => return Ok(()),
    };
    Err(source.refuse(place.span(), Reason::Combine { combine: combine.name(), why }))
}

fn touch(
    source: &Source<'_>,
    group: &Spanned<String>,
    touches: &[Touch],
    feature: &Feature,
    sector: Sector,
) -> Result<usize> {
    let name = group.get_ref().clone();
    let found = touches.iter().enumerate().find(|(_, touch)| touch.group == name);
    let Some((index, touch)) = found else {
        return Err(source.refuse(group.span(), Reason::Unknown { what: "touch group", name }));
    };
    if touch.sector != sector {
        let found = touch.sector.to_string();
        return Err(source.refuse(group.span(), Reason::OtherSector { name, found, expected: sector }));
    }
    if !feature.rule.touches() {
        let why =
            "in a touch group, its rule must look at dated rows, spells, stays, answers or identified rows";
        let reason = Reason::NoComponent { name: feature.name.clone(), why };
        return Err(source.refuse(group.span(), reason));
    }
    if touch.fall_back == FallBack::Responsible && sector == Sector::Region {
        let reason = Reason::OtherSector {
            name: "responsible".to_owned(),
            found: Sector::Municipality.to_string(),
            expected: sector,
        };
        return Err(source.refuse(group.span(), reason));
    }
    Ok(index)
}

/// Where a node's own result may be wrong without anyone noticing, the file must ask for the bit that tells.
fn check_touch(
    source: &Source<'_>,
    touch: Option<&Touch>,
    combine: Combine,
    feature: &Feature,
    has_points: bool,
    place: &Spanned<String>,
) -> Result<()> {
    if touch.is_some() && combine == Combine::Responsible {
        let why = "in a touch group nodes' results are put together, and only the responsible one's counts";
        return Err(source.refuse(place.span(), Reason::Combine { combine: combine.name(), why }));
    }
    let at = |grain| touch.is_some_and(|touch| touch.at.contains(&grain));
    let refuse = |grain, why| Err(source.refuse(place.span(), Reason::NeedsTouch { grain, why }));
    // What is added up and never scored is not worked out at points; of one that excludes, more than 0 is enough.
    let at_points = combine == Combine::Latest || combine == Combine::Sum && has_points;
    if at_points && !at(Grain::Points) {
        return refuse("points", "points can be neither added up nor dated");
    }
    let spans_nodes = feature.rule.has_events() && combine != Combine::Responsible;
    if spans_nodes && !at(Grain::Counts) {
        return refuse("counts", "what it is made of can lie at several nodes");
    }
    // Of sums and answers that are never scored, more than 0 is right at points whoever says it.
    let at_points = has_points || matches!(feature.rule, Rule::Spells(_) | Rule::Stays(_));
    if spans_nodes && at_points && !at(Grain::Points) {
        return refuse("points", "what it is made of can lie at several nodes");
    }
    Ok(())
}

fn bands(source: &Source<'_>, raw: Spanned<Vec<Spanned<Band>>>, value_max: u32) -> Result<Vec<Band>> {
    if raw.get_ref().is_empty() {
        return Err(source.refuse(raw.span(), Reason::Empty { what: "`bands`" }));
    }
    let mut bands: Vec<Band> = Vec::new();
    for band in raw.into_inner() {
        let span = band.span();
        let band = band.into_inner();
        let rises = bands.last().is_none_or(|last| last.from < band.from);
        if !rises || !(1..=value_max).contains(&band.from) {
            return Err(source.refuse(span, Reason::Band { from: band.from, max: value_max }));
        }
        if bands.last().is_some_and(|last| last.points > band.points) {
            return Err(source.refuse(span, Reason::FallingPoints { from: band.from }));
        }
        if band.points > POINTS_MAX {
            return Err(source.refuse(span, Reason::Points { max: POINTS_MAX }));
        }
        bands.push(band);
    }
    Ok(bands)
}
