//! What a node's failure means for a study: whether asking again can help, and what a person is told.

use tvaers_link::exchange::ExchangeError;
use tvaers_link::link::LinkError;
use tvaers_link::stream::StreamError;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::Rule;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::reject::RejectCode;

use crate::answer::Fault;
use crate::stream::StreamFault;

/// The code of what a node says about another one.
const BLAMED: &str = "holder.blamed";

/// Why a step failed at a node.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The node that was asked.
    pub(crate) node: NodeId,
    /// What it means.
    pub(crate) cause: Cause,
    /// What is told where nothing helps.
    pub(crate) problem: Problem,
}

/// What a failure means for the study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The node is not connected, or the connection broke: it may not have heard.
    Lost,
    /// The node is connected and let its time pass.
    TimedOut,
    /// The node could not reach another one or was broken off in the middle, or it has too much to do.
    Held,
    /// The node has not done what it had said to have done: it lost its last steps.
    Behind,
    /// The node does not know the study any more.
    Forgotten,
    /// A refusal or a fault that will be the same when asked again.
    Final,
}

/// What came from a holder in place of what it must be, as a node says. Which of the two is at fault cannot be told from
/// here, so nobody is left out on such a word.
fn blamed(node: &NodeId, holder: &NodeId, code: RejectCode, exit: Exit) -> Problem {
    Problem::new(exit, BLAMED, format_args!("`{node}` says of what came from holder `{holder}`: {code}"))
        .at(format_args!("node {holder}"))
        .expected("what the protocol has a holder send, which its own signature vouches for")
        .next(format_args!(
            "have the logs of `{node}` and `{holder}` looked at, then start again; where it happens again, sign a roster without the one at fault"
        ))
}

/// That a node's policy does not allow what was asked: its rules, and what mends the first.
pub(crate) fn declined(node: &NodeId, rules: &[Rule]) -> Problem {
    let what: Vec<String> = rules.iter().map(|rule| format!("{} ({})", rule.what, rule.code)).collect();
    let code = rules.first().map_or("policy", |rule| rule.code.as_str());
    let problem = Problem::new(Exit::Refused, code, format_args!("`{node}` refuses: {}", what.join(" ")))
        .at(format_args!("node {node}"));
    match rules.first() {
        None => problem,
        Some(rule) if rule.allowed.is_empty() => problem.next(&rule.next),
        Some(rule) => problem.expected(&rule.allowed).next(&rule.next),
    }
}

impl Failure {
    /// A node that is not connected.
    pub(crate) fn absent(node: &NodeId) -> Self {
        let problem =
            Problem::new(Exit::Incomplete, "node.missing", format_args!("`{node}` is not connected"))
                .at(format_args!("node {node}"))
                .expected("every node that the study needs")
                .next("ask its IT to look at `tvaers-node check` and its log, then start again");
        Self { node: node.clone(), cause: Cause::Lost, problem }
    }

    /// A node that was asked outside any study, so that there is none that it could have forgotten.
    pub(crate) fn outside(node: &NodeId, error: &ExchangeError) -> Self {
        let cause = match cause(error) {
            Cause::Behind | Cause::Forgotten => Cause::Final,
            cause => cause,
        };
        Self { node: node.clone(), cause, problem: told(node, error) }
    }

    /// A node that was asked within a study.
    pub(crate) fn within(node: &NodeId, error: &ExchangeError) -> Self {
        Self { node: node.clone(), cause: cause(error), problem: told(node, error) }
    }

    /// A stream of records that broke or cannot be used.
    pub(crate) fn of_stream(node: &NodeId, what: &str, fault: &StreamFault) -> Self {
        let (cause, exit) = match fault {
            StreamFault::Exchange(error) => (cause(error), exit(error)),
            _ => (Cause::Final, Exit::Failed),
        };
        let what = format!("the {what} of `{node}` cannot be used: {fault}");
        Self { node: node.clone(), cause, problem: join(node, exit, &what) }
    }

    /// An answer to a query that breaks the rules: it would be the same when asked again.
    pub(crate) fn of_answer(node: &NodeId, fault: Fault) -> Self {
        let what = format_args!("the answer of `{node}` cannot be used: {fault}");
        let problem = Problem::new(Exit::Failed, "query.answer", what)
            .at(format_args!("node {node}"))
            .next("ask its IT whether it runs the version of the federation, then ask again");
        Self { node: node.clone(), cause: Cause::Final, problem }
    }

