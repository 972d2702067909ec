//! Witnesses of this node's ledger: other nodes that sign its head before an answer leaves, and so notice a ledger that
//! is older than it was, or a second copy of it. Their word comes over the coordinator, who can delay it and not make
//! it.
//!
//! In reading order: [`quorum`] who and how many; [`denied`] why nothing leaves; [`round`] asking them; here, who waits
//! for which round. [`testify`] is the other side, and [`kept`] its memory.
//!
//! A witness protects an honest program from its disk and its operator's mistakes, and from whoever can put another
//! disk in. It does not protect from a program that was changed.

pub(crate) mod denied;
pub(crate) mod kept;
pub(crate) mod quorum;
pub(crate) mod round;
pub(crate) mod testify;

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, watch};
use tvaers_protocol::study::utc_date;

use crate::node::Node;
use crate::policy::keeper::Held;
use denied::{Behind, Denied};
use quorum::Quorum;
use round::Known;

/// What this process knows of its witnesses.
pub(crate) struct Witnesses {
    /// Held through a round: requests that come meanwhile share the next one.
    round: Mutex<Rounds>,
    /// How many rounds have begun.
    begun: AtomicU64,
    /// One more than the entries that enough witnesses have signed; 0 before the first round that went well.
    covered: AtomicU64,
    /// Set for good once a witness proves that this ledger or policy is behind, or a seer that the audit log is.
    behind: watch::Sender<Option<Behind>>,
}

#[derive(Default)]
struct Rounds {
    known: Known,
    /// The last round that failed, and how.
    failed: Option<(u64, Denied)>,
}

impl Witnesses {
    pub(crate) fn new() -> Self {
        Self {
            round: Mutex::default(),
            begun: AtomicU64::new(0),
            covered: AtomicU64::new(0),
            behind: watch::Sender::new(None),
        }
    }

    /// Refuses where a witness has shown that this node is behind: then it says nothing to anybody.
    pub(crate) fn stands(&self) -> Result<(), Denied> {
        self.behind.borrow().clone().map_or(Ok(()), |behind| Err(Denied::Behind(behind)))
    }

    /// Waits until a witness shows that this node is behind.
    pub(crate) async fn until_behind(&self) -> Behind {
        let mut behind = self.behind.subscribe();
        loop {
            if let Some(behind) = behind.borrow_and_update().clone() {
                return behind;
            }
            if behind.changed().await.is_err() {
                // The sender lives as long as the node.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Says that this node is behind: it answers nothing from now on.
    pub(crate) fn found(&self, behind: Behind) {
        tracing::error!(reason = %behind, "the node answers nothing any more");
        self.behind.send_replace(Some(behind));
    }

    fn covers(&self, entries: u64) -> bool {
        self.covered.load(Ordering::Acquire) > entries
    }
}

/// Who must witness this node's ledger; none where the policy wants nobody.
fn quorum<'n>(node: &'n Node, held: &Held) -> Option<Quorum<'n>> {
    let roster = node.roster().roster();
    let wanted = held.policy()?.policy().witnesses(roster.members.len());
    let today = utc_date(node.clock().now());
    (wanted > 0).then(|| Quorum::of(&node.config().id, roster.members_on(today), wanted))
}

/// Has the ledger as it is witnessed, if the policy wants that and it is not yet. Until it returns well nothing may
/// leave that was charged or stored before the call.
pub(crate) async fn cover(node: &Node, held: &Held) -> Result<(), Denied> {
    let witnesses = node.witnesses();
    witnesses.stands()?;
    let Some(quorum) = quorum(node, held) else { return Ok(()) };
    let entries = node.ledger().head().await.map_err(Denied::internal)?.entries;
    if witnesses.covers(entries) {
        return Ok(());
    }
    share(node, &quorum, Some(entries)).await
}

/// Has the witnesses asked once since the program started, before anything is charged: a ledger that is behind is not
/// written to.
pub(crate) async fn ready(node: &Node, held: &Held) -> Result<(), Denied> {
    node.witnesses().stands()?;
    let Some(quorum) = quorum(node, held) else { return Ok(()) };
    if node.witnesses().covers(0) {
        return Ok(());
    }
    share(node, &quorum, Some(0)).await
}

/// Asks the witnesses what they saw, whatever they have signed before: a new connection may reach others.
pub(crate) async fn ask_again(node: &Node) -> Result<(), Denied> {
    node.witnesses().stands()?;
    let Some(quorum) = quorum(node, &node.keeper().held()) else { return Ok(()) };
    share(node, &quorum, None).await
}

/// Waits for the round that is under way, and then for one that covers so many entries: this task's own, or that of
/// another that waited as well. What is charged while a round is under way is covered by the next.
async fn share(node: &Node, quorum: &Quorum<'_>, entries: Option<u64>) -> Result<(), Denied> {
    let witnesses = node.witnesses();
    let begun = witnesses.begun.load(Ordering::Acquire);
    let mut rounds = witnesses.round.lock().await;
    witnesses.stands()?;
    if entries.is_some_and(|entries| witnesses.covers(entries)) {
        return Ok(());
    }
    if let Some((_, denied)) = rounds.failed.as_ref().filter(|(number, _)| *number > begun) {
        return Err(denied.clone());
    }
    let number = witnesses.begun.fetch_add(1, Ordering::AcqRel) + 1;
    match round::ask(node, quorum, &mut rounds.known).await {
        Ok(entries) => {
            witnesses.covered.fetch_max(entries.saturating_add(1), Ordering::AcqRel);
            Ok(())
        }
        Err(denied) => {
            if let Denied::Behind(behind) = &denied {
                witnesses.found(behind.clone());
            }
            rounds.failed = Some((number, denied.clone()));
            Err(denied)
        }
    }
}
