//! A stratification from beginning to end: agree, make a key, pseudonymise, join, hand back, close.

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use jiff::SignedDuration;
use jiff::civil::Date;
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use tvaers_definitions::model::Model;
use tvaers_host::process::system_rng;
use tvaers_protocol::frame::Kind;
use tvaers_protocol::id::{Digest, NodeId, Sector};
use tvaers_protocol::message::{
    Accepted, Compute, Computed, Contribute, Open, Opened, Prepare, Prepared, Progress, Propose,
    Pseudonymise, Signed,
};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::record::{ContributionShape, HandBackShape};
use tvaers_protocol::sign::Purpose;
use tvaers_protocol::study::{Disclosure, Grain, Manifest, Participant, RunId, utc_date};

use crate::combine::{Combiner, Source as Place};
use crate::coordinator::Coordinator;
use crate::event::{Events, Phase};
use crate::join::{Join, JoinError, Return};
use crate::keygen;
use crate::merge::{Expected, Merge, Source, StreamFault};
use crate::session::{self, Session};

/// For a node to answer a question that needs no work.
const PROMPT: Duration = Duration::from_secs(60);
/// For a node to work over all of its rows.
const WORK: Duration = Duration::from_secs(3600);
/// For a node whose connection broke to come back and hear that the study is closed.
const RECONNECT: Duration = Duration::from_secs(5);
/// Until nodes stop answering for a study.
const STUDY_HOURS: i64 = 24;
/// For the work of a study, within its deadline: a node that dawdles must not hold up the next one for ever.
const STUDY_TIME: Duration = Duration::from_secs(23 * 3600);

/// Years that a reference date may have: those of the canonical tables.
const YEARS: std::ops::RangeInclusive<i16> = 1850..=2100;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The model's name.
    pub model: String,
    /// The reference date.
    pub as_of: Date,
    /// The finest grain asked for.
    pub grain: Grain,
    /// Seconds to wait for nodes that are not connected.
    pub deadline_s: u64,
}

/// What is told about a stratification that ended well. Nothing in it is a count of persons: counts that are not
/// noised stay at the nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The run's random name.
    pub run: RunId,
    /// The model and its version.
    pub model: String,
    /// The reference date.
    pub as_of: Date,
    /// The grain that all nodes granted and this version can use.
    pub grain: Grain,
    /// Who took part.
    pub nodes: Vec<NodeId>,
    /// Which data each of them answered from.
    pub data: Vec<NodeData>,
    /// How many key holders evaluated each pseudonym, and of how many.
    pub quorum: (u16, u16),
    /// Rules that span several nodes and for which the stated fall-back is used at this grain.
    pub falls_back: Vec<FallsBack>,
    /// Where the work lists are.
    pub worklists: Vec<NodeId>,
}

/// The data that a node answered from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeData {
    /// The node.
    pub node: NodeId,
    /// The number of its import.
    pub import: u32,
    /// The day on which its source systems were read.
    pub extracted_on: Date,
    /// Rows that the import set aside.
    pub rejected_rows: u64,
}

/// A rule that spans several nodes and falls back at the study's grain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FallsBack {
    /// The model's touch group, such as `spells`.
    pub group: String,
    /// The sector whose nodes it spans.
    pub sector: Sector,
}

/// Runs one stratification. Whatever happens, nodes are told to erase what they hold for it.
///
/// # Errors
/// [`Problem`], with exit 4 where a node is missing.
pub async fn run(coordinator: &Coordinator, request: &Request, events: &Events) -> Result<Summary, Problem> {
    let model =
        coordinator.library().model(&request.model).ok_or_else(|| unknown_model(coordinator, request))?;
    if !YEARS.contains(&request.as_of.year()) {
        return Err(Problem::new(
            Exit::BadInput,
            "stratify.as-of",
            format_args!("reference date {}", request.as_of),
        )
        .at("--as-of")
        .expected(format_args!("a date in the years {} to {}", YEARS.start(), YEARS.end()))
        .next("correct the date"));
    }
    let today = utc_date(coordinator.clock().now());
    let members = coordinator.roster().roster().members_on(today);
    let nodes: Vec<NodeId> = members.map(|member| member.id.clone()).collect();
    let wait = Duration::from_secs(request.deadline_s);
    let missing = coordinator.hub().missing_after(&nodes, wait).await;
    if let Some(first) = missing.first() {
        let names: Vec<&str> = missing.iter().map(NodeId::as_str).collect();
        let what = format!("not connected within {} s: {}", request.deadline_s, names.join(", "));
        return Err(Problem { what, ..session::lost(first) });
    }
    let _turn = coordinator.turn.lock().await;
    let (manifest, data) = draft(coordinator, request, model, nodes).await?;
    let session = Session::new(coordinator, manifest);
    tracing::info!(study.run = %session.manifest().run, study.model = %model.name, "a study begins");
    coordinator.begin(session.manifest()).await?;
    let work = carry_out(coordinator, &session, model, data, events);
    let outcome = tokio::time::timeout(STUDY_TIME, work).await.unwrap_or_else(|_| Err(too_long(&session)));
    close(coordinator, &session).await;
    let ended = match &outcome {
        Ok(_) => "complete".to_owned(),
        Err(problem) => problem.what.clone(),
    };
    tracing::info!(study.run = %session.manifest().run, outcome = ended, "the study is closed");
    coordinator.note_ended(session.manifest(), &ended).await;
    outcome
}

