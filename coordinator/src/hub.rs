//! Which nodes are connected. One link a node: a new one takes the place of the old.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;
use tvaers_link::link::{CloseCode, Link};
use tvaers_protocol::id::NodeId;

/// Where a node is.
#[derive(Clone, Debug)]
enum Presence {
    Here(Arc<dyn Link>),
    /// It was here until then.
    Left(Instant),
}

/// The connected nodes, and since when those are away that were here.
#[derive(Debug)]
pub(crate) struct Hub {
    nodes: watch::Sender<BTreeMap<NodeId, Presence>>,
}

/// Notices that a node has come or gone.
pub(crate) struct Changes(watch::Receiver<BTreeMap<NodeId, Presence>>);

/// A node that is not connected, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Absent {
    pub(crate) node: NodeId,
    pub(crate) since: Instant,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self { nodes: watch::Sender::new(BTreeMap::new()) }
    }

    /// Takes a node's link in.
    pub(crate) fn join(&self, node: NodeId, link: Arc<dyn Link>) {
        let mut before = None;
        self.nodes.send_modify(|nodes| before = nodes.insert(node, Presence::Here(link)));
        if let Some(Presence::Here(before)) = before {
            before.close(CloseCode::Goodbye);
        }
    }

    /// Forgets a link, unless a newer one of the same node has taken its place.
    pub(crate) fn leave(&self, node: &NodeId, link: &Arc<dyn Link>) {
        self.nodes.send_if_modified(|nodes| {
            let same = matches!(nodes.get(node), Some(Presence::Here(current)) if Arc::ptr_eq(current, link));
            if same {
                nodes.insert(node.clone(), Presence::Left(Instant::now()));
            }
            same
        });
    }

    /// The link of a node, where it is connected.
    pub(crate) fn link(&self, node: &NodeId) -> Option<Arc<dyn Link>> {
        match self.nodes.borrow().get(node) {
            Some(Presence::Here(link)) => Some(Arc::clone(link)),
            Some(Presence::Left(_)) | None => None,
        }
    }

    /// When a node went that was here and is not.
    pub(crate) fn left(&self, node: &NodeId) -> Option<Instant> {
        match self.nodes.borrow().get(node) {
            Some(Presence::Left(since)) => Some(*since),
            Some(Presence::Here(_)) | None => None,
        }
    }

    /// Waits until a node is connected, or until then; whether it is.
    pub(crate) async fn is_here_by(&self, node: &NodeId, until: Instant) -> bool {
        let mut nodes = self.nodes.subscribe();
        let here = nodes.wait_for(|nodes| matches!(nodes.get(node), Some(Presence::Here(_))));
        tokio::time::timeout_at(until, here).await.is_ok()
    }

    /// Which of these nodes are not connected. One that has not been here since `begin` is counted from then.
    pub(crate) fn absent(&self, nodes: &[NodeId], begin: Instant) -> Vec<Absent> {
        let known = self.nodes.borrow();
        let absent = |node: &NodeId| {
            let since = match known.get(node) {
                Some(Presence::Here(_)) => return None,
                Some(Presence::Left(since)) => begin.max(*since),
                None => begin,
            };
            Some(Absent { node: node.clone(), since })
        };
        nodes.iter().filter_map(absent).collect()
    }

    /// Notices what changes from now on.
    pub(crate) fn changes(&self) -> Changes {
        Changes(self.nodes.subscribe())
    }
}

impl Changes {
    /// Waits until a node comes or goes, or until then.
    pub(crate) async fn next_until(&mut self, until: Instant) {
        // The sender lives as long as the hub, so the wait ends by a change or by time.
        let _ = tokio::time::timeout_at(until, self.0.changed()).await;
    }
}
