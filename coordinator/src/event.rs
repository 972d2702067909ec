//! How a long request tells the person who asked how it is getting on.

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tvaers_protocol::id::NodeId;

/// A part of a stratification that is timed. One that is begun anew, or is tried again, is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Agreement on the study, and its key.
    Keygen,
    /// Components from rows.
    Features,
    /// Pseudonyms from persons.
    Pseudonyms,
    /// The merge, with the hand-back streaming.
    Join,
    /// Noised tables; nothing where none are asked for.
    Release,
    /// Work lists.
    Handback,
    /// Nodes answer a query.
    Query,
}

impl Phase {
    /// The name in timings and lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keygen => "keygen",
            Self::Features => "features",
            Self::Pseudonyms => "pseudonyms",
            Self::Join => "join",
            Self::Release => "release",
            Self::Handback => "handback",
            Self::Query => "query",
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A phase begins.
    Begin(Phase),
    /// A phase has ended.
    End(Phase),
    /// A node has come so far, or is away.
    Progress {
        /// In which phase.
        phase: Phase,
        /// Which node.
        node: NodeId,
        /// How far, 0 to 100; 0 where it is not known.
        percent: u8,
        /// Whether the run waits for the node, which is away.
        away: bool,
    },
}

/// Where events go; whoever asked may have left.
#[derive(Clone, Debug)]
pub struct Events(mpsc::UnboundedSender<Event>);

impl Events {
    /// Events and their receiver.
    #[must_use]
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Event>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Runs a phase between its begin and its end; a phase that fails does not end.
    pub(crate) async fn phase<T, E>(
        &self,
        phase: Phase,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.tell(Event::Begin(phase));
        let result = work.await;
        if result.is_ok() {
            self.tell(Event::End(phase));
        }
        result
    }

    /// Tells how far a node is, in whole per cent: the number of a node's persons is not for the log or the screen.
    pub(crate) fn progress(&self, phase: Phase, node: &NodeId, done: u64, total: u64) {
        let percent = (done.saturating_mul(100)).checked_div(total).unwrap_or(100).min(100);
        let percent = u8::try_from(percent).unwrap_or(100);
        self.tell(Event::Progress { phase, node: node.clone(), percent, away: false });
    }

    /// Tells that the run waits for a node that is away.
    pub(crate) fn away(&self, phase: Phase, node: &NodeId) {
        self.tell(Event::Progress { phase, node: node.clone(), percent: 0, away: true });
    }

    fn tell(&self, event: Event) {
        // The receiver may be gone; the study goes on.
        let _ = self.0.send(event);
    }
}
