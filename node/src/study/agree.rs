//! Agreement on a study: what this node could give, whether it agrees, and that all others have agreed.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::MutexGuard;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{
    Acceptance, Accepted, Declined, Open, Opened, Prepare, Prepared, Propose, Rule, Signed,
};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::request::StudyRequest;
use tvaers_protocol::sign::Purpose;
use tvaers_protocol::study::Manifest;

use crate::node::Node;
use crate::policy::keeper::Held;
use crate::refusal::Refusal;
use crate::series;
use crate::series::base::Base;
use crate::serve;
use crate::state::ImportRecord;
use crate::study::permit::{self, Asker, Known};
use crate::study::{Stage, Study, told};
use crate::work::{Work, source};

/// Says what this node could contribute, or which rules keep it from that.
pub(crate) async fn prepare(
    node: &Node,
    held: &Held,
    ask: &Prepare,
) -> Result<Result<Prepared, Declined>, Refusal> {
    let now = node.clock().now();
    let (request, asked) = (&ask.request, &ask.request.content);
    let asker = &match permit::asker(node, request, ask.approval.as_ref(), now) {
        Ok(asker) => asker,
        Err(rule) => return decline(node, held, request, vec![rule], now).await.map(Err),
    };
    let import = import(node).await?;
    check_definitions(node, &asked.model, asked.model_digest, asked.catalogue_digest)?;
    if asked.as_of > import.statement.extracted_on {
        return Err(Refusal::new(RejectCode::AsOfAfterExtract));
    }
    let model = node.model(&asked.model)?;
    let judge = |evaluations| async move {
        permit::judge(node, held, request, asker, model, &Known::Draft { evaluations }, now).await
    };
    // Asked before anything is counted, so that nobody who may not ask has anything read.
    if let Err(rules) = judge(0).await? {
        return decline(node, held, request, rules, now).await.map(Err);
    }
    let warehouse = source::data(node, &import).await?;
    let evaluations = source::count_contributors(node, &warehouse).await?;
    warehouse.close().await;
    match judge(evaluations).await? {
        Ok(allowed) => Ok(Ok(Prepared {
            evaluations,
            grain: allowed.grain,
            disclosure: allowed.disclosure,
            everyone: allowed.everyone,
            tables: allowed.tables,
            laboratory: held.policy().is_some_and(|in_force| in_force.is_laboratory()),
            data: import.statement,
            series: series::held(node, asked.series).await?,
        })),
        Err(rules) => decline(node, held, request, rules, now).await.map(Err),
    }
}

/// Logs what is declined, and says why.
async fn decline(
    node: &Node,
    held: &Held,
    request: &Signed<StudyRequest>,
    rules: Vec<Rule>,
    now: Timestamp,
) -> Result<Declined, Refusal> {
    node.record(now, vec![told::declined(node, held, request, &rules)]).await?;
    Ok(Declined { rules })
}

/// Checks a proposed study against roster, clock, definitions, data and policy, and signs it.
pub(crate) async fn propose(node: &Node, held: &Held, ask: &Propose) -> Result<Accepted, Refusal> {
    let manifest = ask
        .manifest
        .verify(Purpose::Proposal, node.roster().digest(), &node.roster().roster().coordinator.signing)
        .map_err(|error| Refusal::because(RejectCode::BadSignature, error))?;
    let now = node.clock().now();
    manifest.check(node.roster(), now).map_err(|error| Refusal::because(RejectCode::OtherStudy, error))?;
    let import = import(node).await?;
    check_data(node, manifest, &import)?;
    check_definitions(node, &manifest.model, manifest.model_digest, manifest.catalogue_digest)?;
    let asker = permit::asker(node, &manifest.request, manifest.approval.as_ref(), now);
    let rules = match &asker {
        Ok(asker) => permit_rules(node, held, manifest, asker, now).await?,
        Err(rule) => vec![rule.clone()],
    };
    if !rules.is_empty() {
        node.record(now, vec![told::refused(node, held, manifest, &rules)]).await?;
        return Err(refused(&rules));
    }
    let _turn = give_up_earlier(node, manifest).await?;
    let base = Base::of(node, manifest).await?;
    // The data must be what the configuration says before anything is signed.
    source::data(node, &import).await?.close().await;
    // Remembered first: a run that was agreed to before, even one that is closed, gets no further.
    node.state().accept_study(manifest, import.statement.import, now).await.map_err(|error| {
        let code = if error.is_repetition() { RejectCode::Replay } else { RejectCode::Internal };
        Refusal::because(code, error)
    })?;
    if let Some(oldest) = node.study_to_give_up().await {
        serve::close(node, oldest, false).await?;
    }
    let digest = manifest.digest();
    if let Err(refusal) = begin(node, manifest, import, base).await {
        node.state().close_study(digest, now).await.map_err(Refusal::internal)?;
        return Err(refusal);
    }
    if let Err(refusal) = node.record(now, vec![told::agreed(node, held, manifest)?]).await {
        // What the log does not tell of does not happen.
        serve::close(node, digest, false).await?;
        return Err(refusal);
    }
    let acceptance = Acceptance { node: node.config().id.clone(), manifest: digest };
    tracing::info!(study.run = %manifest.run, study.model = %manifest.model, "agreed to a study");
    Ok(Accepted { acceptance: Signed::new(acceptance, Purpose::Manifest, digest, node.signing()) })
}

