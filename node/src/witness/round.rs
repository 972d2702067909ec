//! One round: this node shows its ledger's head to its witnesses, and believes only what is signed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use rand::Rng as _;
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{Relay, Signed};
use tvaers_protocol::roster::Member;
use tvaers_protocol::witness::{AskWitness, Presentation, Standing, Witnessed};

use super::denied::{Behind, Denied};
use super::kept;
use super::quorum::Quorum;
use crate::ledger::LedgerError;
use crate::ledger::claim::Head;
use crate::node::Node;

/// For a witness to answer, the way there and back over the coordinator included.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Presentations to one witness in one round: one that learns what the witness remembers, one that goes on from it,
/// and a third where another presentation of this node's was still on its way.
const TRIES: usize = 3;

/// What is known of the witnesses from earlier rounds: it saves asking twice, and nothing rests on it.
#[derive(Default)]
pub(crate) struct Known {
    seen: BTreeMap<NodeId, Standing>,
    away: BTreeSet<NodeId>,
}

/// Why one witness did not sign.
#[derive(Debug, thiserror::Error)]
enum Unsigned {
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error("there is no connection to the coordinator")]
    Unconnected,
    #[error("its testimony bears no signature of its own over what was shown")]
    Signature,
    #[error("it says to have seen what this node's key did not sign")]
    Unproven,
    #[error("it keeps remembering something else")]
    Unsettled,
    #[error("this node is behind")]
    Behind(Behind),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Kept(#[from] kept::KeptError),
}

/// Asks as many witnesses as must sign, and another for each that does not. Gives the entries that are witnessed now.
pub(crate) async fn ask(node: &Node, quorum: &Quorum<'_>, known: &mut Known) -> Result<u64, Denied> {
    let shows = standing(node).await?;
    let mut order: Vec<&Member> = quorum.pool.clone();
    order.sort_by_key(|member| known.away.contains(&member.id));
    let mut waiting = order.into_iter();
    let mut asked = FuturesUnordered::new();
    let seen = known.seen.clone();
    let one = |member| present(node, member, shows, seen.get(&member.id).copied().unwrap_or(Standing::NONE));
    asked.extend(waiting.by_ref().take(quorum.least).map(one));
    let (mut signed, mut why, mut behind) = (0, Vec::new(), None);
    while let Some((member, result)) = asked.next().await {
        match result {
            Ok(()) => {
                known.seen.insert(member.id.clone(), shows);
                known.away.remove(&member.id);
                signed += 1;
            }
            // One proof is enough; the others are asked as well, so that all that is lost is noted.
            Err(Unsigned::Behind(proved)) => {
                behind = behind.or(Some(proved));
                asked.extend(waiting.by_ref().map(one));
            }
            Err(Unsigned::Ledger(error)) => return Err(Denied::internal(error)),
            Err(error) => {
                known.away.insert(member.id.clone());
                why.push(format!("`{}`: {error}", member.id));
                asked.extend(waiting.next().map(one));
            }
        }
        if signed >= quorum.least && behind.is_none() {
            return Ok(shows.entries);
        }
    }
    if let Some(behind) = behind {
        return Err(Denied::Behind(behind));
    }
    let least = quorum.least;
    if quorum.pool.len() < least {
        why.push("the federation has too few members".to_owned());
    }
    Err(Denied::Few { least, signed, why: why.join("; ") })
}

/// What this node shows: its ledger as it is now, and the highest version of its policy that was in force. That stays
/// while a policy is withdrawn, and with a laboratory's, which counts no versions.
async fn standing(node: &Node) -> Result<Standing, Denied> {
    let (head, life) = node.ledger().standing().await.map_err(Denied::internal)?;
    let seen = node.state().policy_seen().await.map_err(Denied::internal)?;
    let uncounted = || (0, node.policy().map_or(Digest::NONE, |policy| policy.digest()));
    let (policy_version, policy) = seen.unwrap_or_else(uncounted);
    Ok(Standing { entries: head.entries, head: head.digest, life: life.get(), policy_version, policy })
}