    /// Whether this is what a person should be told of, rather than `other`.
    pub(crate) fn outweighs(&self, other: &Self) -> bool {
        self.cause == Cause::Final && other.cause != Cause::Final
    }

    /// Contributions that do not add up: more residents than live in the country.
    pub(crate) fn of_tables(node: &NodeId, code: &str) -> Self {
        let what = format!("the residents that `{node}` contributed do not fit the tables ({code})");
        Self { node: node.clone(), cause: Cause::Final, problem: join(node, Exit::Failed, &what) }
    }

    /// A holder that gave no answer to a requester's batch, as the coordinator saw when it passed it on.
    pub(crate) fn silent(holder: &NodeId, requester: &NodeId) -> Self {
        let what =
            format_args!("holder `{holder}` is connected and has not answered a batch of `{requester}`");
        let problem = Problem::new(Exit::Incomplete, "holder.silent", what)
            .at(format_args!("node {holder}"))
            .expected("an answer within the time for a batch")
            .next("ask its IT to look at `tvaers-node check` and its log, then start again");
        Self { node: holder.clone(), cause: Cause::TimedOut, problem }
    }

    /// Whether it is a node's word about another one.
    pub(crate) fn is_blame(&self) -> bool {
        self.problem.code == BLAMED
    }

    /// Records that a node did not take.
    pub(crate) fn of_delivery(node: &NodeId, what: &str, error: &ExchangeError) -> Self {
        let what = format!("the {what} to `{node}` failed: {error}");
        Self { node: node.clone(), cause: cause(error), problem: join(node, exit(error), &what) }
    }
}

const fn cause(error: &ExchangeError) -> Cause {
    match error {
        ExchangeError::Link(LinkError::Closed(_)) => Cause::Lost,
        ExchangeError::Link(LinkError::NoFreeStream) => Cause::TimedOut,
        ExchangeError::Stream(error) => match error {
            StreamError::Frame(_) => Cause::Final,
            StreamError::TimedOut { .. } => Cause::TimedOut,
            StreamError::Ended
            | StreamError::Cut
            | StreamError::Broken
            | StreamError::Closed(_)
            | StreamError::Io(_) => Cause::Lost,
        },
        ExchangeError::Refused(code) | ExchangeError::Blamed { code, .. } => match code {
            RejectCode::Unreachable
            | RejectCode::TimedOut
            | RejectCode::BrokenOff
            | RejectCode::Busy
            | RejectCode::Unwitnessed => Cause::Held,
            RejectCode::NotReady => Cause::Behind,
            RejectCode::StudyClosed | RejectCode::OtherStudy => Cause::Forgotten,
            _ => Cause::Final,
        },
    }
}

/// The exit code that goes with a node's failure.
const fn exit(error: &ExchangeError) -> Exit {
    match error {
        ExchangeError::Refused(code) | ExchangeError::Blamed { code, .. } => match code {
            RejectCode::PolicyRefused
            | RejectCode::QuotaExceeded
            | RejectCode::NotMadeUp
            | RejectCode::LedgerBehind => Exit::Refused,
            RejectCode::AsOfAfterExtract | RejectCode::UnknownModel => Exit::BadInput,
            // A node that could not reach another one, or has too much to do.
            RejectCode::Unreachable
            | RejectCode::TimedOut
            | RejectCode::BrokenOff
            | RejectCode::Busy
            | RejectCode::Unwitnessed => Exit::Incomplete,
            _ => Exit::Failed,
        },
        ExchangeError::Stream(StreamError::Frame(_)) => Exit::Failed,
        ExchangeError::Link(_) | ExchangeError::Stream(_) => Exit::Incomplete,
    }
}

fn told(node: &NodeId, error: &ExchangeError) -> Problem {
    let exit = exit(error);
    if let ExchangeError::Blamed { holder, code } = error {
        return blamed(node, holder, *code, exit);
    }
    let code = match exit {
        Exit::BadInput => "node.cannot-answer",
        Exit::Incomplete => "node.lost",
        _ => "node.refused",
    };
    let problem = Problem::new(exit, code, format_args!("`{node}`: {error}")).at(format_args!("node {node}"));
    match error {
        ExchangeError::Refused(RejectCode::AsOfAfterExtract) => problem
            .expected(format_args!("a reference date up to the day on which the data of `{node}` was extracted"))
            .next("ask for an earlier date, or have the node import a newer extract"),
        ExchangeError::Refused(RejectCode::UnknownModel) => problem
            .expected(format_args!("a model or an indicator that `{node}` has, from the same file"))
            .next("put the same file into the node's folder `indicators`, byte for byte, and start the node again"),
        _ => problem.next(format_args!("the reason stands in the log of `{node}`; it is not told to others")),
    }
}

