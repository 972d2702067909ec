//! A document for people, in both languages: what `explain`, `diff` and `records` come to before anyone decides
//! whether it is printed or shown in a browser. Pure.

use crate::text::Text;

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it is.
    pub title: Text,
    /// What it says, in order.
    pub blocks: Vec<Block>,
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading; level 2 is a section, 3 a part of one.
    Heading {
        /// The level.
        level: u8,
        /// Its words.
        text: Text,
    },
    /// A paragraph of plain sentences.
    Paragraph(Text),
    /// Points, each a sentence.
    List(Vec<Text>),
    /// A table.
    Table {
        /// The heads of its columns.
        head: Vec<Text>,
        /// Its rows, each with a cell per column.
        rows: Vec<Vec<Text>>,
    },
}
