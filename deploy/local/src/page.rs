//! `report.html`: all that a run released, as one page.

use std::path::{Path, PathBuf};

use tvaers_host::private;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::study::utc_date;
use tvaers_report::{Language, Meta};

use crate::timing::Timings;

/// What a run released, in the order in which it was asked for.
#[derive(Debug, Default)]
pub(crate) struct Released {
    results: Vec<(String, u64)>,
}

impl Released {
    /// Adds a result object, as JSON.
    pub(crate) fn add(&mut self, result: &str) {
        self.results.push((result.to_owned(), 1));
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.results.is_empty()
    }

    /// Adds the answers to one question. Where it was asked many times, the page has the first and says how many there
    /// are.
    pub(crate) fn add_answers(&mut self, answers: &[String]) {
        let Some(first) = answers.first() else { return };
        self.results.push((first.clone(), u64::try_from(answers.len()).unwrap_or(u64::MAX)));
    }
}

/// Where the page of a run is.
pub(crate) fn path(out: &Path) -> PathBuf {
    out.join("report.html")
}

/// Takes the page of an earlier run away, which would stand beside the results of one that fails.
///
/// # Errors
/// [`Problem`] where it cannot be removed.
pub(crate) fn forget(out: &Path) -> Result<(), Problem> {
    let path = path(out);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Problem::new(Exit::Failed, "report.remove", error).at(path.display()))
        }
        _ => Ok(()),
    }
}

/// Writes the page. `without` is what has no result, such as what was refused as a whole.
///
/// # Errors
/// [`Problem`] where a result cannot be read or the file cannot be written.
pub(crate) fn write_report(
    out: &Path,
    released: &Released,
    without: &[Problem],
    timings: &Timings,
) -> Result<(), Problem> {
    let mut page = tvaers_report::Report::new(Meta {
        title_da: "tvaers: resultater".to_owned(),
        title_en: "tvaers: results".to_owned(),
        made: utc_date(SystemClock.now()).to_string(),
        software: concat!("tvaers-local ", env!("CARGO_PKG_VERSION")).to_owned(),
        missing: without.iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect(),
        phases: timings.phases.iter().map(|(name, phase)| (name.clone(), phase.wall_s)).collect(),
    });
    for (result, answers) in &released.results {
        page.add_first_of(result, *answers)
            .map_err(|error| Problem::from_error(Exit::Failed, "report.result", &error))?;
    }
    let html = page.html(Language::Both);
    private::replace(&path(out), html.as_bytes())
        .map_err(|error| Problem::from_error(Exit::Failed, "report.write", &error))
}
