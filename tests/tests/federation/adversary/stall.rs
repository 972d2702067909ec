//! A holder that is connected and stalls, wherever it may, or ends its streams without a word: the study is closed, and another one is drafted without it,
//! under a key that shares nothing with the old one, so that no count has to be carried over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tvaers_coordinator::limits::Limits;
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_link::memory::{Direction, Fate, Interceptor, Passage};
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{Evaluate, Evaluated, KeyConfirmation, KeyPin, Propose};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::study::Manifest;
use tvaers_pseudonym::confirmation::Confirmation;
use tvaers_tests::federation::Federation;

use super::{assert_refused, node, until_erased};
use crate::log::Log;

/// Who stalls.
const STALLS: &str = "k376";

/// Its stream stays open, and nothing comes.
const STALL: Fate = Fate::Delay(Duration::from_secs(3_600));

struct Inside {
    muted: Kind,
    how: Fate,
    manifests: BTreeMap<Digest, Manifest>,
    /// In the order in which they were proposed.
    order: Vec<Digest>,
    keys: BTreeMap<Digest, [u8; 32]>,
    batches: Vec<(NodeId, Digest, Evaluate)>,
    n_muted: u32,
}

/// Stands in the middle: the holder never says anything of one kind. Takes note of studies, keys and batches.
struct Mute(Mutex<Inside>);

impl Mute {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn group_key(confirmation: &KeyConfirmation) -> [u8; 32] {
    let confirmation: Confirmation = tvaers_protocol::codec::decode(&confirmation.bytes).unwrap();
    *confirmation.keys.group()
}

impl Interceptor for Mute {
    fn intercept(&self, passage: &Passage, bytes: &mut Vec<u8>) -> Fate {
        let Ok(frame) = Frame::decode(bytes) else { return Fate::Forward };
        let (inside, study) = (&mut *self.inside(), frame.header().study);
        if let Ok(Propose { manifest }) = frame.message() {
            let digest = manifest.content.digest();
            if inside.manifests.insert(digest, manifest.content).is_none() {
                inside.order.push(digest);
            }
        }
        if let Ok(KeyPin { confirmations }) = frame.message() {
            inside.keys.insert(study, group_key(&confirmations[0].content));
        }
        if let Ok(ask) = frame.message::<Evaluate>()
            && passage.direction == Direction::ToNode
        {
            inside.batches.push((passage.node.clone(), study, ask));
        }
        let is_his = passage.node == node(STALLS) && passage.direction == Direction::ToCoordinator;
        if is_his && inside.muted == frame.kind() {
            inside.n_muted += 1;
            return inside.how;
        }
        Fate::Forward
    }
}

/// Shorter than in service; an honest node of this size answers in a small part of it.
fn limits() -> Limits {
    Limits {
        prompt: Duration::from_secs(5),
        round: Duration::from_secs(2),
        relay: Duration::from_secs(2),
        pause_first: Duration::from_millis(10),
        timeouts_max: 1,
        drafts_max: 2,
        ..Limits::default()
    }
}

struct World {
    federation: Federation,
    middle: Arc<Mute>,
}

impl World {
    async fn new(muted: Kind, how: Fate) -> Self {
        let inside = Inside {
            muted,
            how,
            manifests: BTreeMap::new(),
            order: Vec::new(),
            keys: BTreeMap::new(),
            batches: Vec::new(),
            n_muted: 0,
        };
        let middle = Arc::new(Mute(Mutex::new(inside)));
        let builder = Federation::builder().made(30, 11).limits(limits());
        let mut federation = builder.interceptor(Arc::clone(&middle) as _).build().await.unwrap();
        federation.connect_all().await.unwrap();
        Self { federation, middle }
    }

    /// The run ends without the holder, and says so.
    async fn assert_done_without(&self, what: &str) {
        let summary = self.federation.stratify().await.unwrap_or_else(|problem| panic!("{what}: {problem}"));
        assert!(self.middle.inside().n_muted >= 2, "{what}: it was given a second chance");
        assert_eq!(summary.missing, [node(STALLS)], "{what}");
        assert_eq!(summary.worklists, [node("k360")], "{what}");
        let list = self.federation.worklist(&node("k360")).unwrap();
        assert!(!list.is_empty() && list.values().all(|line| !line.complete), "{what}: everyone is marked");
        assert!(self.federation.worklist_text(&node(STALLS)).is_none(), "{what}");
        until_erased(&self.federation, what).await;
    }

