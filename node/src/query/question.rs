//! What is asked, whoever asks: a query that this node's catalogue reads, and the public parameters of its answer.
//! Nothing here reads data, judges by the policy, or believes a request.

use jiff::Timestamp;
use tvaers_definitions::library::Library;
use tvaers_policy::permit::Population;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{DataStatement, Rule};
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_query::Query;
use tvaers_query::query::Party;
use tvaers_release::of_query::{self, Part};
use tvaers_release::rho::Rho;

use crate::ledger::name::Name;
use crate::policy::{self, InForce, own};

/// What a query is read against.
pub(crate) struct Ground<'a> {
    /// Whose node it is.
    pub(crate) node: &'a NodeId,
    /// The roster that it follows.
    pub(crate) roster: &'a VerifiedRoster,
    /// Its definitions.
    pub(crate) library: &'a Library,
    /// Its policy.
    pub(crate) in_force: &'a InForce,
    /// The import that is asked about.
    pub(crate) data: &'a DataStatement,
    /// The time.
    pub(crate) now: Timestamp,
}

/// A query that this node understands, under a permit.
pub(crate) struct Question {
    permit: Name,
    query: Query,
    cells: Vec<usize>,
    parts: Vec<Part>,
    nano_rho: Option<u64>,
    charged: Digest,
}

impl Question {
    /// Reads a query in its one form.
    pub(crate) fn read(ground: &Ground<'_>, permit: &str, text: &str) -> Result<Self, Rule> {
        let permit = name(permit, "request.permit")?;
        let today = policy::day(ground.now);
        let parties: Vec<Party> = ground.roster.roster().members_on(today).map(Party::from).collect();
        let query = Query::parse(text, "query", ground.library.catalogue(), &parties)
            .map_err(|_| unreadable("is not one that the node's catalogue and roster allow"))?;
        // One text for one query: what is logged and charged is what was signed.
        if query.text() != text {
            return Err(unreadable("is not written in its one form"));
        }
        let own_party = parties.iter().find(|party| party.id == *ground.node);
        let own_party =
            own_party.ok_or_else(|| unreadable("comes on a day on which this node is no member"))?;
        check_addressed(&query, own_party, ground.data)?;
        let cells = query.cells_of(own_party);
        let hides = ground.in_force.policy().cells().smallest > 0;
        let parts = of_query::parts(&query, cells.len(), hides).map_err(|error| {
            own("query.measure", format!("The query cannot be noised: {error}."), "", "Ask for another one.")
        })?;
        let nano_rho = nano_rho(&query, ground.roster)?;
        let population = ground.in_force.policy().permit(permit.as_str()).map(|permit| &permit.population);
        let charged = charged(&query, population);
        Ok(Self { permit, query, cells, parts, nano_rho, charged })
    }

    /// The permit under which it is asked.
    pub(crate) const fn permit(&self) -> &Name {
        &self.permit
    }

    pub(crate) const fn query(&self) -> &Query {
        &self.query
    }

    /// What is released together for it.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The positions, in the query's cells, of those that this node answers.
    pub(crate) fn cells(&self) -> &[usize] {
        &self.cells
    }

    /// What the query asks to be charged; none where it leaves that to the policy.
    pub(crate) const fn nano_rho(&self) -> Option<u64> {
        self.nano_rho
    }

    /// The digest under which the ledger has the answer: the same question, the same answer.
    pub(super) const fn charged(&self) -> Digest {
        self.charged
    }
}

/// Checks that the query is for this node, and about days that its data has.
fn check_addressed(query: &Query, own_party: &Party, data: &DataStatement) -> Result<(), Rule> {
    if !query.asks(own_party) {
        let what = "The query is not for this node.";
        return Err(own("query.other-node", what.to_owned(), "", "Ask the nodes that the query names."));
    }
    if query.as_of() > data.extracted_on {
        let what =
            format!("The reference date is later than the day of the node's data, {}.", data.extracted_on);
        let next = "Ask as of an earlier date, or wait for newer data.";
        return Err(own("query.as-of", what, "an earlier date", next));
    }
    Ok(())
}

/// What the query's budget buys at the roster's delta; none where it states none.
fn nano_rho(query: &Query, roster: &VerifiedRoster) -> Result<Option<u64>, Rule> {
    let asked = roster.roster().delta.parse().and_then(|delta| of_query::asked(query, delta));
    let nothing = |_| {
        own(
            "query.budget",
            "The query's budget buys no rho, or more than there is.".to_owned(),
            "",
            "Ask for another one.",
        )
    };
    asked.map(|rho| rho.map(Rho::nano)).map_err(nothing)
}

/// What is charged once: the question, and whom the permit is about. A citizen who opts out later is left out of later
/// answers; the one that was given stays the same, and nothing can be learnt of that citizen from two.
fn charged(query: &Query, population: Option<&Population>) -> Digest {
    let Population { kommuner, age_from, age_to } = population.cloned().unwrap_or_default();
    let kommuner = kommuner.map(|codes| codes.iter().map(u16::to_string).collect::<Vec<_>>().join(" "));
    let about = [kommuner, age_from.map(|age| age.to_string()), age_to.map(|age| age.to_string())];
    // A part that is missing is not one that is empty.
    let about = about.map(|part| part.map_or_else(|| "-".to_owned(), |part| format!("={part}")));
    let about = about.each_ref().map(String::as_bytes);
    let question = query.question_digest();
    let parts: Vec<&[u8]> = std::iter::once(question.0.as_slice()).chain(about).collect();
    Digest::of("tvaers/v1/charged-query", &parts)
}

fn unreadable(what: &str) -> Rule {
    own("query.unreadable", format!("The query {what}."), "", "Send it with the `tvaers` program.")
}

/// A name in a request.
pub(super) fn name(text: &str, code: &str) -> Result<Name, Rule> {
    let wrong =
        |error| own(code, format!("A name in the request cannot be used: {error}."), "", "Correct it.");
    Name::new(text).map_err(wrong)
}
