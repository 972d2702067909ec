//! What the policy says to one answer, and whether noise can be drawn for its price. Pure.

use tvaers_policy::request::{AggregateRequest, Ask, Spent};
use tvaers_policy::verdict::{AggregateGrant, Verdict};
use tvaers_protocol::message::Rule;
use tvaers_release::joint::Joint;
use tvaers_release::of_query;
use tvaers_release::rho::Rho;

use super::question::Question;
use crate::policy::{self, InForce};

/// A grant with the noise that it buys.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) grant: AggregateGrant,
    pub(crate) joint: Joint,
}

/// What is broken: for the log the codes, for the person who asks all of it.
pub(crate) type Broken = Vec<Rule>;

/// The verdict on the `repetition`th answer on a day, when so much is spent.
pub(crate) fn admit(
    question: &Question,
    ask: Ask<'_>,
    in_force: &InForce,
    repetition: u32,
    spent: &Spent,
    today: jiff::civil::Date,
) -> Result<Granted, Broken> {
    let request =
        AggregateRequest { ask, query: question.query(), nano_rho: question.nano_rho(), repetition };
    let grant = match in_force.policy().admit_aggregate(&request, spent, today) {
        Verdict::Permitted(grant) => grant,
        Verdict::Refused(violations) => return Err(policy::rules(&violations)),
    };
    let rho = Rho::from_nano(grant.price.nano_rho);
    let mechanism = question.query().privacy().mechanism;
    let joint = of_query::joint(mechanism, question.parts(), rho).map_err(|error| {
        vec![policy::own("query.noise", format!("{error}."), "", "Ask for another budget.")]
    })?;
    Ok(Granted { grant, joint })
}
