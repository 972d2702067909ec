//! An indicator that is answered by queries: all of them are looked at before the first is asked, they are asked one after
//! the other, and their answers become one result under the indicator's name.

use tvaers_definitions::indicator::{Aggregate, Indicator};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::Signed;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::QueryRequest;
use tvaers_protocol::study::utc_date;
use tvaers_query::Query;
use tvaers_query::query::Party;

use super::{Answered, Question, ask_all, asked_of, combiner, expected, of_release, of_state, once, read};
use crate::answer::{self, Coverage, Part, Refused, combined};
use crate::coordinator::Coordinator;
use crate::event::Events;
use crate::request::{Asked, IndicatorAsked, RequestId};
use crate::summary::Outcome;

/// Asks the indicator of this request, or tells what came of it. What comes of it is remembered under the name.
///
/// # Errors
/// [`Problem`] where the coordinator's memory cannot be read or written.
pub async fn run_as(
    coordinator: &Coordinator,
    id: &RequestId,
    asked: &IndicatorAsked,
    events: &Events,
) -> Result<Outcome, Problem> {
    let remembered = Asked::Indicator(asked.clone());
    once(coordinator, id, &remembered, async |is_new| run(coordinator, id, asked, is_new, events).await).await
}

async fn run(
    coordinator: &Coordinator,
    id: &RequestId,
    asked: &IndicatorAsked,
    is_new: bool,
    events: &Events,
) -> Result<Answered, Problem> {
    let (indicator, aggregate) = of_name(coordinator, &asked.indicator)?;
    let queries = own(coordinator, indicator, &asked.queries)?;
    let mut asking = Vec::new();
    for (request, query) in asked.queries.iter().zip(&queries) {
        let members = asked_of(coordinator, query)?;
        let expected = expected(query, &members, request.content.times)?;
        asking.push((combiner(coordinator, query, request)?, Question { request, members, expected }));
    }
    let mut parts = Vec::new();
    let mut coverages = Vec::new();
    let mut failed = Vec::new();
    for ((mut combiner, question), query) in asking.into_iter().zip(&aggregate.queries) {
        let replies = ask_all(coordinator, question, asked.deadline_s, is_new, events).await?;
        let answer = match replies.results_len() {
            0 => None,
            _ => Some(replies.result(&mut combiner, 0).map_err(of_release)?),
        };
        coverages.push(replies.coverage(0));
        parts.push(Part { query, answer });
        failed.extend(replies.into_failed());
    }
    let coverage = coverage(coordinator, &coverages);
    let delta = coordinator.roster().roster().delta.parse().map_err(of_release)?;
    let answer = combined(indicator, aggregate, &parts, coverage.clone(), delta).map_err(of_release)?;
    let results: Vec<_> = answer.into_iter().collect();
    let now = coordinator.clock().now();
    coordinator.state().keep_results(id, &indicator.name, 0, &results, now).await.map_err(of_state)?;
    Ok(Answered {
        request: id.clone(),
        name: indicator.name.clone(),
        results: u32::try_from(results.len()).unwrap_or(u32::MAX),
        coverage,
        failed,
    })
}

fn of_name<'c>(coordinator: &'c Coordinator, name: &str) -> Result<(&'c Indicator, &'c Aggregate), Problem> {
    let found = coordinator.library().indicator(name);
    found.and_then(|indicator| Some((indicator, indicator.aggregate()?))).ok_or_else(|| {
        let what = format_args!("the coordinator has no indicator `{name}` that is answered by queries");
        Problem::new(Exit::BadInput, "indicator.unknown", what)
            .at("the coordinator's folder `indicators`")
            .expected(format_args!("a file `{name}.toml`"))
            .next("put the file there and start the coordinator anew")
    })
}

/// The queries as they were signed, which must be those of the coordinator's own file but for their budgets.
fn own(
    coordinator: &Coordinator,
    indicator: &Indicator,
    requests: &[Signed<QueryRequest>],
) -> Result<Vec<Query>, Problem> {
    let signed: Vec<Query> =
        requests.iter().map(|request| read(coordinator, request)).collect::<Result<_, _>>()?;
    let differs = || {
        let what =
            format_args!("the queries are not those of the coordinator's file of `{}`", indicator.name);
        Problem::new(Exit::BadInput, "indicator.differs", what)
            .at(format_args!("indicator {}", indicator.name))
            .expected("the same file where it is asked and at the coordinator")
            .next("copy the coordinator's file, or give it yours and start it anew")
    };
    let as_of = signed.first().ok_or_else(differs)?.as_of();
    let members = coordinator.roster().roster().members_on(utc_date(coordinator.clock().now()));
    let parties: Vec<Party> = members.map(Party::from).collect();
    let catalogue = coordinator.library().catalogue();
    let of_file = tvaers_query::indicator::queries(indicator, as_of, 1, catalogue, &parties);
    let of_file = of_file.map_err(|faults| faults.first().map_or_else(differs, |fault| fault.problem()))?;
    let is_same = |(signed, of_file): (&Query, &Query)| {
        let budget = signed.privacy().budget;
        budget.is_some_and(|budget| of_file.clone().with_budget(budget) == *signed)
    };
    let once = requests.iter().all(|request| request.content.times == 1);
    if once && signed.len() == of_file.len() && signed.iter().zip(&of_file).all(is_same) {
        Ok(signed)
    } else {
        Err(differs())
    }
}

/// Who took part in all of it: answered has who answered every query that it was asked.
fn coverage(coordinator: &Coordinator, parts: &[Coverage]) -> Coverage {
    let mut asked: Vec<NodeId> = parts.iter().flat_map(|part| part.asked.clone()).collect();
    asked.sort();
    asked.dedup();
    let of_all =
        |node: &&NodeId| parts.iter().all(|part| !part.asked.contains(node) || part.answered.contains(node));
    let answered: Vec<NodeId> = asked.iter().filter(of_all).cloned().collect();
    let mut refused: Vec<Refused> = Vec::new();
    for one in parts.iter().flat_map(|part| &part.refused) {
        if !refused.iter().any(|other| other.node == one.node) {
            refused.push(one.clone());
        }
    }
    let is_missing = |node: &&NodeId| parts.iter().any(|part| part.missing.contains(node));
    let missing = asked.iter().filter(is_missing).cloned().collect();
    Coverage {
        population_share: answer::share(coordinator.roster(), &asked, &answered),
        asked,
        answered,
        refused,
        missing,
    }
}

#[cfg(test)]
mod tests;
