//! Streams of earlier runs, sent again: refused, or answered as whoever asks may be, and nothing changes.

use anyhow::{Context as _, bail};
use rand::rngs::ChaCha8Rng;
use rand::seq::IteratorRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tvaers_link::link::Link;
use tvaers_protocol::frame::Kind;

use super::{SOON, World, id, wait};
use crate::simulation::tap::Recorded;

/// Streams that are kept to be sent again.
const KEPT: usize = 300;

/// Streams that are sent again in one step.
const AGAIN: usize = 4;

impl World {
    pub(super) fn keep(&mut self, recorded: Vec<Recorded>) {
        let is_answer = |kind| matches!(kind, Kind::Evaluated | Kind::Countersigned | Kind::Reject);
        let is_question =
            |recorded: &Recorded| recorded.frames.first().is_some_and(|frame| !is_answer(frame.kind()));
        self.kept.extend(recorded.into_iter().filter(is_question));
        let surplus = self.kept.len().saturating_sub(KEPT);
        self.kept.drain(..surplus);
    }

    /// Sends a node what it was sent in an earlier run.
    pub(super) async fn replay(&mut self, node: &str, seed: u64) -> anyhow::Result<()> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let node = id(node)?;
        let of_node = self.kept.iter().filter(|recorded| recorded.node == node);
        let mut chosen: Vec<Recorded> = of_node.cloned().sample(&mut rng, AGAIN);
        for recorded in &mut chosen {
            // Now and then only its end.
            if rng.random_range(0..4) == 0 {
                recorded.frames.drain(..recorded.frames.len() - 1);
            }
            let link = self.federation.link_to(&node).context("a node that is up has no link")?;
            let asked = recorded.frames.first().context("a stream without frames")?.kind();
            let answers = wait(&mut self.time, send_again(&*link, recorded)).await?;
            for answer in answers {
                let may = match answer {
                    Kind::Reject => true,
                    Kind::Prepared => asked == Kind::Prepare,
                    Kind::Closed => asked == Kind::Close,
                    Kind::NodeStatus => asked == Kind::Status,
                    Kind::Countersigned => asked == Kind::AskCountersign,
                    _ => false,
                };
                if !may {
                    bail!("{node} answers a replayed `{asked}` with `{answer}`");
                }
            }
            self.report.replayed += 1;
        }
        Ok(())
    }
}

async fn send_again(link: &dyn Link, recorded: &Recorded) -> Vec<Kind> {
    let mut answers = Vec::new();
    let Ok(stream) = link.open().await else { return answers };
    let (mut sender, mut receiver) = stream.split();
    for frame in &recorded.frames {
        // It may be refused before its end.
        if sender.send(frame, SOON).await.is_err() {
            break;
        }
    }
    let _ = sender.finish().await;
    while let Ok(Some(frame)) = receiver.recv(SOON).await {
        answers.push(frame.kind());
    }
    answers
}
