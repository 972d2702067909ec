//! A stratification from beginning to end: a study is drafted with all who are there and carried out; where a node stays
//! away it is closed and another is drafted without it; and in the end a client is told what came of it.
//!
//! `patience` says how long anyone is waited for, `attempt` what one study does, step by step.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::SignedDuration;
use tokio::time::Instant;
use tvaers_definitions::model::Model;
use tvaers_definitions::tables::Tables;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::study::{Manifest, utc_date};
use tvaers_release::rho::Rho;

use crate::answer;
use crate::attempt::{Attempt, Joined};
use crate::coordinator::Coordinator;
use crate::draft::{self, Draft};
use crate::event::Events;
use crate::failure::Cause;
use crate::patience::{Ended, Patience};
use crate::session::Session;

pub use crate::request::{Asked, Request, RequestId};
pub use crate::summary::{FallsBack, NodeData, Outcome, Summary};

/// Years that a reference date may have: those of the canonical tables.
const YEARS: std::ops::RangeInclusive<i16> = 1850..=2100;

/// What is written of a study that ended well.
pub(crate) const COMPLETE: &str = "complete";

/// Runs one stratification under a name of its own. Whatever happens, nodes are told to erase what they hold for it.
///
/// # Errors
/// [`Problem`], with exit 4 where too few nodes are there to make anything.
pub async fn run(coordinator: &Coordinator, request: &Request, events: &Events) -> Result<Summary, Problem> {
    run_as(coordinator, &RequestId::random(), request, events).await
}

/// The requests that are under way, in the order in which they were asked: after a start, those to go on with.
///
/// # Errors
/// [`Problem`] where the coordinator's memory cannot be read.
pub async fn unanswered(coordinator: &Coordinator) -> Result<Vec<(RequestId, Asked)>, Problem> {
    coordinator.state().unanswered().await.map_err(|error| Problem::from_error(Exit::Failed, "state", &error))
}

/// Runs the stratification of this name, or goes on with it where the coordinator was stopped in the middle. What came
/// of it is remembered under the name.
///
/// # Errors
/// As [`run`].
pub async fn run_as(
    coordinator: &Coordinator,
    id: &RequestId,
    request: &Request,
    events: &Events,
) -> Result<Summary, Problem> {
    let now = || coordinator.clock().now();
    let state = |error| Problem::from_error(Exit::Failed, "state", &error);
    let remembered = Asked::Stratify(request.clone());
    let (asked, is_new) = coordinator.state().ask(id, &remembered, now()).await.map_err(state)?;
    if let Some(outcome) = coordinator.state().outcome(id).await.map_err(state)? {
        return outcome.into_result();
    }
    let result = match too_old(coordinator, asked) {
        None => run_now(coordinator, id, request, is_new, events).await,
        Some(problem) => Err(problem),
    };
    // A study that was interrupted and that nobody got as far as looking at.
    if result.is_err()
        && let Ok(Some(under_way)) = coordinator.state().under_way(id).await
    {
        abandon(coordinator, under_way.draft.manifest).await;
    }
    if let Err(error) = coordinator.state().answer(id, &Outcome::of(&result), now()).await {
        tracing::error!(error = %error, request.id = %id, "what came of a request could not be recorded");
    }
    result
}

async fn run_now(
    coordinator: &Coordinator,
    id: &RequestId,
    request: &Request,
    is_new: bool,
    events: &Events,
) -> Result<Summary, Problem> {
    let model = check(coordinator, request)?;
    let _turn = coordinator.turn.lock().await;
    let settled = if is_new { Duration::ZERO } else { coordinator.limits().settle };
    let patience = Patience {
        hub: coordinator.hub(),
        limits: coordinator.limits(),
        events,
        deadline: Duration::from_secs(request.deadline_s).min(coordinator.limits().study_work),
        begin: Instant::now() + settled,
    };
    Run { coordinator, id, request, model, patience: &patience, events }.to_the_end().await
}

fn check<'a>(coordinator: &'a Coordinator, request: &Request) -> Result<&'a Model, Problem> {
    let model =
        coordinator.library().model(request.model()).ok_or_else(|| unknown_model(coordinator, request))?;
    if YEARS.contains(&request.as_of().year()) {
        return check_tables(coordinator, request, model).map(|()| model);
    }
    let what = format_args!("reference date {}", request.as_of());
    Err(Problem::new(Exit::BadInput, "stratify.as-of", what)
        .at("--as-of")
        .expected(format_args!("a date in the years {} to {}", YEARS.start(), YEARS.end()))
        .next("correct the date"))
}

