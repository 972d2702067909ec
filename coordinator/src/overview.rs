//! Who is connected and how they are: what `tvaers nodes` shows.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tvaers_protocol::id::{NodeId, Sector};
use tvaers_protocol::message::{NodeStatus, PolicyStatement, Status};
use tvaers_protocol::study::utc_date;

use crate::coordinator::Coordinator;
use crate::session;

/// One node of the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeLine {
    /// Its name.
    pub node: NodeId,
    /// Its sector.
    pub sector: Sector,
    /// Whether it holds key shares.
    pub holder: bool,
    /// Whether it is connected and answers.
    pub connected: bool,
    /// What it runs; empty where it does not answer.
    pub software: String,
    /// Whether its database is marked as made up.
    pub made_up: Option<bool>,
    /// The number of its newest import.
    pub import: Option<u32>,
    /// The day on which that import's files were taken from their source.
    pub extracted_on: Option<Date>,
    /// Rows that the import set aside.
    pub rejected_rows: Option<u64>,
    /// Its policy, and what is left of its budgets; none where it has none, or does not answer.
    pub policy: Option<PolicyStatement>,
    /// The last day of its certificate.
    pub certificate_to: Option<Date>,
}

/// Asks every node of the roster how it is.
pub(crate) async fn nodes(coordinator: &Coordinator) -> Vec<NodeLine> {
    let members = &coordinator.roster().roster().members;
    let asked = members.iter().map(|member| async move {
        let wait = coordinator.limits().status;
        let status: Option<NodeStatus> =
            session::ask_outside(coordinator, &member.id, &Status {}, wait).await.ok();
        let data = status.as_ref().and_then(|status| status.data.as_ref());
        NodeLine {
            node: member.id.clone(),
            sector: member.sector,
            holder: member.holder,
            connected: status.is_some(),
            software: status.as_ref().map(|status| status.software.to_string()).unwrap_or_default(),
            made_up: status.as_ref().map(|status| status.made_up),
            import: data.map(|data| data.import),
            extracted_on: data.map(|data| data.extracted_on),
            rejected_rows: data.map(|data| data.rejected_rows),
            policy: status.as_ref().and_then(|status| status.policy.clone()),
            certificate_to: status.as_ref().map(|status| utc_date(status.certificate_to)),
        }
    });
    futures_util::future::join_all(asked).await
}
