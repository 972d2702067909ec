//! A query from beginning to end: every node that it is for is asked, those that are away are waited for, and what they
//! release becomes results. Asking again under the same name gives the same answers: nodes keep what they released.

mod ask;
mod indicator;
mod replies;
mod told;

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;
use tvaers_protocol::message::{AskQuery, PreviewQuery, Previewed, Signed};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::{QueryRequest, TIMES_MAX};
use tvaers_protocol::roster::Member;
use tvaers_protocol::study::utc_date;
use tvaers_query::Query;
use tvaers_query::query::Party;
use tvaers_release::error::ReleaseError;

use self::replies::Replies;
use crate::answer::{Combiner, Expected, Requested};
use crate::coordinator::Coordinator;
use crate::event::{Events, Phase};
use crate::failure::Failure;
use crate::patience::Patience;
use crate::preview::{self, NodePreview};
use crate::request::{Asked, QueryAsked, RequestId};
use crate::session;
use crate::state::StateError;
use crate::stratify::too_old;
use crate::summary::Outcome;

pub use self::indicator::run_as as run_indicator_as;
pub use self::told::Answered;

/// Numbers that all nodes' answers to one request may have, at most: they are held until the last node has answered,
/// eight bytes each.
const NUMBERS_MAX: u64 = 50_000_000;

/// What is around the cells of an answer, in numbers.
const NUMBERS_AROUND: u64 = 64;

/// Results that are made and kept together: others wait for the database as long.
const RESULTS_AT_ONCE: usize = 100;

/// Asks the query of this name, or tells what came of it. What comes of it is remembered under the name.
///
/// # Errors
/// [`Problem`] where the coordinator's memory cannot be read or written.
pub async fn run_as(
    coordinator: &Coordinator,
    id: &RequestId,
    asked: &QueryAsked,
    events: &Events,
) -> Result<Outcome, Problem> {
    let remembered = Asked::Query(asked.clone());
    once(coordinator, id, &remembered, async |is_new| run(coordinator, id, asked, is_new, events).await).await
}

/// Carries a request out, unless that was done before or it is too old, and remembers what came of it under its name.
async fn once(
    coordinator: &Coordinator,
    id: &RequestId,
    remembered: &Asked,
    run: impl AsyncFnOnce(bool) -> Result<Answered, Problem>,
) -> Result<Outcome, Problem> {
    let now = || coordinator.clock().now();
    let (since, is_new) = coordinator.state().ask(id, remembered, now()).await.map_err(of_state)?;
    if let Some(outcome) = coordinator.state().outcome(id).await.map_err(of_state)? {
        return Ok(outcome);
    }
    let result = match too_old(coordinator, since) {
        None => run(is_new).await,
        Some(problem) => Err(problem),
    };
    let outcome = result.map_or_else(Outcome::failed, Outcome::Answered);
    coordinator.state().answer(id, &outcome, now()).await.map_err(of_state)?;
    Ok(outcome)
}

/// Asks a query and keeps the results.
async fn run(
    coordinator: &Coordinator,
    id: &RequestId,
    asked: &QueryAsked,
    is_new: bool,
    events: &Events,
) -> Result<Answered, Problem> {
    let query = read(coordinator, &asked.query)?;
    let members = asked_of(coordinator, &query)?;
    // Before anything is asked: what could not become a result must not be charged.
    let mut combiner = combiner(coordinator, &query, &asked.query)?;
    let expected = expected(&query, &members, asked.query.content.times)?;
    let question = Question { request: &asked.query, members, expected };
    let replies = ask_all(coordinator, question, asked.deadline_s, is_new, events).await?;
    keep(coordinator, id, &query, &mut combiner, &replies).await?;
    let last = usize::try_from(asked.query.content.times).unwrap_or(usize::MAX).saturating_sub(1);
    Ok(Answered {
        request: id.clone(),
        name: query.name().to_owned(),
        results: u32::try_from(replies.results_len()).unwrap_or(u32::MAX),
        coverage: replies.coverage(last),
        failed: replies.into_failed(),
    })
}

/// Makes results of a query that say who asked it.
fn combiner<'q>(
    coordinator: &Coordinator,
    query: &'q Query,
    request: &Signed<QueryRequest>,
) -> Result<Combiner<'q>, Problem> {
    let combiner = Combiner::new(query, coordinator.roster()).map_err(of_release)?;
    let content = &request.content;
    let by = Requested::new(coordinator.roster(), &content.requester, &content.under, content.created);
    Ok(combiner.requested(by))
}

/// A query, whom it is for, and what each of them must answer.
struct Question<'q> {
    request: &'q Signed<QueryRequest>,
    members: Vec<&'q Member>,
    expected: Vec<Expected>,
}

