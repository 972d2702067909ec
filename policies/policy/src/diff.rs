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
use crate::policy::Policy;
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

/// The changes as a document: what becomes allowed, what becomes forbidden, what changes otherwise.
#[must_use]
pub fn to_document(old: &Policy, new: &Policy, changes: &[Change]) -> Document {
    let mut blocks = Vec::new();
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
