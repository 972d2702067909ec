//! From several nodes' contributions about one pseudonym to one value per component. Pure.
//!
//! What a node sends is exact for its own rows. Where one rule of a person spans several nodes of a sector, it may
//! not be, and the nodes say so by their *touches* bits: then the nodes' events are put together where the study's grain
//! allows that, and else the model's stated fall-back is used and the person is marked.

use tvaers_definitions::layout::Layout;
use tvaers_definitions::model::{Combine, Component, FallBack, Model};
use tvaers_protocol::event::Event;
use tvaers_protocol::id::Sector;
use tvaers_protocol::record::{Contribution, NO_RECENCY};
use tvaers_protocol::study::Grain;

/// A node as the join sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// Its sector.
    pub(crate) sector: Sector,
    /// Its region or municipality code.
    pub(crate) code: u16,
}

/// What all nodes together say of one pseudonym.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Combined {
    /// One value per component of the model: points at grain points, counts otherwise. 0 for the components of a group
    /// whose events are yet to be put together.
    pub(crate) values: Vec<u32>,
    /// Touch groups, one bit each, for which the fall-back was used.
    pub(crate) fell_back: u16,
    /// Touch groups, one bit each, for which the events of several nodes are put together.
    pub(crate) joined: u16,
    /// Who is responsible.
    pub(crate) residence: Residence,
    /// Whether a region's register places the person in another municipality than the responsible one.
    pub(crate) kommune_differs: bool,
}

/// Which municipality claims a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Residence {
    /// None: the person lives elsewhere or is dead.
    None,
    /// This source, by index; and whether the person's age is in the population by its register.
    At {
        /// The index of the source.
        source: usize,
        /// Whether the age fits.
        eligible: bool,
    },
    /// Two or more: an alarm, nobody gets the person.
    Disputed,
}

/// Combines contributions by a model's rules.
pub(crate) struct Combiner<'a> {
    model: &'a Model,
    grain: Grain,
    region: Layout,
    municipality: Layout,
    /// Touch groups whose events can be put together at this grain.
    with_events: u16,
    sources: &'a [Source],
}

impl<'a> Combiner<'a> {
    pub(crate) fn new(model: &'a Model, grain: Grain, sources: &'a [Source]) -> Self {
        let layout = |sector| model.layout(sector, grain);
        Self {
            model,
            grain,
            region: layout(Sector::Region),
            municipality: layout(Sector::Municipality),
            with_events: model.joined_groups(grain),
            sources,
        }
    }

    /// Combines what the sources (by index) sent about one pseudonym, each at most once.
    pub(crate) fn combine(&self, group: &[(usize, Contribution)]) -> Combined {
        let residence = self.residence(group);
        let touched = self.touched(group);
        let (joined, fell_back) = (touched & self.with_events, touched & !self.with_events);
        let person = Person { group, residence, joined, fell_back };
        let values = (0..self.model.components.len()).map(|index| self.component(index, &person)).collect();
        let kommune_differs = self.kommune_differs(group, residence);
        Combined { values, fell_back, joined, residence, kommune_differs }
    }

