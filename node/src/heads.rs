//! Heads of this node's audit log: signed, written to the log, and shown to the coordinator and to other nodes, who sign
//! that they saw them. So nobody can rewrite the log alone, and a log that is not the one that others saw is found out.
//!
//! In reading order: here, when a head is signed and who is shown it; [`show`] one of them; [`lost`] what one of them saw
//! and the log lacks. [`see`] is the other side, and `tvaers_seer` its memory.
//!
//! A seer that is away keeps no answer back, unlike a witness of the ledger: what it would have seen it sees later.

pub(crate) mod lost;
pub(crate) mod see;
mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::SignedDuration;
use tokio::sync::{Mutex, Notify};
use tvaers_protocol::audit::{Countersignature, LogHead, Seer};
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::Signed;
use tvaers_protocol::study::utc_date;

use crate::audit::AuditError;
use crate::audit::event::{Event, HeadCountersigned};
use crate::audit::lookup::Found;
use crate::node::Node;
use crate::witness::quorum::Quorum;
use show::Unseen;

/// From one head to the next, at most.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Entries from one head to the next, about, at most.
const ENTRIES: u64 = 1_000;

/// Between looks whether a head is due, or somebody has yet to be shown the last one.
const LOOK_TIME: Duration = Duration::from_secs(60);

/// For others to be shown a head by a node that stops: a few round trips. Where all stop, nobody answers.
const LAST_TIME: Duration = Duration::from_secs(1);

/// Entries whose digest is remembered, so that the log is not read for them.
const KNOWN: usize = 64;

/// What this process knows of the heads that others saw.
pub(crate) struct Heads {
    /// Held while a head is signed and shown.
    round: Mutex<Round>,
    log: Mutex<Log>,
    /// The entry with which the next head is due.
    due: AtomicU64,
    grown: Notify,
}

#[derive(Default)]
struct Round {
    last: Option<Signed<LogHead>>,
    /// Who has yet to countersign the last head.
    missing: BTreeSet<Seer>,
    /// The digests of the signed heads that others are believed to remember. It saves asking twice, and nothing rests on it.
    seen: BTreeMap<Seer, Digest>,
}

/// What is known of the log's entries without reading it.
#[derive(Default)]
struct Log {
    digests: BTreeMap<u64, Digest>,
}

impl Heads {
    pub(crate) fn new() -> Self {
        Self {
            round: Mutex::default(),
            log: Mutex::default(),
            due: AtomicU64::new(u64::MAX),
            grown: Notify::new(),
        }
    }

    /// Says how many entries the log has now.
    pub(crate) fn grown(&self, entries: u64) {
        if entries >= self.due.load(Ordering::Acquire) {
            self.grown.notify_one();
        }
    }

    /// Whether the log contains a head.
    async fn contains(&self, node: &Node, head: &LogHead) -> Result<bool, AuditError> {
        let mut log = self.log.lock().await;
        if node.audit().log() != Some(head.log) {
            return Ok(false);
        }
        Ok(match log.find(node, head.entries).await? {
            Found::Digest(digest) => digest == head.head,
            Found::None => false,
            // Deleted since, as the log itself says: of the same log nothing speaks against it.
            Found::Before => head.entries > 0,
        })
    }
}

impl Log {
    async fn find(&mut self, node: &Node, entry: u64) -> Result<Found, AuditError> {
        if let Some(digest) = self.digests.get(&entry) {
            return Ok(Found::Digest(*digest));
        }
        let audit = node.audit().clone();
        let read = tokio::task::spawn_blocking(move || audit.find(entry)).await;
        let found = read.map_err(|_| AuditError::Interrupted)??;
        if let Found::Digest(digest) = found {
            self.knows(entry, digest);
        }
        Ok(found)
    }

    fn knows(&mut self, entry: u64, digest: Digest) {
        self.digests.insert(entry, digest);
        if self.digests.len() > KNOWN {
            self.digests.pop_first();
        }
    }
}

/// Signs and shows heads as they become due, for as long as the node serves.
pub(crate) async fn keep(node: &Node) {
    let mut turn = tokio::time::interval(LOOK_TIME);
    loop {
        tokio::select! {
            _ = turn.tick() => {}
            () = node.heads().grown.notified() => {}
        }
        look(node).await;
    }
}

/// Signs and shows a head if one is due, or shows the last one to those who have yet to see it.
pub(crate) async fn look(node: &Node) {
    let mut round = node.heads().round.lock().await;
    if is_due(node, round.last.as_ref()) {
        tell_missing(&round);
        sign_and_show(node, &mut round).await;
    } else {
        show_to_missing(node, &mut round).await;
    }
}

