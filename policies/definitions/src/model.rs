//! A stratification model: components, how several nodes' results become one, points, criteria, strata.
//!
//! The node applies [`Component::points`] at grain points; the coordinator applies [`Model::outcome`] to combined
//! values. Both are pure and total: any value of the type has an outcome.

mod check;
pub(crate) mod raw;
mod strata;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::Deserialize;
use tvaers_protocol::id::{Digest, Sector};
use tvaers_protocol::record::{ContributionShape, HandBack};
use tvaers_protocol::study::Disclosure;

use crate::catalogue::Catalogue;
use crate::error::DefinitionError;
use crate::feature::{Feature, Kind};
use crate::indicator::Told;
use crate::layout::{Grain, Layout};
use crate::regions::Regions;
use crate::source::Source;
use crate::tables::Table;

/// The most components of a model; a contribution has four bytes for each.
pub const COMPONENTS_MAX: usize = 64;
/// The most touch groups of a model: one bit each, and a bit set of 16.
pub const TOUCHES_MAX: usize = 16;
/// The most points of one band, so that no sum over [`COMPONENTS_MAX`] components overflows.
pub const POINTS_MAX: u16 = 1_000;

/// A checked model.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its name, such as `sad`.
    pub name: String,
    /// Its version, as the file counts it.
    pub version: u32,
    /// Its title in Danish.
    pub da: String,
    /// Its title in English.
    pub en: String,
    /// The digest of its file, line ends normalised.
    pub digest: Digest,
    /// Who is in tables and lists.
    pub population: Population,
    /// Groups of components whose rule can span several nodes of a sector.
    pub touches: Vec<Touch>,
    /// What is worked out per person, in the order of the file.
    pub components: Vec<Component>,
    /// The lines of a work list, in order.
    pub criteria: Vec<Criterion>,
    /// How criteria become a total.
    pub total: Total,
    /// Disjoint ranges that cover every possible total, lowest first; none where inclusion goes by criteria.
    pub strata: Vec<Stratum>,
    /// Who is selected for the work list.
    pub inclusion: Inclusion,
    /// The tables that are released of it; where there are none, strata and inclusion by municipality.
    pub tables: Vec<Table>,
}

/// Who is in a model's tables and lists. Features are of these rules: `resident`, `kommune` and `age`.
#[derive(Clone, Debug)]
pub struct Population {
    /// Alive and resident.
    pub resident: Arc<Feature>,
    /// The municipality of residence.
    pub kommune: Arc<Feature>,
    /// The municipalities whose residents are meant, by code; empty for every member municipality.
    pub kommuner: Vec<u16>,
    /// Age in completed years.
    pub age: Arc<Feature>,
    /// The least age, in completed years.
    pub from: u16,
    /// The greatest age, in completed years.
    pub to: u16,
    /// Components that exclude a person when they are not 0, as indices into [`Model::components`].
    pub exclude: Vec<usize>,
}

/// One feature of one sector, how nodes' results combine, and what it is worth.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name within the model.
    pub name: String,
    /// The feature.
    pub feature: Arc<Feature>,
    /// For a category: the labels that make the value 1. Empty otherwise.
    pub is: Vec<String>,
    /// How the feature's value stands in a contribution.
    pub coding: Coding,
    /// The sector whose nodes contribute it.
    pub sector: Sector,
    /// The least value, as coded (the feature's clamp).
    pub value_min: u32,
    /// The greatest value, as coded (the feature's clamp; 1 for flags, and for categories that count by some labels).
    pub value_max: u32,
    /// How several nodes' results become one.
    pub combine: Combine,
    /// The touch group that it belongs to, as an index into [`Model::touches`].
    pub touch: Option<usize>,
    /// Values to points, rising; empty for a component that excludes, whose value counts as it is.
    pub bands: Vec<Band>,
}

/// How a feature's value stands in a contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Plain,
    /// 0 where a person has none, else one more than its distance from the least value.
    Optional {
        /// The least value of the feature.
        from: i64,
    },
    /// 0 where a person has none, else one more than the position of the label in the catalogue.
    Label,
}

/// How the results of several nodes about one person become one. At grain points every way is the maximum, save
/// `responsible`: a sum over two nodes cannot be told from points, and its touch group says when that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combine {
    /// 1 if any is.
    Or,
    /// Added up, and clamped again.
    Sum,
    /// The greatest.
    Max,
    /// That of the latest event, by recency.
    Latest,
    /// That of the municipality of residence.
    Responsible,
}

