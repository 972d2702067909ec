//! A serving coordinator: nodes come in over QUIC, clients over the control socket.

use std::collections::BTreeMap;
use std::sync::Arc;

use tvaers_link::link::Link;
use tvaers_link::quic::Listener;
use tvaers_protocol::id::{Digest, NodeId};

use crate::coordinator::Coordinator;

impl Coordinator {
    /// Which certificate key belongs to which node.
    #[must_use]
    pub fn pins(&self) -> BTreeMap<Digest, NodeId> {
        self.roster().roster().members.iter().map(|member| (member.spki, member.id.clone())).collect()
    }
}

/// Takes nodes in until the listener ends; each refusal is one line of log.
pub async fn listen(coordinator: &Arc<Coordinator>, listener: &mut Listener) {
    while let Some(accepted) = listener.accept().await {
        match accepted {
            Ok(link) => {
                let (coordinator, link) = (Arc::clone(coordinator), Arc::new(link) as Arc<dyn Link>);
                tokio::spawn(async move { coordinator.attend(link).await });
            }
            Err(refusal) => tracing::warn!(error = %refusal, "turned a connection away"),
        }
    }
}
