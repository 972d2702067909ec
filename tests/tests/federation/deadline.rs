//! A study that nobody closes ends by itself: its node answers no more for it, and erases what it held.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tvaers_link::clock::{Clock as _, ManualClock, SystemClock};
use tvaers_link::exchange::ExchangeError;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::{Evaluate, Evaluated};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::study::Manifest;
use tvaers_tests::federation::Federation;
use tvaers_tests::hand::Hand;

/// For a node to erase a file.
const SOON: Duration = Duration::from_secs(20);

struct World {
    clock: Arc<ManualClock>,
    federation: Federation,
    hand: Hand,
    manifest: Manifest,
    id: NodeId,
}

impl World {
    /// Every node is ready to contribute; the deadline is an hour away.
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let federation =
            Federation::builder().made(60, 11).clock(Arc::clone(&clock) as _).build().await.unwrap();
        let hand = Hand::new(&federation).unwrap();
        let manifest = hand.draft(&federation).await.unwrap();
        hand.ready(&manifest).await.unwrap();
        Self { clock, federation, hand, manifest, id: NodeId::new("k360").unwrap() }
    }

    async fn contribute(&self) -> Result<usize, RejectCode> {
        match self.hand.contributions(&self.id, &self.manifest).await.map_err(anyhow::Error::downcast) {
            Ok(all) => Ok(all.len()),
            Err(Ok(ExchangeError::Refused(code))) => Err(code),
            Err(error) => Err(error.unwrap().code()),
        }
    }

    async fn evaluate_again(&self) -> RejectCode {
        let batch = self.hand.relayed().remove(0);
        let answer: Result<Evaluated, ExchangeError> =
            self.hand.ask::<Evaluate, Evaluated>(&batch.to, self.manifest.digest(), &batch.ask).await;
        answer.err().unwrap().code()
    }
}

#[tokio::test]
async fn after_its_deadline_a_node_answers_nothing_for_a_study() {
    let world = World::new().await;
    world.clock.advance(SignedDuration::from_mins(61));
    assert_eq!(world.contribute().await, Err(RejectCode::DeadlinePassed));
    assert_eq!(world.evaluate_again().await, RejectCode::DeadlinePassed);
    assert_eq!(
        world.hand.propose(&world.id, &world.manifest).await.unwrap_err().code(),
        RejectCode::OtherStudy,
        "nor is it begun anew"
    );
}

#[tokio::test]
async fn before_its_deadline_a_study_is_left_alone_and_after_it_everything_is_erased() {
    let world = World::new().await;
    world.federation.sweep(&world.id).unwrap();
    assert!(world.contribute().await.unwrap() > 10);
    assert!(!world.federation.scratch(&world.id).unwrap().is_empty());

    world.clock.advance(SignedDuration::from_mins(61));
    // A sweep begins with a look, so this one looks now.
    world.federation.sweep(&world.id).unwrap();
    let began = Instant::now();
    while !world.federation.scratch(&world.id).unwrap().is_empty() {
        assert!(began.elapsed() < SOON, "the node keeps what it must erase");
        tokio::task::yield_now().await;
    }
    // The file is gone a moment before the study is.
    while world.contribute().await != Err(RejectCode::StudyClosed) {
        assert!(began.elapsed() < SOON, "the study is not closed");
    }
}
