//! From a folder to a node: creating one, and opening one for service. The rim where files and clocks are opened.

use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tvaers_definitions::library::Library;
use tvaers_host::private::{self, PrivateFileError};
use tvaers_host::process::system_rng;
use tvaers_host::roster;
use tvaers_link::clock::{Clock, SystemClock};
use tvaers_link::greeting::Greeting;
use tvaers_link::identity::Identity;
use tvaers_link::quic::Dialer;
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::{Digest, NodeId, Sector};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::{Member, SealingPublic, VerifiedRoster};
use tvaers_protocol::sign::{Signature, SigningKey, VerifyingKey};
use tvaers_pseudonym::sealing::SealingKey;

use crate::config::Config;
use crate::home::Home;
use crate::node::{Node, Parts};
use crate::state::State;
use crate::study::restore;

/// What the node says about itself when it connects.
pub const SOFTWARE: &str = concat!("tvaers-node ", env!("CARGO_PKG_VERSION"));

/// A node's public entry, as `init` writes it for whoever drafts the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Enrolment {
    /// The node's name.
    pub id: NodeId,
    /// Which tables it holds.
    pub sector: Sector,
    /// Its region or municipality code.
    pub code: u16,
    /// Who runs it.
    pub name: String,
    /// SHA-256 of its certificate's public key (SPKI).
    pub spki: Digest,
    /// Its message-signing key.
    pub signing: VerifyingKey,
    /// Its sealing key.
    pub sealing: SealingPublic,
}

impl Enrolment {
    /// The roster's entry for this node.
    #[must_use]
    pub fn into_member(self, valid_from: Date, holder: bool, evaluations_max: u32) -> Member {
        Member {
            id: self.id,
            sector: self.sector,
            code: self.code,
            name: self.name,
            valid_from,
            valid_to: None,
            spki: self.spki,
            signing: self.signing,
            sealing: self.sealing,
            holder,
            evaluations_max,
        }
    }
}

/// Creates a node: folder, keys, configuration, enrolment.
///
/// # Errors
/// [`Problem`]; an existing node is left as it is.
pub fn create(home: &Home, config: &Config) -> Result<Enrolment, Problem> {
    config.check().map_err(|error| Problem::from_error(Exit::BadInput, "init.config", &error))?;
    if home.config().exists() {
        return Err(Problem::new(Exit::BadInput, "init.exists", "there is a node here already")
            .at(home.config().display())
            .next("name another folder; a node's keys are never overwritten"));
    }
    let failed = |error: PrivateFileError| Problem::from_error(Exit::Failed, "init.files", &error);
    private::create_dir(home.dir()).map_err(failed)?;
    private::create_dir(&home.keys()).map_err(failed)?;
    let identity = Identity::generate(config.id.as_str(), SystemClock.now())
        .map_err(|error| Problem::from_error(Exit::Failed, "init.certificate", &error))?;
    identity
        .save(&home.keys().join("tls.crt"), &home.keys().join("tls.key"))
        .map_err(|error| Problem::from_error(Exit::Failed, "init.certificate", &error))?;
    let signing = SigningKey::generate(&mut system_rng());
    let sealing = SealingKey::generate(&mut system_rng());
    private::write_key(&home.keys().join("signing.key"), &signing.seed()).map_err(failed)?;
    private::write_key(&home.keys().join("sealing.key"), sealing.expose()).map_err(failed)?;
    let enrolment = Enrolment {
        id: config.id.clone(),
        sector: config.sector,
        code: config.code,
        name: config.name.clone(),
        spki: identity.certificate().spki,
        signing: signing.verifying_key(),
        sealing: SealingPublic(sealing.public()),
    };
    let text = toml::to_string(&enrolment)
        .map_err(|error| Problem::from_error(Exit::Failed, "init.enrolment", &error))?;
    private::replace(&home.enrolment(), text.as_bytes()).map_err(failed)?;
    // Last, so that a node whose creation broke off is not taken for one.
    private::replace(&home.config(), config.to_commented_text().as_bytes()).map_err(failed)?;
    Ok(enrolment)
}

/// A node's signature of a roster, with its own key.
///
/// # Errors
/// [`Problem`] where the key cannot be read.
pub fn sign_roster(home: &Home, roster: &tvaers_protocol::roster::Roster) -> Result<Signature, Problem> {
    let seed = private::read_key(&home.keys().join("signing.key"))
        .map_err(|error| Problem::from_error(Exit::Failed, "keys.signing", &error))?;
    Ok(roster.sign(&SigningKey::from_seed(&seed)))
}

