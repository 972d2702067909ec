//! `tvaers-node check`: looks at everything that service needs and names every problem, each with its mend.

mod clock;
mod data;
mod heads;
mod policy;
mod revocations;

use std::sync::Arc;
use std::time::Duration;

use tvaers_definitions::library::{INDICATORS, Library};
use tvaers_host::check::{self, Report};
use tvaers_host::output::Output;
use tvaers_host::{permission, process, roster};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_link::greeting::Greeting;
use tvaers_link::identity::Identity;
use tvaers_link::quic::{DialError, Dialer};
use tvaers_protocol::enrolment::Enrolment;
use tvaers_protocol::hello::Software;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_protocol::study::utc_date;

use crate::app;
use crate::config::Config;
use crate::home::Home;
use crate::library::library;
use crate::state::State;

/// For the coordinator to answer.
const DIAL_TIME: Duration = Duration::from_secs(20);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Do not dial the coordinator
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::from_error(Exit::Failed, "runtime", &error))?;
    let mut report = Report::new(output);
    runtime.block_on(look(home, args, &mut report, output));
    report.finish("tvaers-node check")
}

async fn look(home: &Home, args: &Args, report: &mut Report, output: Output) {
    let now = SystemClock.now();
    let found = permission::look(home.dir());
    // Databases opened by another user would belong to that user from then on.
    let foreign = found.iter().any(|(_, problem)| problem.code != "home.mode");
    report.take_mixed("folder, owner and rights of files", found);
    if foreign {
        return;
    }
    let config = report.take("configuration", app::config(home));
    report.take_mixed("disk space", check::disk(home.dir()));
    report.take("clock", clock::look(home, now).await);
    let identity = report.take("certificate and key", app::identity(home));
    if let Some(identity) = &identity {
        let certificate = identity.certificate();
        let time = (certificate.valid_from, certificate.valid_until);
        report.take_mixed("certificate's validity", check::lasts("keys/tls.crt", time, now));
    }
    let believed = roster::believe(&home.roster(), now).map(|believed| believed.roster);
    let roster = report.take("roster", believed);
    if let Some(roster) = &roster {
        report.take_mixed("roster's validity", check::roster_lasts(roster.roster(), utc_date(now)));
    }
    let Some(config) = config else { return };
    let own = report.take("signing and sealing key", app::enrolment(home));
    if let (Some(roster), Some(own)) = (&roster, &own) {
        let problems = app::membership(own, roster.member(&own.id)).into_iter();
        let place = home.roster();
        report.take_all("roster's entry for this node", problems.map(|problem| problem.at(place.display())));
    }
    let state = report.take("state database", app::state(home).await);
    if let Some(state) = &state {
        if let Some(library) = report.take("indicators", library(home)) {
            own_indicators(&library, output);
            let today = utc_date(now);
            report.take(
                "policies that the audit log tells of",
                app::remember_policy_of(home, state, now).await,
            );
            let policy = policy::look(home, &config, roster.as_ref(), state, &library, today).await;
            report.take_mixed("policy", policy);
            // A node that has never served has asked nobody yet.
            if home.audit().exists() {
                let fetched = revocations::look(home, &config, now);
                report.take_mixed("revocations of policies", fetched);
            }
        }
        kept(home, state, own.as_ref(), report).await;
        rows(home, &config, state, report, output).await;
        state.close().await;
    }
    if let (Some(roster), Some(identity), false) = (roster, identity, args.offline) {
        connection(home, &config, &roster, &identity, report).await;
    }
}

/// Which indicators the node can contribute to: those of the program, and those of its own folder.
fn own_indicators(library: &Library, output: Output) {
    let (own, carried) = (library.indicators().iter().skip(INDICATORS.len()), INDICATORS.len());
    let own: Vec<&str> = own.map(|indicator| indicator.name.as_str()).collect();
    let own = if own.is_empty() { "none".to_owned() } else { own.join(", ") };
    output.note(format_args!("indicators: {carried} of the program; of the folder `indicators`: {own}"));
}

