//! From a folder to a coordinator: creating one, and opening one for service. The rim where files are opened.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tvaers_host::private::{self, PrivateFileError};
use tvaers_host::process::system_rng;
use tvaers_host::roster::believe;
use tvaers_link::certificate::Certificate;
use tvaers_link::clock::{Clock, SystemClock};
use tvaers_link::greeting::Greeting;
use tvaers_link::identity::Identity;
use tvaers_link::quic::Listener;
use tvaers_protocol::enrolment::check_name;
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::Digest;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::{self, VerifiedRoster};
use tvaers_protocol::sign::{SigningKey, VerifyingKey};

use crate::config::Config;
use crate::coordinator::{Coordinator, Parts};
use crate::home::Home;
use crate::library::library;
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
    check_name(&config.name).map_err(|error| Problem::from_error(Exit::BadInput, "init.name", &error))?;
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

/// The coordinator's own keys, as they lie in its folder.
pub struct Own {
    /// Who runs it, by the configuration.
    pub name: String,
    /// Its certificate.
    pub certificate: Certificate,
    /// Its message-signing key.
    pub signing: VerifyingKey,
}

impl From<Own> for roster::Coordinator {
    fn from(own: Own) -> Self {
        Self { name: own.name, spki: own.certificate.spki, signing: own.signing }
    }
}

/// Reads the coordinator's keys, for what is public of them.
///
/// # Errors
/// [`Problem`].
pub fn own(home: &Home) -> Result<Own, Problem> {
    let (identity, signing) = keys(home)?;
    let name = config(home)?.name;
    Ok(Own { name, certificate: *identity.certificate(), signing: signing.verifying_key() })
}

fn keys(home: &Home) -> Result<(Identity, SigningKey), Problem> {
    let next = "restore the folder `keys` from the backup; without it, `tvaers init` makes a new coordinator";
    let failed = |error: PrivateFileError| Problem::from_error(Exit::Failed, "keys", &error).next(next);
    let signing =
        SigningKey::from_seed(&*private::read_key(&home.keys().join("signing.key")).map_err(failed)?);
    let identity = Identity::load(&home.keys().join("tls.crt"), &home.keys().join("tls.key"))
        .map_err(|error| Problem::from_error(Exit::Failed, "keys.tls", &error).next(next))?;
    Ok((identity, signing))
}

/// Checks that a roster means this coordinator with these keys.
///
/// # Errors
/// [`Problem`].
pub fn check_own(roster: &VerifiedRoster, own: &Own) -> Result<(), Problem> {
    let entry = &roster.roster().coordinator;
    if entry.spki == own.certificate.spki && entry.signing == own.signing {
        return Ok(());
    }
    Err(Problem::new(
        Exit::BadInput,
        "roster",
        "the roster has other keys for the coordinator than this folder",
    )
    .expected("the coordinator's own keys")
    .next("draft a roster in this folder with `tvaers roster new`, and have the members sign it"))
}

/// The configuration of a coordinator's folder.
///
/// # Errors
/// [`Problem`].
pub fn config(home: &Home) -> Result<Config, Problem> {
    Config::load(&home.config()).map_err(|error| {
        Problem::from_error(Exit::BadInput, "config", &error)
            .at(home.config().display())
            .next("mend the file, or create a coordinator with `tvaers init`")
    })
}

/// A state database that cannot be used.
#[must_use]
pub fn state_problem(home: &Home, error: &StateError) -> Problem {
    Problem::from_error(Exit::Failed, "state", error)
        .at(home.state().display())
        .next("look at disk space and permissions; a database of a newer version needs that version")
}

/// Opens a coordinator for service, listening.
///
/// # Errors
/// [`Problem`] at the first thing that is not as it should be.
pub async fn open(home: &Home) -> Result<(Arc<Coordinator>, Listener), Problem> {
    open_with(home, Limits::default(), Arc::new(SystemClock)).await
}

/// The same with other limits than a coordinator serves with, and another clock, for tests that must not sit through
/// them.
///
/// # Errors
/// As [`open`].
pub async fn open_with(
    home: &Home,
    limits: Limits,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<Coordinator>, Listener), Problem> {
    let config = config(home)?;
    let believed = believe(&home.roster(), clock.now())?;
    let (identity, signing) = keys(home)?;
    let own = Own {
        name: config.name.clone(),
        certificate: *identity.certificate(),
        signing: signing.verifying_key(),
    };
    check_own(&believed.roster, &own).map_err(|problem| problem.at(home.roster().display()))?;
    let roster = believed.keep()?;
    let software =
        Software::new(SOFTWARE).map_err(|error| Problem::from_error(Exit::Failed, "software", &error))?;
    let greeting = Greeting::new(roster.roster().version, roster.digest(), software);
    let unusable = |error: StateError| state_problem(home, &error);
    let state = State::open(&home.state()).await.map_err(unusable)?;
    let library = library(home)?;
    let revocations = home.revocations();
    let parts = Parts { roster, signing, state, revocations, clock: Arc::clone(&clock), limits };
    let coordinator = Arc::new(Coordinator::new(parts, library).await.map_err(unusable)?);
    let listener =
        Listener::bind(config.listen, &identity, coordinator.pins(), greeting, clock).map_err(|error| {
            Problem::from_error(Exit::Failed, "listen", &error).next("choose a free UDP port")
        })?;
    Ok((coordinator, listener))
}
