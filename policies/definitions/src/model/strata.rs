//! The checks of strata: they cover every total from 0 to the greatest, without gap or overlap, lowest first.

use toml::Spanned;

use super::{Stratum, raw};
use crate::error::{DefinitionError, Reason};
use crate::source::{Source, check_name};

pub(super) fn strata(
    source: &Source<'_>,
    raw: Vec<raw::Stratum>,
    included: &Spanned<Vec<Spanned<String>>>,
    max: u16,
) -> Result<Vec<Stratum>, DefinitionError> {
    let mut strata: Vec<Stratum> = Vec::new();
    let mut end_span = included.span();
    let mut expected = 0;
    for raw in raw {
        let name = check_name(source, &raw.name)?;
        if strata.iter().any(|other| other.name == name) {
            return Err(source.refuse(raw.name.span(), Reason::Duplicate { what: "stratum", name }));
        }
        let (from, to) = (*raw.from.get_ref(), *raw.to.get_ref());
        if from != expected {
            return Err(source.refuse(raw.from.span(), Reason::StratumFrom { found: from, expected }));
        }
        if !(from..=max).contains(&to) {
            return Err(source.refuse(raw.to.span(), Reason::StratumTo { found: to, from, max }));
        }
        end_span = raw.to.span();
        expected = to.saturating_add(1);
        strata.push(Stratum { name, from, to, included: false });
    }
    match strata.last() {
        None => {
            return Err(source.refuse(end_span, Reason::Empty { what: "the list of strata" }));
        }
        Some(last) if last.to != max => {
            return Err(source.refuse(end_span, Reason::StratumEnd { found: last.to, max }));
        }
        Some(_) => {}
    }
    if included.get_ref().is_empty() {
        return Err(source.refuse(included.span(), Reason::Empty { what: "`included`" }));
    }
    for name in included.get_ref() {
        let text = name.get_ref().clone();
        match strata.iter_mut().find(|stratum| stratum.name == text) {
            None => {
                return Err(source.refuse(name.span(), Reason::Unknown { what: "stratum", name: text }));
            }
            Some(Stratum { included: true, .. }) => {
                return Err(source.refuse(name.span(), Reason::Duplicate { what: "stratum", name: text }));
            }
            Some(stratum) => stratum.included = true,
        }
    }
    Ok(strata)
}