/// Signs and shows a head at a new connection.
pub(crate) async fn connected(node: &Node) {
    sign_and_show(node, &mut *node.heads().round.lock().await).await;
}

/// Signs and shows the last head of a node that stops.
pub(crate) async fn last(node: &Node) {
    if tokio::time::timeout(LAST_TIME, connected(node)).await.is_err() {
        tracing::info!("not everybody could be shown the last head of the audit log in time");
    }
}

/// Who has yet to countersign the newest head.
pub(crate) async fn missing(node: &Node) -> Vec<Seer> {
    node.heads().round.lock().await.missing.iter().cloned().collect()
}

fn is_due(node: &Node, last: Option<&Signed<LogHead>>) -> bool {
    let Some(last) = last else { return true };
    let since = node.clock().now().duration_since(last.content.time);
    // A clock that was set back must not put the next head off.
    since.abs() >= HOUR || node.audit().head().entries >= node.heads().due.load(Ordering::Acquire)
}

async fn sign_and_show(node: &Node, round: &mut Round) {
    if node.witnesses().stands().is_err() {
        return;
    }
    match sign(node).await {
        Ok(head) => {
            round.missing = seers(node);
            round.last = Some(head);
            show_to_missing(node, round).await;
        }
        Err(error) => tracing::error!(error = %error, "the head of the audit log could not be signed"),
    }
}

/// The coordinator, and the nodes that would witness the ledger if the policy wanted one to, whether or not it does.
fn seers(node: &Node) -> BTreeSet<Seer> {
    let roster = node.roster().roster();
    let wanted = node.policy().map_or(0, |policy| policy.policy().witnesses(roster.members.len()));
    let today = utc_date(node.clock().now());
    let quorum = Quorum::of(&node.config().id, roster.members_on(today), wanted.max(1));
    let witnesses = quorum.pool.iter().map(|member| Seer::Witness(member.id.clone()));
    witnesses.chain([Seer::Coordinator]).collect()
}

/// Signs the head of the log as it is now. It is in the log before anybody sees it.
async fn sign(node: &Node) -> Result<Signed<LogHead>, AuditError> {
    let mut log = node.heads().log.lock().await;
    let (head, now) = (node.audit().head(), node.clock().now());
    let content = LogHead {
        node: node.config().id.clone(),
        log: node.audit().log().unwrap_or(Digest::NONE),
        entries: head.entries,
        head: head.digest,
        time: now,
    };
    let signed = Signed::log_head(content, node.signing());
    node.audit().record(now, vec![Event::HeadSigned(signed.clone())]).await?;
    log.knows(head.entries, head.digest);
    node.heads().due.store(head.entries.saturating_add(ENTRIES), Ordering::Release);
    Ok(signed)
}

async fn show_to_missing(node: &Node, round: &mut Round) {
    let Some(head) = &round.last else { return };
    if round.missing.is_empty() || node.link().is_err() || node.witnesses().stands().is_err() {
        return;
    }
    let seen = round.seen.clone();
    let one = |seer: Seer| {
        let seen = seen.get(&seer).copied().unwrap_or(Digest::NONE);
        async move {
            let word = show::show(node, &seer, head, seen).await;
            (seer, word)
        }
    };
    let mut asked: FuturesUnordered<_> = round.missing.clone().into_iter().map(one).collect();
    let mut behind = None;
    while let Some((seer, word)) = asked.next().await {
        match word {
            // Where it cannot be written they are asked again, and give the same word.
            Ok(by) => match write(node, head, by).await {
                Ok(()) => {
                    round.missing.remove(&seer);
                    round.seen.insert(seer, head.log_head_digest());
                }
                Err(error) => {
                    tracing::error!(error = %error, "a countersignature of the audit log could not be written");
                }
            },
            // One proof is enough; the others are waited for, so that all that is lost is noted.
            Err(Unseen::Behind(proved)) => behind = behind.or(Some(proved)),
            Err(error) => {
                tracing::info!(seer = %seer, reason = %error, "the head of the audit log is not countersigned yet");
            }
        }
    }
    if let Some(behind) = behind {
        node.witnesses().found(behind);
    }
}

/// Writes what somebody saw to the log.
async fn write(node: &Node, head: &Signed<LogHead>, by: Signed<Countersignature>) -> Result<(), AuditError> {
    let seen = HeadCountersigned { head: head.clone(), by };
    node.audit().record(node.clock().now(), vec![Event::HeadCountersigned(Box::new(seen))]).await.map(drop)
}

/// Tells of those who did not countersign the last head before the next was due.
fn tell_missing(round: &Round) {
    for seer in &round.missing {
        tracing::warn!(seer = %seer, "the last head of the audit log was not countersigned");
    }
}
