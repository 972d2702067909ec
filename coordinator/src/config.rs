//! The coordinator's configuration file, parsed once.

use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// The content of `coordinator.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// Who runs it.
    pub name: String,
    /// Address and UDP port to listen on; port 0 lets the system choose.
    pub listen: SocketAddr,
}

/// A configuration file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No file, or no right to read it.
    #[error("cannot read the configuration")]
    Read(#[from] std::io::Error),
    /// Not the configuration of a coordinator.
    #[error("{0}")]
    Form(#[from] toml::de::Error),
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Ok(toml::from_str(&std::fs::read_to_string(path)?)?)
    }

    /// The file as `init` writes it, with a comment per field.
    #[must_use]
    pub fn to_commented_text(&self) -> String {
        format!(
            "# A tvaers coordinator.\n\n\
             # Who runs it, as the roster shows it.\nname = {}\n\
             # Address and UDP port to listen on. Nodes dial in from outside; nothing else does.\nlisten = \"{}\"\n",
            toml::Value::String(self.name.clone()),
            self.listen,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commented_file_reads_back_as_it_was_and_an_unknown_key_is_refused() {
        let config = Config { name: "Sekretariat \"A\"".to_owned(), listen: "[::]:4433".parse().unwrap() };
        let text = config.to_commented_text();
        assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);
        assert!(toml::from_str::<Config>(&text.replace("listen", "lisen")).is_err());
    }
}