fn join(node: &NodeId, exit: Exit, what: &str) -> Problem {
    let next = "look at the node's log and start again; a work list that another node has written already stays there";
    Problem::new(exit, "stratify.join", what).at(format_args!("node {node}")).next(next)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tvaers_link::link::{CloseCode, Closed};
    use tvaers_protocol::frame::FrameError;

    use super::*;

    fn node() -> NodeId {
        NodeId::new("k360").unwrap()
    }

    #[test]
    fn what_broke_on_the_way_may_be_asked_again_and_what_was_answered_may_not() {
        let closed = || Closed::ByPeer(CloseCode::Goodbye);
        let blamed = |code| ExchangeError::Blamed { holder: NodeId::new("k376").unwrap(), code };
        let cases = [
            (ExchangeError::Link(closed().into()), Cause::Lost, Exit::Incomplete),
            (StreamError::Closed(closed()).into(), Cause::Lost, Exit::Incomplete),
            (StreamError::Cut.into(), Cause::Lost, Exit::Incomplete),
            (StreamError::TimedOut { limit: Duration::ZERO }.into(), Cause::TimedOut, Exit::Incomplete),
            (FrameError::OtherStudy.into(), Cause::Final, Exit::Failed),
            (ExchangeError::Refused(RejectCode::Unreachable), Cause::Held, Exit::Incomplete),
            (ExchangeError::Refused(RejectCode::BrokenOff), Cause::Held, Exit::Incomplete),
            (ExchangeError::Refused(RejectCode::NotReady), Cause::Behind, Exit::Failed),
            (ExchangeError::Refused(RejectCode::StudyClosed), Cause::Forgotten, Exit::Failed),
            (ExchangeError::Refused(RejectCode::OtherStudy), Cause::Forgotten, Exit::Failed),
            (ExchangeError::Refused(RejectCode::PolicyRefused), Cause::Final, Exit::Refused),
            (ExchangeError::Refused(RejectCode::AsOfAfterExtract), Cause::Final, Exit::BadInput),
            (ExchangeError::Refused(RejectCode::Replay), Cause::Final, Exit::Failed),
            (ExchangeError::Refused(RejectCode::Unwitnessed), Cause::Held, Exit::Incomplete),
            (ExchangeError::Refused(RejectCode::LedgerBehind), Cause::Final, Exit::Refused),
            (blamed(RejectCode::BadProof), Cause::Final, Exit::Failed),
            (blamed(RejectCode::QuotaExceeded), Cause::Final, Exit::Refused),
            (blamed(RejectCode::Unreachable), Cause::Held, Exit::Incomplete),
            (blamed(RejectCode::StudyClosed), Cause::Forgotten, Exit::Failed),
        ];
        for (error, cause, exit) in cases {
            let failure = Failure::within(&node(), &error);
            assert_eq!((failure.cause, failure.problem.exit), (cause, exit), "{error}");
        }
    }

    #[test]
    fn a_node_cannot_forget_a_study_that_it_never_agreed_to() {
        for code in [RejectCode::OtherStudy, RejectCode::NotReady] {
            let failure = Failure::outside(&node(), &ExchangeError::Refused(code));
            assert_eq!(failure.cause, Cause::Final, "{code}");
        }
        let failure = Failure::outside(&node(), &ExchangeError::Refused(RejectCode::Busy));
        assert_eq!(failure.cause, Cause::Held);
    }

    #[test]
    fn a_stream_that_breaks_the_rules_is_a_fault_of_its_node_whatever_the_connection_does() {
        let failure = Failure::of_stream(&node(), "contributions", &StreamFault::Unsigned);
        assert_eq!((failure.cause, failure.problem.exit), (Cause::Final, Exit::Failed));
        assert_eq!(failure.problem.place, "node k360");
        let broken = StreamFault::Exchange(StreamError::Cut.into());
        assert_eq!(Failure::of_stream(&node(), "events", &broken).cause, Cause::Lost);
    }
}