    /// Of which sources, by index, events of this person are needed, and of which touch groups, one bit each: of one in
    /// the population, from those that touch what several do.
    pub(crate) fn asked<'g>(
        &'g self,
        group: &'g [(usize, Contribution)],
        combined: &Combined,
    ) -> impl Iterator<Item = (usize, u16)> + 'g {
        // An exclusion that hangs on events is not known yet, and its value is 0 so far.
        let excluded = || self.model.outcome(&combined.values, self.grain).excluded;
        let counts = matches!(combined.residence, Residence::At { eligible: true, .. });
        let joined = if combined.joined != 0 && counts && !excluded() { combined.joined } else { 0 };
        let of_source = move |(source, contribution): &(usize, Contribution)| {
            let own = self.sector(*source).map_or(0, |sector| self.layout(sector).touches);
            (*source, joined & own & contribution.touches)
        };
        group.iter().map(of_source).filter(|(_, groups)| *groups != 0)
    }

    /// Gives the components of the joined groups the values that follow from all nodes' events.
    pub(crate) fn resolve(&self, combined: &mut Combined, events: &[Event]) {
        for group in (0..self.model.touches.len()).filter(|group| combined.joined & (1 << group) != 0) {
            for (index, value) in self.model.resolve(group, events) {
                if let Some(of_component) = combined.values.get_mut(index) {
                    *of_component = value;
                }
            }
        }
    }

    fn sector(&self, source: usize) -> Option<Sector> {
        self.sources.get(source).map(|source| source.sector)
    }

    fn of_sector<'g>(
        &self,
        sector: Sector,
        group: &'g [(usize, Contribution)],
    ) -> impl Iterator<Item = &'g (usize, Contribution)> {
        group.iter().filter(move |(source, _)| self.sector(*source) == Some(sector))
    }

    fn residence(&self, group: &[(usize, Contribution)]) -> Residence {
        let mut claims =
            self.of_sector(Sector::Municipality, group).filter(|(_, contribution)| contribution.resident);
        match (claims.next(), claims.next()) {
            (None, _) => Residence::None,
            (Some((source, contribution)), None) => {
                Residence::At { source: *source, eligible: contribution.eligible }
            }
            (Some(_), Some(_)) => Residence::Disputed,
        }
    }

    fn kommune_differs(&self, group: &[(usize, Contribution)], residence: Residence) -> bool {
        let Residence::At { source, .. } = residence else { return false };
        let code = self.sources.get(source).map_or(0, |source| source.code);
        self.of_sector(Sector::Region, group)
            .any(|(_, contribution)| ![0, code].contains(&contribution.kommune))
    }

    /// The touch groups that two nodes of their sector touch, of those that matter at this grain, one bit each.
    fn touched(&self, group: &[(usize, Contribution)]) -> u16 {
        let two_touch = |index: &usize| {
            self.model.touches.get(*index).is_some_and(|touch| {
                let bit = 1_u16 << index;
                let matters = self.layout(touch.sector).touches & bit != 0;
                matters
                    && self.of_sector(touch.sector, group).filter(|(_, c)| c.touches & bit != 0).count() >= 2
            })
        };
        (0..self.model.touches.len()).filter(two_touch).fold(0, |bits, index| bits | 1 << index)
    }

    fn layout(&self, sector: Sector) -> &Layout {
        match sector {
            Sector::Region => &self.region,
            Sector::Municipality => &self.municipality,
        }
    }

    fn component(&self, index: usize, person: &Person<'_>) -> u32 {
        let Some(component) = self.model.components.get(index) else { return 0 };
        let layout = self.layout(component.sector);
        let Some(place) = layout.components.iter().position(|c| *c == index) else { return 0 };
        let recency_place = layout.recencies.iter().position(|c| *c == index);
        let own: Vec<Own> = self
            .of_sector(component.sector, person.group)
            .map(|(source, contribution)| Own {
                value: contribution.values.get(place).copied().unwrap_or(0),
                recency: recency_place
                    .and_then(|at| contribution.recencies.get(at))
                    .copied()
                    .unwrap_or(NO_RECENCY),
                responsible: matches!(person.residence, Residence::At { source: at, .. } if at == *source),
                touches: component.touch.is_some_and(|bit| contribution.touches & (1 << bit) != 0),
            })
            .collect();
        let is_in = |groups: u16| component.touch.is_some_and(|group| groups & (1 << group) != 0);
        let touch = component.touch.and_then(|at| self.model.touches.get(at));
        match touch {
            _ if is_in(person.joined) => 0,
            Some(touch) if is_in(person.fell_back) && touch.fall_back != FallBack::Combined => {
                fall_back(touch.fall_back, &own)
            }
            // At most one node touches, and its own result is exact. There is no recency to choose by.
            _ if is_in(self.with_events) => own.iter().find(|own| own.touches).map_or(0, |own| own.value),
            _ => regular(component, self.grain, &own),
        }
    }
}

/// What is known of one person before the components.
struct Person<'g> {
    group: &'g [(usize, Contribution)],
    residence: Residence,
    joined: u16,
    fell_back: u16,
}

/// One node's own result for one component.
struct Own {
    value: u32,
    recency: u16,
    responsible: bool,
    touches: bool,
}

fn greatest(own: &[Own]) -> u32 {
    own.iter().map(|own| own.value).max().unwrap_or(0)
}

fn responsible(own: &[Own]) -> u32 {
    own.iter().find(|own| own.responsible).map_or(0, |own| own.value)
}

fn fall_back(how: FallBack, own: &[Own]) -> u32 {
    match how {
        FallBack::Responsible if own.iter().any(|own| own.responsible && own.touches) => responsible(own),
        FallBack::Responsible | FallBack::Greatest | FallBack::Combined => greatest(own),
    }
}

fn regular(component: &Component, grain: Grain, own: &[Own]) -> u32 {
    match (component.combine, grain) {
        (Combine::Responsible, _) => responsible(own),
        // Points of two nodes do not add up; the touch group says where that matters.
        (_, Grain::Points) | (Combine::Or | Combine::Max, _) => greatest(own),
        (Combine::Sum, _) => {
            own.iter().fold(0_u32, |sum, own| sum.saturating_add(own.value)).min(component.value_max)
        }
        (Combine::Latest, _) => own
            .iter()
            .filter(|own| own.recency != NO_RECENCY)
            // Of two on one day the longer.
            .min_by_key(|own| (own.recency, std::cmp::Reverse(own.value)))
            .map_or(0, |own| own.value),
    }
}

#[cfg(test)]
mod tests;
