//! A document for scripts.

use serde_json::{Value, json};
use tvaers_policy::document::{Block, Document};

use crate::lang::Lang;

/// The document in one language: its title and its blocks, each an object with one key that says what it is.
#[must_use]
pub fn json(document: &Document, lang: Lang) -> Value {
    let blocks: Vec<Value> = document.blocks.iter().map(|block| of_block(block, lang)).collect();
    json!({ "title": lang.of(&document.title), "lang": lang.tag(), "blocks": blocks })
}

fn of_block(block: &Block, lang: Lang) -> Value {
    match block {
        Block::Heading { level, text } => json!({ "heading": lang.of(text), "level": level }),
        Block::Paragraph(text) => json!({ "paragraph": lang.of(text) }),
        Block::List(points) => {
            json!({ "list": points.iter().map(|point| lang.of(point)).collect::<Vec<_>>() })
        }
        Block::Table { head, rows } => {
            let cells = |row: &Vec<tvaers_policy::text::Text>| {
                row.iter().map(|text| lang.of(text).to_owned()).collect()
            };
            let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
            json!({ "table": { "head": cells(head), "rows": rows } })
        }
    }
}
