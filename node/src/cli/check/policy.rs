//! Whether the node's policy can be read, is its own, and holds today.

use jiff::civil::Date;
use tvaers_definitions::library::Library;
use tvaers_host::check::{DAYS_LEFT_LEAST, Verdict};
use tvaers_policy::Policy;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::VerifiedRoster;

use crate::app;
use crate::config::Config;
use crate::home::Home;
use crate::state::State;

/// Everything wrong with the policy.
pub(super) async fn look(
    home: &Home,
    config: &Config,
    roster: Option<&VerifiedRoster>,
    state: &State,
    library: &Library,
    today: Date,
) -> Vec<(Verdict, Problem)> {
    match app::policies(home, config, roster, state, library).await {
        Err(problems) => problems.into_iter().map(|problem| (Verdict::Problem, problem)).collect(),
        Ok(None) => vec![(Verdict::Problem, none(home))],
        Ok(Some(in_force)) => {
            let idle = in_force.idle().iter().map(|idle| (Verdict::Warning, idle.problem()));
            idle.chain(holds(in_force.policy(), home, today)).collect()
        }
    }
}

fn holds(policy: &Policy, home: &Home, today: Date) -> Vec<(Verdict, Problem)> {
    let Some(edition) = policy.edition() else { return Vec::new() };
    let (from, to) = (edition.validity.from, edition.validity.to);
    let problem = |code, what: String| {
        Problem::new(Exit::Refused, code, what)
            .at(home.policy().display())
            .expected("a policy that holds today, and for a while")
            .next("have the data-protection officer sign the next version")
    };
    let left = today.duration_until(to).as_hours() / 24;
    if today < from || to < today {
        let what = format!("the policy holds from {from} to {to}, not on {today}: it permits nothing");
        vec![(Verdict::Problem, problem("policy.validity", what))]
    } else if left < DAYS_LEFT_LEAST {
        vec![(Verdict::Warning, problem("policy.expiring", format!("the policy runs out on {to}")))]
    } else {
        Vec::new()
    }
}

fn none(home: &Home) -> Problem {
    Problem::new(Exit::Refused, "policy.none", "there is no policy: the node connects and refuses everything")
        .at(home.policy().display())
        .expected("a policy")
        .next("copy one of policies/examples, have it edited and approved, and put it there; nothing, if this is meant")
}
