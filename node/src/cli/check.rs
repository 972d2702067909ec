//! `tvaers-node check`: looks at everything that service needs and names every problem, each with its mend.

use std::path::Path;
use std::time::Duration;

use tvaers_host::output::{Format, Output};
use tvaers_host::{private, process, roster};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_link::greeting::Greeting;
use tvaers_link::quic::Dialer;
use tvaers_protocol::hello::Software;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::sign::SigningKey;
use tvaers_pseudonym::sealing::SealingKey;
use tvaers_warehouse::data::Warehouse;
use tvaers_warehouse::source::{Look, Source};
use tvaers_warehouse::sql::Dialect;

use crate::app;
use crate::config::Config;
use crate::home::Home;

/// Free space below which an import or a study may fail, in bytes.
const DISK_LEAST: u64 = 1 << 30;

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
    let mut report = Report { output, problems: Vec::new() };
    runtime.block_on(look(home, args, &mut report));
    report.finish()
}

struct Report {
    output: Output,
    problems: Vec<Problem>,
}

impl Report {
    /// Takes one finding; gives what was found where it is well.
    fn take<T>(&mut self, subject: &str, finding: Result<T, Problem>) -> Option<T> {
        match finding {
            Ok(found) => {
                if self.output.format == Format::Text {
                    self.output.result(format_args!("ok       {subject}"));
                }
                Some(found)
            }
            Err(problem) => {
                if self.output.format == Format::Text {
                    self.output.result(format_args!("PROBLEM  {subject}\n{problem}"));
                }
                self.problems.push(problem);
                None
            }
        }
    }

    /// Takes all that was found of one subject at once.
    fn take_all(&mut self, subject: &str, problems: Vec<Problem>) {
        if problems.is_empty() {
            self.take(subject, Ok(()));
        }
        for problem in problems {
            self.take(subject, Err::<(), _>(problem));
        }
    }

    fn finish(self) -> Result<(), Problem> {
        if self.output.format == Format::Json {
            let json = serde_json::to_string(&self.problems)
                .map_err(|error| Problem::from_error(Exit::Failed, "check.json", &error))?;
            self.output.result(json);
        }
        match self.problems.first() {
            None => Ok(()),
            Some(first) => Err(Problem::new(
                first.exit,
                "check",
                format_args!("{} of the things looked at need mending", self.problems.len()),
            )
            .next("mend them and run `tvaers-node check` again")),
        }
    }
}

async fn look(home: &Home, args: &Args, report: &mut Report) {
    let Some(config) = report.take("configuration", app::config(home)) else {
        return;
    };
    report.take("disk space", disk(home.dir()));
    let source = match config.source {
        Some(_) => report.take("source's URL", source(home, &config)).flatten(),
        None => None,
    };
    if let Some(source) = &source {
        look_at_source(source, &config, report).await;
    }
    let state = report.take("state database", app::state(home).await);
    if let Some(state) = &state {
        report.take("data", data(home, &config, source.as_ref(), state, report.output).await);
    }
    if config.laboratory.is_none() {
        report.take("policy", Err::<(), _>(no_policy()));
    } else {
        report.take("policy (laboratory)", Ok(()));
    }
    let believed = roster::believe(&home.roster(), SystemClock.now());
    let roster = report.take("roster", believed.map(|believed| believed.roster));
    let identity = report.take("certificate and key", app::identity(home));
    let signing = report.take("signing key", key(home, "signing.key"));
    let sealing = report.take("sealing key", key(home, "sealing.key"));
    let (Some(roster), Some(identity), Some(signing), Some(sealing)) = (roster, identity, signing, sealing)
    else {
        return;
    };
    report.take("certificate's validity", validity(&identity));
    let (signing, sealing) = (SigningKey::from_seed(&signing), SealingKey::from_bytes(&sealing));
    let member = app::check_membership(&config, &roster, &identity, &signing, &sealing);
    if report.take("roster's entry for this node", member).is_none() || args.offline {
        return;
    }
    // A second connection would take the place of the serving node's and break off what it is doing.
    if let Some(pid) = process::running(&home.pid()) {
        report.take(&format!("serving as process {pid}; whether it is connected stands in its log"), Ok(()));
        return;
    }
    let connection = async {
        let software = Software::new(app::SOFTWARE)
            .map_err(|error| Problem::from_error(Exit::Failed, "software", &error))?;
        let greeting = Greeting::new(roster.roster().version, roster.digest(), software);
        let coordinator = roster.roster().coordinator.spki;
        let clock = std::sync::Arc::new(SystemClock);
        let dialer = Dialer::new(&identity, config.id.clone(), coordinator, greeting, clock)
            .map_err(|error| Problem::from_error(Exit::Failed, "keys.tls", &error))?;
        connect(&dialer, &config.coordinator).await
    };
    report.take("connection to the coordinator", connection.await);
}

