//! The draft of a study: who is there, what each can give, and a manifest that fits all of them.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use rand::Rng as _;
use tvaers_host::process::system_rng;
use tvaers_protocol::id::{Digest, NodeId, Sector};
use tvaers_protocol::message::{Prepare, Prepared};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::Roster;
use tvaers_protocol::study::{Disclosure, Grain, Manifest, Participant, RunId, utc_date};

use crate::coordinator::Coordinator;
use crate::event::Phase;
use crate::failure;
use crate::patience::{Ended, Patience};
use crate::series;
use crate::session;
use crate::stratify::{NodeData, Request};

/// A manifest, and what a person is told of the data behind it.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) manifest: Manifest,
    pub(crate) data: Vec<NodeData>,
}

/// Drafts a study with all members that are there, or come within the deadline. Those in `given_up` are left out, and
/// those that do not come join them.
///
/// # Errors
/// [`Ended`].
pub(crate) async fn draft(
    coordinator: &Coordinator,
    request: &Request,
    patience: &Patience<'_>,
    given_up: &mut BTreeSet<NodeId>,
) -> Result<Draft, Ended> {
    let roster = coordinator.roster().roster();
    let today = utc_date(coordinator.clock().now());
    let members = roster.members_on(today).map(|member| member.id.clone());
    let wanted: Vec<NodeId> = members.filter(|id| !given_up.contains(id)).collect();
    given_up.extend(patience.gather(Phase::Keygen, &wanted).await);
    let mut nodes: Vec<NodeId> = wanted.into_iter().filter(|id| !given_up.contains(id)).collect();
    check_enough(roster, today, &nodes).map_err(Ended::Failed)?;
    nodes.sort();
    let question = Prepare { request: request.study.clone(), approval: request.approval.as_deref().cloned() };
    let asked = nodes.iter().map(|node| prepare(coordinator, patience, node, &question));
    let prepared: Vec<Prepared> = try_join_all(asked).await?;
    let data = nodes.iter().zip(&prepared).map(|(node, prepared)| NodeData {
        node: node.clone(),
        import: prepared.data.import,
        extracted_on: prepared.data.extracted_on,
        rejected_rows: prepared.data.rejected_rows,
        laboratory: prepared.laboratory,
        tables: prepared.tables,
    });
    let data = data.collect();
    let first = first(coordinator, request).await.map_err(Ended::Failed)?;
    let manifest = manifest(coordinator, &question, &nodes, &prepared, first).map_err(Ended::Failed)?;
    Ok(Draft { manifest, data })
}

/// The series that the request goes on with, by the digest of its first manifest; none where it makes a key of its own.
async fn first(coordinator: &Coordinator, request: &Request) -> Result<Option<Digest>, Problem> {
    let Some(run) = request.study.content.series.and_then(|series| series.first) else { return Ok(None) };
    let state = |error| Problem::from_error(Exit::Failed, "state", &error);
    let unknown = |what: std::fmt::Arguments<'_>| {
        Problem::new(Exit::BadInput, "series.unknown", what)
            .at("--follows")
            .expected("a run of a series that is open; `tvaers study show RUN` tells")
            .next("name such a run, or begin a new series")
    };
    match coordinator.state().series(&run.to_string()).await.map_err(state)? {
        None => Err(unknown(format_args!("no series begins with the run {run}"))),
        Some(first) if coordinator.state().is_series_closed(first).await.map_err(state)? => {
            Err(unknown(format_args!("the series that begins with the run {run} is closed")))
        }
        Some(first) => Ok(Some(first)),
    }
}

async fn prepare(
    coordinator: &Coordinator,
    patience: &Patience<'_>,
    node: &NodeId,
    question: &Prepare,
) -> Result<Prepared, Ended> {
    let mut tries = patience.tries(Phase::Keygen, std::slice::from_ref(node));
    loop {
        match session::prepare(coordinator, node, question).await {
            Ok(Ok(prepared)) if prepared.tables.is_some() != question.request.content.tables.is_some() => {
                return Err(Ended::Failed(other_terms(node)));
            }
            Ok(Ok(prepared)) => return Ok(prepared),
            Ok(Err(declined)) => return Err(Ended::Failed(failure::declined(node, &declined.rules))),
            Err(failure) => tries.again(failure).await?,
        }
    }
}

/// A node that states a price where no tables are asked for, or none where they are: with either the others would not
/// agree, and say no more than that the study is not what was asked for.
fn other_terms(node: &NodeId) -> Problem {
    let what = format_args!("`{node}` does not answer as asked whether tables may be released");
    Problem::new(Exit::Failed, "node.terms", what)
        .at(format_args!("node {node}"))
        .expected("terms where tables are asked for, and none where not")
        .next("ask its IT whether it runs the version of the federation, then start again")
}