impl Combine {
    /// Its name, as in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::Sum => "sum",
            Self::Max => "max",
            Self::Latest => "latest",
            Self::Responsible => "responsible",
        }
    }
}

/// From this value up, to the next band, so many points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Band {
    /// The least value of the band.
    pub from: u32,
    /// Its points.
    pub points: u16,
}

/// Components whose rule can span several nodes of a sector, so that a node's own result may be wrong where another
/// node of the sector has something too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The group's name.
    pub group: String,
    /// The sector whose nodes touch.
    pub sector: Sector,
    /// The grains at which it matters, rising: points, counts or both; at others nodes leave the bit 0. What holds
    /// at counts holds at events too, where it says for whom events are asked.
    pub at: Vec<Grain>,
    /// What is used where two nodes touch and no finer grain is granted.
    pub fall_back: FallBack,
    /// Whether its rules are over events that merge, so that at grain events they are put together.
    pub has_events: bool,
}

/// What is used for a touch group's components where two nodes touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FallBack {
    /// The own result of the municipality of residence if it touches, else the greatest.
    Responsible,
    /// The greatest of the nodes' own results.
    Greatest,
    /// The nodes' own results combined as where none touches: added up, what two of them hold counts twice.
    Combined,
}

/// One line of a person's account: the sum of its components' points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// Its name.
    pub name: String,
    /// Its components, as indices into [`Model::components`].
    pub components: Vec<usize>,
    /// The most points that it gives: the sum of its components' or, where the file says so, less.
    pub cap: u16,
}

/// How criteria become a total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Total {
    /// Added up.
    SumOfCriteria,
    /// How many of these give any points, as indices into [`Model::criteria`].
    CriteriaMet(Vec<usize>),
}

/// Who is selected for the work list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inclusion {
    /// Those in a stratum with [`Stratum::included`].
    Strata,
    /// Those who meet a criterion of each of these lists, as indices into [`Model::criteria`].
    AllOf(Vec<Vec<usize>>),
    /// Nobody: the model is for tables alone.
    Nobody,
}

/// A range of totals, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stratum {
    /// Its name.
    pub name: String,
    /// The least total.
    pub from: u16,
    /// The greatest total.
    pub to: u16,
    /// Whether those in it are selected for the work list.
    pub included: bool,
}

/// What a model says about one person. Whether the person is in the population is for the caller to add: age and
/// residence are the responsible node's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Points per criterion, in the model's order.
    pub items: Vec<u16>,
    /// Their total.
    pub total: u16,
    /// The stratum of the total, as an index into [`Model::strata`]; 0 for a model without strata.
    pub stratum: usize,
    /// Whether the model selects the person, and nothing excludes them.
    pub included: bool,
    /// Whether a component excludes the person from the population.
    pub excluded: bool,
}

/// A value as points; the greatest number of points where it has no room there.
fn whole(value: u32) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

impl Coding {
    /// The coded form of a number within the feature's clamp.
    #[must_use]
    pub fn coded(self, number: i64) -> u32 {
        let coded = match self {
            Self::Plain => number,
            Self::Optional { from } => number.saturating_sub(from).saturating_add(1),
            Self::Label => number.saturating_add(1),
        };
        u32::try_from(coded.max(0)).unwrap_or(u32::MAX)
    }

    /// The number or the position of the label that a coded value stands for; none where the person has none.
    #[must_use]
    pub fn number(self, coded: u32) -> Option<i64> {
        let coded = i64::from(coded);
        match self {
            Self::Plain => Some(coded),
            Self::Optional { .. } | Self::Label if coded == 0 => None,
            Self::Optional { from } => Some(coded - 1 + from),
            Self::Label => Some(coded - 1),
        }
    }
}

impl Component {
    /// The points of a value at grain counts. A component that excludes has its value for points.
    #[must_use]
    pub fn points(&self, value: u32) -> u16 {
        if self.bands.is_empty() {
            return whole(value);
        }
        self.bands.iter().rev().find(|band| value >= band.from).map_or(0, |band| band.points)
    }

