//! What is asked, once it is believed: a request of a person of the roster, a query that this node's catalogue reads,
//! and the public parameters of its answer. Nothing here reads data or asks the policy.

use jiff::Timestamp;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{Rule, Signed};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::request::{QueryRequest, TIMES_MAX};
use tvaers_protocol::roster::Role;
use tvaers_protocol::sign::VerifyingKey;
use tvaers_query::Query;
use tvaers_query::query::{Kind, Party};
use tvaers_release::clamp::Clamp;
use tvaers_release::conversion::Delta;
use tvaers_release::error::ReleaseError;
use tvaers_release::measure::Measure;

use crate::ledger::claim::Claim;
use crate::ledger::name::{Name, Requester};
use crate::node::Node;
use crate::policy::{self, InForce, of_request, own};
use crate::refusal::Refusal;
use crate::state::ImportRecord;

/// A public number that the persons of a node are never more than: more than live in Denmark.
pub(crate) const POPULATION_MAX: u64 = 10_000_000;

/// A query that this node understands, from a person whom it knows.
pub(crate) struct Plan {
    request: Signed<QueryRequest>,
    requester: Requester,
    role: Role,
    permit: Name,
    query: Query,
    cells: Vec<usize>,
    measure: Measure,
    nano_rho: Option<u64>,
    charged: Digest,
    import: ImportRecord,
}

impl Plan {
    /// The plan for a request, with the policy that is to judge it; or the rules that it breaks before any policy.
    pub(super) async fn of<'n>(
        node: &'n Node,
        request: &Signed<QueryRequest>,
        now: Timestamp,
    ) -> Result<Result<(Self, &'n InForce), Vec<Rule>>, Refusal> {
        let Some(in_force) = node.policy() else { return Ok(Err(vec![policy::no_policy()])) };
        let import = node.state().latest_import().await.map_err(Refusal::internal)?;
        let import = import.ok_or(Refusal::because(RejectCode::NotReady, "nothing has been imported yet"))?;
        Ok(read(node, request, in_force, import, now).map(|plan| (plan, in_force)).map_err(|rule| vec![rule]))
    }

    pub(crate) const fn query(&self) -> &Query {
        &self.query
    }

    pub(crate) const fn measure(&self) -> &Measure {
        &self.measure
    }

    /// The positions, in the query's cells, of those that this node answers.
    pub(crate) fn cells(&self) -> &[usize] {
        &self.cells
    }

    pub(super) const fn key(&self) -> VerifyingKey {
        self.request.content.requester
    }

    pub(super) const fn role(&self) -> Role {
        self.role
    }

    pub(super) const fn requester(&self) -> &Requester {
        &self.requester
    }

    pub(super) fn permit(&self) -> &str {
        self.permit.as_str()
    }

    pub(super) const fn permit_name(&self) -> &Name {
        &self.permit
    }

    pub(super) fn purpose(&self) -> &str {
        &self.request.content.under.purpose
    }

    pub(super) const fn times(&self) -> u32 {
        self.request.content.times
    }

    /// What the query asks to be charged; none where it leaves that to the policy.
    pub(super) const fn nano_rho(&self) -> Option<u64> {
        self.nano_rho
    }

    pub(super) const fn is_count(&self) -> bool {
        matches!(self.query.kind(), Kind::Count)
    }

    /// The digest of the question, as results name it.
    pub(super) fn question(&self) -> Digest {
        self.query.question_digest()
    }

    /// The digest of the request for the `repetition`th answer.
    pub(super) fn digest(&self, repetition: u32) -> Digest {
        self.request.request_digest(repetition)
    }

    /// What is asked of the ledger for the `repetition`th answer.
    pub(super) fn claim(&self, repetition: u32) -> Claim {
        let (permit, requester) = (self.permit.clone(), self.requester.clone());
        let import = self.import.statement.import;
        Claim::query(self.digest(repetition), permit, requester, self.charged, import, repetition)
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
    let library = node.library();
    if content.catalogue != library.catalogue().digest() {
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
    let permit = name(&content.under.permit, "request.permit")?;
    let requester = Requester::new(name(&person.name, "request.name")?, &content.requester);
    let today = policy::day(now);
    let parties: Vec<Party> = node.roster().roster().members_on(today).map(Party::from).collect();
    let unreadable = |what: &str| {
        own("query.unreadable", format!("The query {what}."), "", "Send it with the `tvaers` program.")
    };
    let query = Query::parse(&content.query, "query", library.catalogue(), &parties)
        .map_err(|_| unreadable("is not one that the node's catalogue and roster allow"))?;
    // One text for one query: what is logged and charged is what was signed.
    if query.text() != content.query {
        return Err(unreadable("is not written in its one form"));
    }
    let own_party = parties.iter().find(|party| party.id == node.config().id);
    let own_party = own_party.ok_or_else(|| unreadable("comes on a day on which this node is no member"))?;
    if !query.asks(own_party) {
        let what = "The query is not for this node.";
        return Err(own("query.other-node", what.to_owned(), "", "Ask the nodes that the query names."));
    }
    if query.as_of() > import.statement.extracted_on {
        let what = format!(
            "The reference date is later than the day of the node's data, {}.",
            import.statement.extracted_on
        );
        return Err(own(
            "query.as-of",
            what,
            "an earlier date",
            "Ask as of an earlier date, or wait for newer data.",
        ));
    }
    let cells = query.cells_of(own_party);
    let measure = measure(&query, cells.len()).map_err(|error| {
        own("query.measure", format!("The query cannot be noised: {error}."), "", "Ask for another one.")
    })?;
    let delta: Option<Delta> = node.roster().roster().delta.parse().ok();
    let budget = query.privacy().budget;
    let nano_rho = budget.map(|budget| {
        budget.nano_rho(&|epsilon| policy::rho_of_epsilon(delta?, epsilon)).ok_or_else(|| {
            own("query.budget", "The query's budget buys no rho.".to_owned(), "", "Ask for a greater one.")
        })
    });
    let nano_rho = nano_rho.transpose()?;
    // What is charged once is all that the answer depends on but the data: the question, and whom the permit is about.
    let population = in_force.policy().permit(permit.as_str()).map(|permit| &permit.population);
    let about = population.map(|population| format!("{population:?}")).unwrap_or_default();
    let charged = Digest::of("tvaers/v1/charged-query", &[&query.question_digest().0, about.as_bytes()]);
    let request = request.clone();
    Ok(Plan {
        request,
        requester,
        role: person.role,
        permit,
        query,
        cells,
        measure,
        nano_rho,
        charged,
        import,
    })
}

fn name(text: &str, code: &str) -> Result<Name, Rule> {
    Name::new(text).map_err(|error| {
        own(code, format!("A name in the request cannot be used: {error}."), "", "Correct it.")
    })
}

/// The public parameters of the answer.
fn measure(query: &Query, cells: usize) -> Result<Measure, ReleaseError> {
    let contribution = query.contribution();
    match query.kind() {
        Kind::Count => Measure::count(cells, contribution.cells_max, POPULATION_MAX),
        Kind::Sum { .. } => {
            let clamp = Clamp::new(contribution.from, contribution.to)?;
            Measure::sum(cells, contribution.cells_max, clamp, POPULATION_MAX)
        }
    }
}
