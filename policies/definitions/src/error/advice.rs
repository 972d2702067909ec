//! What was expected where a definition file is wrong, and what to do next.

use super::Reason;
use crate::nearest::nearest;

/// The most names that a message lists.
const LISTED_MAX: usize = 16;

const GUIDE: &str = "policies/indicators/README.md";

/// What a message says beside what is wrong and where.
pub(super) struct Advice {
    pub(super) expected: String,
    pub(super) next: String,
}

fn advice(expected: impl Into<String>, next: impl Into<String>) -> Advice {
    Advice { expected: expected.into(), next: next.into() }
}

impl Reason {
    /// `known` are the names that may stand where one is unknown.
    pub(super) fn advice(&self, known: &[String]) -> Advice {
        match self {
            Self::Syntax(said) => of_syntax(said),
            Self::DecimalComma { found } => {
                advice("a decimal point", format!("write `{}`", found.replace(',', ".")))
            }
            Self::Name { .. } => {
                advice("1 to 64 characters of a-z, 0-9 and _, the first a letter", "choose such a name")
            }
            Self::Duplicate { what, .. } => {
                advice(format!("each {what} once"), "rename one of the two, or take it out")
            }
            Self::Taken { .. } => advice(
                "a name of its own: results stand side by side under their names",
                "choose another name",
            ),
            Self::Unknown { what, name } => of_unknown(what, name, known),
            Self::NoDescription => advice("a text in Danish (`da`) and in English (`en`)", "write it"),
            Self::Budget { .. } => advice("a number with a decimal point, such as 0.2", "mend `rho`"),
            Self::FileName { expected } => advice(
                "a file that has the name of what it defines",
                format!("rename the file to `{expected}`"),
            ),
            Self::OneOf { choice } => {
                advice(format!("one of {choice}"), "take the others out, or add the one")
            }
            Self::Empty { .. } => advice("one entry at least", "add one, or take the key out"),
            Self::TooMany { max, .. } => advice(format!("{max} at most"), "ask less in one file"),
            Self::Unused { name } => advice(
                "each component in a criterion, a dimension, `exclude`, `by` or a measure",
                format!("use `{name}` or take it out: what is not told is not collected"),
            ),
            Self::Combine { .. }
            | Self::NeedsTouch { .. }
            | Self::UnlikeEvents { .. }
            | Self::TouchAtEvents => advice(
                format!("what the table \"What combines how\" of {GUIDE} says of such a feature"),
                "mend it",
            ),
            Self::Ages { .. } => advice("`from` no more than `to`, both within 0 to 150", "mend the ages"),
            _ => advice(format!("an indicator as {GUIDE} describes it"), "mend the file"),
        }
    }
}

/// The parser's own words, which quote first what was found, then what could have been.
fn of_syntax(said: &str) -> Advice {
    let quoted: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
    let [found, known @ ..] = quoted.as_slice() else { return advice("a TOML file", "mend the line") };
    if said.starts_with("missing field") {
        return match *found {
            "da" | "en" => {
                advice("every text in Danish (`da`) and in English (`en`)", format!("add `{found}`"))
            }
            _ => advice(format!("the key `{found}`"), "add it"),
        };
    }
    if said.starts_with("unknown") {
        let next = nearest(found, known.iter().copied()).map_or_else(
            || "mend it or take it out".to_owned(),
            |meant| format!("did you mean `{meant}`? mend it or take it out"),
        );
        return advice(listed(known), next);
    }
    advice(format!("what {GUIDE} says of this key"), "mend the line")
}

fn of_unknown(what: &str, name: &str, known: &[String]) -> Advice {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let next = nearest(name, known.iter().copied()).map_or_else(
        || "correct the name, or define it".to_owned(),
        |meant| format!("did you mean `{meant}`? correct the name"),
    );
    let expected = match what {
        "feature" => "the name of a [[feature]] of policies/catalogue".to_owned(),
        _ if known.is_empty() => format!("a {what} that there is"),
        _ => listed(&known),
    };
    advice(expected, next)
}

fn listed(known: &[&str]) -> String {
    let shown: Vec<String> = known.iter().take(LISTED_MAX).map(|name| format!("`{name}`")).collect();
    let more = if known.len() > LISTED_MAX { ", …" } else { "" };
    match shown.as_slice() {
        [] => format!("what {GUIDE} says of this key"),
        [one] => one.clone(),
        _ => format!("one of {}{more}", shown.join(", ")),
    }
}
