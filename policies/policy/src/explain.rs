//! A policy in words: all that its file says and nothing that it does not, for somebody who signs it without having
//! read the file.
//!
//! First what holds for all permits, then permit by permit, then what is not permitted, then the words that a reader
//! may not know, each once. The numbers in the headings are the twelve parts of a policy. Beside the file it speaks of
//! what the catalogue and the models say of the names in it, and of the rules that the program applies whatever a file
//! says. A test sets every key of the file to another value and looks for it here.

mod absent;
mod data;
pub(crate) mod number;
mod permit;
mod terms;
mod whole;
pub(crate) mod words;
mod writer;

use tvaers_definitions::library::Library;

use crate::document::Document;
use crate::policy::Policy;
use crate::text::Text;

pub use number::day;
use writer::Writer;

/// What a rho is worth as an epsilon, so that a loss can be told in words that a citizen understands.
#[derive(Clone, Copy)]
pub struct Conversion<'c> {
    /// The delta at which it is worked out, as it is stated: the roster's constant.
    pub delta: &'c str,
    /// The least epsilon that so many thousand-millionths of rho keep within at that delta; it rises with rho. `None`
    /// where there is none.
    pub epsilon_of_rho: &'c dyn Fn(u64) -> Option<f64>,
}

/// What a policy is explained with.
#[derive(Clone, Copy)]
pub struct Explaining<'e> {
    /// The features and models that the policy names, with their words.
    pub library: &'e Library,
    /// What its budgets are worth; without it they are told as the file states them.
    pub conversion: Option<Conversion<'e>>,
}

/// The policy in plain sentences and tables, in both languages.
#[must_use]
pub fn explain(policy: &Policy, with: &Explaining<'_>) -> Document {
    let mut out = Writer::default();
    whole::write(&mut out, policy, with);
    for permit in policy.permits() {
        permit::write(&mut out, policy, permit, with);
    }
    absent::write(&mut out, policy, with);
    terms::write(&mut out, policy, with);
    Document { title: title(policy), blocks: out.into_blocks() }
}

fn title(policy: &Policy) -> Text {
    let (da, en) =
        if policy.laboratory { ("Laboratoriepolitik", "Laboratory policy") } else { ("Politik", "Policy") };
    match policy.edition() {
        Some(edition) => Text::new(
            format!("{da} for noden {}, version {}", edition.node, edition.version),
            format!("{en} of the node {}, version {}", edition.node, edition.version),
        ),
        None => Text::new(da, en),
    }
}
