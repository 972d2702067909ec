//! What the audit log is told of a query: who asked, which features, what was decided and what it cost.

use tvaers_policy::permit::Mode as PolicyMode;
use tvaers_protocol::message::{Rule, Signed};
use tvaers_protocol::release::BudgetLeft;
use tvaers_protocol::request::QueryRequest;
use tvaers_query::query::Kind;

use super::plan::Plan;
use crate::audit::code::Code;
use crate::audit::event::{
    Asked, Charged, Event, Left, Mode, Permitted, Query, Refused, Statistic, Stored as StoredEvent,
};
use crate::ledger::claim::{Charge, Release};
use crate::ledger::name::{Name, Requester};
use crate::ledger::rho::NanoRho;
use crate::node::Node;
use crate::policy::InForce;
use crate::policy::keeper::Held;
use crate::witness::denied::Denied;

/// A request that was charged and answered.
pub(super) fn permitted(
    plan: &Plan,
    in_force: &InForce,
    repetition: u32,
    charge: &Charge,
    left: BudgetLeft,
    hidden: u32,
    release: &Release,
) -> Event {
    Event::RequestPermitted(Permitted {
        asked: asked(plan, in_force, repetition),
        rules: codes(&[mode_code(in_force, plan.ask().permit)]),
        charge: Charged {
            number: charge.number,
            nano_rho: charge.nano_rho,
            left: left_of(left),
            ledger: charge.head,
        },
        hidden_cells: hidden,
        result: release.result,
    })
}

/// A request that was answered with what is stored.
pub(super) fn stored(plan: &Plan, in_force: &InForce, repetition: u32, release: &Release) -> Event {
    let asked = asked(plan, in_force, repetition);
    Event::RequestStored(StoredEvent { asked, charge: release.charge, result: release.result })
}

/// A request that was refused by the policy.
pub(super) fn refused(plan: &Plan, in_force: &InForce, repetition: u32, rules: &[Rule]) -> Event {
    Event::RequestRefused(Refused {
        asked: asked(plan, in_force, repetition),
        rules: rule_codes(rules),
        left: None,
    })
}

/// What the person who asks is told where the ledger is not witnessed; the reason is for this node's log.
pub(super) fn denied(denied: &Denied) -> Vec<Rule> {
    tracing::warn!(reason = %denied, "a query waits for witnesses");
    vec![denied.rule()]
}

/// A request that was refused before any policy was asked: nothing that it says of itself is believed.
pub(super) fn refused_unread(
    node: &Node,
    held: &Held,
    request: &Signed<QueryRequest>,
    rules: &[Rule],
) -> Event {
    let signer = request.signer(node.roster()).ok();
    let requester = signer
        .and_then(|person| Some(Requester::new(Name::new(person.name.as_str()).ok()?, &person.signing)));
    let permit = requester.as_ref().and_then(|_| Name::new(request.content.under.permit.as_str()).ok());
    Event::RequestRefused(Refused {
        asked: Asked {
            request: request.request_digest(0),
            requester,
            permit,
            purpose: None,
            mode: Some(Mode::Aggregates),
            policy: held.digest(),
            query: None,
        },
        rules: rule_codes(rules),
        left: None,
    })
}

fn asked(plan: &Plan, in_force: &InForce, repetition: u32) -> Asked {
    Asked {
        request: plan.digest(repetition),
        requester: Some(plan.requester().clone()),
        permit: Some(plan.question().permit().clone()),
        purpose: Code::try_from(plan.ask().purpose.to_owned()).ok(),
        mode: Some(Mode::Aggregates),
        policy: in_force.digest(),
        query: Some(query(plan)),
    }
}

fn query(plan: &Plan) -> Query {
    let query = plan.question().query();
    let name = |feature: &str| Name::new(feature).ok();
    let statistic = match query.kind() {
        Kind::Count => Statistic::Count,
        Kind::Sum { .. } => Statistic::Sum,
        Kind::Mean { .. } => Statistic::Mean,
        Kind::Histogram { .. } => Statistic::Histogram,
        Kind::Quantiles { .. } => Statistic::Quantiles,
    };
    let mut filtered_by: Vec<Name> =
        query.conditions().iter().filter_map(|condition| name(&condition.feature.name)).collect();
    filtered_by.dedup();
    Query {
        digest: query.digest(),
        statistic,
        of: query.kind().feature().and_then(|feature| name(&feature.name)),
        by: query.by().iter().filter_map(|grouping| name(grouping.category.name())).collect(),
        filtered_by,
        as_of: query.as_of(),
    }
}

pub(crate) fn left_of(left: BudgetLeft) -> Left {
    // Budgets are smaller than what the ledger can hold; a laboratory's without limit is as much as it can.
    let amount = |nano_rho| NanoRho::new(nano_rho).unwrap_or(NanoRho::MAX);
    Left { permit: amount(left.permit), period: Some(amount(left.period)), life: amount(left.life) }
}

/// The rule that permitted it: the permit's mode.
fn mode_code(in_force: &InForce, permit: &str) -> &'static str {
    let mode = in_force.policy().permit(permit).map(|permit| permit.mode);
    mode.map_or("permit.aggregates", |mode| match mode {
        PolicyMode::Aggregates => "permit.aggregates",
        PolicyMode::JoinedStatistics => "permit.joined-statistics",
        PolicyMode::PersonContributions => "permit.person-contributions",
    })
}

fn codes(codes: &[&'static str]) -> Vec<Code> {
    codes.iter().filter_map(|code| Code::new(code).ok()).collect()
}

/// Codes of rules; the words stay out of the log, as some quote the request.
pub(crate) fn rule_codes(rules: &[Rule]) -> Vec<Code> {
    rules.iter().filter_map(|rule| Code::try_from(rule.code.clone()).ok()).collect()
}
