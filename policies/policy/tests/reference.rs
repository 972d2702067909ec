//! The tables of POLICY.md say what the code reads.
//!
//! With `TVAERS_WRITE=1` the document's tables are written anew.
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

use std::fmt::Write as _;
use std::path::Path;

use tvaers_policy::document::Block;
use tvaers_policy::keys::KEYS;
use tvaers_policy::reference::reference;
use tvaers_policy::text::Text;

const BEGIN: &str = "<!-- keys: begin -->\n";
const END: &str = "<!-- keys: end -->";

fn row(cells: &[Text]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.en.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn markdown() -> String {
    let mut text = String::new();
    for block in reference().blocks {
        match block {
            Block::Heading { text: heading, .. } => writeln!(text, "\n## {}\n", heading.en).unwrap(),
            Block::Table { head, rows } => {
                text += &row(&head);
                text += &format!("|{}\n", "---|".repeat(head.len()));
                for mut cells in rows {
                    // A key is code.
                    let key = cells.first_mut().unwrap();
                    key.en = format!("`{}`", key.en);
                    text += &row(&cells);
                }
            }
            Block::Paragraph(_) | Block::List(_) => unreachable!("the reference is tables"),
        }
    }
    text
}

#[test]
fn the_document_says_what_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../POLICY.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = document.split_once(BEGIN).unwrap();
    let (found, tail) = rest.split_once(END).unwrap();
    let expected = markdown();
    if std::env::var_os("TVAERS_WRITE").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{expected}{END}{tail}")).unwrap();
        return;
    }
    assert!(found == expected, "POLICY.md is not what the code reads; TVAERS_WRITE=1 writes its tables anew");
}

#[test]
fn every_key_stands_in_the_reference_once_with_words_in_both_languages() {
    let mut rows: Vec<Vec<Text>> = Vec::new();
    for block in reference().blocks {
        if let Block::Table { rows: more, .. } = block {
            rows.extend(more);
        }
    }
    assert_eq!(rows.len(), KEYS.len());
    for key in KEYS {
        let row = rows.iter().find(|row| row.first().unwrap().en == key.path).unwrap();
        assert!(row.iter().all(|cell| !cell.da.is_empty() && !cell.en.is_empty()), "{row:?}");
        assert_eq!(row.last().unwrap(), &key.says());
    }
}
