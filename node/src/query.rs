//! A query, from a signed request to answers: who asks ([`plan`]) and what ([`question`]), whether the policy admits it
//! and at which price ([`mod@admit`]; the ledger charges in the same transaction), the statement ([`selection`]) and
//! its exact cells ([`exact`]), noise, and the stored bytes that leave. The order is the promise: charged before
//! anything is read, stored and logged before anything leaves. [`explain`] goes the same way as far as the statement,
//! and reads nothing.

pub(crate) mod admit;
pub(crate) mod explain;
pub(crate) mod question;
pub(crate) mod selection;

mod exact;
mod plan;
mod replies;
mod told;

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tvaers_link::exchange::Exchange;
use tvaers_policy::request::Spent;
use tvaers_protocol::codec;
use tvaers_protocol::message::{AskQuery, PreviewQuery, Previewed, Signed};
use tvaers_protocol::release::{BudgetLeft, Noise, PartOf, Release, Showing};
use tvaers_protocol::sign::Purpose;
use tvaers_release::error::ReleaseError;
use tvaers_release::joint::Joint;
use tvaers_release::of_query;
use tvaers_release::released::Released;
use tvaers_release::rho::Rho;

use crate::audit::event::Event;
use crate::ledger::claim::{self, Charge, Claim, Outcome, Release as Stored};
use crate::ledger::rho::NanoRho;
use crate::node::Node;
use crate::policy::keeper::Held;
use crate::policy::{self, InForce};
use crate::refusal::Refusal;
use crate::state::ImportRecord;
use crate::witness;
use admit::{Broken, Granted, admit};
use exact::Sums;
use plan::Plan;
use question::Question;
use replies::{Replies, or_fail_on_grid};

pub(crate) use told::{left_of, rule_codes};

/// Answers that are charged, drawn and stored together: each group costs three waits for the disk, and others wait
/// for as long as it takes.
const GROUP: u32 = 512;

/// Answers a query, all of it or as far as the policy goes.
pub(crate) async fn answer(
    node: &Node,
    held: &Held,
    ask: &AskQuery,
    exchange: &mut Exchange,
) -> Result<(), Refusal> {
    let began = Instant::now();
    let now = node.clock().now();
    let mut replies = Replies::new(exchange, began);
    let planned = match witness::ready(node, held).await {
        Ok(()) => Plan::of(node, held, &ask.request, now).await?,
        Err(denied) => Err(told::denied(&denied)),
    };
    let rules = match planned {
        Ok((plan, in_force)) => {
            let grid = Duration::from_millis(u64::from(in_force.policy().release().reply_grid_ms));
            replies.keep_to(grid);
            return or_fail_on_grid(began, grid, answer_planned(node, held, &plan, in_force, now, replies))
                .await;
        }
        Err(rules) => rules,
    };
    node.record(now, vec![told::refused_unread(node, held, &ask.request, &rules)]).await?;
    replies.end(rules).await
}

async fn answer_planned(
    node: &Node,
    held: &Held,
    plan: &Plan,
    in_force: &InForce,
    now: Timestamp,
    mut replies: Replies<'_>,
) -> Result<(), Refusal> {
    if let Err(rules) = admit_at_all(node, plan, in_force, now).await? {
        node.record(now, vec![told::refused(plan, in_force, 0, &rules)]).await?;
        return replies.end(rules).await;
    }
    let mut sums: Option<(u32, Sums)> = None;
    let mut next = 0;
    while next < plan.times() {
        let upto = plan.times().min(next.saturating_add(GROUP));
        let claims: Vec<Claim> = (next..upto).map(|repetition| plan.claim(repetition)).collect();
        let outcomes = charge(node, plan, in_force, &claims, now).await?;
        let refused = outcomes.iter().find_map(|outcome| match outcome {
            Outcome::Refused(rules) => Some(rules.clone()),
            Outcome::Stored(_) | Outcome::Charged(_) => None,
        });
        let (bodies, mut events) =
            release_group(node, plan, in_force, outcomes, next, &mut sums, now).await?;
        if let Err(denied) = witness::cover(node, held).await {
            let rules = told::denied(&denied);
            node.record(node.clock().now(), vec![told::refused(plan, in_force, next, &rules)]).await?;
            return replies.end(rules).await;
        }
        if let Some(rules) = &refused {
            events.push(told::refused(plan, in_force, next, rules));
        }
        // The time of the entry, not that of the request: other requests were logged meanwhile.
        node.record(node.clock().now(), events).await?;
        replies.send(bodies).await?;
        if let Some(rules) = refused {
            return replies.end(rules).await;
        }
        next = upto;
    }
    replies.end(Vec::new()).await
}

