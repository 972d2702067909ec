//! A first policy out of answers: closed but for counts of a node's own citizens. What is asked, and the file that the
//! answers come to. Pure.

pub(crate) mod question;

use std::collections::BTreeMap;

use crate::lang::Lang;
use question::{Default, Kind, QUESTIONS, Question};

const TEMPLATE: &str = include_str!("first/template.toml");
const PERMIT: &str = include_str!("first/permit.toml");

/// What a node that holds a register of residents has, and what a region has.
const TABLES_OF_MUNICIPALITY: &str = "[\"persons\", \"residence\"]";
const TABLES_OF_REGION: &str = "[\"patients\"]";

/// The answers so far, by the names of their questions.
pub(crate) type Answers = BTreeMap<&'static str, String>;

/// Whether the policy is to have a permit; without one it permits nothing.
pub(crate) fn has_permit(answers: &Answers) -> bool {
    answers.get("mode").is_none_or(|mode| mode != "none")
}

/// The policy's text. What has not been answered yet is filled with what is right, so that only answers can be wrong.
pub(crate) fn text(answers: &Answers, lang: Lang) -> String {
    let mut text = filled(TEMPLATE, answers, lang);
    if has_permit(answers) {
        text += &filled(PERMIT, answers, lang);
    }
    text
}

/// The template with its places filled, its comments in one language.
fn filled(template: &str, answers: &Answers, lang: Lang) -> String {
    let own = format!("#{} ", lang.tag());
    let other =
        |line: &&str| !line.starts_with("#da ") && !line.starts_with("#en ") || line.starts_with(&own);
    let mut text = String::new();
    for line in template.lines().filter(other) {
        let line = line.strip_prefix(&own).map_or_else(|| line.to_owned(), |comment| format!("# {comment}"));
        // Every second piece is a place. An answer is put in once and not looked into.
        for (index, piece) in line.split('@').enumerate() {
            if index % 2 == 0 { text += piece } else { text += &of_place(piece, answers) }
        }
        text.push('\n');
    }
    text
}

/// What will be asked: first what one must have at hand, then what an empty answer gives a proposal to.
pub(crate) fn beforehand(lang: Lang) -> String {
    let of = |has_default: bool| {
        let questions =
            QUESTIONS.iter().filter(|question| (question.default != Default::None) == has_default);
        let lines = questions.map(|question| {
            let proposal = question.proposal(lang).map_or_else(String::new, |text| format!(" [{text}]"));
            format!("  - {}{proposal}\n", lang.pick(question.da, question.en))
        });
        lines.collect::<String>()
    };
    let [needed, proposed] = match lang {
        Lang::Da => ["Hav dette klar:", "Til dette er der et forslag, som Enter tager:"],
        Lang::En => ["Have ready:", "For these there is a proposal, which Enter takes:"],
    };
    format!("{needed}\n{}\n{proposed}\n{}", of(false), of(true))
}

fn of_place(place: &str, answers: &Answers) -> String {
    if place == "tables" {
        let is_region = answers.get("sector").is_some_and(|sector| sector == "region");
        return if is_region { TABLES_OF_REGION } else { TABLES_OF_MUNICIPALITY }.to_owned();
    }
    let Some(question) = QUESTIONS.iter().find(|question| question.name == place) else {
        return String::new();
    };
    let answer = answers.get(place).map_or(question.right, String::as_str);
    match question.kind {
        Kind::Text | Kind::OneOf(_) => toml::Value::String(answer.to_owned()).to_string(),
        Kind::Date | Kind::Whole | Kind::Decimal => answer.to_owned(),
    }
}

/// The questions that these answers lead to.
pub(crate) fn asked(answers: &Answers, after: usize) -> Option<(usize, &'static Question)> {
    let mut rest = QUESTIONS.iter().enumerate().skip(after);
    rest.find(|(_, question)| !question.of_permit || has_permit(answers))
}
