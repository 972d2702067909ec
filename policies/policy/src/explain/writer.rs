//! How a document is put together, block by block.

use crate::document::Block;
use crate::text::Text;

#[derive(Default)]
pub(super) struct Writer {
    blocks: Vec<Block>,
}

impl Writer {
    pub(super) fn section(&mut self, da: impl Into<String>, en: impl Into<String>) {
        self.blocks.push(Block::Heading { level: 2, text: Text::new(da, en) });
    }

    pub(super) fn part(&mut self, da: impl Into<String>, en: impl Into<String>) {
        self.blocks.push(Block::Heading { level: 3, text: Text::new(da, en) });
    }

    pub(super) fn say(&mut self, da: impl Into<String>, en: impl Into<String>) {
        self.blocks.push(Block::Paragraph(Text::new(da, en)));
    }

    pub(super) fn list(&mut self, points: Vec<Text>) {
        if !points.is_empty() {
            self.blocks.push(Block::List(points));
        }
    }

    /// A table; each head is Danish and English.
    pub(super) fn table(&mut self, head: &[[&str; 2]], rows: Vec<Vec<Text>>) {
        let head = head.iter().map(|[da, en]| Text::new(*da, *en)).collect();
        self.blocks.push(Block::Table { head, rows });
    }

    pub(super) fn into_blocks(self) -> Vec<Block> {
        self.blocks
    }
}

/// What is the same in both languages: a name, a key, a text of the file.
pub(crate) fn same(text: impl Into<String>) -> Text {
    let text = text.into();
    Text { da: text.clone(), en: text }
}