/// Asks every member, each as long as it may be away.
async fn ask_all<'c>(
    coordinator: &'c Coordinator,
    question: Question<'_>,
    deadline_s: u64,
    is_new: bool,
    events: &Events,
) -> Result<Replies<'c>, Problem> {
    let settled = if is_new { Duration::ZERO } else { coordinator.limits().settle };
    let patience = Patience {
        hub: coordinator.hub(),
        limits: coordinator.limits(),
        events,
        deadline: Duration::from_secs(deadline_s),
        begin: Instant::now() + settled,
    };
    let Question { request, members, expected } = question;
    let question = AskQuery { request: request.clone() };
    let asking = members.iter().zip(expected).map(async |(member, expected)| {
        (member.id.clone(), ask::ask(coordinator, &patience, &member.id, expected, &question).await)
    });
    let replies = events.phase(Phase::Query, async { Ok::<_, Problem>(join_all(asking).await) }).await?;
    Ok(Replies::of(coordinator.roster(), replies))
}

/// Reads a signed query as this coordinator's catalogue and roster have it.
fn read(coordinator: &Coordinator, request: &Signed<QueryRequest>) -> Result<Query, Problem> {
    let now = coordinator.clock().now();
    request.asker(coordinator.roster(), now).map_err(|error| {
        Problem::new(Exit::Refused, error.code(), error).at("the request").next(error.mend())
    })?;
    if !(1..=TIMES_MAX).contains(&request.content.times) {
        let what = format_args!("{} answers are asked for", request.content.times);
        return Err(Problem::new(Exit::BadInput, "request.times", what)
            .at("--times")
            .expected(format_args!("1 to {TIMES_MAX}"))
            .next("correct the number"));
    }
    let members = coordinator.roster().roster().members_on(utc_date(now));
    let parties: Vec<Party> = members.map(Party::from).collect();
    let catalogue = coordinator.library().catalogue();
    Query::parse(&request.content.query, "query", catalogue, &parties).map_err(|faults| {
        let unreadable = || Problem::new(Exit::BadInput, "query", "the query cannot be read");
        faults.first().map_or_else(unreadable, tvaers_query::Fault::problem)
    })
}

/// The members that a query is for.
fn asked_of<'c>(coordinator: &'c Coordinator, query: &Query) -> Result<Vec<&'c Member>, Problem> {
    let today = utc_date(coordinator.clock().now());
    let members = coordinator.roster().roster().members_on(today);
    let asked: Vec<&Member> = members.filter(|member| query.asks(&Party::from(*member))).collect();
    if asked.is_empty() {
        return Err(Problem::new(Exit::BadInput, "query.nobody", "no member of the federation is asked")
            .at(format_args!("query {}", query.name()))
            .expected("conditions and [nodes] that leave a node")
            .next("look at `tvaers nodes`"));
    }
    Ok(asked)
}

/// What each member's answers must be, where all of them together can be held.
fn expected(query: &Query, members: &[&Member], times: u32) -> Result<Vec<Expected>, Problem> {
    let expected: Vec<Expected> = members.iter().map(|member| Expected::of(query, member)).collect();
    let of_one = |node: &Expected| u64::try_from(node.numbers_len()).unwrap_or(u64::MAX) + NUMBERS_AROUND;
    let numbers = expected.iter().map(of_one).sum::<u64>().saturating_mul(u64::from(times));
    if numbers > NUMBERS_MAX {
        let what = format_args!("{times} answers of this query are more than a coordinator holds");
        return Err(Problem::new(Exit::BadInput, "query.too-large", what)
            .at(format_args!("query {}", query.name()))
            .expected(format_args!("{NUMBERS_MAX} numbers, those of all nodes' cells and some around them"))
            .next("ask fewer times"));
    }
    Ok(expected)
}

/// Keeps the results, a few at a time.
async fn keep(
    coordinator: &Coordinator,
    id: &RequestId,
    query: &Query,
    combiner: &mut Combiner<'_>,
    replies: &Replies<'_>,
) -> Result<(), Problem> {
    let all = replies.results_len();
    for first in (0..all).step_by(RESULTS_AT_ONCE) {
        let few = first..all.min(first + RESULTS_AT_ONCE);
        let few: Result<Vec<_>, _> = few.map(|index| replies.result(combiner, index)).collect();
        let (few, first) = (few.map_err(of_release)?, u32::try_from(first).unwrap_or(u32::MAX));
        let now = coordinator.clock().now();
        coordinator.state().keep_results(id, query.name(), first, &few, now).await.map_err(of_state)?;
    }
    Ok(())
}

/// What a query would cost at each node that is there, and how good its answer would be. Nothing is charged.
///
/// # Errors
/// [`Problem`] where the query cannot be asked at all.
pub(crate) async fn preview(
    coordinator: &Coordinator,
    request: &Signed<QueryRequest>,
) -> Result<Vec<NodePreview>, Problem> {
    let query = read(coordinator, request)?;
    let members = asked_of(coordinator, &query)?;
    let question = PreviewQuery { request: request.clone() };
    let asking = members.iter().map(|member| async {
        let wait = coordinator.limits().status;
        let asked: Result<Previewed, Failure> =
            session::ask_outside(coordinator, &member.id, &question, wait).await;
        preview::of_node(&member.id, asked.ok())
    });
    Ok(join_all(asking).await)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` takes")]
fn of_state(error: StateError) -> Problem {
    Problem::from_error(Exit::Failed, "state", &error)
}

fn of_release(error: ReleaseError) -> Problem {
    Problem::from_error(Exit::Failed, error.code(), &error)
}

#[cfg(test)]
mod tests;
