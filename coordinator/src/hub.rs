//! Which nodes are connected. One link a node: a new one takes the place of the old.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tvaers_link::link::{CloseCode, Link};
use tvaers_protocol::id::NodeId;

/// The connected nodes.
#[derive(Debug)]
pub(crate) struct Hub {
    links: watch::Sender<BTreeMap<NodeId, Arc<dyn Link>>>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self { links: watch::Sender::new(BTreeMap::new()) }
    }

    /// Takes a node's link in.
    pub(crate) fn join(&self, node: NodeId, link: Arc<dyn Link>) {
        let mut before = None;
        self.links.send_modify(|links| before = links.insert(node, link));
        if let Some(before) = before {
            before.close(CloseCode::Goodbye);
        }
    }

    /// Forgets a link, unless a newer one of the same node has taken its place.
    pub(crate) fn leave(&self, node: &NodeId, link: &Arc<dyn Link>) {
        self.links.send_if_modified(|links| {
            let same = links.get(node).is_some_and(|current| Arc::ptr_eq(current, link));
            if same {
                links.remove(node);
            }
            same
        });
    }

    /// The link of a node, where it is connected.
    pub(crate) fn link(&self, node: &NodeId) -> Option<Arc<dyn Link>> {
        self.links.borrow().get(node).cloned()
    }

    /// Waits until all these nodes are connected; gives those that are not after `wait`.
    pub(crate) async fn missing_after(&self, nodes: &[NodeId], wait: Duration) -> Vec<NodeId> {
        let mut links = self.links.subscribe();
        let all = links.wait_for(|links| nodes.iter().all(|node| links.contains_key(node)));
        // The sender lives as long as this hub, so the wait ends by success or by time.
        let _ = tokio::time::timeout(wait, all).await;
        let links = self.links.borrow();
        nodes.iter().filter(|node| !links.contains_key(*node)).cloned().collect()
    }
}