async fn carry_out(
    coordinator: &Coordinator,
    session: &Session<'_>,
    model: &Model,
    data: Vec<NodeData>,
    events: &Events,
) -> Result<Summary, Problem> {
    events.phase(Phase::Keygen, agree_and_make_key(coordinator, session)).await?;
    let nodes = session.nodes();
    let compute = session.ask_all::<_, Computed>(&nodes, |_| Compute {}, WORK);
    events.phase(Phase::Features, compute).await?;
    events.phase(Phase::Pseudonyms, pseudonymise(session, events)).await?;
    let returns = events.phase(Phase::Join, join(coordinator, session, model)).await?;
    // Tables of strata are released with noise once the release engine is in place; until then nothing leaves here.
    events.phase(Phase::Release, async { Ok(()) }).await?;
    let ends = returns.into_iter().map(|way| way.end(session.digest(), coordinator.signing()));
    let hand_back = async { try_join_all(ends).await.map_err(|error| join_failed(&error)) };
    events.phase(Phase::Handback, hand_back).await?;
    Ok(summary(coordinator, session.manifest(), model, data))
}

/// Asks what each node can give, and drafts a manifest that fits all.
async fn draft(
    coordinator: &Coordinator,
    request: &Request,
    model: &Model,
    mut nodes: Vec<NodeId>,
) -> Result<(Manifest, Vec<NodeData>), Problem> {
    nodes.sort();
    let question = |_: &NodeId| Prepare {
        model: model.name.clone(),
        model_digest: model.digest,
        catalogue_digest: coordinator.library().catalogue().digest(),
        as_of: request.as_of,
        // The second round for events is not part of this version, so no finer grain may be agreed to.
        grain: request.grain.min(Grain::Counts),
    };
    let prepared: Vec<Prepared> = session::ask_all(coordinator, &nodes, Digest::NONE, question, WORK).await?;
    let roster = coordinator.roster().roster();
    let created = coordinator.clock().now();
    let holders: Vec<NodeId> = roster.holders_on(utc_date(created)).map(|member| member.id.clone()).collect();
    let participant = |(position, (node, prepared)): (usize, (&NodeId, &Prepared))| Participant {
        node: node.clone(),
        quota: prepared.evaluations,
        quorum: Manifest::quorum_for(node, position, &holders, roster.quorum),
        data: prepared.data.digest,
    };
    let participants = nodes.iter().zip(&prepared).enumerate().map(participant).collect();
    let mut run = [0; 16];
    system_rng().fill_bytes(&mut run);
    let deadline = created.checked_add(SignedDuration::from_hours(STUDY_HOURS)).unwrap_or(created);
    let data = nodes.iter().zip(&prepared).map(|(node, prepared)| NodeData {
        node: node.clone(),
        import: prepared.data.import,
        extracted_on: prepared.data.extracted_on,
        rejected_rows: prepared.data.rejected_rows,
    });
    let data = data.collect();
    let manifest = Manifest {
        run: RunId(run),
        roster: coordinator.roster().digest(),
        permit: "laboratory".to_owned(),
        model: model.name.clone(),
        model_digest: model.digest,
        catalogue_digest: coordinator.library().catalogue().digest(),
        as_of: request.as_of,
        grain: prepared.iter().map(|prepared| prepared.grain).min().unwrap_or(Grain::Points),
        disclosure: prepared
            .iter()
            .map(|prepared| prepared.disclosure)
            .min()
            .unwrap_or(Disclosure::Inclusion),
        threshold: roster.quorum,
        holders,
        participants,
        created,
        deadline,
    };
    Ok((manifest, data))
}

async fn agree_and_make_key(coordinator: &Coordinator, session: &Session<'_>) -> Result<(), Problem> {
    let nodes = session.nodes();
    let roster = coordinator.roster().digest();
    let manifest = Signed::new(session.manifest().clone(), Purpose::Proposal, roster, coordinator.signing());
    let propose = |_: &NodeId| Propose { manifest: manifest.clone() };
    // The study is not known to a node before it has agreed, so the proposal stands outside it.
    let accepted: Vec<Accepted> =
        session::ask_all(coordinator, &nodes, Digest::NONE, propose, PROMPT).await?;
    let acceptances: Vec<_> = accepted.into_iter().map(|reply| reply.acceptance).collect();
    let _: Vec<Opened> =
        session.ask_all(&nodes, |_| Open { acceptances: acceptances.clone() }, PROMPT).await?;
    keygen::run(session).await
}

