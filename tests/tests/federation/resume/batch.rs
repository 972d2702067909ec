//! Evaluations over a restart, of the node that asks and of the holder that is asked.

use tvaers_host::private;
use tvaers_protocol::frame::Kind;
use tvaers_protocol::message::{Evaluate, Evaluated, Pseudonymise, Signed};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_tests::fault::{Fault, Spot};
use tvaers_tests::hand::Relayed;

use super::{World, assert_refused, k360};

/// Sets a node back to where it had no pseudonyms, as if it had stopped before it kept them.
const BACK: &str = "DELETE FROM pseudonym; UPDATE study SET stage = 'computed'";

impl World {
    /// The batches that a node has asked others to evaluate, once it has all its pseudonyms.
    fn batches_of(&self, id: &tvaers_protocol::id::NodeId) -> Vec<Relayed> {
        let relayed = self.hand.relayed().into_iter();
        relayed.filter(|batch| batch.ask.batch.content.requester == *id).collect()
    }

    async fn evaluate(&self, batch: &Relayed) -> Result<Evaluated, tvaers_link::exchange::ExchangeError> {
        self.hand.ask(&batch.to, self.manifest.digest(), &batch.ask).await
    }

    /// A batch as its requester would sign it.
    fn signed(&self, like: &Relayed, change: impl FnOnce(&mut tvaers_protocol::message::Batch)) -> Relayed {
        let mut batch = like.ask.batch.content.clone();
        change(&mut batch);
        let key = self.federation.node_home(&batch.requester).keys().join("signing.key");
        let key = SigningKey::from_seed(&private::read_key(&key).unwrap());
        let batch = Signed::new(batch, Purpose::Evaluate, self.manifest.digest(), &key);
        Relayed { to: like.to.clone(), ask: Evaluate { batch } }
    }
}

#[tokio::test]
async fn a_batch_asked_again_is_the_same_to_the_byte_and_is_not_counted_twice() {
    let mut world = World::ready().await;
    let first = world.batches_of(&k360());
    assert_eq!(first.len(), 1, "one other holder, one batch");
    let before = world.hand.contributions(&k360(), &world.manifest).await.unwrap();
    let (points, holder) = (first[0].ask.batch.content.elements.len() / 32, first[0].to.clone());
    let quota = world.manifest.participant(&k360()).unwrap().quota as usize;
    assert!(points <= quota && quota < 2 * points, "twice would be too many");

    for _ in 0..2 {
        world.alter(&k360(), BACK).await;
        world.restart(&k360()).await;
        world.restart(&holder).await;
        world.hand.pseudonymise(&k360(), &world.manifest).await.unwrap();
    }
    let all = world.batches_of(&k360());
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|batch| batch.ask == first[0].ask && batch.to == holder));
    let after = world.hand.contributions(&k360(), &world.manifest).await.unwrap();
    assert!(before == after, "the same persons have the same pseudonyms");
}

#[tokio::test]
async fn a_holder_answers_the_same_batch_again_and_no_other_under_its_number_also_after_a_restart() {
    let mut world = World::ready().await;
    let batch = world.batches_of(&k360()).remove(0);
    let other = world.signed(&batch, |batch| batch.elements.rotate_left(32));
    // The quota has room, and nobody else was committed to.
    let beyond = world.signed(&batch, |batch| {
        batch.sequence = 1;
        batch.elements.truncate(32);
    });
    let first = world.evaluate(&batch).await.unwrap();
    for restarted in [false, true] {
        let again = world.evaluate(&batch).await.unwrap();
        assert!(again.answer.content.elements == first.answer.content.elements);
        assert_refused(world.evaluate(&other).await, RejectCode::Replay, restarted);
        assert_refused(world.evaluate(&beyond).await, RejectCode::QuotaExceeded, restarted);
        world.restart(&batch.to).await;
    }
}

#[tokio::test]
async fn batches_of_nothing_or_of_no_points_are_refused_and_leave_no_trace() {
    let world = World::ready().await;
    let batch = world.batches_of(&k360()).remove(0);
    for length in [0, 31, 33] {
        let empty = world.signed(&batch, |batch| batch.elements.truncate(length));
        assert_refused(world.evaluate(&empty).await, RejectCode::Malformed, length);
    }
    world.evaluate(&batch).await.unwrap();
}

#[tokio::test]
async fn who_asks_again_on_a_new_stream_does_not_wait_for_the_old_one() {
    let world = World::of_counts().await;
    // The batch is lost on its way, and its requester would wait for the answer for minutes.
    world.middle.set(Spot { node: k360(), kind: Kind::Evaluate }, Fault::Drop);
    world.hand.compute(&world.manifest).await.unwrap();
    let link = world.beside(&k360());
    let broken = world.begin(&*link, &Pseudonymise {}).await;
    world.middle.until_struck().await;
    drop(broken);
    let began = std::time::Instant::now();
    world.hand.pseudonymise(&k360(), &world.manifest).await.unwrap();
    assert!(began.elapsed().as_secs() < 30);
}