/// What must not be lost or changed: the ledger and the audit log, from the first entry to the last.
async fn kept(home: &Home, state: &State, own: Option<&Enrolment>, report: &mut Report) {
    let Some(ledger) = report.take("ledger", app::ledger(state).await) else { return };
    if let Some(own) = own {
        let behind = app::is_not_behind(state, &ledger, &own.signing).await;
        report.take("what witnesses saw of the ledger", behind);
    }
    // A node that has never served has no log yet, and a look makes none.
    if home.audit().exists() {
        report.take("audit log", app::audit_is_whole(home, &ledger).await);
        if let Some(own) = own {
            let behind = app::log_is_not_behind(state, home, &own.signing).await;
            report.take("what others saw of the audit log", behind);
        }
        report.take_mixed("countersignatures of the audit log", heads::look(home, SystemClock.now()));
    }
}

async fn rows(home: &Home, config: &Config, state: &State, report: &mut Report, output: Output) {
    let source = match config.source {
        Some(_) => report.take("source's URL", data::source(home, config)),
        None => Some(None),
    };
    // Without the URL that the configuration promises, what could be said of the data would be that it is missing.
    let Some(source) = source else { return };
    if let Some(source) = &source {
        data::look_at_source(source, config, report, output).await;
    }
    report.take("data", data::data(home, config, source.as_ref(), state, output).await);
}

async fn connection(
    home: &Home,
    config: &Config,
    roster: &VerifiedRoster,
    identity: &Identity,
    report: &mut Report,
) {
    // A second connection would take the place of the serving node's and break off what it is doing.
    if let Some(pid) = process::running(&home.pid()) {
        report.take(&format!("serving as process {pid}; whether it is connected stands in its log"), Ok(()));
        return;
    }
    let dialled = async {
        let software = Software::new(app::SOFTWARE)
            .map_err(|error| Problem::from_error(Exit::Failed, "software", &error))?;
        let greeting = Greeting::new(roster.roster().version, roster.digest(), software);
        let coordinator = roster.roster().coordinator.spki;
        let dialer = Dialer::new(identity, config.id.clone(), coordinator, greeting, Arc::new(SystemClock))
            .map_err(|error| {
            Problem::from_error(Exit::Failed, "keys.tls", &error)
                .at("keys/tls.crt, keys/tls.key")
                .next("restore both from the backup: they belong together")
        })?;
        connect(&dialer, &config.coordinator).await
    };
    report.take("connection to the coordinator", dialled.await);
}

async fn connect(dialer: &Dialer, address: &str) -> Result<(), Problem> {
    let problem = |what: String| Problem::new(Exit::Failed, "coordinator.connection", what).at(address);
    let udp = "let UDP out to this address and its answers in, and ask the secretariat whether the coordinator runs";
    match tokio::time::timeout(DIAL_TIME, dialer.dial(address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(problem(error.to_string()).next(mend(&error).unwrap_or(udp))),
        Err(_) => Err(problem(format!("no answer within {} s", DIAL_TIME.as_secs())).next(udp)),
    }
}

/// What to do where something other than the network is in the way.
const fn mend(error: &DialError) -> Option<&'static str> {
    Some(match error {
        DialError::Address { .. } => "correct `coordinator` in node.toml, or mend the name service",
        DialError::Identity(_) => {
            "restore keys/tls.crt and keys/tls.key from the backup: they belong together"
        }
        DialError::NotBelieved { .. } => {
            "set the clock if it is wrong; else get the newest roster, and ask the secretariat whose address this is"
        }
        DialError::UnknownNode { .. } | DialError::WrongCertificate { .. } => {
            "have the secretariat accept the newest roster; send `enrolment.toml` again if your keys are new"
        }
        DialError::OtherVersion { .. } => "update the older of the two",
        DialError::OtherRoster { .. } => {
            "put the newest signed roster in place on both sides with `roster accept`"
        }
        _ => return None,
    })
}
