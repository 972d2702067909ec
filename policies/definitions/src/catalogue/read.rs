//! From the form of a catalogue file to checked features.

use toml::Spanned;

use super::{fit, raw, rule};
use crate::error::{DefinitionError, Reason};
use crate::feature::{Feature, Kind, Rule};
use crate::source::{Source, check_name};
use crate::window::{Length, Window};

type Result<T> = std::result::Result<T, DefinitionError>;

/// The most labels that a category has.
const LABELS_MAX: usize = 100;

/// The furthest that a clamp reaches from 0: ten thousand million kroner, in øre. Sums over all persons of a
/// country fit an `i64`.
const CLAMP_MAX: i64 = 1_000_000_000_000;

pub(super) fn feature(source: &Source<'_>, raw: raw::Feature) -> Result<Feature> {
    let name = check_name(source, &raw.name)?;
    let window: Window = raw
        .window
        .get_ref()
        .parse()
        .map_err(|error| source.refuse(raw.window.span(), Reason::Window(error)))?;
    let kind_span = raw.kind.span();
    let kind = kind(source, raw.kind)?;
    check_descriptions(source, &raw.da, &raw.en)?;
    let rule = rule::rule(source, raw.rule, raw.sector, &raw.name)?;
    let earlier = raw.earlier.map(|length| earlier(source, &length, &rule)).transpose()?;
    fit::window(source, window, raw.window.span(), &rule)?;
    fit::kind(source, &kind, kind_span, &rule)?;
    Ok(Feature {
        name,
        holder: raw.sector,
        window,
        earlier,
        kind,
        rule,
        da: raw.da.into_inner(),
        en: raw.en.into_inner(),
    })
}

fn earlier(source: &Source<'_>, raw: &Spanned<String>, rule: &Rule) -> Result<Length> {
    let length = raw.get_ref().parse().map_err(|error| source.refuse(raw.span(), Reason::Window(error)))?;
    if rule.has_past() {
        Ok(length)
    } else {
        Err(source.refuse(raw.span(), Reason::NoPast { rule: rule.name() }))
    }
}

pub(super) fn check_descriptions(
    source: &Source<'_>,
    da: &Spanned<String>,
    en: &Spanned<String>,
) -> Result<()> {
    let empty = [da, en].into_iter().find(|description| description.get_ref().trim().is_empty());
    empty.map_or(Ok(()), |description| Err(source.refuse(description.span(), Reason::NoDescription)))
}

fn kind(source: &Source<'_>, raw: Spanned<raw::Kind>) -> Result<Kind> {
    let span = raw.span();
    match raw.into_inner() {
        raw::Kind::Flag => Ok(Kind::Flag),
        raw::Kind::Municipality => Ok(Kind::Municipality),
        raw::Kind::Integer(raw::Clamp { from, to, missing }) => {
            let far = -CLAMP_MAX..=CLAMP_MAX;
            if from >= to {
                Err(source.refuse(span, Reason::Clamp { from, to }))
            } else if !(far.contains(&from) && far.contains(&to)) {
                Err(source.refuse(span, Reason::WideClamp { from, to, max: CLAMP_MAX }))
            } else {
                Ok(Kind::Integer { from, to, missing })
            }
        }
        raw::Kind::Category(raw) if raw.is_empty() => {
            Err(source.refuse(span, Reason::Empty { what: "category" }))
        }
        raw::Kind::Category(raw) if raw.len() > LABELS_MAX => {
            Err(source.refuse(span, Reason::TooMany { what: "labels", max: LABELS_MAX }))
        }
        raw::Kind::Category(raw) => {
            let mut labels: Vec<String> = Vec::new();
            for label in raw {
                if labels.contains(label.get_ref()) {
                    let name = label.get_ref().clone();
                    return Err(source.refuse(label.span(), Reason::Duplicate { what: "label", name }));
                }
                labels.push(label.into_inner());
            }
            Ok(Kind::Category(labels))
        }
    }
}