fn key(home: &Home, name: &str) -> Result<zeroize::Zeroizing<[u8; 32]>, Problem> {
    private::read_key(&home.keys().join(name))
        .map_err(|error| Problem::from_error(Exit::Failed, "keys", &error))
}

fn disk(dir: &Path) -> Result<(), Problem> {
    let figures =
        rustix::fs::statvfs(dir).map_err(|error| Problem::from_error(Exit::Failed, "disk", &error))?;
    let free = figures.f_bavail.saturating_mul(figures.f_frsize);
    if free >= DISK_LEAST {
        return Ok(());
    }
    Err(Problem::new(Exit::Failed, "disk.free", format_args!("{} MiB are free", free >> 20))
        .at(dir.display())
        .expected(format_args!("at least {} MiB", DISK_LEAST >> 20))
        .next("make room: an import needs about twice the size of its files"))
}

fn source(home: &Home, config: &Config) -> Result<Option<Source>, Problem> {
    config.open_source(home).map_err(|error| {
        Problem::from_error(Exit::BadInput, "source.url", &error)
            .at("[source]")
            .next("write the URL into the file on one line; see the comment in the configuration")
    })
}

/// Looks at the views of the source. Whether its content is still what was registered takes a pass over all rows, and
/// is asked when a study begins.
async fn look_at_source(source: &Source, config: &Config, report: &mut Report) {
    let subject = format!("source {}", source.place());
    let look = source.look(config.sector).await.map_err(|error| error.to_problem());
    let Some(Look { problems, writable }) = report.take(&subject, look) else { return };
    report.take_all("source's tables and columns", problems);
    // No problem: the node's transactions are read-only whatever the role may do.
    if writable.superuser {
        report.output.note("The role is a superuser at the source; one that may only SELECT is enough.");
    } else if !writable.tables.is_empty() {
        report.output.note(format_args!(
            "The role may write {} at the source; the right to SELECT is enough.",
            writable.tables.join(", ")
        ));
    }
}

async fn data(
    home: &Home,
    config: &Config,
    source: Option<&Source>,
    state: &crate::state::State,
    output: Output,
) -> Result<(), Problem> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Problem::from_error(Exit::Failed, "data", error).next("import the data again")
    };
    let import = state.latest_import().await.map_err(|error| failed(&error))?;
    let import = import.ok_or_else(|| {
        Problem::new(Exit::Failed, "data.none", "nothing has been imported yet")
            .next("run `tvaers-node import FOLDER --extracted-on DATE`, or `import --source` for a source")
    })?;
    let path = home.dir().join(&import.file);
    let warehouse = Warehouse::open_with(&path, source, 1).await.map_err(|error| failed(&error))?;
    if source.is_some() && warehouse.dialect() == Dialect::Sqlite {
        output.note(
            "The newest import is of files, so the source is not used; `import --source` registers it.",
        );
    }
    let meta = warehouse.meta();
    if (meta.sector, meta.member, meta.made_up) != (config.sector, config.code, config.made_up) {
        return Err(Problem::new(Exit::Failed, "data.other", "the database was imported for another node")
            .at(&import.file)
            .next("import the data again"));
    }
    Ok(())
}

fn no_policy() -> Problem {
    Problem::new(Exit::Refused, "policy.none", "no policy allows this node to contribute to any study")
        .expected("in this version, `[laboratory]` over a database created with `init --made-up`")
        .next("nothing, if this is meant: the node connects and refuses every study")
}

fn validity(identity: &tvaers_link::identity::Identity) -> Result<(), Problem> {
    if identity.certificate().is_valid(SystemClock.now()) {
        return Ok(());
    }
    Err(Problem::new(Exit::Failed, "keys.expired", "the certificate is not valid at this time")
        .at("keys/tls.crt")
        .next("set the clock, or renew the certificate and have a new roster signed"))
}

async fn connect(dialer: &Dialer, address: &str) -> Result<(), Problem> {
    let problem = |what: String| {
        Problem::new(Exit::Failed, "coordinator.connection", what)
            .at(address)
            .next("let UDP out to this address, and ask the secretariat whether the coordinator runs")
    };
    match tokio::time::timeout(DIAL_TIME, dialer.dial(address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(problem(error.to_string())),
        Err(_) => Err(problem(format!("no answer within {} s", DIAL_TIME.as_secs()))),
    }
}
