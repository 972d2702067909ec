//! A coordinator that has been taken over gets refusals, and no node does for it what it must not.

mod batch;
mod ceremony;
mod cheat;
mod hand_back;
mod key;
mod made_up;
mod population;
mod request;
mod requester;
mod series;
mod stall;
mod study;
mod swapped;

use std::fmt::Debug;

use tvaers_host::private;
use tvaers_link::exchange::ExchangeError;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::SigningKey;
use tvaers_protocol::study::Manifest;
use tvaers_tests::federation::Federation;
use tvaers_tests::hand::Hand;

use super::log::Log;

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
        Err(ExchangeError::Refused(code) | ExchangeError::Blamed { code, .. }) => code,
        Err(error) => panic!("not refused, but failed: {error}"),
        Ok(_) => panic!("not refused"),
    }
}

/// The same where the answer came through `anyhow`.
fn refused_at_last<T>(result: anyhow::Result<T>) -> RejectCode {
    refused(result.map_err(|error| error.downcast::<ExchangeError>().unwrap()))
}

/// The signing key of a node, for a test that plays it.
fn signing(federation: &Federation, id: &NodeId) -> SigningKey {
    let key = federation.node_home(id).keys().join("signing.key");
    SigningKey::from_seed(&private::read_key(&key).unwrap())
}

/// A run that stopped for what came from this holder: the problem names it and what is wrong, the log of whoever found
/// it does so too, and no node has a list, or anything of the study, or anything to go on with.
async fn assert_stopped(federation: &Federation, log: &Log, problem: &Problem, fault: &Fault<'_>) {
    let Fault { what, holder, code } = fault;
    assert_eq!((problem.exit, problem.code.as_str()), (Exit::Failed, "holder.blamed"), "{what}: {problem}");
    assert_eq!(problem.place, format!("node {holder}"), "{what}: {problem}");
    assert!(problem.what.contains(&code.to_string()), "{what}: {problem}");
    let of_node = log.line(&["refused a request", code.name(), &format!("holder=\"{holder}\"")]);
    assert!(of_node.is_some(), "{what}: no node names {holder} in its log");
    assert!(log.line(&["the study is closed", holder.as_str()]).is_some(), "{what}: nor the coordinator");
    assert!(federation.worklist_texts().values().all(Option::is_none), "{what}: a list");
    until_erased(federation, what).await;
}

/// What a holder did, and what whoever notices it says.
struct Fault<'a> {
    what: &'a str,
    holder: NodeId,
    code: RejectCode,
}

async fn until_erased(federation: &Federation, what: &str) {
    let began = std::time::Instant::now();
    while federation.names().iter().any(|id| !federation.scratch(id).unwrap().is_empty()) {
        assert!(began.elapsed().as_secs() < 20, "{what}: a node keeps something of a study that has ended");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

fn assert_refused<T>(result: Result<T, ExchangeError>, code: RejectCode, what: impl Debug) {
    assert_eq!(refused(result), code, "{what:?}");
}
