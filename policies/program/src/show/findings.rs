//! All that was found wrong or unwise with a file, and how much that is.

use std::io::Write as _;

use annotate_snippets::Renderer;
use serde_json::json;
use tvaers_host::output::{Format, Output};
use tvaers_protocol::problem::{Exit, Problem};

use super::finding::{Finding, Severity};
use crate::lang::Lang;

/// How much was found, and what was not looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// What a node refuses.
    pub violations: usize,
    /// What is unwise.
    pub warnings: usize,
    /// Whether a part of a file could not be read, so that there may be more of either.
    is_cut_short: bool,
}

impl Tally {
    /// Of the findings of one file.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let (violations, warnings) = (count(Severity::Violation), count(Severity::Warning));
        Self { violations, warnings, is_cut_short: findings.iter().any(|finding| finding.hides_more) }
    }

    /// Of two files.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            violations: self.violations + other.violations,
            warnings: self.warnings + other.warnings,
            is_cut_short: self.is_cut_short || other.is_cut_short,
        }
    }

    /// As people say it. Warnings are of what a policy means, so a file with a violation has none yet, and nobody may
    /// take that for none.
    #[must_use]
    pub fn words(self, lang: Lang) -> String {
        let count = |count: usize, [none, one, more]: [&str; 3]| match count {
            0 => none.to_owned(),
            1 => one.to_owned(),
            several => format!("{several} {more}"),
        };
        let (wrong, unwise) = match lang {
            Lang::Da => (["ingen fejl", "én fejl", "fejl"], ["ingen advarsler", "én advarsel", "advarsler"]),
            Lang::En => (["no errors", "one error", "errors"], ["no warnings", "one warning", "warnings"]),
        };
        let (wrong, unwise) = (count(self.violations, wrong), count(self.warnings, unwise));
        if self.violations == 0 {
            return format!("{wrong}, {unwise}");
        }
        let known = if self.warnings > 0 { format!("{wrong}, {unwise}") } else { wrong };
        let rest = match self.is_cut_short {
            true => lang.pick(
                "resten af filen kunne ikke læses, så der kan være flere fejl",
                "the rest of the file could not be read, so there may be more errors",
            ),
            false => lang.pick(
                "der ledes først efter advarsler, når der ingen fejl er",
                "warnings are looked for once there are no errors",
            ),
        };
        format!("{known}; {rest}")
    }
}

/// Says why a command cannot use a policy, as `check` does: each fault on standard error where a person reads, or as
/// the result where a script does; and gives the problem to end with.
pub(crate) fn refused(findings: &[Finding], text: &str, file: &str, lang: Lang, output: Output) -> Problem {
    match output.format {
        Format::Json => {
            output.result(json!(findings.iter().map(|finding| finding.json(text, lang)).collect::<Vec<_>>()));
        }
        Format::Text => {
            let renderer = renderer(&std::io::stderr());
            for finding in findings {
                // Where standard error is gone there is nobody to tell.
                let _ = writeln!(std::io::stderr(), "{}\n", finding.shown(text, lang, &renderer));
            }
        }
    }
    let next = lang.pick("ret det, der står ovenfor", "mend what is listed above");
    Problem::new(Exit::BadInput, "policy.faults", Tally::of(findings).words(lang)).at(file).next(next)
}

/// In colour where a person looks and wants it (NO_COLOR).
pub(crate) fn renderer(to: &impl anstream::stream::RawStream) -> Renderer {
    let wanted = anstream::AutoStream::choice(to) != anstream::ColorChoice::Never;
    if to.is_terminal() && wanted { Renderer::styled() } else { Renderer::plain() }
}
