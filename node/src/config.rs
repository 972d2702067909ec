//! The node's configuration file, parsed once.

mod source;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tvaers_audit::name::Name;
use tvaers_policy::signature::{KeyError, PublicKey, RoleError, SignerRole};
use tvaers_protocol::id::{NodeId, Sector};

use crate::evaluations::KEEP_DAYS;

pub use self::source::SourceFileError;

/// The content of `node.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// The node's name in the roster.
    pub id: NodeId,
    /// Which tables it holds.
    pub sector: Sector,
    /// Region code (four digits) or municipality code (three digits).
    pub code: u16,
    /// Who runs it.
    pub name: String,
    /// Host and port of the coordinator; the node dials out, nothing dials in.
    pub coordinator: String,
    /// Whether the database holds made-up persons only. Set when the node is created; cannot be changed later.
    pub made_up: bool,
    /// Who must sign the policy, each in a role of their own: it is in force only with all their signatures.
    #[serde(rename = "policy-signer", default, skip_serializing_if = "Vec::is_empty")]
    pub policy_signers: Vec<PolicySigner>,
    /// What is kept of evaluations after a study.
    #[serde(default, skip_serializing_if = "EvaluationsKept::is_default")]
    pub evaluations: EvaluationsKept,
    /// The server that holds the rows; without it they are imported from files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePlace>,
}

/// A person who signs policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PolicySigner {
    /// In which role, such as `controller` or `dpo`; the signature is `policy.toml.<role>.minisig`.
    pub role: String,
    /// The person's name, as the audit log tells it.
    pub name: String,
    /// The person's public key, as minisign writes it.
    pub key: String,
}

/// What is kept of this node's own evaluations after a study has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EvaluationsKept {
    /// For how many days a sample of them can be opened to an auditor; 0 keeps nothing. The file could tell whose the
    /// study's pseudonyms were, so it is to be kept for no longer than the federation's audits take.
    pub keep_days: u16,
}

impl EvaluationsKept {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    fn to_text(self) -> String {
        if self.is_default() {
            return EVALUATIONS_EXAMPLE.to_owned();
        }
        let Self { keep_days } = self;
        format!(
            "\n# For how many days a sample of a closed study's evaluations can be opened to an auditor; 0: not at all.\n\
             [evaluations]\nkeep-days = {keep_days}\n"
        )
    }
}

impl Default for EvaluationsKept {
    fn default() -> Self {
        Self { keep_days: KEEP_DAYS }
    }
}

/// How to find the PostgreSQL server that holds the rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SourcePlace {
    /// The file with the server's URL, from the node's folder. The URL holds a password, so the file is its owner's
    /// alone, as the keys are.
    pub url_file: PathBuf,
    /// The schema of the views; without it the role's own search path counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
}

/// A configuration file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No file, or no right to read it.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not the configuration of a node.
    #[error("{path}: {reason}")]
    Form {
        /// The file.
        path: String,
        /// Line, column and reason.
        reason: String,
    },
    /// Somebody who cannot sign policies.
    #[error("`policy-signer` {number}: {reason}")]
    Signer {
        /// Which, counted from 1.
        number: usize,
        /// What is wrong.
        reason: String,
    },
    /// A code outside its sector's range.
    #[error(
        "code {code} is no {sector} code: regions have four digits such as 1085, municipalities three such as 360"
    )]
    Code {
        /// The code found.
        code: u16,
        /// The sector it should fit.
        sector: Sector,
    },
}

impl Config {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: shown.clone(), source })?;
        let config: Self = toml::from_str(&text)
            .map_err(|error| ConfigError::Form { path: shown, reason: error.to_string() })?;
        config.check()?;
        Ok(config)
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn check(&self) -> Result<(), ConfigError> {
        if !self.sector.has_code(self.code) {
            return Err(ConfigError::Code { code: self.code, sector: self.sector });
        }
        signers(&self.policy_signers)?;
        Ok(())
    }

    fn signers_text(&self) -> String {
        let text = |text: &str| toml::Value::String(text.to_owned());
        let signer = |signer: &PolicySigner| {
            let (role, name, key) = (text(&signer.role), text(&signer.name), text(&signer.key));
            format!(
                "\n# Must sign the policy.\n[[policy-signer]]\nrole = {role}\nname = {name}\nkey = {key}\n"
            )
        };
        if self.policy_signers.is_empty() {
            return SIGNERS_EXAMPLE.to_owned();
        }
        self.policy_signers.iter().map(signer).collect()
    }

    /// The file as `init` writes it, with a comment per field.
    #[must_use]
    pub fn to_commented_text(&self) -> String {
        let source = self.source.as_ref().map_or_else(|| SOURCE_EXAMPLE.to_owned(), SourcePlace::to_text);
        format!(
            "# A tvaers node. `tvaers-node check` reads this file and names every problem.\n\n\
             # The node's name in the roster.\nid = \"{}\"\n\
             # Which tables it holds: \"region\" or \"municipality\".\nsector = \"{}\"\n\
             # Region code (1085) or municipality code (360).\ncode = {}\n\
             # Who runs it, as the roster shows it.\nname = {}\n\
             # Host and port of the coordinator. The node dials out (UDP); nothing dials in.\ncoordinator = \"{}\"\n\
             # Whether every person in the database is made up. Decided at creation; the database is marked too.\n\
             made-up = {}\n{}{}{source}",
            self.id,
            self.sector,
            self.code,
            toml::Value::String(self.name.clone()),
            self.coordinator,
            self.made_up,
            self.signers_text(),
            self.evaluations.to_text(),
        )
    }
}