    /// The clamp that the model's file states where it is tighter than the feature's.
    #[must_use]
    pub fn tightened_to(&self) -> Option<u32> {
        match self.feature.kind {
            Kind::Integer { to, missing: false, .. } => {
                Some(self.value_max).filter(|own| i64::from(*own) < to)
            }
            _ => None,
        }
    }

    /// The most points that it can give; 0 for a component that excludes.
    #[must_use]
    pub fn points_max(&self) -> u16 {
        self.bands.iter().map(|band| band.points).max().unwrap_or(0)
    }

    /// Whether a node sends, at grain counts, how long ago the event was that the value comes from.
    #[must_use]
    pub const fn has_recency(&self) -> bool {
        matches!(self.combine, Combine::Latest)
    }
}

impl Model {
    /// Reads a model's file and checks it against the catalogue.
    ///
    /// # Errors
    /// [`DefinitionError`] at the first place that is wrong.
    pub fn read(source: &Source<'_>, catalogue: &Catalogue) -> Result<Self, DefinitionError> {
        check::model(source, source.parse()?, catalogue)
    }

    /// The model of an indicator: of its own, or with what is added to a model that there is.
    pub(crate) fn joined(
        source: &Source<'_>,
        joined: toml::Spanned<raw::Joined>,
        base: Option<&Source<'_>>,
        told: &Told<'_>,
        catalogue: &Catalogue,
        regions: &Regions,
    ) -> Result<Self, DefinitionError> {
        check::joined(source, joined, base, told, catalogue, regions)
    }

    /// The least grain at which it can be worked out: points say nothing of a number that is added up, or of a category.
    #[must_use]
    pub fn least_grain(&self) -> Grain {
        let excludes = |index: usize| self.population.exclude.contains(&index);
        let measured =
            |(index, component): (usize, &Component)| component.bands.is_empty() && !excludes(index);
        if self.components.iter().enumerate().any(measured) { Grain::Counts } else { Grain::Points }
    }

    /// What a node of `sector` contributes at `grain`.
    #[must_use]
    pub fn layout(&self, sector: Sector, grain: Grain) -> Layout {
        let of_sector = |index: &usize| self.components.get(*index).is_some_and(|c| c.sector == sector);
        let components: Vec<usize> = (0..self.components.len()).filter(of_sector).collect();
        let joined = self.joined_groups(grain);
        let recent = |index: &usize| {
            self.components.get(*index).is_some_and(|component| {
                // Beside a shifted day, a recency would tell by how much it is shifted.
                component.has_recency() && component.touch.is_none_or(|group| joined & 1 << group == 0)
            })
        };
        let recencies = match grain {
            Grain::Points => Vec::new(),
            Grain::Counts | Grain::Events => components.iter().copied().filter(recent).collect(),
        };
        let touches = self.touching_groups(grain, |touch| touch.sector == sector);
        Layout { sector, grain, components, recencies, touches }
    }

    /// The touch groups whose events are put together where two nodes touch, one bit each: at grain events, those
    /// whose rules are over events.
    #[must_use]
    pub fn joined_groups(&self, grain: Grain) -> u16 {
        if grain == Grain::Events { self.touching_groups(grain, |touch| touch.has_events) } else { 0 }
    }

    /// The touch groups for which the fall-back is used where two nodes touch, one bit each.
    #[must_use]
    pub fn falling_back_groups(&self, grain: Grain) -> u16 {
        self.touching_groups(grain, |_| true) & !self.joined_groups(grain)
    }

    /// The touch groups whose bits matter at a grain, of those that are `wanted`.
    fn touching_groups(&self, grain: Grain, wanted: impl Fn(&Touch) -> bool) -> u16 {
        // At grain events the bits that matter at counts say for whom events are asked.
        let counted = grain.min(Grain::Counts);
        let matters = |touch: &Touch| touch.at.contains(&counted) && wanted(touch);
        let groups = self.touches.iter().enumerate().filter(|(_, touch)| matters(touch));
        groups.fold(0, |bits, (index, _)| bits | 1 << index)
    }

    /// Whether what a member of `sector` has may count for residents of another municipality, so that the result is
    /// incomplete where one is missing.
    #[must_use]
    pub fn spans(&self, sector: Sector) -> bool {
        let spans = |component: &Component| component.combine != Combine::Responsible;
        self.components.iter().any(|component| component.sector == sector && spans(component))
    }

