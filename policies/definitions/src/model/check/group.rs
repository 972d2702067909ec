//! The checks of a touch group as a whole: where its rules are over events, they must merge the same ones.

use toml::Spanned;

use super::{Placed, Result};
use crate::error::Reason;
use crate::feature::{Rule, StayMeasure};
use crate::model::Component;
use crate::source::Source;

/// Whether the group's rules are over events. All of them are and merge alike, or none is.
pub(super) fn has_events(
    source: &Source<'_>,
    name: &Spanned<String>,
    group: usize,
    components: &[Placed],
) -> Result<bool> {
    let members: Vec<&Component> =
        components.iter().map(|(component, _)| component).filter(|c| c.touch == Some(group)).collect();
    let Some(first) = members.first() else {
        return Err(source.refuse(name.span(), Reason::Empty { what: "the touch group" }));
    };
    let has_events = first.feature.rule.has_events();
    let months = members.iter().filter_map(|component| months(component));
    let one_reach = months.clone().all(|found| months.clone().next() == Some(found));
    if members.iter().all(|other| alike(first, other)) && one_reach {
        Ok(has_events)
    } else {
        Err(source.refuse(name.span(), Reason::UnlikeEvents { group: name.get_ref().clone() }))
    }
}

fn alike(first: &Component, other: &Component) -> bool {
    let same_window = first.feature.window == other.feature.window;
    match (&first.feature.rule, &other.feature.rule) {
        (Rule::Stays(first), Rule::Stays(other)) => first.merges_like(other) && same_window,
        (Rule::Spells(first), Rule::Spells(other)) => {
            (first.table, first.first, first.last) == (other.table, other.first, other.last) && same_window
        }
        (first, other) => !first.has_events() && !other.has_events(),
    }
}

/// The months that a rule counts: an event says how far they reach, and has room for one number.
fn months(component: &Component) -> Option<u16> {
    match &component.feature.rule {
        Rule::Stays(stays) => match stays.measure {
            StayMeasure::WithinMonths { months, .. } => Some(months),
            _ => None,
        },
        _ => None,
    }
}
