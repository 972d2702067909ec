//! A coordinator that has been taken over gets refusals, and no node does for it what it must not.

mod batch;
mod hand_back;
mod key;
mod population;
mod request;
mod study;

use std::fmt::Debug;

use tvaers_link::exchange::ExchangeError;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::study::Manifest;
use tvaers_tests::federation::Federation;
use tvaers_tests::hand::Hand;

/// A small federation (a region and two municipalities, two of three key holders) in the hands of a test.
struct World {
    federation: Federation,
    hand: Hand,
}

impl World {
    async fn new() -> Self {
        let federation = Federation::builder().made(60, 11).build().await.unwrap();
        let hand = Hand::new(&federation).unwrap();
        Self { federation, hand }
    }

    async fn draft(&self) -> Manifest {
        self.hand.draft(&self.federation).await.unwrap()
    }

    /// Nobody has a list, in whole or in part.
    fn assert_no_list(&self) {
        assert!(self.federation.worklist_texts().values().all(Option::is_none));
    }
}

fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

/// The code of a refusal; anything else fails the test.
fn refused<T>(result: Result<T, ExchangeError>) -> RejectCode {
    match result {
        Err(ExchangeError::Refused(code)) => code,
        Err(error) => panic!("not refused, but failed: {error}"),
        Ok(_) => panic!("not refused"),
    }
}

/// The same where the answer came through `anyhow`.
fn refused_at_last<T>(result: anyhow::Result<T>) -> RejectCode {
    refused(result.map_err(|error| error.downcast::<ExchangeError>().unwrap()))
}

fn assert_refused<T>(result: Result<T, ExchangeError>, code: RejectCode, what: impl Debug) {
    assert_eq!(refused(result), code, "{what:?}");
}
