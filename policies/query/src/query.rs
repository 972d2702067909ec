//! A checked query: a statistic over persons, for each combination of public categories.
//!
//! Every person has one value and lies in at most [`Query::cells_max`] cells, one where no category has several values,
//! so what one person can change follows from that bound and the clamp alone. All parts are resolved against the catalogue and in one order, so that two files
//! that ask the same are the same query.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use tvaers_definitions::feature::{Feature, Kind as FeatureKind};
use tvaers_definitions::set::FeatureSet;
use tvaers_protocol::id::{Digest, NodeId, Sector};
use tvaers_protocol::roster::Member;

use crate::bins::Bins;
use crate::budget::{Budget, Mechanism};
use crate::decimal::Decimal;
use crate::label::Label;

/// A member of the federation, as far as a query can name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The node's name.
    pub id: NodeId,
    /// Its sector.
    pub sector: Sector,
    /// Region code or municipality code.
    pub code: u16,
}

impl From<&Member> for Party {
    fn from(member: &Member) -> Self {
        Self { id: member.id.clone(), sector: member.sector, code: member.code }
    }
}

/// What is worked out in each cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How many persons.
    Count,
    /// A number of each person, added up. One who has none adds nothing.
    Sum {
        /// The number; its kind is [`FeatureKind::Integer`].
        feature: Arc<Feature>,
    },
    /// A number of each person, on average over those who have one.
    Mean {
        /// The number.
        feature: Arc<Feature>,
    },
    /// How many persons have a number in each bin. One who has none is in no bin.
    Histogram {
        /// The number.
        feature: Arc<Feature>,
        /// The bins.
        bins: Bins,
    },
    /// The numbers that given shares of persons are below, read from a histogram. One who has none is left out.
    Quantiles {
        /// The number.
        feature: Arc<Feature>,
        /// The bins of the histogram.
        bins: Bins,
        /// The shares, rising, each more than 0 and less than 1.
        probabilities: Vec<Decimal>,
    },
}

impl Kind {
    /// Its name, as in files.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum { .. } => "sum",
            Self::Mean { .. } => "mean",
            Self::Histogram { .. } => "histogram",
            Self::Quantiles { .. } => "quantiles",
        }
    }

    /// The number that it is about; none for a count.
    #[must_use]
    pub const fn feature(&self) -> Option<&Arc<Feature>> {
        match self {
            Self::Count => None,
            Self::Sum { feature }
            | Self::Mean { feature }
            | Self::Histogram { feature, .. }
            | Self::Quantiles { feature, .. } => Some(feature),
        }
    }

    /// The bins that persons are counted in; none where the number itself is added up, or there is none.
    #[must_use]
    pub const fn bins(&self) -> Option<&Bins> {
        match self {
            Self::Count | Self::Sum { .. } | Self::Mean { .. } => None,
            Self::Histogram { bins, .. } | Self::Quantiles { bins, .. } => Some(bins),
        }
    }
}

/// A public category that the answer is grouped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// What the labels are of.
    pub category: Category,
    /// Its labels: all of them, whatever the data.
    pub labels: Vec<Label>,
}

/// A public category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Category {
    /// A person has one of its values, or none.
    One(Arc<Feature>),
    /// A person has any number of its values, of which a stated number counts.
    Several(Arc<FeatureSet>),
}

impl Category {
    /// Its name, as in files.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::One(feature) => &feature.name,
            Self::Several(set) => &set.name,
        }
    }

    /// The features that it is made of, in the order of its labels.
    #[must_use]
    pub fn features(&self) -> &[Arc<Feature>] {
        match self {
            Self::One(feature) => std::slice::from_ref(feature),
            Self::Several(set) => &set.members,
        }
    }

    /// k: how many of its labels one person can be counted under.
    #[must_use]
    pub fn at_most(&self) -> u32 {
        match self {
            Self::One(_) => 1,
            Self::Several(set) => set.at_most,
        }
    }
}

/// A condition on one feature. A person without a value meets none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The feature.
    pub feature: Arc<Feature>,
    /// What is asked of it.
    pub test: Test,
}

/// What is asked of a feature's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Test {
    /// A number from one bound to another, both included and within the feature's clamp.
    Range {
        /// The least.
        from: i64,
        /// The greatest.
        to: i64,
    },
    /// One of these numbers, rising, within the clamp, at least two.
    Numbers(Vec<i64>),
    /// One of these labels, in the order of the catalogue, at least one.
    Labels(Vec<Label>),
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// Every node of the query's sector.
    All,
    /// These, in the order of their names.
    Listed(Vec<NodeId>),
}

/// What noise is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Privacy {
    /// How it is drawn.
    pub mechanism: Mechanism,
    /// What the answer may cost at each node; `None` leaves it to the node's policy.
    pub budget: Option<Budget>,
}

/// A query that has been checked. It comes out of [`Query::parse`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) sector: Sector,
    /// Whether only the file's `[nodes]` says which sector is meant.
    pub(crate) sector_is_stated: bool,
    pub(crate) by: Vec<Grouping>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) as_of: Date,
    pub(crate) privacy: Privacy,
    pub(crate) nodes: Nodes,
    pub(crate) catalogue: Digest,
}

