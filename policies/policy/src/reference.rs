//! The reference of every key of a policy file, generated from [`KEYS`] so that it says what is read. Pure.

use crate::document::{Block, Document};
use crate::keys::{KEYS, Key, Needed};
use crate::text::Text;

/// The parts of a policy, by their numbers; what is of no part has 0.
const PARTS: &[(&str, &str)] = &[
    ("Laboratorium", "Laboratory"),
    ("Dataansvarlig", "Controller"),
    ("Formål og retsgrundlag", "Purpose and legal basis"),
    ("Tilladelsen, hvem der må spørge, og godkendelser", "The permit, who may ask, and approvals"),
    ("Tilstand, modeller og arbejdslister", "Mode, models and work lists"),
    ("Data", "Data"),
    ("Befolkning", "Population"),
    ("Det, der vises", "What is shown"),
    ("Budget", "Budget"),
    ("Pseudonymer", "Pseudonyms"),
    ("Opbevaring", "Retention"),
    ("Konsekvensanalyse", "Impact assessment"),
    ("Udgave", "Edition"),
];

/// The reference: a table of keys for each part of a policy.
#[must_use]
pub fn reference() -> Document {
    let title = Text::new("Politikfilens nøgler", "The keys of a policy file");
    let mut blocks = Vec::new();
    for (part, (da, en)) in PARTS.iter().enumerate() {
        let rows: Vec<Vec<Text>> = KEYS.iter().filter(|key| usize::from(key.part) == part).map(row).collect();
        blocks.push(Block::Heading { level: 2, text: Text::new(numbered(part, da), numbered(part, en)) });
        let head = vec![
            Text::new("nøgle", "key"),
            Text::new("kræves", "needed"),
            Text::new("værdi", "value"),
            Text::new("betydning", "meaning"),
        ];
        blocks.push(Block::Table { head, rows });
    }
    Document { title, blocks }
}

/// As a part is called: by its number, where it has one.
fn numbered(part: usize, name: &str) -> String {
    if part == 0 { name.to_owned() } else { format!("{part}. {name}") }
}

fn row(key: &Key) -> Vec<Text> {
    let needed = match key.needed {
        Needed::Always => Text::new("ja", "yes"),
        Needed::UnlessLaboratory => Text::new("ja, undtagen i et laboratorium", "yes, but in a laboratory"),
        Needed::InItsPlace => Text::new("på sin plads", "in its place"),
        Needed::Optional => Text::new("nej", "no"),
    };
    vec![Text::new(key.path, key.path), needed, key.takes.words(), key.says()]
}