async fn present<'a>(
    node: &Node,
    member: &'a Member,
    shows: Standing,
    seen: Standing,
) -> (&'a Member, Result<(), Unsigned>) {
    (member, settle(node, member, shows, seen).await)
}

/// Shows one witness the standing until it remembers it. From what the witness remembers instead the node goes on only
/// where its own ledger contains it.
async fn settle(node: &Node, member: &Member, shows: Standing, mut seen: Standing) -> Result<(), Unsigned> {
    let mut recovers = false;
    for _ in 0..TRIES {
        let presentation = sign(node, member, seen, shows, recovers);
        let of = presentation.presentation_digest();
        let answer = exchange(node, member, presentation).await?;
        let said = answer.testimony.said(of, &member.signing).map_err(|_| Unsigned::Signature)?;
        if said.witness != member.id {
            return Err(Unsigned::Signature);
        }
        if said.kept {
            return Ok(());
        }
        (seen, recovers) = match &said.remembers {
            None => {
                if seen != Standing::NONE {
                    tracing::warn!(node.id = %member.id, "a witness has lost what it remembered of this node");
                }
                (Standing::NONE, false)
            }
            Some(before) => (before.content.shows, judge(node, member, &shows, before).await?),
        };
    }
    Err(Unsigned::Unsettled)
}

/// Whether what a witness remembers is part of this ledger; gives whether it is so only because a charge makes up for
/// it. What is not must be proved by this node's own signature.
async fn judge(
    node: &Node,
    member: &Member,
    shows: &Standing,
    before: &Signed<Presentation>,
) -> Result<bool, Unsigned> {
    let saw = &before.content.shows;
    let head = Head { entries: saw.entries, digest: saw.head };
    let contained = node.ledger().contains(&head).await?;
    let recovers = !contained && node.ledger().makes_up_for(&head).await?;
    let version = shows.policy_version;
    let policy = saw.policy_version < version
        || (saw.policy_version == version && (version == 0 || saw.policy == shows.policy));
    if (contained || recovers) && policy {
        return Ok(recovers);
    }
    let own = node.signing().verifying_key();
    let (of, to) = (&before.content.node, &before.content.witness);
    if *of != node.config().id || *to != member.id || before.shown(&own).is_err() {
        return Err(Unsigned::Unproven);
    }
    let witness = member.id.clone();
    if contained || recovers {
        return Err(Unsigned::Behind(Behind::Policy { witness, seen: saw.policy_version, version }));
    }
    kept::note_lost(&node.state().pool(), before, node.clock().now()).await?;
    let entries = node.ledger().head().await?.entries;
    Err(Unsigned::Behind(Behind::Ledger { witness, seen: saw.entries, entries }))
}

fn sign(
    node: &Node,
    member: &Member,
    seen: Standing,
    shows: Standing,
    recovers: bool,
) -> Signed<Presentation> {
    let mut nonce = [0; 32];
    node.rng().fill_bytes(&mut nonce);
    let presentation = Presentation {
        node: node.config().id.clone(),
        witness: member.id.clone(),
        nonce: Digest(nonce),
        time: node.clock().now(),
        seen,
        shows,
        recovers,
    };
    Signed::presentation(presentation, node.signing())
}

async fn exchange(
    node: &Node,
    member: &Member,
    presentation: Signed<Presentation>,
) -> Result<Witnessed, Unsigned> {
    let link = node.link().map_err(|_| Unsigned::Unconnected)?;
    let mut exchange = Exchange::open(&*link, node.roster().digest(), Digest::NONE).await?;
    exchange.send(&Relay { to: member.id.clone() }, ANSWER_TIME).await?;
    exchange.send(&AskWitness { presentation }, ANSWER_TIME).await?;
    exchange.finish().await?;
    Ok(exchange.receive(ANSWER_TIME).await?)
}