    /// The last study is a new one that all who take part have agreed to, and no study that came to a key has the key of
    /// another.
    fn assert_drafted_anew(&self, what: &str) {
        let inside = self.middle.inside();
        let (last, before) = inside.order.split_last().unwrap();
        assert!(!before.is_empty(), "{what}: a study came to nothing");
        let last = &inside.manifests[last];
        assert_eq!(last.holders, [node("k360"), node("region_1085")], "{what}");
        assert!(last.participants.iter().all(|participant| participant.quorum == [1, 2]), "{what}");
        for digest in before {
            let manifest = &inside.manifests[digest];
            assert!(manifest.run != last.run && manifest.holders.contains(&node(STALLS)), "{what}");
        }
        let keys: BTreeSet<_> = inside.keys.values().collect();
        assert_eq!(keys.len(), inside.keys.len(), "{what}: each study has a key of its own");
    }

    /// What was counted in the study that stalled: no more than the quota under its key, and nothing from now on.
    async fn assert_nothing_is_gained(&self, what: &str) {
        let (batches, manifests) = {
            let inside = self.middle.inside();
            (inside.batches.clone(), inside.manifests.clone())
        };
        let mut of: BTreeMap<(Digest, NodeId, NodeId), BTreeMap<u32, Vec<u8>>> = BTreeMap::new();
        for (holder, study, ask) in &batches {
            let batch = &ask.batch.content;
            let account = of.entry((*study, batch.requester.clone(), holder.clone())).or_default();
            let elements = account.entry(batch.sequence).or_insert_with(|| batch.elements.clone());
            assert!(*elements == batch.elements, "{what}: a batch asked again is the same");
        }
        for ((study, requester, _), elements) in &of {
            let quota = manifests[study].participant(requester).unwrap().quota as usize;
            let n_elements: usize = elements.values().map(|elements| elements.len() / 32).sum();
            assert!(n_elements <= quota, "{what}: {requester} got more than its quota under one key");
        }
        for (holder, study, ask) in &batches {
            let link = self.federation.link_to(holder).unwrap();
            let roster = manifests[study].roster;
            let again = async {
                let mut exchange = Exchange::open(&*link, roster, *study).await?;
                exchange.ask::<_, Evaluated>(ask, Duration::from_secs(5)).await
            };
            let again: Result<Evaluated, ExchangeError> = again.await;
            assert_refused(again, RejectCode::StudyClosed, what);
        }
    }
}

#[tokio::test]
async fn a_holder_that_stalls_in_a_round_of_the_key_generation_is_done_without() {
    let rounds = [Kind::KeyRound1Package, Kind::KeyRound2Packages, Kind::KeyConfirmed, Kind::KeyPinned];
    let done = rounds.map(|kind| async move {
        let world = World::new(kind, STALL).await;
        world.assert_done_without(kind.name()).await;
        world.assert_drafted_anew(kind.name());
        world.assert_nothing_is_gained(kind.name()).await;
    });
    let log = Log::begin();
    join_all(done).await;
    assert!(log.line(&["going on without nodes that are missing", STALLS]).is_some());
    assert!(log.line(&["a study is begun anew", STALLS]).is_some());
}

#[tokio::test]
async fn a_holder_that_gives_no_evaluation_is_done_without_and_its_requester_is_not() {
    for (what, how) in [("a stall", STALL), ("streams that end without a word", Fate::Drop)] {
        let log = Log::begin();
        let world = World::new(Kind::Evaluated, how).await;
        world.assert_done_without(what).await;
        world.assert_drafted_anew(what);
        world.assert_nothing_is_gained(what).await;
        let told = log.line(&["a step is tried again", STALLS, "has not answered a batch of `k360`"]);
        assert!(told.is_some(), "{what}");
        assert!(log.line(&["the study is closed", "given up", STALLS]).is_some(), "{what}: the end names it");
    }
}
