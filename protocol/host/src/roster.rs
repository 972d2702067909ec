//! The roster that a party follows: the file its operator puts there, believed only as the rightful successor of
//! the one before.
//!
//! [`believe`] is what service and `check` do with the file in place, [`accept`] how a newer one gets there, and
//! [`show`](view::show) what people see of one before they sign or accept it.

pub mod accept;
pub mod view;

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

/// A roster that is believed and not yet kept.
#[derive(Debug)]
pub struct Believed {
    /// The roster.
    pub roster: VerifiedRoster,
    text: String,
    kept_path: PathBuf,
}

/// Reads the roster at `path` and believes it: with all its signatures, valid today, and either the one that was
/// kept last or a successor by the rules of the roster.
///
/// # Errors
/// [`Problem`], which names the file and what to do.
pub fn believe(path: &Path, now: Timestamp) -> Result<Believed, Problem> {
    let problem = |code, what: String| {
        Problem::new(Exit::BadInput, code, what)
            .at(path.display())
            .expected("the federation's newest roster with the signatures of its members")
            .next("get it from the secretariat and put it in place with `roster accept FILE`")
    };
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => problem("roster.none", "there is no roster yet".to_owned()),
        _ => problem("roster.read", error.to_string()),
    })?;
    let signed = SignedRoster::parse(&text).map_err(|error| problem("roster.form", error.to_string()))?;
    let kept_path = kept_beside(path);
    let known = known(&kept_path)?;
    let roster = signed.verify(known.as_ref(), utc_date(now)).map_err(|error| {
        let problem = problem("roster.verify", error.to_string());
        match known {
            Some(_) => problem.next(format_args!(
                "get each roster since the one in {}, in order; only if that one was never right, remove it",
                kept_path.display()
            )),
            None => problem,
        }
    })?;
    Ok(Believed { roster, text, kept_path })
}

impl Believed {
    /// Keeps the roster, so that from now on an older one, or one that others signed among themselves, is refused.
    /// Call it once the roster has proved to mean this party.
    ///
    /// # Errors
    /// [`Problem`] where it cannot be written.
    pub fn keep(self) -> Result<VerifiedRoster, Problem> {
        if std::fs::read_to_string(&self.kept_path).ok().as_deref() != Some(self.text.as_str()) {
            private::replace(&self.kept_path, self.text.as_bytes())
                .map_err(|error| Problem::from_error(Exit::Failed, "roster.keep", &error))?;
        }
        Ok(self.roster)
    }
}

/// Reads a roster file that somebody named, believed or not, in good form.
///
/// # Errors
/// [`Problem`].
pub fn read(file: &Path) -> Result<SignedRoster, Problem> {
    let problem = |code, what: String| {
        Problem::new(Exit::BadInput, code, what)
            .at(file.display())
            .expected("a roster, as `tvaers roster new` drafts it")
            .next("look whether this is the file that the secretariat sent")
    };
    let text = std::fs::read_to_string(file).map_err(|error| problem("roster.read", error.to_string()))?;
    let signed = SignedRoster::parse(&text).map_err(|error| problem("roster.form", error.to_string()))?;
    signed.roster.check_form().map_err(|error| problem("roster.form", error.to_string()))?;
    Ok(signed)
}

/// The roster that a party follows now: the one it believed last, else the one that lies in place; none before the
/// first.
///
/// # Errors
/// [`Problem`] where there is one that cannot be read.
pub fn present(path: &Path) -> Result<Option<VerifiedRoster>, Problem> {
    match known(&kept_beside(path))? {
        None if path.exists() => Ok(Some(VerifiedRoster::known(read(path)?))),
        known => Ok(known),
    }
}

fn known(path: &Path) -> Result<Option<VerifiedRoster>, Problem> {
    let problem = |what: String| {
        Problem::new(Exit::Failed, "roster.kept", what)
            .at(path.display())
            .next("restore this file from a backup; without it an old roster would be believed again")
    };
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let kept = SignedRoster::parse(&text).map_err(|error| problem(error.to_string()))?;
            Ok(Some(VerifiedRoster::known(kept)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(problem(error.to_string())),
    }
}
