//! Revocations that reach the node by themselves: it asks the coordinator for them at every connection and once a day,
//! believes those alone that one who signs its policies has signed, and keeps them beside those that were put there by
//! hand.
//!
//! The coordinator can withhold one, and then the node's staff is told that the last answer is old; it can show an old one
//! again, which takes away no more than its signer did. It can add nothing: what does not verify is left out.

mod asked;
mod take;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_link::limit::PROMPT_TIME;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{AskRevocations, Revocations};

use crate::config;
use crate::node::Node;
use crate::policy::keeper;

pub(crate) use asked::last;

/// From one answer to the next question, at most.
pub(crate) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// From an attempt that came to nothing to the next.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Between looks whether it is time to ask.
const LOOK_TIME: Duration = Duration::from_secs(600);

/// When this process asked last. Held while it asks, so that two do not write at a time.
#[derive(Default)]
pub(crate) struct Fetching(Mutex<Round>);

#[derive(Default)]
struct Round {
    tried: Option<Timestamp>,
    /// When everything that was handed out was also kept.
    done: Option<Timestamp>,
}

impl Round {
    fn is_due(&self, now: Timestamp) -> bool {
        // A clock that was set back must not put the next question off.
        let within = |since: Option<Timestamp>, time| {
            since.is_some_and(|since| now.duration_since(since).abs() < time)
        };
        !within(self.done, DAY) && !within(self.tried, HOUR)
    }
}

/// Why nothing was handed out.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error("there is no connection to the coordinator")]
    Unconnected,
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error("the answer holds more than one may")]
    TooMuch,
}

/// Asks when it is time to, for as long as the node serves.
pub(crate) async fn keep(node: &Node) {
    let mut turn = tokio::time::interval(LOOK_TIME);
    loop {
        turn.tick().await;
        look(node).await;
    }
}

/// Asks if it is time to.
pub(crate) async fn look(node: &Node) {
    let mut round = node.fetching().0.lock().await;
    if round.is_due(node.clock().now()) {
        fetch(node, &mut round).await;
    }
}

/// Asks at a new connection.
pub(crate) async fn connected(node: &Node) {
    fetch(node, &mut *node.fetching().0.lock().await).await;
}

async fn fetch(node: &Node, round: &mut Round) {
    let now = node.clock().now();
    round.tried = Some(now);
    let answer = match ask(node).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!(reason = %error, "the coordinator handed out no revocations of policies; it is asked again");
            return;
        }
    };
    let Ok(signers) = config::signers(&node.config().policy_signers) else {
        tracing::error!("the signers of policies in the configuration cannot be used");
        return;
    };
    let (dir, id) = (node.home().revocations(), node.config().id.clone());
    let taken = tokio::task::spawn_blocking(move || take::take(&dir, &id, &signers, &answer.items)).await;
    let Ok(taken) = taken else {
        tracing::error!("the revocations that were handed out were not read to the end");
        return;
    };
    if taken.left_out > 0 {
        tracing::warn!(
            count = taken.left_out,
            "revocations were handed out that no signer of this node's policies has signed for it; they count for nothing"
        );
    }
    if taken.new > 0 {
        tracing::info!(count = taken.new, "revocations of policies have come from the coordinator");
        keeper::refresh(node).await;
    }
    if let Some(problem) = taken.unkept {
        tracing::error!(
            reason = problem,
            "a revocation of a policy could not be kept; it is asked for again"
        );
        return;
    }
    round.done = Some(now);
    if let Err(error) = asked::note(node.home(), now) {
        tracing::error!(error = %error, "when revocations were asked for could not be noted");
    }
}

async fn ask(node: &Node) -> Result<Revocations, Unanswered> {
    let link = node.link().map_err(|_| Unanswered::Unconnected)?;
    let mut exchange = Exchange::open(&*link, node.roster().digest(), Digest::NONE).await?;
    exchange.send(&AskRevocations {}, PROMPT_TIME).await?;
    exchange.finish().await?;
    let answer: Revocations = exchange.receive(PROMPT_TIME).await?;
    if answer.fits() { Ok(answer) } else { Err(Unanswered::TooMuch) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_time_a_day_after_an_answer_and_an_hour_after_none_also_by_a_clock_that_was_set_back() {
        let at = |hours: i64| Timestamp::from_second(1_800_000_000 + hours * 3_600).unwrap();
        let round =
            |tried: Option<i64>, done: Option<i64>| Round { tried: tried.map(at), done: done.map(at) };
        let cases = [
            (round(None, None), 0, true),
            (round(Some(0), Some(0)), 23, false),
            (round(Some(0), Some(0)), 24, true),
            (round(Some(0), Some(0)), -23, false),
            (round(Some(0), Some(0)), -24, true),
            (round(Some(0), None), 0, false),
            (round(Some(0), None), 1, true),
            (round(Some(24), Some(0)), 24, false),
            (round(Some(24), Some(0)), 25, true),
        ];
        for (round, now, due) in cases {
            assert_eq!(round.is_due(at(now)), due, "{:?}, {:?} at {now}", round.tried, round.done);
        }
    }
}
