//! Reading policy files as a node would, without one.

use std::path::Path;

use tvaers_definitions::library::Library;
use tvaers_policy::{Fault, Policy};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_query::Decimal;
use tvaers_release::conversion::{Delta, Epsilon, rho_within};

/// Delta of a roster that states no other: budgets in epsilon are worth so much rho at it.
pub(crate) const DELTA: &str = "1e-8";

/// The features and models that come with the program.
pub(crate) fn library() -> Result<Library, Problem> {
    Library::embedded().map_err(|error| Problem::from_error(Exit::Failed, "library", &error))
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(path).map_err(|error| {
        Problem::new(Exit::BadInput, "file.read", error).at(path.display()).next("name a policy file (TOML)")
    })
}

/// Reads a policy's text; all its faults at once.
pub(crate) fn policy(text: &str, file: &str, library: &Library) -> Result<Policy, Vec<Fault>> {
    let rho = |epsilon| rho_of_epsilon(epsilon);
    Policy::read(text, file, library, &rho)
}

/// The greatest rho, in thousand-millionths, that keeps the promise of an epsilon.
pub(crate) fn rho_of_epsilon(epsilon: Decimal) -> Option<u64> {
    let delta: Delta = DELTA.parse().ok()?;
    let epsilon = Epsilon::new(epsilon.to_string().parse().ok()?).ok()?;
    rho_within(epsilon, delta).ok().map(|rho| rho.nano())
}
