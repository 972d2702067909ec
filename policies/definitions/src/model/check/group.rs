//! The checks of a touch group as a whole: where its rules are over events, they must put the same ones together.

use toml::Spanned;

use super::{Placed, Result};
use crate::error::Reason;
use crate::feature::{Answer, Feature, Rule, StayMeasure};
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
    let (firsts, lasts): (Vec<_>, Vec<_>) =
        members.iter().map(|component| rounds(&component.feature)).unzip();
    let one_round = is_one(&firsts) && is_one(&lasts);
    if members.iter().all(|other| alike(first, other)) && one_reach && one_round {
        Ok(has_events)
    } else {
        Err(source.refuse(name.span(), Reason::UnlikeEvents { group: name.get_ref().clone() }))
    }
}

fn alike(first: &Component, other: &Component) -> bool {
    let days = |component: &Component| (component.feature.window, component.feature.earlier);
    let same_window = days(first) == days(other);
    match (&first.feature.rule, &other.feature.rule) {
        (Rule::Stays(first), Rule::Stays(other)) => first.merges_like(other) && same_window,
        (Rule::Spells(first), Rule::Spells(other)) => {
            (first.table, first.first, first.last) == (other.table, other.first, other.last) && same_window
        }
        (Rule::Answer(first), Rule::Answer(other)) => {
            let asked = |answer: &Answer| (answer.table, answer.date, answer.round, answer.item);
            asked(first) == asked(other) && same_window
        }
        // Rows with an identifier: those of one sum are not those of another.
        (first @ Rule::SumRows { .. }, other) | (other, first @ Rule::SumRows { .. })
            if first.has_events() || other.has_events() =>
        {
            first == other && same_window
        }
        (first, other) => !first.has_events() && !other.has_events(),
    }
}

/// The rounds that a rule picks from: an event says whether it is of the one, and whether it is of the other.
fn rounds(feature: &Feature) -> (Option<&str>, Option<&str>) {
    match &feature.rule {
        Rule::Answer(answer) => answer.pick.rounds(),
        _ => (None, None),
    }
}

/// Whether no two differ of those that are named.
fn is_one(rounds: &[Option<&str>]) -> bool {
    let mut named = rounds.iter().flatten();
    named.next().is_none_or(|first| named.all(|other| other == first))
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
