//! Holders that were passed a batch and gave no answer, though they are connected, as the relay saw it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tvaers_protocol::id::{Digest, NodeId};

/// When each holder was last silent, in the study of which that was last seen.
#[derive(Debug, Default)]
pub(crate) struct Silences(Mutex<BTreeMap<(Digest, NodeId), Instant>>);

impl Silences {
    fn inside(&self) -> MutexGuard<'_, BTreeMap<(Digest, NodeId), Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a silence that ends now. One study runs at a time, so those of others are forgotten.
    pub(crate) fn note(&self, study: Digest, holder: &NodeId) {
        let mut inside = self.inside();
        inside.retain(|(other, _), _| *other == study);
        inside.insert((study, holder.clone()), Instant::now());
    }

    /// A holder that has been silent in this study since then.
    pub(crate) fn since(&self, study: Digest, begun: Instant) -> Option<NodeId> {
        let inside = self.inside();
        let silent = |((of, _), when): &(&(Digest, NodeId), &Instant)| *of == study && **when >= begun;
        inside.iter().find(silent).map(|((_, holder), _)| holder.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::node;

    #[tokio::test(start_paused = true)]
    async fn a_silence_counts_in_its_own_study_and_for_those_who_had_begun_before() {
        let (silences, study, other) = (Silences::default(), Digest([1; 32]), Digest([2; 32]));
        let before = Instant::now();
        tokio::time::advance(Duration::from_secs(1)).await;
        silences.note(study, &node("k376"));
        assert_eq!(silences.since(study, before), Some(node("k376")));
        assert_eq!(silences.since(other, before), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(silences.since(study, Instant::now()), None, "it may be at work again");
        silences.note(other, &node("k360"));
        assert_eq!(silences.since(study, before), None, "that study has ended");
    }
}