    /// The shape of a contribution at `grain`: one for all nodes, whatever their sector.
    #[must_use]
    pub fn shape(&self, grain: Grain) -> ContributionShape {
        let (region, municipality) =
            (self.layout(Sector::Region, grain), self.layout(Sector::Municipality, grain));
        ContributionShape {
            values: region.components.len().max(municipality.components.len()),
            recencies: region.recencies.len().max(municipality.recencies.len()),
        }
    }

    /// The components of a touch group, by index.
    pub fn components_of(&self, group: usize) -> impl Iterator<Item = (usize, &Component)> {
        self.components.iter().enumerate().filter(move |(_, component)| component.touch == Some(group))
    }

    /// The greatest total that any person can have.
    #[must_use]
    pub fn total_max(&self) -> u16 {
        match &self.total {
            Total::SumOfCriteria => self.criteria.iter().map(|criterion| criterion.cap).sum(),
            Total::CriteriaMet(criteria) => u16::try_from(criteria.len()).unwrap_or(u16::MAX),
        }
    }

    /// What the model says of a person, from one combined value per component in the model's order: points at grain
    /// points, counts otherwise. A value that is missing counts as 0, as for a person whom a node does not know.
    #[must_use]
    pub fn outcome(&self, values: &[u32], grain: Grain) -> Outcome {
        let points = |index: &usize| {
            let value = values.get(*index).copied().unwrap_or(0);
            match (self.components.get(*index), grain) {
                (None, _) => 0,
                // Clamped, so that no total can leave the strata, whatever a node sent.
                (Some(component), Grain::Points) if component.bands.is_empty() => whole(value),
                (Some(component), Grain::Points) => whole(value).min(component.points_max()),
                (Some(component), Grain::Counts | Grain::Events) => {
                    component.points(value.clamp(component.value_min, component.value_max))
                }
            }
        };
        let item = |criterion: &Criterion| {
            let sum: u16 = criterion.components.iter().map(points).sum();
            sum.min(criterion.cap)
        };
        let items: Vec<u16> = self.criteria.iter().map(item).collect();
        let excluded = self.population.exclude.iter().any(|index| points(index) > 0);
        let (total, stratum, selected) = self.judge(&items);
        Outcome { items, total, stratum, included: selected && !excluded, excluded }
    }

    /// Total, stratum and selection that follow from the points of the criteria.
    fn judge(&self, items: &[u16]) -> (u16, usize, bool) {
        let met = |index: &usize| items.get(*index).is_some_and(|points| *points > 0);
        let total = match &self.total {
            Total::SumOfCriteria => items.iter().sum(),
            Total::CriteriaMet(criteria) => {
                u16::try_from(criteria.iter().filter(|index| met(index)).count()).unwrap_or(u16::MAX)
            }
        };
        let holds = |stratum: &Stratum| (stratum.from..=stratum.to).contains(&total);
        // The strata were checked to cover every total up to the greatest, and the caps keep it there.
        let stratum = self.strata.iter().position(holds).unwrap_or(0);
        let selected = match &self.inclusion {
            Inclusion::Strata => self.strata.get(stratum).is_some_and(|stratum| stratum.included),
            Inclusion::Nobody => false,
            Inclusion::AllOf(lists) => lists.iter().all(|list| list.iter().any(met)),
        };
        (total, stratum, selected)
    }

    /// Whether the parts of a hand-back belong together by the model, as far as they are disclosed. One who is
    /// excluded is not handed back.
    #[must_use]
    pub fn fits(&self, record: &HandBack, disclosure: Disclosure) -> bool {
        let disclosed = |least| disclosure >= least;
        let stratum = usize::from(record.stratum);
        if disclosed(Disclosure::Items) {
            let capped =
                self.criteria.iter().zip(&record.items).all(|(criterion, item)| *item <= criterion.cap);
            return capped && self.judge(&record.items) == (record.total, stratum, record.included);
        }
        let Some(found) = self.strata.get(stratum) else {
            return stratum == 0 && self.strata.is_empty() && record.total <= self.total_max();
        };
        let in_stratum = !disclosed(Disclosure::Total) || (found.from..=found.to).contains(&record.total);
        let selects = !disclosed(Disclosure::Stratum) || found.included == record.included;
        in_stratum && (selects || !matches!(self.inclusion, Inclusion::Strata))
    }
}
