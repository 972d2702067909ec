//! Putting a newer roster in place: read from wherever it was received, believed first, kept for good.

use std::path::Path;

use jiff::Timestamp;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::{Roster, SignedRoster, VerifiedRoster};
use tvaers_protocol::sign::VerifyingKey;
use tvaers_protocol::study::utc_date;

use crate::private;
use crate::roster::{kept_beside, known, read};

/// A roster that may take its place, and that has not yet.
#[derive(Debug)]
pub struct Acceptable {
    /// The roster.
    pub roster: VerifiedRoster,
    /// The one that it follows, or that it is itself; none where none was believed here before.
    pub known: Option<VerifiedRoster>,
    signed: SignedRoster,
}

/// Reads the roster in `file` and believes it after the one that was believed at `path`, where there is one.
///
/// # Errors
/// [`Problem`], which names an older roster, another of the same version, and one whose predecessor is not known here.
pub fn accept(file: &Path, path: &Path, now: Timestamp) -> Result<Acceptable, Problem> {
    let signed = read(file)?;
    let known = known(&kept_beside(path))?;
    if let Some(known) = &known {
        follows(&signed.roster, known).map_err(|problem| problem.at(file.display()))?;
    }
    let roster = signed.clone().verify(known.as_ref(), utc_date(now)).map_err(|error| {
        Problem::new(Exit::BadInput, "roster.verify", error)
            .at(file.display())
            .expected("a roster that is valid today, with the signatures that it needs")
            .next("get the newest signed roster from the secretariat; `roster show FILE` says who has signed")
    })?;
    Ok(Acceptable { roster, known, signed })
}

/// Whether a roster is the one that is followed, or may come after it: what can be said of a wrong order more plainly
/// than by a failed check of signatures.
///
/// # Errors
/// [`Problem`] without a place.
pub fn follows(new: &Roster, known: &VerifiedRoster) -> Result<(), Problem> {
    let (is, was) = (new.version, known.roster().version);
    let problem = |code, what: String| Problem::new(Exit::BadInput, code, what);
    if new.digest() == known.digest() {
        return Ok(());
    }
    if is < was {
        return Err(problem(
            "roster.older",
            format!("this is version {is}, and version {was} is followed here"),
        )
        .expected(format_args!("version {}", was.saturating_add(1)))
        .next("get the newest roster from the secretariat; an older one never takes its place again"));
    }
    if is == was {
        return Err(problem(
            "roster.other",
            format!("this is another version {is} than the one followed here"),
        )
        .expected(format_args!("digest {}", known.digest()))
        .next("ask the secretariat which is right: there must be only one of each version"));
    }
    if new.previous != Some(known.digest()) {
        return Err(problem(
            "roster.gap",
            format!("version {is} does not follow the version {was} that is followed here"),
        )
        .expected(format_args!("a roster whose `previous` is {}", known.digest()))
        .next(format_args!("accept each roster since version {was}, in order")));
    }
    Ok(())
}

impl Acceptable {
    /// Whether the node of this name and key has signed it.
    #[must_use]
    pub fn is_signed_by(&self, id: &NodeId, key: VerifyingKey) -> bool {
        self.roster.member(id).is_some_and(|member| member.signing == key && self.signed.fits(member))
    }

    /// Puts the roster in place at `path`, as a whole, and keeps it.
    ///
    /// In this order: were it broken off in between, the file in place would be the rightful successor of the one that
    /// is kept.
    ///
    /// # Errors
    /// [`Problem`] where it cannot be written.
    pub fn put(self, path: &Path) -> Result<VerifiedRoster, Problem> {
        let text = self.signed.to_text();
        let text = text.map_err(|error| Problem::from_error(Exit::Failed, "roster.write", &error))?;
        for place in [path.to_owned(), kept_beside(path)] {
            private::replace(&place, text.as_bytes())
                .map_err(|error| Problem::from_error(Exit::Failed, "roster.write", &error))?;
        }
        Ok(self.roster)
    }
}
