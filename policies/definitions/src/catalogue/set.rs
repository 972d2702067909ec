//! From the form of a catalogue file to a checked set of features.

use std::sync::Arc;

use super::{raw, read};
use crate::error::{DefinitionError, Reason};
use crate::feature::{Feature, Kind};
use crate::set::FeatureSet;
use crate::source::{Source, check_name};

/// The most flags of a set.
const MEMBERS_MAX: usize = 64;

pub(super) fn set(
    source: &Source<'_>,
    raw: raw::Set,
    features: &[Arc<Feature>],
) -> Result<FeatureSet, DefinitionError> {
    let name = check_name(source, &raw.name)?;
    read::check_descriptions(source, &raw.da, &raw.en)?;
    let mut members: Vec<Arc<Feature>> = Vec::new();
    for member in raw.of.get_ref() {
        let name = member.get_ref();
        let refuse = |reason| source.refuse(member.span(), reason);
        let Some(feature) = features.iter().find(|feature| feature.name == *name) else {
            return Err(refuse(Reason::Unknown { what: "feature", name: name.clone() }));
        };
        if feature.kind != Kind::Flag {
            return Err(refuse(Reason::NoMember { name: name.clone() }));
        }
        if let Some(first) = members.first().filter(|first| first.holder != feature.holder) {
            let (found, expected) = (feature.holder.to_string(), first.holder.sector());
            return Err(refuse(Reason::OtherSector { name: name.clone(), found, expected }));
        }
        if members.iter().any(|other| other.name == *name) {
            return Err(refuse(Reason::Duplicate { what: "feature", name: name.clone() }));
        }
        if members.len() == MEMBERS_MAX {
            return Err(refuse(Reason::TooMany { what: "features of a set", max: MEMBERS_MAX }));
        }
        members.push(Arc::clone(feature));
    }
    if members.is_empty() {
        return Err(source.refuse(raw.of.span(), Reason::Empty { what: "set" }));
    }
    let at_most = *raw.at_most.get_ref();
    if !usize::try_from(at_most).is_ok_and(|at_most| (1..=members.len()).contains(&at_most)) {
        return Err(source.refuse(raw.at_most.span(), Reason::AtMost { found: at_most, max: members.len() }));
    }
    Ok(FeatureSet { name, members, at_most, da: raw.da.into_inner(), en: raw.en.into_inner() })
}
