//! The definitions that the coordinator works with: those that the program carries, and the indicators of its own folder.

use tvaers_definitions::library::Library;
use tvaers_host::folder;
use tvaers_protocol::problem::Problem;

use crate::home::Home;

/// The embedded definitions, and the indicators of the folder `indicators`, by the names of their files.
///
/// # Errors
/// [`Problem`] at the first file that cannot be read, or the first place in one that is wrong.
pub fn library(home: &Home) -> Result<Library, Problem> {
    let path = home.indicators();
    let own = folder::texts(&path, "toml")?;
    Library::with_own(&own).map_err(|error| error.problem(&path.display().to_string()))
}
