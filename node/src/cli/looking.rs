//! What every command has in common that looks at a node and changes nothing.

use tvaers_definitions::library::Library;
use tvaers_host::permission;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::VerifiedRoster;

use crate::app;
use crate::config::Config;
use crate::home::Home;
use crate::ledger::Ledger;
use crate::ledger::rho::NanoRho;
use crate::policy::InForce;
use crate::state::{State, StateError};

/// Refuses where this user does not own the node's folder and all in it: databases opened by another user would get
/// side files that the service cannot use.
pub(super) fn own(home: &Home) -> Result<(), Problem> {
    let mut found = permission::look(home.dir()).into_iter().map(|(_, problem)| problem);
    found.find(|problem| problem.code != "home.mode").map_or(Ok(()), Err)
}

/// A node's memory, opened to be read alone, beside a node that serves.
pub(super) async fn look_at(home: &Home) -> Result<State, Problem> {
    own(home)?;
    let problem = |code, what: String| Problem::new(Exit::Failed, code, what).at(home.state().display());
    if !home.state().exists() {
        return Err(problem("state.none", "the node remembers nothing yet".to_owned())
            .expected("a node that has imported data or served")
            .next("run `tvaers-node import FOLDER --extracted-on DATE` first"));
    }
    State::look(&home.state()).await.map_err(|error| match error {
        StateError::Version => problem("state.version", error.to_string())
            .expected("a database that this version has opened before")
            .next("use the version of the service; after an update, start the service or run `tvaers-node check` first"),
        error => Problem::from_error(Exit::Failed, "state", &error)
            .at(home.state().display())
            .next("look at disk space and permissions"),
    })
}

/// A node's memory, opened to be read alone, with its ledger verified from the first entry to the last.
pub(super) struct Looked {
    pub(super) config: Config,
    pub(super) state: State,
    pub(super) ledger: Ledger,
}

impl Looked {
    pub(super) async fn open(home: &Home) -> Result<Self, Problem> {
        own(home)?;
        let config = app::config(home)?;
        let state = look_at(home).await?;
        let ledger = app::ledger(&state).await?;
        Ok(Self { config, state, ledger })
    }

    /// The policy in the node's folder, as the service would load it now; none where there is none.
    pub(super) async fn policy(
        &self,
        home: &Home,
        roster: Option<&VerifiedRoster>,
        library: &Library,
    ) -> Result<Option<InForce>, Problem> {
        let loaded = app::policies(home, &self.config, roster, &self.state, library).await;
        loaded.map_err(app::first_of)
    }
}

/// An amount of budget, without zeroes that say nothing.
pub(super) fn rho(nano_rho: u64) -> String {
    match NanoRho::new(nano_rho) {
        Ok(amount) => {
            let text = amount.to_string();
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Err(_) => "unlimited".to_owned(),
    }
}

/// The beginning of a digest, which tells it from others.
pub(super) fn short(digest: impl std::fmt::Display) -> String {
    digest.to_string().chars().take(12).collect()
}

/// A moment, to the second.
pub(super) fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Asynchronous work of a command that needs no second thread.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::from_error(Exit::Failed, "runtime", &error))?;
    runtime.block_on(work)
}
