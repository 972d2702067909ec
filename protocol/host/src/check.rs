//! What `check` found: one line per thing looked at, then every warning and problem in full, each with its mend.

use std::path::Path;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::Roster;

use crate::output::{Format, Output};

/// Free space below which an import or a study may fail, in bytes.
pub const DISK_LEAST: u64 = 1 << 30;

/// Days before something runs out at which `check` begins to warn: long enough for a round of signatures.
pub const DAYS_LEFT_LEAST: i64 = 30;

/// How one thing that was looked at is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and should be mended.
    Warning,
    /// It does not work.
    Problem,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
struct Finding {
    subject: String,
    verdict: Verdict,
    #[serde(flatten)]
    problem: Option<Problem>,
}

/// All that was found.
#[derive(Debug)]
pub struct Report {
    output: Output,
    findings: Vec<Finding>,
}

impl Report {
    /// Nothing yet.
    #[must_use]
    pub const fn new(output: Output) -> Self {
        Self { output, findings: Vec::new() }
    }

    /// Takes what was found of a subject; gives it back where it is well.
    pub fn take<T>(&mut self, subject: &str, finding: Result<T, Problem>) -> Option<T> {
        match finding {
            Ok(found) => {
                self.add(subject, Verdict::Ok, None);
                Some(found)
            }
            Err(problem) => {
                self.add(subject, Verdict::Problem, Some(problem));
                None
            }
        }
    }

    /// Takes everything that is wrong with a subject, which may be nothing.
    pub fn take_all(&mut self, subject: &str, problems: impl IntoIterator<Item = Problem>) {
        self.take_mixed(subject, problems.into_iter().map(|problem| (Verdict::Problem, problem)));
    }

    /// Takes everything that is wrong with a subject or might be better.
    pub fn take_mixed(&mut self, subject: &str, found: impl IntoIterator<Item = (Verdict, Problem)>) {
        let mut found = found.into_iter().peekable();
        if found.peek().is_none() {
            self.add(subject, Verdict::Ok, None);
        }
        for (verdict, problem) in found {
            self.add(subject, verdict, Some(problem));
        }
    }

    fn add(&mut self, subject: &str, verdict: Verdict, problem: Option<Problem>) {
        if self.output.format == Format::Text {
            let word = match verdict {
                Verdict::Ok => "ok",
                Verdict::Warning => "warning",
                Verdict::Problem => "problem",
            };
            let what = problem.as_ref().map(|problem| format!(": {}", problem.what)).unwrap_or_default();
            self.output.result(format_args!("{word:8} {subject}{what}"));
        }
        self.findings.push(Finding { subject: subject.to_owned(), verdict, problem });
    }

    /// Ends the report: details, and the exit code of the problems where they have the same, else 1.
    ///
    /// # Errors
    /// [`Problem`] where there is any.
    pub fn finish(self, again: &str) -> Result<(), Problem> {
        match self.output.format {
            Format::Json => {
                let json = serde_json::to_string_pretty(&self.findings)
                    .map_err(|error| Problem::from_error(Exit::Failed, "check.json", &error))?;
                self.output.result(json);
            }
            Format::Text => self.tell(),
        }
        let mut exits = self.of(Verdict::Problem).map(|problem| problem.exit);
        let Some(first) = exits.next() else { return Ok(()) };
        let exit = if exits.all(|exit| exit == first) { first } else { Exit::Failed };
        let count = self.of(Verdict::Problem).count();
        let what = if count == 1 {
            "one thing needs mending".to_owned()
        } else {
            format!("{count} things need mending")
        };
        Err(Problem::new(exit, "check", what)
            .next(format_args!("mend what is listed and run `{again}` again")))
    }

    fn tell(&self) {
        for (verdict, word) in [(Verdict::Warning, "warning"), (Verdict::Problem, "problem")] {
            for problem in self.of(verdict) {
                let text = problem.to_string();
                let text = text.strip_prefix("error").unwrap_or(&text);
                self.output.result(format_args!("\n{word}{text}"));
            }
        }
    }

