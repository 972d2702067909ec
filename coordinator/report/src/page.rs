//! The page: a head, what was spent, the results, in one language or both.
//!
//! Both languages are in the one file, as two parts of which one is shown: which one is decided by the address's fragment
//! and a style rule, so that there is no script, a link can lead to either, and a screen reader and a printer meet one
//! of them. A browser that does not know `:has` shows the Danish part first.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use crate::number::trimmed;
use crate::object::{Object, ObjectError};
use crate::section::Shown;
use crate::table::scrolled;
use crate::trend::{self, Trend};
use crate::words::{self, Tongue};
use crate::{asked, day, spending};

const STYLE: &str = include_str!("style.css");

/// Which languages a page is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Danish, and English to choose.
    Both,
    /// Danish.
    Danish,
    /// English.
    English,
}

/// What a page says beside its results.
#[derive(Clone, Debug, Default)]
pub struct Meta {
    /// The heading, in Danish.
    pub title_da: String,
    /// The heading, in English.
    pub title_en: String,
    /// When it was made, as it is to be read.
    pub made: String,
    /// Which program made it, with its version.
    pub software: String,
    /// What was refused or failed as a whole, and so has no result; sentences in English.
    pub missing: Vec<String>,
    /// How long each phase of the work took, in seconds, where that is known.
    pub phases: Vec<(String, f64)>,
}

/// What a result object has in English and not in Danish: its notes, and what its definitions say of values and
/// denominators. A page shows it in English, marked so.
///
/// # Errors
/// [`ObjectError`] where it is no result object.
pub fn untold(json: &str) -> Result<Vec<String>, ObjectError> {
    Ok(words::untold(&Object::parse(json)?))
}

/// A report: results in the order in which they are to be shown.
#[derive(Debug)]
pub struct Report {
    meta: Meta,
    results: Vec<Added>,
}

#[derive(Debug)]
struct Added {
    object: Object,
    /// All of it, by which the same one is known.
    whole: Value,
    answers: u64,
}

impl Report {
    /// A report without results.
    #[must_use]
    pub fn new(meta: Meta) -> Self {
        Self { meta, results: Vec::new() }
    }

    /// Adds a result object, given as JSON.
    ///
    /// # Errors
    /// [`ObjectError`] where it is none.
    pub fn add(&mut self, json: &str) -> Result<(), ObjectError> {
        self.add_first_of(json, 1)
    }

    /// Adds the first of several answers to the same question; the page says how many there are. The same object again
    /// is the same release: the page has it once.
    ///
    /// # Errors
    /// [`ObjectError`] where it is no result object.
    pub fn add_first_of(&mut self, json: &str, answers: u64) -> Result<(), ObjectError> {
        let object = Object::parse(json)?;
        let whole: Value = serde_json::from_str(json)?;
        match self.results.iter_mut().find(|added| added.whole == whole) {
            Some(known) => known.answers = known.answers.max(answers),
            None => self.results.push(Added { object, whole, answers }),
        }
        Ok(())
    }

