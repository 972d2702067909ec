//! A serving node: it dials the coordinator, answers what comes over the link, and dials again when it breaks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::sync::{Semaphore, mpsc};
use tvaers_host::process::system_rng;
use tvaers_link::backoff::Backoff;
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_link::limit::PROMPT_TIME;
use tvaers_link::link::{CloseCode, Link};
use tvaers_link::quic::Dialer;
use tvaers_link::stream::Stream;
use tvaers_protocol::audit::AskCountersign;
use tvaers_protocol::frame::{Frame, FrameError, Kind};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{
    AskQuery, Close, CloseSeries, Closed, Message, NodeStatus, PolicyStatement, Prepare, PreviewQuery,
    Progress, Propose,
};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::witness::AskWitness;

use crate::audit::event::Closing;
use crate::evaluations;
use crate::heads;
use crate::node::Node;
use crate::policy::keeper::{self, Held};
use crate::query;
use crate::refusal::Refusal;
use crate::revocation;
use crate::series::{self, leave};
use crate::study::{
    Stage, Study, agree, contribute, evaluate, event, hand_back, keygen, objections, pseudonymise, repair,
    told,
};
use crate::witness;

/// Requests that are worked on at a time; further ones wait.
const REQUESTS: usize = 32;

/// For the coordinator to take an answer.
const ANSWER_TIME: Duration = Duration::from_secs(60);

/// For a request to be worked on: longer than any study.
const WATCH_TIME: Duration = Duration::from_secs(24 * 3600 * 400);

/// Between looks at the policy's files while nobody asks.
const WATCH_POLICY_TIME: Duration = Duration::from_secs(5);

/// Between looks for studies whose deadline has passed.
const SWEEP_TIME: Duration = Duration::from_secs(60);

/// Erases studies whose deadline has passed, whether or not the coordinator ever says that they are closed, and what was
/// kept of closed ones for long enough.
pub async fn sweep(node: Arc<Node>) {
    let mut turn = tokio::time::interval(SWEEP_TIME);
    let mut unread = BTreeSet::new();
    loop {
        turn.tick().await;
        evaluations::sweep(&node, &mut unread).await;
        series::sweep(&node).await;
        for digest in node.overdue().await {
            if let Err(refusal) = close(&node, digest, false).await {
                tracing::error!(
                    reason = refusal.chain(),
                    "a study whose deadline has passed could not be erased"
                );
            }
        }
    }
}

/// Looks once at the policy's files, also at those of one that could not be used.
pub async fn look_at_policy(node: &Node) {
    keeper::try_again(node).await;
}

/// Puts a changed policy in force, or takes one out of force, also while nobody asks.
pub async fn watch_policy(node: Arc<Node>) {
    let mut turn = tokio::time::interval(WATCH_POLICY_TIME);
    loop {
        turn.tick().await;
        look_at_policy(&node).await;
    }
}

/// Has heads of the audit log signed and countersigned when they are due: by the hour, also when nothing happens.
pub async fn heads(node: Arc<Node>) {
    heads::keep(&node).await;
}

/// Asks for revocations of policies when it is time to: once a day, also while nobody connects.
pub async fn revocations(node: Arc<Node>) {
    revocation::keep(&node).await;
}

/// Looks once whether it is time to ask for revocations of policies, and asks.
pub async fn look_at_revocations(node: &Node) {
    revocation::look(node).await;
}

/// Signs and shows a head now, as at a new connection.
pub async fn sign_head(node: &Node) {
    heads::connected(node).await;
}

/// Looks once whether a head is due, or whether somebody has yet to see the last one.
pub async fn look_at_heads(node: &Node) {
    heads::look(node).await;
}

/// Dials and serves until cancelled.
pub async fn run(node: Arc<Node>, dialer: Dialer, address: &str) {
    let mut backoff = Backoff::default();
    let mut rng = StdRng::from_rng(&mut system_rng());
    loop {
        let failed = |error: &tvaers_link::quic::DialError, wait: Duration| {
            tracing::warn!(coordinator = address, error = %error, retry_s = wait.as_secs(), "cannot reach the coordinator");
        };
        let link = dialer.dial_until_welcome(address, &mut backoff, &mut rng, failed).await;
        tracing::info!(coordinator = address, software = %link.peer().software, "connected to the coordinator");
        let link: Arc<dyn Link> = Arc::new(link);
        session(&node, &link).await;
        let end = link.closed().await;
        tracing::warn!(reason = %end, "the connection to the coordinator has ended");
    }
}

