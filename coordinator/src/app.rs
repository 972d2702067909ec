//! From a folder to a coordinator: creating one, and opening one for service. The rim where files are opened.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tvaers_definitions::library::Library;
use tvaers_host::private::{self, PrivateFileError};
use tvaers_host::process::system_rng;
use tvaers_host::roster::believe;
use tvaers_link::clock::{Clock, SystemClock};
use tvaers_link::greeting::Greeting;
use tvaers_link::identity::Identity;
use tvaers_link::quic::Listener;
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::Digest;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster;
use tvaers_protocol::sign::{SigningKey, VerifyingKey};

use crate::config::Config;
use crate::coordinator::{Coordinator, Parts};
use crate::home::Home;
use crate::limits::Limits;
use crate::state::{State, StateError};

/// What the coordinator says about itself.
pub const SOFTWARE: &str = concat!("tvaers ", env!("CARGO_PKG_VERSION"));

/// The coordinator's public entry, as `init` writes it for whoever drafts the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Enrolment {
    /// Who runs it.
    pub name: String,
    /// SHA-256 of its certificate's public key (SPKI).
    pub spki: Digest,
    /// Its message-signing key.
    pub signing: VerifyingKey,
}

impl From<Enrolment> for roster::Coordinator {
    fn from(enrolment: Enrolment) -> Self {
        Self { name: enrolment.name, spki: enrolment.spki, signing: enrolment.signing }
    }
}

/// Creates a coordinator: folder, keys, configuration, enrolment.
///
/// # Errors
/// [`Problem`]; an existing coordinator is left as it is.
pub fn create(home: &Home, config: &Config) -> Result<Enrolment, Problem> {
    if home.config().exists() {
        return Err(Problem::new(Exit::BadInput, "init.exists", "there is a coordinator here already")
            .at(home.config().display())
            .next("name another folder; a coordinator's keys are never overwritten"));
    }
    let failed = |error: PrivateFileError| Problem::from_error(Exit::Failed, "init.files", &error);
    private::create_dir(home.dir()).map_err(failed)?;
    private::create_dir(&home.keys()).map_err(failed)?;
    let identity = Identity::generate("coordinator", SystemClock.now())
        .map_err(|error| Problem::from_error(Exit::Failed, "init.certificate", &error))?;
    identity
        .save(&home.keys().join("tls.crt"), &home.keys().join("tls.key"))
        .map_err(|error| Problem::from_error(Exit::Failed, "init.certificate", &error))?;
    let signing = SigningKey::generate(&mut system_rng());
    private::write_key(&home.keys().join("signing.key"), &signing.seed()).map_err(failed)?;
    let enrolment = Enrolment {
        name: config.name.clone(),
        spki: identity.certificate().spki,
        signing: signing.verifying_key(),
    };
    let text = toml::to_string(&enrolment)
        .map_err(|error| Problem::from_error(Exit::Failed, "init.enrolment", &error))?;
    private::replace(&home.enrolment(), text.as_bytes()).map_err(failed)?;
    private::replace(&home.config(), config.to_commented_text().as_bytes()).map_err(failed)?;
    Ok(enrolment)
}

/// Opens a coordinator for service, listening.
///
/// # Errors
/// [`Problem`] at the first thing that is not as it should be.
pub async fn open(home: &Home) -> Result<(Arc<Coordinator>, Listener), Problem> {
    open_with(home, Limits::default()).await
}

/// The same with other limits than a coordinator serves with, for tests that must not sit through them.
///
/// # Errors
/// As [`open`].
pub async fn open_with(home: &Home, limits: Limits) -> Result<(Arc<Coordinator>, Listener), Problem> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let config = Config::load(&home.config()).map_err(|error| {
        Problem::from_error(Exit::BadInput, "config", &error)
            .at(home.config().display())
            .next("mend the file, or create a coordinator with `tvaers init`")
    })?;
    let roster_problem = |what: String| {
        Problem::new(Exit::BadInput, "roster", what)
            .at(home.roster().display())
            .expected("the federation's newest roster with the signatures of its members")
            .next("have the members sign it and put it there")
    };
    let believed = believe(&home.roster(), clock.now())?;
    let keys = |error: PrivateFileError| Problem::from_error(Exit::Failed, "keys", &error);
    let signing = SigningKey::from_seed(&*private::read_key(&home.keys().join("signing.key")).map_err(keys)?);
    let identity = Identity::load(&home.keys().join("tls.crt"), &home.keys().join("tls.key"))
        .map_err(|error| Problem::from_error(Exit::Failed, "keys.tls", &error))?;
    let own = &believed.roster.roster().coordinator;
    if own.spki != identity.certificate().spki || own.signing != signing.verifying_key() {
        return Err(roster_problem(
            "the roster has other keys for the coordinator than this folder".to_owned(),
        ));
    }
    let roster = believed.keep()?;
    let software =
        Software::new(SOFTWARE).map_err(|error| Problem::from_error(Exit::Failed, "software", &error))?;
    let greeting = Greeting::new(roster.roster().version, roster.digest(), software);
    let state_problem = |error: StateError| {
        Problem::from_error(Exit::Failed, "state", &error)
            .at(home.state().display())
            .next("look at disk space and permissions; a database of a newer version needs that version")
    };
    let state = State::open(&home.state()).await.map_err(state_problem)?;
    let library =
        Library::embedded().map_err(|error| Problem::from_error(Exit::Failed, "definitions", &error))?;
    let parts = Parts { roster, signing, state, clock: Arc::clone(&clock), limits };
    let coordinator = Arc::new(Coordinator::new(parts, library).await.map_err(state_problem)?);
    let listener =
        Listener::bind(config.listen, &identity, coordinator.pins(), greeting, clock).map_err(|error| {
            Problem::from_error(Exit::Failed, "listen", &error).next("choose a free UDP port")
        })?;
    Ok((coordinator, listener))
}
