//! `tvaers check`: looks at everything that service needs and names every problem, each with its mend.

use std::net::UdpSocket;

use jiff::Timestamp;
use tvaers_host::check::{self, Report};
use tvaers_host::output::Output;
use tvaers_host::{permission, process, roster};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::study::utc_date;

use crate::app::{self, Own};
use crate::config::Config;
use crate::control::{Request, ask};
use crate::home::Home;
use crate::membership::entry::Entries;
use crate::state::State;

pub(super) async fn run(home: &Home, output: Output) -> Result<(), Problem> {
    let mut report = Report::new(output);
    look(home, &mut report).await;
    report.finish("tvaers check")
}

async fn look(home: &Home, report: &mut Report) {
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
    let own = report.take("keys and certificate", app::own(home));
    if let Some(own) = &own {
        report.take_mixed(
            "certificate's validity",
            check::lasts("keys/tls.crt", (own.certificate.valid_from, own.certificate.valid_until), now),
        );
    }
    report.take("entries of members and people", Entries::load(home));
    follows(home, own.as_ref(), now, report);
    let state = State::open(&home.state()).await.map(|_| ());
    report.take("state database", state.map_err(|error| app::state_problem(home, &error)));
    match process::running(&home.pid()) {
        Some(pid) => {
            let asked = ask(&home.socket(), &Request::Nodes, |_| {}).await.map(|_| ());
            report.take(&format!("socket of the service, process {pid}"), asked);
        }
        None => {
            if let Some(config) = &config {
                report.take("port", port(config));
            }
        }
    }
}

fn follows(home: &Home, own: Option<&Own>, now: Timestamp, report: &mut Report) {
    let believed = roster::believe(&home.roster(), now).map(|believed| believed.roster);
    let Some(roster) = report.take("roster", believed) else { return };
    report.take_mixed("roster's validity", check::roster_lasts(roster.roster(), utc_date(now)));
    if let Some(own) = own {
        let same = app::check_own(&roster, own).map_err(|problem| problem.at(home.roster().display()));
        report.take("roster's entry for the coordinator", same);
    }
}

/// Whether the port is free for the service to take.
fn port(config: &Config) -> Result<(), Problem> {
    UdpSocket::bind(config.listen).map(drop).map_err(|error| {
        let next = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "stop the program that has the port, or choose another in coordinator.toml"
            }
            std::io::ErrorKind::PermissionDenied => {
                "choose a port above 1023, or give the service the right to this one"
            }
            _ => "write an address of this machine into coordinator.toml, such as 0.0.0.0",
        };
        Problem::from_error(Exit::Failed, "listen", &error)
            .at(format_args!("{} (UDP)", config.listen))
            .expected("a free UDP port that the firewall lets members reach")
            .next(next)
    })
}
