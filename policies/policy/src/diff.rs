//! What changes from one policy to the next: what becomes allowed, what becomes forbidden, and what changes otherwise,
//! in sentences, the riskiest first.
//!
//! Two policies are compared key by key, each permit with the one of the same id. The order in which lists and permits
//! stand means nothing, and neither do comments. Whatever verdict differs between the two is explained by a change of
//! a key that [`explains`] the refusal that came or went; a property test asks generated requests of generated pairs.

mod change;
mod compare;
mod permit;
mod rules;
mod whole;

use crate::document::{Block, Document};
use crate::explain::number::joined;
use crate::policy::Policy;
use crate::refusal::Violation;
use crate::succession::Seen;
use crate::text::Text;

pub use change::{Change, Direction, Risk, What};
pub use rules::explains;

/// Every change from `old` to `new`: first what loosens, then what tightens, then the rest, each by risk. Empty where
/// both mean the same.
#[must_use]
pub fn diff(old: &Policy, new: &Policy) -> Vec<Change> {
    let mut changes = compare::Changes::default();
    whole::compare(&mut changes, old, new);
    permit::compare_all(&mut changes, old, new);
    let mut list = changes.into_list();
    list.sort_by(|a, b| a.rank().cmp(&b.rank()));
    list
}

/// Why a node that has the old policy in force would not load the new one; empty where it would. What only the node
/// knows, such as who signed, is not looked at.
#[must_use]
pub fn refused(old: &Policy, new: &Policy) -> Vec<Violation> {
    let Some(before) = old.edition() else { return Vec::new() };
    let seen = Seen { version: before.version, digest: old.digest() };
    // That a laboratory's policy is for made-up data alone is told as a change.
    let is_made_up = new.is_laboratory();
    new.admit_load(&before.node, is_made_up, Some(seen)).into_result().err().unwrap_or_default()
}

/// Who must sign the new policy because it raises a budget; none where it raises none.
fn raisers<'p>(old: &'p Policy, new: &Policy) -> Option<&'p [String]> {
    new.admit_raise(Some(old), &[]).granted().is_none().then_some(old.budget().raised_by.as_slice())
}

/// What keeps the new policy from coming into force, before what it would change.
fn hurdles(old: &Policy, new: &Policy) -> Vec<Block> {
    let mut blocks = Vec::new();
    let refused = refused(old, new);
    if !refused.is_empty() {
        let text = Text::new("Noden afviser den nye politik", "The node refuses the new policy");
        blocks.push(Block::Heading { level: 2, text });
        blocks.push(Block::Paragraph(Text::new(
            "Er den gamle politik i kraft hos noden, indlæser noden ikke den nye, før dette er rettet.",
            "Where the old policy is in force at the node, it does not load the new one before this is mended.",
        )));
        let rows = refused.into_iter().map(|violation| {
            vec![Text::new(violation.code, violation.code), violation.sentence, violation.mend]
        });
        blocks.push(Block::Table {
            head: vec![
                Text::new("Regel", "Rule"),
                Text::new("Hvad der er galt", "What is wrong"),
                Text::new("Hvad man kan gøre", "What to do"),
            ],
            rows: rows.collect(),
        });
    }
    if let Some(names) = raisers(old, new) {
        let names = joined(&names.iter().map(whole::same).collect::<Vec<_>>());
        blocks.push(Block::Paragraph(Text::new(
            format!(
                "Et budget bliver hævet. Noden tager kun imod det, når to af disse har skrevet under: {}.",
                names.da
            ),
            format!(
                "A budget is raised. The node takes that only where two of these have signed: {}.",
                names.en
            ),
        )));
    }
    blocks
}

/// The changes as a document: what keeps a node from loading it, what becomes allowed, what becomes forbidden, what changes otherwise.
#[must_use]
pub fn to_document(old: &Policy, new: &Policy, changes: &[Change]) -> Document {
    let mut blocks = hurdles(old, new);
    if changes.is_empty() {
        let text = Text::new(
            "De to politikker siger det samme. Kommentarer og rækkefølge betyder intet.",
            "The two policies say the same. Comments and order mean nothing.",
        );
        blocks.push(Block::Paragraph(text));
    }
    let sections = [
        (Direction::Loosens, Text::new("Hvad der bliver tilladt", "What becomes allowed")),
        (Direction::Tightens, Text::new("Hvad der bliver forbudt", "What becomes forbidden")),
        (Direction::Neutral, Text::new("Hvad der ellers ændres", "What changes otherwise")),
    ];
    for (direction, heading) in sections {
        let of: Vec<&Change> = changes.iter().filter(|change| change.direction == direction).collect();
        if of.is_empty() {
            continue;
        }
        blocks.push(Block::Heading { level: 2, text: heading });
        let rows = of.iter().map(|change| {
            let key = Text::new(change.key, change.key);
            vec![change.risk.words(), change.sentence.clone(), key]
        });
        blocks.push(Block::Table {
            head: vec![
                Text::new("Angår", "About"),
                Text::new("Ændring", "Change"),
                Text::new("Nøgle i filen", "Key in the file"),
            ],
            rows: rows.collect(),
        });
    }
    let digests = Text::new(
        format!("SHA-256 før: {}. Efter: {}.", old.digest(), new.digest()),
        format!("SHA-256 before: {}. After: {}.", old.digest(), new.digest()),
    );
    blocks.push(Block::Paragraph(digests));
    Document { title: Text::new("Ændringer i politikken", "Changes of the policy"), blocks }
}