/// What a study of tables alone needs before anyone is charged: cells, and a budget that noise can be drawn for.
fn check_tables(coordinator: &Coordinator, request: &Request, model: &Model) -> Result<(), Problem> {
    let asked = &request.study.content;
    let (Some(tables), None) = (&asked.tables, &asked.list) else { return Ok(()) };
    if tables.cut_off.is_some() && !model.tables.is_empty() {
        return Err(Problem::new(
            Exit::BadInput,
            "stratify.cut-off",
            format_args!("`{}` is an indicator, and its tables have no cut-off", model.name),
        )
        .at("--cut-off")
        .expected("a model of lists")
        .next("leave the cut-off out"));
    }
    let members = coordinator.roster().kommune_codes(utc_date(coordinator.clock().now()));
    let laid = Tables::new(model, &members, asked.as_of, tables.cut_off);
    if laid.cells_len() == 0 {
        let listed = |codes: &[u16]| codes.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        let what =
            format_args!("the tables of `{}` have no cell: no member is of its population", model.name);
        return Err(Problem::new(Exit::BadInput, "stratify.population", what)
            .at("`kommuner` of its file, or the reference date")
            .expected(format_args!(
                "one of the municipalities {}, in a region of that date",
                listed(&members)
            ))
            .next("correct the file, or ask a federation with these municipalities"));
    }
    let Some(nano_rho) = tables.nano_rho else { return Ok(()) };
    answer::noise(&laid, Rho::from_nano(nano_rho)).map(drop).map_err(|error| {
        Problem::from_error(Exit::BadInput, error.code(), &error)
            .at("--rho")
            .next("ask with another budget; nothing was charged")
    })
}

/// One request while it is carried out.
struct Run<'a> {
    coordinator: &'a Coordinator,
    id: &'a RequestId,
    request: &'a Request,
    model: &'a Model,
    patience: &'a Patience<'a>,
    events: &'a Events,
}

/// What a request has been through.
#[derive(Default)]
struct Past {
    /// Nodes that the request goes on without. They stay out even if they return: each draft is smaller than the one
    /// before, so that there is an end.
    given_up: BTreeSet<NodeId>,
    /// Studies that were begun anew since a node was last given up.
    anew: u32,
}

impl Run<'_> {
    /// Drafts studies and carries them out until one ends well or nothing helps.
    async fn to_the_end(&self) -> Result<Summary, Problem> {
        let mut past = Past::default();
        let mut interrupted = self.interrupted().await?;
        loop {
            let is_pinned = interrupted.is_some();
            let draft = match interrupted.take() {
                Some(draft) => draft,
                None => match self.draft(&mut past).await? {
                    Some(draft) => draft,
                    None => continue,
                },
            };
            let session = Session::new(self.coordinator, draft.manifest);
            match self.carry_out(&session, &draft.data, is_pinned).await {
                Ok(joined) => return Ok(self.end_well(&session, draft.data, joined).await),
                Err(ended) => {
                    self.end(&session, &told(&ended), None).await;
                    self.bear(ended, &mut past).await?;
                }
            }
        }
    }

    /// A study of this request that a restart interrupted and that can go on.
    async fn interrupted(&self) -> Result<Option<Draft>, Problem> {
        let coordinator = self.coordinator;
        let state = |error| Problem::from_error(Exit::Failed, "state", &error);
        let Some(under_way) = coordinator.state().under_way(self.id).await.map_err(state)? else {
            return Ok(None);
        };
        let manifest = &under_way.draft.manifest;
        // Nodes, definitions and roster must be those that were agreed to, and the nodes must still answer.
        let is_same = manifest.roster == coordinator.roster().digest()
            && manifest.model_digest == self.model.digest
            && manifest.catalogue_digest == coordinator.library().catalogue().digest();
        if under_way.is_pinned && is_same && !self.time_left(manifest.created).is_zero() {
            tracing::info!(study.run = %manifest.run, "going on with a study that a stop interrupted");
            return Ok(Some(under_way.draft));
        }
        abandon(coordinator, under_way.draft.manifest).await;
        Ok(None)
    }

    async fn draft(&self, past: &mut Past) -> Result<Option<Draft>, Problem> {
        let Self { coordinator, request, model, patience, .. } = *self;
        match draft::draft(coordinator, request, patience, &mut past.given_up).await {
            Ok(draft) => {
                tracing::info!(study.run = %draft.manifest.run, study.model = %model.name, "a study begins");
                coordinator.begin(self.id, &draft).await?;
                Ok(Some(draft))
            }
            Err(ended) => self.bear(ended, past).await.map(|()| None),
        }
    }

    async fn carry_out(
        &self,
        session: &Session<'_>,
        data: &[NodeData],
        is_pinned: bool,
    ) -> Result<Joined, Ended> {
        let Self { id, model, patience, events, .. } = *self;
        let nodes = &session.nodes();
        let attempt = Attempt { session, model, patience, events, nodes, request: id, data };
        let limit = self.time_left(session.manifest().created);
        let ended = tokio::time::timeout(limit, attempt.run(is_pinned)).await;
        ended.unwrap_or_else(|_| Err(Ended::Failed(too_long(session))))
    }

    /// What is left of the time for the work of a study.
    fn time_left(&self, created: jiff::Timestamp) -> Duration {
        let passed = self.coordinator.clock().now().duration_since(created).max(SignedDuration::ZERO);
        self.coordinator.limits().study_work.saturating_sub(passed.unsigned_abs())
    }

    async fn end_well(&self, session: &Session<'_>, data: Vec<NodeData>, joined: Joined) -> Summary {
        let roster = self.coordinator.roster();
        let Joined { unconfirmed, tables } = joined;
        let summary = Summary::new(roster, session.manifest(), self.model, data, unconfirmed, tables);
        // Remembered before the nodes are told: from then on there is no way back into the study.
        self.end(session, COMPLETE, Some(&Outcome::Done(summary.clone()))).await;
        summary
    }

    async fn end(&self, session: &Session<'_>, told: &str, outcome: Option<&Outcome>) {
        end(self.coordinator, session, told, outcome.map(|outcome| (self.id, outcome))).await;
    }

    /// Makes the best of a study that came to no end of its own.
    async fn bear(&self, ended: Ended, past: &mut Past) -> Result<(), Problem> {
        let limits = self.coordinator.limits();
        match ended {
            Ended::Failed(problem) => Err(problem),
            Ended::Missing(nodes) => {
                let names: Vec<&str> = nodes.iter().map(NodeId::as_str).collect();
                tracing::warn!(nodes = names.join(" "), "going on without nodes that are missing");
                past.given_up.extend(nodes);
                past.anew = 0;
                Ok(())
            }
            Ended::Anew(failure) => {
                past.anew += 1;
                if past.anew < limits.drafts_max {
                    tracing::warn!(node.id = %failure.node, reason = failure.problem.what, "a study is begun anew");
                    tokio::time::sleep(limits.pause(past.anew)).await;
                    return Ok(());
                }
                if failure.cause == Cause::Held || failure.is_blame() {
                    return Err(failure.problem);
                }
                past.anew = 0;
                past.given_up.insert(failure.node);
                Ok(())
            }
        }
    }
}

