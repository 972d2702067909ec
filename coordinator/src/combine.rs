//! From several nodes' contributions about one pseudonym to one value per component. Pure.
//!
//! What a node sends is exact for its own rows. Where one rule of a person spans several nodes of a sector, it may
//! not be, and the nodes say so by their *touches* bits: then the model's stated fall-back is used and the person is
//! marked.

use tvaers_definitions::layout::Layout;
use tvaers_definitions::model::{Combine, Component, FallBack, Model};
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
    /// One value per component of the model: points at grain points, counts otherwise.
    pub(crate) values: Vec<u16>,
    /// Touch groups, by index, for which the fall-back was used.
    pub(crate) fell_back: Vec<usize>,
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
            sources,
        }
    }

    /// Combines what the sources (by index) sent about one pseudonym, each at most once.
    pub(crate) fn combine(&self, group: &[(usize, Contribution)]) -> Combined {
        let residence = self.residence(group);
        let fell_back = self.fell_back(group);
        let values = (0..self.model.components.len())
            .map(|index| self.component(index, group, residence, &fell_back))
            .collect();
        Combined { values, kommune_differs: self.kommune_differs(group, residence), fell_back, residence }
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

    /// The touch groups that two nodes of their sector touch, of those that matter at this grain.
    fn fell_back(&self, group: &[(usize, Contribution)]) -> Vec<usize> {
        let two_touch = |index: &usize| {
            self.model.touches.get(*index).is_some_and(|touch| {
                let bit = 1_u16 << index;
                let matters = self.layout(touch.sector).touches & bit != 0;
                matters
                    && self.of_sector(touch.sector, group).filter(|(_, c)| c.touches & bit != 0).count() >= 2
            })
        };
        (0..self.model.touches.len()).filter(two_touch).collect()
    }

    fn layout(&self, sector: Sector) -> &Layout {
        match sector {
            Sector::Region => &self.region,
            Sector::Municipality => &self.municipality,
        }
    }

    fn component(
        &self,
        index: usize,
        group: &[(usize, Contribution)],
        residence: Residence,
        fell_back: &[usize],
    ) -> u16 {
        let Some(component) = self.model.components.get(index) else { return 0 };
        let layout = self.layout(component.sector);
        let Some(place) = layout.components.iter().position(|c| *c == index) else { return 0 };
        let recency_place = layout.recencies.iter().position(|c| *c == index);
        let own: Vec<Own> = self
            .of_sector(component.sector, group)
            .map(|(source, contribution)| Own {
                value: contribution.values.get(place).copied().unwrap_or(0),
                recency: recency_place
                    .and_then(|at| contribution.recencies.get(at))
                    .copied()
                    .unwrap_or(NO_RECENCY),
                responsible: matches!(residence, Residence::At { source: at, .. } if at == *source),
                touches: component.touch.is_some_and(|bit| contribution.touches & (1 << bit) != 0),
            })
            .collect();
        match component
            .touch
            .filter(|touch| fell_back.contains(touch))
            .and_then(|at| self.model.touches.get(at))
        {
            Some(touch) => fall_back(touch.fall_back, &own),
            None => regular(component, self.grain, &own),
        }
    }
}

/// One node's own result for one component.
struct Own {
    value: u16,
    recency: u16,
    responsible: bool,
    touches: bool,
}

fn greatest(own: &[Own]) -> u16 {
    own.iter().map(|own| own.value).max().unwrap_or(0)
}

fn responsible(own: &[Own]) -> u16 {
    own.iter().find(|own| own.responsible).map_or(0, |own| own.value)
}

fn fall_back(how: FallBack, own: &[Own]) -> u16 {
    match how {
        FallBack::Responsible if own.iter().any(|own| own.responsible && own.touches) => responsible(own),
        FallBack::Responsible | FallBack::Greatest => greatest(own),
    }
}

fn regular(component: &Component, grain: Grain, own: &[Own]) -> u16 {
    match (component.combine, grain) {
        (Combine::Responsible, _) => responsible(own),
        // Points of two nodes do not add up; the touch group says where that matters.
        (_, Grain::Points) | (Combine::Or | Combine::Max, _) => greatest(own),
        (Combine::Sum, _) => {
            own.iter().fold(0_u16, |sum, own| sum.saturating_add(own.value)).min(component.value_max)
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
