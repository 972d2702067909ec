//! Whether the node's policy can be read, is its own, and holds today.

use jiff::civil::Date;
use tvaers_definitions::library::Library;
use tvaers_host::check::{DAYS_LEFT_LEAST, Verdict};
use tvaers_host::private;
use tvaers_policy::Policy;
use tvaers_policy::verdict::Verdict as Decision;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::Roster;
use tvaers_release::conversion::{Delta, Epsilon, rho_within};

use crate::config::Config;
use crate::home::Home;

/// Delta where there is no roster yet to name one.
const DELTA: &str = "1e-8";

/// Everything wrong with the policy; nothing where the laboratory's, which the configuration grants, stands in for it.
pub(super) fn look(
    home: &Home,
    config: &Config,
    roster: Option<&Roster>,
    today: Date,
) -> Vec<(Verdict, Problem)> {
    let path = home.policy();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return if config.laboratory.is_some() {
                Vec::new()
            } else {
                vec![(Verdict::Problem, none(home))]
            };
        }
        Err(error) => {
            let problem = Problem::from_error(Exit::BadInput, "policy.read", &error).at(path.display());
            return vec![(Verdict::Problem, problem.next("mend its rights, or put the file there again"))];
        }
    };
    let library = match Library::embedded() {
        Ok(library) => library,
        Err(error) => {
            return vec![(Verdict::Problem, Problem::from_error(Exit::Failed, "definitions", &error))];
        }
    };
    let delta: Option<Delta> = roster.map_or(DELTA, |roster| roster.delta.as_str()).parse().ok();
    let rho = |epsilon: tvaers_query::Decimal| {
        // A decimal is in thousand-millionths, and an epsilon far below 2⁵³ of them.
        #[expect(
            clippy::cast_precision_loss,
            reason = "an epsilon of nine million and more is no promise anyway"
        )]
        let epsilon = Epsilon::new(epsilon.nano() as f64 / 1e9).ok()?;
        rho_within(epsilon, delta?).ok().map(|rho| rho.nano())
    };
    match Policy::read(&text, &path.display().to_string(), &library, &rho) {
        Err(faults) => faults.iter().map(|fault| (Verdict::Problem, fault.problem())).collect(),
        Ok(policy) => holds(&policy, home, config, today),
    }
}

fn holds(policy: &Policy, home: &Home, config: &Config, today: Date) -> Vec<(Verdict, Problem)> {
    let place = home.policy().display().to_string();
    let mut found = Vec::new();
    if let Decision::Refused(violations) = policy.admit_load(&config.id, config.made_up, None) {
        found.extend(violations.iter().map(|violation| (Verdict::Problem, violation.problem().at(&place))));
    }
    if let Some(edition) = policy.edition() {
        let (from, to) = (edition.validity.from, edition.validity.to);
        let problem = |code, what: String| {
            Problem::new(Exit::Refused, code, what)
                .at(&place)
                .expected("a policy that holds today, and for a while")
                .next("have the data-protection officer sign the next version")
        };
        let left = today.duration_until(to).as_hours() / 24;
        if today < from || to < today {
            let what = format!("the policy holds from {from} to {to}, not on {today}: it permits nothing");
            found.push((Verdict::Problem, problem("policy.validity", what)));
        } else if left < DAYS_LEFT_LEAST {
            found
                .push((Verdict::Warning, problem("policy.expiring", format!("the policy runs out on {to}"))));
        }
    }
    let exclusions = policy.exclusions();
    let files = [&exclusions.opt_outs, &exclusions.protected_addresses];
    for file in files.into_iter().flatten() {
        let path = home.dir().join(file);
        if let Err(error) = private::read(&path) {
            let problem = Problem::from_error(Exit::BadInput, "policy.exclusions", &error)
                .at(path.display())
                .expected("the file that the policy names, one person a line")
                .next("put it there with mode 600, empty where nobody is to be left out");
            found.push((Verdict::Problem, problem));
        }
    }
    found
}

fn none(home: &Home) -> Problem {
    Problem::new(Exit::Refused, "policy.none", "there is no policy: the node connects and refuses everything")
        .at(home.policy().display())
        .expected("a policy, or `[laboratory]` over a database created with `init --made-up`")
        .next("copy one of policies/examples, have it edited and approved, and put it there; nothing, if this is meant")
}
