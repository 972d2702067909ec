//! A query from beginning to end: every node that it is for is asked, those that are away are waited for, and what they
//! release becomes results. Asking again under the same name gives the same answers: nodes keep what they released.

use std::time::Duration;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_protocol::frame::{FrameError, Kind};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{AskQuery, PreviewQuery, Previewed, Releases, ReleasesEnd, Rule, Signed};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::QueryRequest;
use tvaers_protocol::roster::Member;
use tvaers_protocol::study::utc_date;
use tvaers_query::Query;
use tvaers_query::query::Party;

use crate::answer::{self, Answer, Coverage, Received, Refused};
use crate::coordinator::Coordinator;
use crate::event::{Events, Phase};
use crate::failure::Failure;
use crate::patience::{Ended, Patience};
use crate::preview::{self, NodePreview};
use crate::request::{Asked, QueryAsked, RequestId};
use crate::session;
use crate::stratify::too_old;
use crate::summary::Outcome;

/// What is told of a query that has been answered. The answers themselves are results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// The query's name.
    pub name: String,
    /// How many results there are.
    pub results: u32,
    /// Who was asked, answered, refused and is missing, of the last result.
    pub coverage: Coverage,
    /// What went wrong at nodes that are counted as missing although they are connected.
    pub failed: Vec<Problem>,
}

impl Answered {
    /// The exit code: 3 where a node refused, 4 where one is missing and that is not allowed.
    #[must_use]
    pub fn exit(&self, allow_missing: bool) -> Exit {
        match (self.coverage.refused.is_empty(), self.coverage.missing.is_empty() || allow_missing) {
            (false, _) => Exit::Refused,
            (true, false) => Exit::Incomplete,
            (true, true) => Exit::Done,
        }
    }

    /// What a person is told of nodes that refused or are missing; none where that is nobody's problem.
    #[must_use]
    pub fn problem(&self, allow_missing: bool) -> Option<Problem> {
        let names = |nodes: &[NodeId]| nodes.iter().map(NodeId::as_str).collect::<Vec<_>>().join(", ");
        match self.exit(allow_missing) {
            Exit::Refused => {
                let refused = &self.coverage.refused;
                let first = refused.iter().find_map(|node| Some((node, node.rules.first()?)))?;
                let told: Vec<String> = refused
                    .iter()
                    .map(|node| {
                        let rules: Vec<String> =
                            node.rules.iter().map(|rule| format!("{} ({})", rule.what, rule.code)).collect();
                        format!("`{}` refuses: {}", node.node, rules.join(" "))
                    })
                    .collect();
                let nodes: Vec<NodeId> = refused.iter().map(|node| node.node.clone()).collect();
                let problem = Problem::new(Exit::Refused, &first.1.code, told.join("; "))
                    .at(format_args!("query {}, node {}", self.name, names(&nodes)))
                    .next(&first.1.next);
                Some(if first.1.allowed.is_empty() { problem } else { problem.expected(&first.1.allowed) })
            }
            Exit::Incomplete => {
                let missing = names(&self.coverage.missing);
                let failed: Vec<String> = self.failed.iter().map(|problem| problem.what.clone()).collect();
                let why = if failed.is_empty() { String::new() } else { format!(": {}", failed.join("; ")) };
                Some(
                    Problem::new(Exit::Incomplete, "query.missing", format_args!("{missing} did not answer{why}"))
                        .at(format_args!("query {}", self.name))
                        .expected("every node that the query is for, or --allow-missing")
                        .next("ask its IT to look at `tvaers-node check` and its log, then ask again: nothing is charged twice"),
                )
            }
            _ => None,
        }
    }
}

/// What came of asking one node.
enum Reply {
    Answers { bodies: Vec<Vec<u8>>, refused: Vec<Rule> },
    Missing,
    Failed(Problem),
}