fn manifest(
    coordinator: &Coordinator,
    question: &Prepare,
    nodes: &[NodeId],
    prepared: &[Prepared],
    first: Option<Digest>,
) -> Result<Manifest, Problem> {
    let roster = coordinator.roster().roster();
    let created = coordinator.clock().now();
    let today = utc_date(created);
    // Midnight may have passed, and with it somebody's membership.
    check_enough(roster, today, nodes)?;
    let of_roster: Vec<NodeId> = roster.holders_on(today).map(|member| member.id.clone()).collect();
    let (follows, holders) = match first {
        None => (None, of_roster.into_iter().filter(|holder| nodes.contains(holder)).collect()),
        Some(first) => {
            let base = series::base(first, roster.quorum, &of_roster, nodes, prepared)?;
            (Some(base.follows), base.holders)
        }
    };
    let left_out = follows.as_ref().map_or(&[][..], |follows| &follows.left_out);
    let indices = (1..).zip(&holders).filter(|(index, _)| !left_out.contains(index));
    let staying: Vec<(u16, &NodeId)> = indices.collect();
    let indices: Vec<u16> = staying.iter().map(|(index, _)| *index).collect();
    let own = |node: &NodeId| staying.iter().find(|(_, holder)| *holder == node).map(|(index, _)| *index);
    let participant = |(position, (node, prepared)): (usize, (&NodeId, &Prepared))| Participant {
        node: node.clone(),
        quota: prepared.evaluations,
        quorum: Manifest::quorum_for(own(node), position, &indices, roster.quorum),
        data: prepared.data.digest,
    };
    let participants = nodes.iter().zip(prepared).enumerate().map(participant).collect();
    let mut run = [0; 16];
    system_rng().fill_bytes(&mut run);
    let asked = &question.request.content;
    let disclosures = prepared.iter().map(|prepared| prepared.disclosure);
    Ok(Manifest {
        run: RunId(run),
        roster: coordinator.roster().digest(),
        // The least that any node needs, so that it is within what each allows.
        nano_rho: prepared
            .iter()
            .filter_map(|prepared| prepared.tables)
            .map(|terms| terms.nano_rho)
            .min()
            .unwrap_or(0),
        model: asked.model.clone(),
        model_digest: asked.model_digest,
        catalogue_digest: asked.catalogue_digest,
        as_of: asked.as_of,
        request: question.request.clone(),
        approval: question.approval.clone(),
        grain: prepared.iter().map(|prepared| prepared.grain).min().unwrap_or(Grain::Points),
        disclosure: disclosures.min().unwrap_or(Disclosure::Inclusion),
        everyone: prepared.iter().all(|prepared| prepared.everyone),
        threshold: roster.quorum,
        follows,
        holders,
        participants,
        created,
        deadline: deadline(created, coordinator),
    })
}

fn deadline(created: Timestamp, coordinator: &Coordinator) -> Timestamp {
    let study = SignedDuration::try_from(coordinator.limits().study).unwrap_or(SignedDuration::ZERO);
    created.checked_add(study).unwrap_or(created)
}

/// Without enough holders nobody gets a pseudonym, and without a municipality there is nobody to find.
fn check_enough(roster: &Roster, today: jiff::civil::Date, nodes: &[NodeId]) -> Result<(), Problem> {
    let is_here = |id: &NodeId| nodes.contains(id);
    let holders: Vec<&NodeId> = roster.holders_on(today).map(|member| &member.id).collect();
    let here = holders.iter().filter(|id| is_here(id)).count();
    let is_municipality = |sector| sector == Sector::Municipality;
    let has_municipality =
        roster.members_on(today).any(|member| is_municipality(member.sector) && is_here(&member.id));
    let (what, needed): (String, Vec<&NodeId>) = if here < usize::from(roster.quorum) {
        let what = format!(
            "{here} of {} key holders are there, and {} must work together",
            holders.len(),
            roster.quorum
        );
        (what, holders)
    } else if !has_municipality {
        let members = roster.members_on(today).filter(|member| is_municipality(member.sector));
        let what = "no municipality is there, so that there is nobody's resident to find".to_owned();
        (what, members.map(|member| &member.id).collect())
    } else {
        return Ok(());
    };
    let missing: Vec<&str> = needed.into_iter().filter(|id| !is_here(id)).map(NodeId::as_str).collect();
    Err(Problem::new(Exit::Incomplete, "stratify.too-few", format_args!("{what}; nothing was made"))
        .at(format_args!("node {}", missing.join(", ")))
        .expected("these nodes, connected")
        .next("ask their IT to look at `tvaers-node check` and the log, then start again, with a longer --deadline where they need time"))
}

#[cfg(test)]
mod tests;