/// Serves one link until it ends.
pub async fn session(node: &Arc<Node>, link: &Arc<dyn Link>) {
    node.set_link(Arc::clone(link));
    let asking = Arc::clone(node);
    // By itself: a revocation must not wait for witnesses that are away.
    tokio::spawn(async move { revocation::connected(&asking).await });
    let asking = Arc::clone(node);
    tokio::spawn(async move {
        // Others may not be connected yet; whoever asks this node for an answer has them asked again.
        if let Err(denied) = witness::ask_again(&asking).await {
            tracing::info!(reason = %denied, "the ledger is not witnessed yet");
        }
        heads::connected(&asking).await;
    });
    let places = Arc::new(Semaphore::new(REQUESTS));
    while let Ok(stream) = link.accept().await {
        let (node, places) = (Arc::clone(node), Arc::clone(&places));
        tokio::spawn(async move {
            serve(&node, stream, &places).await;
        });
    }
    node.drop_link(link);
}

async fn serve(node: &Arc<Node>, mut stream: Stream, places: &Semaphore) {
    let roster = node.roster().digest();
    let (study, kind) = match stream.receiver.peek(PROMPT_TIME).await {
        Ok(Some(header)) => (header.study, header.kind),
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(error = %error, "a request could not be read");
            // The refusal needs no study: its number is all there is to it.
            let _ = Exchange::on(stream, roster, Digest::NONE).refuse(error.code()).await;
            return;
        }
    };
    // Requests of two nodes that wait for each other's signature must not take the places of these.
    let _place = if matches!(kind, Kind::AskWitness | Kind::AskCountersign) {
        None
    } else {
        places.acquire().await.ok()
    };
    let mut exchange = Exchange::on(stream, roster, study);
    let (kind, result) = match exchange.frame(ANSWER_TIME).await {
        Ok(frame) => (frame.kind(), answer(node, study, frame, &mut exchange).await),
        Err(error) => (Kind::Reject, Err(exchange_failed(error))),
    };
    if let Err(refusal) = result {
        let holder = refusal.holder.as_ref().map(NodeId::as_str);
        tracing::warn!(request = %kind, code = refusal.code.name(), holder, reason = refusal.chain(), "refused a request");
        // The other side may be gone; its own time limit tells it.
        let _ = match refusal.holder {
            None => exchange.refuse(refusal.code).await,
            Some(holder) => exchange.blame(holder, refusal.code).await,
        };
    }
}

/// Answers one request. The order is that of a run.
async fn answer(
    node: &Arc<Node>,
    digest: Digest,
    ask: Frame,
    exchange: &mut Exchange,
) -> Result<(), Refusal> {
    let held = &keeper::refresh(node).await;
    match ask.kind() {
        Kind::Status => return reply(exchange, &status(node, held).await?).await,
        Kind::AskWitness => {
            return reply(exchange, &witness::testify::testify(node, &read::<AskWitness>(&ask)?).await?)
                .await;
        }
        Kind::AskCountersign => {
            return reply(exchange, &heads::see::see(node, &read::<AskCountersign>(&ask)?).await?).await;
        }
        // It says by which rule it refuses, so it looks for itself whether the ledger is witnessed.
        Kind::AskQuery => return query::answer(node, held, &read::<AskQuery>(&ask)?, exchange).await,
        Kind::Close => {
            let is_kept = close(node, digest, read::<Close>(&ask)?.is_complete).await?;
            return reply(exchange, &Closed { is_kept }).await;
        }
        Kind::CloseSeries => {
            return reply(exchange, &series::close(node, read::<CloseSeries>(&ask)?.first).await?).await;
        }
        Kind::PreviewQuery
        | Kind::Prepare
        | Kind::Propose
        | Kind::Compute
        | Kind::Contribute
        | Kind::SubmitEvents => witness::ready(node, held).await?,
        _ => node.witnesses().stands()?,
    }
    match ask.kind() {
        Kind::Prepare => {
            return match agree::prepare(node, held, &read::<Prepare>(&ask)?).await? {
                Ok(prepared) => reply(exchange, &prepared).await,
                Err(declined) => reply(exchange, &declined).await,
            };
        }
        Kind::PreviewQuery => {
            return reply(exchange, &query::preview(node, held, &read::<PreviewQuery>(&ask)?).await?).await;
        }
        Kind::Propose => {
            return reply(exchange, &agree::propose(node, held, &read::<Propose>(&ask)?).await?).await;
        }
        _ => {}
    }
    let study = node.study(digest).await?;
    // A close ends whatever is under way for the study, however long the other side keeps it waiting.
    tokio::select! {
        done = in_study(node, held, &study, ask, exchange) => done,
        () = study.until_closed() => Err(Refusal::new(RejectCode::StudyClosed)),
    }
}

