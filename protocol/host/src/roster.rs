//! The roster that a party follows: the file its operator puts there, believed only as the rightful successor of
//! the one before.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::{SignedRoster, VerifiedRoster};
use tvaers_protocol::study::utc_date;

use crate::private;

/// Where the roster is kept that was believed last: beside the file, under a name of its own.
#[must_use]
pub fn kept_beside(path: &Path) -> PathBuf {
    path.with_extension("believed.toml")
}

/// Reads the roster at `path` and believes it: with all its signatures, valid today, and either the one that was
/// believed last or a successor by the rules of the roster. What is believed is kept, so that an older one, or one
/// that others signed among themselves, is refused from then on.
///
/// # Errors
/// [`Problem`], which names the file and what to do.
pub fn believe(path: &Path, now: Timestamp) -> Result<VerifiedRoster, Problem> {
    let problem = |code, what: String| {
        Problem::new(Exit::BadInput, code, what)
            .at(path.display())
            .expected("the federation's newest roster with the signatures of its members")
            .next("get it from the secretariat and put it there")
    };
    let text = std::fs::read_to_string(path).map_err(|error| problem("roster.read", error.to_string()))?;
    let signed = SignedRoster::parse(&text).map_err(|error| problem("roster.form", error.to_string()))?;
    let kept_path = kept_beside(path);
    let kept = match std::fs::read_to_string(&kept_path) {
        Ok(kept) => Some(kept),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(Problem::new(Exit::Failed, "roster.kept", error).at(kept_path.display())),
    };
    let known = match &kept {
        Some(kept) => {
            let kept = SignedRoster::parse(kept).map_err(|error| {
                Problem::new(Exit::Failed, "roster.kept", error)
                    .at(kept_path.display())
                    .next("restore this file from a backup; without it an old roster would be believed again")
            })?;
            Some(VerifiedRoster::known(kept))
        }
        None => None,
    };
    let verified = signed
        .verify(known.as_ref(), utc_date(now))
        .map_err(|error| problem("roster.verify", error.to_string()))?;
    if kept.as_deref() != Some(text.as_str()) {
        private::replace(&kept_path, text.as_bytes())
            .map_err(|error| Problem::from_error(Exit::Failed, "roster.keep", &error))?;
    }
    Ok(verified)
}
