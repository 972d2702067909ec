//! Rules for a person of whom several nodes have something that must be put together: the nodes' events.
//!
//! A node's events are its own merged spells or stays, or its answers and amounts one by one, with shifted times.
//! Merging what each node has merged gives what merging all records at once would have: both are the connected parts
//! of the same intervals, the first contact of a whole is the first of some part, and its end that of some part. Pure,
//! and no reading of a date is possible here.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use tvaers_protocol::event::{ANSWER_ZERO, Event, ORDER_BYTES};

use crate::feature::{Answer, Kind, Measure, Pick, Rule, Spells, StayMeasure, Stays};
use crate::model::{Component, Model};

const MINUTES_AN_HOUR: i32 = 60;

impl Model {
    /// The values of a touch group's components, each with its index, from the events of one person at all nodes.
    ///
    /// Only for groups of [`Model::joined_groups`]. Events of other groups are left out.
    #[must_use]
    pub fn resolve(&self, group: usize, events: &[Event]) -> Vec<(usize, u32)> {
        let own: Vec<&Event> = events.iter().filter(|event| usize::from(event.group) == group).collect();
        let value = |component: &Component| match &component.feature.rule {
            Rule::Spells(spells) => spells_value(spells, &merged_spells(&own)),
            Rule::Stays(stays) => stays_value(stays, &merged_stays(stays, &own)),
            Rule::SumRows { .. } => sum(&own),
            Rule::Answer(answer) => picked(answer, &own).map_or(0, |number| coded(component, number)),
            _ => 0,
        };
        let clamped = |component: &Component| {
            let value = u32::try_from(value(component)).unwrap_or(u32::MAX);
            value.clamp(component.value_min, component.value_max)
        };
        self.components_of(group).map(|(index, component)| (index, clamped(component))).collect()
    }
}

/// What several nodes' events have become. Numbers are relative to one event of the person.
struct Merged<'e> {
    /// The event with the first contact, which alone says whether it is acute and lies in the window.
    first: &'e Event,
    first_day: i32,
    last_day: i32,
    begins: i32,
    ends: i32,
    first_ends: i32,
    /// What the event that ends last says of its end.
    discharged: bool,
}

/// Shifted numbers are compared by how far they are from those of one event.
fn relative<'e>(events: &[&'e Event]) -> Vec<Merged<'e>> {
    let Some(base) = events.first() else { return Vec::new() };
    let one = |event: &&'e Event| Merged {
        first: event,
        first_day: Event::after(event.first_day, base.first_day),
        last_day: Event::after(event.last_day, base.first_day),
        begins: Event::after(event.begins, base.begins),
        ends: Event::after(event.ends, base.begins),
        first_ends: Event::after(event.first_ends, base.begins),
        discharged: event.discharged,
    };
    events.iter().map(one).collect()
}

/// Spells that overlap or follow day on day are one.
fn merged_spells<'e>(events: &[&'e Event]) -> Vec<Merged<'e>> {
    let mut parts = relative(events);
    parts.sort_by_key(|spell| (spell.first_day, spell.last_day));
    let mut merged: Vec<Merged<'e>> = Vec::new();
    for part in parts {
        match merged.last_mut() {
            Some(last) if part.first_day <= last.last_day.saturating_add(1) => {
                last.last_day = last.last_day.max(part.last_day);
            }
            _ => merged.push(part),
        }
    }
    merged
}