    /// The page.
    #[must_use]
    pub fn html(&self, language: Language) -> String {
        let tongues: &[Tongue] = match language {
            Language::Both => &[Tongue::Da, Tongue::En],
            Language::Danish => &[Tongue::Da],
            Language::English => &[Tongue::En],
        };
        let first = tongues.first().copied().unwrap_or(Tongue::Da);
        let titles: Vec<&str> = tongues.iter().map(|tongue| self.title(*tongue)).collect();
        html! {
            (DOCTYPE)
            html lang=(first.code()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    // Nothing may be loaded from anywhere, also if a text got past everything else.
                    meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                    meta name="referrer" content="no-referrer";
                    title { (titles.join(" / ")) }
                    style { (PreEscaped(STYLE)) }
                }
                body { main { @for tongue in tongues { (self.part(*tongue, tongues)) } } }
            }
        }
        .into_string()
    }

    fn title(&self, tongue: Tongue) -> &str {
        tongue.or_other(&self.meta.title_da, &self.meta.title_en)
    }

    /// The page in one language.
    fn part(&self, tongue: Tongue, tongues: &[Tongue]) -> Markup {
        let code = tongue.code();
        let results = self.shown(tongue);
        let trends = trend::of(&results);
        let other = (tongues.first() != Some(&tongue)).then_some("other");
        html! {
            div id=(code) lang=(code) class=[other] {
                a.skip href={ "#" (code) "-results" } { (tongue.say("Gå til resultaterne", "Skip to the results")) }
                @if tongues.len() > 1 { (languages(tongue)) }
                h1 { (self.title(tongue)) }
                p { (tongue.say("Dannet ", "Made ")) (day::told(&self.meta.made, tongue)) (tongue.say(" af ", " by ")) (self.meta.software) "." }
                @if results.iter().any(|result| result.object.laboratory) {
                    p.banner { (tongue.say(
                        "Opdigtede data: ingen af tallene handler om virkelige borgere.",
                        "Made-up data: none of the numbers is about real citizens.",
                    )) }
                }
                (self.contents(&results, &trends, tongue))
                (self.spent(&results, tongue))
                div id={ (code) "-results" } tabindex="-1" {
                    @for result in &results {
                        @for trend in trends.iter().filter(|trend| trend.begins_at(result)) { (trend.html()) }
                        (result.html())
                    }
                }
                (self.about(tongue))
            }
        }
    }

    /// The results under headings of their own: those of one title on several dates are told by the date; of two that
    /// still have the same heading, the second is told by its grouping, or numbered.
    fn shown(&self, tongue: Tongue) -> Vec<Shown<'_>> {
        let mut titles: Vec<String> = Vec::new();
        let results = self.results.iter().enumerate();
        results
            .map(|(index, Added { object, answers, .. })| {
                let undated = asked::title(object, tongue);
                let is_dated = self.results.iter().any(|Added { object: other, .. }| {
                    other.as_of != object.as_of && asked::title(other, tongue) == undated
                });
                let plain = if is_dated {
                    format!("{undated}, {}", day::told(&object.as_of, tongue))
                } else {
                    undated
                };
                let numbered = std::iter::successors(Some(2_u32), |number| number.checked_add(1));
                let numbered = numbered.map(|number| format!("{plain} ({number})"));
                let title = [plain.clone(), asked::title_with_grouping(object, &plain, tongue)]
                    .into_iter()
                    .chain(numbered)
                    .find(|title| !titles.contains(title));
                let title = title.unwrap_or(plain);
                titles.push(title.clone());
                Shown {
                    object,
                    id: format!("{}-r{}", tongue.code(), index + 1),
                    title,
                    answers: *answers,
                    software: &self.meta.software,
                    made: &self.meta.made,
                    tongue,
                }
            })
            .collect()
    }

    fn contents(&self, results: &[Shown<'_>], trends: &[Trend<'_>], tongue: Tongue) -> Markup {
        let code = tongue.code();
        let contents = tongue.say("Indhold", "Contents");
        html! {
            nav.contents aria-label=(contents) {
                h2 { (contents) }
                ol {
                    li { a href={ "#" (code) "-spent" } { (tongue.say("Hvad det kostede", "What it cost")) } }
                    @for result in results {
                        @for trend in trends.iter().filter(|trend| trend.begins_at(result)) {
                            li { a href={ "#" (trend.id) } { (trend.title) } }
                        }
                        li { a href={ "#" (result.id) } { (result.title) } }
                    }
                    li { a href={ "#" (code) "-about" } { (tongue.say("Om rapporten", "About this report")) } }
                }
            }
            @if !self.meta.missing.is_empty() {
                h2 { (tongue.say("Uden resultat", "Without a result")) }
                ul { @for missing in &self.meta.missing { li lang="en" { (missing) } } }
            }
        }
    }

    fn spent(&self, results: &[Shown<'_>], tongue: Tongue) -> Markup {
        let code = tongue.code();
        html! {
            section id={ (code) "-spent" } aria-labelledby={ (code) "-spent-h" } {
                h2 id={ (code) "-spent-h" } { (tongue.say("Hvad det kostede", "What it cost")) }
                (spending::of_all(results, tongue))
            }
        }
    }

    fn about(&self, tongue: Tongue) -> Markup {
        let code = tongue.code();
        let caption = tongue.say("Tid efter fase", "Time by phase");
        let phases = html! {
            table {
                caption { (caption) }
                thead { tr { th scope="col" { (tongue.say("Fase", "Phase")) } th.number scope="col" { (tongue.say("Sekunder", "Seconds")) } } }
                tbody {
                    @for (name, seconds) in &self.meta.phases {
                        tr { th scope="row" { (name) } td.number { (trimmed(*seconds, 3, tongue)) } }
                    }
                }
            }
        };
        html! {
            section id={ (code) "-about" } aria-labelledby={ (code) "-about-h" } {
                h2 id={ (code) "-about-h" } { (tongue.say("Om rapporten", "About this report")) }
                p { (tongue.say(
                    "Hvert tal er tilsat støj, før det forlod den node eller den sammenstilling, det kommer fra, så at ingen kan slutte sig til en enkelt borger. Et skjult tal er for lille til at blive vist; hverken tabel, figur eller akse siger mere om det. Siden henter intet andetsteds fra og kan gemmes og sendes som én fil.",
                    "Noise was added to every number before it left the node or the join that it comes from, so that nobody can conclude on a single citizen. A hidden number is too small to be shown; neither table, plot nor axis says more about it. The page loads nothing from elsewhere and can be kept and sent as one file.",
                )) }
                @if !self.meta.phases.is_empty() { (scrolled(caption, &phases)) }
            }
        }
    }
}

/// Links to the other language.
fn languages(tongue: Tongue) -> Markup {
    html! {
        nav.languages aria-label=(tongue.say("Sprog", "Language")) {
            ul {
                @for (other, name) in [(Tongue::Da, "Dansk"), (Tongue::En, "English")] {
                    li { a href={ "#" (other.code()) } lang=(other.code()) hreflang=(other.code()) aria-current=[(other == tongue).then_some("true")] { (name) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
