//! The labels of public categories: what the keys of cells are made of.

use std::fmt;

use tvaers_definitions::feature::{Feature, Kind};

/// One value of a public category.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// A label of the catalogue, such as `65-69`.
    Text(String),
    /// The code of a member municipality.
    Kommune(u16),
    /// A flag.
    Flag(bool),
}

impl fmt::Display for Label {
    /// As it stands in results: a flag is `0` or `1`, a municipality its code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(label) => f.write_str(label),
            Self::Kommune(code) => write!(f, "{code}"),
            Self::Flag(flag) => write!(f, "{}", u8::from(*flag)),
        }
    }
}

/// The labels of a feature, in the catalogue's order; municipalities by code. `None` for a number, which is no
/// category: its values would be bins that nobody has stated.
pub(crate) fn labels_of(feature: &Feature, kommuner: &[u16]) -> Option<Vec<Label>> {
    match &feature.kind {
        Kind::Flag => Some(vec![Label::Flag(false), Label::Flag(true)]),
        Kind::Category(labels) => Some(labels.iter().cloned().map(Label::Text).collect()),
        Kind::Municipality => Some(kommuner.iter().copied().map(Label::Kommune).collect()),
        Kind::Integer { .. } => None,
    }
}