/// How a study ended that came to no end of its own, in words.
fn told(ended: &Ended) -> String {
    match ended {
        Ended::Failed(problem) => problem.what.clone(),
        Ended::Missing(nodes) => {
            let names: Vec<&str> = nodes.iter().map(NodeId::as_str).collect();
            format!("given up: {} stayed away", names.join(", "))
        }
        Ended::Anew(failure) => format!("begun anew: {}", failure.problem.what),
    }
}

/// Ends a study that was interrupted and that cannot go on.
async fn abandon(coordinator: &Coordinator, manifest: Manifest) {
    let session = Session::new(coordinator, manifest);
    end(coordinator, &session, "given up: the coordinator was stopped before it could go on by itself", None)
        .await;
}

/// Remembers how a study ended, and its request with it where that has ended too, and tells the nodes.
async fn end(
    coordinator: &Coordinator,
    session: &Session<'_>,
    told: &str,
    request: Option<(&RequestId, &Outcome)>,
) {
    tracing::info!(study.run = %session.manifest().run, outcome = told, "the study is closed");
    coordinator.note_ended(session.manifest(), told, request).await;
    close(coordinator, session).await;
}

/// Tells every node to erase what it holds for the study. One whose connection has just broken is given a moment to come
/// back; one that stays away is told when it connects again, and erases it by itself at the deadline.
async fn close(coordinator: &Coordinator, session: &Session<'_>) {
    let nodes = session.nodes();
    let told = nodes.iter().map(|node| async move {
        if coordinator.close_at(session.digest(), node).await {
            return true;
        }
        // Where the connection has broken, that it is gone is noticed a moment later.
        tokio::time::sleep(coordinator.limits().pause_first).await;
        let since = coordinator.hub().left(node).unwrap_or_else(Instant::now);
        coordinator.hub().is_here_by(node, since + coordinator.limits().reconnect).await
            && coordinator.close_at(session.digest(), node).await
    });
    let told = join_all(told).await;
    for (node, _) in nodes.iter().zip(told).filter(|(_, told)| !told) {
        tracing::warn!(node.id = %node, study.run = %session.manifest().run, "a node could not be told that the study is closed");
    }
}

/// Nobody waits any more for what was asked days ago, and a request that stopped the coordinator must not do so at each
/// start.
pub(crate) fn too_old(coordinator: &Coordinator, asked: jiff::Timestamp) -> Option<Problem> {
    let age = coordinator.clock().now().duration_since(asked).max(SignedDuration::ZERO).unsigned_abs();
    (age > coordinator.limits().study).then(|| {
        Problem::new(
            Exit::Failed,
            "request.too-old",
            format_args!("it was asked at {asked}, and the coordinator was stopped since"),
        )
        .next("ask again")
    })
}

fn too_long(session: &Session<'_>) -> Problem {
    Problem::new(Exit::Incomplete, "stratify.deadline", "the study has not ended within its deadline")
        .at(format!("run {}", session.manifest().run))
        .next("look in the nodes' logs which of them is slow, and start again")
}

fn unknown_model(coordinator: &Coordinator, request: &Request) -> Problem {
    let known: Vec<&str> = coordinator.library().models().iter().map(|model| model.name.as_str()).collect();
    Problem::new(Exit::BadInput, "stratify.model", format!("there is no model `{}`", request.model()))
        .expected(format!("one of: {}", known.join(", ")))
        .next("name a model of this version")
}

#[cfg(test)]
mod tests;
