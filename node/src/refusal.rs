//! Why a node refuses a request: the code for the peer, which says nothing about data, and the reason for the log.

use std::error::Error;

use tvaers_protocol::id::NodeId;
use tvaers_protocol::reject::RejectCode;

/// A refused request.
#[derive(Debug, thiserror::Error)]
#[error("{code}")]
pub(crate) struct Refusal {
    /// What the peer is told.
    pub(crate) code: RejectCode,
    /// The key holder from whom came what is refused, where it was another's: the coordinator is told.
    pub(crate) holder: Option<NodeId>,
    /// What the log tells.
    #[source]
    pub(crate) reason: Option<Box<dyn Error + Send + Sync>>,
}

impl Refusal {
    /// A refusal whose code says it all.
    #[must_use]
    pub(crate) const fn new(code: RejectCode) -> Self {
        Self { code, holder: None, reason: None }
    }

    /// A refusal with its reason.
    pub(crate) fn because(code: RejectCode, reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { code, holder: None, reason: Some(reason.into()) }
    }

    /// The same, laid at a holder's door.
    #[must_use]
    pub(crate) fn of_holder(self, holder: &NodeId) -> Self {
        Self { holder: Some(holder.clone()), ..self }
    }

    /// A failure of this node's own.
    pub(crate) fn internal(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::because(RejectCode::Internal, reason)
    }

    /// The reason with its causes, for one line of log.
    #[must_use]
    pub(crate) fn chain(&self) -> String {
        let mut text = String::new();
        let mut cause: Option<&(dyn Error + 'static)> = self.reason.as_ref().map(|reason| &**reason as _);
        while let Some(error) = cause {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}