/// The configuration of a node's folder.
///
/// # Errors
/// [`Problem`].
pub fn config(home: &Home) -> Result<Config, Problem> {
    Config::load(&home.config()).map_err(|error| {
        Problem::from_error(Exit::BadInput, "config", &error)
            .at(home.config().display())
            .next("mend the file, or create a node with `tvaers-node init`")
    })
}

/// The node's state database.
///
/// # Errors
/// [`Problem`].
pub async fn state(home: &Home) -> Result<State, Problem> {
    State::open(&home.state()).await.map_err(|error| {
        Problem::from_error(Exit::Failed, "state", &error).at(home.state().display()).next(
            "look at disk space and permissions; a state database is never restored from before a study",
        )
    })
}

/// Opens a node for service: everything is read and checked before anything is sent.
///
/// # Errors
/// [`Problem`] at the first thing that is not as it should be.
pub async fn open(home: Home, clock: Arc<dyn Clock>) -> Result<(Arc<Node>, Dialer, Config), Problem> {
    let config = config(&home)?;
    let believed = roster::believe(&home.roster(), clock.now())?;
    let keys = |error: PrivateFileError| Problem::from_error(Exit::Failed, "keys", &error);
    let signing = SigningKey::from_seed(&*private::read_key(&home.keys().join("signing.key")).map_err(keys)?);
    let sealing =
        SealingKey::from_bytes(&*private::read_key(&home.keys().join("sealing.key")).map_err(keys)?);
    let identity = identity(&home)?;
    check_membership(&config, &believed.roster, &identity, &signing, &sealing)?;
    let roster = believed.keep()?;
    let greeting = Greeting::new(
        roster.roster().version,
        roster.digest(),
        Software::new(SOFTWARE).map_err(|error| Problem::from_error(Exit::Failed, "software", &error))?,
    );
    let coordinator = roster.roster().coordinator.spki;
    let dialer = Dialer::new(&identity, config.id.clone(), coordinator, greeting, Arc::clone(&clock))
        .map_err(|error| Problem::from_error(Exit::Failed, "keys.tls", &error))?;
    let state = state(&home).await?;
    let library =
        Library::embedded().map_err(|error| Problem::from_error(Exit::Failed, "definitions", &error))?;
    let parts = Parts { home, config: config.clone(), roster, signing, sealing, state, clock };
    let node = Arc::new(Node::new(parts, library));
    // Before anything is asked: which studies go on, and that nothing is left of the others.
    restore::studies(&node).await.map_err(|error| Problem::from_error(Exit::Failed, "studies", &error))?;
    Ok((node, dialer, config))
}

/// The node's certificate and key.
///
/// # Errors
/// [`Problem`].
pub fn identity(home: &Home) -> Result<Identity, Problem> {
    Identity::load(&home.keys().join("tls.crt"), &home.keys().join("tls.key"))
        .map_err(|error| Problem::from_error(Exit::Failed, "keys.tls", &error))
}

/// Checks that the roster means this node with these keys.
///
/// # Errors
/// [`Problem`].
pub fn check_membership(
    config: &Config,
    roster: &VerifiedRoster,
    identity: &Identity,
    signing: &SigningKey,
    sealing: &SealingKey,
) -> Result<(), Problem> {
    let problem = |what: String| {
        Problem::new(Exit::BadInput, "roster.member", what)
            .at("roster.toml")
            .expected("this node's own entry, as `enrolment.toml` has it")
            .next("send `enrolment.toml` to the secretariat and have a new roster signed")
    };
    let member = roster
        .member(&config.id)
        .ok_or_else(|| problem(format!("the roster does not name `{}`", config.id)))?;
    let same = [
        ("sector", member.sector == config.sector),
        ("code", member.code == config.code),
        ("certificate", member.spki == identity.certificate().spki),
        ("signing key", member.signing == signing.verifying_key()),
        ("sealing key", member.sealing.0 == sealing.public()),
    ];
    match same.iter().find(|(_, same)| !same) {
        Some((what, _)) => Err(problem(format!("the roster has another {what} for `{}`", config.id))),
        None => Ok(()),
    }
}