/// Whether a request of a study reads rows, has something leave, or makes a list.
const fn is_of_data(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Compute
            | Kind::Pseudonymise
            | Kind::Evaluate
            | Kind::Contribute
            | Kind::EventRequests
            | Kind::EventRequestsEnd
            | Kind::SubmitEvents
            | Kind::HandBacks
            | Kind::HandBackEnd
    )
}

async fn in_study(
    node: &Arc<Node>,
    held: &Held,
    study: &Arc<Study>,
    ask: Frame,
    exchange: &mut Exchange,
) -> Result<(), Refusal> {
    // A study takes days and many requests: each by which something is read, leaves or is handed back is judged anew, so
    // that a policy that was tightened or revoked in between ends it here.
    if is_of_data(ask.kind()) {
        agree::still_permitted(node, held, &study.manifest).await?;
    }
    match ask.kind() {
        Kind::Open => answer_with(exchange, agree::open(node, study, &read(&ask)?)).await,
        Kind::RepairDeal => answer_with(exchange, repair::deal(node, study)).await,
        Kind::RepairAdd => answer_with(exchange, repair::add(node, study, &read(&ask)?)).await,
        Kind::RepairRecover => answer_with(exchange, repair::recover(node, study, &read(&ask)?)).await,
        Kind::KeyRound1 => answer_with(exchange, keygen::round1(node, study)).await,
        Kind::KeyRound2 => answer_with(exchange, keygen::round2(node, study, &read(&ask)?)).await,
        Kind::KeyRound3 => answer_with(exchange, keygen::round3(node, study, &read(&ask)?)).await,
        Kind::KeyPin => answer_with(exchange, keygen::pin(node, study, &read(&ask)?)).await,
        Kind::Compute => answer_with(exchange, contribute::compute(node, held, study, &read(&ask)?)).await,
        Kind::Pseudonymise => {
            let (sender, progress) = mpsc::channel(4);
            let done = with_progress(exchange, pseudonymise::run(node, study, sender), progress).await?;
            reply(exchange, &done).await
        }
        Kind::Evaluate => answer_with(exchange, evaluate::answer(node, study, read(&ask)?)).await,
        Kind::Contribute => contribute::stream(node, held, study, exchange).await,
        Kind::EventRequests | Kind::EventRequestsEnd => {
            let done = event::take_list(node, study, ask, exchange).await?;
            reply(exchange, &done).await
        }
        Kind::SubmitEvents => event::stream(node, study, exchange).await,
        Kind::Objections | Kind::ObjectionsEnd => {
            let done = objections::take(node, study, ask, exchange).await?;
            reply(exchange, &done).await
        }
        Kind::HandBacks | Kind::HandBackEnd => {
            let done = hand_back::take(node, held, study, ask, exchange).await?;
            reply(exchange, &done).await
        }
        _ => Err(Refusal::new(RejectCode::UnexpectedKind)),
    }
}

/// Answers with what the work gives.
async fn answer_with<M: Message>(
    exchange: &mut Exchange,
    work: impl Future<Output = Result<M, Refusal>>,
) -> Result<(), Refusal> {
    let (_, progress) = mpsc::channel(1);
    let done = with_progress(exchange, work, progress).await?;
    reply(exchange, &done).await
}

/// Works, and tells how far it has come, for as long as the other side is there to hear of it: who asks again on a new
/// stream finds nobody at work for the old one.
async fn with_progress<T>(
    exchange: &mut Exchange,
    work: impl Future<Output = Result<T, Refusal>>,
    mut progress: mpsc::Receiver<Progress>,
) -> Result<T, Refusal> {
    tokio::pin!(work);
    let mut listening = true;
    let done = loop {
        tokio::select! {
            done = &mut work => break done?,
            Some(step) = progress.recv() => {
                exchange.send(&step, ANSWER_TIME).await.map_err(exchange_failed)?;
            }
            more = exchange.next(WATCH_TIME), if listening => {
                more.map_err(exchange_failed)?;
                // It has no more to say, or says what is not asked for: either way it may be waiting for the answer.
                listening = false;
            }
        }
    };
    // The last step may have come with the end.
    while let Ok(step) = progress.try_recv() {
        exchange.send(&step, ANSWER_TIME).await.map_err(exchange_failed)?;
    }
    Ok(done)
}

