//! A category of which a person can have several values: a list of flags, and how many of them count.

use std::sync::Arc;

use crate::feature::{Feature, Holder};

/// Flags that are told together, such as the problem areas of a person. Its labels are the names of the flags.
///
/// One person is in as many cells as has flags, so what one person can change grows with them; the bound keeps that
/// known. It is a rule about the person's own flags alone: who has more is counted under the first of them, in the
/// order of the set.
#[derive(Debug, PartialEq, Eq)]
pub struct FeatureSet {
    /// Its name, as in query files and results. No feature has it.
    pub name: String,
    /// The flags, each once and all held by the same sector, in the order in which they count.
    pub members: Vec<Arc<Feature>>,
    /// k: under how many of them one person is counted, at least 1.
    pub at_most: u32,
    /// What it is, in Danish.
    pub da: String,
    /// What it is, in English.
    pub en: String,
}

impl FeatureSet {
    /// The sectors whose nodes can work it out.
    #[must_use]
    pub fn holder(&self) -> Holder {
        // All members have the same, and there is one at least.
        self.members.first().map_or(Holder::Both, |member| member.holder)
    }

    /// Under which members a person is counted, given each member's value: the places of the first
    /// [`at_most`](Self::at_most) that hold.
    pub fn counted(&self, values: impl Iterator<Item = Option<i64>>) -> impl Iterator<Item = usize> {
        let holds = values.take(self.members.len()).enumerate().filter(|(_, value)| *value == Some(1));
        holds.map(|(place, _)| place).take(usize::try_from(self.at_most).unwrap_or(usize::MAX))
    }
}