async fn pseudonymise(session: &Session<'_>, events: &Events) -> Result<(), Problem> {
    let one = async |node: NodeId| -> Result<(), Problem> {
        let failed = |error| session::failed(&node, &error);
        let mut exchange = session.exchange(&node).await?;
        exchange.send(&Pseudonymise {}, PROMPT).await.map_err(failed)?;
        loop {
            let frame = exchange.frame(WORK).await.map_err(failed)?;
            if frame.kind() != Kind::Progress {
                frame.kind().expect(Kind::Pseudonymised).map_err(|error| failed(error.into()))?;
                return Ok(());
            }
            let progress: Progress =
                frame.message().map_err(|error: tvaers_protocol::frame::FrameError| failed(error.into()))?;
            events.progress(Phase::Pseudonyms, &node, progress.done, progress.total);
        }
    };
    try_join_all(session.nodes().into_iter().map(one)).await.map(|_| ())
}

async fn join(
    coordinator: &Coordinator,
    session: &Session<'_>,
    model: &Model,
) -> Result<Vec<Return>, Problem> {
    let grain = session.manifest().grain;
    let shape = model.shape(grain);
    let (mut sources, mut places, mut returns) = (Vec::new(), Vec::new(), Vec::new());
    for node in session.nodes() {
        let member = coordinator.roster().member(&node).ok_or_else(|| session::lost(&node))?;
        let mut exchange = session.exchange(&node).await?;
        exchange.send(&Contribute {}, PROMPT).await.map_err(|error| session::failed(&node, &error))?;
        let layout = model.layout(member.sector, grain);
        let own = ContributionShape { values: layout.components.len(), recencies: layout.recencies.len() };
        let quota = session.manifest().participant(&node).map_or(0, |participant| participant.quota);
        let expected = Expected { node: node.clone(), key: member.signing, shape, own, quota };
        sources.push(Source::new(expected, session.digest(), exchange));
        places.push(Place { sector: member.sector, code: member.code });
        returns.push(match member.sector {
            Sector::Region => None,
            Sector::Municipality => {
                let shape = HandBackShape { criteria: model.criteria.len() };
                Some(Return::new(node.clone(), session.exchange(&node).await?, shape))
            }
        });
    }
    let merge = Merge::begin(sources).await.map_err(|error| join_failed(&error.into()))?;
    let combiner = Combiner::new(model, grain, &places);
    let join = Join { model, grain, disclosure: session.manifest().disclosure, combiner, returns };
    join.run(merge).await.map_err(|error| join_failed(&error))
}

/// Tells every node to erase what it holds for the study. One whose connection broke is given a moment to come back;
/// one that stays away is told when it connects again, and erases it by itself at the deadline.
async fn close(coordinator: &Coordinator, session: &Session<'_>) {
    let nodes = session.nodes();
    let told = nodes.iter().map(|node| async move {
        if coordinator.close_at(session.digest(), node).await {
            return true;
        }
        coordinator.hub().missing_after(std::slice::from_ref(node), RECONNECT).await;
        coordinator.close_at(session.digest(), node).await
    });
    let told = join_all(told).await;
    for (node, _) in nodes.iter().zip(told).filter(|(_, told)| !told) {
        tracing::warn!(node.id = %node, study.run = %session.manifest().run, "a node could not be told that the study is closed");
    }
}

fn summary(coordinator: &Coordinator, manifest: &Manifest, model: &Model, data: Vec<NodeData>) -> Summary {
    let members = &coordinator.roster().roster().members;
    let falls_back = model.touches.iter().filter(|touch| touch.at.contains(&manifest.grain));
    let municipalities = members
        .iter()
        .filter(|member| member.sector == Sector::Municipality && manifest.participant(&member.id).is_some());
    Summary {
        run: manifest.run,
        model: format!("{} version {}", model.name, model.version),
        as_of: manifest.as_of,
        grain: manifest.grain,
        data,
        nodes: manifest.participants.iter().map(|participant| participant.node.clone()).collect(),
        quorum: (manifest.threshold, u16::try_from(manifest.holders.len()).unwrap_or(u16::MAX)),
        falls_back: falls_back
            .map(|touch| FallsBack { group: touch.group.clone(), sector: touch.sector })
            .collect(),
        worklists: municipalities.map(|member| member.id.clone()).collect(),
    }
}

fn too_long(session: &Session<'_>) -> Problem {
    Problem::new(Exit::Incomplete, "stratify.deadline", "the study has not ended within its deadline")
        .at(format!("run {}", session.manifest().run))
        .next("look in the nodes' logs which of them is slow, and start again")
}

fn unknown_model(coordinator: &Coordinator, request: &Request) -> Problem {
    let known: Vec<&str> = coordinator.library().models().iter().map(|model| model.name.as_str()).collect();
    Problem::new(Exit::BadInput, "stratify.model", format!("there is no model `{}`", request.model))
        .expected(format!("one of: {}", known.join(", ")))
        .next("name a model of this version")
}

fn join_failed(error: &JoinError) -> Problem {
    let exit = match error {
        JoinError::Merge(error) => match &error.fault {
            StreamFault::Exchange(fault) => session::exit(fault),
            _ => Exit::Failed,
        },
        JoinError::HandBack { fault, .. } => session::exit(fault),
    };
    let next = "look at the node's log and start again; a work list that another node has written already stays there";
    Problem::new(exit, "stratify.join", error).at(format!("node {}", error.node())).next(next)
}
