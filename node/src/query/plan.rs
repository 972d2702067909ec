//! A request that is believed: signed by a person of the roster, in time, with a question that this node understands,
//! and the import that it is asked about.

use jiff::Timestamp;
use tvaers_policy::request::Ask;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{Rule, Signed};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::request::{QueryRequest, TIMES_MAX};
use tvaers_protocol::roster::Role;

use super::question::{Ground, Question, name};
use crate::ledger::claim::Claim;
use crate::ledger::name::Requester;
use crate::node::Node;
use crate::policy::keeper::Held;
use crate::policy::{InForce, of_request, own};
use crate::refusal::Refusal;
use crate::state::ImportRecord;

/// What a person whom this node knows asks of it.
pub(crate) struct Plan {
    request: Signed<QueryRequest>,
    requester: Requester,
    role: Role,
    question: Question,
    import: ImportRecord,
}

impl Plan {
    /// The plan for a request, with the policy that is to judge it; or the rules that it breaks before any policy.
    pub(super) async fn of<'h>(
        node: &Node,
        held: &'h Held,
        request: &Signed<QueryRequest>,
        now: Timestamp,
    ) -> Result<Result<(Self, &'h InForce), Vec<Rule>>, Refusal> {
        let in_force = match held.or_rule() {
            Ok(in_force) => &**in_force,
            Err(rule) => return Ok(Err(vec![rule])),
        };
        let import = node.state().latest_import().await.map_err(Refusal::internal)?;
        let import = import.ok_or(Refusal::because(RejectCode::NotReady, "nothing has been imported yet"))?;
        let plan = read(node, request, in_force, import, now);
        Ok(plan.map(|plan| (plan, in_force)).map_err(|rule| vec![rule]))
    }

    /// What is asked.
    pub(super) const fn question(&self) -> &Question {
        &self.question
    }

    /// Who asks, as the policy sees it.
    pub(super) fn ask(&self) -> Ask<'_> {
        let content = &self.request.content;
        Ask {
            key: content.requester,
            role: self.role,
            permit: &content.under.permit,
            purpose: &content.under.purpose,
            // What is asked of one node's data alone takes one person.
            second: None,
        }
    }

    /// Who asks, as ledger and log see it.
    pub(super) const fn requester(&self) -> &Requester {
        &self.requester
    }

    pub(super) const fn times(&self) -> u32 {
        self.request.content.times
    }

    /// The digest of the request for the `repetition`th answer.
    pub(super) fn digest(&self, repetition: u32) -> Digest {
        self.request.request_digest(repetition)
    }

    /// What is asked of the ledger for the `repetition`th answer.
    pub(super) fn claim(&self, repetition: u32) -> Claim {
        let (permit, requester) = (self.question.permit().clone(), self.requester.clone());
        let import = self.import.statement.import;
        Claim::query(self.digest(repetition), permit, requester, self.question.charged(), import, repetition)
    }

    /// The import that a charge was for, or the newest where that is no longer there.
    pub(super) async fn import_of(&self, node: &Node, number: u32) -> Result<ImportRecord, Refusal> {
        if number == self.import.statement.import {
            return Ok(self.import.clone());
        }
        let earlier = node.state().import(number).await.map_err(Refusal::internal)?;
        let still_there = |import: &ImportRecord| node.home().dir().join(&import.file).exists();
        Ok(earlier.filter(still_there).unwrap_or_else(|| self.import.clone()))
    }
}

fn read(
    node: &Node,
    request: &Signed<QueryRequest>,
    in_force: &InForce,
    import: ImportRecord,
    now: Timestamp,
) -> Result<Plan, Rule> {
    let person = request.asker(node.roster(), now).map_err(of_request)?;
    let content = &request.content;
    if content.catalogue != node.library().catalogue().digest() {
        let what = "The query was read with another catalogue of features than the node's.";
        return Err(own(
            "query.catalogue",
            what.to_owned(),
            "",
            "Use the version of tvaers that the nodes use.",
        ));
    }
    if !(1..=TIMES_MAX).contains(&content.times) {
        let what = "The number of answers asked for is 0 or too large.";
        return Err(own("request.times", what.to_owned(), &format!("1 to {TIMES_MAX}"), "Ask for fewer."));
    }
    let requester = Requester::new(name(&person.name, "request.name")?, &content.requester);
    let ground = Ground {
        node: &node.config().id,
        roster: node.roster(),
        library: node.library(),
        in_force,
        data: &import.statement,
        now,
    };
    let question = Question::read(&ground, &content.under.permit, &content.query)?;
    Ok(Plan { request: request.clone(), requester, role: person.role, question, import })
}