/// Before a later run of a series is agreed to, ends any other that is open: two at a time would each be allowed what
/// holders evaluate for a node in all of them together. The coordinator runs one at a time, so the other has ended, and its
/// close was lost on the way. Gives the turn that is to be kept until this run is open.
async fn give_up_earlier<'n>(
    node: &'n Node,
    manifest: &Manifest,
) -> Result<Option<MutexGuard<'n, ()>>, Refusal> {
    let Some(follows) = &manifest.follows else { return Ok(None) };
    let turn = node.agreeing().await;
    let this = manifest.digest();
    for run in node.runs_of(follows.first).await.into_iter().filter(|run| *run != this) {
        serve::close(node, run, false).await?;
    }
    Ok(Some(turn))
}

/// Makes the study's file, and has the node know of it.
async fn begin(node: &Node, manifest: &Manifest, import: ImportRecord, base: Base) -> Result<(), Refusal> {
    let model = node.model(&manifest.model)?.clone();
    let path = node.home().work(&manifest.run.to_string());
    let work = Work::create(path, manifest).await.map_err(Refusal::internal)?;
    let study = Arc::new(Study::new(node.config().sector, manifest.clone(), model, import, base, work));
    let added = node.add_study(Arc::clone(&study)).await;
    if added.is_err() {
        study.work.erase().map_err(Refusal::internal)?;
    }
    added
}

/// Checks that every participant has agreed to this very study.
pub(crate) async fn open(node: &Node, study: &Study, ask: &Open) -> Result<Opened, Refusal> {
    let _step = study.at(Stage::Accepted).await?;
    let participants = &study.manifest.participants;
    if ask.acceptances.len() != participants.len() {
        return Err(Refusal::because(RejectCode::BadSignature, "an agreement is missing"));
    }
    for (participant, acceptance) in participants.iter().zip(&ask.acceptances) {
        let member = node.member(&participant.node)?;
        let content = acceptance
            .verify(Purpose::Manifest, study.digest, &member.signing)
            .map_err(|error| Refusal::because(RejectCode::BadSignature, error))?;
        if content.node != participant.node || content.manifest != study.digest {
            return Err(Refusal::because(RejectCode::OtherStudy, "an agreement to another study"));
        }
    }
    study.work.reach(Stage::Opened).await.map_err(Refusal::internal)?;
    Ok(Opened {})
}

/// The rules that an agreed study breaks; none where the policy allows it.
async fn permit_rules(
    node: &Node,
    held: &Held,
    manifest: &Manifest,
    asker: &Asker<'_>,
    now: Timestamp,
) -> Result<Vec<Rule>, Refusal> {
    let model = node.model(&manifest.model)?;
    let known = Known::Agreed(manifest);
    Ok(permit::judge(node, held, &manifest.request, asker, model, &known, now)
        .await?
        .err()
        .unwrap_or_default())
}

/// Checks that this node's policy still allows a study to which it has agreed. Whether there is budget for its tables
/// is asked when they are charged, before anything is read.
pub(super) fn check_permit(node: &Node, manifest: &Manifest) -> Result<(), Refusal> {
    let asker = permit::signer(node, manifest).map_err(|rule| refused(&[rule]))?;
    let model = node.model(&manifest.model)?;
    let held = node.keeper().held();
    let judged = permit::judge_agreed(node, &held, manifest, &asker, model, node.clock().now());
    judged.map_err(|rules| refused(&rules))
}

/// As [`check_permit`], with what is broken in the log.
pub(crate) async fn still_permitted(node: &Node, held: &Held, manifest: &Manifest) -> Result<(), Refusal> {
    let now = node.clock().now();
    let model = node.model(&manifest.model)?;
    let asker = permit::signer(node, manifest).map_err(|rule| vec![rule]);
    let judged = asker.and_then(|asker| permit::judge_agreed(node, held, manifest, &asker, model, now));
    let Err(rules) = judged else { return Ok(()) };
    node.record(now, vec![told::refused(node, held, manifest, &rules)]).await?;
    Err(refused(&rules))
}

/// A refusal by policy; its rules stand in this node's log.
pub(super) fn refused(rules: &[Rule]) -> Refusal {
    let codes: Vec<&str> = rules.iter().map(|rule| rule.code.as_str()).collect();
    Refusal::because(RejectCode::PolicyRefused, codes.join(", "))
}

/// Checks that the study is over this import, and not of a time that it does not reach.
pub(super) fn check_data(node: &Node, manifest: &Manifest, import: &ImportRecord) -> Result<(), Refusal> {
    if manifest.as_of > import.statement.extracted_on {
        return Err(Refusal::new(RejectCode::AsOfAfterExtract));
    }
    let own = manifest
        .participant(&node.config().id)
        .ok_or(Refusal::because(RejectCode::OtherStudy, "this node does not take part"))?;
    // Data imported since the node was asked would not be what its peers have agreed to.
    if own.data != import.statement.digest {
        return Err(Refusal::because(RejectCode::OtherStudy, "the study is over another import"));
    }
    Ok(())
}

/// Checks that model and catalogue are this node's own.
pub(super) fn check_definitions(
    node: &Node,
    model: &str,
    digest: Digest,
    catalogue: Digest,
) -> Result<(), Refusal> {
    if node.library().catalogue().digest() != catalogue {
        return Err(Refusal::new(RejectCode::OtherCatalogue));
    }
    if node.model(model)?.digest != digest {
        return Err(Refusal::new(RejectCode::OtherModel));
    }
    Ok(())
}

async fn import(node: &Node) -> Result<ImportRecord, Refusal> {
    let import = node.state().latest_import().await.map_err(Refusal::internal)?;
    import.ok_or(Refusal::because(RejectCode::NotReady, "nothing has been imported yet"))
}
