//! From a folder to a node: creating one, and opening one for service. The rim where files and clocks are opened.

use std::path::PathBuf;
use std::sync::Arc;

use tvaers_definitions::library::Library;
use tvaers_host::private::{self, PrivateFileError};
use tvaers_host::process::system_rng;
use tvaers_host::roster;
use tvaers_link::clock::{Clock, SystemClock};
use tvaers_link::greeting::Greeting;
use tvaers_link::identity::Identity;
use tvaers_link::quic::Dialer;
use tvaers_policy::laboratory;
use tvaers_policy::succession::Seen;
use tvaers_protocol::enrolment::{Enrolment, check_name};
use tvaers_protocol::hello::Software;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::{Member, SealingPublic, VerifiedRoster};
use tvaers_protocol::sign::{Signature, SigningKey, VerifyingKey};
use tvaers_protocol::study::Grain;
use tvaers_pseudonym::sealing::SealingKey;
use tvaers_query::Decimal;

use crate::audit::event::{Event, PolicyLoaded};
use crate::audit::read::Said;
use crate::audit::{self, Audit, unsaid};
use crate::config::{self, Config};
use crate::heads::lost;
use crate::home::Home;
use crate::ledger::Ledger;
use crate::ledger::claim::Head;
use crate::library::library;
use crate::node::{Node, Parts};
use crate::policy::keeper::Mark;
use crate::policy::{self, Idle, InForce, Loading, revoked, signed};
use crate::state::State;
use crate::study::restore;
use crate::witness::denied::Behind;
use crate::witness::kept;

/// Delta where there is no roster yet to name one.
const DELTA: &str = "1e-8";

/// What an answer costs under the policy that `init --made-up` writes, where its query states no budget.
const LABORATORY_RHO: Decimal = Decimal::TENTH;

/// What the node says about itself when it connects.
pub const SOFTWARE: &str = concat!("tvaers-node ", env!("CARGO_PKG_VERSION"));

/// Creates a node: folder, keys, configuration, enrolment.
///
/// # Errors
/// [`Problem`]; an existing node is left as it is.
pub fn create(home: &Home, config: &Config) -> Result<Enrolment, Problem> {
    config.check().map_err(|error| Problem::from_error(Exit::BadInput, "init.config", &error))?;
    check_name(&config.name).map_err(|error| Problem::from_error(Exit::BadInput, "init.name", &error))?;
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
    let enrolment = entry(config, &identity, &signing, &sealing);
    let text = toml::to_string(&enrolment)
        .map_err(|error| Problem::from_error(Exit::Failed, "init.enrolment", &error))?;
    private::replace(&home.enrolment(), text.as_bytes()).map_err(failed)?;
    if config.made_up {
        let text = laboratory::laboratory(Grain::Events, LABORATORY_RHO);
        private::replace(&home.policy(), text.as_bytes()).map_err(failed)?;
    }
    // Last, so that a node whose creation broke off is not taken for one.
    private::replace(&home.config(), config.to_commented_text().as_bytes()).map_err(failed)?;
    Ok(enrolment)
}

fn entry(config: &Config, identity: &Identity, signing: &SigningKey, sealing: &SealingKey) -> Enrolment {
    Enrolment {
        id: config.id.clone(),
        sector: config.sector,
        code: config.code,
        name: config.name.clone(),
        spki: identity.certificate().spki,
        signing: signing.verifying_key(),
        sealing: SealingPublic(sealing.public()),
    }
}

