//! What nodes replied, put together: a result for each answer that any of them gave, and who took part in it.

use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::Problem;
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_release::error::ReleaseError;

use super::ask::Reply;
use crate::answer::{self, Answer, Combiner, Coverage, Received, Refused};

/// The replies of all nodes that were asked.
pub(super) struct Replies<'r> {
    roster: &'r VerifiedRoster,
    asked: Vec<NodeId>,
    answers: Vec<(NodeId, Vec<Received>)>,
    refused: Vec<Refused>,
    missing: Vec<NodeId>,
    failed: Vec<Problem>,
}

impl<'r> Replies<'r> {
    /// Of these nodes, each with its reply.
    pub(super) fn of(roster: &'r VerifiedRoster, replies: impl IntoIterator<Item = (NodeId, Reply)>) -> Self {
        let (asked, answers, refused) = (Vec::new(), Vec::new(), Vec::new());
        let mut all = Self { roster, asked, answers, refused, missing: Vec::new(), failed: Vec::new() };
        for (node, reply) in replies {
            all.asked.push(node.clone());
            match reply {
                Reply::Missing => all.missing.push(node),
                Reply::Failed(problem) => {
                    tracing::warn!(node.id = %node, code = problem.code, reason = problem.what, "a node failed at a query");
                    all.missing.push(node);
                    all.failed.push(problem);
                }
                Reply::Answers { answers, refused } => {
                    if !refused.is_empty() {
                        all.refused.push(Refused { node: node.clone(), rules: refused });
                    }
                    all.answers.push((node, answers));
                }
            }
        }
        all
    }

    /// How many results there are: as many as the node has answers that has most.
    pub(super) fn results_len(&self) -> usize {
        self.answers.iter().map(|(_, answers)| answers.len()).max().unwrap_or(0)
    }

    /// One of the results.
    ///
    /// # Errors
    /// [`ReleaseError`] where values do not add up.
    pub(super) fn result(&self, combiner: &mut Combiner<'_>, index: usize) -> Result<Answer, ReleaseError> {
        let answers: Vec<&Received> =
            self.answers.iter().filter_map(|(_, answers)| answers.get(index)).collect();
        combiner.combine(self.coverage(index), &answers)
    }

    /// Who took part in the answer of this index.
    pub(super) fn coverage(&self, index: usize) -> Coverage {
        let has = |(node, answers): &(NodeId, Vec<Received>)| (answers.len() > index).then(|| node.clone());
        let answered: Vec<NodeId> = self.answers.iter().filter_map(has).collect();
        let refused = self.refused.iter().filter(|refused| !answered.contains(&refused.node)).cloned();
        Coverage {
            asked: self.asked.clone(),
            population_share: answer::share(self.roster, &self.asked, &answered),
            refused: refused.collect(),
            answered,
            missing: self.missing.clone(),
        }
    }

    /// What went wrong at nodes that are counted as missing although they are connected.
    pub(super) fn into_failed(self) -> Vec<Problem> {
        self.failed
    }
}