/// Whether the policy in force would answer the request if nothing were spent yet. The ledger finds what was charged
/// or answered before without asking anybody, so without this a stored answer would also go to who may not ask, and
/// under a permit that has ended.
async fn admit_at_all(
    node: &Node,
    plan: &Plan,
    in_force: &InForce,
    now: Timestamp,
) -> Result<Result<(), Broken>, Refusal> {
    let nothing = Spent::default();
    if admit(plan.question(), plan.ask(), in_force, 0, &nothing, policy::day(now)).is_ok() {
        return Ok(Ok(()));
    }
    // With what is spent, so that all that is broken is told at once.
    Ok(judge(plan, in_force, &spent(node, plan, in_force, now).await?).map(drop))
}

/// What the policy says to the first answer, given what the ledger has charged.
fn judge(plan: &Plan, in_force: &InForce, spent: &claim::Spent) -> Result<Granted, Broken> {
    admit(plan.question(), plan.ask(), in_force, 0, &in_force.spent(spent), policy::day(spent.at))
}

/// What a charge would find spent.
async fn spent(
    node: &Node,
    plan: &Plan,
    in_force: &InForce,
    now: Timestamp,
) -> Result<claim::Spent, Refusal> {
    let permit = plan.question().permit();
    let spent = node.ledger().preview(Some(permit), now, |at| in_force.windows(at)).await;
    spent.map_err(Refusal::internal)
}

/// Charges a group of claims in one transaction; each is admitted with what those before it cost.
async fn charge(
    node: &Node,
    plan: &Plan,
    in_force: &InForce,
    claims: &[Claim],
    now: Timestamp,
) -> Result<Vec<Outcome<Broken>>, Refusal> {
    let admit = |claim: &Claim, spent: &claim::Spent| {
        let (today, spent) = (policy::day(spent.at), in_force.spent(spent));
        let granted = admit(plan.question(), plan.ask(), in_force, claim.repetition(), &spent, today)?;
        NanoRho::new(granted.grant.price.nano_rho)
            .map_err(|error| vec![policy::own("budget.query", format!("{error}."), "", "Ask for less.")])
    };
    let windows = |at| in_force.windows(at);
    node.ledger().charge_all(claims, now, windows, admit).await.map_err(Refusal::internal)
}

/// Makes the answers that are charged and not yet made, and gives all of the group in order, as far as they are not
/// refused, with what the log is to be told of each.
async fn release_group(
    node: &Node,
    plan: &Plan,
    in_force: &InForce,
    outcomes: Vec<Outcome<Broken>>,
    first: u32,
    sums: &mut Option<(u32, Sums)>,
    now: Timestamp,
) -> Result<(Vec<Vec<u8>>, Vec<Event>), Refusal> {
    let mut answers: Vec<(u32, Answer)> = Vec::with_capacity(outcomes.len());
    let mut made = Vec::new();
    // After all charges of the group: what is left is what is left now.
    let left = left(node, plan, in_force, now).await?;
    for (repetition, outcome) in (first..).zip(outcomes) {
        match outcome {
            Outcome::Stored(stored) => answers.push((repetition, Answer::Stored(stored))),
            Outcome::Refused(_) => break,
            Outcome::Charged(charge) => {
                let (import, sums) = sums_of(node, plan, in_force, &charge, sums).await?;
                let due = Due { repetition, charge: &charge, import, left };
                let drawn = draw(node, plan, in_force, sums, due).await?;
                made.push((charge.number, drawn.body));
                answers.push((repetition, Answer::Made { charge, hidden: drawn.hidden }));
            }
        }
    }
    let stored = node.ledger().store_releases(made, now).await.map_err(Refusal::internal)?;
    let mut stored = stored.into_iter();
    let (mut bodies, mut events) = (Vec::new(), Vec::new());
    for (repetition, answer) in answers {
        let release = match answer {
            Answer::Stored(release) => {
                events.push(told::stored(plan, in_force, repetition, &release));
                release
            }
            Answer::Made { charge, hidden } => {
                let release = stored.next().ok_or_else(|| Refusal::internal("an answer was not stored"))?;
                events.push(told::permitted(plan, in_force, repetition, &charge, left, hidden, &release));
                release
            }
        };
        bodies.push(release.body);
    }
    Ok((bodies, events))
}

/// An answer of a group, before it is known under which bytes it leaves.
enum Answer {
    Stored(Stored),
    Made { charge: Charge, hidden: u32 },
}

/// An answer that is charged and to be drawn.
struct Due<'a> {
    repetition: u32,
    charge: &'a Charge,
    import: ImportRecord,
    left: BudgetLeft,
}

/// An answer that was drawn.
struct Drawn {
    body: Vec<u8>,
    hidden: u32,
}

