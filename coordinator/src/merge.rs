//! The k-way merge of the nodes' contributions: one decoded frame a node is held, never a table.

use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::StreamTotal;
use tvaers_protocol::record::Contribution;
use tvaers_protocol::sign::Signature;

use crate::failure::Failure;
use crate::stream::{Contributed, ContributionRecords, Inlet};

/// Merges sorted streams into groups of one pseudonym.
pub(crate) struct Merge {
    sources: Vec<Inlet<ContributionRecords>>,
    heads: Vec<Option<Contributed>>,
    objections: Vec<(usize, Signature)>,
}

impl Merge {
    /// Reads the first contribution of every stream.
    pub(crate) async fn begin(mut sources: Vec<Inlet<ContributionRecords>>) -> Result<Self, Failure> {
        let mut heads = Vec::with_capacity(sources.len());
        for source in &mut sources {
            heads.push(next_of(source).await?);
        }
        Ok(Self { sources, heads, objections: Vec::new() })
    }

    /// All contributions about the least pseudonym that is left, each with the index of its source; none at the end.
    pub(crate) async fn next(&mut self, group: &mut Vec<(usize, Contribution)>) -> Result<bool, Failure> {
        group.clear();
        self.objections.clear();
        let Some(least) = self.heads.iter().flatten().map(|head| head.contribution.pseudonym).min() else {
            return Ok(false);
        };
        for (index, (head, source)) in self.heads.iter_mut().zip(&mut self.sources).enumerate() {
            if head.as_ref().is_some_and(|head| head.contribution.pseudonym == least)
                && let Some(Contributed { contribution, objection }) =
                    std::mem::replace(head, next_of(source).await?)
            {
                self.objections.extend(objection.map(|signature| (index, signature)));
                group.push((index, contribution));
            }
        }
        Ok(true)
    }

    /// Which sources say of the person whose group came last that they object, with their signatures; mostly none. Whoever
    /// objects is left out of everything.
    pub(crate) fn objections(&self) -> &[(usize, Signature)] {
        &self.objections
    }

    /// What each node has signed, at the end of all.
    pub(crate) fn totals(&self) -> impl Iterator<Item = (NodeId, StreamTotal)> {
        let total =
            |source: &Inlet<ContributionRecords>| Some((source.node().clone(), source.total()?.clone()));
        self.sources.iter().filter_map(total)
    }
}

async fn next_of(source: &mut Inlet<ContributionRecords>) -> Result<Option<Contributed>, Failure> {
    source.next().await.map_err(|fault| Failure::of_stream(source.node(), "contributions", &fault))
}