/// The node's public entry as its keys are now, whatever `enrolment.toml` says.
///
/// # Errors
/// [`Problem`] where configuration or keys cannot be read.
pub fn enrolment(home: &Home) -> Result<Enrolment, Problem> {
    let config = config(home)?;
    let key = |name: &str| {
        private::read_key(&home.keys().join(name)).map_err(|error| {
            Problem::from_error(Exit::Failed, "keys", &error)
                .next("mend its rights as it says, or restore the folder `keys` from the backup")
        })
    };
    let (signing, sealing) = (key("signing.key")?, key("sealing.key")?);
    let (signing, sealing) = (SigningKey::from_seed(&signing), SealingKey::from_bytes(&sealing));
    Ok(entry(&config, &identity(home)?, &signing, &sealing))
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
    let own = entry(&config, &identity, &signing, &sealing);
    check_membership(&own, &believed.roster)?;
    let roster = believed.keep()?;
    let greeting = Greeting::new(roster.roster().version, roster.digest(), software()?);
    let coordinator = roster.roster().coordinator.spki;
    let dialer = Dialer::new(&identity, config.id.clone(), coordinator, greeting, Arc::clone(&clock))
        .map_err(|error| Problem::from_error(Exit::Failed, "keys.tls", &error))?;
    let state = state(&home).await?;
    let library = library(&home)?;
    let software = software()?;
    // Looked at before it is read, so that a change in between is seen with the first request.
    let mark = Mark::of(policy_files(&home, &config));
    let ledger = ledger(&state).await?;
    is_not_behind(&state, &ledger, &signing.verifying_key()).await?;
    let audit = audit(&home, &ledger, software.clone(), clock.now()).await?;
    log_is_not_behind(&state, &home, &signing.verifying_key()).await?;
    remember_policy(&state, &audit.said(), clock.now()).await?;
    let policy = policy(&home, &config, &roster, &state, &library).await?;
    let certificate_to = identity.certificate().valid_until;
    let unsaid = unsaid(&audit.said(), &roster, &own, certificate_to);
    start(&home, &state, &audit, unsaid, policy.as_ref(), clock.now()).await?;
    let parts = Parts {
        home,
        config: config.clone(),
        roster,
        signing,
        sealing,
        state,
        ledger,
        audit,
        policy: (policy, mark),
        software,
        certificate_to,
        clock,
    };
    let node = Arc::new(Node::new(parts, library));
    // Before anything is asked: which studies go on, and that nothing is left of the others.
    restore::studies(&node).await.map_err(|error| Problem::from_error(Exit::Failed, "studies", &error))?;
    Ok((node, dialer, config))
}

/// The policy in the node's folder, tried out; none where there is none.
///
/// # Errors
/// [`Problem`]: the first of its faults. `tvaers-node check` names all.
pub async fn policy(
    home: &Home,
    config: &Config,
    roster: &VerifiedRoster,
    state: &State,
    library: &Library,
) -> Result<Option<InForce>, Problem> {
    policies(home, config, Some(roster), state, library).await.map_err(first_of)
}

/// The first fault of a policy, with where the others are named.
pub(crate) fn first_of(problems: Vec<Problem>) -> Problem {
    let count = problems.len();
    let none = || Problem::new(Exit::Failed, "policy", "the policy cannot be used");
    let first = problems.into_iter().next().unwrap_or_else(none);
    if count == 1 {
        return first;
    }
    let next = format!("{}; `tvaers-node check` names all {count} faults", first.next);
    first.next(next)
}

/// The same with all problems.
///
/// # Errors
/// Every [`Problem`] of the file.
pub async fn policies(
    home: &Home,
    config: &Config,
    roster: Option<&VerifiedRoster>,
    state: &State,
    library: &Library,
) -> Result<Option<InForce>, Vec<Problem>> {
    let seen = state.policy_seen().await;
    let seen = seen.map_err(|error| vec![Problem::from_error(Exit::Failed, "state", &error)])?;
    // Without a roster, as before the first one, by what most have.
    let delta = roster.map_or(DELTA, |roster| roster.roster().delta.as_str()).parse().map_err(
        |error: tvaers_release::error::ReleaseError| {
            vec![Problem::from_error(Exit::Failed, "roster.delta", &error).next("have a new roster signed")]
        },
    )?;
    let loading = Loading {
        node: &config.id,
        made_up: config.made_up,
        signers: &config::signers(&config.policy_signers)
            .map_err(|error| vec![Problem::from_error(Exit::BadInput, "config", &error)])?,
        revocations: &home.revocations(),
        policies: &home.policies(),
        delta,
        nodes: roster.map_or(0, |roster| roster.roster().members.len()),
        seen: seen.map(|(version, digest)| Seen { version, digest }),
    };
    policy::load(&home.policy(), &loading, library)
}