impl Query {
    /// Its name, which names the result.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is worked out.
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The sector whose nodes are asked.
    #[must_use]
    pub const fn sector(&self) -> Sector {
        self.sector
    }

    /// The categories, in the catalogue's order.
    #[must_use]
    pub fn by(&self) -> &[Grouping] {
        &self.by
    }

    /// The conditions, which must all hold, in the catalogue's order.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// The reference date.
    #[must_use]
    pub const fn as_of(&self) -> Date {
        self.as_of
    }

    /// What noise is asked for.
    #[must_use]
    pub const fn privacy(&self) -> Privacy {
        self.privacy
    }

    /// Who is asked.
    #[must_use]
    pub const fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// The same query with another budget.
    #[must_use]
    pub const fn with_budget(mut self, budget: Budget) -> Self {
        self.privacy.budget = Some(budget);
        self
    }

    /// The digest of the catalogue that it was checked against.
    #[must_use]
    pub const fn catalogue(&self) -> Digest {
        self.catalogue
    }

    /// Every feature that it uses, each once: the number that it is about, then categories, then conditions.
    #[must_use]
    pub fn features(&self) -> Vec<&Arc<Feature>> {
        let by = self.by.iter().flat_map(|grouping| grouping.category.features());
        let conditions = self.conditions.iter().map(|condition| &condition.feature);
        let mut features: Vec<&Arc<Feature>> = Vec::new();
        for feature in self.kind.feature().into_iter().chain(by).chain(conditions) {
            if !features.iter().any(|other| other.name == feature.name) {
                features.push(feature);
            }
        }
        features
    }

    /// How many features persons are told apart by: categories, bins and conditions, each once. To select a group is
    /// to tell it from the rest.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        let binned = self.kind.bins().and(self.kind.feature()).map(|feature| feature.name.as_str());
        let by = self.by.iter().map(|grouping| grouping.category.name());
        let conditions = self.conditions.iter().map(|condition| condition.feature.name.as_str());
        let names: BTreeSet<&str> = binned.into_iter().chain(by).chain(conditions).collect();
        names.len()
    }

    /// How many groups of persons the answer tells apart: combinations of categories.
    #[must_use]
    pub fn groups_len(&self) -> usize {
        self.by.iter().map(|grouping| grouping.labels.len()).product()
    }

    /// How many cells are noised: those of [`Query::cells`].
    #[must_use]
    pub fn cells_len(&self) -> usize {
        self.groups_len() * self.kind.bins().map_or(1, Bins::len)
    }

    /// The keys of all cells, one label for each category of [`Query::by`] and, of a histogram and of what quantiles
    /// are read from, one for the bin: every combination in the catalogue's order, the last one fastest, those without
    /// anyone too. Without any it is one cell with no label.
    #[must_use]
    pub fn cells(&self) -> Vec<Vec<Label>> {
        let bins = self.kind.bins().map(Bins::labels);
        let labels = self.by.iter().map(|grouping| &grouping.labels).chain(&bins);
        let mut cells = vec![Vec::new()];
        for labels in labels {
            let extend = |cell: Vec<Label>| {
                labels.iter().map(move |label| {
                    let mut cell = cell.clone();
                    cell.push(label.clone());
                    cell
                })
            };
            cells = cells.into_iter().flat_map(extend).collect();
        }
        cells
    }

    /// k: the most cells that one person is in.
    #[must_use]
    pub fn cells_max(&self) -> u32 {
        let at_most = self.by.iter().map(|grouping| grouping.category.at_most());
        at_most.fold(1, u32::saturating_mul)
    }

    /// The cells that a node can have anyone in, as positions in [`Query::cells`]: a municipality has its own
    /// residents only, and need not add noise to the others' cells. It follows from the roster, not from data.
    #[must_use]
    pub fn cells_of(&self, party: &Party) -> Vec<usize> {
        let all = 0..self.cells_len();
        if party.sector == Sector::Region {
            return all.collect();
        }
        let is_elsewhere = |label: &Label| matches!(label, Label::Kommune(code) if *code != party.code);
        let cells = self.cells();
        all.filter(|index| !cells.get(*index).is_some_and(|cell| cell.iter().any(is_elsewhere))).collect()
    }

    /// Whether a member is asked: one of the sector, of those named, and not a municipality whose residents the
    /// conditions leave out.
    #[must_use]
    pub fn asks(&self, party: &Party) -> bool {
        let named = match &self.nodes {
            Nodes::All => true,
            Nodes::Listed(nodes) => nodes.contains(&party.id),
        };
        let lives_there = |condition: &Condition| match (&condition.feature.kind, &condition.test) {
            (FeatureKind::Municipality, Test::Labels(labels)) => labels.contains(&Label::Kommune(party.code)),
            _ => true,
        };
        let has_them = party.sector == Sector::Region || self.conditions.iter().all(lives_there);
        party.sector == self.sector && named && has_them
    }
}
