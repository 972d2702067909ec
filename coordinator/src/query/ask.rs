//! Asking one node: again and again where the way to it breaks, always with the same bytes, so that it gives what it
//! has given.

use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_protocol::frame::{FrameError, Kind};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{AskQuery, Releases, ReleasesEnd, Rule};
use tvaers_protocol::problem::Problem;

use crate::answer::{Expected, Fault, Received};
use crate::coordinator::Coordinator;
use crate::event::Phase;
use crate::failure::Failure;
use crate::patience::{Ended, Patience};

/// What came of asking one node.
pub(super) enum Reply {
    /// It answered, as far as its rules go.
    Answers { answers: Vec<Received>, refused: Vec<Rule> },
    /// It was away for too long.
    Missing,
    /// It is there, and what it says cannot be used.
    Failed(Problem),
}

/// Asks a node until it has answered or is given up.
pub(super) async fn ask(
    coordinator: &Coordinator,
    patience: &Patience<'_>,
    node: &NodeId,
    mut expected: Expected,
    question: &AskQuery,
) -> Reply {
    let own = std::slice::from_ref(node);
    if !patience.gather(Phase::Query, own).await.is_empty() {
        return Reply::Missing;
    }
    let mut tries = patience.tries(Phase::Query, own);
    loop {
        let failure = match once(coordinator, node, &mut expected, question).await {
            Ok((answers, refused)) => return Reply::Answers { answers, refused },
            Err(failure) => failure,
        };
        match tries.again(failure).await {
            Ok(()) => {}
            Err(Ended::Missing(_)) => return Reply::Missing,
            Err(Ended::Failed(problem)) => return Reply::Failed(problem),
            Err(Ended::Anew(failure)) => return Reply::Failed(failure.problem),
        }
    }
}

async fn once(
    coordinator: &Coordinator,
    node: &NodeId,
    expected: &mut Expected,
    question: &AskQuery,
) -> Result<(Vec<Received>, Vec<Rule>), Failure> {
    let link = coordinator.hub().link(node).ok_or_else(|| Failure::absent(node))?;
    let limits = coordinator.limits();
    let lost = |error: ExchangeError| Failure::outside(node, &error);
    let unreadable = |error: FrameError| lost(error.into());
    let faulty = |fault| Failure::of_answer(node, fault);
    let opened = Exchange::open(&*link, coordinator.roster().digest(), Digest::NONE).await;
    let mut exchange = opened.map_err(lost)?;
    exchange.send(question, limits.prompt).await.map_err(lost)?;
    let times = usize::try_from(question.request.content.times).unwrap_or(usize::MAX);
    let (mut answers, mut sequence) = (Vec::new(), 0_u32);
    loop {
        let frame = exchange.frame(limits.work).await.map_err(lost)?;
        if frame.kind() == Kind::ReleasesEnd {
            let end: ReleasesEnd = frame.message().map_err(unreadable)?;
            check_end(&end, answers.len(), times).map_err(faulty)?;
            return Ok((answers, end.refused));
        }
        let part: Releases = frame.message().map_err(unreadable)?;
        if part.sequence != sequence {
            return Err(faulty(Fault::Sequence));
        }
        if part.bodies.len() > times.saturating_sub(answers.len()) {
            return Err(faulty(Fault::TooMany));
        }
        sequence += 1;
        for body in &part.bodies {
            answers.push(expected.read(body).map_err(faulty)?);
        }
    }
}

/// The end says how many there are, and why there are no more if and only if there are fewer than were asked for.
fn check_end(end: &ReleasesEnd, found: usize, times: usize) -> Result<(), Fault> {
    if usize::try_from(end.count) != Ok(found) {
        return Err(Fault::Count);
    }
    if (found < times) == end.refused.is_empty() {
        return Err(Fault::Unexplained);
    }
    Ok(())
}