/// The exact cells for a charge, read once for all charges over the same import.
async fn sums_of<'s>(
    node: &Node,
    plan: &Plan,
    in_force: &InForce,
    charge: &Charge,
    sums: &'s mut Option<(u32, Sums)>,
) -> Result<(ImportRecord, &'s Sums), Refusal> {
    let import = plan.import_of(node, charge.import).await?;
    let number = import.statement.import;
    if sums.as_ref().is_none_or(|(of, _)| *of != number) {
        *sums = Some((number, exact::read(node, plan.question(), in_force, &import).await?));
    }
    match sums {
        Some((_, sums)) => Ok((import, sums)),
        None => Err(Refusal::internal("nothing was read")),
    }
}

/// Draws the noise and signs the answer.
async fn draw(
    node: &Node,
    plan: &Plan,
    in_force: &InForce,
    sums: &Sums,
    due: Due<'_>,
) -> Result<Drawn, Refusal> {
    let Due { repetition, charge, import, left } = due;
    let question = plan.question();
    let charged = Rho::from_nano(charge.nano_rho.get());
    let joint = of_query::joint(question.query().privacy().mechanism, question.parts(), charged)
        .map_err(Refusal::internal)?;
    let noise = noise(question, &joint)?;
    let exact = sums.exact(question.parts()).map_err(Refusal::internal)?;
    let released = tokio::task::spawn_blocking(move || -> Result<Vec<Vec<Released>>, ReleaseError> {
        exact.into_iter().zip(joint.parts()).map(|(exact, mechanism)| exact.release(mechanism)).collect()
    });
    let released = released.await.map_err(Refusal::internal)?.map_err(Refusal::internal)?;
    let values = |part: &Vec<Released>| part.iter().map(Released::value).collect();
    let cells = in_force.policy().cells();
    let release = Release {
        node: node.config().id.clone(),
        request: plan.digest(repetition),
        question: question.query().question_digest(),
        policy: in_force.digest(),
        laboratory: in_force.is_laboratory(),
        data: import.statement,
        noise,
        left,
        showing: Showing { smallest: cells.smallest, rounding: cells.rounding },
        software: node.software().clone(),
        cells: released.iter().map(values).collect(),
    };
    let hidden = hidden(&release);
    let context = release.question;
    let body = codec::encode(&Signed::new(release, Purpose::Release, context, node.signing()));
    Ok(Drawn { body: body.map_err(Refusal::internal)?, hidden })
}

/// What is left of the budgets now.
async fn left(node: &Node, plan: &Plan, in_force: &InForce, now: Timestamp) -> Result<BudgetLeft, Refusal> {
    let spent = spent(node, plan, in_force, now).await?;
    Ok(in_force.left(plan.question().permit().as_str(), &in_force.spent(&spent)))
}

/// What is left of the budgets over all permits.
pub(crate) async fn left_over_all(node: &Node, in_force: &InForce) -> Result<BudgetLeft, Refusal> {
    let spent = node.ledger().preview(None, node.clock().now(), |at| in_force.windows(at)).await;
    Ok(in_force.left("", &in_force.spent(&spent.map_err(Refusal::internal)?)))
}

/// How many cells are hidden for their noisy number of persons.
fn hidden(release: &Release) -> u32 {
    let smallest = i64::from(release.showing.smallest);
    let parts = release.noise.parts.iter().zip(&release.cells);
    let persons = parts.filter(|(part, _)| smallest > 0 && part.of == PartOf::Persons);
    let hidden =
        persons.map(|(_, cells)| cells.iter().filter(|value| **value < smallest).count()).sum::<usize>();
    u32::try_from(hidden).unwrap_or(u32::MAX)
}

/// The noise as it is told.
fn noise(question: &Question, joint: &Joint) -> Result<Noise, Refusal> {
    let parts = of_query::told(question.parts(), joint).map_err(Refusal::internal)?;
    let mechanism = question.query().privacy().mechanism;
    Ok(Noise { mechanism, nano_rho: joint.charged().nano(), parts })
}

/// Says what a query would cost. Nothing is charged or read.
pub(crate) async fn preview(node: &Node, held: &Held, ask: &PreviewQuery) -> Result<Previewed, Refusal> {
    let nothing = |rules| Previewed { rules, noise: None, left: None };
    let now = node.clock().now();
    let (plan, in_force) = match Plan::of(node, held, &ask.request, now).await? {
        Ok(planned) => planned,
        Err(rules) => return Ok(nothing(rules)),
    };
    Ok(match judge(&plan, in_force, &spent(node, &plan, in_force, now).await?) {
        Ok(Granted { grant, joint }) => {
            let price = grant.price;
            let left =
                BudgetLeft { permit: price.left_permit, period: price.left_period, life: price.left_life };
            Previewed { rules: Vec::new(), noise: Some(noise(plan.question(), &joint)?), left: Some(left) }
        }
        Err(rules) => nothing(rules),
    })
}
