//! The commitment to this node's persons: made once they are fixed, before the first of them is evaluated, and sent with
//! every batch.

use tvaers_protocol::limit;
use tvaers_protocol::merkle::Tree;
use tvaers_protocol::message::Signed;
use tvaers_protocol::population::Commitment;
use tvaers_pseudonym::opening::entries;

use crate::node::Node;
use crate::study::Study;
use crate::work::{Work, WorkError};

/// Commits to the persons whom a study evaluates, in their order and under the blinds of the study's seed. A
/// batch of them is held at a time.
pub(crate) async fn commit(
    node: &Node,
    study: &Study,
    work: &Work,
    persons: u32,
) -> Result<Signed<Commitment>, WorkError> {
    let seed = study.seed().await.map_err(|_| WorkError::Inconsistent("seed"))?;
    let (mut tree, mut last) = (Tree::default(), 0);
    for sequence in 0.. {
        let batch = work.evaluated_after(last, limit::BATCH_PERSONS).await?;
        if batch.is_empty() {
            break;
        }
        last += batch.len() as u64;
        let seed = std::sync::Arc::clone(&seed);
        let hashed = move || {
            let persons: Vec<_> = batch.into_iter().map(|(_, person)| person).collect();
            entries(&seed, sequence, &persons).into_iter().for_each(|entry| tree.push(entry));
            tree
        };
        tree = tokio::task::spawn_blocking(hashed).await.map_err(|_| WorkError::Interrupted)?;
    }
    if tree.leaves() != u64::from(persons) {
        return Err(WorkError::Inconsistent("component"));
    }
    let content = Commitment { node: node.config().id.clone(), persons, root: tree.root() };
    Ok(Signed::population(content, study.digest, node.signing()))
}