/// Reads a signed query as this coordinator's catalogue and roster have it.
pub(crate) fn read(coordinator: &Coordinator, request: &Signed<QueryRequest>) -> Result<Query, Problem> {
    let now = coordinator.clock().now();
    request.asker(coordinator.roster(), now).map_err(|error| {
        Problem::new(Exit::Refused, error.code(), error).at("the request").next(error.mend())
    })?;
    let members = coordinator.roster().roster().members_on(utc_date(now));
    let parties: Vec<Party> = members.map(Party::from).collect();
    let catalogue = coordinator.library().catalogue();
    Query::parse(&request.content.query, "query", catalogue, &parties).map_err(|faults| {
        let fault = faults.first();
        let problem = Problem::new(
            Exit::BadInput,
            fault.map_or("query", |fault| fault.code),
            "the query cannot be read",
        );
        fault.map_or(problem, |fault| fault.problem())
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

/// Asks the query of this name, or tells what came of it. What comes of it is remembered under the name.
pub async fn run_as(
    coordinator: &Coordinator,
    id: &RequestId,
    asked: &QueryAsked,
    events: &Events,
) -> Result<Outcome, Problem> {
    let now = || coordinator.clock().now();
    let state = |error| Problem::from_error(Exit::Failed, "state", &error);
    let remembered = Asked::Query(asked.clone());
    let (since, is_new) = coordinator.state().ask(id, &remembered, now()).await.map_err(state)?;
    if let Some(outcome) = coordinator.state().outcome(id).await.map_err(state)? {
        return Ok(outcome);
    }
    let result = match too_old(coordinator, since) {
        None => run(coordinator, id, asked, is_new, events).await,
        Some(problem) => Err(problem),
    };
    let outcome = result.map_or_else(Outcome::failed, Outcome::Answered);
    coordinator.state().answer(id, &outcome, now()).await.map_err(state)?;
    Ok(outcome)
}

/// Asks a query and keeps the results.
///
/// # Errors
/// [`Problem`] where the query cannot be asked at all, or its results cannot be kept.
pub(crate) async fn run(
    coordinator: &Coordinator,
    id: &RequestId,
    asked: &QueryAsked,
    is_new: bool,
    events: &Events,
) -> Result<Answered, Problem> {
    let query = read(coordinator, &asked.query)?;
    let members = asked_of(coordinator, &query)?;
    let settled = if is_new { Duration::ZERO } else { coordinator.limits().settle };
    let patience = Patience {
        hub: coordinator.hub(),
        limits: coordinator.limits(),
        events,
        deadline: Duration::from_secs(asked.deadline_s),
        begin: Instant::now() + settled,
    };
    let question = AskQuery { request: asked.query.clone() };
    let replies = async {
        let asking = members.iter().map(|member| ask(coordinator, &patience, &member.id, &question));
        Ok::<_, Problem>(join_all(asking).await)
    };
    let replies = events.phase(Phase::Query, replies).await?;
    let asked_nodes: Vec<NodeId> = members.iter().map(|member| member.id.clone()).collect();
    let gathered = Gathered::of(&query, &members, replies);
    let (results, coverage) =
        gathered.results(coordinator, &query, &asked_nodes, asked.query.content.times)?;
    let count = u32::try_from(results.len()).unwrap_or(u32::MAX);
    coordinator
        .state()
        .keep_results(id, query.name(), &results, coordinator.clock().now())
        .await
        .map_err(|error| Problem::from_error(Exit::Failed, "state", &error))?;
    Ok(Answered { name: query.name().to_owned(), results: count, coverage, failed: gathered.failed })
}

async fn ask(
    coordinator: &Coordinator,
    patience: &Patience<'_>,
    node: &NodeId,
    question: &AskQuery,
) -> Reply {
    let own = std::slice::from_ref(node);
    if !patience.gather(Phase::Query, own).await.is_empty() {
        return Reply::Missing;
    }
    let mut tries = patience.tries(Phase::Query, own);
    loop {
        let failure = match ask_once(coordinator, node, question).await {
            Ok((bodies, refused)) => return Reply::Answers { bodies, refused },
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

async fn ask_once(
    coordinator: &Coordinator,
    node: &NodeId,
    question: &AskQuery,
) -> Result<(Vec<Vec<u8>>, Vec<Rule>), Failure> {
    let link = coordinator.hub().link(node).ok_or_else(|| Failure::absent(node))?;
    let limits = coordinator.limits();
    let answer = async {
        let mut exchange = Exchange::open(&*link, coordinator.roster().digest(), Digest::NONE).await?;
        exchange.send(question, limits.prompt).await?;
        let (mut bodies, mut sequence) = (Vec::new(), 0_u32);
        loop {
            let frame = exchange.frame(limits.work).await?;
            if frame.kind() == Kind::ReleasesEnd {
                let end: ReleasesEnd = frame.message()?;
                if usize::try_from(end.count) != Ok(bodies.len()) {
                    return Err(other_kind(frame.kind()).into());
                }
                return Ok((bodies, end.refused));
            }
            let part: Releases = frame.message()?;
            let asked = question.request.content.times;
            let fits = u32::try_from(bodies.len() + part.bodies.len()).is_ok_and(|count| count <= asked);
            if part.sequence != sequence || !fits {
                return Err(other_kind(frame.kind()).into());
            }
            sequence += 1;
            bodies.extend(part.bodies);
        }
    };
    answer.await.map_err(|error: ExchangeError| Failure::outside(node, &error))
}

/// That a frame came which does not fit the exchange.
const fn other_kind(found: Kind) -> FrameError {
    FrameError::OtherKind { expected: Kind::ReleasesEnd, found }
}

/// What nodes answered, checked.
struct Gathered {
    answers: Vec<(NodeId, Vec<Received>)>,
    refused: Vec<Refused>,
    missing: Vec<NodeId>,
    failed: Vec<Problem>,
}

impl Gathered {
    fn of(query: &Query, members: &[&Member], replies: Vec<Reply>) -> Self {
        let mut gathered =
            Self { answers: Vec::new(), refused: Vec::new(), missing: Vec::new(), failed: Vec::new() };
        for (member, reply) in members.iter().zip(replies) {
            match reply {
                Reply::Missing => gathered.missing.push(member.id.clone()),
                Reply::Failed(problem) => gathered.fail(member, problem),
                Reply::Answers { bodies, refused } => {
                    let answers: Result<Vec<Received>, answer::Fault> =
                        bodies.iter().map(|body| answer::received(query, member, body)).collect();
                    match answers {
                        Ok(answers) => gathered.answers.push((member.id.clone(), answers)),
                        Err(fault) => {
                            let what = format!("the answer of `{}` cannot be used: {fault}", member.id);
                            gathered.fail(member, Problem::new(Exit::Failed, "query.answer", what));
                        }
                    }
                    if !refused.is_empty() {
                        gathered.refused.push(Refused { node: member.id.clone(), rules: refused });
                    }
                }
            }
        }
        gathered
    }

    fn fail(&mut self, member: &Member, problem: Problem) {
        tracing::warn!(node.id = %member.id, code = problem.code, reason = problem.what, "a node failed at a query");
        self.missing.push(member.id.clone());
        self.failed.push(problem);
    }

    /// A result for each answer that any node gave, and who took part in the last of those asked for.
    fn results(
        &self,
        coordinator: &Coordinator,
        query: &Query,
        asked: &[NodeId],
        times: u32,
    ) -> Result<(Vec<Answer>, Coverage), Problem> {
        let most = self.answers.iter().map(|(_, answers)| answers.len()).max().unwrap_or(0);
        let mut results = Vec::with_capacity(most);
        for index in 0..most {
            let coverage = self.coverage(coordinator, asked, index);
            let answers = self.answers.iter().filter_map(|(_, answers)| answers.get(index)).collect();
            let combined = answer::Combined { query, roster: coordinator.roster(), coverage, answers };
            let result = answer::combine(combined)
                .map_err(|error| Problem::from_error(Exit::Failed, error.code(), &error))?;
            results.push(result);
        }
        let last = usize::try_from(times).unwrap_or(usize::MAX).saturating_sub(1);
        Ok((results, self.coverage(coordinator, asked, last)))
    }

    fn coverage(&self, coordinator: &Coordinator, asked: &[NodeId], index: usize) -> Coverage {
        let has = |(node, answers): &(NodeId, Vec<Received>)| (answers.len() > index).then(|| node.clone());
        let answered: Vec<NodeId> = self.answers.iter().filter_map(has).collect();
        let refused = self.refused.iter().filter(|refused| !answered.contains(&refused.node)).cloned();
        Coverage {
            asked: asked.to_vec(),
            population_share: answer::share(coordinator.roster(), asked, &answered),
            refused: refused.collect(),
            answered,
            missing: self.missing.clone(),
        }
    }
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