fn read<M: Message>(frame: &Frame) -> Result<M, Refusal> {
    frame.message().map_err(|error: FrameError| Refusal::because(error.code(), error))
}

async fn reply<M: Message>(exchange: &mut Exchange, message: &M) -> Result<(), Refusal> {
    exchange.answer(message, ANSWER_TIME).await.map_err(exchange_failed)
}

fn exchange_failed(error: ExchangeError) -> Refusal {
    Refusal::because(error.code(), error)
}

async fn status(node: &Node, held: &Held) -> Result<NodeStatus, Refusal> {
    let import = node.state().latest_import().await.map_err(Refusal::internal)?;
    Ok(NodeStatus {
        software: node.software().clone(),
        made_up: node.config().made_up,
        data: import.map(|import| import.statement),
        policy: policy(node, held).await?,
        certificate_to: node.certificate_to(),
    })
}

/// The policy in force, and what is left of its budgets.
async fn policy(node: &Node, held: &Held) -> Result<Option<PolicyStatement>, Refusal> {
    let Some(in_force) = held.policy() else { return Ok(None) };
    let left = query::left_over_all(node, in_force).await?;
    Ok(Some(PolicyStatement {
        digest: in_force.digest(),
        version: in_force.version(),
        laboratory: in_force.is_laboratory(),
        valid_to: in_force.policy().edition().map(|edition| edition.validity.to),
        left_period: left.period,
        left_life: left.life,
    }))
}

/// Closes a study: what is under way for it ends, its share and seed are cleared, its file goes. What later runs of its
/// series need is kept, if it is of one; gives whether that is all, as of one that is complete.
pub(crate) async fn close(node: &Node, digest: Digest, is_complete: bool) -> Result<bool, Refusal> {
    let Some(study) = node.study_to_close(digest).await else { return Ok(false) };
    let _turn = study.ending().await;
    if node.study_to_close(digest).await.is_none() {
        return Ok(false);
    }
    let handed_back = matches!(study.stage().await, Ok(Stage::HandedBack));
    let share = study.share().await;
    // What is under way ends first, so that what is kept does not change any more; the seed goes with what is kept.
    study.stop();
    let kept = leave::leave(node, &study, share.as_deref(), is_complete).await.unwrap_or_else(|error| {
        tracing::error!(study.run = %study.manifest.run, error = %error, "what later runs of the series need could not be kept");
        None
    });
    drop(share);
    study.end().await;
    let is_kept = kept.is_some();
    let counted = evaluations::leave(node, &study.work, &study.manifest).await;
    // First the record: a file that a crash leaves behind is then known to be useless, however old its content.
    node.state().close_study(digest, node.clock().now()).await.map_err(Refusal::internal)?;
    let how = match handed_back {
        true => Closing::HandedBack,
        false if node.clock().now() > study.manifest.deadline => Closing::Deadline,
        false => Closing::Closed,
    };
    // Then the log, while what it tells of can still be read after a crash; and whatever comes of it, the file goes.
    let events = counted.into_iter().chain([told::closed(digest, how)]).chain(kept);
    let told = node.record(node.clock().now(), events.collect()).await;
    study.work.erase().map_err(Refusal::internal)?;
    // Not before, so that a close that failed can be tried again.
    node.remove_study(digest).await;
    told?;
    if is_kept {
        tracing::info!(study.run = %study.manifest.run, "the study is closed; what later runs of its series need is kept");
    } else {
        tracing::info!(study.run = %study.manifest.run, "the study is closed; its share and pseudonyms are erased");
    }
    Ok(is_kept)
}

/// Says goodbye, for a node that is asked to stop. Studies that can go on are kept for the next start, the others are
/// closed.
pub async fn stop(node: &Node) {
    if let Ok(link) = node.link() {
        heads::last(node).await;
        link.close(CloseCode::Goodbye);
        link.closed().await;
    }
    for study in node.open_studies().await {
        let goes_on = matches!(study.stage().await, Ok(stage) if stage >= Stage::Pinned)
            && node.clock().now() <= study.manifest.deadline;
        if goes_on {
            tracing::info!(study.run = %study.manifest.run, "a study is kept for the next start");
        } else if let Err(refusal) = close(node, study.digest, false).await {
            tracing::error!(
                reason = refusal.chain(),
                "a study could not be erased; the next start tries again"
            );
        }
    }
}