/// What `init` says of signers that there are none of.
const SIGNERS_EXAMPLE: &str = "
# Who must sign the policy, two persons or more over real data. It is in force only with the signature of each beside
# it, such as policy.toml.dpo.minisig (`tvaers-policy sign`, or `minisign -S`). The key is the second line of the
# person's .pub file.
# [[policy-signer]]
# role = \"controller\"
# name = \"Kommunaldirekt\u{f8}ren\"
# key = \"RW...\"
# [[policy-signer]]
# role = \"dpo\"
# name = \"Databeskyttelsesr\u{e5}dgiveren\"
# key = \"RW...\"
";

/// The signers, each with a role and a key of their own.
///
/// # Errors
/// [`ConfigError::Signer`].
pub(crate) fn signers(stated: &[PolicySigner]) -> Result<Vec<Signer>, ConfigError> {
    let mut signers: Vec<Signer> = Vec::new();
    for (index, signer) in stated.iter().enumerate() {
        let wrong = |reason: String| ConfigError::Signer { number: index + 1, reason };
        let role: SignerRole = signer.role.parse().map_err(|error: RoleError| wrong(error.to_string()))?;
        let key: PublicKey = signer.key.parse().map_err(|error: KeyError| wrong(error.to_string()))?;
        let name = format!("{} ({role}, key {})", signer.name, grouped(&key.id()));
        let name = Name::new(name).map_err(|error| wrong(error.to_string()))?;
        if signers.iter().any(|other| other.role == role || other.key == key) {
            return Err(wrong("its role or its key stands twice".to_owned()));
        }
        signers.push(Signer { role, person: signer.name.clone(), name, key });
    }
    Ok(signers)
}

/// The digits of a key's number by fours: one key in four hundred has ten in a row that read as a CPR number, which no
/// name in the log may hold.
fn grouped(digits: &str) -> String {
    let groups: Vec<&str> =
        (0..digits.len()).step_by(4).filter_map(|at| digits.get(at..(at + 4).min(digits.len()))).collect();
    groups.join("-")
}

/// A person who signs policies, checked.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) role: SignerRole,
    /// The person's name alone.
    pub(crate) person: String,
    /// Name, role and the key's number, as the audit log tells them.
    pub(crate) name: Name,
    pub(crate) key: PublicKey,
}

/// What `init` says of what is kept after a study.
const EVALUATIONS_EXAMPLE: &str = "
# For how many days a sample of a closed study's evaluations can be opened to an auditor (`tvaers-node evaluations`);
# 0: not at all.
# [evaluations]
# keep-days = 90
";

/// What `init` says of a source that there is not.
const SOURCE_EXAMPLE: &str = "
# Rows that stay in PostgreSQL, read only, in place of imports from files: the file with the server's URL, which only
# its owner may read (chmod 600), and the schema of the views. Then `tvaers-node import --source`.
# [source]
# url-file = \"keys/source.url\"
# schema = \"tvaers\"
";

impl SourcePlace {
    fn to_text(&self) -> String {
        let text = |text: &str| toml::Value::String(text.to_owned());
        let url_file = text(&self.url_file.to_string_lossy());
        let schema = self.schema.as_deref().map(|schema| format!("schema = {}\n", text(schema)));
        format!(
            "\n# Rows stay in PostgreSQL, read only: the file with the server's URL, and the schema of the views.\n\
             [source]\nurl-file = {url_file}\n{}",
            schema.unwrap_or_default()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            id: NodeId::new("k360").unwrap(),
            sector: Sector::Municipality,
            code: 360,
            name: "Lolland \"Kommune\"".to_owned(),
            coordinator: "127.0.0.1:4433".to_owned(),
            made_up: true,
            policy_signers: Vec::new(),
            evaluations: EvaluationsKept::default(),
            source: None,
        }
    }

    #[test]
    fn the_commented_file_reads_back_as_it_was() {
        assert_eq!(toml::from_str::<Config>(&config().to_commented_text()).unwrap(), config());
        for keep_days in [0, 30] {
            let config = Config { evaluations: EvaluationsKept { keep_days }, ..config() };
            assert_eq!(toml::from_str::<Config>(&config.to_commented_text()).unwrap(), config);
        }
        let example = config().to_commented_text().replace("# [evalu", "[evalu").replace("# keep", "keep");
        assert_eq!(
            toml::from_str::<Config>(&example).unwrap(),
            config(),
            "the example is what holds without it"
        );
        for schema in [None, Some("tvaers".to_owned())] {
            let source = Some(SourcePlace { url_file: "keys/source.url".into(), schema });
            let config = Config { source, ..config() };
            assert_eq!(toml::from_str::<Config>(&config.to_commented_text()).unwrap(), config);
        }
        // What the example says can be taken as it stands.
        let example =
            config().to_commented_text().replace("# [source]", "[source]").replace("# url-file", "url-file");
        assert!(toml::from_str::<Config>(&example).unwrap().source.is_some());
    }

    #[test]
    fn an_unknown_key_and_a_code_of_the_other_sector_are_refused() {
        let text = config().to_commented_text().replace("made-up", "madeup");
        assert!(toml::from_str::<Config>(&text).is_err());
        let region = Config { sector: Sector::Region, ..config() };
        assert!(matches!(region.check(), Err(ConfigError::Code { .. })));
    }

    #[test]
    fn a_key_whose_number_reads_as_a_citizens_is_a_key() {
        let key = "RWTvzasAMGUBYVhmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZm".to_owned();
        let stated = PolicySigner { role: "dpo".to_owned(), name: "Bo Beskytter".to_owned(), key };
        let signers = signers(&[stated]).unwrap();
        assert_eq!(signers[0].name.as_str(), "Bo Beskytter (dpo, key 6101-6530-00AB-CDEF)");
    }
}