    fn of(&self, verdict: Verdict) -> impl Iterator<Item = &Problem> {
        let of = self.findings.iter().filter(move |finding| finding.verdict == verdict);
        of.filter_map(|finding| finding.problem.as_ref())
    }
}

/// Whether the disk has room.
#[must_use]
pub fn disk(dir: &Path) -> Option<(Verdict, Problem)> {
    let figures = match rustix::fs::statvfs(dir) {
        Ok(figures) => figures,
        Err(error) => {
            let problem = Problem::from_error(Exit::Failed, "disk", &error).at(dir.display());
            return Some((
                Verdict::Problem,
                problem.next("look whether the folder is there and can be read"),
            ));
        }
    };
    let free = figures.f_bavail.saturating_mul(figures.f_frsize);
    let problem = || {
        Problem::new(Exit::Failed, "disk.free", format_args!("{} MiB are free", free >> 20))
            .at(dir.display())
            .expected(format_args!("at least {} MiB", DISK_LEAST >> 20))
            .next("make room: an import needs about twice the size of its files, a study less")
    };
    (free < DISK_LEAST).then(|| (Verdict::Warning, problem()))
}

/// Whether a certificate is valid now, and for a while.
#[must_use]
pub fn lasts(
    place: &str,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> Option<(Verdict, Problem)> {
    let soon = SignedDuration::from_hours(24 * DAYS_LEFT_LEAST);
    let problem = |code, what: String| {
        Problem::new(Exit::Failed, code, what)
            .at(place)
            .expected(format_args!("a certificate that is valid for {DAYS_LEFT_LEAST} days or more"))
            .next("renew it: `certificate renew` keeps the key, so the roster stays as it is; then restart the service")
    };
    if now < from {
        let what = format!("the certificate is valid from {from}, and the clock shows {now}");
        return Some((Verdict::Problem, problem("keys.early", what).next("set the clock")));
    }
    if now > until {
        return Some((
            Verdict::Problem,
            problem("keys.expired", format!("the certificate ran out on {until}")),
        ));
    }
    let left = until.duration_since(now);
    (left < soon).then(|| {
        let what = format!("the certificate runs out on {until}, in {} days", left.as_hours() / 24);
        (Verdict::Warning, problem("keys.expiring", what))
    })
}

/// Whether a roster that is valid today stays so for a while.
#[must_use]
pub fn roster_lasts(roster: &Roster, today: Date) -> Option<(Verdict, Problem)> {
    let days = today.duration_until(roster.valid_to).as_hours() / 24;
    (days < DAYS_LEFT_LEAST).then(|| {
        let what = format!("the roster runs out on {}, in {days} days", roster.valid_to);
        let problem = Problem::new(Exit::Failed, "roster.expiring", what)
            .expected(format_args!("a roster that is valid for {DAYS_LEFT_LEAST} days or more"))
            .next("the secretariat drafts the next one with `tvaers roster new`; every member signs and accepts it");
        (Verdict::Warning, problem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_kept_and_the_exit_code_is_theirs_where_they_agree() {
        let quiet = || Report::new(Output { format: Format::Json, quiet: true, ..Output::default() });
        let problem = |exit| Problem::new(exit, "a.b", "wrong");
        let mut report = quiet();
        assert_eq!(report.take("one", Ok(7)), Some(7));
        report.take_mixed("two", [(Verdict::Warning, problem(Exit::Failed))]);
        assert!(report.finish("x check").is_ok(), "a warning is no problem");
        let mut report = quiet();
        report.take_all("three", [problem(Exit::Refused), problem(Exit::Refused)]);
        assert_eq!(report.of(Verdict::Problem).count(), 2);
        assert_eq!(report.finish("x check").unwrap_err().exit, Exit::Refused);
        let mut report = quiet();
        report.take_all("four", [problem(Exit::Refused), problem(Exit::BadInput)]);
        assert_eq!(report.finish("x check").unwrap_err().exit, Exit::Failed);
    }
}
