//! Reads the URL of the node's source out of its private file.

use std::path::PathBuf;

use tvaers_host::private::{self, PrivateFileError};
use tvaers_warehouse::source::{Source, UrlError};

use super::Config;
use crate::home::Home;

/// A file with a source's URL that cannot be used. Nothing of the URL is quoted.
#[derive(Debug, thiserror::Error)]
pub enum SourceFileError {
    /// The file cannot be read, or others may read it.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The content is not one line of text.
    #[error("{0} does not hold one line with a URL")]
    Text(PathBuf),
    /// The URL, or the schema in the configuration, is none that can be used.
    #[error("the URL in {path} cannot be used: {reason}")]
    Url {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: UrlError,
    },
}

impl Config {
    /// The server that holds the node's rows, where `[source]` names one. It is not connected to.
    ///
    /// # Errors
    /// [`SourceFileError`].
    pub fn open_source(&self, home: &Home) -> Result<Option<Source>, SourceFileError> {
        let Some(place) = &self.source else { return Ok(None) };
        let path = home.dir().join(&place.url_file);
        let content = private::read(&path)?;
        let url = std::str::from_utf8(&content).map(str::trim).ok();
        let url =
            url.filter(|url| url.lines().count() == 1).ok_or_else(|| SourceFileError::Text(path.clone()))?;
        let source = Source::parse(url, place.schema.as_deref());
        source.map(Some).map_err(|reason| SourceFileError::Url { path, reason })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::config::SourcePlace;

    fn config() -> Config {
        let text = "id = \"k360\"\nsector = \"municipality\"\ncode = 360\nname = \"x\"\ncoordinator = \"a:1\"\n\
                    made-up = false\n[source]\nurl-file = \"source.url\"\nschema = \"tvaers\"\n";
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_url_is_read_from_a_private_file_and_never_told() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path());
        let path = dir.path().join("source.url");
        let refused = |config: &Config| config.open_source(&home).err().map(|error| error.to_string());
        assert!(refused(&config()).unwrap().contains("cannot use"));
        let url = "postgres://tvaers:hemmelig@localhost/dw\n";
        private::replace(&path, url.as_bytes()).unwrap();
        assert_eq!(config().open_source(&home).unwrap().unwrap().place(), "localhost:5432/dw");
        assert!(Config { source: None, ..config() }.open_source(&home).unwrap().is_none());

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(refused(&config()).unwrap().contains("chmod 600"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let schema = SourcePlace { url_file: "source.url".into(), schema: Some("a b".to_owned()) };
        let mut told = vec![refused(&Config { source: Some(schema), ..config() }).unwrap()];
        for content in [
            "",
            "postgres://a:hemmelig@h/d\nmore",
            "postgres://a:hemmelig@far.dk/d?sslmode=prefer",
            "hemmelig",
        ] {
            private::replace(&path, content.as_bytes()).unwrap();
            told.push(refused(&config()).unwrap());
        }
        assert!(told.iter().all(|text| !text.contains("hemmelig")), "{told:?}");
    }
}
