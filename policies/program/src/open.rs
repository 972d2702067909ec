//! Reading policy files as a node would, without one.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Mutex;

use jiff::civil::Date;
use tvaers_definitions::library::Library;
use tvaers_host::output::Output;
use tvaers_policy::explain::Conversion;
use tvaers_policy::revocation::Revocation;
use tvaers_policy::warning::warnings;
use tvaers_policy::{Fault, Policy};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_query::Decimal;
use tvaers_query::strict::{Document, Faults, Form};
use tvaers_release::conversion::{Delta, Epsilon, epsilon_of, rho_within};
use tvaers_release::rho::Rho;

use crate::lang::Lang;
use crate::show::finding::Finding;
use crate::show::findings::refused;
use crate::show::problem::of_system;

/// Delta of a roster that states no other: budgets in epsilon are worth so much rho at it.
pub(crate) const DELTA: &str = "1e-8";

/// The features and models that come with the program.
pub(crate) fn library() -> Result<Library, Problem> {
    Library::embedded().map_err(|error| Problem::from_error(Exit::Failed, "library", &error))
}

/// The text of a file.
pub(crate) fn text(path: &Path, lang: Lang) -> Result<String, Problem> {
    let next = lang.pick("nævn en tekstfil i UTF-8", "name a text file in UTF-8");
    small_text(path, tvaers_policy::limit::FILE_BYTES_MAX, lang).map_err(|problem| problem.next(next))
}

/// The text of a file of no more than so many bytes.
pub(crate) fn small_text(path: &Path, bytes_max: usize, lang: Lang) -> Result<String, Problem> {
    let refused = |what: String| Problem::new(Exit::BadInput, "file.read", what).at(path.display());
    let system = |error: std::io::Error| refused(of_system(&error, lang));
    let file = std::fs::File::open(path).map_err(system)?;
    let mut text = String::new();
    // One more byte tells a file that is too long from one that fits.
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_string(&mut text).map_err(system)?;
    if text.len() > bytes_max {
        return Err(refused(match lang {
            Lang::Da => format!("den har mere end {bytes_max} bytes"),
            Lang::En => format!("it has more than {bytes_max} bytes"),
        }));
    }
    Ok(text)
}

/// Reads a policy's text; all its faults at once.
pub(crate) fn policy(text: &str, file: &str, library: &Library) -> Result<Policy, Vec<Fault>> {
    // A policy that states an epsilon has hundreds of them converted, and the questions for a first one read it often.
    static WORTH: Mutex<BTreeMap<Decimal, Option<u64>>> = Mutex::new(BTreeMap::new());
    let rho = |epsilon| match WORTH.lock() {
        Ok(mut worth) => *worth.entry(epsilon).or_insert_with(|| rho_of_epsilon(epsilon)),
        Err(_) => rho_of_epsilon(epsilon),
    };
    Policy::read(text, file, library, &rho)
}

/// Reads the policy in a file; one that has faults is told of as `check` does.
pub(crate) fn policy_of(
    path: &Path,
    library: &Library,
    lang: Lang,
    output: Output,
) -> Result<Policy, Problem> {
    let file = path.display().to_string();
    let text = text(path, lang)?;
    policy(&text, &file, library).map_err(|faults| {
        let findings: Vec<Finding> = faults.into_iter().map(Finding::from).collect();
        refused(&findings, &text, &file, lang, output)
    })
}

/// All that is wrong with a policy's text, or else unwise on a day; with a revocation, all that is wrong.
pub(crate) fn findings(text: &str, file: &str, library: &Library, today: Date) -> Vec<Finding> {
    if Revocation::is_one(text) {
        let faults = Revocation::read(text, file).err().unwrap_or_default();
        return faults.into_iter().map(Finding::from).collect();
    }
    let policy = match policy(text, file, library) {
        Ok(policy) => policy,
        Err(faults) => return faults.into_iter().map(Finding::from).collect(),
    };
    // It has just been read, so it is a document.
    let faults: Faults<Form> = Faults::new(1);
    let Some(document) = Document::parse(text, usize::MAX, &faults) else { return Vec::new() };
    let found = warnings(&policy, today, &epsilon_of_rho).into_iter();
    let mut found: Vec<Finding> = found
        .map(|warning| {
            let at = document.place_of(&warning.key);
            Finding::of_warning(warning, file, &at)
        })
        .collect();
    found.sort_by_key(|finding| (finding.line, finding.column));
    found
}

/// The greatest rho, in thousand-millionths, that keeps the promise of an epsilon.
pub(crate) fn rho_of_epsilon(epsilon: Decimal) -> Option<u64> {
    let delta: Delta = DELTA.parse().ok()?;
    let epsilon = Epsilon::new(epsilon.to_string().parse().ok()?).ok()?;
    rho_within(epsilon, delta).ok().map(|rho| rho.nano())
}

/// [`DELTA`].
pub(crate) fn delta() -> Result<Delta, Problem> {
    DELTA.parse().map_err(|error: tvaers_release::error::ReleaseError| {
        Problem::from_error(Exit::Failed, "delta", &error)
    })
}

/// What rho is worth, for sentences.
pub(crate) const CONVERSION: Conversion<'static> =
    Conversion { delta: DELTA, epsilon_of_rho: &|nano_rho| Some(epsilon_of_rho(nano_rho)) };

/// The least epsilon that so many thousand-millionths of rho are worth.
pub(crate) fn epsilon_of_rho(nano_rho: u64) -> f64 {
    let delta = DELTA.parse::<Delta>();
    delta.map_or(f64::INFINITY, |delta| epsilon_of(Rho::from_nano(nano_rho), delta))
}
