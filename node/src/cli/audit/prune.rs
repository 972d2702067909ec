//! `tvaers-node audit prune`.

use serde_json::json;
use tvaers_host::output::{Format, Output};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::problem::Problem;

use super::{open, problem};
use crate::cli::looking::{Looked, block_on};
use crate::home::Home;
use crate::library::library;
use crate::policy;

pub(super) fn run(home: &Home, output: Output) -> Result<(), Problem> {
    let days = block_on(days(home))?;
    let now = SystemClock.now();
    let pruning = open(home, now)?.prune(now, days).map_err(|error| problem(&home.audit(), &error))?;
    let through = pruning.through.map(|through| through.entries);
    match (output.format, through) {
        (Format::Json, _) => {
            output.result(json!({ "files": pruning.files, "through": through, "days": days }));
        }
        (Format::Text, Some(through)) => output.result(format_args!(
            "{} files with entries 1 to {through}, older than {days} days, are deleted",
            pruning.files
        )),
        (Format::Text, None) => {
            output.result(format_args!("no full file is older than {days} days; nothing is deleted"));
        }
    }
    Ok(())
}

/// For how long the policy in force keeps logs. Without a policy nothing is deleted.
async fn days(home: &Home) -> Result<u32, Problem> {
    let looked = Looked::open(home).await?;
    let in_force = async { looked.policy(home, None, &library(home)?).await }.await;
    looked.state.close().await;
    let none = || {
        let rule = policy::no_policy();
        Problem::new(tvaers_protocol::problem::Exit::Refused, "policy.none", "there is no policy")
            .at(home.policy().display())
            .expected("a policy, which says how long logs are kept")
            .next(rule.next)
    };
    in_force?.map(|in_force| in_force.policy().retention().logs_days).ok_or_else(none)
}
