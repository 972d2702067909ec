//! The k-way merge of the nodes' contributions: one decoded frame a node is held, never a table.

use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::StreamTotal;
use tvaers_protocol::record::Contribution;

use crate::failure::Failure;
use crate::stream::{ContributionRecords, Inlet};

/// Merges sorted streams into groups of one pseudonym.
pub(crate) struct Merge {
    sources: Vec<Inlet<ContributionRecords>>,
    heads: Vec<Option<Contribution>>,
}

impl Merge {
    /// Reads the first contribution of every stream.
    pub(crate) async fn begin(mut sources: Vec<Inlet<ContributionRecords>>) -> Result<Self, Failure> {
        let mut heads = Vec::with_capacity(sources.len());
        for source in &mut sources {
            heads.push(next_of(source).await?);
        }
        Ok(Self { sources, heads })
    }

    /// All contributions about the least pseudonym that is left, each with the index of its source; none at the end.
    pub(crate) async fn next(&mut self, group: &mut Vec<(usize, Contribution)>) -> Result<bool, Failure> {
        group.clear();
        let Some(least) = self.heads.iter().flatten().map(|head| head.pseudonym).min() else {
            return Ok(false);
        };
        for (index, (head, source)) in self.heads.iter_mut().zip(&mut self.sources).enumerate() {
            if head.as_ref().is_some_and(|head| head.pseudonym == least)
                && let Some(contribution) = std::mem::replace(head, next_of(source).await?)
            {
                group.push((index, contribution));
            }
        }
        Ok(true)
    }

    /// What each node has signed, at the end of all.
    pub(crate) fn totals(&self) -> impl Iterator<Item = (NodeId, StreamTotal)> {
        let total =
            |source: &Inlet<ContributionRecords>| Some((source.node().clone(), source.total()?.clone()));
        self.sources.iter().filter_map(total)
    }
}

async fn next_of(source: &mut Inlet<ContributionRecords>) -> Result<Option<Contribution>, Failure> {
    source.next().await.map_err(|fault| Failure::of_stream(source.node(), "contributions", &fault))
}
