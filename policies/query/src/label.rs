//! The labels of public categories: what the keys of cells are made of.

use std::fmt;

use tvaers_definitions::feature::{Feature, Kind};

use crate::query::Category;

/// One value of a public category.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// A label of the catalogue, such as `65-69`.
    Text(String),
    /// The code of a member municipality.
    Kommune(u16),
    /// A flag.
    Flag(bool),
    /// A bin of whole numbers, both ends included.
    Bin {
        /// The least.
        from: i64,
        /// The greatest.
        to: i64,
    },
}

impl fmt::Display for Label {
    /// As it stands in results: a flag is `0` or `1`, a municipality its code, a bin `5-9`, `5` or `-5 to 4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(label) => f.write_str(label),
            Self::Kommune(code) => write!(f, "{code}"),
            Self::Flag(flag) => write!(f, "{}", u8::from(*flag)),
            Self::Bin { from, to } if from == to => write!(f, "{from}"),
            Self::Bin { from, to } if *from < 0 => write!(f, "{from} to {to}"),
            Self::Bin { from, to } => write!(f, "{from}-{to}"),
        }
    }
}

/// The labels of a category: those of its feature, or the flags of a set by name.
pub(crate) fn labels_of(category: &Category, kommuner: &[u16]) -> Option<Vec<Label>> {
    match category {
        Category::One(feature) => labels_of_feature(feature, kommuner),
        Category::Several(set) => {
            Some(set.members.iter().map(|member| Label::Text(member.name.clone())).collect())
        }
    }
}

/// The labels of a feature, in the catalogue's order; municipalities by code. `None` for a number, which is no
/// category: its values would be bins that nobody has stated.
pub(crate) fn labels_of_feature(feature: &Feature, kommuner: &[u16]) -> Option<Vec<Label>> {
    match &feature.kind {
        Kind::Flag => Some(vec![Label::Flag(false), Label::Flag(true)]),
        Kind::Category(labels) => Some(labels.iter().cloned().map(Label::Text).collect()),
        Kind::Municipality => Some(kommuner.iter().copied().map(Label::Kommune).collect()),
        Kind::Integer { .. } => None,
    }
}