fn spells_value(spells: &Spells, merged: &[Merged<'_>]) -> u64 {
    let mut counting = merged.iter().filter(|spell| spell.first.in_window);
    let days = |spell: &Merged<'_>| u64::from(spell.last_day.abs_diff(spell.first_day)) + 1;
    match spells.measure {
        Measure::Count { longer_than_days } => {
            counting.filter(|spell| days(spell) > u64::from(longer_than_days)).count() as u64
        }
        // They are in order, and do not overlap.
        Measure::LengthOfLatest => counting.next_back().map_or(0, days),
    }
}

/// Admissions: stays long enough, in order of their beginning.
fn merged_stays<'e>(stays: &Stays, events: &[&'e Event]) -> Vec<Merged<'e>> {
    let gap = i32::from(stays.gap_hours) * MINUTES_AN_HOUR;
    let mut parts = relative(events);
    // Tags are no part of the key: what someone makes up need not be an order.
    parts.sort_by_key(|part| (part.begins, part.first_ends));
    let mut merged: Vec<Merged<'e>> = Vec::new();
    for part in parts {
        match merged.last_mut() {
            Some(last) if part.begins <= last.ends.saturating_add(gap) => {
                let tied = (part.begins, part.first_ends) == (last.begins, last.first_ends);
                if tied && part.first.order.order(&last.first.order) == Ordering::Less {
                    last.first = part.first;
                }
                last.discharged = match part.ends.cmp(&last.ends) {
                    Ordering::Less => last.discharged,
                    // One register may know of a death that another does not.
                    Ordering::Equal => last.discharged && part.discharged,
                    Ordering::Greater => part.discharged,
                };
                last.ends = last.ends.max(part.ends);
                last.last_day = last.last_day.max(part.last_day);
            }
            _ => merged.push(part),
        }
    }
    let least = i32::from(stays.admission_hours) * MINUTES_AN_HOUR;
    merged.retain(|stay| stay.ends.saturating_sub(stay.begins) >= least);
    merged
}

fn stays_value(stays: &Stays, merged: &[Merged<'_>]) -> u64 {
    let counts = |stay: &&Merged<'_>| stay.first.in_window && (stay.first.acute || !stays.only_acute);
    let counting = || merged.iter().filter(counts);
    let begin_within = |count: u16, reach: &dyn Fn(&Event) -> u16| {
        let later = counting().skip(usize::from(count).saturating_sub(1));
        let near = |(first, last): (&Merged<'_>, &Merged<'_>)| {
            last.first_day <= first.first_day.saturating_add(i32::from(reach(first.first)))
        };
        u64::from(counting().zip(later).any(near))
    };
    match &stays.measure {
        StayMeasure::Count => counting().count() as u64,
        StayMeasure::BedDays => {
            counting().map(|stay| u64::from(stay.last_day.abs_diff(stay.first_day)).max(1)).sum()
        }
        StayMeasure::WithinDays { count, days } => begin_within(*count, &|_| *days),
        StayMeasure::WithinMonths { count, .. } => begin_within(*count, &|first| first.reach),
        StayMeasure::Index(_) => merged.iter().filter(|stay| is_index(stay)).count() as u64,
        StayMeasure::Readmitted { days, .. } => {
            let is_readmitted = |(stay, next): &(&Merged<'_>, &Merged<'_>)| {
                let until = stay.last_day.saturating_add(i32::from(*days));
                is_index(stay) && next.first.acute && next.first_day <= until
            };
            merged.iter().zip(merged.iter().skip(1)).filter(is_readmitted).count() as u64
        }
    }
}

/// By its first contact, and by its end.
const fn is_index(stay: &Merged<'_>) -> bool {
    stay.first.index && stay.discharged
}

/// Amounts added up, each identifier once: of several that name one thing the greatest.
fn sum(events: &[&Event]) -> u64 {
    let mut amounts: BTreeMap<&[u16; ORDER_BYTES], u32> = BTreeMap::new();
    for event in events {
        let amount = amounts.entry(&event.order.0).or_default();
        *amount = event.amount.max(*amount);
    }
    amounts.into_values().map(u64::from).sum()
}

/// The number of the answer that is told, none where there is none.
fn picked(answer: &Answer, events: &[&Event]) -> Option<i64> {
    let base = events.first()?.first_day;
    let day = |event: &&&Event| Event::after(event.first_day, base);
    let number = |event: &&Event| i64::from(event.amount) - i64::from(ANSWER_ZERO);
    let of = |is_of: fn(&Event) -> bool| events.iter().filter(move |event| is_of(event));
    let first = || of(|event| event.first_round).min_by_key(|event| (day(event), event.amount)).map(number);
    let last =
        || of(|event| event.last_round).min_by_key(|event| (Reverse(day(event)), event.amount)).map(number);
    match answer.pick {
        Pick::First(_) => first(),
        Pick::Last(_) => last(),
        Pick::Change { .. } => Some(last()? - first()?),
    }
}

/// A number within the clamp of the component's feature, in the component's coding.
fn coded(component: &Component, number: i64) -> u64 {
    let within = match component.feature.kind {
        Kind::Integer { from, to, .. } => number.max(from).min(to),
        _ => number,
    };
    component.coding.coded(within).into()
}

#[cfg(test)]
mod tests;
