//! A checked query: a count or a sum over persons, for each combination of public categories.
//!
//! Every person has one value and lies in at most one cell, so what one person can change follows from the clamp
//! alone ([`Query::contribution`]). All parts are resolved against the catalogue and in one order, so that two files
//! that ask the same are the same query.

use std::sync::Arc;

use jiff::civil::Date;
use tvaers_definitions::feature::{Feature, Kind as FeatureKind};
use tvaers_protocol::id::{Digest, NodeId, Sector};
use tvaers_protocol::roster::Member;

use crate::budget::{Budget, Mechanism};
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
}

impl Kind {
    /// Its name, as in files.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum { .. } => "sum",
        }
    }
}

/// A public category that the answer is grouped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// The feature.
    pub feature: Arc<Feature>,
    /// Its labels: all of them, whatever the data.
    pub labels: Vec<Label>,
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

/// What one person can put into an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// The most cells that one person is in.
    pub cells_max: u32,
    /// The least value of one person in a cell.
    pub from: i64,
    /// The greatest value of one person in a cell.
    pub to: i64,
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

    /// Every feature that it uses, each once: what is added up, then categories, then conditions.
    #[must_use]
    pub fn features(&self) -> Vec<&Arc<Feature>> {
        let sum = match &self.kind {
            Kind::Count => None,
            Kind::Sum { feature } => Some(feature),
        };
        let by = self.by.iter().map(|grouping| &grouping.feature);
        let conditions = self.conditions.iter().map(|condition| &condition.feature);
        let mut features: Vec<&Arc<Feature>> = Vec::new();
        for feature in sum.into_iter().chain(by).chain(conditions) {
            if !features.iter().any(|other| other.name == feature.name) {
                features.push(feature);
            }
        }
        features
    }

    /// How many features persons are told apart by: categories and conditions, each once. To select a group is to
    /// tell it from the rest.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        let of_condition = |name: &str| self.by.iter().any(|grouping| grouping.feature.name == name);
        let mut names: Vec<&str> = self.conditions.iter().map(|c| c.feature.name.as_str()).collect();
        names.dedup();
        names.retain(|name| !of_condition(name));
        self.by.len() + names.len()
    }

    /// How many cells the answer has.
    #[must_use]
    pub fn cells_len(&self) -> usize {
        self.by.iter().map(|grouping| grouping.labels.len()).product()
    }

    /// The keys of all cells, one label for each category of [`Query::by`]: every combination in the catalogue's
    /// order, the last category fastest, those without anyone too. Without a category it is one cell with no label.
    #[must_use]
    pub fn cells(&self) -> Vec<Vec<Label>> {
        let mut cells = vec![Vec::new()];
        for grouping in &self.by {
            let extend = |cell: Vec<Label>| {
                grouping.labels.iter().map(move |label| {
                    let mut cell = cell.clone();
                    cell.push(label.clone());
                    cell
                })
            };
            cells = cells.into_iter().flat_map(extend).collect();
        }
        cells
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

    /// What one person can put into the answer: the sensitivity follows from it.
    #[must_use]
    pub fn contribution(&self) -> Contribution {
        let (from, to) = match &self.kind {
            Kind::Count => (0, 1),
            Kind::Sum { feature } => match feature.kind {
                // One who has no value adds 0, which may lie outside the clamp.
                FeatureKind::Integer { from, to, missing: true } => (from.min(0), to.max(0)),
                FeatureKind::Integer { from, to, missing: false } => (from, to),
                _ => (0, 1),
            },
        };
        Contribution { cells_max: 1, from, to }
    }
}
