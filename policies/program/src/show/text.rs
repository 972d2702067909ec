//! A document for a terminal: no colour, so that nothing of it depends on one.

use std::fmt::Write as _;

use comfy_table::ContentArrangement;
use tvaers_host::output::table;
use tvaers_policy::document::{Block, Document};
use tvaers_policy::text::Text;
use unicode_width::UnicodeWidthStr as _;

use super::plain;
use crate::lang::Lang;

/// Columns where nobody says how many there are.
pub const WIDTH: u16 = 100;

/// Columns below which a table cannot be read.
const WIDTH_LEAST: u16 = 40;

/// The width of the terminal that standard output is; [`WIDTH`] where it is none.
#[must_use]
pub fn width() -> u16 {
    terminal_size::terminal_size().map_or(WIDTH, |(width, _)| width.0)
}

/// The document in one language, in so many columns.
#[must_use]
pub fn text(document: &Document, lang: Lang, width: u16) -> String {
    let width = width.max(WIDTH_LEAST);
    let mut out = underlined(&plain(lang.of(&document.title)), '═');
    for block in &document.blocks {
        out.push('\n');
        match block {
            Block::Heading { level: 2, text } => out += &underlined(&plain(lang.of(text)), '─'),
            Block::Heading { text, .. } => out += &format!("{}\n", plain(lang.of(text))),
            Block::Paragraph(text) => out += &wrapped(lang.of(text), "", width),
            Block::List(points) => {
                for point in points {
                    out += &wrapped(lang.of(point), "- ", width);
                }
            }
            Block::Table { head, rows } => out += &of_table(head, rows, lang, width),
        }
    }
    out
}

fn underlined(text: &str, line: char) -> String {
    format!("{text}\n{}\n", line.to_string().repeat(text.width()))
}

/// Lines of no more columns than there are; those after the first are indented as far as `mark` reaches.
fn wrapped(text: &str, mark: &str, width: u16) -> String {
    let text = plain(text);
    let indent = " ".repeat(mark.width());
    let mut line = mark.to_owned();
    let mut is_empty = true;
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !is_empty && line.width() + 1 + word.width() > usize::from(width) {
            let _ = writeln!(out, "{line}");
            line.clone_from(&indent);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line += word;
        is_empty = false;
    }
    let _ = writeln!(out, "{line}");
    out
}

fn of_table(head: &[Text], rows: &[Vec<Text>], lang: Lang, width: u16) -> String {
    let cells = |row: &[Text]| row.iter().map(|text| plain(lang.of(text))).collect::<Vec<_>>();
    let mut table = table(cells(head), &[]);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    for row in rows {
        table.add_row(cells(row));
    }
    let lines = table.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}
