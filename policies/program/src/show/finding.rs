//! One thing wrong or unwise with a file, with the text that it is about underlined.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;
use tvaers_policy::Fault;
use tvaers_policy::text::Text;
use tvaers_policy::warning::Warning;
use tvaers_query::strict::Placed;

use crate::lang::Lang;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A node refuses the file.
    Violation,
    /// A node loads it; a person should think again.
    Warning,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A stable code.
    pub code: &'static str,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// How many characters of that line it is about.
    pub length: usize,
    /// The path of the key.
    pub key: String,
    /// What it is.
    pub sentence: Text,
    /// What mends it.
    pub mend: Text,
    /// Whether it kept the reader from the rest of the file.
    pub hides_more: bool,
}

impl From<Fault> for Finding {
    fn from(fault: Fault) -> Self {
        let hides_more = fault.hides_more();
        let Fault { code, file, line, column, length, key, sentence, mend } = fault;
        Self {
            severity: Severity::Violation,
            code,
            file,
            line,
            column,
            length,
            key,
            sentence,
            mend,
            hides_more,
        }
    }
}

/// The finding as a script reads it: in one language, as the person asked.
#[derive(Debug, Serialize)]
struct Told<'f> {
    severity: Severity,
    code: &'f str,
    file: &'f str,
    line: usize,
    column: usize,
    length: usize,
    key: &'f str,
    text: &'f str,
    sentence: &'f str,
    mend: &'f str,
}

impl Finding {
    /// A warning about a file, at the place of its key.
    #[must_use]
    pub fn of_warning(warning: Warning, file: &str, at: &Placed<()>) -> Self {
        let Warning { code, key, sentence, mend } = warning;
        Self {
            severity: Severity::Warning,
            code,
            file: file.to_owned(),
            line: at.place.line,
            column: at.place.column,
            length: at.length,
            key,
            sentence,
            mend,
            hides_more: false,
        }
    }

    /// The finding as a compiler would show it; `text` is the whole file.
    #[must_use]
    pub fn shown(&self, text: &str, lang: Lang, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Violation => Level::ERROR.with_name(lang.pick("fejl", "error")),
            Severity::Warning => Level::WARNING.with_name(lang.pick("advarsel", "warning")),
        };
        let mend = Level::HELP.with_name(lang.pick("råd", "help")).message(lang.of(&self.mend));
        let annotation = AnnotationKind::Primary.span(self.span(text)).label(self.key.as_str());
        let snippet = Snippet::source(text).path(self.file.as_str()).annotation(annotation);
        let title = level.primary_title(lang.of(&self.sentence)).id(self.code);
        renderer.render(&[title.element(snippet).element(mend)])
    }

    /// The finding for scripts.
    #[must_use]
    pub fn json(&self, text: &str, lang: Lang) -> serde_json::Value {
        let told = Told {
            severity: self.severity,
            code: self.code,
            file: &self.file,
            line: self.line,
            column: self.column,
            length: self.length,
            key: &self.key,
            text: text.get(self.span(text)).unwrap_or_default(),
            sentence: lang.of(&self.sentence),
            mend: lang.of(&self.mend),
        };
        serde_json::to_value(told).unwrap_or_default()
    }

    /// The bytes that it is about.
    fn span(&self, text: &str) -> Range<usize> {
        let lines = text.split_inclusive('\n');
        let before: usize = lines.clone().take(self.line.saturating_sub(1)).map(str::len).sum();
        let line = lines.clone().nth(self.line.saturating_sub(1)).unwrap_or_default();
        let line = line.trim_end_matches(['\n', '\r']);
        let byte = |character: usize| line.char_indices().nth(character).map_or(line.len(), |(at, _)| at);
        let from = self.column.saturating_sub(1);
        before + byte(from)..before + byte(from.saturating_add(self.length))
    }
}