/// The ledger, verified from its first entry to its last.
///
/// # Errors
/// [`Problem`].
pub async fn ledger(state: &State) -> Result<Ledger, Problem> {
    Ledger::open(state.pool()).await.map_err(|error| {
        Problem::new(Exit::Failed, error.code(), &error)
            .at("state.sqlite")
            .expected("the ledger as this node wrote it")
            .next("do not serve: restore the newest copy, and tell the data-protection officer")
    })
}

/// Whether a witness has proved, by this node's own signature, that the ledger lost entries; a node that found out stays
/// stopped until the newest database is back, or the loss is charged.
///
/// # Errors
/// [`Problem`].
pub async fn is_not_behind(state: &State, ledger: &Ledger, key: &VerifyingKey) -> Result<(), Problem> {
    let failed =
        |error: &(dyn std::error::Error + 'static)| Problem::from_error(Exit::Failed, "ledger", error);
    let proved = kept::lost(&state.pool()).await.map_err(|error| failed(&error))?;
    for shown in proved.iter().filter_map(|presentation| presentation.shown(key).ok()) {
        let lost = Head { entries: shown.shows.entries, digest: shown.shows.head };
        if ledger.lacks(&lost).await.map_err(|error| failed(&error))? {
            let entries = ledger.head().await.map_err(|error| failed(&error))?.entries;
            let behind = Behind::Ledger { witness: shown.witness.clone(), seen: lost.entries, entries };
            return Err(behind.problem());
        }
    }
    Ok(())
}

/// Whether somebody has proved, by this node's own signature, that the audit log lost entries; a node that found out
/// stays stopped until the newest log is back, or two persons answer for the loss.
///
/// # Errors
/// [`Problem`].
pub async fn log_is_not_behind(state: &State, home: &Home, key: &VerifyingKey) -> Result<(), Problem> {
    let path = home.audit();
    let lost = lost::all(&state.pool()).await;
    let lost = lost.map_err(|error| Problem::from_error(Exit::Failed, "state", &error))?;
    let lacking = lost::lacking(lost, &path, key).map_err(|error| broken_log(&path, &error))?;
    let Some(lost) = lacking.into_iter().next() else { return Ok(()) };
    let entries = audit::read::verify(&path).map_err(|error| broken_log(&path, &error))?.head.entries;
    Err(Behind::Log { seer: lost.seer, seen: lost.head.content.entries, entries }.problem())
}

/// The audit log, verified; and that the ledger is not older than what the log has seen of it.
///
/// # Errors
/// [`Problem`].
pub async fn audit(
    home: &Home,
    ledger: &Ledger,
    software: Software,
    now: jiff::Timestamp,
) -> Result<Audit, Problem> {
    let audit = audit_log(home, software, now)?;
    ledger_is_not_older(home, ledger, audit.said().ledger).await?;
    Ok(audit)
}

/// Tells the log what an administrator does, where there is anything to tell.
///
/// # Errors
/// [`Problem`].
pub fn tell(audit: &Audit, home: &Home, now: jiff::Timestamp, event: Option<Event>) -> Result<(), Problem> {
    let Some(event) = event else { return Ok(()) };
    audit.append(now, &[event]).map(drop).map_err(|error| broken_log(&home.audit(), &error))
}

/// The audit log alone, verified.
///
/// # Errors
/// [`Problem`].
pub fn audit_log(home: &Home, software: Software, now: jiff::Timestamp) -> Result<Audit, Problem> {
    let path = home.audit();
    Audit::open(&path, software, now).map_err(|error| broken_log(&path, &error))
}

/// What the node says it runs.
///
/// # Errors
/// [`Problem`] where that is no name of software.
pub fn software() -> Result<Software, Problem> {
    Software::new(SOFTWARE).map_err(|error| Problem::from_error(Exit::Failed, "software", &error))
}

/// Whether the audit log is as it was written, and the ledger not older than what the log has seen of it.
///
/// # Errors
/// [`Problem`].
pub async fn audit_is_whole(home: &Home, ledger: &Ledger) -> Result<(), Problem> {
    let path = home.audit();
    let seen = audit::read::verify(&path).map_err(|error| broken_log(&path, &error))?.said.ledger;
    ledger_is_not_older(home, ledger, seen).await
}

async fn ledger_is_not_older(home: &Home, ledger: &Ledger, seen: Head) -> Result<(), Problem> {
    let contains = ledger.contains(&seen).await;
    let contains = contains.map_err(|error| Problem::from_error(Exit::Failed, "ledger", &error))?;
    if contains {
        return Ok(());
    }
    Err(Problem::new(
        Exit::Failed,
        "ledger.older",
        "the ledger is older than the audit log says: an older copy was put in its place",
    )
    .at(home.state().display())
    .expected(format_args!("a ledger with at least {} entries", seen.entries))
    .next("put the newest state.sqlite back; what was charged since is not known to this one"))
}

pub(crate) fn broken_log(path: &std::path::Path, error: &audit::AuditError) -> Problem {
    Problem::new(Exit::Failed, error.code(), error)
        .at(path.display())
        .expected("the audit log as this node wrote it, for its owner only")
        .next("do not serve: tell the data-protection officer, and keep the file as it is")
}

/// The files of a policy that there are before it is read: its own, and the signatures beside it.
#[must_use]
pub fn policy_files(home: &Home, config: &Config) -> Vec<PathBuf> {
    let signatures = config.policy_signers.iter().map(|signer| signed::beside(&home.policy(), &signer.role));
    // A folder that cannot be looked into shows by itself, and leaves no policy in force when it is read.
    let revocations = revoked::files(&home.revocations()).unwrap_or_default();
    let files = [home.policy(), home.revocations()].into_iter();
    files.chain(signatures).chain(revocations).collect()
}

/// Keeps a copy of a policy's file, by its digest.
fn keep(home: &Home, policy: &InForce) -> Result<(), PrivateFileError> {
    let path = home.policies().join(format!("{}.toml", policy.digest()));
    if path.exists() {
        return Ok(());
    }
    private::create_dir(&home.policies())?;
    private::replace(&path, policy.text().as_bytes())
}

/// Remembers a policy that comes into force, keeps a copy of its file, and gives what the log is told of it.
///
/// # Errors
/// [`Problem`]: it may not come into force.
pub(crate) async fn note_policy(
    home: &Home,
    state: &State,
    policy: &InForce,
    now: jiff::Timestamp,
) -> Result<Event, Problem> {
    if let Some(seen) = policy.seen() {
        let noted = state.note_policy(seen.version, seen.digest, now).await;
        noted.map_err(|error| Problem::from_error(Exit::Failed, "state", &error))?;
    }
    let (version, laboratory) = (policy.version(), policy.is_laboratory());
    let signed_by = policy.signed_by().to_vec();
    keep(home, policy).map_err(|error| {
        Problem::from_error(Exit::Failed, "policy.keep", &error).at(home.policies().display())
    })?;
    Ok(Event::PolicyLoaded(PolicyLoaded { policy: policy.digest(), version, laboratory, signed_by }))
}

/// Has the state database know the highest version of the policy that the audit log says was in force: an older database
/// that is put back must not let an older policy follow.
///
/// # Errors
/// [`Problem`].
pub(crate) async fn remember_policy(state: &State, said: &Said, now: jiff::Timestamp) -> Result<(), Problem> {
    let Some((version, digest)) = said.policy else { return Ok(()) };
    let noted = state.note_policy(version, digest, now).await;
    let is_new = noted.map_err(|error| Problem::from_error(Exit::Failed, "state", &error))?;
    if is_new {
        tracing::warn!(
            policy.version = version,
            "the state database did not know of a policy that the audit log tells of: an older copy was put back"
        );
    }
    Ok(())
}

/// The same from the log in a node's folder; nothing where there is none, or none that can be read: others say so.
///
/// # Errors
/// [`Problem`].
pub(crate) async fn remember_policy_of(
    home: &Home,
    state: &State,
    now: jiff::Timestamp,
) -> Result<(), Problem> {
    match audit::read::verify(&home.audit()) {
        Ok(verified) => remember_policy(state, &verified.said, now).await,
        Err(_) => Ok(()),
    }
}

/// What the log does not say last of the roster, keys and certificate that the node starts with.
fn unsaid(said: &Said, roster: &VerifiedRoster, own: &Enrolment, valid_until: jiff::Timestamp) -> Vec<Event> {
    let certificate = unsaid::certificate(said, own.spki, valid_until);
    unsaid::roster(said, roster).into_iter().chain(unsaid::keys(said, own)).chain(certificate).collect()
}

/// Tells the log that the node starts, with what it has not told yet, and under which policy.
async fn start(
    home: &Home,
    state: &State,
    audit: &Audit,
    unsaid: Vec<Event>,
    policy: Option<&InForce>,
    now: jiff::Timestamp,
) -> Result<(), Problem> {
    let mut events = vec![Event::Start];
    events.extend(unsaid);
    if let Some(policy) = policy {
        policy.idle().iter().for_each(Idle::warn);
        events.push(note_policy(home, state, policy, now).await?);
        events.extend(policy.revocations().iter().cloned().map(Event::PolicyRevoked));
    }
    let recorded = audit.record(now, events).await;
    recorded.map(drop).map_err(|error| {
        Problem::new(Exit::Failed, error.code(), &error)
            .next("look at disk space and permissions; nothing is answered that cannot be logged")
    })
}

/// The node's certificate and key.
///
/// # Errors
/// [`Problem`].
pub fn identity(home: &Home) -> Result<Identity, Problem> {
    Identity::load(&home.keys().join("tls.crt"), &home.keys().join("tls.key")).map_err(|error| {
        Problem::from_error(Exit::Failed, "keys.tls", &error)
            .next("mend its rights as it says, or restore the folder `keys` from the backup")
    })
}

/// Checks that the roster means this node with these keys.
///
/// # Errors
/// [`Problem`].
pub fn check_membership(own: &Enrolment, roster: &VerifiedRoster) -> Result<(), Problem> {
    match membership(own, roster.member(&own.id)).into_iter().next() {
        Some(problem) => Err(problem.at("roster.toml")),
        None => Ok(()),
    }
}

/// Everything in a roster's entry that is not as the node has it. The name is for people, and is not compared.
#[must_use]
pub fn membership(own: &Enrolment, member: Option<&Member>) -> Vec<Problem> {
    let id = &own.id;
    let problem = |what: String| {
        Problem::new(Exit::BadInput, "roster.member", what)
            .expected("this node's own entry, as `tvaers-node enrolment` shows it")
            .next("send `enrolment.toml` to the secretariat and have a new roster signed")
    };
    let Some(member) = member else {
        return vec![problem(format!("the roster does not name `{id}`"))];
    };
    let same = [
        ("sector", member.sector == own.sector),
        ("code", member.code == own.code),
        ("certificate", member.spki == own.spki),
        ("signing key", member.signing == own.signing),
        ("sealing key", member.sealing == own.sealing),
    ];
    let differing = same.iter().filter(|(_, same)| !same);
    differing.map(|(what, _)| problem(format!("the roster has another {what} for `{id}`"))).collect()
}
